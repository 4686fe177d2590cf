"""The filter algebra: what every spelling of a filter is translated into, and what is rendered for Redis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from redisvl.query.filter import FilterExpression

from redisvl_adapters.core.arguments import is_list, is_utf8
from redisvl_adapters.errors import ArgumentError, FilterError

Match: TypeAlias = Literal["any", "all", "phrase"]
"""Whether a text must have any of some words, all of them, or all of them side by side."""

MAX_DEPTH = 100
"""How deep AND, OR and NOT may be nested."""


class Operator(StrEnum):
    """What a comparison asks of the value of a field."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    BETWEEN = "between"
    IN = "in"
    NIN = "nin"
    ANY = "any"
    ALL = "all"
    CONTAINS = "contains"
    LIKE = "like"
    ILIKE = "ilike"
    TEXT_MATCH = "text_match"
    TEXT_MATCH_INSENSITIVE = "text_match_insensitive"
    GEO = "geo"
    EXISTS = "exists"
    IS_EMPTY = "is_empty"


class Filter:
    """A condition on the metadata of a record. Filters combine with ``&``, ``|`` and ``~``."""

    __slots__ = ()

    def __and__(self, other: Filter | FilterExpression) -> And:
        return And((self, as_filter(other)))

    def __or__(self, other: Filter | FilterExpression) -> Or:
        return Or((self, as_filter(other)))

    def __invert__(self) -> Not:
        return Not((self,))


@dataclass(frozen=True, slots=True)
class Compare(Filter):
    """The value of one metadata key compared with an operand.

    Attributes:
        key: The metadata key; dots reach into nested metadata.
        operator: What is asked.
        value: The operand: a list for IN, NIN, ANY and ALL, two bounds for BETWEEN, a bool for EXISTS and IS_EMPTY, a
            mapping of ``lon``, ``lat``, ``radius`` and ``unit`` for GEO, one value otherwise.
    """

    key: str
    operator: Operator
    value: Any


@dataclass(frozen=True, slots=True)
class FromSources(Filter):
    """The record was made from one of these source documents (LlamaIndex: ``ref_doc_id``).

    Attributes:
        source_ids: Their ids.
        is_compared: Whether whoever asks compares the source of what is found once more, so that an index may be asked
            that takes others for equal.
    """

    source_ids: tuple[str, ...]
    is_compared: bool = False

    @classmethod
    def checked(cls, source_ids: Sequence[str], what: str) -> FromSources:
        """Return the filter for ids that a caller gave.

        Raises:
            ArgumentError: If they are no list, or an id is not a non-empty string.
        """
        if isinstance(source_ids, str):
            raise ArgumentError(f"{what} is a list of ids, not one id; write [{source_ids!r}]")
        if not is_list(source_ids):
            raise ArgumentError(f"{what} is a list of ids; not {source_ids!r:.80}")
        for source_id in source_ids:
            if not isinstance(source_id, str) or not source_id or not is_utf8(source_id):
                raise ArgumentError(f"{what}: the id of a source document is a non-empty string; not {source_id!r}")
        return cls(tuple(source_ids))


class _Junction(Filter):
    __slots__ = ()
    children: tuple[Filter, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.children, tuple | list):
            raise FilterError(f"{type(self).__name__} has a tuple of filters; not {self.children!r:.80}")


@dataclass(frozen=True, slots=True)
class And(_Junction):
    """Every child is true; without children, true."""

    children: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or(_Junction):
    """At least one child is true; without children, false."""

    children: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not(_Junction):
    """None of the children is true."""

    children: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Raw(Filter):
    """A RedisVL filter expression, taken as it is."""

    expression: FilterExpression


@dataclass(frozen=True, slots=True)
class Keywords(Filter):
    """The text of the record has words.

    Attributes:
        text: Any text; its words count, and their stems.
        match: Whether it has ``any`` of them, ``all``, or all side by side, as a ``phrase``.
        fields: The keys of the text fields to look into, ``text`` for the text of the record; None for all.
        language: The language of the words; None for that of the index.
    """

    text: str
    match: Match = "any"
    fields: tuple[str, ...] | None = None
    language: str | None = None


MATCH_ALL = And(())
MATCH_NONE = Or(())


def as_filter(value: Filter | FilterExpression) -> Filter:
    """Return a filter of ours as it is, and a RedisVL expression wrapped.

    Raises:
        FilterError: If the value is neither.
    """
    if isinstance(value, Filter):
        return value
    if isinstance(value, FilterExpression):
        return Raw(value)
    raise FilterError(f"a filter was expected here, not {type(value).__name__} {value!r:.80}")


def matches_everything(filter: Filter | None) -> bool:
    """Tell whether a filter has no condition at all, however its emptiness is nested."""
    match filter:
        case None:
            return True
        case And(children):
            return all(map(matches_everything, children))
        case _:
            return False


def conjunction(filter: Filter | None, other: Filter) -> Filter:
    """Return the conjunction of a filter, if there is one, and another."""
    return other if filter is None else And((filter, other))
