"""Names of fields: the alias under which a metadata key is indexed, and its escaped form in a query."""

from __future__ import annotations

import re

_PLAIN_NAME = re.compile(r"[^\W_][\w-]*(?:\.[\w-]+)*")
# Words that FT.CREATE and FT.ALTER would read as an option of the field before.
_OPTION_WORDS = frozenset(
    "as casesensitive geo geoshape indexempty indexmissing noindex nostem numeric phonetic separator sortable tag text "
    "unf vector weight withsuffixtrie".split()
)


def field_alias(key: str, reserved: frozenset[str] = frozenset()) -> str:
    """Return the name under which a metadata key is indexed.

    A key made of words, dots and hyphens keeps its name. Any other key, one of the layout's own names and a word that
    the search module takes for an option get a spelling that starts with ``_k_``, in which every other character than a
    letter or digit is written as its code point between underscores: ``a/b`` becomes ``_k_a_2f_b``.
    """
    if _PLAIN_NAME.fullmatch(key) and key not in reserved and key.lower() not in _OPTION_WORDS:
        return key
    return "_k_" + re.sub(r"[^A-Za-z0-9]", lambda match: f"_{ord(match[0]):x}_", key)


def key_of_alias(alias: str) -> str:
    """Return the metadata key that is indexed under a name: the reverse of ``field_alias``."""
    if not alias.startswith("_k_"):
        return alias
    return re.sub(r"_([0-9a-f]+)_", lambda match: chr(int(match[1], 16)), alias.removeprefix("_k_"))


def escape_field_name(name: str) -> str:
    """Return a field name as it stands in a query."""
    return re.sub(r"[ -/:-@\[-^`{-~]", r"\\\g<0>", name)
