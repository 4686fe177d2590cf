"""Random records, random filters over them, and how each front door spells a filter."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, NamedTuple

from hypothesis import strategies as st
from llama_index.core.vector_stores.types import FilterCondition, FilterOperator, MetadataFilter, MetadataFilters
from pydantic import ValidationError

from redisvl_adapters.core import And, Compare, Filter, Not, Operator, Or
from redisvl_adapters.langchain.filters import read_filter as read_dict
from redisvl_adapters.llama_index.filters import read_filter as read_metadata_filters
from tests.core.filters.evaluator import Metadata, found

FILTERS = 30
ORDER = [Operator.GT, Operator.GTE, Operator.LT, Operator.LTE]
EQUALITY = [Operator.EQ, Operator.NE, Operator.IN, Operator.NIN]
OF_LISTS = [Operator.ANY, Operator.ALL, Operator.CONTAINS]
PATTERNS = [Operator.LIKE, Operator.ILIKE, Operator.TEXT_MATCH, Operator.TEXT_MATCH_INSENSITIVE]
ASKED: Mapping[str, Sequence[Operator]] = {
    "tag": [*EQUALITY, *ORDER, *OF_LISTS, *PATTERNS, Operator.BETWEEN],
    "mixed": [*EQUALITY, *ORDER, *OF_LISTS, *PATTERNS, Operator.BETWEEN],
    "numeric": [*EQUALITY, *ORDER, *OF_LISTS, Operator.BETWEEN],
    "numbers": [*EQUALITY, *ORDER, *OF_LISTS, Operator.BETWEEN],
    "timestamp": [*EQUALITY, *ORDER, Operator.BETWEEN],
    "bool": EQUALITY,
    "text": [*EQUALITY, Operator.TEXT_MATCH, Operator.TEXT_MATCH_INSENSITIVE],
    "geo": [Operator.GEO],
}

# What the search module trims, cuts, folds, splits or takes for syntax.
AWKWARD = [
    *("a", "A", "a b", "", " ", " a", "a ", "\ta", "a\n", "a\x00b", "\x1f", "a\x1fb", "`", "a,b", "a|b", "{a}", "a:b"),
    *(
        "*",
        "-",
        "@kind:{a}",
        "a*",
        "%a%",
        "'",
        '"',
        "\\",
        "a\\",
        "$x",
        "w'a'",
        "()",
        "[1 2]",
        "Ä",
        "ä",
        "日本",
        "🦜",
        "\u00a0a",
    ),
    *(
        "None",
        "null",
        "true",
        "1",
        "+a",
        "-a",
        "a" * 4095,
        "a" * 4096,
        "a" * 5000,
        "a" * 4999 + "b",
        "\U0010fe80",
        "the",
    ),
]
tags = st.sampled_from(AWKWARD) | st.text(max_size=4)
# Integers that share a double, and the bounds of what a record can hold.
LARGE = [
    2**53,
    2**53 + 1,
    -(2**53) - 1,
    232787661235170481,
    232787661235170482,
    2.0**57,
    2**57,
    2**63,
    2**64 - 1,
    -(2**63),
]
numbers = (
    st.integers(-3, 3)
    | st.integers(-(2**53), 2**53)
    | st.sampled_from([0.1, 0.1 + 0.2, -0.0, 0.5, 1e300, 5e-324, 1 / 3, 2.0**53])
    | st.sampled_from(LARGE)
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
zones: st.SearchStrategy[Any] = st.sampled_from(
    [None, UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))]
)
moments = st.sampled_from([datetime(2024, 1, 1), datetime(2024, 1, 1, 0, 0, 0, 1)]).flatmap(
    lambda moment: zones.map(lambda zone: moment.replace(tzinfo=zone))
) | st.datetimes(datetime(1800, 1, 1), datetime(2200, 1, 1), timezones=zones)
days = st.dates(date(1800, 1, 1), date(2200, 1, 1)) | st.just(date(2024, 1, 1))
points_in_time = moments | days
booleans = st.booleans()
scalars = (
    st.sampled_from(["1", "2", "true", "", "a", "b%", "2024"]) | st.integers(-1, 3) | numbers | booleans | st.just(1.0)
)

# By key: its type, its values, and what it is compared with. "author.name" is nested, "x y" and "tag" need an alias.
TAGGED = (tags | st.lists(tags, max_size=3), tags)
VALUES: Mapping[str, tuple[str, st.SearchStrategy[Any], st.SearchStrategy[Any]]] = {
    "kind": ("tag", *TAGGED),
    "tag": ("tag", *TAGGED),
    "x y": ("tag", *TAGGED),
    "author.name": ("tag", *TAGGED),
    "n": ("numeric", numbers, numbers),
    "sub.n-1": ("numeric", numbers, numbers),
    "sizes": ("numbers", st.lists(numbers, max_size=3), numbers),
    "page": ("mixed", scalars, scalars),
    "mix": ("mixed", scalars | st.lists(scalars | st.none(), max_size=3), scalars),
    "flag": ("bool", booleans, booleans | st.sampled_from(["true", "false", "TRUE", 0, 1])),
    "when": (
        "timestamp",
        points_in_time,
        points_in_time | moments.map(datetime.isoformat) | days.map(date.isoformat) | st.integers(-(10**9), 2 * 10**9),
    ),
}


def has_no_double(phrase: Sequence[str]) -> bool:
    """Tell whether no word stands twice in a row, in any form, which the store refuses in a phrase."""
    stems = [word.lower().removesuffix("ning").removesuffix("s") for word in phrase]
    return all(one != other for one, other in itertools.pairwise(stems))


# These are never learnt. Words whose stems are plain; circles whose edges lie far from any of the places.
words = st.lists(st.sampled_from(["run", "Runs", "running", "dog", "dogs", "red"]), min_size=1, max_size=4)
PLACES = [(13.4, 52.5), (2.35, 48.85), (-74.0, 40.7), (0.0, 0.0), (179.9, -45.0)]
CIRCLES = [
    {"lon": longitude, "lat": latitude, "radius": radius, "unit": unit}
    for longitude, latitude in PLACES
    for radius, unit in ((5, "km"), (1_500_000, "m"), (4_500, "mi"))
]
DECLARED: Mapping[str, tuple[str, st.SearchStrategy[Any], st.SearchStrategy[Any]]] = {
    "body": ("text", words.map("\n".join), words.filter(has_no_double).map(" ".join)),
    "place": ("geo", st.sampled_from(PLACES).map(list), st.sampled_from(CIRCLES)),
}
# Keys that no record has had.
UNKNOWN = ("nobody", "no.body")
TYPES = {key: kind for key, (kind, _, _) in {**VALUES, **DECLARED}.items() if kind != "mixed"}
SPELLED: Mapping[str, st.SearchStrategy[Any]] = {
    "flag": st.booleans() | st.sampled_from(["true", "False", 0, 1]),
    "when": points_in_time | st.just("2024-01-01T00:00:00Z") | st.just(1704067200),
}


class Case(NamedTuple):
    """Records by id, and filters to ask of them."""

    metadatas: dict[str, dict[str, Any]]
    filters: list[Filter]


@st.composite
def cases(draw: st.DrawFn, *, declared: bool) -> Case:
    """Draw records of which some have a key, some have it empty and some lack it, and filters over their values."""
    metadatas = {}
    drawn_of = {**VALUES, **DECLARED} if declared else VALUES
    keys = [*drawn_of, *drawn_of, *UNKNOWN]
    for place in range(draw(st.integers(1, 12))):
        flat: dict[str, Any] = {}
        for key, (_, values, _) in drawn_of.items():
            drawn = SPELLED.get(key, values) if declared else values
            value = draw(st.none() | drawn | drawn | drawn)
            if draw(st.integers(0, 3)):
                flat[key] = value
        metadatas[f"r{place}"] = draw(st.permutations(list(nested(flat).items())).map(dict))
    filters = draw(st.lists(filter_trees(keys, list(metadatas.values())), min_size=FILTERS, max_size=FILTERS))
    return Case(metadatas, filters)


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata where dotted keys are nested, all but those of records that have neither kind nor flag."""
    metadata: dict[str, Any] = {}
    for key, value in flat.items():
        outer, _, inner = key.partition(".")
        if inner and flat.keys() & {"kind", "flag"}:
            metadata.setdefault(outer, {})[inner] = value
        else:
            metadata[key] = value
    return metadata


