"""The whole corpus of the examples and the model that embeds it. No network."""

import asyncio
import math
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import wordllama_model
from stdlib_corpus import C_MODULES, Passage, read_stdlib
from wordllama_langchain import WordLlamaEmbeddings
from wordllama_llama_index import WordLlamaEmbedding
from wordllama_model import DIMENSIONS, embed

Passages = dict[str, Passage]

LOADING = """
import logging, socket

def refuse(*args, **options):
    raise AssertionError("the network was used")

socket.getaddrinfo = socket.socket.connect = refuse
from wordllama_model import load
load()
root = logging.getLogger()
assert (root.level, root.handlers) == (logging.WARNING, []), root
"""


@pytest.fixture(scope="module")
def passages() -> list[Passage]:
    return read_stdlib()


@pytest.fixture(scope="module")
def corpus(passages: list[Passage]) -> Passages:
    return {passage.id: passage for passage in passages}


def test_the_corpus_has_thousands_of_passages_of_every_kind(corpus: Passages) -> None:
    assert len(corpus) > 4_000
    kinds = Counter(passage.kind for passage in corpus.values())
    assert kinds.keys() == {"module", "class", "function", "method"}
    assert min(kinds.values()) > 100
    assert {"json", "json.dumps", "itertools.chain", "math.sqrt", "collections.deque.append"} <= corpus.keys()
    assert not [name for name, passage in corpus.items() if {"test", "tests", "idlelib"} & {*passage.module.split(".")}]


def test_the_ids_of_the_corpus_are_unique_and_its_order_is_fixed(passages: list[Passage], corpus: Passages) -> None:
    assert len(passages) == len(corpus)
    roots = list(dict.fromkeys(passage.module.partition(".")[0] for passage in passages))
    end = roots.index("zoneinfo") + 1  # the last module with Python source
    assert roots[:end] == sorted(roots[:end])
    assert roots[end:] == [name for name in C_MODULES if name in roots[end:]]


def test_every_value_of_the_corpus_has_its_type(corpus: Passages) -> None:
    types = {"module": str, "kind": str, "qualname": str, "lines": int, "parameters": list, "deprecated": bool}
    for name, passage in corpus.items():
        assert {key: type(value) for key, value in passage.metadata.items()} == types, name
        assert {type(parameter) for parameter in passage.parameters} <= {str}, name
        assert len(passage.text) >= 20, name
        assert passage.lines > 0, name
        assert name.startswith(passage.module), name


def test_the_corpus_knows_its_objects(corpus: Passages) -> None:
    assert corpus["argparse.ArgumentParser"].kind == "class"
    assert "prog" in corpus["argparse.ArgumentParser"].parameters
    assert corpus["threading.Thread.setDaemon"].deprecated
    assert corpus["threading.currentThread"].deprecated
    assert not corpus["json.dumps"].deprecated


def test_embeddings_are_the_same_each_time_whatever_their_neighbours() -> None:
    texts = ["parse command line arguments", "long " * 500, "x"]
    vectors = embed(texts)
    assert [len(vector) for vector in vectors] == [DIMENSIONS] * 3
    assert embed(texts) == vectors
    assert all(math.dist(embed([text])[0], vector) < 1e-6 for text, vector in zip(texts, vectors, strict=True))
    assert embed([]) == []


def test_an_empty_text_is_refused_with_its_position() -> None:
    with pytest.raises(ValueError, match="text 1 of 2 is empty"):
        embed(["something", ""])


def test_every_passage_of_the_corpus_embeds_to_unit_length(corpus: Passages) -> None:
    lengths = [math.hypot(*vector) for vector in embed([passage.text for passage in corpus.values()])]
    assert lengths == pytest.approx([1.0] * len(corpus), abs=1e-6)


def test_near_in_meaning_is_near_in_space(corpus: Passages) -> None:
    texts = ["parse command line arguments", corpus["argparse"].text, corpus["zlib.compress"].text]
    query, argparse, zlib = embed(texts)
    assert math.dist(query, argparse) < math.dist(query, zlib) - 0.2


def test_loading_the_model_needs_no_network_and_leaves_logging_alone() -> None:
    subprocess.run([sys.executable, "-c", LOADING], check=True, cwd=Path(wordllama_model.__file__).parent)


def test_langchain_and_llama_index_get_the_same_vectors() -> None:
    texts = ["compress data", "read a file"]
    langchain, llama_index = WordLlamaEmbeddings(), WordLlamaEmbedding()

    async def embed_async() -> list[object]:
        return [
            [await langchain.aembed_documents(texts), await langchain.aembed_query(texts[0])],
            [await llama_index.aget_text_embedding_batch(texts), await llama_index.aget_query_embedding(texts[0])],
            await llama_index.aget_text_embedding(texts[0]),
        ]

    one = embed(texts[:1])[0]
    expected = [embed(texts), one]
    assert [langchain.embed_documents(texts), langchain.embed_query(texts[0])] == expected
    assert [llama_index.get_text_embedding_batch(texts), llama_index.get_query_embedding(texts[0])] == expected
    assert llama_index.get_text_embedding(texts[0]) == one
    assert asyncio.run(embed_async()) == [expected, expected, one]
