"""Values of the wrong kind: each is refused by an error that names the argument, before anything is sent."""

from __future__ import annotations

import math
from typing import Any

import pytest
from llama_index.core.vector_stores.types import VectorStoreQuery

from redisvl_adapters import ArgumentError, UnknownArgumentError
from redisvl_adapters.langchain import RedisVectorStore as LangChainStore
from redisvl_adapters.llama_index import RedisDocumentStore, RedisIndexStore, RedisKVStore
from redisvl_adapters.llama_index import RedisVectorStore as LlamaIndexStore
from tests.test_misspelt_arguments import NoModel

VECTOR = [1.0, 2.0]

Call = Any


def opened(store: Any) -> Any:
    """Return a store that takes its index for opened, on a server that nobody reaches."""
    store.index.state.opened = True
    return store


def langchain() -> Any:
    return opened(LangChainStore(NoModel(), index_name="docs", redis_url="redis://localhost:1"))


def llama_index() -> Any:
    return opened(LlamaIndexStore(index_name="docs", redis_url="redis://localhost:1"))


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Call:
    """What runs a method of a store, given by its sync name, or its async twin."""

    async def run(target: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        if request.param == "sync":
            return getattr(target, name)(*args, **kwargs)
        twin = getattr(target, f"async_{name}", None) or getattr(target, f"a{name}")
        return await twin(*args, **kwargs)

    return run


NO_IDS = [0, 5, "", "a", b"", False, True, {}, {"a": 1}, math.nan, range(0), {"a"}, [5], [""], [None]]


@pytest.mark.parametrize("value", NO_IDS, ids=repr)
async def test_ids_are_a_list_of_ids_or_none_at_all(call: Call, value: object) -> None:
    """A wrong value that is false would else restrict nothing."""
    for part in ("node_ids", "doc_ids"):
        parts: dict[str, Any] = {part: value}
        for method in ("query", "explain"):
            with pytest.raises(ArgumentError, match=part):
                await call(llama_index(), method, VectorStoreQuery(query_embedding=VECTOR, **parts))
    for store, method in ((llama_index(), "get_nodes"), (llama_index(), "delete_nodes"), (langchain(), "delete")):
        with pytest.raises(ArgumentError, match=r"ids\b"):
            await call(store, method, value)
    with pytest.raises(ArgumentError, match=r"ids\b"):
        await call(langchain(), "get_by_ids", value)


NO_SECONDS = [1e30, 10**400, -1, math.nan, -math.inf, "5", True]


@pytest.mark.parametrize("seconds", NO_SECONDS, ids=lambda seconds: f"{seconds!r:.8}")
async def test_a_time_limit_is_a_number_that_a_clock_can_count(call: Call, seconds: object) -> None:
    for store in (langchain(), llama_index()):
        for method in ("health", "wait_until_indexed"):
            with pytest.raises(ArgumentError, match="timeout is"):
                await call(store, method, timeout=seconds)
    with pytest.raises(ArgumentError, match="wait_until_indexed is"):
        LangChainStore(NoModel(), index_name="docs", wait_until_indexed=seconds)  # type: ignore[arg-type]


async def test_a_time_limit_may_be_infinite(call: Call) -> None:
    for store in (langchain(), llama_index()):
        assert "no Redis server answers" in (await call(store, "health", timeout=math.inf)).reason


@pytest.mark.parametrize("value", [None, 5, 0, "", "a", b"", {}, {"a": 1}, [5], [""], ["\ud800"]], ids=ascii)
async def test_aliases_of_a_rebuild_are_a_list_of_names(call: Call, value: object) -> None:
    for store in (langchain(), llama_index()):
        with pytest.raises(ArgumentError, match="aliases is a list"):
            await call(store, "rebuild", aliases=value)


@pytest.mark.parametrize("value", [5, 0, "", "year", b"", {}, {"year": 1}, [5], False], ids=repr)
async def test_lists_of_keys_are_lists_of_strings(call: Call, value: Any) -> None:
    for store in (langchain(), llama_index()):
        with pytest.raises(ArgumentError, match="fields"):
            await call(store, "as_tool", search_type="text", fields=value)
    with pytest.raises(ArgumentError, match="unindexed"):
        LangChainStore(NoModel(), index_name="docs", unindexed=value)
    with pytest.raises(ArgumentError, match="unindexed"):
        LlamaIndexStore(index_name="docs", unindexed=value)
    query = VectorStoreQuery(query_embedding=VECTOR, output_fields=value)
    with pytest.raises(ArgumentError, match="output_fields"):
        await call(llama_index(), "query", query)


@pytest.mark.parametrize("value", [[], [1], "", "k", 0, 5, False, {1: 2}, {None: 2}, {("k",): 2}], ids=repr)
async def test_search_keywords_are_a_mapping_of_names(call: Call, value: Any) -> None:
    for store in (langchain(), llama_index()):
        with pytest.raises(ArgumentError, match="search_kwargs is a mapping"):
            await call(store, "as_tool", search_type="text", search_kwargs=value)
    with pytest.raises(ArgumentError, match="search_kwargs is a mapping"):
        langchain().as_retriever(search_kwargs=value)


@pytest.mark.parametrize("value", [5, "a", b"a", {"a": "b"}, {}, None], ids=repr)
async def test_what_is_added_is_a_list(call: Call, value: object) -> None:
    for method in ("add_texts", "add_documents"):
        with pytest.raises(ArgumentError, match=f"{method[4:]} is a list of"):
            await call(langchain(), method, value)
    with pytest.raises(ArgumentError, match="texts is a list of"):
        await call(langchain(), "add_embeddings", value, [VECTOR])
    with pytest.raises(ArgumentError, match="nodes is a list of"):
        await call(llama_index(), "add", value)


@pytest.mark.parametrize("value", [5, "a", b"a", {"a": "b"}, {}], ids=repr)
@pytest.mark.parametrize("texts", [["a"], iter(["a"])], ids=["list", "stream"])
async def test_what_is_added_with_texts_is_a_list(call: Call, texts: Any, value: object) -> None:
    for name in ("ids", "metadatas"):
        with pytest.raises(ArgumentError, match=f"{name} is a list with one for each of the texts"):
            await call(langchain(), "add_texts", texts, **{name: value})


@pytest.mark.parametrize("name", ["text_field", "vector_field", "metadata_fields", "writable", "on_bad_record"])
@pytest.mark.parametrize("make", [LlamaIndexStore, lambda **options: LangChainStore(NoModel(), **options)])
def test_an_option_of_indexes_of_others_is_told_by_where_it_belongs(make: Any, name: str) -> None:
    with pytest.raises(UnknownArgumentError, match=f"no argument '{name}'; it is one of from_existing_index$"):
        make(index_name="docs", **{name: "a"})


DOCUMENTS: list[tuple[str, tuple[Any, ...], str]] = [
    ("set_document_hash", ("a", 5), "doc_hash is a string; not 5"),
    ("set_document_hash", ("a", None), "doc_hash is a string"),
    ("set_document_hash", (5, 5), "doc_id is a string; not 5"),
    ("set_document_hashes", ({"a": 1},), r"doc_hashes\['a'\] is a string; not 1"),
    ("set_document_hashes", ({1: "a"},), "each id of doc_hashes is a string; not 1"),
    *[("set_document_hashes", (value,), "doc_hashes is a dict") for value in ([1], None, "x", 0, [])],
    *[(f"get_{name}", (5,), "doc_id is a string") for name in ("document", "document_hash", "ref_doc_info")],
    *[(f"{name}_exists", (5,), "doc_id is a string") for name in ("document", "ref_doc")],
    *[(f"delete_{name}", (5,), "doc_id is a string") for name in ("document", "ref_doc")],
    *[("get_node_dict", (value,), "node_id_dict is a dict") for value in (5, None, "x", ["a"])],
    ("get_node_dict", ({1: 2},), r"node_ids\[0\] is a string; not 2"),
    *[("get_nodes", (value,), "node_ids is a list") for value in (5, None, "x", {"a": 1})],
    *[("add_documents", (value,), "docs is a list of nodes") for value in (5, None, "x", {"a": 1}, b"")],
]


@pytest.mark.parametrize(("method", "given", "said"), DOCUMENTS, ids=repr)
async def test_a_document_store_names_the_argument(call: Call, method: str, given: tuple[Any, ...], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        await call(RedisDocumentStore(redis_url="redis://localhost:1"), method, *given)


@pytest.mark.parametrize("value", [5, None, "x", {}, b"a"], ids=repr)
async def test_stores_of_structures_and_of_values_name_the_argument(call: Call, value: Any) -> None:
    indexes = RedisIndexStore(redis_url="redis://localhost:1")
    with pytest.raises(ArgumentError, match="index_struct is the structure of an index"):
        await call(indexes, "add_index_struct", value)
    values = RedisKVStore(redis_url="redis://localhost:1")
    if not isinstance(value, dict):
        with pytest.raises(ArgumentError, match="val is a dict"):
            await call(values, "put", "a", value)
    if not isinstance(value, str):
        for method, more in (("get", ()), ("delete", ()), ("put", ({},))):
            with pytest.raises(ArgumentError, match="key is a string"):
                await call(values, method, value, *more)
        with pytest.raises(ArgumentError, match="key is a string"):
            await call(indexes, "delete_index_struct", value)
        if value is not None:
            with pytest.raises(ArgumentError, match="struct_id is a string"):
                await call(indexes, "get_index_struct", value)
