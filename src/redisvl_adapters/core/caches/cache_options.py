"""Options of caches: their keywords, their scope, and the checks of both."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, cast

from redisvl_adapters.core.arguments import check_choice, is_utf8
from redisvl_adapters.core.server.options import ConnectionOptions
from redisvl_adapters.errors import ArgumentError

OnError: TypeAlias = Literal["raise", "miss"]
Scope: TypeAlias = Mapping[str, str | int]

DEFAULT_THRESHOLD = 0.1

_CHOICES = ("raise", "miss")


class CacheOptions(ConnectionOptions, total=False):
    """The keywords of a semantic cache, beside its model and the name of its index.

    Attributes:
        redis_url: See ``ConnectionOptions``, as for the next five.
        client: A sync redis-py client to use instead of a URL.
        async_client: An async redis-py client to use instead of a URL.
        socket_connect_timeout: How many seconds a connection may take to be made (5).
        socket_timeout: How many seconds a reply may take (5).
        retry: How many times, or for how long, a round trip is made again if the connection fails; by default 3, but 0
            where that is a miss.
        distance_threshold: The largest cosine distance of a hit, from 0 to 2 (0.1); ``calibrate`` finds one that suits
            the embedding model.
        ttl: Seconds after which an answer expires; None (default) keeps it.
        scope: What else must be equal for an answer to hold, such as ``{"tenant": "acme", "locale": "en"}``.
        on_error: What becomes of a failure of Redis or of the embedding model, or of a prompt that cannot be looked up:
            ``raise`` (default), or ``miss`` with a warning, so that no call fails because of its cache. For how long a
            server that hangs is waited for is up to ``socket_timeout``.
        prefix: What the keys of its entries start with; ``<index_name>:`` by default.
        storage: ``hash`` (default) or ``json``.
        algorithm: ``hnsw`` (default) or ``flat``.
        dtype: How vectors are stored; ``float32`` by default.
        dims: The number of dimensions; by default that of the first vector.
        create: ``if-missing`` (default), ``overwrite`` (drops index and entries first) or ``never``.
        m: HNSW, edges per node and layer (16).
        ef_construction: HNSW, candidates while building (200).
        ef_runtime: HNSW, candidates while searching (10).
        initial_cap: Vectors to reserve memory for.
        block_size: FLAT, vectors per memory block.
    """

    distance_threshold: float
    ttl: float | None
    scope: Scope | None
    on_error: OnError
    prefix: str | None
    storage: Literal["hash", "json"] | None
    algorithm: Literal["hnsw", "flat"] | None
    dtype: Literal["float32", "float64", "float16", "bfloat16", "int8", "uint8"] | None
    dims: int | None
    create: Literal["if-missing", "overwrite", "never"]
    m: int | None
    ef_construction: int | None
    ef_runtime: int | None
    initial_cap: int | None
    block_size: int | None


def check_threshold(threshold: Any, name: str = "distance_threshold") -> float:
    """Return a cosine distance.

    Raises:
        ArgumentError: If it is not a number from 0 to 2.
    """
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 2:
        raise ArgumentError(f"{name} is a cosine distance from 0 (the same direction) to 2; not {threshold!r:.80}")
    return float(threshold)


def check_beta(beta: Any) -> float:
    """Return how much more recall counts than precision.

    Raises:
        ArgumentError: If it is not a positive number.
    """
    if isinstance(beta, bool) or not isinstance(beta, int | float) or not 0 < beta < math.inf:
        raise ArgumentError(
            f"beta is a positive number: below 1 precision counts more, above 1 recall; not {beta!r:.80}"
        )
    return float(beta)


def check_on_error(on_error: Any) -> OnError:
    """Return what becomes of failures.

    Raises:
        ArgumentError: If it is neither ``raise`` nor ``miss``.
    """
    return cast("OnError", check_choice(on_error, "on_error", _CHOICES))


def check_scope(scope: Scope | None) -> dict[str, str]:
    """Return the fields of a scope, numbers as text.

    Raises:
        ArgumentError: If a name or a value is not a non-empty text, nor a value an integer.
    """
    if scope is None:
        return {}
    if not isinstance(scope, Mapping):
        raise ArgumentError(f"scope is a mapping of names to texts, such as {{'tenant': 'acme'}}; not {scope!r:.80}")
    checked = {}
    for name, value in scope.items():
        if not isinstance(name, str) or not name or not is_utf8(name):
            raise ArgumentError(f"the name of a scope field is a non-empty text; not {name!r:.80}")
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "" or not is_utf8(str(value)):
            raise ArgumentError(f"scope field {name!r} is a non-empty text or an integer; not {value!r:.80}")
        checked[name] = str(value)
    return dict(sorted(checked.items()))
