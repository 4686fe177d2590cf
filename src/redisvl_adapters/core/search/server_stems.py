"""The forms of words that the server makes in an index of another application, asked for as far as they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redisvl_adapters.core.filters.algebra import Match
from redisvl_adapters.core.filters.server_words import StemsNeededError, read_stems, stems_command
from redisvl_adapters.core.filters.word_queries import AskedWords, ask_words
from redisvl_adapters.core.index.readiness import from_index
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.server.commands import Steps

_REMEMBERED = 10_000


def learn_stems(schema: Schema, words: Sequence[str]) -> Steps[None]:
    """Ask the server for the forms of some words, and remember them with the index.

    Raises:
        StaleSchemaError: If the index is gone.
    """
    if schema.foreign is None:
        return
    wanted = list(dict.fromkeys(words))
    replies = yield [stems_command(schema, word) for word in wanted]
    if len(schema.foreign.stems) > _REMEMBERED:
        schema.foreign.stems.clear()
    for word, reply in zip(wanted, replies, strict=True):
        schema.foreign.stems[word] = read_stems(from_index(reply), word)


def asked_words(
    schema: Schema, text: Any, match: Match, *, keys: Sequence[str] | None = None, language: Any = None
) -> Steps[list[AskedWords]]:
    """Return the words of a query, after asking the server for their forms if it makes them. See ``ask_words``."""
    while True:
        try:
            return ask_words(schema, text, match, keys=keys, language=language)
        except StemsNeededError as needed:
            yield from learn_stems(schema, needed.words)
