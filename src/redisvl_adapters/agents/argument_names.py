"""Names of arguments that every model and framework accepts, for metadata keys of any spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_NAME = 64
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""What OpenAI and Anthropic take as the name of a tool or of an argument."""

QUERY, K, FILTER = "query", "k", "filter"
MIN, MAX = "min_", "max_"

# Arguments of every tool, and words that the frameworks take for what they themselves hand to a tool.
_TAKEN = frozenset({QUERY, K, FILTER, *"args callbacks config context ctx kwargs run_manager runtime self".split()}) | {
    "state",
    "store",
    "tool_call_id",
}


def argument_names(keys: Iterable[str], ranges: Iterable[str] = ()) -> dict[str, str]:
    """Return the name of each metadata key, unlike all others.

    A dot or another character that names lack becomes ``_``; a name that is taken gets a number.

    Args:
        keys: The keys.
        ranges: Those of them that become two arguments, ``min_<name>`` and ``max_<name>``.
    """
    ranges, names, taken = set(ranges), dict[str, str](), set(_TAKEN)
    # Keys that are names first, so that none of these gives way to one that is not.
    for key in sorted(keys, key=lambda key: (not NAME.fullmatch(key), key)):
        starts = (MIN, MAX) if key in ranges else ("",)
        room = MAX_NAME - max(map(len, starts))
        plain = re.sub(r"[^a-zA-Z0-9_-]", "_", key)[:room] or "_"
        name, number = plain, 1
        while taken & {start + name for start in starts}:
            number += 1
            ending = f"_{number}"
            name = plain[: room - len(ending)] + ending
        taken |= {start + name for start in starts}
        names[key] = name
    return names
