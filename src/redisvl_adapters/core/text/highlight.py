"""Highlighting: the passages of a text that have the words of a query, with these words marked."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise

from redisvl_adapters.core.text.analysis import Analyser
from redisvl_adapters.core.text.normalisation import normalise, split_words, unspaced, word_character

ELLIPSIS = "…"
"""What stands at the end of a passage where the text goes on."""


@dataclass(frozen=True, slots=True)
class Place:
    """A word of a text, or a pair of characters of a script without spaces.

    Attributes:
        start: Where it begins.
        end: Where it ends.
        terms: The terms that it has in the index.
        is_part: Whether it is a character of a run, whose pairs stand for it in phrases.
    """

    start: int
    end: int
    terms: frozenset[str]
    is_part: bool = False


def places_of(text: str, analyser: Analyser) -> Iterator[Place]:
    """Return the words of a text with their places, in their order."""
    end = 0
    for is_word, run in groupby(range(len(text)), lambda at: _is_of_word(text[at])):
        start, end = end, end + sum(1 for _ in run)
        if is_word:
            yield from _places_within(text, start, end, analyser)


@lru_cache(maxsize=1 << 14)
def _is_of_word(char: str) -> bool:
    # Marks and joiners, which are no words by themselves, belong to what they stand in.
    return bool(split_words(char)) or unicodedata.category(char) in ("Mn", "Mc", "Me", "Cf")


def _places_within(text: str, start: int, end: int, analyser: Analyser) -> Iterator[Place]:
    word = text[start:end]
    if word.isascii() or unspaced().search(normalise(word)) is None:
        # With the signs that make another name of it.
        before = text[max(0, start - 2) : start]
        first = start - (before[-1:] == "." and not (before[:-1] == "." or _is_of_word(before[:-1] or " ")))
        last = end + (2 if text.startswith("++", end) else text.startswith("#", end))
        terms, named = frozenset(analyser.terms(word)), frozenset(analyser.terms(text[first:last]))
        yield Place(first, last, named) if named > terms else Place(start, end, terms)
        return
    # The normalised characters, and between which places each lies: one may come of several, or several of one.
    chars: list[tuple[str, int, int]] = []
    for left, right in pairwise([*_cluster_starts(text, start, end), end]):
        chars += ((char, left, right) for char in "".join(split_words(text[left:right])))
    for is_unspaced, group in groupby(chars, lambda each: unspaced().match(each[0]) is not None):
        run = list(group)
        if not is_unspaced:
            yield Place(run[0][1], run[-1][2], frozenset(analyser.terms(text[run[0][1] : run[-1][2]])))
            continue
        for (one, left, after), (other, _, right) in pairwise(run):
            if word_character().match(one):
                yield Place(left, after, frozenset({one}), is_part=True)
            yield Place(left, right, frozenset({analyser.term(one + other)}))
        one, left, after = run[-1]
        if len(run) == 1 or word_character().match(one):
            yield Place(left, after, frozenset({one}), is_part=len(run) > 1)


def _cluster_starts(text: str, start: int, end: int) -> Iterator[int]:
    for at in range(start, end):
        if at == start or not unicodedata.combining(unicodedata.normalize("NFKC", text[at])[0]):
            yield at


def matching_spans(places: Sequence[Place], wanted: Collection[str]) -> list[tuple[int, int]]:
    """Return from where to where the words of a text are that have one of some terms; what overlaps is one."""
    return _merged((place.start, place.end) for place in places if not place.terms.isdisjoint(wanted))


def phrase_spans(places: Sequence[Place], phrase: Sequence[str]) -> list[tuple[int, int]]:
    """Return from where to where a text has some terms side by side."""
    whole = [place for place in places if not place.is_part]
    ends = ((at, _phrase_end(whole, at, phrase)) for at in range(len(whole)))
    return _merged((whole[at].start, end) for at, end in ends if end is not None)


def _phrase_end(places: Sequence[Place], at: int, phrase: Sequence[str]) -> int | None:
    """Return where a phrase ends that begins at a place; None if it does not."""
    said = 0
    for place in places[at : at + len(phrase)]:
        before = said
        # A name with a sign has two terms.
        while said < len(phrase) and phrase[said] in place.terms:
            said += 1
        if said == len(phrase):
            return place.end
        if said == before:
            return None
    return None


def _merged(spans: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def passages_of(
    text: str, spans: Sequence[tuple[int, int]], *, length: int, most: int, marks: tuple[str, str]
) -> list[str]:
    """Return the passages of a text that have most of what is to be marked, in their order.

    Args:
        text: The text.
        spans: From where to where something is to be marked.
        length: About how many characters a passage has.
        most: How many there are at most.
        marks: What stands before and behind what is marked.
    """
    groups: list[list[tuple[int, int]]] = []
    for span in spans:
        if groups and span[1] - groups[-1][0][0] <= length:
            groups[-1].append(span)
        else:
            groups.append([span])
    said = {id(group): len({text[start:end].casefold() for start, end in group}) for group in groups}
    best = sorted(groups, key=lambda group: (-said[id(group)], -len(group), group[0]))[:most]
    return [_passage(text, group, length, marks) for group in sorted(best)]


def _passage(text: str, spans: Sequence[tuple[int, int]], length: int, marks: tuple[str, str]) -> str:
    first, last = spans[0][0], spans[-1][1]
    spare = max(0, length - (last - first)) // 2
    start, end = _cut(text, max(0, first - spare), first), _cut(text, min(len(text), last + spare), last)
    parts, at = [ELLIPSIS] if text[:start].strip() else [], start
    for left, right in spans:
        parts += text[at:left], marks[0], text[left:right], marks[1]
        at = right
    parts.append(text[at:end])
    return " ".join(("".join(parts).rstrip() + (ELLIPSIS if text[end:].strip() else "")).split())


def _cut(text: str, wanted: int, kept: int) -> int:
    """Return the blank between two places that is nearest to the first one, or that place without one."""
    if wanted in (0, len(text)):
        return wanted
    step = 1 if wanted < kept else -1
    blank = next((at for at in range(wanted, kept, step) if text[at].isspace()), wanted)
    return blank + (step == 1 and text[blank : blank + 1].isspace())
