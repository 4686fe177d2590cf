"""Stems: the forms under which the index has a word, asked once by FT.EXPLAIN."""

from __future__ import annotations

import re
from collections.abc import Sequence

from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.stored_fields import SEARCHED
from redisvl_adapters.core.server.commands import Command, Reply, Steps
from redisvl_adapters.core.server.replies import is_missing_index, ok


def explain_command(schema: Schema, word: str) -> Command:
    """Return the command that tells which forms of a word a search of the text looks for."""
    return Command(("FT.EXPLAIN", schema.name, f"@{SEARCHED}:({word})", "DIALECT", 2))


_FORM = re.compile(r"@[^:\n]+:([^\s({]+)(?:\(expanded\))?\s*$", re.MULTILINE)


def read_stems(reply: Reply, word: str) -> list[str]:
    """Return the forms of a word in the reply to ``explain_command``; a stem is marked by a plus sign."""
    return list(dict.fromkeys([word, *_FORM.findall(reply.decode())]))


_MAX_STEMS = 10_000


def learn_stems(state: IndexState, schema: Schema, words: Sequence[str]) -> Steps[list[Sequence[str]]]:
    """Return the forms under which the index has each word: itself, and its stem in all spellings.

    They depend on the word alone, so those that were asked for once are remembered.
    """
    stems = state.stems
    unknown = [word for word in dict.fromkeys(words) if word not in stems]
    if unknown:
        replies = yield [explain_command(schema, word) for word in unknown]
        if len(stems) > _MAX_STEMS:
            stems = state.stems = {word: stems[word] for word in words if word in stems}
        for word, reply in zip(unknown, replies, strict=True):
            stems[word] = [word] if is_missing_index(reply) else read_stems(ok(reply), word)
    return [stems[word] for word in words]
