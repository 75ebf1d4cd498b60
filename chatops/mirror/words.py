"""Texts as words to search by: the same on every database, for every language.

A word is letters and digits with what belongs to them, without case and accents. Scripts that write
no spaces (Chinese, Japanese, Thai, …) become one word per character, so that a piece of a sentence
is found as a phrase. The databases get words that are ready: their own parsers differ.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

#: Signs that complete the letter before them, in scripts where letters alone are not the word.
_SIGNS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u064b-\u065f\u0670"
    "\u0900-\u0963\u0971-\u0dff\u200c\u200d"
)
#: Written without spaces between words.
_UNSPACED = (
    "\u0e01-\u0e4e\u0e81-\u0ece\u1000-\u109f\u1780-\u17d3\u3005\u3040-\u30ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(
    rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[^\W_])(?:(?![{_UNSPACED}])[^\W_{_SIGNS}]|[{_SIGNS}])*"
)
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_ACCENTS = re.compile("[\u0300-\u036f]")
#: Longer words are cut: nobody types them, and PostgreSQL has a limit.
LONGEST_WORD = 100
#: Words of one text that are searched by: PostgreSQL counts places up to 16,383.
MOST_WORDS = 16_000

LONGEST_QUERY = 200
MOST_TERMS = 16
#: Letters from which on the last word counts as the beginning of a word.
PREFIX_FROM = 3


class Span(NamedTuple):
    """A word and where it stands in its text."""

    word: str
    start: int
    end: int


@lru_cache(maxsize=65_536)
def _folded(written: str) -> tuple[str, ...]:
    """One written word as it is compared; a ligature may be several words."""
    if written.isascii():
        return (written.lower()[:LONGEST_WORD],)
    text = unicodedata.normalize("NFKD", written.casefold())
    text = unicodedata.normalize("NFC", _ACCENTS.sub("", text)).casefold()
    return tuple(one[:LONGEST_WORD] for one in _WORD.findall(text))


def spans(text: str) -> Iterator[Span]:
    """The words of a plain text, in order, with their places in it."""
    for match in _WORD.finditer(text):
        for word in _folded(match.group()):
            yield Span(word, match.start(), match.end())


def of(text: str) -> list[str]:
    """The words of a plain text, in order."""
    if text.isascii():
        return [one[:LONGEST_WORD] for one in _ASCII_WORD.findall(text.lower())[:MOST_WORDS]]
    found: list[str] = []
    for written in _WORD.findall(text):
        found += _folded(written)
        if len(found) >= MOST_WORDS:
            return found[:MOST_WORDS]
    return found


class Term(NamedTuple):
    """Words that must follow each other; with `prefix` the last is a beginning."""

    words: tuple[str, ...]
    prefix: bool = False

    def ends(self, following: list[str], at: int) -> int | None:
        """Where the term that begins at `at` ends in these words; None when it is not there."""
        end = at + len(self.words)
        there = following[at:end]
        if len(there) < len(self.words) or there[:-1] != list(self.words[:-1]):
            return None
        last = there[-1]
        fits = last.startswith(self.words[-1]) if self.prefix else last == self.words[-1]
        return end if fits else None


Query = tuple[Term, ...]
_PARTS = re.compile(r'"([^"]*)"?|([^\s"]+)')


def query(typed: str) -> Query:
    """What was typed, as terms that must all be there; empty when there is no word in it.

    Any text is a query: only quotes have a meaning (a phrase). What is written together without a
    space (`e-mail`, `ola@example.net`) is a phrase too.
    """
    terms: list[Term] = []
    left = MOST_TERMS
    for match in _PARTS.finditer(typed[:LONGEST_QUERY]):
        quoted, plain = match.groups()
        words = of(quoted if plain is None else plain)[:left]
        if words:
            terms.append(Term(tuple(words)))
            left -= len(words)
    if terms and not typed[:LONGEST_QUERY].rstrip().endswith('"'):
        last = terms[-1].words
        terms[-1] = Term(last, prefix=len(last[-1]) >= PREFIX_FROM)
    return tuple(terms)


def marked(text: str, wanted: Query) -> list[tuple[int, int]]:
    """Where the terms stand in a plain text: places `[start, end)`, in order, not overlapping."""
    found = list(spans(text))
    words = [one.word for one in found]
    places: list[tuple[int, int]] = []
    for at in range(len(words)):
        ends = [end for term in wanted if (end := term.ends(words, at)) is not None]
        if ends:
            start, end = found[at].start, found[max(ends) - 1].end
            if places and start <= places[-1][1]:
                places[-1] = (places[-1][0], max(end, places[-1][1]))
            else:
                places.append((start, end))
    return places
