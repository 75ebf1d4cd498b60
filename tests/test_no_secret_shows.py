"""Every secret is planted, SuperOffice repeats them in every way, and everything is searched.

The database, the log, what commands and errors say, every page as every role, the API, exports.
"""

import io
import json
import logging
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django.fixtures import Settings

from chatops.actions import tokens
from chatops.actions.models import Action, State
from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatSession
from chatops.ops import working
from chatops.remote import linking, signin, wiring
from chatops.remote.models import Credential
from chatops.superoffice import webhooks
from chatops.sync.models import WebhookDelivery
from tests.conftest import MakePerson, Person
from tests.remote.conftest import online

__all__ = ["online"]  # a fixture is found by its name
pytestmark = pytest.mark.django_db(transaction=True)

SESSION_KEY = "customers-own-Key-0123456789abcdef"
PLANTED = {
    "SUPEROFFICE_PASSWORD": "planted-Password-1",
    "SUPEROFFICE_TICKET": "7T:plantedTicket2",
    "SUPEROFFICE_APP_TOKEN": "planted-app-token-3",
    "METRICS_TOKEN": "planted-metrics-token-4",
    "SECRET_KEY": "planted-secret-key-5" * 3,
}
HOOK_SECRETS = ["planted-hook-secret-6", "blåbær-hook-secret-7"]
ROLES = {"mia": "agent", "kari": "lead", "audrey": "auditor", "oscar": "operator"}
SCOPES = ("read", "transcripts", "personal", "send", "act", "patch", "reset", "feed", "export")
#: What SuperOffice answers everything with, in turn; the last leaves nobody's sign-in good.
WAYS: list[dict[str, Any]] = [
    *({"kind": "echo", "status": status} for status in (500, 503, 400, 403, 404, 302, 415, 429)),
    {"kind": "html", "apply": False},
    {"kind": "status", "status": 500},
    {"kind": "echo", "status": 401},
]
#: Screens that end what is searched.
LEFT_OUT = ("logout", "signin", "jsi18n")


@pytest.fixture
def secrets(online: StandIn, settings: Settings) -> list[str]:
    """Every secret that an installation can be given, each with a value of its own."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    given: dict[str, Any] = {
        **PLANTED,
        "SUPEROFFICE_PRIVATE_KEY": pem,
        "FIELD_KEYS": [Fernet.generate_key().decode(), Fernet.generate_key().decode()],
        "WEBHOOK_SECRETS": HOOK_SECRETS,
        "PUBLIC_URL": "http://127.0.0.1:9",  # where nobody listens
        # Each thing is tried, whatever became of the one before.
        "BREAKER_FAILURES": 10**9,
        "REMOTE_THROTTLED_SECONDS": 0.001,
        "ALLOW_DELETE": True,
        "SUBSCRIPTION_ALLOWED_HOSTS": ["127.0.0.1"],
    }
    for name, value in given.items():
        setattr(settings, name, value)
    of_the_demo = (
        settings.SUPEROFFICE_CLIENT_SECRET,
        settings.SUPEROFFICE_REFRESH_TOKEN,
        settings.SUPEROFFICE_SYSTEM_TOKEN,
    )
    in_the_key = pem.splitlines()[3]
    keys = settings.FIELD_KEYS
    return [*PLANTED.values(), *keys, *HOOK_SECRETS, *of_the_demo, in_the_key, SESSION_KEY]


@pytest.fixture
def people(online: StandIn, secrets: list[str], person: MakePerson) -> dict[str, Person]:
    """Somebody of every role, two of them linked, each in another way."""
    found = {name: person(name, role, link=False) for name, role in ROLES.items()}
    for name, scheme, what in (("mia", "bearer", "refresh_token"), ("kari", "ticket", "ticket")):
        secret = online.credentials(name)[what]
        linking.link(found[name].user, scheme, {what: secret})
        secrets.append(secret)
    return found


@pytest.fixture
def chats(online: StandIn, people: dict[str, Person]) -> list[int]:
    """Chats whose carriers hold the customer's key wherever a carrier can hold one."""
    everywhere: dict[str, object] = {
        "SessionKey": SESSION_KEY,
        "NewField": {"Deep": [{"SessionKey": SESSION_KEY, "sessionKey": SESSION_KEY}]},
        "Contact": {"ContactId": 2001, "Name": "Nordlys", "SessionKey": SESSION_KEY},
        "FieldProperties": {"session_key": SESSION_KEY},
    }
    made = [online.chat(user="mia", messages=["Hi"]), online.chat(user="kari", messages=["Hi"])]
    for chat in made:
        session = online.session(chat.id)
        session.key, session.odd = SESSION_KEY, {"SessionKey": SESSION_KEY}
        session.messages[-1].odd = {"NewField": {"SessionKey": SESSION_KEY}}
    online.session(made[1].id).odd = everywhere
    return [chat.id for chat in made]


