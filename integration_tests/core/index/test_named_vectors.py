"""Named vectors as a part of what an index is: declared, read by whoever opens it, compared, kept through a loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import redis

from integration_tests.core import core_support
from integration_tests.core.core_support import Indexes
from integration_tests.langchain.langchain_support import Model
from redisvl_adapters.core import Record, RedisIndex, operations
from redisvl_adapters.core.index.registry import registry_key
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.errors import ArgumentError, RecordError, SchemaMismatchError

TITLE: dict[str, Any] = {"key": "title", "dims": 3, "distance_metric": "l2", "m": 20, "ef_runtime": 50}
SMALL: dict[str, Any] = {"dims": 2, "dtype": "float16", "algorithm": "flat"}
VECTORS: Any = {"title": TITLE, "small_one": SMALL}
NEAR = [1.0, 2.0, 3.0]


@pytest.fixture
async def make(redis_url: str, index_name: str, storage: Any) -> Any:
    async with core_support.opened_indexes(redis_url=redis_url, index_name=index_name, storage=storage) as made:
        yield made


def write(index: RedisIndex, *records: Record) -> None:
    index.run(operations.upsert(index.state, records, [[1.0, 2.0]] * len(records)))


def filled(make: Indexes, **options: Any) -> RedisIndex:
    index = make(vectors=VECTORS, **options)
    write(
        index,
        Record("a", "text", {"title": "one"}, vectors={"title": NEAR, "small_one": [1, 2]}),  # type: ignore[dict-item]
        Record("b", "text", {"n": 1}),
    )
    return index


def schema_of(index: RedisIndex) -> Schema:
    index.run(operations.count(index.state))
    assert index.state.schema is not None
    return index.state.schema


def by_title(index: RedisIndex) -> list[str]:
    hits = index.run(operations.search_by_vector(index.state, NEAR, 9, vector="title"))
    return [hit.record.id for hit in hits]


def test_whoever_opens_an_index_finds_all_of_its_vectors(make: Indexes) -> None:
    schema = schema_of(filled(make))
    title, small = schema.vectors["title"], schema.vectors["small_one"]
    assert (title.key, title.field.dims, title.field.metric, title.field.dtype) == ("title", 3, "l2", "float32")
    assert {name: title.field.tuning[name] for name in ("m", "ef_runtime")} == {"m": 20, "ef_runtime": 50}
    assert (small.key, small.field.dims, small.field.dtype, small.field.algorithm) == (None, 2, "float16", "flat")
    for other in (make(), make(vectors=VECTORS), make(vectors={"title": {"dims": 3}, "small_one": {}})):
        assert schema_of(other).vectors == schema.vectors
        assert by_title(other) == ["a"]
    (found, without) = make().run(operations.fetch(make().state, ["a", "b"], vectors=True))
    assert found is not None
    assert {name: vector.tolist() for name, vector in (found.vectors or {}).items()} == {
        "title": NEAR,
        "small_one": [1.0, 2.0],
    }
    assert without is not None
    assert without.vectors is None
    assert without.metadata == {"n": 1}


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        ({"title": {**TITLE, "dims": 4}}, "dims of vector 'title' is 3, asked for 4"),
        ({"title": {"key": "name"}}, "key of vector 'title' is 'title', asked for 'name'"),
        ({"title": {"distance_metric": "ip"}}, "distance_metric of vector 'title' is 'l2', asked for 'ip'"),
        ({"title": {"algorithm": "flat"}}, "algorithm of vector 'title' is 'hnsw', asked for 'flat'"),
        ({"title": {"ef_runtime": 60}}, "ef_runtime of vector 'title' is 50, asked for 60"),
        ({"small_one": {"dtype": "float32"}}, "dtype of vector 'small_one' is 'float16', asked for 'float32'"),
        ({"body": {"dims": 3}}, "it has no vector 'body'"),
    ],
)
def test_what_was_declared_otherwise_is_refused(make: Indexes, vectors: dict[str, Any], said: str) -> None:
    filled(make)
    with pytest.raises(SchemaMismatchError, match=said):
        schema_of(make(vectors=vectors))


def test_models_that_say_who_they_are_are_compared(make: Indexes) -> None:
    class Named(Model):
        model = "small-title-model"

        def __init__(self) -> None:
            super().__init__(dims=3)
            self.model = type(self).model

    class Other(Named):
        model = "another-model"

    write(make(vectors={"title": {"key": "title", "dims": 3, "embedding": Named()}}), Record("a", "text"))
    assert schema_of(make()).vectors["title"].embedding_id == "small-title-model"
    schema_of(make(vectors={"title": {"embedding": Named()}}))
    schema_of(make(vectors={"title": {"embedding": Model(dims=3)}}))
    with pytest.raises(SchemaMismatchError, match="embedding_id of vector 'title' is 'small-title-model'"):
        schema_of(make(vectors={"title": {"embedding": Other()}}))
    with pytest.raises(ArgumentError, match=r"embedding of vector 'title' is an embedding model.*not str"):
        make(vectors={"title": {"embedding": "model"}})


def test_an_index_needs_to_know_the_dimensions_of_each_when_it_is_made(make: Indexes, server: redis.Redis) -> None:
    index = make(vectors={"title": {"key": "title"}})
    with pytest.raises(ArgumentError, match=r"vector 'title' needs its dims: vectors=\{'title': \{'dims'"):
        write(index, Record("b", "text"))
    assert not server.exists(registry_key(index.state.spec.name))
    write(index, Record("a", "text", {"title": "one"}, vectors={"title": np.asarray(NEAR)}))
    assert schema_of(index).vectors["title"].field.dims == 3


def test_a_registry_that_is_lost_is_restored_with_what_was_declared(make: Indexes, server: redis.Redis) -> None:
    index = filled(make)
    before = schema_of(index)
    server.delete(registry_key(index.state.spec.name))
    with pytest.warns(RuntimeWarning, match="nothing tells of which metadata keys its vectors small_one, title"):
        assert schema_of(make()).vectors["title"].key is None
    told = make(vectors=VECTORS)
    assert schema_of(told).vectors["title"].key == "title"
    assert by_title(told) == ["a"]
    # The next write brings it back.
    write(told, Record("c", "text"))
    assert schema_of(make()).vectors == before.vectors


def test_records_that_outlive_their_index_keep_their_vectors(make: Indexes) -> None:
    index = filled(make)
    index.run(operations.drop(index.state, keep_records=True))
    with pytest.raises(SchemaMismatchError, match="dims of vector 'title' is 3, asked for 4"):
        write(make(vectors={"title": {"dims": 4}}), Record("c", "text"))
    plain = make()
    write(plain, Record("c", "text"))
    assert schema_of(plain).vectors["title"].key == "title"
    assert by_title(plain) == ["a"]
    plain.run(operations.clear(plain.state))
    assert schema_of(make()).vectors.keys() == VECTORS.keys()


def test_names_of_vectors_and_of_metadata_do_not_meet(make: Indexes) -> None:
    index = make(vectors={"title": {"dims": 3}, "embedding_": {"dims": 2}})
    metadata = {"_v_title": "x", "title": "y", "embedding_": "z", "embedding": "e", "_v_embedding_": 4, "text": "t"}
    write(index, Record("a", "text", metadata, vectors={"title": np.asarray(NEAR)}))
    (found,) = index.run(operations.fetch(index.state, ["a"], vectors=True))
    assert found is not None
    assert found.metadata == metadata
    assert found.vectors is not None
    assert found.vectors["title"].tolist() == NEAR
    for key, value in metadata.items():
        assert core_support.ids_of(index, core_support.where(key, "eq", value)) == {"a"}


def test_what_cannot_be_stored_is_refused_before_anything_is_written(make: Indexes) -> None:
    index = filled(make)

    def refused(said: str, metadata: Any = None, vectors: Any = None) -> None:
        with pytest.raises(RecordError, match=said):
            write(index, Record("fine", "text"), Record("c", "text", metadata or {}, vectors=vectors))
        assert core_support.ids_of(index) == {"a", "b"}

    refused(r"record 1 \(id 'c'\), vector 'small_one', has a vector of 3 dimensions", vectors={"small_one": NEAR})
    refused("vector 'small_one', has NaN", vectors={"small_one": [float("nan"), 1]})
    refused("vector 'small_one', has a zero vector", vectors={"small_one": [0, 0]})
    refused(
        r"has a vector 'titel' \(did you mean 'title'\?\), and index .* has: title, small_one", vectors={"titel": NEAR}
    )
    refused("has the metadata 'title', but no vector: give the store its model", {"title": "two"})
    refused("has the metadata 'title' 3, of which vector 'title' is made; it is a text", {"title": 3})
    for metadata in ({"title": None}, {"title": ""}, {}):
        write(index, Record("d", "text", metadata))
    assert by_title(index) == ["a"]
