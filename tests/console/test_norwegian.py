"""Norwegian Bokmål is complete: the catalogue, what comes from below, and the pages."""

import ast
import re
import struct
from datetime import UTC, datetime
from pathlib import Path

import django
import pytest
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext

from chatops.actions.callers import Role
from chatops.actions.models import State, Verb
from chatops.console import known, sentences, wording
from chatops.console.templatetags import console as templatetags
from chatops.demo.adapter import StandIn
from chatops.notebook.models import Review
from chatops.remote.models import Credential
from chatops.superoffice import errors
from chatops.sync import health
from tests.conftest import Person
from tests.console.conftest import AtConsole, Mirrored, SignIn, Stored, carrier

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "chatops/locale/nb/LC_MESSAGES/django"
DJANGOS = Path(django.__file__).parent / "conf/locale/nb/LC_MESSAGES/django"
PLACE = re.compile(r"%\(\w+\)[a-z0-9]*")
#: Words of the templates: `{% translate "…" %}`, `_("…")`, and between blocktranslate's tags.
WORDS = re.compile(
    r"""\{%\s*translate\s+(?:"([^"]+)"|'([^']+)')|_\("([^"]+)"\)"""
    r"""|\{%\s*blocktranslate[^%]*%\}(.*?)\{%\s*(?:plural|endblocktranslate)"""
)


def compiled(catalogue: Path = CATALOGUE) -> dict[str, str]:
    """What the .mo holds, by the English; read here, so that Django's own catalogue is not in."""
    data = catalogue.with_suffix(".mo").read_bytes()
    _, _, count, keys, values = struct.unpack("<5I", data[:20])

    def text(table: int, row: int) -> str:
        length, start = struct.unpack_from("<2I", data, table + 8 * row)
        return data[start : start + length].decode()

    found = {text(keys, row): text(values, row) for row in range(count)}
    return {english.rpartition("\4")[2].partition("\0")[0]: nb for english, nb in found.items()}


def asked_for() -> set[str]:
    """Every sentence that templates and the console's code want in the reader's language."""
    found: set[str] = set()
    for template in (ROOT / "templates").rglob("*.html"):
        for groups in WORDS.findall(template.read_text(encoding="utf-8")):
            text = next(filter(None, groups))
            found.add(re.sub(r"\{\{\s*(\w+)\s*\}\}", r"%(\1)s", text))
    for folder in ("console", "reports"):
        for source in (ROOT / "chatops" / folder).rglob("*.py"):
            found |= set(_marked(ast.parse(source.read_text(encoding="utf-8"))))
    return found


def _marked(tree: ast.AST) -> list[str]:
    marks = {"_", "gettext", "gettext_lazy", "ngettext", "pgettext"}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found = []
    for call in calls:
        if isinstance(call.func, ast.Name) and call.func.id in marks:
            place = 1 if call.func.id == "pgettext" else 0
            argument = call.args[place]
            if isinstance(argument, ast.Constant):
                found.append(str(argument.value))
    return found


def test_every_sentence_is_in_the_catalogue() -> None:
    asked = asked_for()
    assert len(asked) > 600
    there = compiled()
    # In a block that fills something in, a percent sign of its own is doubled.
    assert {one for one in asked if not {one, one.replace("%", "%%")} & set(there)} == set()


def test_nothing_is_left_untranslated_or_uncertain() -> None:
    text = CATALOGUE.with_suffix(".po").read_text(encoding="utf-8")
    assert "fuzzy" not in text
    assert "#~" not in text
    assert all(nb for english, nb in compiled().items() if english)


def test_what_is_put_into_a_sentence_is_the_same_in_both_languages() -> None:
    for english, nb in compiled().items():
        if english:
            assert set(PLACE.findall(english)) == set(PLACE.findall(nb)), english


def test_no_word_of_ours_stands_in_for_another_of_djangos() -> None:
    """One word, one meaning: `may` of a permission would be the name of a month as well."""
    ours, djangos = compiled(), compiled(DJANGOS)
    told_otherwise = {one for one in ours if djangos.get(one, ours[one]) != ours[one]}
    # On a button of ours, and beside a field for files, of which there are none.
    assert told_otherwise == {"", "Clear"}


@pytest.mark.parametrize(
    ("month", "short", "long"), [(3, "2. mar.", "2. mars"), (5, "2. mai", "2. mai")]
)
def test_days_are_written_as_norwegians_write_them(month: int, short: str, long: str) -> None:
    when = datetime(2025, month, 2, 12, tzinfo=UTC)
    with translation.override("nb"):
        assert templatetags.day_and_time(when).startswith(f"{short} ")
        assert f">{short} 2025 " in str(templatetags.at(when))
        assert date_format(when, gettext("l j F Y")).endswith(f" {long} 2025")


def sentences_of(*paths: str) -> set[str]:
    """What these sources say to people: texts that begin like a sentence and end like one."""
    found = set()
    for path in paths:
        for node in ast.walk(ast.parse((ROOT / "chatops" / path).read_text(encoding="utf-8"))):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and re.fullmatch(r"[A-Z][^\n_{}]* [^\n]*\.", text):
                found.add(text)
    return found - docstrings(paths)


def docstrings(paths: tuple[str, ...]) -> set[str]:
    found = set()
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for path in paths:
        for node in ast.walk(ast.parse((ROOT / "chatops" / path).read_text(encoding="utf-8"))):
            if isinstance(node, kinds):
                found.add(ast.get_docstring(node, clean=False) or "")
    return found