def filter_trees(keys: Sequence[str], metadatas: Sequence[Metadata]) -> st.SearchStrategy[Filter]:
    """Return random filters up to a depth of 5, half of them over values that the records have."""
    leaves = st.sampled_from(keys).flatmap(lambda key: comparisons(key, metadatas))
    trees: st.SearchStrategy[Filter] = leaves
    for _ in range(4):
        children = st.lists(trees, max_size=3).map(tuple)
        trees = leaves | st.one_of(children.map(And), children.map(Or), children.map(Not))
    return trees


def comparisons(key: str, metadatas: Sequence[Metadata]) -> st.SearchStrategy[Filter]:
    """Return random comparisons of a key."""
    kind, _, operands = ("mixed", scalars, scalars) if key in UNKNOWN else {**VALUES, **DECLARED}[key]
    had: list[Any] = []
    for value in itertools.chain.from_iterable(found(metadata, key) for metadata in metadatas):
        had += value if isinstance(value, list) else [value] if value is not None else []
    if had and kind not in ("text", "geo"):
        operands = st.sampled_from(had) | operands
    of_any_key = st.tuples(st.sampled_from([Operator.EXISTS, Operator.IS_EMPTY]), st.booleans())
    compared = st.sampled_from(ASKED[kind]).flatmap(
        lambda asked: st.tuples(st.just(asked), operand_of(asked, operands))
    )
    return (of_any_key | compared).map(lambda parts: Compare(key, *parts))


