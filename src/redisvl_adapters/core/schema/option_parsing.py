"""Validation of store options: from the keywords of a store to an index specification."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from redisvl_adapters.core.arguments import check_name, check_strings, check_ttl, is_utf8
from redisvl_adapters.core.schema.declarations import read_metadata_schema, read_redisvl_schema
from redisvl_adapters.core.schema.fields import TUNING, FieldType, MetadataField
from redisvl_adapters.core.schema.foreign_options import read_foreign_options
from redisvl_adapters.core.schema.index_spec import (
    DEFAULT_ALGORITHM,
    DEFAULT_WAIT,
    LEARN_LIMIT,
    IndexSpec,
    check_quantised,
)
from redisvl_adapters.core.schema.languages import read_language
from redisvl_adapters.core.schema.named_vectors import (
    VectorOptions,
    VectorSpec,
    check_vector_name,
    name_of_vector_field,
)
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.core.schema.stored_fields import DEFAULT_VECTOR_NAME
from redisvl_adapters.core.server.waits import LONGEST_TIMEOUT
from redisvl_adapters.errors import ArgumentError, SchemaError, did_you_mean, refuse_unknown

MAX_LEARN_LIMIT = 1000
"""An index of the search module has at most 1024 fields."""
MAX_SCALE = 1e30
MAX_TUNING = 1_000_000
MAX_NEIGHBOURS = 512
MAX_DIMS = 32_768

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "storage": ("hash", "json"),
    "algorithm": tuple(TUNING),
    "distance_metric": ("cosine", "l2", "ip"),
    "dtype": ("float32", "float64", "float16", "bfloat16", "int8", "uint8"),
    "create": ("if-missing", "overwrite", "never"),
}


def read_options(options: IndexOptions) -> IndexSpec:
    """Check what a store was told and return what it asks of the index.

    Raises:
        UnknownArgumentError: If there is a keyword that a store does not have.
        ArgumentError: If a value is out of its range.
        SchemaError: If the values contradict each other.
    """
    known = IndexOptions.__optional_keys__
    unknown = {name: value for name, value in options.items() if name not in known}
    refuse_unknown("the store", unknown, known, "redisvl_adapters.core.IndexOptions")
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    for option, choices in _CHOICES.items():
        if option in given:
            given[option] = _check_choice(option, given[option], choices)
    from_schema = read_redisvl_schema(given.pop("schema")) if "schema" in given else {}
    for option, value in from_schema.items():
        if given.setdefault(option, value) != value:
            raise SchemaError(f"{option}={given[option]!r:.80} contradicts the schema, which says {value!r:.80}")
    name = given.get("index_name")
    if not isinstance(name, str) or not name:
        raise ArgumentError("index_name is needed: a non-empty string, given here or by schema=")
    if not isinstance(given.get("learn", True), bool):
        raise ArgumentError(f"learn is True or False; not {given['learn']!r:.80}")
    algorithm = given.get("algorithm")
    tuning = _read_tuning(given, algorithm)
    vector_name = given.get("vector_name", DEFAULT_VECTOR_NAME)
    declared = given.get("metadata_schema")
    fields = read_metadata_schema(declared if declared is not None else {}, vector_name)
    language_key = _check_language_key(given.get("language_key"), fields)
    learn = given.get("learn", True) and not (declared is not None and not fields)
    return IndexSpec(
        name=name,
        prefix=from_schema.get("prefix") or _check_prefix(given.get("prefix")),
        storage=given.get("storage"),
        vector_name=vector_name,
        dims=check_dims(given.get("dims")),
        dtype=given.get("dtype"),
        metric=given.get("distance_metric"),
        algorithm=algorithm,
        tuning=tuning,
        embedding_id=check_name(given["embedding_id"], "embedding_id") if "embedding_id" in given else None,
        scale=_check_scale(given.get("scale"), given.get("dtype")),
        vectors=_read_vectors(given.get("vectors", {}), vector_name, algorithm),
        fields=fields,
        text_attrs=given.get("text_attrs", {}),
        stopwords=given.get("stopwords", ()),
        # None is a choice of its own here.
        language=read_language(options["language"]) if "language" in options else None,
        language_key=language_key,
        learn_limit=_check_learn_limit(given.get("learn_limit", LEARN_LIMIT)) if learn else 0,
        unindexed=_check_unindexed(given.get("unindexed", ())),
        ttl_ms=check_ttl(given.get("ttl")),
        sliding_ttl=_check_sliding(given.get("sliding_ttl", False), given.get("ttl")),
        create=given.get("create", "if-missing"),
        wait_until_indexed=check_wait(given.get("wait_until_indexed", DEFAULT_WAIT), "wait_until_indexed"),
        **read_foreign_options(given),
    )


def _read_tuning(given: Mapping[str, Any], algorithm: str | None) -> dict[str, Any]:
    all_tuning = frozenset().union(*TUNING.values())
    tuning = {option: given[option] for option in sorted(all_tuning) if option in given}
    for option in tuning:
        _check_tuning(option, given[option])
        if option not in TUNING[algorithm or DEFAULT_ALGORITHM]:
            raise SchemaError(f"{option} is no parameter of algorithm {algorithm or DEFAULT_ALGORITHM!r}")
    if "training_threshold" in tuning and "compression" not in tuning:
        raise SchemaError("training_threshold is for indexes with a compression, which needs the vectors to train with")
    return tuning


def _read_vectors(declared: object, main: str, algorithm: str | None) -> dict[str, VectorSpec]:
    if not isinstance(declared, Mapping):
        raise ArgumentError(
            "vectors is a mapping of names to what each is, such as {'title': {'key': 'title'}}; "
            f"not {declared!r:.80}"
        )
    if declared and name_of_vector_field(main) is not None:
        raise SchemaError(f"the main vector is called {main!r}, like the field of a named one; choose another name")
    return {check_vector_name(name, main): _read_vector(name, options, algorithm) for name, options in declared.items()}


def _read_vector(name: str, options: object, algorithm: str | None) -> VectorSpec:
    """Return what was asked of a named vector.

    Args:
        name: What it is called.
        options: What was said of it.
        algorithm: That of the main vector, which it has too unless it says another one.

    Raises:
        UnknownArgumentError: If there is a keyword that it does not have.
        ArgumentError: If a value is out of its range.
        SchemaError: If the values contradict each other.
    """
    if not isinstance(options, Mapping):
        raise ArgumentError(f"vectors: {name!r} is a mapping, such as {{'key': 'title'}}; not {options!r:.80}")
    known = VectorOptions.__optional_keys__
    unknown = {option: value for option, value in options.items() if option not in known}
    refuse_unknown(f"vector {name!r}", unknown, known, "redisvl_adapters.core.VectorOptions")
    given: dict[str, Any] = {option: value for option, value in options.items() if value is not None}
    for option in _CHOICES.keys() & given.keys():
        given[option] = _check_choice(option, given[option], _CHOICES[option])
    return VectorSpec(
        name,
        check_name(given["key"], f"the key of vector {name!r}") if "key" in given else None,
        check_dims(given.get("dims")),
        given.get("dtype"),
        given.get("distance_metric"),
        given.get("algorithm"),
        _read_tuning(given, given.get("algorithm") or algorithm),
        _check_scale(given.get("scale"), given.get("dtype")),
        check_name(given["embedding_id"], "embedding_id") if "embedding_id" in given else None,
    )


def _check_scale(scale: object, dtype: str | None) -> float | None:
    if scale is None:
        return None
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not 1 / MAX_SCALE <= scale <= MAX_SCALE:
        raise ArgumentError(
            f"scale is a positive number, from {1 / MAX_SCALE:.0e} to {MAX_SCALE:.0e}; not {scale!r:.80}"
        )
    if dtype is not None:
        check_quantised(dtype)
    return float(scale)


def _check_language_key(key: object, fields: Mapping[str, MetadataField]) -> str | None:
    if key is None:
        return None
    if not isinstance(key, str) or not key or not is_utf8(key):
        raise ArgumentError(f"language_key is the name of a metadata key; not {key!r:.80}")
    if key in fields and fields[key].type not in _OF_LANGUAGES:
        raise SchemaError(
            f"language_key={key!r:.80} is declared as {str(fields[key].type)!r}; the names of languages are tags"
        )
    return key


_OF_LANGUAGES = frozenset({FieldType.TAG, FieldType.UNINDEXED})


def _check_sliding(sliding: object, ttl: float | None) -> bool:
    if not isinstance(sliding, bool):
        raise ArgumentError(f"sliding_ttl is True or False; not {sliding!r:.80}")
    if sliding and ttl is None:
        raise ArgumentError("sliding_ttl needs a ttl: how long a record lives after it was read")
    return sliding


def _check_unindexed(keys: Sequence[str]) -> frozenset[str]:
    check_strings(keys, "unindexed")
    return frozenset(keys)


def _check_learn_limit(limit: object) -> int:
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MAX_LEARN_LIMIT:
        raise ArgumentError(
            f"learn_limit is an integer from 1 to {MAX_LEARN_LIMIT}; not {limit!r:.80}; learn=False learns none"
        )
    return limit


def check_wait(seconds: object, name: str) -> float:
    """Return how many seconds to wait, ``math.inf`` for no limit.

    Raises:
        ArgumentError: If it is no number from 0 on, or more than any clock can count.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
        raise ArgumentError(f"{name} is a number of seconds from 0 on; not {seconds!r:.80}")
    if seconds != math.inf and seconds > LONGEST_TIMEOUT:
        raise ArgumentError(
            f"{name} is at most {LONGEST_TIMEOUT:,} seconds, or math.inf for no limit; not {seconds!r:.80}"
        )
    return seconds


