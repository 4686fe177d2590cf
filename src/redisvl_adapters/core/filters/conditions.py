"""Conditions in conjunctive form: the one form that RediSearch answers exactly, whatever stands around them.

RediSearch 2.10 misjudges an intersection with a negation in it wherever something around it skips ahead, as another
intersection, INKEYS and the batches of a KNN query do; and it misjudges a negation of what has a negation inside. What
it gets right is a conjunction of clauses, each of one condition without a negation, the negation of one, or the union
of both. Every filter is brought into that form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from redisvl_adapters.errors import FilterError

MAX_CLAUSES = 1000
"""How many clauses an OR may come to: each AND in it that has negations inside multiplies their number."""

Positive: TypeAlias = str | bool
"""A condition without a negation, as query text; or True where everything matches and False where nothing does."""


_WORDS = re.compile(r"(?<!\\):(?![{\[])")
"""Tells a query for words in a field: behind the colon of others there is a bracket."""


@dataclass(frozen=True, slots=True)
class Clause:
    """What matches one condition, or does not match another.

    Attributes:
        positive: The one; False if only the other counts.
        negative: The other; True if only the one counts.
    """

    positive: Positive = False
    negative: Positive = True

    def __str__(self) -> str:
        if self.negative is True:
            return str(self.positive)
        return f"(-{self.negative})" if self.positive is False else f"((-{self.negative}) | {self.positive})"


Condition: TypeAlias = tuple[Clause, ...]
"""Clauses that all hold. Without any, everything matches."""

EVERYTHING: Condition = ()
NOTHING: Condition = (Clause(),)


def intersection(parts: Iterable[Positive]) -> Positive:
    """Join by AND; without parts, everything matches."""
    return _joined(parts, " ", neutral=True)


def union(parts: Iterable[Positive]) -> Positive:
    """Join by OR; without parts, nothing matches."""
    return _joined(parts, " | ", neutral=False)


def _joined(parts: Iterable[Positive], operator: str, *, neutral: bool) -> Positive:
    texts = []
    for part in dict.fromkeys(parts):
        if isinstance(part, str):
            texts.append(part)
        elif part is not neutral:
            return part
    return f"({operator.join(texts)})" if len(texts) > 1 else texts[0] if texts else neutral


def literal(part: Positive, *, negated: bool) -> Condition:
    """Return a condition without a negation, or its negation."""
    if isinstance(part, bool):
        return NOTHING if part is negated else EVERYTHING
    if not negated:
        return (Clause(part),)
    # RediSearch 2.10 takes a word that a record has in another field for a match of what is negated, if it looks at the
    # records of one word alone; not if they are intersected, be it with themselves.
    return (Clause(negative=f"({part} {part})" if _WORDS.search(part) else part),)


def all_of(parts: Iterable[Condition]) -> Condition:
    """Join by AND."""
    clauses = dict.fromkeys(clause for part in parts for clause in part)
    positive = [clause.positive for clause in clauses if clause.negative is True]
    negative = [clause.negative for clause in clauses if clause.positive is False and clause.negative is not True]
    if False in positive:
        return NOTHING
    mixed = [
        clause
        for clause in clauses
        if clause.positive is not False
        and clause.negative is not True
        # A clause that follows from another one says nothing.
        and clause.positive not in positive
        and clause.negative not in negative
    ]
    return (
        *([Clause(intersection(positive))] if positive else []),
        *([Clause(negative=union(negative))] if negative else []),
        *mixed,
    )


def any_of(parts: Iterable[Condition]) -> Condition:
    """Join by OR."""
    parts = list(parts)
    # What is one clause joins to one clause. Each of the others, which have several, multiplies their number.
    single = [part[0] for part in parts if len(part) == 1]
    joined = all_of([(_either(single),)])
    for part in parts:
        if len(part) != 1:
            if len(joined) * len(part) > MAX_CLAUSES:
                raise FilterError(
                    "the filter joins too many ANDs that have negations inside by OR: they come to more than "
                    f"{MAX_CLAUSES} clauses; ask for less at once"
                )
            joined = all_of([(_either([one, other]),) for one in joined for other in part])
    return joined


def _either(clauses: list[Clause]) -> Clause:
    return Clause(union(clause.positive for clause in clauses), intersection(clause.negative for clause in clauses))


def is_positive(condition: Condition) -> bool:
    """Tell whether a condition is one without a negation."""
    return len(condition) == 1 and condition[0].negative is True


def query_text(condition: Condition, *, scored: bool = True) -> str | None:
    """Return the query text of a condition: ``*`` for everything, None for nothing.

    Args:
        condition: The condition.
        scored: Whether what matches may count in a text score. It costs reading it twice to prevent that: a weight of
            zero holds for a union alone, and one part alone makes none.
    """
    if condition == NOTHING:
        return None
    if not condition:
        return "*"
    return str(intersection(map(str, condition))) if scored else " ".join(map(_unscored, condition))


def _unscored(clause: Clause) -> str:
    if clause.positive is False:
        return str(clause)
    either = f"({clause.positive} | {clause.positive})" if clause.negative is True else str(clause)
    return either + "=>{$weight:0}"
