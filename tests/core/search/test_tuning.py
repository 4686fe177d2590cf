"""What a vector search can be told: every range, every contradiction, and what is chosen where nothing was said."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from redisvl_adapters.core.records.vectors import ROUNDING
from redisvl_adapters.core.schema.fields import VectorField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.option_parsing import MAX_TUNING
from redisvl_adapters.core.search.options import SEARCH_OPTIONS
from redisvl_adapters.core.search.tuning import NO_TUNING, Tuning, default_ef, fit_tuning, read_tuning
from redisvl_adapters.errors import ArgumentError


def schema(algorithm: str = "hnsw", metric: str = "l2", **tuning: Any) -> Schema:
    return Schema("docs", "docs:", "hash", VectorField("embedding", 2, "float32", metric, algorithm, tuning), {})


NOT_COUNTS = [0, -1, MAX_TUNING + 1, True, 1.0, "10", math.nan]
NOT_NUMBERS = [True, "1", math.nan, math.inf, -math.inf, [1]]


@pytest.mark.parametrize("value", NOT_COUNTS, ids=repr)
@pytest.mark.parametrize("name", ["ef_runtime", "search_window_size", "batch_size"])
def test_a_count_is_an_integer_from_1_to_a_million(name: str, value: Any) -> None:
    with pytest.raises(ArgumentError, match=rf"{name} is an integer from 1 to {MAX_TUNING}; not "):
        read_tuning({name: value})
    assert [getattr(read_tuning({name: edge}), name) for edge in (1, MAX_TUNING)] == [1, MAX_TUNING]


@pytest.mark.parametrize("value", NOT_NUMBERS, ids=repr)
def test_a_distance_threshold_is_a_number(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^distance_threshold is a number; not "):
        read_tuning({"distance_threshold": value})
    assert [read_tuning({"distance_threshold": edge}).distance_threshold for edge in (-1, 0, 0.5)] == [-1, 0, 0.5]


@pytest.mark.parametrize("value", [0, -0.1, *NOT_NUMBERS], ids=repr)
def test_epsilon_is_a_positive_number(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^epsilon is a positive number; not "):
        read_tuning({"distance_threshold": 1, "epsilon": value})
    assert read_tuning({"distance_threshold": 1, "epsilon": 1e-9}) == Tuning(distance_threshold=1, epsilon=1e-9)


@pytest.mark.parametrize("value", ["", "BATCHES", "adhoc", 1, True], ids=repr)
def test_the_hybrid_policy_is_one_of_two(value: Any) -> None:
    with pytest.raises(ArgumentError, match="hybrid_policy is one of batches, adhoc_bf; not "):
        read_tuning({"hybrid_policy": value})
    assert [read_tuning({"hybrid_policy": each}).hybrid_policy for each in ("batches", "adhoc_bf")] == [
        "batches",
        "adhoc_bf",
    ]


def test_a_hybrid_policy_that_is_nearly_right_is_recognised() -> None:
    with pytest.raises(ArgumentError, match="did you mean 'batches'"):
        read_tuning({"hybrid_policy": "batch"})


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"hybrid_policy": "adhoc_bf", "batch_size": 10}, "batch_size.*adhoc_bf"),
        ({"hybrid_policy": "adhoc_bf", "ef_runtime": 10}, "ef_runtime.*adhoc_bf"),
        ({"epsilon": 0.1}, "epsilon.*distance_threshold.*ef_runtime"),
        ({"epsilon": 0.1, "ef_runtime": 10}, "epsilon"),
        ({"distance_threshold": 1, "epsilon": 0.1, "ef_runtime": 10}, "ef_runtime and epsilon exclude"),
        ({"distance_threshold": 1, "epsilon": 0.1, "search_window_size": 10}, "search_window_size and epsilon exclude"),
        ({"distance_threshold": 1, "epsilon": 0.1, "hybrid_policy": "batches"}, "hybrid_policy and epsilon exclude"),
        ({"distance_threshold": 1, "epsilon": 0.1, "batch_size": 10}, "batch_size and epsilon exclude"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_options_that_contradict_each_other_are_refused(options: dict[str, Any], named: str) -> None:
    with pytest.raises(ArgumentError, match=named):
        read_tuning(options)


@pytest.mark.parametrize(
    "options",
    [
        {"hybrid_policy": "batches", "batch_size": 10, "ef_runtime": 10},
        {"batch_size": 10},
        {"distance_threshold": 0.5, "ef_runtime": 10, "hybrid_policy": "batches"},
        {"distance_threshold": 0.5, "epsilon": 0.1},
    ],
    ids=repr,
)
def test_options_that_go_together_are_taken_as_they_are(options: dict[str, Any]) -> None:
    assert read_tuning(options) == Tuning(**options)


def test_what_was_not_said_is_no_tuning() -> None:
    assert read_tuning({}) == NO_TUNING == Tuning()
    assert read_tuning(dict.fromkeys(SEARCH_OPTIONS)) == NO_TUNING
    assert read_tuning({"keywords": "fox", "keywords_match": "all"}) == NO_TUNING


def test_the_attributes_of_a_query_are_those_that_were_given() -> None:
    assert NO_TUNING.attributes() == ""
    given = Tuning(ef_runtime=7, hybrid_policy="batches", batch_size=3, distance_threshold=0.5)
    assert given.attributes() == " HYBRID_POLICY BATCHES BATCH_SIZE 3 EF_RUNTIME 7"
    assert Tuning(hybrid_policy="adhoc_bf").attributes() == " HYBRID_POLICY ADHOC_BF"
    assert Tuning(search_window_size=9).attributes() == " SEARCH_WINDOW_SIZE 9"


# On one index


HAS = {
    "flat": frozenset[str](),
    "hnsw": frozenset({"ef_runtime", "epsilon"}),
    "svs-vamana": frozenset({"search_window_size", "epsilon"}),
}
EXAMPLES = {
    "ef_runtime": Tuning(ef_runtime=10),
    "search_window_size": Tuning(search_window_size=10),
    "epsilon": Tuning(distance_threshold=1, epsilon=0.1),
}


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("algorithm", HAS)
def test_an_algorithm_has_its_own_parameters_and_refuses_others(algorithm: str, name: str) -> None:
    given = EXAMPLES[name]
    if name in HAS[algorithm]:
        assert fit_tuning(given, 4, schema(algorithm), filtered=False) == given
    else:
        with pytest.raises(ArgumentError, match=rf"{name} is for .* indexes; 'docs' is '{algorithm}'"):
            fit_tuning(given, 4, schema(algorithm), filtered=False)


@pytest.mark.parametrize("given", [{"hybrid_policy": "batches"}, {"hybrid_policy": "adhoc_bf"}, {"batch_size": 5}])
@pytest.mark.parametrize("algorithm", HAS)
def test_what_is_about_filters_needs_one(algorithm: str, given: dict[str, Any]) -> None:
    tuning = read_tuning(given)
    with pytest.raises(ArgumentError, match=rf"{next(iter(given))} is for searches with a filter"):
        fit_tuning(tuning, 4, schema(algorithm), filtered=False)
    fitted = fit_tuning(tuning, 4, schema(algorithm), filtered=True)
    assert (fitted.hybrid_policy, fitted.batch_size) == (tuning.hybrid_policy, tuning.batch_size)


def test_a_distance_is_below_zero_for_inner_products_alone() -> None:
    below = Tuning(distance_threshold=-1)
    for metric in ("cosine", "l2"):
        with pytest.raises(ArgumentError, match=r"distance_threshold is at least 0 here; not -1"):
            fit_tuning(below, 4, schema(metric=metric), filtered=False)
    assert fit_tuning(below, 4, schema(metric="ip"), filtered=False).distance_threshold == -1
    with pytest.raises(ArgumentError, match="distance_threshold is at least 0"):
        fit_tuning(replace(below, epsilon=0.1), 4, schema(metric="ip"), filtered=False)
    for metric, bound in (("cosine", ROUNDING["float32"]), ("l2", 0), ("ip", 0)):
        fitted = fit_tuning(Tuning(distance_threshold=0), 4, schema(metric=metric), filtered=False)
        assert fitted.distance_threshold == bound


@pytest.mark.parametrize("k", [1, 4, 10, 50, 1000])
def test_a_search_that_says_nothing_gets_an_ef_runtime_of_ours(k: int) -> None:
    for tuning in (NO_TUNING, Tuning(distance_threshold=0.5), Tuning(batch_size=5)):
        assert fit_tuning(tuning, k, schema(), filtered=True) == replace(tuning, ef_runtime=default_ef(k))
    # An index that says what the server takes anyway has not chosen.
    assert fit_tuning(NO_TUNING, k, schema(ef_runtime=10), filtered=False).ef_runtime == default_ef(k)


@pytest.mark.parametrize(
    ("tuning", "made"),
    [
        (Tuning(ef_runtime=1), schema()),
        (Tuning(ef_runtime=1), schema(ef_runtime=77)),
        (NO_TUNING, schema(ef_runtime=77)),
        (NO_TUNING, schema("flat")),
        (NO_TUNING, schema("svs-vamana")),
        (Tuning(hybrid_policy="adhoc_bf"), schema()),
        (Tuning(distance_threshold=1, epsilon=0.1), schema()),
    ],
)
def test_what_the_caller_or_the_index_says_is_not_overruled(tuning: Tuning, made: Schema) -> None:
    assert fit_tuning(tuning, 1000, made, filtered=True) == tuning


def test_the_rule_for_ef_runtime_is_the_one_that_is_documented() -> None:
    """200 or twice k, whichever is more: so it is always enough for k, and within what the server takes."""
    assert [default_ef(k) for k in (0, 1, 100, 101, 1000)] == [200, 200, 200, 202, 2000]
    assert default_ef(1_000_000) == MAX_TUNING
