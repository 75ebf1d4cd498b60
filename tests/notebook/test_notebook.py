"""Notes, tags, reviews, replies and views: who may, and what becomes of it."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chatops.actions import errors
from chatops.actions.callers import Caller, caller_of
from chatops.actions.models import TrailEntry
from chatops.mirror.models import ChatMessage, ChatSession
from chatops.notebook import exported, notes, own, reviews
from chatops.notebook.models import Note, Review, SavedView, Tag
from tests.reports.conftest import BILLING, KARI, MIA, OLA, SUPPORT, SignIn

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


def caller(name: str) -> Caller:
    return caller_of(User.objects.get(username=name), source="console")


@pytest.fixture
def kari(past: object, signed_in: SignIn) -> Client:
    return signed_in("lead", KARI, name="kari")


@pytest.fixture
def mia(past: object, signed_in: SignIn) -> Client:
    return signed_in("agent", MIA, name="mia")


def one_of(associate_id: int, topic_id: int = SUPPORT) -> ChatSession:
    found = ChatSession.objects.filter(associate_id=associate_id, topic_id=topic_id, rating__gt=0)
    return found.order_by("-pk")[0]


def test_a_note_stands_at_the_chat_for_colleagues_who_see_it(kari: Client, mia: Client) -> None:
    chat = one_of(MIA)
    answer = mia.post(f"/admin/sessions/{chat.pk}/notes/", {"note": "Asks\nevery week"})
    assert answer.status_code == 303
    page = kari.get(f"/admin/sessions/{chat.pk}/").content.decode()
    assert "Asks<br>every week" in page
    assert Note.objects.get().author == User.objects.get(username="mia")
    assert TrailEntry.objects.get(what="note_written").session_id == chat.pk


def test_a_note_on_one_message_stands_at_that_message(kari: Client, mia: Client) -> None:
    chat = one_of(MIA)
    said = ChatMessage.objects.filter(session_id=chat.pk, special_type="None").order_by("id")[0]
    form = kari.get(f"/admin/sessions/{chat.pk}/?note={said.pk}").content.decode()
    assert f'name="message" value="{said.pk}"' in form
    assert "<q>My invoice is wrong</q>" in form
    answer = mia.post(
        f"/admin/sessions/{chat.pk}/notes/", {"note": "Paid twice", "message": str(said.pk)}
    )
    assert (answer.status_code, answer["Location"]) == (
        303,
        f"/admin/sessions/{chat.pk}/?at={said.pk}",
    )
    page = kari.get(f"/admin/sessions/{chat.pk}/").content.decode()
    at_it = page.split(f'id="m{said.pk}"')[1].split('<div id="m')[0]
    assert '<p class="note-text">Paid twice</p>' in at_it
    assert notes.find(caller("kari"), "twice")[0].message_id == said.pk
    assert exported.about([chat.pk]).of(chat.pk).notes[0]["message_id"] == said.pk
    found = kari.get("/admin/review/?search=twice").content.decode()
    assert f"/admin/sessions/{chat.pk}/?at={said.pk}" in found


def test_a_note_on_another_chats_message_is_refused(mia: Client) -> None:
    chat, other = one_of(MIA), ChatMessage.objects.exclude(session_id=one_of(MIA).pk)[0]
    mia.post(f"/admin/sessions/{chat.pk}/notes/", {"note": "x", "message": str(other.pk)})
    assert not Note.objects.exists()
    page = mia.get(f"/admin/sessions/{chat.pk}/?note={other.pk}").content.decode()
    assert 'name="message" value=""' in page


def test_a_note_is_removed_by_its_author_or_who_leads_and_by_nobody_else(
    kari: Client, mia: Client, signed_in: SignIn
) -> None:
    chat = one_of(MIA)
    note = notes.write(caller("kari"), chat.pk, "From the lead")
    assert mia.post(f"/admin/notes/{note.pk}/remove/").status_code == 403
    mine = notes.write(caller("mia"), chat.pk, "Mine")
    assert kari.post(f"/admin/notes/{mine.pk}/remove/").status_code == 303
    assert list(Note.objects.all()) == [note]


def test_an_agent_writes_nothing_at_a_colleagues_chat(mia: Client) -> None:
    chat = one_of(OLA)
    assert mia.post(f"/admin/sessions/{chat.pk}/notes/", {"note": "x"}).status_code == 404
    assert mia.post(f"/admin/sessions/{chat.pk}/tags/", {"tag": "x"}).status_code == 404
    assert mia.post(f"/admin/sessions/{chat.pk}/review/").status_code == 404
    assert not Note.objects.exists()


def test_an_auditor_reads_notes_and_writes_none_and_an_operator_sees_none(
    kari: Client, signed_in: SignIn
) -> None:
    chat = one_of(MIA)
    notes.write(caller("kari"), chat.pk, "Zebrafinch")
    address = f"/admin/sessions/{chat.pk}/"
    audrey, oscar = signed_in("auditor"), signed_in("operator")
    assert "Zebrafinch" in audrey.get(address).content.decode()
    assert audrey.post(f"{address}notes/", {"note": "x"}).status_code == 403
    assert "Zebrafinch" not in oscar.get(address).content.decode()
    assert oscar.post(f"{address}notes/", {"note": "x"}).status_code == 403


def test_tags_differ_by_word_and_not_by_case_and_filter_the_list(kari: Client) -> None:
    chat, other = one_of(MIA), one_of(OLA)
    for number, name in ((chat.pk, "VIP"), (other.pk, " vip "), (chat.pk, "Vip")):
        kari.post(f"/admin/sessions/{number}/tags/", {"tag": name})
    assert [one.name for one in Tag.objects.all()] == ["VIP"]
    page = kari.get("/admin/sessions/?tag=vip").content.decode()
    assert page.count("<tr data-key=") == 2
    tag = Tag.objects.get()
    for number in (chat.pk, other.pk):
        kari.post(f"/admin/sessions/{number}/tags/take/", {"tag": tag.pk})
    assert not Tag.objects.exists()


def test_notes_are_found_by_words_on_chats_that_one_may_read(kari: Client, mia: Client) -> None:
    notes.write(caller("kari"), one_of(OLA).pk, "Zebrafinch for Ola")
    notes.write(caller("kari"), one_of(MIA).pk, "zebrafinch for Mia")
    assert len(notes.find(caller("kari"), "ZEBRAFINCH for")) == 2
    assert [one.text for one in notes.find(caller("mia"), "zebrafinch")] == ["zebrafinch for Mia"]
    assert "Zebrafinch for Ola" in kari.get("/admin/review/?search=zebra").content.decode()


def test_a_review_goes_from_the_queue_to_scores_pinned_to_messages(kari: Client) -> None:
    chat = one_of(MIA)
    for name, highest in (("Tone", 5), ("Solved", 10)):
        kari.post("/admin/review/criteria/", {"name": name, "highest": highest})
    tone, solved = reviews.criteria()
    kari.post(f"/admin/sessions/{chat.pk}/review/")
    kari.post(f"/admin/sessions/{chat.pk}/review/")
    review = Review.objects.get()
    assert kari.get(f"/admin/review/{review.pk}/").status_code == 200
    message = ChatMessage.objects.filter(session_id=chat.pk)[0]
    form = {
        f"value-{tone.pk}": 4,
        f"message-{tone.pk}": message.pk,
        f"remark-{tone.pk}": "Kind",
        f"value-{solved.pk}": 5,
        "summary": "Well done",
    }
    assert kari.post(f"/admin/review/{review.pk}/", form).status_code == 303
    page = kari.get(f"/admin/review/{review.pk}/").content.decode()
    assert "60 %" in page
    assert f'href="#m{message.pk}"' in page
    kari.post(f"/admin/review/criteria/{tone.pk}/retire/")
    assert "Kind" in kari.get(f"/admin/review/{review.pk}/").content.decode()


def test_a_score_out_of_range_or_of_another_chats_message_is_refused(kari: Client) -> None:
    chat = one_of(MIA)
    card = reviews.define(caller("kari"), "Tone", highest=3)
    review = reviews.ask(caller("kari"), chat.pk)
    foreign = ChatMessage.objects.exclude(session_id=chat.pk)[0]
    for given in (
        {card.pk: reviews.Given(4)},
        {card.pk: reviews.Given(1, foreign.pk)},
        {card.pk: reviews.Given(None)},
        {},
    ):
        with pytest.raises(errors.Invalid):
            reviews.finish(caller("kari"), review.pk, given)
    assert Review.objects.get().done_at is None


def test_what_is_wrong_on_a_scorecard_is_told_at_its_field_and_the_rest_stays(
    kari: Client,
) -> None:
    chat = one_of(MIA)
    tone, speed = (reviews.define(caller("kari"), name, highest=3) for name in ("Tone", "Speed"))
    review = reviews.ask(caller("kari"), chat.pk)
    address = f"/admin/review/{review.pk}/"
    entered = {f"value-{tone.pk}": "2", f"remark-{tone.pk}": "Warm", "summary": "Fine"}
    answer = kari.post(address, {**entered, f"value-{speed.pk}": "9"})
    page = answer.content.decode()
    assert f'aria-describedby="error-{speed.pk}"' in page
    assert f'id="error-{speed.pk}">Speed: 0 to 3.' in page
    assert f'id="error-{tone.pk}"' not in page
    assert f'name="value-{tone.pk}" value="2" checked' in page
    assert 'value="Warm"' in page
    assert ">Fine</textarea>" in page
    page = kari.post(address, {"summary": "Fine"}).content.decode()
    assert 'id="card-error"' in page
    assert "Score at least one criterion." in page
    page = kari.post(address, {**entered, "summary": "x" * 10_001}).content.decode()
    assert 'id="summary-error">At most 10000 characters.' in page
    assert Review.objects.get().done_at is None
    assert kari.post(address, entered).status_code == 303
    assert Review.objects.get().summary == "Fine"


def test_only_leads_define_and_review_and_only_in_topics_they_lead(
    kari: Client, mia: Client, signed_in: SignIn
) -> None:
    signed_in("auditor", name="audrey")
    for name in ("mia", "audrey"):
        with pytest.raises(errors.Forbidden):
            reviews.define(caller(name), "Tone")
        with pytest.raises((errors.Forbidden, errors.NotFound)):
            reviews.ask(caller(name), one_of(MIA).pk)
    with pytest.raises(errors.NotFound):
        reviews.ask(caller("kari"), one_of(MIA, BILLING).pk)
    review = reviews.ask(caller("kari"), one_of(MIA).pk)
    assert mia.get(f"/admin/review/{review.pk}/").status_code == 404


def test_quick_replies_are_ones_own_and_stand_in_the_composer(kari: Client, mia: Client) -> None:
    mia.post("/admin/replies/", {"title": "Hi", "text": f"Hello {HOSTILE}"})
    mia.post("/admin/replies/", {"title": "Hi", "text": f"Good day {HOSTILE}"})
    chat = ChatSession.objects.ongoing().filter(associate_id=MIA)[0]
    page = mia.get(f"/admin/sessions/{chat.pk}/").content.decode()
    assert 'data-reply="Good day &lt;script&gt;' in page
    assert HOSTILE not in page
    reply = own.replies(caller("mia")).get()
    kari.post(f"/admin/replies/{reply.pk}/remove/")
    assert own.replies(caller("mia")).count() == 1
    assert own.replies(caller("kari")).count() == 0


def test_a_view_keeps_the_filters_and_not_the_page_and_leads_share(
    kari: Client, mia: Client
) -> None:
    kari.post(
        "/admin/sessions/views/save/",
        {"name": "Left", "query": "outcome=abandoned&older=5&topic=", "shared": "1"},
    )
    assert SavedView.objects.get().query == "outcome=abandoned"
    page = mia.get("/admin/sessions/").content.decode()
    assert 'href="/admin/sessions/?outcome=abandoned"' in page
    answer = mia.post("/admin/sessions/views/save/", {"name": "M", "query": "", "shared": "1"})
    assert answer.status_code == 403
    view = SavedView.objects.get()
    mia.post(f"/admin/sessions/views/{view.pk}/remove/")
    assert SavedView.objects.exists()


def test_hostile_words_in_the_notebook_are_words_on_every_page(kari: Client) -> None:
    chat = one_of(MIA)
    me = caller("kari")
    notes.write(me, chat.pk, HOSTILE)
    notes.put_tag(me, chat.pk, HOSTILE[:40])
    card = reviews.define(me, HOSTILE[:80], HOSTILE)
    review = reviews.ask(me, chat.pk)
    own.save_view(me, HOSTILE[:80], f"search={HOSTILE}")
    pages = [f"/admin/review/{review.pk}/"]
    for address in (*pages, f"/admin/sessions/{chat.pk}/", "/admin/sessions/", "/admin/review/"):
        page = kari.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    given = {card.pk: reviews.Given(1, None, HOSTILE)}
    reviews.finish(me, review.pk, given, summary=HOSTILE)
    assert "<script>alert" not in kari.get(pages[0]).content.decode()


def test_empty_and_endless_texts_are_told_and_not_kept(kari: Client) -> None:
    chat = one_of(MIA)
    for text in ("", "  \n", "x" * 10_001):
        kari.post(f"/admin/sessions/{chat.pk}/notes/", {"note": text})
    with pytest.raises(errors.Invalid):
        notes.put_tag(caller("kari"), chat.pk, "x" * 41)
    assert not Note.objects.exists()