def everybody_is_in_order(**fields: object) -> None:
    """As after linking, and with no action under way that would keep others out."""
    Credential.objects.update(broken_at=None, broken_because="", **fields)
    Action.objects.update(state=State.CLOSED)


def programs(people: dict[str, Person]) -> dict[str, str]:
    """A token of everybody's, with all that their role may have."""
    return {
        name: tokens.issue(owner=one.user, label="test", scopes=SCOPES)[1]
        for name, one in people.items()
    }


def acts(chats: list[int], people: dict[str, Person], plain: dict[str, str]) -> str:
    """What programs and people do to chats and accounts; what they were told."""
    told = []
    bodies = {"messages/": {"message": "Hello"}, "transfer/": {"to": "ola"}, "refresh/": None}
    for name, chat in zip(("mia", "kari"), chats, strict=True):
        program = Client(headers={"Authorization": f"Bearer {plain[name]}"})
        for path, body in bodies.items():
            told.append(said(called(program, "POST", f"sessions/{chat}/{path}", body)))
        change = {"customer_email": f"{uuid4().hex[:8]}@example.net"}
        told.append(said(called(program, "PATCH", f"sessions/{chat}/", change)))
        console = signed_in(people[name])
        for path in (f"sessions/{chat}/do/accept_transfer/", "account/test/", "account/link/"):
            form = {"key": uuid4().hex, "scheme": "ticket", "ticket": PLANTED["SUPEROFFICE_TICKET"]}
            told.append(said(console.post(f"/admin/{path}", form, follow=True)))
    return "\n".join(told)


def operates(people: dict[str, Person]) -> str:
    """What the worker, operators and people at the door do; what they were told."""
    told = [repr(working.make().run_once())]
    operator = signed_in(people["oscar"])
    for do in ("register", "activate", "remove"):
        told.append(said(operator.post(f"/admin/mirror/hook/{do}/", follow=True)))
    told += [commanded(*words) for words in COMMANDS]
    begun = signin.begin(redirect_uri="http://127.0.0.1/admin/signin/back/")
    back = {"state": begun.kept["state"], "code": "a-code-of-superoffice-0123456789"}
    told.append(failed(lambda: signin.finish(None, begun.kept, back)))
    told.append(failed(wiring.service_client(person=True).associates.current_principal))
    return "\n".join(told)


COMMANDS = [
    ("doctor",),
    ("doctor", "--json"),
    *(("webhook", do) for do in ("register", "status", "activate", "test", "remove")),
    ("reconcile", "--json"),
    ("person", "list"),
]


def called(program: Client, method: str, path: str, body: object) -> Any:
    headers = {"Idempotency-Key": uuid4().hex}
    data = "" if body is None else json.dumps(body)
    url = f"/api/v1/{path}"
    return program.generic(method, url, data, "application/json", headers=headers)


def signed_in(one: Person) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(one.user)
    return client


def commanded(*words: str) -> str:
    """What a command prints, however it ends."""
    out = io.StringIO()
    with suppress(SystemExit):
        try:
            call_command(*words, stdout=out, stderr=out)
        except CommandError as error:
            out.write(str(error))
    return out.getvalue()


def failed(act: Callable[[], object]) -> str:
    """What an error says, its trace included."""
    try:
        return repr(act())
    except Exception:  # its text is what is looked at
        return traceback.format_exc()


def said(answer: Any) -> str:
    """Everything of an answer that leaves us."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return f"{dict(answer.headers)} {body.decode('utf-8', 'replace')}"


def stored() -> str:
    """Every value of every table, as the database holds it."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found += [f"{table} {row!r}" for row in cursor.fetchall()]
    return "\n".join(found)


def logged(records: Iterable[logging.LogRecord]) -> str:
    """Every field of every line, traces included."""
    traces = logging.Formatter()
    return "\n".join(
        f"{record.getMessage()} {vars(record)!r} "
        f"{traces.formatException(record.exc_info) if record.exc_info else ''}"
        for record in records
    )


