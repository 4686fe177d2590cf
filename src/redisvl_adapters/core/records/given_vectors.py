"""What is given to records one for each: their named vectors, times to live and the like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, TypeVar, cast

from numpy.typing import NDArray

from redisvl_adapters.core.records.record import Record
from redisvl_adapters.errors import ArgumentError

S = TypeVar("S")
T = TypeVar("T")


def with_named_vectors(
    name: str, records: Iterable[Record], vectors: Mapping[str, Iterable[Any]] | None, *, are_listed: bool
) -> Iterable[Record]:
    """Return records with the named vectors that are given with them.

    Args:
        name: What the records are made of, for errors.
        records: The records.
        vectors: By the names of the vectors, one for each record, or None where it has none.
        are_listed: Whether the records are as many as are known, whose lists must be as long; else they are a stream.

    Raises:
        ArgumentError: If the vectors are no mapping of lists, or not as many.
    """
    if vectors is None:
        return records
    if not isinstance(vectors, Mapping):
        raise ArgumentError(f"vectors is a mapping of the names of vectors to lists of them; not {vectors!r:.80}")
    if are_listed:
        listed = list(records)
        given = {each: one_each(name, listed, f"vectors[{each!r:.80}]", values) for each, values in vectors.items()}
        return list(_given(name, listed, cast("Mapping[str, Iterable[Any]]", given)))
    return _given(name, records, vectors)


def _given(name: str, records: Iterable[Record], vectors: Mapping[str, Iterable[Any]]) -> Iterator[Record]:
    coming = {each: iter(values) for each, values in vectors.items()}
    for record in records:
        found: dict[str, NDArray[Any]] = {}
        for each, values in coming.items():
            if (vector := next(values, _END)) is _END:
                raise ArgumentError(f"there are not as many vectors[{each!r:.80}] as {name}")
            if vector is not None:
                found[each] = vector
        record.vectors = found or None
        yield record
    for each, values in coming.items():
        if next(values, _END) is not _END:
            raise ArgumentError(f"there are not as many vectors[{each!r:.80}] as {name}")


def one_each(name: str, items: Sequence[Any], other: str, values: Iterable[T] | None) -> list[T] | None:
    """Return as many values as there are items.

    Args:
        name: What the items are called.
        items: The items.
        other: What the values are called.
        values: The values; None for none.

    Raises:
        ArgumentError: If they are no list, or not as many.
    """
    if values is None:
        return None
    _check_values(name, other, values)
    values = list(values)
    if len(values) != len(items):
        raise ArgumentError(f"{len(items)} {name} came with {len(values)} {other}")
    return values


def _check_values(name: str, other: str, values: object) -> None:
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise ArgumentError(f"{other} is a list with one for each of the {name}; not {values!r:.80}")


_END: Any = object()


def paired(name: str, items: Iterable[S], other: str, values: Iterable[T] | None) -> Iterator[tuple[S, T | None]]:
    """Yield items with their values, of which there must be as many. See ``one_each``."""
    if values is None:
        yield from ((item, None) for item in items)
        return
    _check_values(name, other, values)
    for item, value in zip_longest(items, values, fillvalue=_END):
        if item is _END or value is _END:
            raise ArgumentError(f"there are not as many {other} as {name}")
        yield item, value
