"""Message texts between what people type, what is stored and what is shown (contract K.3)."""

import html
import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.superoffice.text import canonical, escape_for_sending, plain, storable

ANY_TEXT = st.text(st.characters(codec=None))


#: Ways in which a service may store a text; none of them makes it another message.
STORED = [
    lambda sent: sent,
    html.unescape,
    lambda sent: html.unescape(html.unescape(sent)),
    lambda sent: unicodedata.normalize("NFC", sent),
    lambda sent: unicodedata.normalize("NFD", sent),
    lambda sent: sent.replace(" ", "  ").replace("<br>", "<br />\r\n"),
    lambda sent: f"<p>{sent}</p>",
    html.escape,
]
TYPED = ANY_TEXT | st.text("<>&;/ biampltg#\n39x\xa0e\u0301")


@pytest.mark.parametrize("store", STORED)
@given(typed=TYPED)
def test_what_is_typed_is_recognised_however_it_was_stored(
    store: Callable[[str], str], typed: str
) -> None:
    sent = escape_for_sending(typed)
    assert canonical(store(sent)) == canonical(sent)


@given(st.text("abcæ .,!?<>&;\n"))
def test_what_is_typed_is_shown_as_it_was_typed(typed: str) -> None:
    assert plain(escape_for_sending(typed)) == typed.strip()


@given(ANY_TEXT)
def test_what_is_typed_cannot_become_markup(typed: str) -> None:
    sent = escape_for_sending(typed).replace("<br>", "")
    assert not {"<", ">", "\n", "\r", "\x00"} & set(sent)


@given(ANY_TEXT)
def test_every_text_can_be_kept_in_a_database(text: str) -> None:
    kept = storable(text)
    assert "\x00" not in kept
    kept.encode("utf-8")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hei &amp; hå", "Hei &#38; h&aring;"),
        ("a<br>b", "a<BR />\r\nb"),
        ("<b>bold</b> text", "bold   text"),
        ("<p>a</p><p>b</p>", "a<br>b"),
        ("cafe\u0301", "caf\u00e9"),
        ("a&nbsp;b", "a b"),
        ("  a ", "a"),
        ("&quot;x&quot;", '"x"'),
    ],
)
def test_stored_forms_of_one_text_are_the_same(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("yes", "no"), ("a b", "ab"), ("1 < 2", "1 2"), ("x", "X"), ("<b>", "<i>"), ("<b>", "")],
)
def test_different_texts_stay_different(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        ("Hello, <b>Mia</b> here.", "Hello, Mia here."),
        ("a<br/>b<br>c", "a\nb\nc"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("1 &lt; 2 & 3 > 2", "1 < 2 & 3 > 2"),
        ("cut in a tag <a href='http://exam", "cut in a tag"),
        ("<script>alert(1)</script>", "alert(1)"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("<!-- hidden -->shown", "shown"),
        ("a < b and b > c", "a < b and b > c"),
        ("", ""),
    ],
)
def test_fragments_become_text(fragment: str, text: str) -> None:
    assert plain(fragment) == text


@pytest.mark.parametrize("piece", ["<a ", "<", "&", "<br", "</p", "<!--", "&#", " "])
def test_hostile_lengths_take_no_time(piece: str) -> None:
    started = time.monotonic()
    canonical(piece * 200_000)
    assert time.monotonic() - started < 2
