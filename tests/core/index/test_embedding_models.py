"""The name of the embedding model: what models say of themselves, and users who may not register it."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from llama_index.core import MockEmbedding
from redis.exceptions import NoPermissionError

from redisvl_adapters.core import operations
from redisvl_adapters.core.index.registry import EMBEDDING
from redisvl_adapters.core.records.embedding_models import model_name
from redisvl_adapters.core.server.commands import Command
from redisvl_adapters.errors import SchemaMismatchError
from tests.core.fake_server import FakeServer, make_state, record

VECTOR = [[1.0, 2.0]]


class Model:
    def __init__(self, **told: Any) -> None:
        vars(self).update(told)

    def embed_query(self, text: str) -> list[float]:
        raise AssertionError(text)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (Model(model="text-embedding-3-small", dimensions=256), "text-embedding-3-small"),
        (Model(model_name="sentence-transformers/all-MiniLM-L6-v2"), "sentence-transformers/all-MiniLM-L6-v2"),
        (Model(model=object(), model_id="amazon.titan-embed-text-v1"), "amazon.titan-embed-text-v1"),
        (Model(store={}, underlying=Model(model="a")), "a"),
        (Model(model="b", underlying=Model(model="a")), "b"),
        (Model(model=""), None),
        (Model(model="/models/minilm"), None),
        (Model(model="C:\\models\\minilm"), None),
        (Model(model="https://here:8080"), None),
        (DeterministicFakeEmbedding(size=4), None),
        (MockEmbedding(4), None),
    ],
)
def test_a_model_says_its_name_or_nothing(model: object, name: str | None) -> None:
    assert model_name(model) == name


def test_a_model_that_wraps_itself_says_nothing() -> None:
    model = Model()
    model.inner = model  # type: ignore[attr-defined]  # of the test
    assert model_name(model) is None


def test_a_user_who_may_not_register_the_model_writes_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    server, owner, writer = FakeServer(), make_state(), make_state(embedding_id="m")
    server.run(owner, operations.upsert(owner, [record("a")], VECTOR))
    execute, asked = server.execute, []

    def refuse(command: Command) -> Any:
        if command.args[0] == "HSETNX":
            asked.append(command)
            return NoPermissionError("this user has no permissions to run the 'hsetnx' command")
        return execute(command)

    monkeypatch.setattr(server, "execute", refuse)
    for record_id in ("b", "c"):
        assert server.run(writer, operations.upsert(writer, [record(record_id)], VECTOR)) == [record_id]
    assert len(asked) == 1
    assert EMBEDDING not in server.registry


def test_of_two_models_that_come_at_once_the_second_is_refused() -> None:
    server, owner = FakeServer(), make_state()
    server.run(owner, operations.upsert(owner, [record("a")], VECTOR))
    first, second = make_state(embedding_id="1"), make_state(embedding_id="2")
    other = operations.upsert(first, [record("b")], VECTOR)
    server.interrupt("HSETNX", lambda: server.run(first, other))
    with pytest.raises(SchemaMismatchError, match="model '1', and this store embeds with '2'"):
        server.run(second, operations.upsert(second, [record("c")], VECTOR))
    assert set(server.records) == {"a", "b"}
