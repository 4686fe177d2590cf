"""``explain``: a search made once, with all that was sent for it, and what the server says of each of its commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter
from typing import Any, Concatenate, ParamSpec

from redis.exceptions import ResponseError

from redisvl_adapters.core.index.expiry import without_renewal
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.search.explanation import RoundTrip, SearchExplanation, SearchStep
from redisvl_adapters.core.search.profile import SearchProfile, read_profile
from redisvl_adapters.core.search.sent_searches import count_rows, explain_command, is_search, profile_command
from redisvl_adapters.core.server.commands import Command, Pause, Reply, Steps, T
from redisvl_adapters.core.server.noted_warnings import noting
from redisvl_adapters.core.server.replies import is_missing_index, is_no_permission, ok, readable
from redisvl_adapters.core.server.telemetry import named
from redisvl_adapters.core.server.told_commands import described_batch

P = ParamSpec("P")


def explain(
    state: IndexState, search: Callable[Concatenate[IndexState, P], Steps[Any]], /, *args: P.args, **kwargs: P.kwargs
) -> Steps[SearchExplanation]:
    """Make a search once, and return what was sent for it, how the server reads it, and where its time went.

    Each of its commands is then asked once more, by FT.PROFILE. The records that it finds do not live longer for that.

    Args:
        state: The index.
        search: The operation, such as ``search_by_vector``.
        args: What it takes behind the index.
        kwargs: Its keywords.

    Raises:
        AuthenticationError: If the user may not run FT.EXPLAIN or FT.PROFILE.
        AdapterError: Whatever the search raises.
    """

    def steps() -> Steps[SearchExplanation]:
        found, told = yield from explained(state, search, *args, **kwargs)
        return replace(told, records=_count(found))

    return named(steps(), "explain")


def explained(
    state: IndexState, search: Callable[Concatenate[IndexState, P], Steps[T]], /, *args: P.args, **kwargs: P.kwargs
) -> Steps[tuple[T, SearchExplanation]]:
    """Return what a search finds with its explanation, which does not say how many records these are. See ``explain``.

    What embeds and what ranks is not the operation's, and not in it either.
    """
    return named(_explained(state, search, *args, **kwargs), "explain")


def _explained(
    state: IndexState, search: Callable[Concatenate[IndexState, P], Steps[T]], /, *args: P.args, **kwargs: P.kwargs
) -> Steps[tuple[T, SearchExplanation]]:
    sent = _Sent()
    # What was warned of before is warned of again.
    steps = search(replace(without_renewal(state), warned=set()), *args, **kwargs)
    began = perf_counter()
    found = yield from _recorded(steps, sent)
    total_ms = 1e3 * (perf_counter() - began)
    # One by one, since a server with threads would let them wait for each other.
    told = []
    for step, command in sent.searches:
        told.append((yield from _profiled(step, command)))
    explanation = SearchExplanation(
        index=state.spec.name,
        operation=str(getattr(steps, "__name__", "search")).lstrip("_"),
        records=0,
        steps=tuple(told),
        round_trips=tuple(sent.round_trips),
        total_ms=total_ms,
        embedding_ms=None,
        ranking_ms=None,
        warnings=tuple(dict.fromkeys(sent.warnings)),
    )
    return found, explanation


@dataclass(slots=True)
class _Sent:
    """What was sent for a search.

    Attributes:
        round_trips: The round trips.
        searches: The commands that searched, each with what is known of it.
        warnings: What was warned of.
    """

    round_trips: list[RoundTrip] = field(default_factory=list)
    searches: list[tuple[SearchStep, Command]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, commands: Sequence[Command], replies: Sequence[Reply], milliseconds: float) -> None:
        """Add a round trip or a pause."""
        if type(commands) is Pause:
            self.round_trips.append(RoundTrip("waited", milliseconds))
            return
        for command, reply in zip(commands, replies, strict=True):
            if is_search(command):
                count = count_rows(command, reply)
                rows, matches = (None, None) if count is None else count
                step = SearchStep(command.args, len(self.round_trips), rows, matches, None, None, "")
                self.searches.append((step, command))
        self.round_trips.append(RoundTrip(described_batch(commands), milliseconds))


def _recorded(steps: Steps[T], sent: _Sent) -> Steps[T]:
    """Run a search, and record what it sends."""
    resume: Callable[[], Sequence[Command]] = partial(next, steps)
    try:
        while True:
            with noting(sent.warnings):
                commands = resume()
            began = perf_counter()
            try:
                replies = yield commands
            except Exception as error:  # noqa: BLE001  # it is the search's to handle
                resume = partial(steps.throw, error)
            else:
                sent.add(commands, replies, 1e3 * (perf_counter() - began))
                resume = partial(steps.send, replies)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # StopIteration is not generic
    finally:
        steps.close()


def _profiled(step: SearchStep, command: Command) -> Steps[SearchStep]:
    """Return a step with what the server says of it.

    Raises:
        AuthenticationError: If the user may not ask for that.
    """
    if step.rows is None:
        return replace(step, not_profiled="the server refused the command")
    tree, told = yield [explain_command(command), profile_command(command)]
    for reply in (tree, told):
        if is_no_permission(reply):
            ok(reply)
    profile, reason = _read(told)
    return replace(step, tree=_text(tree), profile=profile, not_profiled=reason)


def _read(reply: Reply) -> tuple[SearchProfile | None, str]:
    """Return what FT.PROFILE says, and why there is nothing."""
    if is_missing_index(reply):
        return None, "the index was dropped, or has moved, since the search"
    if isinstance(reply, ResponseError):
        return None, f"the server does not profile this command: {readable(reply)}"
    try:
        return read_profile(reply), ""
    except ValueError as error:
        return None, str(error)


def _text(reply: Reply) -> str | None:
    """Return how the server reads a query; None if it does not tell."""
    return reply.decode("utf-8", "replace").strip() if isinstance(reply, bytes) else None


def _count(found: Any) -> int:
    """Return how many records there are in what a search returns, for one query or for several, or counts."""
    if isinstance(found, int):
        return found
    return sum(map(_count, found)) if found and isinstance(found[0], list) else len(found)
