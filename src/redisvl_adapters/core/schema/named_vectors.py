"""Named vectors: those that records have beside their main one, as they are declared, and as they are in an index."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from redisvl_adapters.core.schema.fields import DEFAULT_TUNING, VectorField
from redisvl_adapters.core.schema.vector_field_options import VectorFieldOptions
from redisvl_adapters.errors import ArgumentError, SchemaError, did_you_mean

MAIN = "text"
"""What the main vector is called where vectors are chosen by name; the name of its field says the same."""

_PREFIX = "_v_"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


class VectorOptions(VectorFieldOptions, total=False):
    """What a store is told of a vector that records have beside the main one.

    What is not given is read from the index if that exists; in a new one ``dtype``, ``distance_metric``, ``algorithm``
    and the parameters of that are those of the main vector.

    Attributes:
        key: The metadata key whose text it is made of. A record without one, or with an empty one, has no such vector,
            and no search by it finds the record. Without a key, vectors are given.
        embedding: The embedding model that makes it, of LangChain or LlamaIndex.
        dims: The number of dimensions; by default that of the first vector added.
        dtype: How it is stored: see ``IndexOptions``, as for all that follow.
        distance_metric: ``cosine``, ``l2`` or ``ip``.
        algorithm: ``hnsw``, ``flat`` or ``svs-vamana``.
        scale: For ``int8`` and ``uint8``: what numbers are multiplied with before they are rounded.
        embedding_id: The name of the embedding model; by default what it says of itself.
        m: HNSW, edges per node and layer.
        ef_construction: HNSW, candidates while building.
        ef_runtime: HNSW, candidates while searching.
        epsilon: HNSW and SVS, boundary factor of range queries.
        initial_cap: Vectors to reserve memory for.
        block_size: FLAT, vectors per memory block.
        graph_max_degree: SVS, edges per node.
        construction_window_size: SVS, candidates while building.
        search_window_size: SVS, candidates while searching.
        compression: SVS, the kind of compression.
        reduce: SVS, dimensions after LeanVec reduction.
        training_threshold: SVS, vectors to gather before compression is trained.
    """

    key: str | None
    embedding: Any
    embedding_id: str | None


@dataclass(frozen=True, slots=True)
class NamedVector:
    """A vector of an index beside the main one.

    Attributes:
        name: What it is called.
        field: The vector.
        key: The metadata key whose text it is made of; None if it is given.
        embedding_id: The name of the model that makes it, if anybody said it.
    """

    name: str
    field: VectorField
    key: str | None = None
    embedding_id: str | None = None


@dataclass(frozen=True, slots=True)
class VectorSpec:
    """What was asked of a vector beside the main one. None stands for what was left open.

    Attributes:
        name: What it is called.
        key: The metadata key whose text it is made of.
        dims: Its number of dimensions.
        dtype: The type of its numbers.
        metric: Its distance metric.
        algorithm: Its algorithm.
        tuning: The parameters of the algorithm.
        scale: What numbers are multiplied with before they are rounded.
        embedding_id: The name of its embedding model.
    """

    name: str
    key: str | None = None
    dims: int | None = None
    dtype: str | None = None
    metric: str | None = None
    algorithm: str | None = None
    tuning: Mapping[str, Any] = field(default_factory=dict)
    scale: float | None = None
    embedding_id: str | None = None

    def vector(self, dims: int, main: VectorField) -> NamedVector:
        """Return the vector to create, with so many dimensions unless it was said, and else as the main one is."""
        algorithm = self.algorithm or main.algorithm
        made = VectorField(
            named_vector_field(self.name),
            self.dims or dims,
            self.dtype or main.dtype,
            self.metric or main.metric,
            algorithm,
            self.tuning if self.tuning or algorithm != main.algorithm else main.tuning,
            self.scale,
        )
        return NamedVector(self.name, made, self.key, self.embedding_id)

    def differences(self, has: NamedVector) -> list[str]:
        """Say, one by one, where the vector of an existing index is not what was asked for."""
        vector = has.field
        pairs: list[tuple[str, object, object]] = [
            ("dims", self.dims, vector.dims),
            ("dtype", self.dtype, vector.dtype),
            ("distance_metric", self.metric, vector.metric),
            ("algorithm", self.algorithm, vector.algorithm),
            ("scale", self.scale, vector.scale),
            ("key", self.key, has.key),
            ("embedding_id", self.embedding_id if has.embedding_id else None, has.embedding_id),
        ]
        has_tuning = {**DEFAULT_TUNING, **vector.tuning}
        pairs += [(name, asked, has_tuning.get(name, asked)) for name, asked in self.tuning.items()]
        return [
            f"{name} of vector {self.name!r} is {said!r:.80}, asked for {asked!r:.80}"
            for name, asked, said in pairs
            if asked is not None and asked != said
        ]


def spec_of(vector: NamedVector) -> VectorSpec:
    """Return what asks for just such a vector."""
    has = vector.field
    return VectorSpec(
        vector.name,
        vector.key,
        has.dims,
        has.dtype,
        has.metric,
        has.algorithm,
        has.tuning,
        has.scale,
        vector.embedding_id,
    )


def named_vector_field(name: str) -> str:
    """Return the field in which a named vector is stored and indexed; no metadata key has such a name there."""
    return _PREFIX + name


def name_of_vector_field(field: str) -> str | None:
    """Return the name of the vector that a field holds: the reverse of ``named_vector_field``; None for any other."""
    name = field.removeprefix(_PREFIX)
    return name if name != field and _NAME.fullmatch(name) else None


def vector_names(fields: Iterable[str]) -> dict[str, str]:
    """Return names for the vectors of another application, by their fields: the same, as far as those are names.

    What is none has underscores where it has anything else, and no name is that of two or of the main vector.
    """
    names: dict[str, str] = {}
    taken = {MAIN}
    for place in fields:
        bare = re.sub(r"[^A-Za-z0-9_]", "_", place)[:60]
        bare = bare if bare[:1].isalpha() else f"v{bare}"
        name = bare
        for number in count(2):
            if name not in taken:
                break
            name = f"{bare}_{number}"
        taken.add(name)
        names[place] = name
    return names


def check_vector_name(name: object, main: str) -> str:
    """Return the name of a vector that is declared.

    Args:
        name: The name.
        main: The field of the main vector.

    Raises:
        SchemaError: If it is none, or the main vector's.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise SchemaError(
            f"the name of a vector is a letter and at most 63 more letters, digits or underscores; not {name!r:.80}"
        )
    if name in (MAIN, main):
        raise SchemaError(
            f"vectors: {name!r} is the main vector, which the options of the store are of; vectors= declares others"
        )
    return name


def unknown_vector(name: object, index: str, main: str, known: Iterable[str]) -> ArgumentError:
    """Return the error for a vector that an index does not have.

    Args:
        name: What was asked for.
        index: The name of the index.
        main: The field of the main vector.
        known: The named vectors.
    """
    names = [MAIN, *known]
    near = did_you_mean(name, [*names, main]) if isinstance(name, str) else ""
    return ArgumentError(f"index {index!r} has no vector {name!r:.80}{near}; it has: {', '.join(names)}")
