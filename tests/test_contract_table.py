"""docs/contract.md says what of SuperOffice's API is used; here it is held against the code."""

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

from chatops.superoffice import auth, entities, tenant, webhooks
from chatops.superoffice.client import Client
from chatops.superoffice.resource import Resource
from chatops.superoffice.transport import Transport

#: Everything that the contract names (A to D, G, I), word by word: the page must have a row for it.
CALLS = """
GET ChatSession/default; GET ChatSession; POST ChatSession; GET ChatSession/{id}
PUT ChatSession/{id}; PATCH ChatSession/{id}; DELETE ChatSession/{id}
GET ChatSession/ForCurrentUser
POST ChatSession/{id}/TransferTo/{toAssociate}; POST ChatSession/{id}/AcceptTransfer
POST ChatSession/{id}/RejectTransfer; POST ChatSession/{id}/Pickup; POST ChatSession/Pickup
POST ChatSession/{id}/Reset; POST ChatSession/{id}/Transcript; GET ChatSession/{id}/Messages
POST ChatSession/{id}/Messages; GET ChatTopic/ForCurrentUser; GET ChatTopic/{id}
GET ChatTopic/{id}/Sessions; POST ChatTopic/{id}/Sessions; GET ChatTopic/{id}/IsOpen
GET ChatTopic/UserAgents; GET ChatTopic/{id}/UserAgent; POST ChatTopic/{id}/UserAgent
PUT ChatTopic/{id}/UserAgent; GET ChatTopic/{id}/UserAgent/{username}
PUT ChatTopic/{id}/UserAgent/{username}; DELETE ChatTopic/{id}/UserAgent/{username}
GET ChatTopic/default; POST ChatTopic; PUT ChatTopic/{id}; PATCH ChatTopic/{id}
DELETE ChatTopic/{id}; GET Presence/GetAll; GET ChatPresence/GetAll; POST Presence/SaveAll
GET MDOList/chatsessionstatus; GET MDOList/chatuser; GET MDOList/chatchannel; GET TimeZone
GET TimeZone/base; GET TimeZone/current; GET User; GET User/{id}; GET User/currentPrincipal
GET User/currentAssociate; GET User/current; GET User/currentToken; GET Archive/internalusers
GET Archive/dynamic; GET Archive/{name}; POST Archive/{name}; GET Archive/{name}/$metadata
Agents/Chat/*; GET {base}/api; GET {base}/api/v1; GET Webhook; POST Webhook; GET Webhook/{id}
GET Webhook/default; PUT Webhook/{id}; PATCH Webhook/{id}; DELETE Webhook/{id}; POST Webhook/Test
GET Webhook/{id}/LastError; POST Webhook/{eventName}/{primaryKey}; GET /api/state/{tenant}
GET /login/.well-known/openid-configuration; GET /login/.well-known/jwks
GET /login/common/oauth/authorize; POST /login/common/oauth/tokens
POST /Login/api/PartnerSystemUser/Authenticate
"""
HEADERS = """
Authorization; X-XSRF-TOKEN; Content-Type; Accept; Accept-Language; SO-Language; SO-Culture
SO-TimeZone; SO-AppToken; If-Modified-Since; If-Unmodified-Since; Retry-After
X-SuperOffice-Signature; X-SuperOffice-EventId; X-SuperOffice-Event; X-SuperOffice-Retry
X-Hook-Test; User-Agent
"""
EVENTS = """
chatsession.created; chatsession.changed; chatsession.message; test; webhook{id}.errors
webhook{id}.stopped; webhook{id}.started; associate.created; associate.changed; associate.deleted
person.deleted; person.softdeleted; contact.deleted
"""
ENUMS = """
ChatSessionStatus; ChatSessionFlags; ChatMessageType; ChatMessageSpecialType; WebhookState; State
ChangeType; AssociateType; RoleType; TableRight.Mask; FieldRight.Mask; SaleStatus; SaleCompleted
TicketBaseStatus; TicketOrigin; TicketSecurityLevel; TicketReadStatus; RequiredFields
OfflineFields; Size; Theme; NotifyVia; NotifyWhen; UserType; EjUserStatus; AtypeIdx
"""
ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/contract.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    section = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def words(text: str) -> set[str]:
    return {word.strip() for line in text.strip().splitlines() for word in line.split(";")}


