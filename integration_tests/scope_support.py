"""What the tests of scoped stores share: two tenants in one index, and a look at what the other one has."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

import redis
from pydantic import BaseModel

from integration_tests.conftest import Call
from redisvl_adapters.core.filters.algebra import And, Compare, Filter, Not, Operator, Or
from redisvl_adapters.core.search.explanation import SearchExplanation

HIDDEN, SEEN = "hidden", "seen"
"""What is in the text and in the metadata of all records of the other tenant, and of all own records."""

OURS = {f"ours-{place}": {"note": f"{SEEN}-{place}", "kind": "a", "n": place, "tenant": "mine"} for place in range(3)}
THEIRS: Mapping[str, dict[str, Any]] = {
    **{f"theirs-{n}": {"note": f"{HIDDEN}-{n}", "kind": "a", "n": n, "tenant": "theirs"} for n in range(3)},
    "nobody's": {"note": HIDDEN, "kind": HIDDEN, "n": 1, HIDDEN: 1},
    "of several": {"note": HIDDEN, "kind": "a", "n": 1, "tenant": ["theirs", "others"]},
}
TTL = 777_777
"""In how many seconds some of the other records expire."""
IDS = [*THEIRS, *OURS, "of no record"]


def of_tenant(value: Any, operator: Operator = Operator.EQ) -> Filter:
    """Return a filter on the key of the scope."""
    return Compare("tenant", operator, value)


FILTERS: Iterable[Filter | None] = (
    None,
    of_tenant("theirs"),
    of_tenant("mine", Operator.NE),
    of_tenant(["theirs", "mine"], Operator.IN),
    of_tenant("%", Operator.LIKE),
    of_tenant("a", Operator.GT),
    of_tenant(value=False, operator=Operator.EXISTS),
    of_tenant(value=True, operator=Operator.IS_EMPTY),
    Or((of_tenant("theirs"), of_tenant("mine"))),
    Or((of_tenant("theirs"), Compare("n", Operator.GTE, 0))),
    Not((of_tenant("mine"),)),
    Not((And((of_tenant("mine"), Compare("kind", Operator.EQ, "a"))),)),
    Not((Or(()),)),
    And((Not((Compare("n", Operator.GT, 100),)), Or((Compare("kind", Operator.NE, "z"), of_tenant("theirs"))))),
)
"""Filters that ask for records of others, in every way."""


class Lying(NamedTuple):
    """What lies in Redis at one key: all of it, and whether it expires."""

    value: bytes | None
    expires: bool


def others_records(server: redis.Redis, index_name: str) -> dict[str, Lying]:
    """Return what lies in Redis of all records but our own."""
    keys = (key for key in server.scan_iter(f"{index_name}:*", count=1000) if b":ours-" not in key)
    return {key.decode(): Lying(server.dump(key), server.pttl(key) >= 0) for key in keys}


async def told(result: Any) -> str:
    """Return all that a result tells, as one text."""
    if isinstance(result, AsyncIterator):
        return str([await told(each) async for each in result])
    if isinstance(result, Mapping):
        return str([(key, await told(value)) for key, value in result.items()])
    if isinstance(result, list | tuple | Iterator):
        return str([await told(each) for each in result])
    if isinstance(result, BaseModel):
        return result.model_dump_json()
    if dataclasses.is_dataclass(result):
        return await told([getattr(result, each.name) for each in dataclasses.fields(result)])
    return str(result)


Ask: TypeAlias = Callable[..., Awaitable[Any]]


def asker(call: Call, store: Any) -> Ask:
    """Return what calls a method of a scoped store, and sees to it that the answer tells nothing of others' records."""

    async def ask(method: str, *args: Any, on: Any = None, **options: Any) -> Any:
        found = await call(on or store, method, *args, **options)
        text = await told(found)
        assert not [word for word in (HIDDEN, "theirs", str(TTL)[:5]) if word in text]
        if isinstance(found, int):
            assert found <= len(OURS)
        if args and args[0] == IDS and isinstance(found, list) and len(found) == len(IDS):
            assert not any(found[: len(THEIRS)])
        return found

    return ask


def check_explanation(explanation: SearchExplanation) -> None:
    """See to it that every command of a search keeps within the scope, and counts none but our own records."""
    assert explanation.records <= len(OURS)
    for step in explanation.steps:
        assert "@tenant:{mine}" in step.command
        assert (step.rows or 0) <= len(OURS) >= (step.matches or 0)
    assert HIDDEN not in str(explanation)


def public_names(kind: type, *, but_of: type = object) -> list[str]:
    """Return the public names of a class, without the async twins of others and what it has of a base class."""
    names = {name for name in dir(kind) if not name.startswith("_") and not hasattr(but_of, name)}
    return sorted(
        name for name in names if not {name.removeprefix("async_"), name.removeprefix("a")} & (names - {name})
    )
