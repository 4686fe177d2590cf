"""Named vectors while records change, are copied, and are laid out otherwise: none is lost, and none gets stale."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, store_on
from redisvl_adapters import ArgumentError, CopyError, RecordError
from redisvl_adapters.core import Record, operations
from redisvl_adapters.core.index import snapshot
from redisvl_adapters.core.moving import rebuild as rebuilding
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture

TITLES = Model(dims=4)
IDS = [f"r{place}" for place in range(12)]
METADATAS: list[dict[str, Any]] = [
    {"n": place, **({"title": f"title {place % 5}"} if place % 3 else {})} for place in range(12)
]
IMAGES = [[1.0, float(place)] if place % 4 else None for place in range(12)]
DECLARED: dict[str, Any] = {"title": {"key": "title", "embedding": TITLES}, "image": {"dims": 2, "dtype": "float64"}}


async def filled(call: Call, clients: Clients, name: str, **options: Any) -> RedisVectorStore:
    store = store_on(clients, name, vectors=DECLARED, **options)
    await call(store, "add_texts", IDS, METADATAS, ids=IDS, vectors={"image": IMAGES})
    return store


def title_vectors(titles: list[str | None]) -> list[list[float] | None]:
    made = [None if title is None else np.asarray(TITLES.vector(title), dtype=np.float32).tolist() for title in titles]
    return [None if each is None else [float(number) for number in each] for each in made]


OF_TITLES = title_vectors([metadata.get("title") for metadata in METADATAS])


async def vectors_of(call: Call, store: RedisVectorStore, ids: list[str] = IDS) -> dict[str, Any]:
    return {name: await call(store, "get_embeddings", ids, vector=name) for name in ("title", "image")}


async def near_title(call: Call, store: RedisVectorStore, title: str) -> set[str]:
    found = await call(store, "similarity_search_with_score", title, 20, vector="title")
    return {document.id for document, distance in found if distance < 1e-5}


async def test_texts_are_embedded_once_and_given_vectors_stay(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    TITLES.calls.clear()
    store = await filled(call, clients, index_name, storage=storage)
    ((_, texts),) = TITLES.calls
    # Records share titles: each is embedded once.
    assert sorted(texts) == sorted({metadata["title"] for metadata in METADATAS if "title" in metadata})
    assert await vectors_of(call, store) == {"title": OF_TITLES, "image": IMAGES}
    assert await near_title(call, store, "title 2") == {"r2", "r7"}
    # Whole records are replaced, with their vectors.
    given = {"title": [[1.0, 2.0, 3.0, 4.0], None]}
    await call(store, "add_texts", ["x", "y"], [{"title": "given"}, {}], ids=["r2", "r7"], vectors=given)
    assert await call(store, "get_embeddings", ["r2", "r7"], vector="title") == given["title"]
    assert await call(store, "get_embeddings", ["r2", "r7"], vector="image") == [None, None]
    assert await near_title(call, store, "title 2") == set()


@pytest.mark.sharded
async def test_a_changed_text_is_embedded_anew(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    store = await filled(call, clients, index_name, storage=storage)
    main = await call(store, "get_embeddings", IDS)
    assert await call(store, "update_metadata", ["r1", "r3"], {"title": "new", "n": 1}) == 2
    assert await call(store, "update_metadata", ["r2"], {"title": None}) == 1
    assert await call(store, "update_metadata", changes={"n": 70}, filter={"n": 7}) == 1
    changed = {"r1": "new", "r2": None, "r3": "new"}
    titles = [changed.get(each, metadata.get("title")) for each, metadata in zip(IDS, METADATAS, strict=True)]
    expected = title_vectors(titles)
    assert await vectors_of(call, store) == {"title": expected, "image": IMAGES}
    assert await near_title(call, store, "new") == {"r1", "r3"}
    assert await call(store, "update_metadata", changes={"title": "newest"}, filter={"title": "new"}) == 2
    assert await near_title(call, store, "newest") == {"r1", "r3"}
    assert await near_title(call, store, "new") == set()
    assert await call(store, "get_embeddings", IDS) == main
    bare = store_on(clients, index_name)
    with pytest.raises(ArgumentError, match=r"changes have 'title', of which vector 'title' is made.*vectors="):
        await call(bare, "update_metadata", ["r1"], {"title": "other"})
    with pytest.raises(RecordError, match="'title' 3, of which vector 'title' is made"):
        await call(store, "update_metadata", ["r1"], {"title": 3})
    assert await call(bare, "update_metadata", ["r1"], {"title": None, "n": 5}) == 1
    assert await near_title(call, store, "newest") == {"r3"}
    with pytest.raises(RecordError, match="has the metadata 'title', but no vector"):
        await call(bare, "add_texts", ["x"], [{"title": "t"}])


async def test_a_text_within_a_mapping_is_embedded(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    vectors: Any = {"title": {"key": "book.title", "embedding": TITLES}}
    store = store_on(clients, index_name, vectors=vectors, storage=storage)
    await call(store, "add_texts", ["a", "b"], [{"book": {"title": "one"}}, {"book": {"title": "two"}}], ids=["a", "b"])
    assert await near_title(call, store, "one") == {"a"}
    await call(store, "update_metadata", ["a"], {"book": {"title": "three"}})
    await call(store, "update_metadata", ["b"], {"book": {"pages": 3}})
    assert await near_title(call, store, "three") == {"a"}
    assert await call(store, "get_embeddings", ["b"], vector="title") == [None]


async def test_a_copy_has_all_vectors(clients: Clients, index_name: str, storage: str, call: Call) -> None:
    store = await filled(call, clients, index_name, storage=storage)
    other = store_on(clients, f"{index_name}-copy", storage="json" if storage == "hash" else "hash")
    assert (await call(store, "copy_to", other)).copied == 12
    assert await vectors_of(call, other) == {"title": OF_TITLES, "image": IMAGES}
    assert (await call(store, "copy_to", other)).skipped == 12
    await call(store, "add_texts", ["x"], [{"n": 4}], ids=["r4"], vectors={"image": [[5.0, 5.0]]})
    assert (await call(store, "copy_to", other)).copied == 1
    assert await vectors_of(call, other) == await vectors_of(call, store)
    # Made anew by another model, and made where there were none.
    titles = Model(dims=3)
    anew: Any = {"title": {"key": "title", "embedding": titles}, "image": {}, "kind": {"key": "kind", "dims": 3}}
    target = store_on(clients, f"{index_name}-anew", vectors=anew)
    assert (await call(store, "copy_to", target)).copied == 12
    assert (await call(target, "get_embeddings", ["r1"], vector="title")) == [
        np.asarray(titles.vector("title 1"), dtype=np.float32).tolist()
    ]
    assert await call(target, "get_embeddings", IDS, vector="image") == [*IMAGES[:4], [5.0, 5.0], *IMAGES[5:]]
    first: Any = {"title": {"dims": 3}, "image": {}}
    with pytest.raises(CopyError, match=r"'title' of index .* must be made anew; give the other store its model"):
        await call(store, "copy_to", store_on(clients, f"{index_name}-lacking", vectors=first))
    lost: Any = {"title": {"key": "title", "embedding": TITLES}}
    with pytest.raises(ArgumentError, match=r"has no vector 'image', which records of index .* would be lost"):
        await call(store, "copy_to", store_on(clients, f"{index_name}-lost", vectors=lost))


async def test_a_rebuilt_index_has_all_vectors(
    clients: Clients, index_name: str, storage: str, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "MAX_AGE", -1.0)
    monkeypatch.setattr(rebuilding, "SETTLED", 0.0)
    store = await filled(call, clients, index_name, storage=storage)
    changed: list[dict[str, Any]] = [
        {"storage": "json" if storage == "hash" else "hash"},
        {"algorithm": "flat"},
        {"embedding": Model(dims=5)},
    ]
    for change in changed:
        await call(store, "rebuild", **change)
        assert await vectors_of(call, store) == {"title": OF_TITLES, "image": IMAGES}
        assert await near_title(call, store, "title 2") == {"r2", "r7"}
        other = store_on(clients, index_name, Model(dims=5))
        assert await vectors_of(call, other) == {"title": OF_TITLES, "image": IMAGES}
    # Titles are still made by the model that they had.
    await call(store, "add_texts", ["x"], [{"title": "title 2"}], ids=["new"])
    assert await near_title(call, store, "title 2") == {"r2", "r7", "new"}


async def test_scoped_stores_and_streams_make_them_too(
    clients: Clients, index_name: str, storage: str, call: Call
) -> None:
    store = store_on(clients, index_name, storage=storage, vectors=DECLARED)
    within = store.scoped(tenant="a")
    stream: Any = {"ids": iter(IDS), "batch_size": 5, "vectors": {"image": iter(IMAGES)}}
    await call(within, "add_texts", (text for text in IDS), iter(METADATAS), **stream)
    await call(store, "add_texts", ["x"], [{"title": "title 2", "tenant": "b"}], ids=["other"])
    assert await vectors_of(call, within) == {"title": OF_TITLES, "image": IMAGES}
    assert await near_title(call, within, "title 2") == {"r2", "r7"}
    assert await call(within, "update_metadata", ["r1", "other"], {"title": "title 2"}) == 1
    assert await near_title(call, within, "title 2") == {"r1", "r2", "r7"}
    with pytest.raises(ArgumentError, match=r"not as many vectors\['image'\] as texts"):
        await call(store, "add_texts", (text for text in "ab"), vectors={"image": iter([None])})
    with pytest.raises(ArgumentError, match=r"2 texts came with 1 vectors\['image'\]"):
        await call(store, "add_texts", ["a", "b"], vectors={"image": [None]})
    with pytest.raises(ArgumentError, match="vectors is a mapping of the names of vectors"):
        await call(store, "add_texts", ["a"], vectors=[[1.0]])
    bad: Any = {"title": {"embedding": OneVector(dims=4)}}
    broken = store_on(clients, index_name, vectors=bad)
    with pytest.raises(ArgumentError, match="model of vector 'title' made 1 vectors of 2 texts"):
        await call(broken, "add_texts", ["a", "b"], [{"title": "c"}, {"title": "d"}])


class OneVector(Model):
    """Makes one vector of any number of texts."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return super().embed_documents(texts)[:1]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        return self.embed_documents(texts)


def test_vectors_that_come_with_changes_are_checked_and_so_is_what_they_are_of(
    clients: Clients, index_name: str, storage: str
) -> None:
    index = store_on(clients, index_name, storage=storage, vectors=DECLARED).index
    vectors: Any = {"title": TITLES.vector("one"), "image": [1.0, 2.0]}
    index.run(operations.upsert(index.state, [Record("a", "text", {"title": "one"}, vectors=vectors)], [[1.0] * 8]))
    short = operations.update_metadata(index.state, {"title": "x"}, ["a"], vectors={"title": [1.0, 2.0, 3.0]})
    with pytest.raises(RecordError, match="the changes, vector 'title', has a vector of 3 dimensions"):
        index.run(short)
    assert index.run(operations.update_metadata(index.state, {"title": "one", "n": 1}, ["a"], vectors=vectors)) == 1
    (found,) = index.run(operations.fetch(index.state, ["a"], vectors=True))
    assert found is not None
    assert found.vectors is not None
    assert found.vectors["image"].tolist() == [1.0, 2.0]
    assert np.allclose(found.vectors["title"], vectors["title"], rtol=1e-6)
