"""Signatures that list the keys of typed dictionaries, so that ``help`` and editors show each keyword."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from inspect import Parameter
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class _NotGiven:
    """Stands for the default of a keyword that can be left out, as ``...`` does in stubs."""

    def __repr__(self) -> str:
        return "..."


_NOT_GIVEN = _NotGiven()


def list_keywords(options: type, first: Sequence[str] = ()) -> Callable[[F], F]:
    """Return a decorator that puts the keys of a typed dictionary into a signature, in place of ``**options``.

    Type checkers need none of this: they read ``Unpack``.

    Args:
        options: The typed dictionary; all of its keys can be left out.
        first: The keys that come before the others.
    """
    types = options.__annotations__

    def decorate(function: F) -> F:
        signature = inspect.signature(function)
        own = [each for each in signature.parameters.values() if each.kind is not Parameter.VAR_KEYWORD]
        listed = [
            # The text of an annotation, as signatures have it in all modules that evaluate theirs later.
            Parameter(
                name,
                Parameter.KEYWORD_ONLY,
                default=_NOT_GIVEN,
                annotation=getattr(types[name], "__forward_arg__", types[name]),
            )
            for name in dict.fromkeys([*first, *types])
        ]
        function.__signature__ = signature.replace(parameters=[*own, *listed])  # type: ignore[attr-defined]
        return function

    return decorate
