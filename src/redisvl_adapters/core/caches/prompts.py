"""Prompts: checked, and digested into the key of an entry."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from redisvl_adapters.errors import ArgumentError


def digest(*parts: Any) -> str:
    """Return a digest of JSON values: the same only for the same values.

    Raises:
        ArgumentError: If a text has a lone surrogate.
    """
    try:
        return hashlib.sha256(orjson.dumps(parts)).hexdigest()
    except TypeError as error:
        raise ArgumentError(f"the prompt cannot be a key of the cache: {error}") from None


def check_prompt(prompt: Any) -> str:
    """Return a prompt.

    Raises:
        ArgumentError: If it is not a text, or has no characters.
    """
    if not isinstance(prompt, str) or not prompt:
        raise ArgumentError(f"a prompt is a non-empty text; not {prompt!r:.80}")
    return prompt
