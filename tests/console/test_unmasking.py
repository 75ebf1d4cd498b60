"""Personal data is masked; who gives a reason sees it for a while, and that is noted."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from chatops.actions.models import TrailEntry, Unmasking
from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatSession
from chatops.reports import forgetting
from tests.conftest import Person
from tests.console.conftest import AtConsole, Mirrored, SignIn, indexed

MAIL = "someone@example.net"
PHONE = "+47 555 01 234"
#: The form that asks for the reason.
UNMASK = 'id="unmask"'


@pytest.fixture
def chat(superoffice: StandIn, mirrored: Mirrored) -> int:
    """One of Ola's, in a topic that Kari leads."""
    made = superoffice.chat(user="ola", topic=7, email=MAIL, phone=PHONE, messages=["Hello"])
    mirrored(made.id)
    return int(made.id)


@pytest.fixture
def lead(kari: Person, sign_in: SignIn) -> AtConsole:
    return sign_in(kari)


def shown(page: str) -> bool:
    assert (MAIL in page) == (PHONE in page)
    return MAIL in page


def ask(who: AtConsole, chat: int, **form: str) -> int:
    return int(who.post(f"sessions/{chat}/unmask/", form).status_code)


def test_an_agent_sees_it_on_their_own_chat_while_it_is_open(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    mine = superoffice.chat(user="mia", topic=7, email=MAIL, phone=PHONE)
    mirrored(mine.id)
    page = mia_there.page(f"sessions/{mine.id}/")
    assert shown(page)
    assert UNMASK not in page
    ChatSession.objects.filter(pk=mine.id).update(is_open=False, status="Closed")
    page = mia_there.page(f"sessions/{mine.id}/")
    assert not shown(page)
    assert UNMASK not in page
    assert ask(mia_there, mine.id, reason="call_back") == 403


def test_a_lead_sees_it_after_a_reason_and_only_of_that_chat(
    superoffice: StandIn, mirrored: Mirrored, lead: AtConsole, chat: int
) -> None:
    another = superoffice.chat(user="ola", topic=7, email=MAIL, phone=PHONE)
    mirrored(another.id)
    assert not shown(lead.page(f"sessions/{chat}/"))
    assert lead.post(f"sessions/{chat}/unmask/", {"reason": "call_back"}).status_code == 303
    page = lead.page(f"sessions/{chat}/")
    assert shown(page)
    assert "Shown to you until" in page
    assert not shown(lead.page(f"sessions/{another.id}/"))


def test_an_auditor_may_with_a_reason_and_an_operator_never(
    auditor: AtConsole, operator: AtConsole, chat: int
) -> None:
    assert ask(operator, chat, reason="access") == 403
    assert not shown(operator.page(f"sessions/{chat}/"))
    assert ask(auditor, chat, reason="other", words="Sample of March") == 303
    assert shown(auditor.page(f"sessions/{chat}/"))
    assert not shown(operator.page(f"sessions/{chat}/"))


def test_a_chat_that_is_not_theirs_is_not_there_to_be_unmasked(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole, lead: AtConsole
) -> None:
    other = superoffice.chat(user="ola", topic=9, email=MAIL)
    mirrored(other.id)
    assert ask(mia_there, other.id, reason="access") == ask(mia_there, 999_999, reason="access")
    assert ask(mia_there, other.id, reason="access") == 404
    assert not Unmasking.objects.exists()


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({}, "Choose a reason."),
        ({"reason": "because"}, "Choose a reason."),
        ({"reason": "other", "words": "  "}, "Write down the reason."),
        ({"reason": "other", "words": "x" * 401}, "At most 400 characters."),
    ],
)
def test_without_a_reason_nothing_is_shown_and_the_field_says_so(
    lead: AtConsole, chat: int, form: dict[str, str], sentence: str
) -> None:
    answer = lead.post(f"sessions/{chat}/unmask/", form)
    page = answer.content.decode()
    assert sentence in page
    assert 'aria-invalid="true"' in page
    assert not shown(page)
    assert not shown(lead.page(f"sessions/{chat}/"))
    assert not TrailEntry.objects.filter(what="unmasked").exists()


