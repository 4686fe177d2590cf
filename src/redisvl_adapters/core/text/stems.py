"""Stems: what the inflected forms of a word have in common, by Snowball's algorithms."""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeAlias, cast

from redisvl_adapters.core.schema.languages import STEMMED

Stem: TypeAlias = Callable[[str], str]
"""Returns the stem of a word."""

SNOWBALL = "3.1."
"""How the version of Snowball begins: another one may make other stems than those that lie in indexes."""

NEEDS_ACCENTS = frozenset(
    """catalan czech french hindi hungarian irish italian lithuanian nepali persian polish portuguese romanian russian
    spanish tamil turkish""".split()
)
"""Languages whose endings cannot be told without accents. In all others these are folded before a stem is taken."""


def stemmer(language: str) -> Stem:
    """Return what makes stems in a language; where Snowball has none, words stay as they are."""
    if language not in STEMMED:
        return str
    try:
        compiled: Any = import_module("Stemmer")
    except ImportError:
        compiled = None
    if compiled is not None and compiled.version().startswith(SNOWBALL):
        stem = compiled.Stemmer(language, 0).stemWord
    else:
        # The same algorithms in Python, forty times slower, for machines that PyStemmer has no wheel for.
        module: Any = import_module(f"snowballstemmer.{language}_stemmer")
        stem = getattr(module, f"{language.title()}Stemmer")().stemWord
    return _in_turns(cast("Stem", stem))


def _in_turns(stem: Stem) -> Stem:
    """Let threads that share a stemmer, which has a state, take turns."""
    lock = threading.Lock()

    def stem_in_turn(word: str) -> str:
        with lock:
            return stem(word)

    return stem_in_turn
