"""Passages from Python source: parsed, never imported, so nothing runs and nothing warns."""

import ast
import sys
import sysconfig
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from stdlib_corpus.passage import Kind, Passage, says_deprecated

_SKIPPED_FOLDERS = {"_bundled", "ensurepip", "idlelib", "lib2to3", "site-packages", "test", "tests", "turtledemo"}

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = _Function | ast.ClassDef


def read_sources() -> Iterator[Passage]:
    """Read every source file of the running Python's standard library.

    Files that can't be read or parsed are passed over, as are modules that this platform lacks.

    Yields:
        Passages in the order of module names, and in source order within a module.
    """
    root = Path(sysconfig.get_path("stdlib"))
    for name in sorted(sys.stdlib_module_names):
        for path in [root / f"{name}.py", *sorted((root / name).rglob("*.py"))]:
            parts = path.relative_to(root).with_suffix("").parts
            if _SKIPPED_FOLDERS.isdisjoint(parts):
                try:
                    passages = list(parse_source(path.read_bytes(), ".".join(parts).removesuffix(".__init__")))
                except (OSError, SyntaxError, ValueError):
                    continue
                yield from passages


def parse_source(source: bytes, module: str) -> Iterator[Passage]:
    """Find the documented objects in the source of a module.

    Both branches of an `if` or `try` are read; functions inside functions are not.

    Args:
        source: Python source in the encoding that it declares.
        module: The full name of the module.

    Yields:
        A passage for the module, then one for each class, function and method in source order.

    Raises:
        SyntaxError: The source is not valid Python or not in its declared encoding.
        ValueError: The source holds a NUL byte.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old escapes in string literals
        tree = ast.parse(source)
    # Few files speak of deprecation at all; only those are searched for it, which halves the time.
    suspect = b"deprecat" in source.lower()
    if text := ast.get_docstring(tree):
        yield Passage(
            text=text,
            module=module,
            kind="module",
            qualname=module,
            lines=len(source.splitlines()),
            deprecated=suspect and (says_deprecated(text) or _warns_deprecated(tree)),
        )
    yield from _members(tree.body, module, module, in_class=False, suspect=suspect)


def _members(body: Iterable[ast.stmt], module: str, owner: str, *, in_class: bool, suspect: bool) -> Iterator[Passage]:
    for node in _definitions(body):
        qualname = f"{owner}.{node.name}"
        if text := ast.get_docstring(node):
            yield Passage(
                text=text,
                module=module,
                kind=_kind(node, in_class=in_class),
                qualname=qualname,
                lines=_line_count(node),
                parameters=_parameters(node, in_class=in_class),
                deprecated=suspect and (says_deprecated(text) or _is_deprecated(node)),
            )
        if isinstance(node, ast.ClassDef):
            yield from _members(node.body, module, qualname, in_class=True, suspect=suspect)


def _definitions(body: Iterable[ast.stmt]) -> Iterator[_Definition]:
    """The classes and functions of a body, also those under `if`, `try` and `with`."""
    for node in body:
        if isinstance(node, _Definition):
            yield node
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from _definitions(node.body)
            for handler in getattr(node, "handlers", ()):
                yield from _definitions(handler.body)
            yield from _definitions(getattr(node, "orelse", ()))
            yield from _definitions(getattr(node, "finalbody", ()))


def _kind(node: _Definition, *, in_class: bool) -> Kind:
    if isinstance(node, ast.ClassDef):
        return "class"
    return "method" if in_class else "function"


def _line_count(node: _Definition) -> int:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return (node.end_lineno or node.lineno) - first + 1


def _parameters(node: _Definition, *, in_class: bool) -> tuple[str, ...]:
    if isinstance(node, ast.ClassDef):
        methods = {child.name: child for child in _definitions(node.body) if isinstance(child, _Function)}
        constructor = methods.get("__init__") or methods.get("__new__")
        return _parameters(constructor, in_class=True) if constructor else ()
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    if in_class and "staticmethod" not in map(_name, node.decorator_list):
        positional = positional[1:]  # self or cls
    variadic = [arguments.vararg] if arguments.vararg else []
    keywords = [arguments.kwarg] if arguments.kwarg else []
    return tuple(argument.arg for argument in [*positional, *variadic, *arguments.kwonlyargs, *keywords])


def _is_deprecated(node: _Definition) -> bool:
    decorated = any(_name(decorator).endswith("deprecated") for decorator in node.decorator_list)
    return decorated or _warns_deprecated(node)


def _warns_deprecated(node: ast.Module | _Definition) -> bool:
    """Whether a body itself, without the definitions in it, warns of a deprecation."""
    pending: list[ast.AST] = list(node.body)
    while pending:
        child = pending.pop()
        if isinstance(child, _Definition | ast.Lambda):
            continue
        if isinstance(child, ast.Call):
            callee = _name(child)
            values = [*child.args, *(keyword.value for keyword in child.keywords)]
            if callee == "_deprecated" or (callee == "warn" and "DeprecationWarning" in map(_name, values)):
                return True
        pending.extend(ast.iter_child_nodes(child))
    return False


def _name(node: ast.expr) -> str:
    """The last part of a dotted name, or of the callee of a call; empty for anything else."""
    match node:
        case ast.Call(func=callee):
            return _name(callee)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
