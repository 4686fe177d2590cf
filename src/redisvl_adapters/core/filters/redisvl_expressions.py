"""RedisVL filter expressions as conditions: taken apart, checked, and refused where they would match everything."""

from __future__ import annotations

import math
import re

from redisvl.query.filter import FilterExpression

from redisvl_adapters.core.filters.conditions import Condition, all_of, any_of, literal
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.stored_fields import KEYS, SEARCHED, SOURCE, TYPED
from redisvl_adapters.errors import FilterError, did_you_mean

# An escaped character, or the names behind an @ that is not escaped.
_NAMES_IN_QUERY = re.compile(r"""\\.|@((?:[^\s:\\()\[\]{}@"'~-]|\\.)+)""")
# What tells nothing of the structure of a query: escaped characters, tags, ranges, phrases and wildcards. In brackets
# quotation marks stand in pairs, since a bracket between them would end nothing.
_TAGS = r"""\{(?:\\.|[^\\}"']|"(?:\\.|[^\\}"])*"|'[^\\}']*')*\}"""
_LITERALS = rf"""\\.|{_TAGS}|\[[^\]"']*\]|"(?:\\.|[^\\"])*"|w'[^\\']*'"""
# A star that is no part of a word.
_EVERYTHING = re.compile(r"(?<![^\s(|])\*(?![^\s)|])")
# One negated leaf, as RedisVL makes it of ``!=``, with or without the parentheses.
_NEGATED_LEAF = re.compile(rf"(\()?-(@(?:\\.|[^\s:\\])+:(?:{_LITERALS}|\((?:\\.|[^\\()])*\)))(?(1)\))")


def redisvl_condition(expression: FilterExpression, schema: Schema, *, negated: bool) -> Condition:
    """Return the clauses of a RedisVL expression or of its negation, with every leaf in parentheses.

    RedisVL renders a comparison with None, "" or [] as ``*``, and leaves ``*`` out when it joins. That would widen a
    search to everything, so it is refused. Redis itself takes a field that does not exist as one that no record has,
    which under a negation is everything too.
    """
    parts = vars(expression)
    if parts["_operator"] is not None:
        join = any_of if (parts["_operator"].name == "OR") is not negated else all_of
        return join([redisvl_condition(parts[side], schema, negated=negated) for side in ("_left", "_right")])
    text = str(expression).strip()
    structure = re.sub(_LITERALS, "", text, flags=re.DOTALL)
    if not _is_balanced(structure):
        raise FilterError(
            f"the RedisVL filter {text!r:.80} has a parenthesis, a bracket or a quotation mark without its other half, "
            "which would reach into what the filter is joined with"
        )
    if not text or _EVERYTHING.search(structure):
        raise FilterError(
            "a RedisVL filter has a '*', which is everything, as RedisVL does with comparisons to None, '', []; "
            "leave the filter out to match everything, or use this library's own filters"
        )
    own = {KEYS, SOURCE, TYPED, SEARCHED} if schema.foreign is None else set()
    vectors = (schema.vector, *(named.field for named in schema.vectors.values()))
    known = {*schema.aliases, *(vector.name for vector in vectors), *own}
    for names in filter(None, _NAMES_IN_QUERY.findall(text)):
        for name in re.split(r"(?<!\\)\|", names):
            plain = re.sub(r"\\(.)", r"\1", name)
            if plain not in known:
                raise FilterError(
                    f"a RedisVL filter names the field {plain!r}, which is not in index {schema.name!r}"
                    f"{did_you_mean(plain, known)}; it has: {', '.join(sorted(known))}"
                )
    negative = _NEGATED_LEAF.fullmatch(text)
    positive = negative[2] if negative else f"({text})"
    if re.search("[-~]", re.sub(_LITERALS, "", positive)):
        raise FilterError(
            f"the RedisVL filter {text!r:.80} has a negation or an optional part inside, which RediSearch does not "
            "always answer exactly; join its parts with &, | and ~ from this library's filters"
        )
    return literal(positive, negated=(negative is not None) is not negated)


def _is_balanced(structure: str) -> bool:
    """Tell whether a query without its literals closes what it opens, and nothing else."""
    depth = 0.0
    for mark in re.findall(r"""[()\[\]{}"'\\]""", structure):
        depth += {"(": 1, ")": -1}.get(mark, -math.inf)
        if depth < 0:
            return False
    return depth == 0
