"""Passages from modules written in C, which have no source to parse: read by introspection."""

import importlib
import inspect
import os
from collections.abc import Callable, Iterator
from typing import Any

from stdlib_corpus.passage import Kind, Passage, says_deprecated

C_MODULES = (
    "array",
    "binascii",
    "builtins",
    "bz2",
    "cmath",
    "collections",
    "csv",
    "datetime",
    "decimal",
    "functools",
    "gc",
    "io",
    "itertools",
    "lzma",
    "marshal",
    "math",
    "operator",
    "os",
    "re",
    "select",
    "signal",
    "socket",
    "sqlite3",
    "struct",
    "sys",
    "time",
    "unicodedata",
    "weakref",
    "zlib",
)
"""Modules with parts in C whose import has no side effects."""


def read_builtin(module: str) -> Iterator[Passage]:
    """Find the documented public objects of a module with parts in C.

    Aliases are left out, and what the module only re-exports, save for that of its own C half (`_io` for `io`).

    Args:
        module: The name of a module that is safe to import. One that this Python lacks yields nothing.

    Yields:
        A passage for the module, then its classes with their methods and its functions by name.
    """
    try:
        imported = importlib.import_module(module)
    except ImportError:
        return
    homes = {module, f"_{module}"} | ({os.name} if module == "os" else set())
    yield from _describe(imported, module, "module", module)
    for name, item in _public(imported):
        if getattr(item, "__module__", None) not in homes or getattr(item, "__name__", None) != name:
            continue
        qualname = f"{module}.{name}"
        if inspect.isclass(item):
            yield from _describe(item, module, "class", qualname)
            for member_name, _ in _public(item):
                member = getattr(item, member_name)
                if inspect.isroutine(member):
                    yield from _describe(member, module, "method", f"{qualname}.{member_name}")
        elif inspect.isbuiltin(item):
            yield from _describe(item, module, "function", qualname)


def _public(item: object) -> list[tuple[str, Any]]:
    return sorted((name, value) for name, value in vars(item).items() if not name.startswith("_"))


def _describe(item: object, module: str, kind: Kind, qualname: str) -> Iterator[Passage]:
    docstring = item.__doc__
    if isinstance(docstring, str):
        text = inspect.cleandoc(docstring)
        yield Passage(
            text=text,
            module=module,
            kind=kind,
            qualname=qualname,
            lines=len(text.splitlines()),
            parameters=_parameters(item) if callable(item) else (),
            deprecated=says_deprecated(text),
        )


def _parameters(item: Callable[..., object]) -> tuple[str, ...]:
    try:
        names = tuple(inspect.signature(item).parameters)
    except (AttributeError, TypeError, ValueError):  # many C functions have no signature, some a wrong one
        return ()
    unbound = inspect.ismethoddescriptor(item)
    return names[1:] if unbound else names
