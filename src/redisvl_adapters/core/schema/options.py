"""The keywords that every store takes about its index, as typed dictionaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

from redisvl.schema import IndexSchema

from redisvl_adapters.core.schema.fields import MetadataSchema
from redisvl_adapters.core.schema.foreign import MetadataFields
from redisvl_adapters.core.schema.named_vectors import VectorOptions
from redisvl_adapters.core.schema.vector_field_options import VectorFieldOptions
from redisvl_adapters.core.server.options import ConnectionOptions


class _RecordOptions(TypedDict, total=False):
    """How records are laid out and kept. ``IndexOptions`` says what each keyword is."""

    prefix: str | None
    storage: Literal["hash", "json"] | None
    metadata_schema: MetadataSchema | None
    schema: IndexSchema | Mapping[str, Any] | str | Path | None
    language: str | None
    language_key: str | None
    learn: bool
    learn_limit: int
    unindexed: Sequence[str]
    vectors: Mapping[str, VectorOptions] | None
    embedding_id: str | None
    ttl: float | None
    sliding_ttl: bool
    create: Literal["if-missing", "overwrite", "never"]
    wait_until_indexed: float


class ExistingOptions(ConnectionOptions, _RecordOptions, VectorFieldOptions, total=False):
    """The keywords of ``from_existing_index``: those of ``IndexOptions``, and five for indexes of other applications.

    Attributes:
        text_field: The field that holds the text of a record: its name in the index, a field of the hash or a JSON
            path. Without it, the only text field of the index.
        vector_field: The vector that is searched, by its name in the index. Without it, the only one that there is.
        metadata_fields: What is read as metadata: a list of names in the index, of fields of the hash or of JSON
            paths, or a dict of such by metadata key. Without it, all that a record has beside its text and its vectors.
        writable: Whether records may be added, replaced and deleted, as that application lays them out (False).
        on_bad_record: What to do with a record that cannot be read, since it has no text, say: ``warn`` (default)
            leaves it out with a warning that names it, ``raise`` raises a ``RecordError``, ``skip`` leaves it out.
    """

    text_field: str | None
    vector_field: str | None
    metadata_fields: MetadataFields | None
    writable: bool
    on_bad_record: Literal["warn", "raise", "skip"]


class IndexOptions(ExistingOptions, total=False):
    """The keywords that every store takes.

    What is not given is read from the index if that exists, and else has the default named here.

    Attributes:
        index_name: The name of the index. Needed unless ``schema`` has it.
        redis_url: See ``ConnectionOptions``, as for the next five.
        client: A sync redis-py client to use instead of a URL.
        async_client: An async redis-py client to use instead of a URL.
        socket_connect_timeout: How many seconds a connection may take to be made (5).
        socket_timeout: How many seconds a reply may take (5).
        retry: How many times, or for how long, a round trip is made again if the connection fails (3).
        prefix: What the keys of its records start with; ``<index_name>:`` by default.
        storage: ``hash`` (default) or ``json``.
        metadata_schema: The metadata fields that can be filtered: ``{"year": "numeric"}``, ``{"year": {"type":
            "numeric", "description": "year of publication"}}`` or RedisVL field dicts. Types are tag, numeric, numbers
            (a list), bool, timestamp, text, geo, and unindexed. Descriptions are for language models; they are kept
            with the index, and the last one to say something new of a field is right. Other keys are learnt from
            what is added, unless this is empty or ``learn`` is False. An index that exists gets new fields with the
            next write or ``create()``, unless its records have values of that key already.
        schema: A RedisVL ``IndexSchema``, or its dict or the path of its YAML file, instead of the keywords above.
        language: The language of the texts: its English name or ISO 639 code (``english``, by default; ``de``),
            ``multilingual`` for texts of many languages, whose words are not reduced to stems, or None for words as
            they are. It is kept with the index. Languages are arabic, armenian, basque, burmese, catalan, chinese,
            czech, danish, dutch, english, esperanto, estonian, finnish, french, german, greek, hindi, hungarian,
            indonesian, irish, italian, japanese, khmer, korean, lao, lithuanian, nepali, norwegian, persian, polish,
            portuguese, romanian, russian, serbian, sesotho, spanish, swedish, tamil, thai, turkish and yiddish.
        language_key: The metadata key that says the language of each record, such as ``lang``; a record without one is
            in ``language``.
        unindexed: Metadata keys that are stored and do not become filterable when they are met, such as long texts. A
            key that is met with a text of more than 512 characters does not either. One that is declared is what it is
            declared as.
        learn_limit: How many keys are learnt at most, up to 1000 (64); each is a field of the index.
        learn: Whether metadata keys that are not declared become filterable when a record first has them (True).
        algorithm: ``hnsw`` (default), ``flat`` or ``svs-vamana``.
        distance_metric: ``cosine`` (default), ``l2`` or ``ip``.
        dtype: How vectors are stored: ``float32`` (default), ``float64``, ``float16``, ``bfloat16``, ``int8`` or
            ``uint8``. Of vectors that are no integers, int8 and uint8 keep the direction, if the metric is cosine.
        scale: For ``int8`` and ``uint8``: what the numbers of vectors are multiplied with before they are rounded and
            stored, such as 127 for numbers from -1 to 1. l2 and ip need it for all but integers. Distances are those
            between the vectors that were given.
        dims: The number of dimensions; by default that of the first vector added.
        vectors: The vectors that records have beside this one, by name: ``{"title": {"key": "title", "embedding":
            model}}``. See ``VectorOptions``. They are kept with the index: who opens it need not say them again, but
            for the models.
        embedding_id: The name of the embedding model, such as ``text-embedding-3-small``; it is kept with the index,
            and a store of another one is refused. By default what a LangChain model says of itself as ``model``,
            ``model_name`` or the like; models that say nothing, and nodes of LlamaIndex, are not compared.
        ttl: Seconds after which a record expires, counted from its last write; None keeps it.
        sliding_ttl: Whether a record that is read or found lives for ``ttl`` again (False); needs ``ttl``.
        create: ``if-missing`` (default), ``overwrite`` (drops index and records first) or ``never``.
        wait_until_indexed: How many seconds an operation that asks the index waits at most while the server still scans
            records that were there before, as after a restart or the creation of an index over records that exist; 0
            for not at all (10). Then it raises ``IndexNotReadyError``, which says how far the scan is.
        m: HNSW, edges per node and layer (16).
        ef_construction: HNSW, candidates while building (200).
        ef_runtime: HNSW, candidates while searching (10).
        epsilon: HNSW and SVS, boundary factor of range queries (0.01).
        initial_cap: Vectors to reserve memory for.
        block_size: FLAT, vectors per memory block.
        graph_max_degree: SVS, edges per node.
        construction_window_size: SVS, candidates while building.
        search_window_size: SVS, candidates while searching.
        compression: SVS, the kind of compression.
        reduce: SVS, dimensions after LeanVec reduction.
        training_threshold: SVS, vectors to gather before compression is trained.
        foreign: Whether an index of another application is opened too, as ``from_existing_index`` does, which takes
            more: see ``ExistingOptions`` (False). Needs ``create="never"``.
    """

    index_name: str | None
    foreign: bool
