"""Names as parts of Redis keys: prefixes with their separator, and escaped ids of sessions and namespaces."""

from __future__ import annotations

import re
from urllib.parse import unquote

from redisvl_adapters.core.arguments import is_utf8
from redisvl_adapters.errors import ArgumentError

_RESERVED = re.compile(r"[%{}/:]")


def check_prefix(prefix: object) -> str:
    """Return what keys start with: with a separator at its end, so that ``chat`` does not cover ``chat2``.

    Raises:
        ArgumentError: If it is empty, or has braces, which on a cluster decide where a key lies.
    """
    if not isinstance(prefix, str) or not prefix.strip(":") or not is_utf8(prefix) or "{" in prefix or "}" in prefix:
        raise ArgumentError(f"prefix is a non-empty string without braces; not {prefix!r:.80}")
    return prefix if prefix.endswith(":") else prefix + ":"


def escape_key_part(name: str) -> str:
    """Return a name as it stands in a key: what has a meaning there is written as in a URL."""
    return _RESERVED.sub(lambda match: f"%{ord(match[0]):02X}", name)


def unescape_key_part(encoded: str) -> str:
    """Return the name that stands in a key."""
    return unquote(encoded)
