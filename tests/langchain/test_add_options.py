"""What adding takes: each option is checked before anything is sent or embedded; ids can be those of the content."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NoReturn

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from llama_index.core.schema import TextNode

from integration_tests.conftest import call
from redisvl_adapters.core.ingest.streaming_ingest import IngestPlan
from redisvl_adapters.core.records.record import Record, content_id
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.errors import ArgumentError, RecordError, UnknownArgumentError
from redisvl_adapters.langchain import RedisVectorStore
from redisvl_adapters.langchain.add_options import read_add_options
from redisvl_adapters.langchain.documents import parts_of, texts_of, to_records
from redisvl_adapters.llama_index import RedisVectorStore as LlamaIndexStore

__all__ = ["call"]  # a fixture


class NoModel(Embeddings):
    """A model that must not be asked."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        raise AssertionError(f"something was embedded: {texts}")

    def embed_query(self, text: str) -> list[float]:
        raise AssertionError(f"something was embedded: {text}")


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for a connection fails."""

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("something was sent")

    monkeypatch.setattr(Connection, "sync_client", refuse)
    monkeypatch.setattr(Connection, "async_client", refuse)


BAD: list[tuple[dict[str, Any], str]] = [
    *(({"batch_size": wrong}, "batch_size is a positive integer") for wrong in (0, -1, True, 1.5, "10")),
    *(({"show_progress": wrong}, "show_progress is True or False") for wrong in (1, "yes", None)),
    *(({"skip_existing": wrong}, "skip_existing is True or False") for wrong in (1, "yes", None)),
    *(({"ttl": wrong}, "ttl is a positive number of seconds") for wrong in (0, -1, True, "60", float("nan"), 1e16)),
]
BAD_OF_LANGCHAIN: list[tuple[dict[str, Any], str]] = [
    *(({"max_concurrency": wrong}, "max_concurrency is a positive integer") for wrong in (0, -1, True, 1.5, None)),
    *(({"content_ids": wrong}, "content_ids is True or False") for wrong in (1, "yes", None)),
    ({"ttl": [1]}, "2 texts came with 1 ttl"),
    ({"ttl": [1, 2, 3]}, "2 texts came with 3 ttl"),
    ({"ttl": {1: 2, 3: 4}}, "ttl is a list with one for each of the texts"),
    ({"ttl": [1, 0]}, "ttl is a positive number of seconds"),
    ({"ttl": [1, "2"]}, "ttl is a positive number of seconds"),
]


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize(("options", "named"), BAD + BAD_OF_LANGCHAIN, ids=str)
async def test_langchain_refuses_an_option_before_anything_is_sent_or_embedded(
    call: Any, options: dict[str, Any], named: str
) -> None:
    store = RedisVectorStore(NoModel(), index_name="docs")
    with pytest.raises(ArgumentError, match=named):
        await call(store, "add_texts", ["a", "b"], **options)
    with pytest.raises(ArgumentError, match=named):
        await call(store, "add_documents", [Document(page_content="a"), Document(page_content="b")], **options)


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize(("options", "named"), [bad for bad in BAD if None not in bad[0].values()], ids=str)
async def test_llama_index_refuses_an_option_before_anything_is_sent(
    call: Any, options: dict[str, Any], named: str
) -> None:
    store = LlamaIndexStore(index_name="docs")
    with pytest.raises(ArgumentError, match=named):
        await call(store, "add", [TextNode(text="a", embedding=[1.0])], **options)


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("stream", [list, iter])
async def test_an_unknown_option_is_refused_before_anything_is_sent_or_drawn(call: Any, stream: Any) -> None:
    """langchain-redis 22: unknown keyword arguments were swallowed."""
    texts = stream(["a", "b"])
    with pytest.raises(UnknownArgumentError, match="did you mean 'batch_size'"):
        await call(RedisVectorStore(NoModel(), index_name="docs"), "add_texts", texts, batchsize=1)
    assert list(texts) == ["a", "b"]
    nodes = stream([TextNode(text="a", embedding=[1.0])])
    with pytest.raises(UnknownArgumentError, match="did you mean 'skip_existing'"):
        await call(LlamaIndexStore(index_name="docs"), "add", nodes, skip_exising=True)
    assert len(list(nodes)) == 1


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"sliding_ttl": 1, "ttl": 5}, "sliding_ttl is True or False"),
        ({"sliding_ttl": True}, "sliding_ttl needs a ttl"),
        ({"retry": -1}, "retry is an integer from 0 to 100"),
        ({"retry": 101}, "retry is an integer from 0 to 100"),
        ({"retry": True}, "retry is an integer from 0 to 100"),
        ({"retry": 1.5}, "retry is an integer from 0 to 100"),
        ({"ttl": 0}, "ttl is a positive number of seconds"),
    ],
    ids=str,
)
def test_a_store_refuses_what_it_is_told_of_expiry_and_retries(options: dict[str, Any], named: str) -> None:
    with pytest.raises(ArgumentError, match=named):
        RedisVectorStore(NoModel(), index_name="docs", **options)
    with pytest.raises(ArgumentError, match=named):
        LlamaIndexStore(index_name="docs", **options)


# Each its time to live


def records_of(texts: Iterable[str], metadata: Any = None, ids: Any = None, **options: Any) -> list[Record]:
    plan, given = read_add_options("add_texts", options, ())
    assert isinstance(plan, IngestPlan)
    return list(to_records(texts_of(texts, metadata, ids), **given))


@pytest.mark.parametrize("stream", [list, iter])
def test_each_text_can_have_its_own_time_to_live(stream: Any) -> None:
    records = records_of(stream(["a", "b", "c"]), ttl=stream([1.5, None, 0.001]))
    assert [each.ttl_ms for each in records] == [1500, None, 1]
    assert [each.ttl_ms for each in records_of(["a", "b"], ttl=3)] == [None, None]
    assert read_add_options("add_texts", {"ttl": 3}, ())[0].ttl_ms == 3000


@pytest.mark.parametrize("more", ["texts", "metadatas", "ids", "ttl"])
def test_streams_of_different_lengths_are_refused_where_one_ends(more: str) -> None:
    """LangChain's own code zips without strictness and loses documents."""
    counts = {"texts": 3, "metadatas": 3, "ids": 3, "ttl": 3, more: 4}
    with pytest.raises(ArgumentError, match="there are not as many"):
        records_of(
            iter([f"text {place}" for place in range(counts["texts"])]),
            iter([{"n": place} for place in range(counts["metadatas"])]),
            iter([str(place) for place in range(counts["ids"])]),
            ttl=iter([1.0] * counts["ttl"]),
        )


