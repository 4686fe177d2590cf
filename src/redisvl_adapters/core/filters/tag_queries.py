"""Query text for tags: a field that has one of some tags, and records that have a metadata key."""

from __future__ import annotations

import re
from collections.abc import Iterable

from redisvl.query.filter import Tag
from redisvl.utils.token_escaper import TokenEscaper

from redisvl_adapters.core.filters.conditions import Positive
from redisvl_adapters.core.schema.stored_fields import KEYS
from redisvl_adapters.core.schema.tag_encoding import encode_tag


class _ExactTag(Tag):
    """RedisVL's tag filter, escaping every ASCII character that means something in a query."""

    escaper = TokenEscaper(re.compile(r"[\x20-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]"))


def tag_query(name: str, tags: Iterable[str]) -> Positive:
    """Return the query text for the records that have one of some tags."""
    tags = list(tags)
    return str(_ExactTag(name) == tags) if tags else False


def prefix_query(name: str, prefix: str) -> str:
    """Return the query text for the records that have a tag which begins so; it misses some if there are hundreds."""
    return f"@{name}:{{{_ExactTag.escaper.escape(prefix)}*}}"


def presence_query(key: str, signs: str = "+-") -> str:
    """Return the query text for the records that have a key, or a key with one of some signs in ``_keys``."""
    return str(tag_query(KEYS, [encode_tag(sign + key) for sign in signs]))
