"""Every public method of the LangChain store: unknown keywords are refused, and each has an async twin."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import redis
from langchain_core.documents import Document

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, indexes_of, retriever_on, store_on
from redisvl_adapters import AdapterError, UnknownArgumentError
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture

METHODS = sorted(name for name, _ in inspect.getmembers(RedisVectorStore, callable) if not name.startswith("_"))
CONSTRUCTORS = [name for name in METHODS if "from_" in name]
WITHOUT_TWIN = {"as_retriever", "scoped"}
VALUES: dict[str, Any] = {
    "texts": ["a"],
    "documents": [Document(page_content="a")],
    "ids": ["1"],
    "query": "a",
    "text": "a",
    "found": "a",
    "queries": ["a"],
    "ttl": 60,
    "search_type": "similarity",
    "index_name": "never-opened",
    "embedding": Model(),
    "embeddings": [[1.0] * 8],
    "text_embeddings": [("a", [1.0] * 8)],
    "other": None,
}


def arguments_of(name: str) -> list[Any]:
    """Return valid values for the arguments that a method needs."""
    parameters = [
        parameter
        for parameter in inspect.signature(getattr(RedisVectorStore, name)).parameters.values()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        and parameter.default is parameter.empty
        and parameter.name != "self"
    ]
    vector = Model().vector("a") if "by_vector" in name else None
    return [vector if vector and parameter.name == "embedding" else VALUES[parameter.name] for parameter in parameters]


def takes_any_keyword(name: str) -> bool:
    parameters = inspect.signature(getattr(RedisVectorStore, name)).parameters.values()
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)


@pytest.mark.parametrize("keyword", ["nonsense", "key_prefix"])
# The keys of a scope are anybody's.
@pytest.mark.parametrize("name", [name for name in METHODS if name != "scoped"])
async def test_a_method_refuses_a_keyword_that_it_does_not_have(
    clients: Clients, server: redis.Redis, index_name: str, name: str, keyword: str
) -> None:
    """langchain-redis 22: unknown keyword arguments are swallowed."""
    model = Model()
    store = store_on(clients, index_name, model)
    target = RedisVectorStore if name in CONSTRUCTORS else store
    # Where a method names all of its keywords Python itself refuses others.
    expected = UnknownArgumentError if takes_any_keyword(name) else TypeError

    async def attempt() -> None:
        result = getattr(target, name)(*arguments_of(name), **{keyword: None})
        if inspect.isawaitable(result):
            await result

    with pytest.raises(expected, match=keyword):
        await attempt()
    assert not model.calls
    assert not indexes_of(server, index_name)


@pytest.mark.parametrize("keyword", ["nonsense", "key_prefix", "index_schema", "config", "dimension"])
def test_the_constructor_refuses_a_keyword_that_it_does_not_have(keyword: str) -> None:
    """langchain-redis 22: unknown keyword arguments are swallowed."""
    options: dict[str, Any] = {"index_name": "never-opened", keyword: None}
    with pytest.raises(UnknownArgumentError, match=keyword):
        RedisVectorStore(Model(), **options)


def test_a_keyword_that_is_nearly_right_is_recognised(clients: Clients, index_name: str) -> None:
    store = store_on(clients, index_name)
    with pytest.raises(UnknownArgumentError, match="did you mean 'filter'"):
        store.similarity_search("a", filters={"n": 1})  # type: ignore[call-arg]  # that is the point
    with pytest.raises(UnknownArgumentError, match="did you mean 'index_name'"):
        RedisVectorStore(Model(), index_nam="a")  # type: ignore[call-arg]  # that is the point
    with pytest.raises(UnknownArgumentError, match="did you mean 'lambda_mult'"):
        store.as_retriever(search_type="mmr", search_kwargs={"lambda_mul": 1})  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize("search_type", ["similarity", "similarity_score_threshold", "mmr", "text", "hybrid"])
async def test_a_retriever_refuses_keywords_that_its_search_does_not_have(
    clients: Clients, index_name: str, call: Call, search_type: str
) -> None:
    """langchain-redis 22: unknown keyword arguments are swallowed."""
    store = store_on(clients, index_name)
    needed = {"score_threshold": 0.5} if search_type == "similarity_score_threshold" else {}
    alien = "score_threshold" if search_type in ("mmr", "hybrid") else "fetch_k"
    for keyword in ("nonsense", alien):
        with pytest.raises(UnknownArgumentError, match=keyword):
            retriever_on(store, search_type=search_type, search_kwargs={**needed, keyword: 1})
    retriever = retriever_on(store, search_type=search_type, search_kwargs=needed)
    with pytest.raises(UnknownArgumentError, match="nonsense"):
        await call(retriever, "invoke", "a", nonsense=1)
    with pytest.raises(UnknownArgumentError, match="nonsense"):
        await call(retriever, "add_documents", [Document(page_content="a")], nonsense=1)
    if search_type not in ("text", "hybrid"):  # of which LangChain's own method does not know
        with pytest.raises(UnknownArgumentError, match="nonsense"):
            await call(store, "search", "a", search_type, **needed, nonsense=1)


@pytest.mark.parametrize("search_type", ["nonsense", "Similarity", "", None])
def test_a_retriever_has_one_of_five_search_types(clients: Clients, index_name: str, search_type: Any) -> None:
    with pytest.raises(AdapterError, match="one of similarity, similarity_score_threshold, mmr, text, hybrid"):
        store_on(clients, index_name).as_retriever(search_type=search_type)


def test_a_retriever_keeps_what_every_retriever_has(clients: Clients, index_name: str) -> None:
    store = store_on(clients, index_name)
    retriever = store.as_retriever(tags=["mine"], metadata={"a": 1}, name="me")
    assert (retriever.tags, retriever.metadata, retriever.name) == (["mine"], {"a": 1}, "me")
    assert store.as_retriever().tags == ["RedisVectorStore", "Model"]


@pytest.mark.parametrize("name", sorted({*METHODS} - WITHOUT_TWIN - {f"a{name}" for name in METHODS}))
def test_every_method_has_an_async_twin_with_the_same_arguments(name: str) -> None:
    """langchain-redis 19: no native async. Both are ours: LangChain's own twins run in threads."""

    def shape(function: Callable[..., object]) -> list[tuple[str, Any, Any]]:
        return [(part.name, part.kind, part.default) for part in inspect.signature(function).parameters.values()]

    method, twin = getattr(RedisVectorStore, name), getattr(RedisVectorStore, f"a{name}")
    # A walk is an async iterator, which nobody awaits.
    assert inspect.iscoroutinefunction(twin) or name == "iterate"
    assert not inspect.iscoroutinefunction(method)
    assert shape(method) == shape(twin)
    if name != "search":  # which calls the others
        assert all(function.__module__.startswith("redisvl_adapters.") for function in (method, twin))


def test_a_store_without_an_embedding_model_is_refused() -> None:
    with pytest.raises(AdapterError, match="langchain_core Embeddings; not str"):
        RedisVectorStore("text-embedding-3", index_name="a")  # type: ignore[arg-type]  # that is the point


def test_the_embedding_model_can_be_read(clients: Clients, index_name: str) -> None:
    model = Model()
    assert store_on(clients, index_name, model).embeddings is model
