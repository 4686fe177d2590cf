"""Random filters over an index of another application: answered as the evaluator says, or refused."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest
import redis

from integration_tests.core.core_support import DIMS
from integration_tests.core.filters.random_filters import CIRCLES, PLACES, has_no_double, leaves_of
from integration_tests.core.foreign_support import Field, make_index, put_record
from redisvl_adapters.core import And, Compare, Filter, Not, Operator, Or, RedisIndex, operations
from redisvl_adapters.errors import FilterError
from tests.core.filters.evaluator import matches

ASKED = 300
TYPES = {"kind": "tag", "exact": "tag", "n": "numeric", "body": "text", "place": "geo"}
HASH: list[Field] = [
    ("kind", "kind", ["TAG", "INDEXEMPTY", "INDEXMISSING"]),
    ("sub", "exact", ["TAG", "SEPARATOR", "|", "CASESENSITIVE"]),
    ("n", "n", ["NUMERIC", "INDEXMISSING", "SORTABLE"]),
    ("body", "body", ["TEXT"]),
    ("place", "place", ["GEO"]),
]
JSON: list[Field] = [
    ("$.kind", "kind", ["TAG", "INDEXEMPTY", "INDEXMISSING"]),
    ("$.sub.exact[*]", "exact", ["TAG", "CASESENSITIVE"]),
    ("$.n", "n", ["NUMERIC", "INDEXMISSING"]),
    ("$.body", "body", ["TEXT"]),
    ("$.place", "place", ["GEO"]),
]
TAGS = ["a", "A", "b c", "C++", "x-y", "{z}", "*", "$w", "日本", "it's", "B", "@n:[1 2]"]
NUMBERS: list[Any] = [0, 1, -3, 2.5, 0.1, 1e15, 7, 9007199254740991]
WORDS = ["red", "dog", "house", "river"]
EQUALITY = [Operator.EQ, Operator.NE, Operator.IN, Operator.NIN, Operator.ANY, Operator.ALL, Operator.CONTAINS]
ORDER = [Operator.GT, Operator.GTE, Operator.LT, Operator.LTE, Operator.BETWEEN]
PATTERNS = [Operator.LIKE, Operator.ILIKE, Operator.TEXT_MATCH, Operator.TEXT_MATCH_INSENSITIVE]
PRESENCE = [Operator.EXISTS, Operator.IS_EMPTY]
SEVERAL = (Operator.IN, Operator.NIN, Operator.ANY, Operator.ALL, Operator.BETWEEN)


def draw_record(rng: random.Random, storage: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what lies there, and what the index makes of it."""
    lies: dict[str, Any] = {"vec": [rng.random() + 0.1 for _ in range(DIMS)]}
    seen: dict[str, Any] = {}
    some = rng.sample(TAGS, rng.randint(0, 3))
    if rng.random() < 0.7:
        if storage == "json":
            lies["kind"] = rng.choice([some, rng.choice(TAGS), "", None])
            seen["kind"] = fold(lies["kind"])
        else:
            lies["kind"] = " , ".join(some)
            seen["kind"] = fold(some) or ""
    if rng.random() < 0.7 and (some or storage == "json"):
        lies["sub"] = {"exact": some} if storage == "json" else " | ".join(some)
        seen["exact"] = some
    if rng.random() < 0.7:
        value = rng.choice(NUMBERS)
        lies["n"] = seen["n"] = value
        if storage == "json" and rng.random() < 0.3:
            lies["n"] = seen["n"] = rng.sample(NUMBERS, 2)
    lies["body"] = seen["body"] = " ".join(rng.choices(WORDS, k=rng.randint(1, 4)))
    if rng.random() < 0.7:
        longitude, latitude = rng.choice(PLACES)
        lies["place"], seen["place"] = f"{longitude},{latitude}", [longitude, latitude]
    return lies, seen


def fold(value: Any) -> Any:
    """Return tags as an index has them to which case does not matter."""
    return list(map(fold, value)) if isinstance(value, list) else value.lower() if isinstance(value, str) else value


def draw_filter(rng: random.Random, depth: int = 0) -> Filter:
    """Return a random filter, up to four levels deep."""
    if depth == 3 or rng.random() < 0.4:
        return draw_leaf(rng)
    children = tuple(draw_filter(rng, depth + 1) for _ in range(rng.randint(0, 3)))
    return rng.choice([And, Or, Not])(children)


