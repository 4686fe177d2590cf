"""What FT.PROFILE says of a search: its times, and what went on in it, by shard.

Search 2.10 gives a list of names with values in RESP2, and a map in RESP3, for the one shard that there is. Search 8
has ``Shards`` and ``Coordinator`` in both. Times are milliseconds; search 2.10 tells them in whole ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redisvl_adapters.core.server.commands import Reply
from redisvl_adapters.core.server.replies import as_mapping

_TOTAL, _PARSING, _PIPELINE = "Total profile time", "Parsing time", "Pipeline creation time"
_ITERATORS, _PROCESSORS, _WARNING = "Iterators profile", "Result processors profile", "Warning"
_KNOWN = frozenset({_TOTAL, _PARSING, _PIPELINE, _ITERATORS, _PROCESSORS, _WARNING})
_CHILDREN = "Child iterators"


@dataclass(frozen=True, slots=True)
class ShardProfile:
    """What one shard says of its part in a search; on a single server all of it.

    Attributes:
        total_ms: How long it took, in milliseconds; None if the server does not tell, as for all times.
        parsing_ms: How long it took to read the query.
        pipeline_ms: How long it took to make the iterators and the processors of it.
        iterators: What was looked up, as the server has it: a node such as ``{"Type": "VECTOR", "Time": 0.2,
            "Counter": 10}``, with its children in it; None if there is none.
        processors: What was done with what was found, one after the other, in nodes of the same form.
        warnings: What the server warns of.
        more: Whatever else it tells, by its names.
    """

    total_ms: float | None
    parsing_ms: float | None
    pipeline_ms: float | None
    iterators: Any
    processors: tuple[Mapping[str, Any], ...]
    warnings: tuple[str, ...]
    more: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SearchProfile:
    """What FT.PROFILE says of a search.

    Attributes:
        shards: What each shard says; on a single server there is one.
        coordinator: What the coordinator of a cluster says, by its names; empty on a single server.
    """

    shards: tuple[ShardProfile, ...]
    coordinator: Mapping[str, Any]

    @property
    def total_ms(self) -> float | None:
        """How long the slowest shard took, in milliseconds."""
        return max((shard.total_ms for shard in self.shards if shard.total_ms is not None), default=None)


def read_profile(reply: Reply) -> SearchProfile:
    """Return what the reply to FT.PROFILE tells beside the results.

    Raises:
        ValueError: If it has a form that is not known here.
    """
    try:
        shards, coordinator = _parts(_told(reply))
        profile = SearchProfile(tuple(map(_shard, shards)), coordinator)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError(_UNKNOWN) from error
    if not profile.shards:
        raise ValueError(_UNKNOWN)
    return profile


_UNKNOWN = "the reply to FT.PROFILE has a form that is not known here"


def _told(reply: Reply) -> Reply:
    if isinstance(reply, dict):
        return reply[b"Profile"] if b"Profile" in reply else reply[b"profile"]
    _, told = reply
    return told


def _parts(told: Reply) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return what each shard and the coordinator tell, by the names that these have for it."""
    if b"Shards" in told:
        found = as_mapping(told)
        return [_named(shard) for shard in found[b"Shards"]], _named(found.get(b"Coordinator") or {})
    if isinstance(told, dict):
        return [_named(told)], {}
    # In a list there may be several, each behind its label.
    shards: list[dict[str, Any]] = []
    coordinator: dict[str, Any] = {}
    part: dict[str, Any] | None = None
    for row in told:
        name = _text(row[0])
        if len(row) == 1 and name.startswith("Shard"):
            part = None
        elif len(row) == 1 and name == "Coordinator":
            part = coordinator
        else:
            if part is None:
                part = {}
                shards.append(part)
            part[name] = _value(name, row[1:] if name == _PROCESSORS or len(row) != 2 else row[1])
    return shards, coordinator


def _shard(told: Mapping[str, Any]) -> ShardProfile:
    iterators = told.get(_ITERATORS)
    if isinstance(iterators, list) and len(iterators) == 1:
        (iterators,) = iterators
    warned = told.get(_WARNING) or ()
    return ShardProfile(
        total_ms=_milliseconds(told, _TOTAL),
        parsing_ms=_milliseconds(told, _PARSING),
        pipeline_ms=_milliseconds(told, _PIPELINE),
        iterators=iterators or None,
        processors=tuple(told.get(_PROCESSORS) or ()),
        warnings=tuple(each for each in ([warned] if isinstance(warned, str) else warned) if each != "None"),
        more={name: value for name, value in told.items() if name not in _KNOWN},
    )


def _milliseconds(told: Mapping[str, Any], name: str) -> float | None:
    return float(told[name]) if name in told else None


def _named(told: Reply) -> dict[str, Any]:
    return _node(told) if isinstance(told, list) else {_text(name): _value(_text(name), told[name]) for name in told}


def _node(parts: Sequence[Reply]) -> dict[str, Any]:
    """Return names and values in turn as a mapping."""
    node: dict[str, Any] = {}
    rest = list(parts)
    while rest:
        name = _text(rest.pop(0))
        if name == _CHILDREN and rest and _is_node(rest[0]):
            # Search 2.10 has all of them behind their name, and not in a list of their own.
            node[name], rest = [_value(name, child) for child in rest], []
        else:
            node[name] = _value(name, rest.pop(0))
    return node


def _value(name: str, value: Reply) -> Any:
    match value:
        case dict():
            return _named(value)
        case list() | tuple() | set() | frozenset():
            return _node([*value]) if _is_node(value) else [_value(name, each) for each in value]
        case bytes() | str():
            return float(value) if "time" in name.lower() else _text(value)
        case _:
            return value


def _is_node(value: Reply) -> bool:
    return isinstance(value, list) and len(value) > 1 and value[0] == b"Type"


def _text(value: Reply) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
