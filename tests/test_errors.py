"""The error tree: drawn as it is, and with messages that tell what to do."""

from __future__ import annotations

import inspect
import re
from typing import Any, TypedDict, Unpack

import pytest

import redisvl_adapters
from redisvl_adapters import errors
from redisvl_adapters.errors import AdapterError, UnknownArgumentError, known_keywords, refuse_unknown

CLASSES = {
    name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, AdapterError)
}


def drawn() -> dict[str, tuple[set[str], int]]:
    """Return the bases of each class as drawn, and how deep it stands."""
    tree: dict[str, tuple[set[str], int]] = {}
    path: list[str] = []
    for indent, name, builtin in re.findall(
        r"^([│├└─ ]*)(\w+Error)(?: \((\w+)\))?$", errors.__doc__ or "", re.MULTILINE
    ):
        depth = len(indent) // 4
        path[depth:] = [name]
        tree[name] = ({parent for parent in (*path[depth - 1 : depth], builtin) if parent}, depth)
    return tree


def test_the_drawing_shows_every_error_with_its_bases() -> None:
    tree = drawn()
    assert tree.keys() == CLASSES.keys()
    for name, (bases, depth) in tree.items():
        if depth:
            assert {base.__name__ for base in CLASSES[name].__bases__} == bases


def test_every_error_says_in_one_sentence_when_it_happens_and_is_exported() -> None:
    for name, kind in CLASSES.items():
        assert re.match(r"[A-Z].*[.;:]", inspect.getdoc(kind) or ""), name
        assert getattr(redisvl_adapters, name) is kind
        assert name in redisvl_adapters.__all__


def test_an_unknown_keyword_is_refused_with_what_there_is() -> None:
    refuse_unknown("add", {}, ())
    with pytest.raises(
        UnknownArgumentError, match=r"^add has no argument 'idss' \(did you mean 'ids'\?\); it takes: ids, ttl$"
    ):
        refuse_unknown("add", {"idss": 1}, ("ttl", "ids"))
    with pytest.raises(
        UnknownArgumentError, match=r"^add has no argument 'tll' \(did you.*\); Add lists what it takes$"
    ):
        refuse_unknown("add", {"tll": 1}, ("ttl", "ids"), "Add")
    with pytest.raises(TypeError, match="it takes: none"):
        refuse_unknown("clear", {"x": 1}, ())


class Options(TypedDict, total=False):
    ttl: int
    prefix: str


class Kept:
    @known_keywords
    def __init__(self, name: str, **options: Unpack[Options]) -> None:
        self.given = (name, options)

    @known_keywords
    async def aget(self, ids: list[str], *, limit: int = 0) -> int:
        return len(ids) + limit


class Renamed(Kept):
    """A kind of its own, which errors name."""


async def test_a_method_refuses_keywords_that_neither_it_nor_its_typed_dictionary_has() -> None:
    made: Any = Renamed
    assert made("a", ttl=3, prefix="b").given == ("a", {"ttl": 3, "prefix": "b"})
    with pytest.raises(
        UnknownArgumentError,
        match=r"^Renamed has no argument 'tll' \(did you mean 'ttl'\?\); it takes: name, prefix, ttl$",
    ):
        made("a", tll=3)
    assert await made("a").aget(["x"], limit=2) == 3
    with pytest.raises(UnknownArgumentError, match=r"^aget has no argument 'limits' .*it takes: ids, limit$"):
        await made("a").aget(["x"], limits=2)


def test_a_method_that_refuses_keywords_keeps_its_signature() -> None:
    assert str(inspect.signature(Kept)) == "(name: 'str', **options: 'Unpack[Options]') -> 'None'"
    assert inspect.iscoroutinefunction(Kept.aget)
