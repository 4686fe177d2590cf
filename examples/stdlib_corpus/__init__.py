"""Real text on any machine: the docstrings of Python's standard library, as passages with metadata.

    from stdlib_corpus import read_stdlib

    for passage in read_stdlib():
        print(passage.id, passage.metadata)

Several thousand passages, one for each documented module, class, function and method. The Python part is parsed and
never imported; what is written in C is read from a short list of modules that are safe to import.
"""

from itertools import chain

from stdlib_corpus.builtin import C_MODULES, read_builtin
from stdlib_corpus.passage import MetadataValue, Passage, curate
from stdlib_corpus.source import parse_source, read_sources

__all__ = ["C_MODULES", "MetadataValue", "Passage", "curate", "parse_source", "read_builtin", "read_stdlib"]


def read_stdlib() -> list[Passage]:
    """Read the whole corpus of the running Python.

    Returns:
        Passages with unique ids in a fixed order: first those from Python source, then those from C modules. An
        object found in both is described by its Python source.
    """
    return curate(chain(read_sources(), *map(read_builtin, C_MODULES)))
