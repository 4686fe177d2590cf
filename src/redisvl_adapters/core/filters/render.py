"""Rendering: from the filter algebra to conditions.

Every leaf that is rendered here constrains the search. What RedisVL would turn into ``*``, which is everything, never
reaches it: MATCH_ALL and MATCH_NONE are folded away first, and values are checked before they become part of a query.
"""

from __future__ import annotations

from redisvl_adapters.core.filters.algebra import (
    MAX_DEPTH,
    And,
    Compare,
    Filter,
    FromSources,
    Keywords,
    Not,
    Operator,
    Or,
    Raw,
)
from redisvl_adapters.core.filters.comparisons import compare
from redisvl_adapters.core.filters.conditions import EVERYTHING, Condition, Positive, all_of, any_of, literal, union
from redisvl_adapters.core.filters.context import RenderContext
from redisvl_adapters.core.filters.foreign_operators import candidates_query
from redisvl_adapters.core.filters.operators import comparisons_of
from redisvl_adapters.core.filters.redisvl_expressions import redisvl_condition
from redisvl_adapters.core.filters.tag_queries import tag_query
from redisvl_adapters.core.filters.word_queries import ask_words, check_match, condition_on_words
from redisvl_adapters.core.records.foreign_records import DOC_ID, NO_SOURCE
from redisvl_adapters.core.schema.foreign import Application, ForeignField
from redisvl_adapters.core.schema.stored_fields import SOURCE
from redisvl_adapters.core.schema.tag_encoding import encode_tag
from redisvl_adapters.errors import ArgumentError, FilterError


def render(filter: Filter | None, context: RenderContext) -> Condition:
    """Return the clauses of a filter.

    Args:
        filter: The filter; None matches everything.
        context: The index that it is for, and what is known of it.

    Raises:
        ValuesNeededError: If it can only be answered from the values that a field has.
        UnknownFieldError: If a key is not in the schema, and nothing is known of it or everything would match.
        FilterError: If a field cannot be asked this, or not with this value.
    """
    return EVERYTHING if filter is None else _condition(filter, context, 0, negated=False)


def _condition(filter: Filter, context: RenderContext, depth: int, *, negated: bool) -> Condition:
    """Return the clauses of a filter or of its negation, which is pushed down to the comparisons."""
    if depth > MAX_DEPTH:
        raise FilterError(f"the filter is nested deeper than {MAX_DEPTH} levels")
    join = any_of if negated else all_of
    match filter:
        case And(children):
            return join([_condition(child, context, depth + 1, negated=negated) for child in children])
        case Or(children):
            join = all_of if negated else any_of
            return join([_condition(child, context, depth + 1, negated=negated) for child in children])
        case Not(children):
            return join([_condition(child, context, depth + 1, negated=not negated) for child in children])
        case Compare():
            return compare(filter, context, negated=negated)
        case FromSources():
            return literal(_of_sources(filter, context), negated=negated)
        case Keywords():
            return literal(_words(filter, context), negated=negated)
        case Raw(expression):
            return redisvl_condition(expression, context.schema, negated=negated)
        case _:
            raise FilterError(f"{type(filter).__name__} is no filter")


def _of_sources(filter: FromSources, context: RenderContext) -> Positive:
    schema, source_ids = context.schema, filter.source_ids
    if schema.foreign is None:
        return tag_query(SOURCE, [encode_tag(source) for source in source_ids])
    if schema.foreign.application is not Application.LLAMA_INDEX:
        raise FilterError(
            f"index {schema.name!r} was made by another application, which does not say the source documents of its "
            "records; give a filter or ids instead"
        )
    if NO_SOURCE in source_ids:
        raise FilterError(f"in index {schema.name!r}, {NO_SOURCE!r} says that a node has no source document")
    field = schema.indexed(DOC_ID)
    refusal = f"index {schema.name!r} cannot be asked for the nodes of {', '.join(map(repr, source_ids)):.200}"
    if not isinstance(field, ForeignField) or (context.strict and not filter.is_compared):
        raise FilterError(f"{refusal}: in it, other documents may be equal to these; name the nodes by their ids")
    try:
        if filter.is_compared:
            return union([candidates_query(field, source) for source in source_ids])
        # Of these, what is equal in the index is meant.
        return comparisons_of(field)[Operator.IN](field, list(source_ids), context)
    except ValueError as error:
        raise FilterError(f"{refusal}: {error}; name the nodes by their ids") from None


def _words(filter: Keywords, context: RenderContext) -> Positive:
    match = check_match(filter.match)
    language = context.language if filter.language is None else filter.language
    asked = ask_words(context.schema, filter.text, match, keys=filter.fields, language=language, name="keywords")
    found = condition_on_words(asked, match)
    if found is False:
        raise ArgumentError(f"keywords has no word to look for: {filter.text!r:.80}")
    return found