def test_what_is_said_below_is_known_here() -> None:
    said = sentences_of(
        "actions/outcomes.py",
        "actions/ending.py",
        "actions/conditions.py",
        "actions/verbs.py",
        "actions/needs.py",
        "remote/signin.py",
        "remote/linking.py",
        "notebook/notes.py",
        "notebook/own.py",
        "notebook/reviews.py",
        "bulk/carrying.py",
        "bulk/deeds.py",
        "bulk/preparing.py",
        "bulk/runs.py",
        "subscriptions/delivering.py",
        "console/admin/subscriptions.py",
    )
    assert len(said) > 40
    with translation.override("nb"):
        assert {one for one in said if sentences.told(one) == one} == set()
    closed = {*health.CLOSED.values(), health.CLOSED_SOMEHOW}
    assert {*health.MEANINGS.values(), *closed} <= set(known.KNOWN)
    choices = {*Verb.labels, *State.labels, *Credential.Scheme.labels, *map(str, Role)}
    assert choices <= set(known.KNOWN)


@pytest.mark.parametrize(
    ("english", "norwegian"),
    [
        ("The chat is yours.", "Samtalen er din."),
        ("Kari Lunde was faster and has the chat now.", "Kari Lunde var raskere og har samtalen"),
        (
            "The chat is not offered to you (any more). It is going on; nobody has it.",
            "Samtalen er ikke (lenger) tilbudt deg. Den er i gang; ingen har den.",
        ),
        (
            "Nothing was sent. SuperOffice does not answer at the moment. Try again shortly.",
            "Ingenting ble sendt. SuperOffice svarer ikke akkurat nå.",
        ),
        ("Words that nobody here has ever said", "Words that nobody here has ever said"),
    ],
)
def test_sentences_from_below_are_told_in_norwegian(english: str, norwegian: str) -> None:
    assert sentences.told(english) == english
    with translation.override("nb"):
        assert sentences.told(english).startswith(norwegian)


def test_the_browsers_language_holds_until_the_reader_chooses(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    chat = superoffice.chat(offered_to="mia", messages=["Hei"])
    mirrored(chat.id)
    page = mia_there.client.get("/admin/", headers={"Accept-Language": "nb-NO,nb;q=0.9"})
    assert '<html lang="nb">' in page.content.decode()
    assert "Tilbudt meg" in page.content.decode()
    mia_there.client.post("/admin/language/", {"language": "nb", "next": "/admin/"})
    assert "Tilbudt meg" in mia_there.page()
    assert mia_there.act(chat.id, "accept_transfer")["sentence"] == "Samtalen er din."
    mia_there.client.post("/admin/language/", {"language": "en", "next": "/admin/"})
    page = mia_there.client.get("/admin/", headers={"Accept-Language": "nb"})
    assert "Offered to me" in page.content.decode()


def test_what_the_notebook_refuses_is_told_in_norwegian(
    kari: Person, sign_in: SignIn, stored: Stored, mirrored: Mirrored
) -> None:
    mirrored()
    stored([carrier(1)])
    console = sign_in(kari)
    console.client.post("/admin/language/", {"language": "nb", "next": "/admin/"})
    console.post("sessions/1/notes/", note=" ")
    assert "Skriv noe." in console.told()
    console.post("sessions/1/tags/", tag="x" * 41)
    assert "Høyst 40 tegn." in console.told()
    console.post("review/criteria/", name="Tone", highest="11")
    assert "Høyeste poengsum er 1 til 10." in console.told()


def test_a_review_that_was_given_meanwhile_is_told_of_in_norwegian(
    kari: Person, sign_in: SignIn, stored: Stored, mirrored: Mirrored
) -> None:
    mirrored()
    stored([carrier(1)])
    console = sign_in(kari)
    console.client.post("/admin/language/", {"language": "nb", "next": "/admin/"})
    review = Review.objects.create(session_id=1, asked_by=kari.user, done_at=timezone.now())
    console.post(f"review/{review.pk}/", summary="Late")
    assert "Denne samtalen er allerede gjennomgått." in console.told()


def test_the_pages_of_operators_have_norwegian_labels() -> None:
    """Django's own models bring theirs."""
    same = {"id", "ID", "type"}
    english: set[str] = set()
    for model, pages in admin.site._registry.items():
        if model.__module__.startswith("django"):
            continue
        left_out = set(pages.exclude or ())
        shown = pages.fields or [one.name for one in model._meta.fields if one.name not in left_out]
        with translation.override("nb"):
            labels = [
                str(label_for_field(name, model, pages)) for name in (*shown, *pages.list_display)
            ]
            labels.append(str(model._meta.verbose_name))
            english |= {one for one in labels if sentences.told(one) == one}
    assert english - same - {"abonnement"} == set()


def test_every_name_of_an_answer_and_of_the_trail_has_its_words() -> None:
    kinds, names = [errors.SuperOfficeError], set()
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        names.add(kind.__name__)
    assert names - {"SuperOfficeError", "OutcomeUnknown", "NotSent"} <= set(wording.ANSWERS)
    written = set()
    for source in (ROOT / "chatops").rglob("*.py"):
        text = source.read_text(encoding="utf-8")
        written |= set(re.findall(r'\brecord\(\s*"([a-z_]+)"', text))
    assert len(written) > 25
    assert written - set(wording.TRAIL) == set()
