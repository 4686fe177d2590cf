"""The vectors of queries: made by the model of each vector that they are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.records.vector_models import TextModel
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.schema.named_vectors import MAIN
from redisvl_adapters.core.search.vector_choice import known_names

QueryVector: TypeAlias = Vector | Mapping[str, Vector]
"""The vector of a query, or, for a search by several, one for each of these by its name."""


def chosen_names(options: Mapping[str, Any]) -> list[str]:
    """Return the vectors that a search compares, as its options name them."""
    weights = options.get("weights")
    if weights is None:
        return [options.get("vector") or MAIN]
    return [name for name, weight in weights.items() if weight]


def is_main(index: RedisIndex, name: str) -> bool:
    """Tell whether a name is that of the main vector."""
    return name in (MAIN, known_names(index.state)[0])


def models_of(index: RedisIndex, options: Mapping[str, Any], main: TextModel) -> dict[str, TextModel]:
    """Return the models of the vectors that a search compares, by their names.

    Args:
        index: The index.
        options: Those of the search.
        main: The model of the main vector.

    Raises:
        ArgumentError: If one has none.
    """
    return {name: main if is_main(index, name) else index.models.model(name) for name in chosen_names(options)}


def query_vector(made: Mapping[str, Vector], options: Mapping[str, Any]) -> QueryVector:
    """Return the vector of a query, from those by the vectors that it is compared with."""
    return made if options.get("weights") is not None else next(iter(made.values()))


def embed_query(text: str, models: Mapping[str, TextModel], options: Mapping[str, Any]) -> QueryVector:
    """Return the vector of a text; each model is asked once."""
    made = {id(each.model): each.query(text) for each in _each_once(models)}
    return query_vector({name: made[id(each.model)] for name, each in models.items()}, options)


async def aembed_query(text: str, models: Mapping[str, TextModel], options: Mapping[str, Any]) -> QueryVector:
    """Return the vector of a text; each model is asked once."""
    made = {id(each.model): await each.aquery(text) for each in _each_once(models)}
    return query_vector({name: made[id(each.model)] for name, each in models.items()}, options)


def embed_queries(texts: list[str], models: Mapping[str, TextModel], options: Mapping[str, Any]) -> list[QueryVector]:
    """Return the vectors of texts, by one call of each model."""
    made = {id(each.model): each.embed(texts) for each in _each_once(models)}
    return _by_text(len(texts), models, made, options)


async def aembed_queries(
    texts: list[str], models: Mapping[str, TextModel], options: Mapping[str, Any]
) -> list[QueryVector]:
    """Return the vectors of texts, by one call of each model."""
    made = {id(each.model): await each.aembed(texts) for each in _each_once(models)}
    return _by_text(len(texts), models, made, options)


def _by_text(
    count: int, models: Mapping[str, TextModel], made: Mapping[int, Sequence[Vector]], options: Mapping[str, Any]
) -> list[QueryVector]:
    return [
        query_vector({name: made[id(each.model)][place] for name, each in models.items()}, options)
        for place in range(count)
    ]


def _each_once(models: Mapping[str, TextModel]) -> list[TextModel]:
    return list({id(each.model): each for each in models.values()}.values())
