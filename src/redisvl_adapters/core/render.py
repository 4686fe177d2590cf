"""From the filter algebra to RedisVL filter expressions, through RedisVL's own ``Tag`` and ``Num``.

Every leaf that is rendered here constrains the search. What RedisVL would turn into ``*``, which is everything, never
reaches it: MATCH_ALL and MATCH_NONE are folded away first, and values are checked before they become part of a query.
"""

from __future__ import annotations

import re

from redisvl.query.filter import FilterExpression

from redisvl_adapters.core.clauses import EVERYTHING, Condition, Positive, all_of, any_of, literal
from redisvl_adapters.core.encoding import encode_tag
from redisvl_adapters.core.filters import MAX_DEPTH, And, Compare, Filter, FromSources, Not, Or, Raw, Words
from redisvl_adapters.core.leaves import Scope, compare, tagged
from redisvl_adapters.core.schema import KEYS, SEARCHED, SOURCE, Schema
from redisvl_adapters.core.text import check_match, condition_on_words, text_fields, words_of
from redisvl_adapters.errors import ArgumentError, FilterError, did_you_mean


def render(filter: Filter | None, scope: Scope) -> Condition:
    """Return the clauses of a filter.

    Args:
        filter: The filter; None matches everything.
        scope: The index that it is for, and what is known of it.

    Raises:
        ValuesNeededError: If it can only be answered from the values that a field has.
        UnknownFieldError: If a key is neither in the schema nor among those met.
        FilterError: If a field cannot be asked this, or not with this value.
    """
    return EVERYTHING if filter is None else _condition(filter, scope, 0, negated=False)


def _condition(filter: Filter, scope: Scope, depth: int, *, negated: bool) -> Condition:
    """Return the clauses of a filter or of its negation, which is pushed down to the comparisons."""
    if depth > MAX_DEPTH:
        raise FilterError(f"the filter is nested deeper than {MAX_DEPTH} levels")
    join = any_of if negated else all_of
    match filter:
        case And(children):
            return join([_condition(child, scope, depth + 1, negated=negated) for child in children])
        case Or(children):
            join = all_of if negated else any_of
            return join([_condition(child, scope, depth + 1, negated=negated) for child in children])
        case Not(children):
            return join([_condition(child, scope, depth + 1, negated=not negated) for child in children])
        case Compare():
            return compare(filter, scope, negated=negated)
        case FromSources(source_ids):
            return literal(tagged(SOURCE, [encode_tag(source) for source in source_ids]), negated=negated)
        case Words():
            return literal(_words(filter, scope), negated=negated)
        case Raw(expression):
            return _raw(expression, scope.schema, negated=negated)
        case _:
            raise FilterError(f"{type(filter).__name__} is no filter")


def _words(filter: Words, scope: Scope) -> Positive:
    fields = text_fields(scope.schema, filter.fields)
    words = words_of(filter.text, "keywords", scope.schema.stopwords)
    if not words:
        raise ArgumentError(f"keywords has no word to look for: {filter.text!r:.80}")
    forms = scope.stems_of(words) if check_match(filter.match) != "phrase" else []
    return condition_on_words(fields, words, filter.match, forms)


# An escaped character, or the names behind an @ that is not escaped.
_NAMES_IN_QUERY = re.compile(r"""\\.|@((?:[^\s:\\()\[\]{}@"'~-]|\\.)+)""")
# What tells nothing of the structure of a query: escaped characters, tags, ranges and phrases.
_LITERALS = r'\\.|\{(?:\\.|[^\\}])*\}|\[[^\]]*\]|"(?:\\.|[^\\"])*"'
# One negated leaf, as RedisVL makes it of ``!=``, with or without the parentheses.
_NEGATED_LEAF = re.compile(rf"(\()?-(@(?:\\.|[^\s:\\])+:(?:{_LITERALS}|\((?:\\.|[^\\()])*\)))(?(1)\))")


def _raw(expression: FilterExpression, schema: Schema, *, negated: bool) -> Condition:
    """Return the clauses of a RedisVL expression or of its negation, with every leaf in parentheses.

    RedisVL renders a comparison with None, "" or [] as ``*``, and leaves ``*`` out when it joins. That would widen a
    search to everything, so it is refused. Redis itself takes a field that does not exist as one that no record has,
    which under a negation is everything too.
    """
    parts = vars(expression)
    if parts["_operator"] is not None:
        join = any_of if (parts["_operator"].name == "OR") is not negated else all_of
        return join([_raw(parts[side], schema, negated=negated) for side in ("_left", "_right")])
    text = str(expression).strip()
    if text in ("", "*"):
        raise FilterError(
            "a RedisVL filter renders to '*', which is everything, as RedisVL does with comparisons to None, '', []; "
            "leave the filter out to match everything, or use this library's own filters"
        )
    known = {*schema.aliases, schema.vector.name, KEYS, SOURCE, SEARCHED}
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
            f"the RedisVL filter {text!r} has a negation or an optional part inside, which RediSearch does not always "
            "answer exactly; join its parts with &, | and ~ from this library's filters"
        )
    return literal(positive, negated=(negative is not None) is not negated)
