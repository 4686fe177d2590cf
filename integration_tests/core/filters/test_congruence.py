"""Random filters over random records: Redis and the evaluator in plain Python must agree, record for record.

CONGRUENCE_EXAMPLES=1000 runs that many sets of records instead of a few fixed ones, and others each time.
"""

from __future__ import annotations

import itertools
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, currently_in_test_context, given, note, settings
from hypothesis import strategies as st

from integration_tests.core.core_support import DIMS, records, vectors_for
from integration_tests.core.filters.random_filters import TYPES, Case, cases, leaves_of, spellings
from redisvl_adapters.core import And, Compare, Filter, Not, Operator, Or, RedisIndex, operations
from redisvl_adapters.core.schema.fields import MAX_LEARNT_TEXT, MetadataSchema
from redisvl_adapters.errors import ArgumentError, FilterError, UnknownFieldError
from tests.core.filters.evaluator import is_refused, learnt_types, matches

pytestmark = pytest.mark.filterwarnings("ignore::redisvl_adapters.UnknownFieldWarning")

EXAMPLES = os.environ.get("CONGRUENCE_EXAMPLES")

FEW: dict[str, dict[str, Any]] = {
    "r0": {"kind": "a", "n": 1},
    "r1": {"kind": "b", "flag": True},
    "r2": {"n": 2},
    "r3": {},
}
MIXED: dict[str, dict[str, Any]] = {
    "r0": {"kind": "a", "flag": True},
    "r1": {},
    "r2": {"flag": True},
    "r3": {"kind": "zz"},
}
IS_TRUE, POSITIVE = Compare("flag", Operator.EQ, value=True), Compare("n", Operator.GT, 0)
IS_A_OR_B, IS_Z = Compare("kind", Operator.IN, ["a", "b"]), Compare("kind", Operator.EQ, "zz")
MISJUDGED = {
    "negations in a negation, too few": (
        FEW,
        And((Not((Not((Or((Not((IS_A_OR_B,)), Not((IS_Z,)))),)),)), Not((POSITIVE,)))),
    ),
    "negations in a negation, too many": (
        FEW,
        And((Not((Not((Not((Or((Not((IS_TRUE,)), POSITIVE)),)),)),)), Not((IS_TRUE,)))),
    ),
    "a negation within AND within OR": (MIXED, Or((And((IS_TRUE, Not((IS_A_OR_B,)))), IS_Z))),
    "values that are not in the index": (
        FEW,
        And((Or((IS_A_OR_B, And((IS_Z, POSITIVE)))), Or((POSITIVE, And((IS_Z, IS_TRUE)))))),
    ),
}


@pytest.mark.parametrize(("metadatas", "condition"), MISJUDGED.values(), ids=MISJUDGED)
def test_what_the_server_would_misjudge_is_asked_in_another_way(
    redis_url: str, index_name: str, storage: Any, metadatas: dict[str, dict[str, Any]], condition: Filter
) -> None:
    """Random search found these shapes, which RediSearch 2.10.5 answers wrongly if they are written as they stand."""
    index = RedisIndex(index_name=index_name, redis_url=redis_url, storage=storage, metadata_schema=TYPES, dims=DIMS)
    try:
        check(index, Case(metadatas, [condition]), declared=True)
    finally:
        index.close()


numbering = itertools.count()


@pytest.mark.parametrize("declared", [False, True], ids=["learnt", "declared"])
@settings(
    max_examples=int(EXAMPLES or 3),
    derandomize=EXAMPLES is None,
    # Shrinking a failure takes minutes: that is for `make fuzz`.
    phases=list(Phase) if EXAMPLES else [Phase.explicit, Phase.generate],
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_redis_and_the_evaluator_agree(
    redis_url: str, index_name: str, storage: str, declared: bool, data: st.DataObject
) -> None:
    """llama-index 5, 6, 7 and langchain-redis 18 are among what is drawn here."""
    case = data.draw(cases(declared=declared))
    if not declared:
        # A key that is met with longer texts is not indexed.
        case = case._replace(metadatas={name: shortened(metadata) for name, metadata in case.metadatas.items()})
    # Fields of mixed types are learnt even where others are declared.
    schema: MetadataSchema | None = TYPES if declared else None
    index = RedisIndex(
        index_name=f"{index_name}-{next(numbering)}",
        redis_url=redis_url,
        storage="json" if storage == "json" else "hash",
        metadata_schema=schema,
        dims=DIMS,
    )
    try:
        check(index, case, declared=declared)
    finally:
        index.run(operations.drop(index.state))
        index.close()


def shortened(value: Any) -> Any:
    """Return metadata, or a part of it, with its long texts cut."""
    match value:
        case str():
            return value[:MAX_LEARNT_TEXT]
        case list():
            return [shortened(item) for item in value]
        case dict():
            return {key: shortened(item) for key, item in value.items()}
        case _:
            return value


def check(index: RedisIndex, case: Case, *, declared: bool) -> None:
    """Write the records in two batches, ask each filter in every way, and delete by the last one that can be asked."""
    everything = records(case.metadatas)
    for batch in (everything[: len(everything) // 2], everything[len(everything) // 2 :]):
        index.run(operations.upsert(index.state, batch, vectors_for(batch)))
    everywhere = list(case.metadatas.values())
    keys = {leaf.key for candidate in case.filters for leaf in leaves_of(candidate)}
    types: dict[str, str | frozenset[str] | None] = {**learnt_types(everywhere, keys), **(TYPES if declared else {})}
    expected: set[str] = set()
    condition: Filter = Or(())
    for candidate in case.filters:
        if currently_in_test_context():
            note(f"filter: {candidate}")
        if is_refused(candidate, types):
            with pytest.raises(FilterError):
                index.run(operations.count(index.state, candidate))
            continue
        condition = candidate
        expected = {name for name, metadata in case.metadatas.items() if matches(condition, metadata, types)}
        some = list(case.metadatas)[::2]
        total = len(everything)
        assert {found.id for found in index.run(operations.fetch_matching(index.state, condition))} == expected
        assert index.run(operations.count(index.state, condition)) == len(expected)
        for spelled in spellings(condition):
            assert index.run(operations.count(index.state, spelled)) == len(expected), spelled
        hits = index.run(operations.search_by_vector(index.state, [1.0] * DIMS, total, condition))
        assert {hit.record.id for hit in hits} == expected
        hits = index.run(operations.search_by_vector(index.state, [1.0] * DIMS, total, condition, ids=some))
        assert {hit.record.id for hit in hits} == expected & set(some)
        picked = index.run(operations.fetch_matching(index.state, condition, some))
        assert {found.id for found in picked} == expected & set(some)
    try:
        assert index.run(operations.delete_matching(index.state, condition)) == len(expected)
    except UnknownFieldError:
        assert is_refused(condition, types, strict=True)
        expected = set()
    except ArgumentError:
        # It is refused because it is true of anything, and so it must be of all these.
        assert expected == set(case.metadatas)
        expected = set()
    left = {found.id for found in index.run(operations.fetch_matching(index.state, None))}
    assert left == set(case.metadatas) - expected
