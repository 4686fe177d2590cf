"""Prompts: what of them is compared, and their digest in the key of an entry."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import orjson

from redisvl_adapters.errors import ArgumentError


@dataclass(frozen=True, slots=True)
class Question:
    """What of a prompt is compared by meaning, and what must be equal.

    Attributes:
        text: What is compared; empty if the answer is only to be found by the very same prompt.
        context: All else.
    """

    text: str
    context: str = ""


def digest(*parts: Any) -> str:
    """Return a digest of JSON values: the same only for the same values.

    Raises:
        ArgumentError: If a part is no JSON value.
    """
    try:
        try:
            text = orjson.dumps(parts)
        except orjson.JSONEncodeError:
            # Lone surrogates, which UTF-8 lacks, and integers beyond 64 bits.
            text = json.dumps(parts).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ArgumentError(f"the prompt cannot be a key of the cache: {error}") from None
    return hashlib.sha256(text).hexdigest()


def check_prompt(prompt: Any) -> str:
    """Return a prompt.

    Raises:
        ArgumentError: If it is not a text, or has no characters.
    """
    if not isinstance(prompt, str) or not prompt:
        raise ArgumentError(f"a prompt is a non-empty text; not {prompt!r:.80}")
    return prompt
