"""Searches by several vectors at once: each finds candidates, and all candidates are compared by all of them.

All is one round trip: the search by each vector returns the others of what it finds, so that whatever one of them has
found can be compared by the others here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, Unpack

import numpy as np
from numpy.typing import NDArray

from redisvl_adapters.core.arguments import check_k
from redisvl_adapters.core.filters.algebra import Filter
from redisvl_adapters.core.index.expiry import renew_ttl
from redisvl_adapters.core.index.readiness import searches_index
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.vectors import ROUNDING, Vector, as_query, from_bytes
from redisvl_adapters.core.schema.fields import VectorField
from redisvl_adapters.core.search.options import SearchOptions
from redisvl_adapters.core.search.results import Hit
from redisvl_adapters.core.search.scores import similarity
from redisvl_adapters.core.search.search_checks import check_fetch_k, default_fetch_k
from redisvl_adapters.core.search.vector_choice import check_vector_choice, read_weights, vector_name
from redisvl_adapters.core.search.vector_search import SearchPlan, check_language, plan_search
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.steps import pipelined
from redisvl_adapters.core.server.telemetry import tell
from redisvl_adapters.errors import ArgumentError

Measure: TypeAlias = Callable[[float, str, float], float]
"""What a distance is worth, by its metric and its rounding: ``scores.similarity`` or ``scores.relevance``."""


@searches_index
def search_weighted(
    state: IndexState,
    vectors: Mapping[str, Vector],
    k: int,
    filter: Filter | None = None,
    /,
    *,
    fetch_k: int | None = None,
    ids: Sequence[str] | None = None,
    frame: bool = False,
    measure: Measure = similarity,
    **options: Unpack[SearchOptions],
) -> Steps[list[Hit]]:
    """Return the records that are near to several vectors, by the weight of each, best first.

    The score of a record is the mean of what its distances are worth, weighted; a vector that it lacks counts as 0. The
    ``fetch_k`` nearest by each vector are compared; of these all scores are exact.

    Args:
        state: The index.
        vectors: The queries, by the names of the vectors that they are compared with, each of shape (dims,).
        k: How many at most.
        filter: Only records that match this.
        fetch_k: How many candidates each vector gives; by default 100, or twice k if that is more.
        ids: Only these records.
        frame: Whether to return what LlamaIndex needs to restore its nodes.
        measure: What a distance is worth.
        options: See ``SearchOptions``; ``weights`` is needed.

    Raises:
        ArgumentError: If an argument is out of range, a vector does not exist, or one with a weight has no query.
        FilterError: If the filter cannot be honoured.
    """
    check_language(options, has_words=filter is not None)
    check_fetch_k(k, fetch_k)
    tell(k=k)
    plan = yield from plan_weighted(state, k, filter, ids, fetch_k=fetch_k, frame=frame, measure=measure, **options)
    found = [] if plan is None else (yield from plan.search(vectors))
    tell(rows=len(found), batch=len(vectors))
    yield from renew_ttl(state, [hit.record.id for hit in found])
    return found


@dataclass(frozen=True, slots=True)
class WeightedPlan:
    """All of a search by several vectors but its queries.

    Attributes:
        k: How many records at most.
        plans: The search by each vector.
        weights: Their weights, whose sum is 1.
        measure: What a distance is worth.
        names: The names by which the vectors were asked for, and that of each.
    """

    k: int
    plans: Mapping[str, SearchPlan]
    weights: Mapping[str, float]
    measure: Measure
    names: Mapping[str, str]

    def search(self, vectors: Mapping[str, Vector]) -> Steps[list[Hit]]:
        """Return the best records, with their scores.

        Raises:
            ArgumentError: If the index cannot compare with a query, or there is none for a vector.
        """
        if not isinstance(vectors, Mapping):
            raise ArgumentError(
                "a search with weights takes the query vector of each, by the names of the vectors; "
                f"not {type(vectors).__name__} {vectors!r:.80}"
            )
        queries: dict[str, Vector] = {}
        for asked, name in self.names.items():
            if asked not in vectors:
                raise ArgumentError(f"weights has the vector {asked!r:.80}, and there is no query vector for it")
            queries[name] = vectors[asked]
        lists = yield from pipelined([plan.search([queries[name]]) for name, plan in self.plans.items()])
        distances: dict[str, dict[str, float]] = {}
        hits: dict[str, Hit] = {}
        for name, (found,) in zip(self.plans, lists, strict=True):
            for hit in found:
                first = hits.setdefault(hit.record.id, hit).record
                if first is not hit.record:
                    first.vectors = {**(first.vectors or {}), **(hit.record.vectors or {})}
            distances[name] = {hit.record.id: hit.distance for hit in found}
        scores = dict.fromkeys(hits, 0.0)
        for name, plan in self.plans.items():
            known, field, weight = distances[name], plan.schema.vector, self.weights[name]
            known |= _missing_distances(plan, name, queries[name], known, hits)
            rounding = ROUNDING[field.dtype]
            for record_id, distance in known.items():
                scores[record_id] += weight * self.measure(distance, field.metric, rounding)
        best = sorted(scores, key=lambda record_id: (-scores[record_id], record_id))[: self.k]
        return [Hit(_without_vectors(hits[each].record), float("nan"), scores[each]) for each in best]


def _without_vectors(record: Record) -> Record:
    record.vectors = None
    return record


def plan_weighted(
    state: IndexState,
    k: int,
    filter: Filter | None,
    ids: Sequence[str] | None = None,
    *,
    fetch_k: int | None = None,
    frame: bool = False,
    measure: Measure = similarity,
    **options: Unpack[SearchOptions],
) -> Steps[WeightedPlan | None]:
    """Return the plan of a search by several vectors; None if there is no index. See ``search_weighted``."""
    check_k(k)
    check_vector_choice(options)
    asked = read_weights(options.pop("weights", None))
    names = {given: vector_name(state, given) for given in asked}
    weights = {names[given]: weight for given, weight in asked.items()}
    if len(weights) < len(asked):
        raise ArgumentError(f"weights names the main vector twice: {', '.join(asked)}")
    if state.schema is not None and state.schema.foreign is not None and len(weights) > 1:
        raise ArgumentError(
            f"index {state.schema.name!r} was made by another application, and is searched by one vector at a time; "
            "copy_to an index of this library has all of them, and searches by several"
        )
    fetch_k = default_fetch_k(k) if fetch_k is None else fetch_k
    plans: dict[str, SearchPlan] = {}
    for name in weights:
        beside = tuple(other for other in weights if other != name)
        of_one: SearchOptions = {**options, "vector": name}
        plan = yield from plan_search(state, fetch_k, filter, ids, frame=frame, beside=beside, **of_one)
        if plan is None:
            return None
        plans[name] = plan
    return WeightedPlan(k, plans, weights, measure, names)


def _missing_distances(
    plan: SearchPlan, name: str, query: Vector, known: Mapping[str, float], hits: Mapping[str, Hit]
) -> dict[str, float]:
    """Return the distances from a query of those records that were found by other vectors alone, by their ids."""
    values: dict[str, Any] = {
        record_id: value
        for record_id, hit in hits.items()
        if record_id not in known and (value := (hit.record.vectors or {}).get(name)) is not None
    }
    if not values:
        return {}
    field = plan.schema.vector
    # As the server compares it: in the dtype of the index.
    asked = from_bytes(as_query(query, field), field)
    rows = plan.layout.read_vectors([*values.values()], field)
    return dict(zip(values, _distances(rows, asked, field).tolist(), strict=True))


def _distances(rows: NDArray[Any], query: NDArray[Any], field: VectorField) -> NDArray[Any]:
    """Return the distances of vectors, shape (vectors, dims), from a query, as Redis gives them."""
    match field.metric:
        case "cosine":
            cosines: NDArray[Any] = rows @ query / (np.linalg.norm(rows, axis=1) * np.linalg.norm(query))
            return 1 - cosines
        case "l2":
            squares: NDArray[Any] = ((rows - query) ** 2).sum(axis=1)
            return squares
        case _:
            products: NDArray[Any] = rows @ query
            return 1 - products
