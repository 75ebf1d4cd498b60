"""docs/contract.md says what of SuperOffice's API is used; here it is held against the code."""

import ast
import inspect
import re
from pathlib import Path

import pytest

from chatops.superoffice import auth, entities, webhooks
from chatops.superoffice.client import Client
from chatops.superoffice.resource import Resource
from chatops.superoffice.transport import Transport

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/contract.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    section = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


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
