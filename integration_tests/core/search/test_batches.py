"""Many queries at once: what each finds by itself, embedded by one call and searched in one round trip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_core.documents import Document

from integration_tests.conftest import Call
from integration_tests.core.search import search_support as retrieving_support
from integration_tests.core.search.search_support import QUERY, Sent, Shelf, shelf
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, ids_of, retriever_on, store_on
from redisvl_adapters import ArgumentError, FilterError
from redisvl_adapters.core import Compare, Operator, operations

clients = langchain_support.clients  # a fixture
sent = retrieving_support.sent  # a fixture

QUERIES = [QUERY, "harbour violin", "", "copper?", QUERY]
TYPES: dict[str, dict[str, Any]] = {
    "similarity": {"k": 5, "ef_runtime": 300},
    "similarity_score_threshold": {"k": 30, "score_threshold": 0.5},
    "mmr": {"k": 5, "fetch_k": 12, "lambda_mult": 0.3},
    "text": {"k": 5, "scorer": "BM25"},
    "hybrid": {"k": 5, "alpha": 0.3, "fetch_k": 12},
}
FILTERS: list[dict[str, Any]] = [{}, {"filter": {"n": {"$gte": 12}}}]


@pytest.mark.parametrize("options", FILTERS, ids=repr)
async def test_a_batch_finds_what_each_query_finds(
    clients: Clients, index_name: str, storage: str, call: Call, options: dict[str, Any]
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    for k, more in ((4, {}), (40, {"distance_threshold": 0.8}), (3, {"keywords": "fox"}), (0, {})):
        alone = [await there.lc("similarity_search", query, k, **options, **more) for query in QUERIES]
        assert await there.lc("similarity_search_batch", QUERIES, k, **options, **more) == alone
    alone = [await there.lc("similarity_search", query, **options) for query in QUERIES]
    assert await there.lc("similarity_search_batch", QUERIES, **options) == alone
    assert await there.lc("similarity_search_batch", [], **options) == []


async def test_the_core_searches_for_many_vectors_at_once(
    clients: Clients, index_name: str, storage: str, call: Call, sent: Sent
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    vectors = [there.model.vector(query) for query in QUERIES]
    filter = Compare("n", Operator.GTE, 12)
    alone = [await there.run(operations.search_by_vector, vector, 5, filter) for vector in vectors]
    sent.clear()
    found = await there.run(operations.search_batch, vectors, 5, filter)
    assert [len(batch) for batch in sent] == [len(QUERIES)]
    assert [[(hit.record.id, hit.distance) for hit in hits] for hits in found] == [
        [(hit.record.id, hit.distance) for hit in hits] for hits in alone
    ]
    assert await there.run(operations.search_batch, [], 5) == []


async def test_a_batch_is_embedded_by_one_call_and_searched_in_one_round_trip(
    clients: Clients, index_name: str, storage: str, call: Call, sent: Sent
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    there.model.calls.clear()
    sent.clear()
    await there.lc("similarity_search_batch", QUERIES)
    assert [len(batch) for batch in sent] == [len(QUERIES)]
    ((name, texts),) = there.model.calls
    assert name.endswith("embed_documents")
    assert texts == QUERIES


@pytest.mark.parametrize("options", FILTERS, ids=repr)
@pytest.mark.parametrize("search_type", TYPES)
async def test_a_retriever_finds_for_a_batch_what_it_finds_one_by_one(
    clients: Clients, index_name: str, storage: str, call: Call, search_type: str, options: dict[str, Any]
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    retriever = retriever_on(there.langchain, search_type=search_type, search_kwargs={**TYPES[search_type], **options})
    alone = [await call(retriever, "invoke", query) for query in QUERIES]
    assert any(alone)
    assert await call(retriever, "batch", QUERIES) == alone
    assert await call(retriever, "batch", QUERIES, return_exceptions=True) == alone
    few = [await call(retriever, "invoke", query, k=2) for query in QUERIES[:2]] if search_type != "mmr" else []
    if few:
        assert await call(retriever, "batch", QUERIES[:2], k=2) == few
    assert await call(retriever, "batch", []) == []


@pytest.mark.parametrize("search_type", TYPES)
async def test_the_batch_of_a_retriever_is_one_call_and_one_round_trip(
    clients: Clients, index_name: str, storage: str, call: Call, sent: Sent, search_type: str
) -> None:
    there = await shelf(call, clients, index_name, storage=storage)
    retriever = retriever_on(there.langchain, search_type=search_type, search_kwargs=TYPES[search_type])
    await call(retriever, "invoke", QUERY)
    there.model.calls.clear()
    sent.clear()
    await call(retriever, "batch", QUERIES)
    assert len(sent) == 1
    # The text side of a text without words is not asked for.
    commands = {"text": len(QUERIES) - 1, "hybrid": 2 * len(QUERIES) - 1}.get(search_type, len(QUERIES))
    assert len(sent[0]) in (commands, len(QUERIES))
    assert [texts for _, texts in there.model.calls] == ([] if search_type == "text" else [QUERIES])


class Runs(BaseCallbackHandler):
    """Writes down the runs of retrievers.

    Attributes:
        started: The queries, by run.
        tags: The tags, by run.
        ended: What was found, by run.
        failed: What went wrong, by run.
    """

    def __init__(self) -> None:
        self.started: dict[UUID, str] = {}
        self.tags: dict[UUID, list[str]] = {}
        self.ended: dict[UUID, Sequence[Document]] = {}
        self.failed: dict[UUID, BaseException] = {}

    def on_retriever_start(
        self,
        serialized: Any,  # noqa: ARG002  # LangChain's
        query: str,
        *,
        run_id: UUID,
        tags: list[str] | None = None,
        **_: Any,
    ) -> None:
        self.started[run_id] = query
        self.tags[run_id] = tags or []

    def on_retriever_end(self, documents: Sequence[Document], *, run_id: UUID, **_: Any) -> None:
        self.ended[run_id] = documents

    def on_retriever_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:
        self.failed[run_id] = error


class AsyncRuns(AsyncCallbackHandler):
    """Is awaited.

    Attributes:
        queries: The queries.
    """

    def __init__(self) -> None:
        self.queries: list[str] = []

    async def on_retriever_start(
        self,
        serialized: Any,  # noqa: ARG002  # LangChain's
        query: str,
        **_: Any,
    ) -> None:
        self.queries.append(query)


@pytest.mark.parametrize("search_type", TYPES)
async def test_each_query_of_a_batch_has_a_run_of_its_own_with_the_tags(
    clients: Clients, index_name: str, call: Call, search_type: str
) -> None:
    there = await shelf(call, clients, index_name)
    retriever = retriever_on(
        there.langchain,
        search_type=search_type,
        search_kwargs=TYPES[search_type],
        tags=["mine"],
        metadata={"team": "search"},
    )
    runs = Runs()
    found = await call(retriever, "batch", QUERIES, {"callbacks": [runs], "tags": ["ours"]})
    assert [*runs.started.values()] == QUERIES
    assert len(runs.started) == len(QUERIES)
    assert [list(documents) for documents in runs.ended.values()] == found
    assert all({"mine", "ours"} <= {*tags} for tags in runs.tags.values())
    assert not runs.failed
    each = [Runs() for _ in QUERIES]
    await call(retriever, "batch", QUERIES, [{"callbacks": [one], "tags": [str(n)]} for n, one in enumerate(each)])
    assert [[*one.started.values()] for one in each] == [[query] for query in QUERIES]
    assert all(str(n) in next(iter(one.tags.values())) for n, one in enumerate(each))


async def test_async_callbacks_are_awaited(clients: Clients, index_name: str, call: Call) -> None:
    there = await shelf(call, clients, index_name)
    runs = AsyncRuns()
    await there.langchain.as_retriever().abatch(QUERIES, {"callbacks": [runs]})
    assert runs.queries == QUERIES


class Choosy(Model):
    """An embedding model that cannot read one text."""

    def vector(self, text: str) -> list[float]:
        if text == "poison":
            raise RuntimeError("this text cannot be embedded")
        return super().vector(text)


async def choosy(call: Call, clients: Clients, index_name: str) -> Shelf:
    there = await shelf(call, clients, index_name)
    model = Choosy(there.model.told, dims=8)
    return Shelf(there.items, store_on(clients, index_name, model), there.llama_index, there.core, model, call)


async def test_a_query_that_fails_can_be_returned_as_its_error(clients: Clients, index_name: str, call: Call) -> None:
    there = await choosy(call, clients, index_name)
    retriever = there.langchain.as_retriever()
    runs = Runs()
    good = await call(retriever, "invoke", QUERY)
    asked = [QUERY, "poison", QUERY]
    first, second, third = await call(retriever, "batch", asked, {"callbacks": [runs]}, return_exceptions=True)
    assert first == third == good
    assert isinstance(second, RuntimeError)
    # A thread each, or a task each.
    assert sorted(runs.started.values()) == sorted(asked)
    assert [str(error) for error in runs.failed.values()] == ["this text cannot be embedded"]
    assert len(runs.ended) == 2


async def test_a_query_that_fails_fails_the_batch(clients: Clients, index_name: str, call: Call) -> None:
    there = await choosy(call, clients, index_name)
    with pytest.raises(RuntimeError, match="cannot be embedded"):
        await call(there.langchain.as_retriever(), "batch", [QUERY, "poison"])
    with pytest.raises(RuntimeError, match="cannot be embedded"):
        await there.lc("similarity_search_batch", [QUERY, "poison"])


async def test_a_filter_that_cannot_be_honoured_fails_the_batch(clients: Clients, index_name: str, call: Call) -> None:
    there = await shelf(call, clients, index_name)
    retriever = there.langchain.as_retriever(search_kwargs={"filter": {"nothing": 1}})
    with pytest.raises(FilterError, match="'nothing' is not in index"):
        await call(retriever, "batch", QUERIES)
    failures = await call(retriever, "batch", QUERIES, return_exceptions=True)
    assert [type(failure) for failure in failures] == [FilterError.__subclasses__()[0]] * len(QUERIES)
    with pytest.raises(FilterError, match="'nothing' is not in index"):
        await there.lc("similarity_search_batch", QUERIES, filter={"nothing": 1})


@pytest.mark.parametrize("queries", ["one", None, 7, [QUERY, None], [b"fox"]], ids=repr)
async def test_a_batch_is_a_list_of_texts(
    clients: Clients, index_name: str, call: Call, sent: Sent, queries: Any
) -> None:
    there = await shelf(call, clients, index_name)
    there.model.calls.clear()
    sent.refusing = True
    with pytest.raises(ArgumentError, match=r"queries is a list of texts|query is a text"):
        await there.lc("similarity_search_batch", queries)
    assert not there.model.calls


async def test_a_batch_on_an_index_without_records_finds_nothing(clients: Clients, index_name: str, call: Call) -> None:
    store = store_on(clients, index_name, Model())
    assert await call(store, "similarity_search_batch", ["a", "b"]) == [[], []]
    for search_type, options in TYPES.items():
        retriever = retriever_on(store, search_type=search_type, search_kwargs=options)
        assert [ids_of(found) for found in await call(retriever, "batch", ["a", "b"])] == [[], []]