def test_ids_that_are_given_go_before_those_of_documents_in_a_stream() -> None:
    documents = [Document(page_content="a", id="own"), Document(page_content="b")]
    assert [record_id for *_, record_id in parts_of(iter(documents), iter(["x", "y"]))] == ["x", "y"]
    assert [record_id for *_, record_id in parts_of(iter(documents), None)] == ["own", None]


# Ids of the content


def test_the_same_content_gets_the_same_id() -> None:
    first = content_id("text", {"a": 1, "b": {"x": [1, 2], "y": None}})
    assert first == content_id("text", {"b": {"y": None, "x": [1, 2]}, "a": 1})
    assert len(first) == 32
    assert int(first, 16)


def test_ids_of_content_stay_what_they_are_from_one_version_to_the_next() -> None:
    assert content_id("text", {"n": 1}) == "c12b253b6c4e1cce6290ccef8a6f406a"


@pytest.mark.parametrize(
    ("text", "metadata"),
    [
        ("text ", {"n": 1}),
        ("Text", {"n": 1}),
        ("text", {}),
        ("text", {"n": 2}),
        ("text", {"n": "1"}),
        ("text", {"n": [1]}),
        ("text", {"m": 1}),
        ("text", {"n": 1, "m": None}),
    ],
)
def test_other_content_gets_another_id(text: str, metadata: dict[str, Any]) -> None:
    assert content_id(text, metadata) != content_id("text", {"n": 1})


def test_content_is_identified_as_it_is_stored() -> None:
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    assert content_id("a", {"t": (1, 2)}) == content_id("a", {"t": [1, 2]})
    assert content_id("a", {"when": moment}) == content_id("a", {"when": moment})


def test_content_that_cannot_be_stored_has_no_id() -> None:
    with pytest.raises(RecordError, match=r"without an id.*'x'"):
        content_id("a", {"x": object()})


def test_only_those_without_an_id_get_that_of_their_content() -> None:
    records = records_of(["a", "b", "a"], None, ["own", None, None], content_ids=True)
    assert [each.id for each in records] == ["own", content_id("b", {}), content_id("a", {})]
    fresh = {each.id for each in records_of(["a", "a"])}
    assert len(fresh) == 2
