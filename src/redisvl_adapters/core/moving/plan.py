"""The plan of a rebuild: what the new index is to be, and whether its records must be copied for that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import orjson

from redisvl_adapters.core.arguments import check_flag, check_name, is_list, is_utf8
from redisvl_adapters.core.ingest.bad_records import check_bad_choice
from redisvl_adapters.core.records.record import new_id
from redisvl_adapters.core.schema.fields import QUANTISED, MetadataField, MetadataSchema
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.option_parsing import read_options
from redisvl_adapters.core.schema.vector_field_options import VectorFieldOptions
from redisvl_adapters.errors import ArgumentError, refuse_unknown


class RebuildOptions(VectorFieldOptions, total=False):
    """The keywords of ``rebuild``: what the index is to be from then on. What is not given stays as it is.

    Attributes:
        algorithm: ``hnsw``, ``flat`` or ``svs-vamana``.
        distance_metric: ``cosine``, ``l2`` or ``ip``.
        dtype: How vectors are stored.
        scale: For ``int8`` and ``uint8``: what numbers are multiplied with before they are rounded.
        dims: The number of dimensions, which a new embedding model must have.
        storage: ``hash`` or ``json``.
        metadata_schema: Metadata fields that are new, or that are to be of another type.
        language: The language of the texts, or None for words as they are.
        language_key: The metadata key that says the language of each record.
        m: HNSW, edges per node and layer, as all that follow parameters of the algorithm: see ``IndexOptions``.
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

    storage: Literal["hash", "json"] | None
    metadata_schema: MetadataSchema | None
    language: str | None
    language_key: str | None


class RebuildKeywords(RebuildOptions, total=False):
    """The keywords that ``rebuild`` takes besides ``RebuildOptions``.

    Attributes:
        embedding_id: The name of the new embedding model; by default what it says of itself.
        aliases: Aliases of FT.ALIASADD that are to stand for the new index; one that the store was given does anyway.
        drop_old: Whether the indexes whose places others have taken are dropped, those of earlier times too (False).
        dry_run: Whether nothing is done, and the plan is returned (False).
        show_progress: Whether to draw a bar with tqdm (False).
        on_bad_record: What to do, where records are copied, with one that has no vector of the dimensions of its index,
            that its index could not take in, or that is damaged: ``raise`` an error that names it (the default), leave
            it out with a warning that does (``warn``), or ``skip`` it.
    """

    embedding_id: str | None
    aliases: Sequence[str]
    drop_old: bool
    dry_run: bool
    show_progress: bool
    on_bad_record: Literal["raise", "warn", "skip"]


@dataclass(frozen=True, slots=True)
class RebuildSettings:
    """How a rebuild goes on, and what comes then. See ``RebuildKeywords``."""

    embedding_id: str | None = None
    aliases: tuple[str, ...] = ()
    drop_old: bool = False
    dry_run: bool = False
    show_progress: bool = False
    on_bad_record: str = "raise"