def _check_choice(option: str, value: object, choices: tuple[str, ...]) -> str:
    """Return the choice, which Redis itself writes in capitals."""
    lowered = value.lower() if isinstance(value, str) else None
    if lowered not in choices:
        raise ArgumentError(
            f"{option} is one of {', '.join(choices)}; not {value!r:.80}{did_you_mean(lowered or '', choices)}"
        )
    return lowered


def _check_tuning(option: str, value: object) -> None:
    if option == "compression":
        return
    if option == "epsilon":
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            raise ArgumentError(f"epsilon is a positive number; not {value!r:.80}")
    else:
        # More than this the server would try to allocate, and die.
        most = MAX_NEIGHBOURS if option in ("m", "graph_max_degree") else MAX_TUNING
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise ArgumentError(f"{option} is an integer from 1 to {most}; not {value!r:.80}")


def check_dims(dims: object) -> int | None:
    """Return a number of dimensions.

    Raises:
        ArgumentError: If it is no integer from 1 to ``MAX_DIMS``.
    """
    if dims is None or (isinstance(dims, int) and not isinstance(dims, bool) and 0 < dims <= MAX_DIMS):
        return dims
    raise ArgumentError(f"dims is an integer from 1 to {MAX_DIMS}; not {dims!r:.80}")


def _check_prefix(prefix: object) -> str | None:
    if prefix is None:
        return None
    if not isinstance(prefix, str) or not prefix.strip(":"):
        raise ArgumentError(f"prefix is a non-empty string; not {prefix!r:.80}")
    # Without a separator at its end, prefix "docs" would cover the keys of prefix "docs2".
    return prefix if prefix.endswith(":") else prefix + ":"