def operand_of(asked: Operator, operands: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return what an operator is given: one operand, a list, two bounds, or a pattern made of an operand."""
    match asked:
        case Operator.IN | Operator.NIN | Operator.ANY | Operator.ALL:
            return st.lists(operands, max_size=4)
        case Operator.BETWEEN:
            return st.lists(operands, min_size=2, max_size=2)
        case Operator.LIKE | Operator.ILIKE:
            return st.tuples(operands, st.sampled_from(["", "%", "_", "%%"]), st.integers(0, 4)).map(
                lambda parts: (
                    parts[0][: parts[2]] + parts[1] + parts[0][parts[2] + len(parts[1]) :]
                    if isinstance(parts[0], str)
                    else parts[0]
                )
            )
        case Operator.TEXT_MATCH | Operator.TEXT_MATCH_INSENSITIVE if operands is not DECLARED["body"][2]:
            return st.tuples(operands, st.integers(0, 3)).map(
                lambda parts: parts[0][parts[1] :] if isinstance(parts[0], str) else parts[0]
            )
        case _:
            return operands


def leaves_of(condition: Filter) -> Iterator[Compare]:
    """Yield the comparisons in a filter."""
    match condition:
        case Compare():
            yield condition
        case And(children) | Or(children) | Not(children):
            for child in children:
                yield from leaves_of(child)


def spellings(condition: Filter) -> Iterator[Filter]:
    """Yield the filter as it comes back from its dict, and from its MetadataFilters if it has any."""
    mongo = read_dict(as_dict(condition))
    assert mongo is not None
    yield mongo
    try:
        filters = as_metadata_filters(condition)
    except (KeyError, ValidationError):
        return  # LlamaIndex has no such operator, or no such operand
    from_filters = read_metadata_filters(filters)
    assert from_filters is not None
    yield from_filters


def as_dict(condition: Filter) -> dict[str, Any]:
    """Spell a filter as LangChain's users do."""
    match condition:
        case Compare(key, operator, value):
            return {key: {f"${operator}": value}}
        case And(children) | Or(children) | Not(children):
            return {f"${type(condition).__name__.lower()}": [as_dict(child) for child in children]}
    raise AssertionError(condition)


def as_metadata_filters(condition: Filter) -> MetadataFilters:
    """Spell a filter as LlamaIndex's users do."""
    match condition:
        case Compare(key, Operator.IS_EMPTY, True):
            return MetadataFilters(filters=[MetadataFilter(key=key, value=None, operator=FilterOperator.IS_EMPTY)])
        case Compare(key, operator, value) if operator is not Operator.IS_EMPTY:
            if VALUES.get(key, ("mixed",))[0] == "mixed" and key not in DECLARED and any(map(is_bool, listed(value))):
                raise KeyError(condition)  # where there are texts too, "true" is one
            texts = [text_of(one) for one in value] if isinstance(value, list) else text_of(value)
            spelled = MetadataFilter(key=key, value=texts, operator=FilterOperator[operator.name])
            if spelled.value != texts:
                raise KeyError(condition)  # in a list with a float it makes floats of integers
            return MetadataFilters(filters=[spelled])
        case And(children) | Or(children) | Not(children):
            filters = [as_metadata_filters(child) for child in children]
            return MetadataFilters(filters=[*filters], condition=FilterCondition[type(condition).__name__.upper()])
    raise KeyError(condition)


def listed(value: Any) -> list[Any]:
    """Return a list as it is, and any other value as a list of one."""
    return value if isinstance(value, list) else [value]


def is_bool(value: Any) -> bool:
    """Tell whether a value is a boolean."""
    return isinstance(value, bool)


def text_of(value: Any) -> Any:
    """Return what LlamaIndex has for an operand: it knows neither booleans nor datetimes."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else value
