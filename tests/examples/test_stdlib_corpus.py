"""How the corpus of the examples is parsed, on small sources and a few modules.

The whole corpus and the model that embeds it are in the integration tests, since they take seconds.
"""

import argparse
import json
from pathlib import Path

import pytest

from stdlib_corpus import Passage, curate, parse_source, read_builtin

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


@pytest.fixture(scope="module")
def parsed() -> Passages:
    return {passage.id.removeprefix("wonders."): passage for passage in parse_source(SOURCE.encode(), "wonders")}


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


def test_modules_of_the_standard_library_are_read() -> None:
    passages = {
        passage.id: passage
        for module in (argparse, json)
        for passage in parse_source(Path(str(module.__file__)).read_bytes(), module.__name__)
    }
    assert passages["argparse.ArgumentParser"].kind == "class"
    assert "prog" in passages["argparse.ArgumentParser"].parameters
    assert passages["json.dumps"].kind == "function"
    assert not passages["json.dumps"].deprecated
    types = {"module": str, "kind": str, "qualname": str, "lines": int, "parameters": list, "deprecated": bool}
    assert all({key: type(value) for key, value in p.metadata.items()} == types for p in passages.values())
