"""Changing records, and knowing that the change is where everybody looks for it, also while the index is rebuilt.

What is changed while records are copied into another index is noted in a journal, by which the copy follows. The
registry is read after each change: if a rebuild began, or the index moved, then the change is made again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from redisvl_adapters.core.index.moves import MOVING, before_move, is_same_place, note_commands
from redisvl_adapters.core.index.readiness import changeable_snapshot, current_snapshot, snapshot_in_scope
from redisvl_adapters.core.index.registry import HEADER, read_registry_command, registry_header
from redisvl_adapters.core.index.snapshot import ATTEMPTS, IndexState, Snapshot
from redisvl_adapters.core.schema.index_schema import StaleSchemaError
from redisvl_adapters.core.server.commands import Command, Reply, Steps, T
from redisvl_adapters.core.server.replies import as_mapping, ok
from redisvl_adapters.errors import ServerError


def send_changes(
    state: IndexState,
    snapshot: Snapshot,
    commands: Sequence[Command],
    ids: Sequence[str],
    *guard: Command,
) -> Steps[tuple[list[Reply], list[Reply]]]:
    """Send commands that change records, note it for a rebuild, and ask then whether they went to the right place.

    Args:
        state: The index.
        snapshot: What was known of it when the commands were made.
        commands: The commands.
        ids: The records.
        guard: What is asked after them: by default, the registry is read.

    Returns:
        The replies to the commands, and those to the guard.

    Raises:
        ServerError: If it could not be noted.
    """
    guard = guard or (read_registry_command(snapshot.schema.name),)
    notes = note_commands(snapshot.registry, ids)
    # Nodes, and shards, know no order among them.
    rounds = [[*commands, *notes, *guard]] if state.spans_slots else [commands, notes, guard]
    replies: list[Reply] = []
    for batch in rounds:
        if batch:
            replies += yield batch
    after = len(commands) + len(notes)
    for reply in replies[len(commands) : after]:
        ok(reply)
    return replies[: len(commands)], replies[after:]


def is_settled(snapshot: Snapshot, registry: Reply) -> bool:
    """Tell whether a change is where everybody looks for it.

    Args:
        snapshot: What was known of the index when it was made.
        registry: The reply to the command that read the registry after it.
    """
    now = as_mapping(ok(registry))
    is_same = registry_header(now) == registry_header(snapshot.registry)
    return (is_same or (snapshot.is_restored and HEADER not in now)) and is_same_place(now, snapshot.registry)


def until_settled(state: IndexState, change: Callable[[Snapshot], Steps[tuple[T, bool]]]) -> Steps[list[T]]:
    """Make a change until it is where everybody looks for it, and return what came of each time, in their order.

    Args:
        state: The index.
        change: Makes it, and returns what came of it, and whether it is settled.

    Raises:
        IndexNotFoundError: If the index existed and is gone, or is never to be created.
    """
    results: list[T] = []
    for attempt in range(ATTEMPTS):
        snapshot = yield from snapshot_in_scope(state, (yield from changeable_snapshot(state, anew=bool(attempt))))
        if snapshot is None:
            return results
        result, settled = yield from change(snapshot)
        results.append(result)
        if settled:
            return results
    raise ServerError(f"index {state.spec.name!r} was changed by others in every attempt to change it; try again")


def reading(state: IndexState, snapshot: Snapshot, read: Callable[[Snapshot], Steps[T]]) -> Steps[T]:
    """Read records by their ids, and again where the index is by then if it moved meanwhile.

    Args:
        state: The index.
        snapshot: What is known of it.
        read: Reads them from where a snapshot says that they lie.
    """
    while MOVING in snapshot.registry:
        try:
            return (yield from before_move(snapshot.schema.name, read(snapshot), spans_slots=state.spans_slots))
        except StaleSchemaError:
            snapshot = (yield from current_snapshot(state, anew=True)) or snapshot
    return (yield from read(snapshot))
