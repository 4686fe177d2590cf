"""Words as the server analyses them: those of a query for a foreign index, whose texts lie there as they are.

Here a query is parted as the server parts texts, without the words that the index has not. Under which forms it finds
a word (its stem, its synonyms) is asked of the server itself, by FT.EXPLAIN: in the condition of a KNN search, and
under a negation, it would look for the word alone.
"""

from __future__ import annotations

import re
from typing import Any

from redisvl_adapters.core.schema.field_names import escape_field_name
from redisvl_adapters.core.schema.foreign import ForeignIndex
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.server.commands import Command, Reply
from redisvl_adapters.core.text.analysis import Word
from redisvl_adapters.errors import ArgumentError

DEFAULT_STOPWORDS = frozenset(
    "a is the an and are as at be but by for if in into it no not of on or such that their then there these they this "
    "to was will with".split()
)
"""What an index leaves out that was not told anything else. Source: redis.io, stop words."""

# The server drops control characters without parting there, and takes what is behind a backslash for a letter.
_DROPPED = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_TOKEN = re.compile(r"""(?:\\.|[^\t !"#$%&'()*+,\-./:;<=>?@\[\\\]^`{|}~])+""")
_UNSPACED = ("chinese",)


class StemsNeededError(Exception):
    """A query asks for words whose forms the server has not been asked for; it is raised and caught within the core.

    Attributes:
        words: The words.
    """

    def __init__(self, words: list[str]) -> None:
        super().__init__(words)
        self.words = words


def server_words(text: Any, foreign: ForeignIndex, name: str) -> list[Word]:
    """Return the words of a text that the server would look for, as they stand in a query.

    Raises:
        StemsNeededError: If the server must be asked for their forms.
        ArgumentError: If it is no text, or the server parts texts in a way that is not known here.
    """
    if not isinstance(text, str):
        raise ArgumentError(f"{name} is a text; not {type(text).__name__} {text!r:.80}")
    if foreign.language in _UNSPACED:
        raise ArgumentError(
            f"the texts of this index are in {foreign.language}, which the server parts by a dictionary of its own; "
            "words cannot be looked for in them exactly. Search by vector, or copy the records into an index of this "
            "library"
        )
    tokens = [re.sub(r"\\(.)", r"\1", token) for token in _TOKEN.findall(_DROPPED.sub("", text))]
    # An underscore that stands alone can be indexed, but not asked for.
    words = [token for token in tokens if token.strip("_") and token.lower() not in foreign.stopwords]
    if lacking := [word for word in words if word not in foreign.stems]:
        raise StemsNeededError(lacking)
    return [Word(word, escape_field_name(word), foreign.stems[word]) for word in words]


def stems_command(schema: Schema, word: str) -> Command:
    """Return the command that asks the server under which forms it looks for a word."""
    return Command(("FT.EXPLAIN", schema.name, f"({escape_field_name(word)})", "DIALECT", 2))


def read_stems(reply: Reply, word: str) -> tuple[str, ...]:
    """Return the forms of a word as they stand in a query, from the reply to ``stems_command``.

    The server says a form in each line: the word, its stem, and what its synonyms and its sound are known by.
    """
    lines = [line.strip().removesuffix("(expanded)") for line in reply.decode().splitlines()]
    forms = [line for line in lines if line and not line.endswith("{") and line != "}"]
    return tuple(dict.fromkeys(map(escape_field_name, (word, *forms))))
