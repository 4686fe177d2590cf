"""The corpus of the examples and the model that embeds it. No server, no network."""

import asyncio
import math
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import wordllama_model
from stdlib_corpus import C_MODULES, Passage, curate, parse_source, read_builtin, read_stdlib
from wordllama_langchain import WordLlamaEmbeddings
from wordllama_llama_index import WordLlamaEmbedding
from wordllama_model import DIMENSIONS, embed

Passages = dict[str, Passage]

SOURCE = '''
"""A module of many wonders."""
try:
    import fast
except ImportError:
    def fallback(a, /, b, *rest, c=1, **others):
        """
        Does without.

            Keeps its indentation.
        """
        def inner():
            """Nobody sees a function inside a function."""

class Outer:
    """A class with a constructor."""
    def __init__(self, size, *, colour="red"): ...

    @staticmethod
    def make(pattern):
        """Make one without an instance."""

    @classmethod
    def load(cls, path):
        """Load one from a file."""

    class Inner:
        """A class within a class."""
        async def wait(self, seconds):
            """Wait for some seconds."""

def undocumented(): ...

def warned():
    """Does what it always did."""
    if fast:
        warnings.warn("use another", category=DeprecationWarning)

def warned_inside():
    """Defines something that is deprecated."""
    def inner():
        warnings.warn("use another", DeprecationWarning)

@warnings.deprecated("use another")
def decorated():
    """Does what it always did."""

def described():
    """Old way to do it.

    .. deprecated:: 3.2
    """
'''

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
def parsed() -> Passages:
    return {passage.id.removeprefix("wonders."): passage for passage in parse_source(SOURCE.encode(), "wonders")}


@pytest.fixture(scope="module")
def passages() -> list[Passage]:
    return read_stdlib()


@pytest.fixture(scope="module")
def corpus(passages: list[Passage]) -> Passages:
    return {passage.id: passage for passage in passages}


def test_each_documented_object_is_a_passage_in_source_order(parsed: Passages) -> None:
    assert [(name, passage.kind, passage.parameters) for name, passage in parsed.items()] == [
        ("wonders", "module", ()),
        ("fallback", "function", ("a", "b", "rest", "c", "others")),
        ("Outer", "class", ("size", "colour")),
        ("Outer.make", "method", ("pattern",)),
        ("Outer.load", "method", ("path",)),
        ("Outer.Inner", "class", ()),
        ("Outer.Inner.wait", "method", ("seconds",)),
        ("warned", "function", ()),
        ("warned_inside", "function", ()),
        ("decorated", "function", ()),
        ("described", "function", ()),
    ]


def test_a_passage_tells_text_and_metadata(parsed: Passages) -> None:
    passage = parsed["Outer.load"]
    assert passage.text == "Load one from a file."
    assert passage.metadata == {
        "module": "wonders",
        "kind": "method",
        "qualname": "wonders.Outer.load",
        "lines": 3,  # with its decorator
        "parameters": ["path"],
        "deprecated": False,
    }
    assert parsed["wonders"].lines == len(SOURCE.splitlines())
    assert parsed["fallback"].text == "Does without.\n\n    Keeps its indentation."


def test_deprecation_is_found_in_decorator_docstring_and_own_body(parsed: Passages) -> None:
    assert {name for name, passage in parsed.items() if passage.deprecated} == {"warned", "decorated", "described"}


def test_a_source_is_read_in_the_encoding_it_declares() -> None:
    source = '# -*- coding: latin-1 -*-\n"""Ein schönes Modul mit \\d."""\n'.encode("latin-1")
    assert [passage.text for passage in parse_source(source, "schoen")] == ["Ein schönes Modul mit \\d."]


@pytest.mark.parametrize("source", [b"def broken(:", b"\xff\xfe\x00", b'"""caf\xe9"""', b"x = 1\x00"])
def test_a_broken_source_raises_what_the_reader_passes_over(source: bytes) -> None:
    with pytest.raises((SyntaxError, ValueError)):
        list(parse_source(source, "broken"))


def test_short_repeated_and_unencodable_texts_are_left_out() -> None:
    texts = {"f": ["The first of two.".ljust(20, "."), "The second of two."], "g": ["Short."], "h": ["\udc80" * 20]}
    passages = [
        Passage(text=text, module="m", kind="function", qualname=name, lines=1)
        for name, versions in texts.items()
        for text in versions
    ]
    assert curate([*passages, *passages]) == passages[:1]


def test_c_modules_are_read_by_introspection() -> None:
    found = {passage.id: passage for module in ("builtins", "os") for passage in read_builtin(module)}
    assert found["builtins.str.join"].kind == "method"
    assert found["builtins.str.join"].parameters == ("iterable",)
    assert found["builtins.sorted"].kind == "function"
    assert "os.listdir" in found
    assert list(read_builtin("no_such_module")) == []


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
    assert corpus["locale.getdefaultlocale"].deprecated
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
