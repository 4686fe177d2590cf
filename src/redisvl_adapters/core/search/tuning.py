"""Tuning of vector searches: how hard the server looks, and how far."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from redisvl_adapters.core.arguments import check_choice
from redisvl_adapters.core.records.vectors import stored_bound, true_distance
from redisvl_adapters.core.schema.fields import DEFAULT_TUNING
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.option_parsing import MAX_TUNING
from redisvl_adapters.errors import ArgumentError

POLICIES = ("batches", "adhoc_bf")
MIN_EF = 200


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a vector search goes on in the server. See ``SearchOptions``."""

    ef_runtime: int | None = None
    search_window_size: int | None = None
    hybrid_policy: str | None = None
    batch_size: int | None = None
    distance_threshold: float | None = None
    epsilon: float | None = None

    def attributes(self) -> str:
        """Return the attributes of a KNN query, as they stand behind its vector."""
        given = {
            "HYBRID_POLICY": self.hybrid_policy and self.hybrid_policy.upper(),
            "BATCH_SIZE": self.batch_size,
            "EF_RUNTIME": self.ef_runtime,
            "SEARCH_WINDOW_SIZE": self.search_window_size,
        }
        return "".join(f" {name} {value}" for name, value in given.items() if value is not None)


NO_TUNING = Tuning()


def read_tuning(options: Mapping[str, Any]) -> Tuning:
    """Return the tuning among the options of a search.

    Raises:
        ArgumentError: If a value is out of its range, or two contradict each other.
    """
    given = {name: value for name in Tuning.__slots__ if (value := options.get(name)) is not None}
    if not given:
        return NO_TUNING
    for name in ("ef_runtime", "search_window_size", "batch_size"):
        value = given.get(name, 1)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_TUNING:
            raise ArgumentError(f"{name} is an integer from 1 to {MAX_TUNING}; not {value!r:.80}")
    for name, least in (("distance_threshold", -math.inf), ("epsilon", 0)):
        value = given.get(name, 1.0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least < value < math.inf:
            raise ArgumentError(
                f"{name} is a {'' if least else 'positive '}number; not {value!r:.80}".replace("  ", " ")
            )
    policy = given.get("hybrid_policy")
    if policy is not None:
        check_choice(policy, "hybrid_policy", POLICIES)
    tuning = Tuning(**given)
    if policy == "adhoc_bf":
        for name in ("batch_size", "ef_runtime"):
            if name in given:
                raise ArgumentError(f"{name} has no meaning with hybrid_policy='adhoc_bf', which looks at everything")
    if tuning.epsilon is not None:
        if tuning.distance_threshold is None:
            raise ArgumentError("epsilon is for searches with a distance_threshold; for others there is ef_runtime")
        for name in ("ef_runtime", "search_window_size", "hybrid_policy", "batch_size"):
            if name in given:
                raise ArgumentError(f"{name} and epsilon exclude each other: one is for KNN, the other for ranges")
    return tuning


def fit_tuning(tuning: Tuning, k: int, schema: Schema, *, filtered: bool) -> Tuning:
    """Return the tuning of one search on an index: as the server compares distances, with what the caller left to us.

    Raises:
        ArgumentError: If the index has no such parameter, or there is no filter for one that needs it.
    """
    algorithm = schema.vector.algorithm
    for name, algorithms in (
        ("ef_runtime", ("hnsw",)),
        ("search_window_size", ("svs-vamana",)),
        ("epsilon", ("hnsw", "svs-vamana")),
    ):
        if getattr(tuning, name) is not None and algorithm not in algorithms:
            raise ArgumentError(f"{name} is for {' and '.join(algorithms)} indexes; {schema.name!r} is {algorithm!r}")
    for name in ("hybrid_policy", "batch_size"):
        if getattr(tuning, name) is not None and not filtered:
            raise ArgumentError(f"{name} is for searches with a filter")
    threshold = tuning.distance_threshold
    if threshold is not None:
        least = true_distance(0.0, schema.vector)
        if threshold < least and (schema.vector.metric != "ip" or tuning.epsilon is not None):
            raise ArgumentError(f"distance_threshold is at least {least:g} here; not {threshold!r:.80}")
        tuning = replace(tuning, distance_threshold=stored_bound(threshold, schema.vector))
    chosen = schema.vector.tuning.get("ef_runtime", DEFAULT_TUNING["ef_runtime"]) != DEFAULT_TUNING["ef_runtime"]
    if algorithm != "hnsw" or chosen or tuning.epsilon is not None or tuning.hybrid_policy == "adhoc_bf":
        return tuning
    return tuning if tuning.ef_runtime is not None else replace(tuning, ef_runtime=default_ef(k))


def default_ef(k: int) -> int:
    """Return the ``ef_runtime`` that finds 95 of 100 true neighbours or more, whatever k is.

    Source: benchmarks/recall.py.
    """
    return min(MAX_TUNING, max(MIN_EF, 2 * k))
