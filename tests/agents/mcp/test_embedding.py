"""The embedding model of a server: models of every library, what makes one, functions, and what is none of these."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from redisvl_adapters.agents.mcp.embedding import as_embedding, load_embedding
from redisvl_adapters.errors import ArgumentError, EmbeddingError

MODULE = """
class LangChain:
    async def aembed_query(self, text): return [1.0, len(text)]
    async def aembed_documents(self, texts): return [[2.0, len(text)] for text in texts]

class LlamaIndex:
    async def aget_query_embedding(self, text): return [1.0, len(text)]
    async def aget_text_embedding(self, text): return [2.0, len(text)]

class NotAsync:
    def embed_query(self, text): return [1.0, len(text)]
    def embed_documents(self, texts): return [[2.0, len(text)] for text in texts]

class Vectorizer:
    def embed(self, text): return [1.0, len(text)]

class Needy:
    def __init__(self, key): pass

def make(): return LangChain()
def of_texts(texts): return [[3.0, len(text)] for text in texts]
async def of_texts_async(texts): return of_texts(texts)
def failing(): raise OSError("no file")
def empty(texts): return []
def refusing(texts): raise OSError("sk-secret")
model = LlamaIndex()
number = 5
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module in the working directory."""
    (tmp_path / "own_models.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    monkeypatch.delitem(__import__("sys").modules, "own_models", raising=False)


@pytest.mark.parametrize(
    ("name", "vectors"),
    [
        ("LangChain", ([1.0, 3], [2.0, 3])),
        ("make", ([1.0, 3], [2.0, 3])),
        ("LlamaIndex", ([1.0, 3], [2.0, 3])),
        ("model", ([1.0, 3], [2.0, 3])),
        ("NotAsync", ([1.0, 3], [2.0, 3])),
        ("Vectorizer", ([1.0, 3], [1.0, 3])),
        ("of_texts", ([3.0, 3], [3.0, 3])),
        ("of_texts_async", ([3.0, 3], [3.0, 3])),
    ],
)
async def test_any_kind_of_model_embeds(name: str, vectors: Sequence[Any]) -> None:
    found = load_embedding(f"own_models:{name}")
    assert [await found.query("abc"), await found.document("abc")] == list(vectors)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("own_models", "embedding is written module:name"),
        (":make", "embedding is written module:name"),
        ("none_such:make", "there is no module 'none_such'"),
        ("own_models:mak", r"has no 'mak' \(did you mean 'make'\?\)"),
        ("own_models:Needy", "class Needy needs arguments; name a function that makes the model"),
        (
            "own_models:number",
            "an embedding model of LangChain, LlamaIndex or RedisVL",
        ),
    ],
)
def test_what_is_no_model_is_told(name: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        load_embedding(name)


def test_a_maker_that_fails_is_told() -> None:
    with pytest.raises(EmbeddingError, match="'own_models:failing' failed: no file"):
        load_embedding("own_models:failing")


async def test_a_model_that_fails_tells_models_nothing_of_itself() -> None:
    with pytest.raises(EmbeddingError, match=r"^the embedding model failed: OSError$"):
        await load_embedding("own_models:refusing").query("abc")
    with pytest.raises(EmbeddingError, match="no list of one vector for a list of one text"):
        await load_embedding("own_models:empty").query("abc")
    with pytest.raises(ArgumentError, match="'it' is an embedding model"):
        as_embedding(object(), "it")