def firsts(*headings: str) -> set[str]:
    """Everything in backticks in the first column of these tables."""
    return {
        name
        for heading in headings
        for row in rows(heading)
        for name in re.findall(r"`([^`]+)`", row[0])
    }


@pytest.mark.parametrize(
    ("named_there", "headings"),
    [
        (CALLS, ("Endpoints", "Sign-in host and tenant")),
        (HEADERS, ("Headers", "Headers of answers and deliveries")),
        (EVENTS, ("Events",)),
        (ENUMS, ("Enums",)),
    ],
)
def test_everything_that_the_contract_names_has_its_row(
    named_there: str, headings: tuple[str, ...]
) -> None:
    assert words(named_there) - firsts(*headings) == set()


def test_every_row_says_where_it_is_used_or_why_not() -> None:
    for heading in re.findall(r"^## (.+)$", PAGE, re.MULTILINE):
        assert all(all(row) for row in rows(heading)), heading


def test_the_code_named_for_the_sign_in_host_is_there() -> None:
    for name in named(rows("Sign-in host and tenant"), 1):
        module, _, function = name.partition(".")
        assert callable(getattr(import_module(f"chatops.superoffice.{module}"), function)), name


def test_the_states_of_a_tenant_are_the_codes() -> None:
    [row] = [one for one in rows("Enums") if one[0] == "tenant `State`"]
    assert set(re.findall(r"`(\w+)`", row[1])) == set(tenant.State)


def client_methods() -> set[str]:
    client = Client(Transport("https://crm.example.com/api", None))
    return {
        f"{family}.{name}"
        for family, resource in vars(client).items()
        if isinstance(resource, Resource)
        for name, _ in inspect.getmembers(resource, inspect.ismethod)
        if not name.startswith("_")
    }


def named(cells: list[list[str]], column: int) -> set[str]:
    return {name for row in cells for name in re.findall(r"`([\w.]+)`", row[column])}


def called_in_the_product() -> set[str]:
    """`family.method` of every call on a client outside the client library."""
    found = set()
    for path in (ROOT / "chatops").rglob("*.py"):
        if path.relative_to(ROOT / "chatops").parts[0] in {"superoffice", "demo"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
                found.add(f"{node.value.attr}.{node.attr}")
    return found


def test_every_method_of_the_client_stands_in_the_table_and_exists() -> None:
    assert named(rows("Endpoints"), 1) == client_methods()


def test_what_the_table_calls_unused_is_unused_and_the_rest_is_used() -> None:
    called = called_in_the_product()
    for _, methods, use in rows("Endpoints"):
        names = re.findall(r"`([\w.]+)`", methods)
        unused = use.startswith(("not by the product", "not offered"))
        used = [name for name in names if name in called]
        assert not (unused and used), f"{used} is used, the table says: {use}"
        assert unused or used or not names, f"none of {names} is used, the table says: {use}"


@pytest.mark.parametrize(
    "enum",
    [
        entities.ChatSessionStatus,
        entities.ChatMessageType,
        entities.ChatMessageSpecialType,
        entities.WebhookState,
    ],
)
def test_the_words_of_each_enum_are_the_codes(enum: type[entities.ChatSessionStatus]) -> None:
    cells = {row[0].strip("`"): row[1] for row in rows("Enums")}
    listed = dict(re.findall(r"`(\w+)` (\d+)", cells[enum.__name__]))
    assert listed == {str(word): str(word.number) for word in enum}


def test_every_scheme_has_its_class() -> None:
    assert all(hasattr(auth, name) for name in named(rows("Sign-in schemes"), 1))


def test_the_chat_events_are_the_ones_that_are_registered() -> None:
    listed = set(re.findall(r"`(chatsession\.\w+)`", PAGE))
    assert listed == set(webhooks.CHAT_EVENTS)
