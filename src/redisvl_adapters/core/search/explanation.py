"""Explanations of searches: what was sent for one, how the server reads it, and where its time went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from redisvl_adapters.core.search.profile import SearchProfile, ShardProfile
from redisvl_adapters.core.server.commands import Argument
from redisvl_adapters.core.server.told_commands import readable_text, redis_cli_text


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """One round trip of a search, or a pause in it.

    Attributes:
        sent: What was sent, with lengths instead of what is in it; ``waited`` for a pause.
        milliseconds: How long the reply took.
    """

    sent: str
    milliseconds: float


@dataclass(frozen=True, slots=True)
class SearchStep:
    """One command by which an index was searched.

    Attributes:
        arguments: The very command: its name and its arguments.
        round_trip: Which round trip it was sent in, from 0 on; several commands can share one.
        rows: How many rows it found; None if the server refused it, after which it was asked again.
        matches: How many records the server says that match; None for FT.AGGREGATE, which does not count them.
        tree: How the server reads its query, as FT.EXPLAIN has it; None if it does not tell.
        profile: What FT.PROFILE says of it; None if there is none.
        not_profiled: Why there is none, in one line; else empty.
    """

    arguments: tuple[Argument, ...]
    round_trip: int
    rows: int | None
    matches: int | None
    tree: str | None
    profile: SearchProfile | None
    not_profiled: str

    @property
    def command(self) -> str:
        """The command as a person reads it, with the length of each vector in its place, such as ``<1536 bytes>``."""
        return readable_text(self.arguments)

    @property
    def redis_cli(self) -> str:
        """The command as it is pasted into redis-cli, with its vectors."""
        return redis_cli_text(self.arguments)

    def to_dict(self) -> dict[str, Any]:
        """Return the same as JSON can hold it, with ``command`` and ``redis_cli`` instead of ``arguments``."""
        told = asdict(self)
        del told["arguments"]
        if self.profile is not None:
            told["profile"]["total_ms"] = self.profile.total_ms
        return {"command": self.command, "redis_cli": self.redis_cli, **told}


@dataclass(frozen=True, slots=True)
class SearchExplanation:
    """What was sent for a search, how the server reads it, and where its time went. ``print`` it to read it.

    Attributes:
        index: The name of the index.
        operation: What searched, as traces name it, such as ``search_by_vector``.
        records: How many records the search returns.
        steps: The commands by which the index was searched, in their order.
        round_trips: All round trips and pauses of the search, in their order.
        total_ms: How long the search took, in milliseconds, without what embeds or reranks.
        embedding_ms: How long its query took to embed; None if nothing was embedded for it.
        ranking_ms: How long its candidates took to be ranked anew; None if they were not.
        warnings: What the search warned of.
    """

    index: str
    operation: str
    records: int
    steps: tuple[SearchStep, ...]
    round_trips: tuple[RoundTrip, ...]
    total_ms: float
    embedding_ms: float | None
    ranking_ms: float | None
    warnings: tuple[str, ...]

    @property
    def waiting_ms(self) -> float:
        """How much of ``total_ms`` was waited for replies, in milliseconds, the network and pauses included."""
        return sum(trip.milliseconds for trip in self.round_trips)

    @property
    def profiled_ms(self) -> float | None:
        """How long the server took for the steps, by FT.PROFILE, in milliseconds; None if it profiled none."""
        times = [step.profile.total_ms for step in self.steps if step.profile is not None]
        known = [time for time in times if time is not None]
        return sum(known) if known else None

    def to_dict(self) -> dict[str, Any]:
        """Return the same as JSON can hold it."""
        return {
            **asdict(self),
            "steps": [step.to_dict() for step in self.steps],
            "waiting_ms": self.waiting_ms,
            "profiled_ms": self.profiled_ms,
        }

    def __str__(self) -> str:
        """Return all of it as text, a step after the other."""
        return "\n".join(_lines(self))


def _lines(told: SearchExplanation) -> Iterator[str]:
    apart = {"embedding": told.embedding_ms, "ranking": told.ranking_ms}
    times = "".join(f", {what} {_ms(time)}" for what, time in apart.items() if time is not None)
    yield f"{told.operation} on index {told.index!r}: {_several(told.records, 'record')} in {_ms(told.total_ms)}{times}"
    server = "" if told.profiled_ms is None else f"; by FT.PROFILE the server took {_ms(told.profiled_ms)}"
    yield f"{_several(len(told.round_trips), 'round trip')}, waited for {_ms(told.waiting_ms)}{server}"
    for place, trip in enumerate(told.round_trips):
        yield f"  {place}: {trip.sent}, {_ms(trip.milliseconds)}"
    for number, step in enumerate(told.steps, 1):
        yield ""
        yield f"{number}. {step.command}"
        yield from (f"   {line}" for line in _lines_of(step))
    for warning in told.warnings:
        yield ""
        yield f"warning: {warning}"


def _lines_of(step: SearchStep) -> Iterator[str]:
    found = "refused" if step.rows is None else _several(step.rows, "row")
    matching = "" if step.matches is None else f" of {step.matches} that match"
    yield f"round trip {step.round_trip}: {found}{matching}"
    if step.tree is not None:
        yield "FT.EXPLAIN:"
        yield from (f"  {line}" for line in step.tree.splitlines() if line)
    if step.profile is None:
        yield f"FT.PROFILE: {step.not_profiled}"
        return
    for number, shard in enumerate(step.profile.shards, 1):
        of_shard = f" of shard {number}" if len(step.profile.shards) > 1 else ""
        yield f"FT.PROFILE{of_shard}: {_times(shard)}"
        yield from (f"  {line}" for line in _lines_of_shard(shard))
    if step.profile.coordinator:
        yield f"FT.PROFILE of the coordinator: {_facts(step.profile.coordinator)}"


def _times(shard: ShardProfile) -> str:
    times = {"in all": shard.total_ms, "parsing": shard.parsing_ms, "pipeline creation": shard.pipeline_ms}
    return ", ".join(f"{what} {_ms(time)}" for what, time in times.items() if time is not None) or "no times"


def _lines_of_shard(shard: ShardProfile) -> Iterator[str]:
    if shard.more:
        yield _facts(shard.more)
    if shard.iterators is not None:
        yield "iterators:"
        yield from (f"  {line}" for line in _tree(shard.iterators))
    if shard.processors:
        yield "processors:"
        yield from (f"  {_facts(processor)}" for processor in shard.processors)
    yield from (f"warning: {warning}" for warning in shard.warnings)


def _tree(node: Any) -> Iterator[str]:
    """Yield a node in a line, and its children behind it, further in."""
    if not isinstance(node, Mapping):
        yield from (line for each in node for line in _tree(each)) if _is_nested(node) else [str(node)]
        return
    yield _facts(node)
    for value in node.values():
        if _is_nested(value):
            yield from (f"  {line}" for line in _tree(value))


def _facts(node: Mapping[str, Any]) -> str:
    plain = {name: value for name, value in node.items() if not _is_nested(value)}
    kind = plain.pop("Type", None)
    facts = ", ".join(f"{name} {_figure(value)}" for name, value in plain.items())
    return ": ".join(str(part) for part in (kind, facts) if part)


def _is_nested(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, Sequence) and not isinstance(value, str))


def _figure(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.3g} ms" if milliseconds < 100 else f"{milliseconds:.0f} ms"


def _several(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