@dataclass(frozen=True, slots=True)
class RebuildPlan:
    """What a rebuild does, or has done.

    Attributes:
        index_name: The index that is rebuilt.
        target: The index that takes its place; None if none is made, since only fields are added, or nothing changes.
        records: How many records it has.
        copies: Whether records are copied, not only indexed anew where they lie.
        embeds: Whether their texts are embedded anew.
        changes: What changes, as option, what it was, and what it is to be.
        dropped: Earlier indexes that are dropped then.
    """

    index_name: str
    target: str | None
    records: int
    copies: bool = False
    embeds: bool = False
    changes: tuple[tuple[str, Any, Any], ...] = ()
    dropped: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it in words, one line for each thing that is done."""
        lines = [f"index {self.index_name!r} has {self.records} records"]
        lines += [f"  {option}: {was!r:.80} -> {is_to_be!r:.80}" for option, was, is_to_be in self.changes]
        if self.copies:
            embedded = ", their texts embedded anew" if self.embeds else ""
            lines.append(f"  the records are copied into index {self.target!r}{embedded}, which takes its place then")
        elif self.target is not None:
            lines.append(
                f"  the server indexes the records again, as index {self.target!r}, which takes its place then"
            )
        elif self.changes:
            lines.append("  the fields are added to it, and the records that have them are indexed under them")
        else:
            lines.append("  nothing changes")
        lines += [f"  index {name!r} is dropped" for name in self.dropped]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Change:
    """What a rebuild makes of an index.

    Attributes:
        schema: What it is to be, under the name and prefix that it has.
        differences: What changes, as option, what it was, and what it is to be.
        copies: Whether records must be copied.
        additions: The fields that are new; if nothing else changes, no other index is needed.
        embeds: Whether texts are embedded anew.
    """

    schema: Schema
    differences: tuple[tuple[str, Any, Any], ...]
    copies: bool
    additions: tuple[MetadataField, ...]
    embeds: bool

    @property
    def needs_index(self) -> bool:
        """Whether another index is made."""
        return self.copies or len(self.differences) > len(self.additions)

    @property
    def key(self) -> str:
        """What tells this change from another one of the same index; a model without a name is like no other one."""
        told = [[name, str(is_to_be)] for name, _, is_to_be in self.differences]
        nameless = self.embeds and self.schema.embedding_id is None
        return orjson.dumps([told, new_id() if nameless else self.embeds]).decode()


def read_rebuild_options(given: RebuildKeywords) -> tuple[RebuildOptions, RebuildSettings]:
    """Return what an index is to be, and how it is rebuilt.

    Raises:
        UnknownArgumentError: If there is a keyword that ``rebuild`` does not have.
        ArgumentError: If a value is out of its range.
    """
    known = RebuildKeywords.__optional_keys__
    unknown = {name: value for name, value in given.items() if name not in known}
    refuse_unknown("rebuild", unknown, known | {"embedding"}, "redisvl_adapters.core.RebuildKeywords")
    settings: dict[str, Any] = {}
    options: dict[str, Any] = {}
    for name, value in given.items():
        if name in RebuildOptions.__optional_keys__:
            if name not in _OF_ALGORITHMS:
                read_options({"index_name": "index", name: value})  # type: ignore[misc]  # a keyword of both
            options[name] = value
        else:
            settings[name] = value
    for name in ("drop_old", "dry_run", "show_progress"):
        check_flag(settings.get(name, False), name)
    check_bad_choice(settings.get("on_bad_record", "raise"))
    aliases = settings.get("aliases", ())
    if not is_list(aliases) or not all(isinstance(alias, str) and alias and is_utf8(alias) for alias in aliases):
        raise ArgumentError(f"aliases is a list of names; not {aliases!r:.80}")
    settings["aliases"] = tuple(aliases)
    if settings.get("embedding_id") is not None:
        check_name(settings["embedding_id"], "embedding_id")
    return cast("RebuildOptions", options), RebuildSettings(**settings)


_OF_ALGORITHMS = RebuildOptions.__optional_keys__ - {
    *("distance_metric", "dtype", "dims", "storage", "metadata_schema", "language", "language_key", "algorithm")
}


def plan_change(
    schema: Schema,
    options: RebuildOptions,
    *,
    embeds: bool = False,
    model: str | None = None,
    is_older: bool = False,
) -> Change:
    """Return what some options make of an index.

    Args:
        schema: The index.
        options: What it is to be.
        embeds: Whether there is a new embedding model.
        model: Its name, if it has one.
        is_older: Whether its records have the layout of an older version of this library.

    Raises:
        ArgumentError: If an option is out of its range, or would need a new embedding model.
        SchemaError: If options contradict each other.
    """
    was = schema.vector
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None or name == "language"}
    spec = read_options(
        {"algorithm": was.algorithm, **given, "index_name": schema.name, "dtype": given.get("dtype", was.dtype)}  # type: ignore[typeddict-item]  # what the index has
    )
    tuning = {**was.tuning, **spec.tuning} if spec.algorithm == was.algorithm else spec.tuning
    scale = spec.scale if spec.scale is not None else was.scale if spec.dtype == was.dtype else None
    vector = replace(
        was,
        dims=spec.dims or was.dims,
        dtype=spec.dtype or was.dtype,
        metric=spec.metric or was.metric,
        algorithm=spec.algorithm or was.algorithm,
        tuning=tuning,
        scale=scale,
    )
    if vector.dims != was.dims and not embeds:
        raise ArgumentError(
            f"vectors of {was.dims} dimensions cannot become vectors of {vector.dims}: give the embedding model that "
            "makes those, too"
        )
    declared = {
        key: replace(schema.learnt_field(key, field.type), attrs=field.attrs, learnt=False)
        for key, field in spec.fields.items()
        if _differs(schema, field)
    }
    additions = tuple(field for key, field in declared.items() if schema.lacks(key) and field.redis_type)
    made = replace(
        schema,
        storage=spec.storage or schema.storage,
        vector=vector,
        fields={**schema.fields, **declared},
        untyped_keys=schema.untyped_keys - declared.keys(),
        language=spec.language if "language" in options and spec.language else schema.language,
        language_key=spec.language_key or schema.language_key,
        embedding_id=model if embeds else schema.embedding_id,
    )
    differences = _differences(schema, made)
    in_place = {"algorithm", *was.tuning, *tuning, *(f"field {field.key}" for field in additions)}
    if vector.dtype not in QUANTISED:
        in_place.add("distance_metric")
    copies = embeds or is_older or any(name not in in_place for name, _, _ in differences)
    return Change(made, differences, copies, additions, embeds)


def _differs(schema: Schema, field: MetadataField) -> bool:
    has = schema.fields.get(field.key)
    return has is None or has.learnt or (has.type, dict(has.attrs)) != (field.type, dict(field.attrs))


def _differences(was: Schema, made: Schema) -> tuple[tuple[str, Any, Any], ...]:
    pairs = [(name, told, _told(made)[name]) for name, told in _told(was).items()]
    tuning = dict.fromkeys([*was.vector.tuning, *made.vector.tuning])
    pairs += [(name, was.vector.tuning.get(name), made.vector.tuning.get(name)) for name in tuning]
    pairs += [(f"field {key}", _said(was.fields.get(key)), _said(field)) for key, field in made.fields.items()]
    return tuple(pair for pair in pairs if pair[1] != pair[2])


def _told(schema: Schema) -> Mapping[str, Any]:
    vector = schema.vector
    return {
        "algorithm": vector.algorithm,
        "distance_metric": vector.metric,
        "dtype": vector.dtype,
        "scale": vector.scale,
        "dims": vector.dims,
        "storage": schema.storage,
        "language": schema.language,
        "language_key": schema.language_key,
        "embedding_id": schema.embedding_id,
    }


def _said(field: MetadataField | None) -> str | None:
    if field is None:
        return None
    learnt, attrs = " (learnt)" if field.learnt else "", f" {dict(field.attrs)}" if field.attrs else ""
    return f"{field.type.value}{learnt}{attrs}"