def addresses(ids: Mapping[str, object]) -> Iterator[str]:
    """Every address there is, with these ids in it."""

    def below(patterns: Iterable[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
        for one in patterns:
            route = prefix + str(one.pattern)
            if isinstance(one, URLResolver):
                yield from below(one.url_patterns, route)
            elif not any(word in route for word in LEFT_OUT):
                yield route

    for route in below(get_resolver().url_patterns, "/"):
        address = re.sub(r"<\w+:(\w+)>", lambda found: str(ids.get(found[1], "<")), route)
        if not set("<^$(") & set(address):
            yield address


def pages(people: dict[str, Person], plain: dict[str, str], chats: list[int]) -> dict[str, str]:
    """Every page as every role, and every answer to every program, by who and where."""
    shown: dict[str, str] = {}
    for name, one in people.items():
        browser = signed_in(one)
        program = Client(False, False, headers={"Authorization": f"Bearer {plain[name]}"})
        for chat in chats:
            action = Action.objects.filter(session_id=chat).order_by("-pk").first()
            ids = {"session_id": chat, "action_id": action.pk if action else 1, "object_id": chat}
            for address in addresses(ids):
                if address.startswith("/api/v1/"):
                    shown[f"program of {name}: {address}"] = said(program.get(address))
                else:
                    shown[f"{name}: {address}"] = said(browser.get(address))
        for export in ("/admin/sessions/export/?format=csv", "/api/v1/sessions/export/"):
            shown[f"{name}: {export}"] = said(browser.get(export))
    prometheus = Client(headers={"Authorization": f"Bearer {PLANTED['METRICS_TOKEN']}"})
    shown["metrics"] = said(prometheus.get("/metrics"))
    return shown


def deliver(chats: list[int]) -> str:
    """Hints whose bodies hold what they should not, and one that cannot be read."""
    told = []
    event = {"Event": "chatsession.changed", "PrimaryKey": chats[0], "SessionKey": SESSION_KEY}
    nested = event | {"FieldValues": {"SessionKey": SESSION_KEY, "Secret": HOOK_SECRETS[0]}}
    odd = [{**nested, "EventId": uuid4().hex}, {**event, "WebhookName": HOOK_SECRETS[0]}]
    for body in [*(json.dumps(one).encode() for one in odd), f"[{SESSION_KEY}".encode()]:
        for signed in (webhooks.signature(body, HOOK_SECRETS[1]), HOOK_SECRETS[0]):
            headers = {"X-SuperOffice-Signature": signed}
            told.append(
                said(Client().post("/hooks/superoffice/", body, "text/json", headers=headers))
            )
    assert WebhookDelivery.objects.count() == len(odd) + 1
    return "\n".join(told)


def test_no_secret_shows_anywhere(
    online: StandIn,
    secrets: list[str],
    people: dict[str, Person],
    chats: list[int],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    plain = programs(people)
    secrets += plain.values()
    made = Client(headers={"Authorization": f"Bearer {plain['kari']}"}).post(
        "/api/v1/subscriptions/", {"url": "http://127.0.0.1:9/"}, "application/json"
    )
    secrets.append(made.json()["secret"])

    told = {"first": operates(people) + acts(chats, people, plain), "hints": deliver(chats)}
    assert set(ChatSession.objects.values_list("pk", flat=True)) == set(chats)
    secrets += [one.token for one in Credential.objects.exclude(token="")]
    for way in WAYS:
        everybody_is_in_order()
        for method in ("POST", "PATCH"):  # what is read first, is
            online.fault(path="/ChatSession/", method=method, **way)
        told[f"{way}, chats"] = acts(chats, people, plain)
        # A token is renewed, and what the fault befalls is the sign-in host as well.
        everybody_is_in_order(token_expires_at=None, renewed_at=None)
        online.fault(path="", **way)
        told[f"{way}, everything"] = operates(people) + acts(chats, people, plain)
        rules = online.control("GET", "faults")["rules"]
        assert all(one["hit"] for one in rules), way
        online.clear_faults()
    assert Action.objects.filter(detail__contains="…").exists(), "no action met an error's words"
    told |= pages(people, plain, chats)
    told |= {"database": stored(), "log": logged(caplog.records)}
    told |= {f"repr of {one}": repr(one) + repr(vars(one)["name"]) for one in
             Credential.objects.all()}  # fmt: skip
    found = {
        (place, secret) for place, text in told.items() for secret in secrets if secret in text
    }
    assert found == set()
