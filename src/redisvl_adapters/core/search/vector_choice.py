"""Which of the vectors of records a search compares: one of them by its name, or several by their weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.vectors import ROUNDING
from redisvl_adapters.core.schema.index_spec import DEFAULT_DTYPE, DEFAULT_METRIC
from redisvl_adapters.core.schema.named_vectors import MAIN, unknown_vector
from redisvl_adapters.errors import ArgumentError


def check_vector_choice(options: Mapping[str, Any]) -> None:
    """Refuse a choice of vectors that is none, before anything is embedded.

    Raises:
        ArgumentError: If so.
    """
    name, weights = options.get("vector"), options.get("weights")
    if name is not None and not isinstance(name, str):
        raise ArgumentError(f"vector is the name of a vector; not {name!r:.80}")
    if weights is None:
        return
    read_weights(weights)
    if name is not None:
        raise ArgumentError("vector is for searches by one vector, and weights for those by several; give one of them")
    for option in ("distance_threshold", "epsilon"):
        if options.get(option) is not None:
            raise ArgumentError(f"{option} is for searches by one vector; those by several, with weights, have scores")


def check_one_vector(where: str, options: Mapping[str, Any]) -> None:
    """Refuse weights where vectors of one kind are compared with each other.

    Raises:
        ArgumentError: If there are.
    """
    if options.get("weights") is not None:
        raise ArgumentError(f"{where} compares vectors of one kind: it has no weights; choose one of them by vector=")


def read_weights(weights: Any) -> dict[str, float]:
    """Return the weights of vectors by their names, in proportion: their sum is 1, and those of 0 are left out.

    Raises:
        ArgumentError: If they are no mapping, or one is no finite number from 0 on, or all are 0.
    """
    if not isinstance(weights, Mapping) or not weights:
        raise ArgumentError(
            f"weights is a mapping of the names of vectors to numbers, such as {{'text': 0.7, 'title': 0.3}}; "
            f"not {weights!r:.80}"
        )
    for name, weight in weights.items():
        is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not isinstance(name, str) or not is_number or not 0 <= weight < math.inf:
            raise ArgumentError(
                f"weights are finite numbers from 0 on, by the names of vectors; not {name!r:.80}: {weight!r:.80}"
            )
    total = sum(weights.values())
    if not 0 < total < math.inf:
        raise ArgumentError(f"weights are numbers of which at least one is above 0; not {weights!r:.80}")
    return {name: weight / total for name, weight in weights.items() if weight}


def known_names(state: IndexState) -> tuple[str, list[str]]:
    """Return the field of the main vector of an index, and the names of the others."""
    schema = state.schema
    if schema is None:
        return state.spec.vector_name, list(state.spec.vectors)
    return schema.vector.name, list(schema.vectors)


def vector_name(state: IndexState, name: str | None) -> str:
    """Return the name of a vector of an index: ``MAIN`` for the main one, however that was called.

    Raises:
        ArgumentError: If there is no such vector.
    """
    main, names = known_names(state)
    if name is None or name in (MAIN, main):
        return MAIN
    if name not in names:
        raise unknown_vector(name, state.spec.name, main, names)
    return name


def distance_of(state: IndexState, name: str | None) -> tuple[str, float]:
    """Return how a vector is compared: by which metric, and how far a cosine distance can be from the true one.

    Raises:
        ArgumentError: If there is no such vector.
    """
    name, schema = vector_name(state, name), state.schema
    if name == MAIN:
        return state.metric, state.rounding
    if schema is not None:
        vector = schema.vectors[name].field
        return vector.metric, ROUNDING[vector.dtype]
    asked = state.spec.vectors[name]
    return asked.metric or state.metric or DEFAULT_METRIC, ROUNDING[asked.dtype or state.spec.dtype or DEFAULT_DTYPE]
