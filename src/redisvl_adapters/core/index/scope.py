"""A scope: metadata that all records have which a store reads, writes and deletes, whatever it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

import orjson

from redisvl_adapters.core.filters.algebra import And, Compare, Filter, Operator
from redisvl_adapters.core.index.foreign_scopes import (
    field_that_keeps,
    has_value,
    held_value,
    is_taken_for,
    may_take_others,
)
from redisvl_adapters.core.records.field_values import Projected
from redisvl_adapters.core.records.metadata import CheckedMetadata, check_metadata
from redisvl_adapters.core.records.own_records import Held
from redisvl_adapters.core.records.projection import project
from redisvl_adapters.core.schema.fields import MAX_EXACT_INT, FieldType
from redisvl_adapters.core.schema.foreign import ForeignField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.stored_fields import TYPED
from redisvl_adapters.errors import ArgumentError, FilterError, RecordError

ScopeValue: TypeAlias = str | bool | int | date | UUID
"""What a scope says of a key: one value, which is equal to nothing else."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Metadata that always hold. ``Scope.of`` makes one.

    Attributes:
        metadata: The value of each key, as records are written with it.
        plain: The same as JSON holds it.
        filter: What records within it match.
    """

    metadata: Mapping[str, Any]
    plain: Mapping[str, Any] = field(compare=False)
    filter: Filter = field(compare=False)

    @classmethod
    def of(cls, metadata: Mapping[str, Any], outer: Scope | None = None) -> Scope:
        """Return the scope of some metadata, within another one if there is one.

        Raises:
            ArgumentError: If there are none, a value is not one exact value, or they contradict the outer scope.
        """
        if not metadata:
            raise ArgumentError("scoped() needs a key and its value, such as scoped(tenant='acme')")
        try:
            found = check_metadata(dict(metadata), "the scope")
        except RecordError as error:
            raise ArgumentError(str(error)) from None
        for key, value in found.plain.items():
            if not isinstance(value, str | int) or (isinstance(value, int) and abs(value) >= MAX_EXACT_INT):
                raise ArgumentError(
                    "a scope has texts, booleans, integers below 2**53, dates and UUIDs as values; that of "
                    f"{key!r:.80} is {metadata[key]!r:.80}"
                )
            if outer is not None and not _is_same(outer.plain.get(key, value), value):
                raise ArgumentError(f"this store is within {outer}, and cannot be scoped to {key!r:.80}={value!r:.80}")
        held, plain = dict(found.values), dict(found.plain)
        if outer is not None:
            held, plain = {**held, **outer.metadata}, {**plain, **outer.plain}
        conditions = tuple(Compare(key, Operator.EQ, value) for key, value in sorted(plain.items()))
        return cls(held, plain, conditions[0] if len(conditions) == 1 else And(conditions))

    def __str__(self) -> str:
        return ", ".join(f"{key}={value!r:.80}" for key, value in sorted(self.plain.items()))

    def within(self, filter: Filter | None) -> Filter:
        """Return a filter that only records within this scope match, of those that a filter matches."""
        return self.filter if filter is None else And((self.filter, filter))

    def check_kept(self, schema: Schema) -> None:
        """Refuse an index of another application that cannot keep this scope.

        Raises:
            ArgumentError: If it cannot, with the reason.
        """
        self._foreign_fields(schema)

    def _foreign_fields(self, schema: Schema) -> Mapping[str, ForeignField]:
        """Return the fields of an index of another application that keep this scope, by key; none of any other index.

        Raises:
            ArgumentError: See ``check_kept``.
        """
        if (foreign := schema.foreign) is None:
            return {}
        return {key: field_that_keeps(schema, foreign, key, value) for key, value in self.plain.items()}

    def lacks(self, schema: Schema) -> list[str]:
        """Return the keys of this scope that an index has no field for yet: then no record can be within it."""
        self.check_kept(schema)
        return [] if schema.foreign is not None else [key for key in self.plain if schema.lacks(key)]

    def applied(self, found: CheckedMetadata, where: object) -> CheckedMetadata:
        """Return the metadata of a record that is to be written, with those of this scope.

        Args:
            found: What was given.
            where: Names the record in errors.

        Raises:
            RecordError: If it says otherwise.
        """
        for key, value in self.plain.items():
            if key in found.values and not _is_same(_as_plain(found.values[key]), value):
                raise RecordError(
                    f"{where}: metadata {key!r:.80} is {found.values[key]!r:.80}, but the store is scoped to {self}; "
                    "leave that key out, or write through a store that is scoped otherwise"
                )
        lacking = [key for key in self.plain if key not in found.values]
        if not lacking:
            return found
        plain = {**found.plain, **{key: self.plain[key] for key in lacking}}
        values = {**found.values, **{key: self.metadata[key] for key in lacking}}
        return CheckedMetadata(plain, values, orjson.dumps(plain))

    def holds(self, schema: Schema, metadata: Mapping[str, Any], *, alone: bool = False) -> bool:
        """Tell whether a record that was read is within this scope.

        Args:
            schema: The index.
            metadata: The metadata of the record.
            alone: Whether one that has a list of values is within none, not within each. See ``held``.
        """
        told = self._told_by(metadata)
        if schema.foreign is not None:
            fields = self._foreign_fields(schema).items()
            return all(has_value(field, told[key], self.plain[key], alone=alone) for key, field in fields)
        if all(_is_same(told[key], value) for key, value in self.plain.items()):
            return True
        try:
            wanted, has = self.projection(schema), project(schema, told, "a record")
        except (FilterError, RecordError):
            return False
        return all(_contains(has.get(alias), value, alone=alone) for alias, value in wanted.items())

    def _told_by(self, metadata: Mapping[str, Any]) -> Mapping[str, Any]:
        if not all(key in metadata or "." not in key for key in self.plain):
            metadata = check_metadata(metadata, "a record").values
        return {key: metadata.get(key) for key in self.plain}

    def is_inexact(self, schema: Schema) -> bool:
        """Tell whether what an index finds within this scope may be outside."""
        return any(may_take_others(field, self.plain[key]) for key, field in self._foreign_fields(schema).items())

    def check_told_apart(self, schema: Schema, metadata: Mapping[str, Any]) -> None:
        """Refuse a search that has found a record outside this scope, since its index takes it for one within.

        A record that others took out of it meanwhile is no such one. Nothing of the record is told.

        Raises:
            FilterError: If it is one: others, which are within, may be lacking for it.
        """
        told, fields = self._told_by(metadata), self._foreign_fields(schema)
        if fields and all(is_taken_for(field, told[key], self.plain[key]) for key, field in fields.items()):
            raise FilterError(
                f"index {schema.name!r} takes a record of others for one within the scope {self}: it does not tell the "
                "case of such tags, nor true from 'true'. A search cannot leave it out without leaving others out too; "
                "get, count, iterate, writing and deleting can. copy_to copies the records within into an index of "
                "this library"
            )

    def projection(self, schema: Schema) -> Mapping[str, Projected]:
        """Return the indexed values of the records within this scope, by field; of other applications' indexes none.

        Raises:
            ArgumentError: If an index of another application cannot keep this scope.
            FilterError: If the field of a key cannot be asked for exactly such a value.
        """
        self.check_kept(schema)
        if schema.foreign is not None:
            return {}
        projection: dict[str, Projected] = {}
        for key, value in self.metadata.items():
            field = schema.indexed(key)
            refusal = f"index {schema.name!r} cannot keep a scope of {key}={value!r:.80}: its field is {field.type}"
            if field.type in (FieldType.TEXT, FieldType.GEO):
                raise FilterError(f"{refusal}, which has no exact equality; scope by another key")
            try:
                own = project(schema, {key: value}, "the scope")
            except RecordError as error:
                raise FilterError(f"{refusal} ({error}); scope by a value of that type, or by another key") from None
            if TYPED in own:
                raise FilterError(
                    f"{refusal}, and holds no {type(value).__name__}; scope by a value of that type, or by another key"
                )
            projection |= own
        return projection

    def held(self, schema: Schema, *, alone: bool) -> list[Held]:
        """Return what tells a script whether a record is within this scope.

        Args:
            schema: The index.
            alone: Whether a record that has a list of values is within none, so that nobody takes it from the others.

        Raises:
            FilterError: See ``projection``.
        """
        if fields := self._foreign_fields(schema):
            return [held_value(field, self.plain[key], alone=alone) for key, field in fields.items()]
        return [Held(alias, value, alone) for alias, value in self.projection(schema).items()]


def _as_plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _is_same(value: Any, other: Any) -> bool:
    return type(value) is type(other) and value == other


def _contains(has: Projected | None, wanted: Projected, *, alone: bool) -> bool:
    if isinstance(has, list) and isinstance(wanted, list) and not alone:
        return set(wanted) <= set(has)
    return has == wanted
