"""Forty hostile texts in every field that comes from outside, on every page that there is."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import NoReverseMatch, resolve, reverse
from django.utils import timezone

from chatops.actions.models import Action, State, TrailEntry, Verb
from chatops.console.screens import urls
from chatops.mirror import people
from chatops.mirror.models import Drift
from chatops.notebook.models import (
    Criterion,
    Note,
    QuickReply,
    Review,
    SavedView,
    Score,
    SessionTag,
    Tag,
)
from chatops.remote.models import Agent, Credential
from chatops.subscriptions.models import Subscription
from chatops.superoffice import jsontext
from chatops.sync.models import Cursor, SyncRun, WebhookDelivery
from tests.conftest import MakePerson, Person
from tests.console.conftest import AtConsole, Mirrored, SignIn, Stored, carrier, indexed, message
from tests.console.test_hostile import COUNTED, HOSTILE, Markup

#: As they come off the wire, where what no database can hold is taken out.
TEXTS = jsontext.parse(json.dumps(HOSTILE).encode())
HARMLESS = ["harmless"] * len(TEXTS)
#: Rows of everything are numbered alike: the text's place and this.
#: Far above what the database gives out: rows are made under numbers of our own.
FIRST = 100_000
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
LISTS = {
    "kari": (
        *("", "sessions/", "sessions/?search=needle", "sessions/?show=open", "actions/", "mirror/"),
        *("review/", "replies/", "numbers/", "sessions/bulk/", "account/"),
    ),
    "oscar": (
        *("mirror/", "mirror/inbox/", "administration/", "account/", "numbers/"),
        *("mirror/chattopic/", "mirror/associate/", "mirror/topicmember/", "remote/agent/"),
        *("actions/trailentry/", "actions/apitoken/", "actions/apitoken/add/", "auth/user/"),
        *("auth/group/", "auth/user/add/", "subscriptions/subscription/"),
    ),
}
#: A page of each row.
DETAILS = {
    "kari": (
        *("sessions/{}/", "sessions/{}/edit/", "actions/{}/", "review/{}/"),
        *("sessions/{}/?note={}", "sessions/{}/unmask/"),
    ),
    "oscar": (
        *("mirror/chattopic/{}/change/", "mirror/associate/{}/change/", "auth/user/{}/change/"),
        *("remote/agent/{}/change/", "auth/user/{}/password/"),
        *("actions/trailentry/{}/change/", "subscriptions/subscription/{}/change/"),
    ),
}
#: Pages that take a row of their own kind and are held elsewhere, by the same texts.
ELSEWHERE = {"bulk_run"}

pytestmark = pytest.mark.slow


def fill(texts: list[str], owner: User, stored: Stored) -> None:
    """A row with each of the texts in everything that SuperOffice, a caller or a colleague says."""
    now = timezone.now()
    for number, text in enumerate(texts, FIRST):
        people.store_topic({"ChatTopicId": number, "Name": text[:255], "Description": text[:255]})
        person = {"AssociateId": number, "Name": text[:254], "FullName": text[:254]}
        people.store_associates([person | {"UserName": text[:254], "Type": text[:32]}], read_at=now)
        people.store_members(number, [{"UserAssociateId": number, "UserName": text}])
    stored(
        [_session(number, text) for number, text in enumerate(texts, FIRST)],
        [
            message(
                place + number, number, Message=said, Author=text[:255], SpecialParam=text[:255]
            )
            for number, text in enumerate(texts, FIRST)
            for spoken in ({"Author": text[:255], "SpecialParam": text[:255]},)
            for place, said in ((0, text), (1000, f"needle {text}"))
        ],
    )
    for number, text in enumerate(texts, FIRST):
        _of_ours(number, text, owner, now)
    SyncRun.objects.update(error=texts[0][:255])
    Cursor.objects.update(error=texts[1][:255])


def _session(number: int, text: str) -> dict[str, Any]:
    links = {"Person": "PersonId", "Contact": "ContactId", "Ticket": "TicketId"}
    named = {name: {key: 5, "FullName": text, "Name": text} for name, key in links.items()}
    return carrier(
        number,
        **named,
        CustomerName=text[:255],
        CustomerEmail=text[:255],
        CustomerPhone=text[:32],
        CustomerCompanyName=text[:255],
        CustomerHost=text[:255],
        FirstMessage=text,
        LastMessage=text,
        TransferTo={"AssociateId": number, "FullName": text},
        Status="CustomerLast" if number % 2 else text[:40],
        Rating=number % 6,
    )


def _of_ours(number: int, text: str, owner: User, now: datetime) -> None:
    """What is told of, or kept beside, the session of this number."""

    def put(model: Any, **fields: Any) -> Any:
        return model.objects.update_or_create(pk=number, defaults=fields)[0]

    agent = {"login": text[:254], "full_name": text[:254], "associate_id": number}
    user = put(User, username=f"user{number}", first_name=text[:150], last_name=text[:150])
    credential = put(Credential, name=f"one{number}", scheme="basic", broken_because=text[:255])
    put(Agent, user=user, credential=credential, linked_at=AT, **agent)
    put(
        Action,
        verb=Verb.SEND_MESSAGE,
        state=State.NEEDS_PERSON,
        session_id=number,
        requested_by=owner,
        caller=f"user:{owner.pk}",
        asked={"request": {"message": text}},
        answer={"status": 400, "error": text, "ms": 3},
        proof={text[:40]: text},
        expires_at=now,
        sent_at=AT,
        detail=text,
        content=str(number),
        key=str(number),
    )
    if not TrailEntry.objects.filter(pk=number, detail={"said": text}).exists():
        TrailEntry.objects.bulk_create(
            [
                TrailEntry(
                    pk=number if text == "harmless" else number + 1000,
                    actor=owner,
                    what=text[:40],
                    object=text[:100],
                    before=text[:40],
                    after=text[:40],
                    request_id=text[:64],
                    detail={"said": text},
                )
            ]
        )
    put(WebhookDelivery, event_id=f"e{number}", event=text[:64], detail=text[:255], state="dead")
    put(Drift, kind="status", name=f"{number}{text}"[:255])
    told = {"label": text[:100], "notice": text[:255], "last_error": text[:255]}
    put(Subscription, owner=owner, url="https://hook.example/", secret="x", **told)
    tag = put(Tag, name=text[:40], folded=f"{number}{text}"[:80])
    put(SessionTag, session_id=number, tag=tag, put_by=owner)
    put(Note, session_id=number, author=owner, text=text, message_id=number)
    # There is room for so many on a scorecard.
    retired = {"retired_at": now if number >= FIRST + 20 else None}
    put(Criterion, name=text[:80], meaning=text[:400], made_by=owner, **retired)
    put(Review, session_id=number, asked_by=owner, reviewer=owner, done_at=now, summary=text)
    put(Score, review_id=number, criterion_id=number, value=1, remark=text, message_id=number)
    put(QuickReply, owner=owner, title=f"{number}{text}"[:80], text=text)
    put(SavedView, owner=owner, name=f"{number}{text}"[:80], query=f"search={number}", shared=True)


def looks(page: str) -> tuple[dict[str, int], list[tuple[str, str, str]]]:
    """How often it has each element that texts must not bring, and what else is dangerous."""
    found = Markup(page)
    return {tag: found.count.get(tag, 0) for tag in COUNTED}, found.dangers()


@pytest.fixture
def consoles(
    kari: Person, person: MakePerson, sign_in: SignIn, mirrored: Mirrored
) -> dict[str, AtConsole]:
    mirrored()  # the topics that Kari leads
    SyncRun.objects.create(kind=SyncRun.Kind.RECONCILE, ok=False, started_at=AT, ended_at=AT)
    SyncRun.objects.create(kind=SyncRun.Kind.BACKFILL, ok=False, started_at=AT, ended_at=AT)
    Cursor.objects.create(name="poll")
    return {"kari": sign_in(kari), "oscar": sign_in(person("oscar", "operator", link=False))}


def test_no_text_from_outside_becomes_markup_on_any_page(
    consoles: dict[str, AtConsole], kari: Person, stored: Stored
) -> None:
    def lists() -> dict[tuple[str, str], Any]:
        return {
            (who, path): looks(consoles[who].page(path))
            for who, paths in LISTS.items()
            for path in paths
        }

    fill(HARMLESS, kari.user, stored)
    indexed()
    lists()  # the first look leaves lines in the trail
    plain = lists()
    # Every other chat has a status of ours, so there are two kinds of each page.
    calm = {
        (who, path, number % 2): looks(consoles[who].page(path.format(number, number)))
        for who, paths in DETAILS.items()
        for path in paths
        for number in (FIRST, FIRST + 1)
    }
    assert {place: one[1] for place, one in [*plain.items(), *calm.items()] if one[1]} == {}
    fill(TEXTS, kari.user, stored)
    indexed()
    for (who, path), found in lists().items():
        assert found == plain[who, path], path
    for (who, path, half), expected in calm.items():
        for number in range(FIRST + half, FIRST + len(TEXTS), 2):
            own = number + 1000 if "trailentry" in path else number
            assert looks(consoles[who].page(path.format(own, own))) == expected, (path, number)


def test_every_page_is_among_them(
    consoles: dict[str, AtConsole], kari: Person, stored: Stored
) -> None:
    fill(HARMLESS, kari.user, stored)
    shown = {
        resolve(f"/admin/{path.partition('?')[0].format(FIRST)}").url_name
        for paths in (*LISTS.values(), *DETAILS.values())
        for path in paths
    }
    pages = names_of_pages(consoles)
    assert {"index", "session", "scorecard", "unmask", "inbox"} <= pages
    assert pages <= shown | ELSEWHERE
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        assert f"{name}_changelist" in shown


def names_of_pages(consoles: dict[str, AtConsole]) -> set[str]:
    """Which of the console's screens show something to a lead or to an operator."""
    found = set()
    for one in urls.screens(admin.site):
        given = dict.fromkeys(re.findall(r"<int:(\w+)>", str(one.pattern)), FIRST)
        try:
            path = reverse(f"admin:{one.name}", kwargs=given)
        except NoReverseMatch:  # what takes a verb is a form's
            continue
        answers = (console.client.get(path) for console in consoles.values())
        if any(answer.status_code == 200 for answer in answers):
            found.add(str(one.name))
    return found
