"""The vectors that a query is compared by, where it chooses others than the main one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llama_index.core.vector_stores.types import VectorStoreQuery

from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.records.vector_models import TextModel
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.search.query_vectors import QueryVector, chosen_names, is_main, query_vector
from redisvl_adapters.core.search.vector_choice import check_vector_choice
from redisvl_adapters.llama_index.query_request import BY_WORDS, chosen_vector, mode_name


def compared_vectors(index: RedisIndex, query: VectorStoreQuery, options: Mapping[str, Any]) -> QueryVector | None:
    """Return the vector of a query, or one for each vector with a weight; None if it has its own, for the main one.

    A vector that has a model is compared with the text of the query, embedded by that; any other one with the embedding
    of the query.

    Raises:
        ArgumentError: If the choice of vectors is none.
    """
    given = _given(index, query, options)
    if given is None:
        return None
    chosen, models = given
    made = {name: model.query(query.query_str or "") for name, model in models.items()}
    return _joined(query, chosen, made)


async def acompared_vectors(
    index: RedisIndex, query: VectorStoreQuery, options: Mapping[str, Any]
) -> QueryVector | None:
    """Return the vectors that a query is compared by. See ``compared_vectors``."""
    given = _given(index, query, options)
    if given is None:
        return None
    chosen, models = given
    made = {name: await model.aquery(query.query_str or "") for name, model in models.items()}
    return _joined(query, chosen, made)


def _given(
    index: RedisIndex, query: VectorStoreQuery, options: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, TextModel]] | None:
    """Return the choice of vectors, and the models of those that have one; None if the query needs none of it."""
    if not isinstance(query, VectorStoreQuery) or mode_name(query.mode) in BY_WORDS:
        return None
    chosen = {"vector": chosen_vector(query, options), "weights": options.get("weights")}
    if chosen == {"vector": None, "weights": None}:
        return None
    check_vector_choice(chosen)
    names = chosen_names(chosen)
    asked = [name for name in names if query.query_str and not is_main(index, name) and name in index.models.names]
    return {**chosen, "names": names}, {name: index.models.model(name) for name in asked}


def _joined(query: VectorStoreQuery, chosen: Mapping[str, Any], made: Mapping[str, Vector]) -> QueryVector | None:
    own = query.query_embedding
    vectors = {name: made.get(name, own) for name in chosen["names"]}
    found = {name: vector for name, vector in vectors.items() if vector is not None}
    # Whatever else has none, that is said when it is asked for.
    return query_vector(found, chosen) if found else None
