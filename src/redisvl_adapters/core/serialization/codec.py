"""Python values as JSON text and back, exactly: what JSON cannot say itself has a spelling that starts with ``$``.

A tuple is ``{"$tuple": [...]}``, bytes are ``{"$bytes": "..."}``, and a model of a kind that both sides know is
``{"$HumanMessage": {...}}``. A dict that would be mistaken for one of these, or whose keys are not all strings, is
``{"$dict": [[key, value], ...]}``. Reading makes nothing but these: no text that lies in Redis can name a class.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import partial
from io import BytesIO, IOBase
from pathlib import Path, PurePath
from typing import Any, cast
from uuid import UUID

import numpy as np
from pydantic import AnyUrl, BaseModel
from pydantic.fields import FieldInfo

from redisvl_adapters.core.arguments import MAX_NESTING
from redisvl_adapters.errors import RecordError

_Url: Any = type(AnyUrl("http://localhost"))  # an alias of another class in older versions of Pydantic

# How a value is spelled that is no container. Subclasses go before their bases.
_SPELLINGS: tuple[tuple[type, str, Callable[[Any], Any], Callable[[Any], Any]], ...] = (
    (bytes, "$bytes", lambda value: b64encode(value).decode(), lambda text: b64decode(text, validate=True)),
    (datetime, "$datetime", datetime.isoformat, datetime.fromisoformat),
    (date, "$date", date.isoformat, date.fromisoformat),
    (time, "$time", time.isoformat, time.fromisoformat),
    (
        timedelta,
        "$timedelta",
        lambda value: [value.days, value.seconds, value.microseconds],
        lambda parts: timedelta(*parts),
    ),
    (UUID, "$uuid", str, UUID),
    (Decimal, "$decimal", str, Decimal),
    (PurePath, "$path", str, Path),
    (_Url, "$url", str, AnyUrl),
    (IOBase, "$file", lambda value: b64encode(_content(value)).decode(), lambda text: BytesIO(b64decode(text))),
)
_SEQUENCES: Mapping[type[Any], str] = {tuple: "$tuple", set: "$set", frozenset: "$frozenset"}


class Codec:
    """Writes values as text and reads them back.

    Args:
        kinds: The models and enumerations that come back as themselves. A model of another kind becomes a dict.
    """

    def __init__(self, kinds: Iterable[type[BaseModel | Enum]]) -> None:
        self._kinds: dict[type[Any], str] = {kind: f"${kind.__name__}" for kind in kinds}
        self._models = {kind: _Model(kind) for kind in self._kinds if issubclass(kind, BaseModel)}
        self._readers: dict[str, Callable[[Any], Any]] = {"$dict": dict}
        self._readers |= {tag: read for _, tag, _, read in _SPELLINGS}
        self._readers |= {tag: kind for kind, tag in (*_SEQUENCES.items(), *self._kinds.items())}
        self._readers |= {self._kinds[kind]: model.read for kind, model in self._models.items()}

    def knows(self, value: object) -> bool:
        """Tell whether a value is of a kind that comes back as itself."""
        return type(value) in self._kinds

    def encode(self, value: Any, where: str) -> str:
        """Return a value as JSON text that UTF-8 can hold.

        Args:
            value: The value. It is not changed.
            where: Names it in errors.

        Raises:
            RecordError: If a part of it could not be read back.
        """
        plain = self._plain(value, where, 0)
        try:
            text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
            text.encode()
        except UnicodeEncodeError:
            text = json.dumps(plain, separators=(",", ":"))
        except ValueError as error:
            raise RecordError(f"{where} cannot be written down: {error}") from error
        return text

    def decode(self, text: bytes | str) -> Any:
        """Return the value that a text stands for.

        Raises:
            ValueError: If the text is not what ``encode`` writes.
        """
        try:
            return json.loads(text, object_hook=self._read)
        except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from error

    def _read(self, found: dict[str, Any]) -> Any:
        if len(found) == 1:
            ((tag, value),) = found.items()
            if tag.startswith("$"):
                if tag not in self._readers:
                    raise ValueError(f"{tag!r:.80} is unknown")
                return self._readers[tag](value)
        return found

    def _plain(self, value: Any, path: str, depth: int) -> Any:
        if depth > MAX_NESTING:
            raise RecordError(f"{path:.200} is nested deeper than {MAX_NESTING} levels")
        match value:
            case None | bool():
                return value
            case BaseModel() if type(value) in self._models:
                held = self._models[type(value)].write(value)
                # The names of fields are no tags.
                plain = {name: self._plain(item, f"{path}.{name}", depth + 1) for name, item in held.items()}
                return {self._kinds[type(value)]: plain}
            case Enum() if type(value) in self._kinds:
                return {self._kinds[type(value)]: self._plain(value.value, path, depth + 1)}
            case str():
                return str.__str__(value)
            case int():
                return int(value)
            case float():
                return float(value)
            case list():
                return [self._plain(item, f"{path}[{place}]", depth + 1) for place, item in enumerate(value)]
            case dict():
                return self._mapping(value, path, depth)
            case tuple() | set() | frozenset():
                kind = next(kind for kind in _SEQUENCES if isinstance(value, kind))
                return {_SEQUENCES[kind]: self._plain(list(value), path, depth)}
            case BaseModel():
                return self._mapping(_held(value), path, depth)
            case np.generic():
                return self._plain(value.item(), path, depth + 1)
        for kind, tag, spell, _ in _SPELLINGS:
            if isinstance(value, kind):
                return {tag: spell(value)}
        raise RecordError(f"{path:.200} is a {type(value).__name__}, which could not be read back; leave it out")

    def _mapping(self, value: dict[Any, Any], path: str, depth: int) -> Any:
        plain = {key: self._plain(item, f"{path}.{key}", depth + 1) for key, item in value.items()}
        if all(type(key) is str for key in plain) and not (len(plain) == 1 and next(iter(plain)).startswith("$")):
            return plain
        return {"$dict": [[self._plain(key, path, depth + 1), item] for key, item in plain.items()]}


def _content(file: Any) -> bytes:
    """Return all that a file holds, and leave it where it was."""
    place = file.tell()
    file.seek(0)
    content = file.read()
    file.seek(place)
    return content if isinstance(content, bytes) else str(content).encode()


def _held(model: BaseModel) -> dict[str, Any]:
    """Return all that a model holds: its fields and its extras."""
    held = vars(model)
    return {name: held[name] for name in type(model).model_fields if name in held} | (model.model_extra or {})


class _Model:
    """A kind of model, whose defaults are looked up once: Pydantic takes its time for that."""

    def __init__(self, kind: type[BaseModel]) -> None:
        self._kind = kind
        self._defaults = {name: _default(field) for name, field in kind.model_fields.items()}
        self._required = {name for name, default in self._defaults.items() if default is None}

    def write(self, model: BaseModel) -> dict[str, Any]:
        """Return what a model holds, but for fields that were not set and have their default."""
        held = _held(model)
        for name in self._defaults.keys() - model.model_fields_set & held.keys():
            if (default := self._defaults[name]) is not None:
                value = default()
                if type(held[name]) is type(value) and held[name] == value:
                    del held[name]
        return held

    def read(self, held: dict[str, Any]) -> BaseModel:
        """Return a model that holds this. It was valid when it was written; to validate it again could change it."""
        if not isinstance(held, dict) or not self._required <= held.keys():
            raise ValueError(f"a {self._kind.__name__} has {', '.join(sorted(self._required))}")
        fields = {
            name: held[name] if default is None or name in held else default()
            for name, default in self._defaults.items()
        }
        model = self._kind.model_construct(held.keys() & fields.keys(), **fields)
        if model.model_extra is not None:
            model.model_extra.update((name, value) for name, value in held.items() if name not in fields)
        return model


def _default(field: FieldInfo) -> Callable[[], Any] | None:
    """Return what makes the default of a field; None if the field has none."""
    if field.is_required():
        return None
    if field.default_factory is not None:
        return cast("Callable[[], Any]", field.default_factory)
    return partial(deepcopy, field.default)
