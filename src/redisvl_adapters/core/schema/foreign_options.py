"""Validation of what ``from_existing_index`` is told of an index that another application made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redisvl_adapters.core.arguments import check_choice
from redisvl_adapters.core.schema.foreign import BAD_RECORDS
from redisvl_adapters.core.schema.options import ExistingOptions, IndexOptions
from redisvl_adapters.errors import ArgumentError, UnknownArgumentError

_OWN = ("text_field", "vector_field", "metadata_fields", "writable", "on_bad_record")


def existing_options(index_name: str, options: ExistingOptions) -> IndexOptions:
    """Return the options of a store on an index that exists, whoever made it.

    Raises:
        ArgumentError: If it is to be created.
    """
    if options.get("create", "never") != "never":
        raise ArgumentError("from_existing_index opens an index that exists: create= has no place here")
    return {**options, "index_name": index_name, "create": "never", "foreign": True}


def read_foreign_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Check what a store was told of an index of another application, and return it as an ``IndexSpec`` has it.

    Raises:
        UnknownArgumentError: If it was not told to open one.
        ArgumentError: If a value is none of its kind.
    """
    foreign = given.get("foreign", False)
    if not isinstance(foreign, bool) or (foreign and given.get("create") != "never"):
        raise ArgumentError("foreign=True is for create='never': an index of another application is opened, not made")
    told = {name: given[name] for name in _OWN if name in given}
    if told and not foreign:
        raise UnknownArgumentError(f"the store has no argument {next(iter(told))!r}; it is one of from_existing_index")
    for name in ("text_field", "vector_field"):
        _check_name(name, told.get(name, "name"))
    if "metadata_fields" in told:
        _check_fields(told["metadata_fields"])
    if not isinstance(told.get("writable", False), bool):
        raise ArgumentError(f"writable is True or False; not {told['writable']!r:.80}")
    check_choice(told.get("on_bad_record", "warn"), "on_bad_record", BAD_RECORDS)
    return {"is_foreign": foreign, **told}


def _check_name(argument: str, name: object) -> None:
    if not isinstance(name, str) or not name:
        raise ArgumentError(f"{argument} is the name of a field of the index, or a JSON path; not {name!r:.80}")


def _check_fields(fields: object) -> None:
    if isinstance(fields, Mapping):
        names = [*fields, *fields.values()]
    elif isinstance(fields, list | tuple):
        names = [*fields]
    else:
        raise ArgumentError(
            f"metadata_fields is a list of fields of the index, or a dict of them by metadata key; not {fields!r:.80}"
        )
    for name in names:
        _check_name("each of metadata_fields", name)