def draw_leaf(rng: random.Random) -> Compare:
    """Return a random comparison; one in ten or so is to be refused."""
    key = rng.choice([*TYPES])
    if rng.random() < 0.12:
        return Compare(key, rng.choice(PRESENCE), rng.random() < 0.5)
    match TYPES[key]:
        case "tag":
            asked = rng.choice(EQUALITY if rng.random() < 0.95 else [*ORDER, *PATTERNS])
            drawn: Any = lambda: rng.choice(TAGS if rng.random() < 0.95 else ["", " a", "a,b", "a|b"])  # noqa: E731
        case "numeric":
            asked = rng.choice([*EQUALITY, *ORDER] if rng.random() < 0.97 else PATTERNS)
            drawn = lambda: rng.choice(NUMBERS if rng.random() < 0.97 else [2**53, 1e300, "seven"])  # noqa: E731
        case "text":
            asked = rng.choice([Operator.EQ, Operator.NE, *PATTERNS[2:]] if rng.random() < 0.97 else [Operator.LIKE])
            phrases = [rng.sample(WORDS, rng.randint(1, 2)) for _ in range(3)]
            drawn = lambda: " ".join(next(each for each in phrases if has_no_double(each)))  # noqa: E731
            if asked in PATTERNS:
                drawn = lambda: rng.choice(["dogs", "Rivers red", "house"])  # noqa: E731
        case _:
            asked, drawn = Operator.GEO, lambda: rng.choice(CIRCLES)
    several = 2 if asked is Operator.BETWEEN else rng.randint(0, 3)
    return Compare(key, asked, [drawn() for _ in range(several)] if asked in SEVERAL else drawn())


def is_refused(leaf: Compare, storage: str) -> bool:
    """Tell whether the index cannot answer a comparison exactly."""
    key, asked = leaf.key, leaf.operator
    if asked in PRESENCE:
        known = {"hash": {"kind", "n"}, "json": {"kind", "n"} if asked is Operator.EXISTS else set()}
        return key not in known[storage]
    operands = leaf.value if asked in SEVERAL else [leaf.value]
    match TYPES[key]:
        case "tag":
            parts = {"kind": ",", "exact": "|"}[key] if storage == "hash" else ""
            return asked not in EQUALITY or any(
                (bool(parts) and (parts in tag or tag != tag.strip())) or (tag == "" and key == "exact")
                for tag in operands
            )
        case "numeric":
            return asked in PATTERNS or any(number in (2**53, 1e300, "seven") for number in operands)
        case "text":
            return asked is Operator.LIKE
    return False


def as_indexed(condition: Filter) -> Filter:
    """Return a filter whose operands are as the index has them."""
    match condition:
        case Compare("kind", operator, value):
            return Compare("kind", operator, fold(value))
        case And(children) | Or(children) | Not(children):
            return type(condition)(tuple(map(as_indexed, children)))
    return condition


@pytest.fixture
def case(server: redis.Redis, index_name: str, storage: str) -> Mapping[str, dict[str, Any]]:
    """Records of another application by id, as its index has them."""
    make_index(server, index_name, storage, JSON if storage == "json" else HASH, [f"{index_name}:"], dims=DIMS)
    rng, seen = random.Random(storage), {}
    for place in range(40):
        lies, seen[f"r{place}"] = draw_record(rng, storage)
        put_record(server, f"{index_name}:r{place}", storage, lies)
    return seen


def test_random_filters_are_answered_as_the_index_has_its_values_or_refused(
    redis_url: str, index_name: str, storage: str, case: Mapping[str, dict[str, Any]]
) -> None:
    index = RedisIndex(index_name=index_name, redis_url=redis_url, create="never", foreign=True, text_field="body")
    rng, asked, refused = random.Random(14), 0, 0
    everyone = [*case]
    try:
        while asked < ASKED:
            condition = draw_filter(rng)
            if any(is_refused(leaf, storage) for leaf in leaves_of(condition)):
                refused += 1
                with pytest.raises(FilterError):
                    index.run(operations.count(index.state, condition))
                continue
            asked += 1
            meant = as_indexed(condition)
            expected = {name for name, metadata in case.items() if matches(meant, metadata, TYPES)}
            assert {found.id for found in index.run(operations.fetch_matching(index.state, condition))} == expected
            assert index.run(operations.count(index.state, condition)) == len(expected)
            hits = index.run(operations.search_by_vector(index.state, [1.0] * DIMS, len(case), condition))
            assert {hit.record.id for hit in hits} == expected
            some = everyone[::3]
            hits = index.run(operations.search_by_vector(index.state, [1.0] * DIMS, 40, condition, ids=some))
            assert {hit.record.id for hit in hits} == expected & {*some}
        assert refused > 30
    finally:
        index.close()
