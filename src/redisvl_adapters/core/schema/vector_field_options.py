"""The keywords that say how vectors are stored and indexed, which stores, named vectors and rebuilds share."""

from __future__ import annotations

from typing import Literal, TypedDict


class VectorFieldOptions(TypedDict, total=False):
    """How vectors are stored and indexed. ``IndexOptions`` says what each keyword is."""

    algorithm: Literal["hnsw", "flat", "svs-vamana"] | None
    distance_metric: Literal["cosine", "l2", "ip"] | None
    dtype: Literal["float32", "float64", "float16", "bfloat16", "int8", "uint8"] | None
    scale: float | None
    dims: int | None
    m: int | None
    ef_construction: int | None
    ef_runtime: int | None
    epsilon: float | None
    initial_cap: int | None
    block_size: int | None
    graph_max_degree: int | None
    construction_window_size: int | None
    search_window_size: int | None
    compression: str | None
    reduce: int | None
    training_threshold: int | None