def test_the_time_passes_and_it_is_masked_again(lead: AtConsole, chat: int) -> None:
    ask(lead, chat, reason="identity")
    Unmasking.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert not shown(lead.page(f"sessions/{chat}/"))
    ask(lead, chat, reason="identity")
    lead.post(f"sessions/{chat}/mask/")
    assert not shown(lead.page(f"sessions/{chat}/"))
    assert TrailEntry.objects.filter(what="masked_again").count() == 1


def test_who_no_longer_leads_the_topic_sees_it_no_longer(lead: AtConsole, chat: int) -> None:
    ask(lead, chat, reason="identity")
    ChatSession.objects.filter(pk=chat).update(topic_id=9999)
    assert lead.get(f"sessions/{chat}/").status_code == 404
    ChatSession.objects.filter(pk=chat).update(topic_id=7)
    assert shown(lead.page(f"sessions/{chat}/"))
    lead.person.user.groups.clear()
    assert lead.get(f"sessions/{chat}/").status_code == 404


def test_the_trail_says_who_when_which_and_why_without_words_of_ones_own(
    lead: AtConsole, chat: int
) -> None:
    ask(lead, chat, reason="other", words="Mrs Hansen called")
    line = TrailEntry.objects.get(what="unmasked")
    made = Unmasking.objects.get()
    assert (line.actor, line.session_id, line.object) == (
        lead.person.user,
        chat,
        f"unmasking:{made.pk}",
    )
    assert line.detail == {"reason": "other", "until": made.until.isoformat()}


def test_the_story_tells_leads_and_auditors_and_nobody_else(
    superoffice: StandIn,
    mirrored: Mirrored,
    lead: AtConsole,
    auditor: AtConsole,
    operator: AtConsole,
    mia_there: AtConsole,
) -> None:
    mine = superoffice.chat(user="mia", topic=7, email=MAIL)
    mirrored(mine.id)
    ask(lead, mine.id, reason="complaint", words="Case 7")
    for who in (lead, auditor):
        story = who.page(f"sessions/{mine.id}/").split('id="story"')[1]
        assert "Personal data shown" in story
        assert "To handle a complaint: Case 7" in story
    for who in (operator, mia_there):
        assert "Case 7" not in who.page(f"sessions/{mine.id}/")


def test_search_finds_a_chat_by_its_address_while_it_is_shown(
    lead: AtConsole, auditor: AtConsole, chat: int
) -> None:
    indexed()
    found = f'data-session="{chat}"'
    assert found not in lead.page("sessions/", search=MAIL)
    ask(lead, chat, reason="access")
    assert found in lead.page("sessions/", search=MAIL)
    assert found not in auditor.page("sessions/", search=MAIL)


def test_the_reason_is_forgotten_with_the_chat(lead: AtConsole, operator: AtConsole) -> None:
    made = Unmasking.objects.create(
        person=lead.person.user, session_id=4, reason="other", words="Hansen", until=timezone.now()
    )
    forgetting._clear_actions([4])
    made.refresh_from_db()
    assert (made.words, made.reason) == ("", "other")


def exported(who: AtConsole, **form: str) -> str:
    answer = who.post("sessions/export/", {"as": "jsonl", "query": "", **form})
    return b"".join(answer.streaming_content).decode() if answer.streaming else ""


def test_a_file_is_masked_unless_a_lead_gives_a_reason(
    lead: AtConsole, auditor: AtConsole, chat: int
) -> None:
    assert not shown(exported(lead))
    assert shown(exported(lead, reason="access"))
    assert not shown(exported(auditor, reason="access"))
    assert exported(lead, reason="nonsense") == ""
    started = TrailEntry.objects.filter(what="export_started", actor=lead.person.user)
    assert [one.detail.get("personal") for one in started.order_by("id")] == [None, "access"]


def test_the_console_and_the_api_agree(lead: AtConsole, chat: int) -> None:
    def email() -> str:
        return str(
            json.loads(lead.client.get(f"/api/v1/sessions/{chat}/").content)["customer_email"]
        )

    assert email() != MAIL
    ask(lead, chat, reason="access")
    assert email() == MAIL
