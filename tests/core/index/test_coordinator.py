"""A cluster whose search module has no coordinator is refused, from what servers said of their commands."""

from __future__ import annotations

import pytest
from redis.exceptions import NoPermissionError, ResponseError

from redisvl_adapters.core import operations
from redisvl_adapters.core.index.lifecycle import open_index
from redisvl_adapters.core.server.commands import Command, Reply
from redisvl_adapters.errors import MissingModuleError
from tests.core.fake_server import FakeServer, make_state, record

# Search 8.8.0 on a node of a cluster, and on a single server: the command goes to any node.
WITH = [[b"FT.SEARCH", -3, [b"readonly", b"module"], 0, 0, 0, [b"@search"]]]
# Search 2.10.5: it goes to the node of the slot of its index.
WITHOUT = [[b"FT.SEARCH", -1, [b"readonly", b"module"], 1, 1, 1, []]]


class Node(FakeServer):
    """A node of a cluster, that says this of FT.SEARCH."""

    def __init__(self, said: Reply) -> None:
        super().__init__()
        self._said = said

    def _command(self, *args: str) -> Reply:
        assert args == ("INFO", "FT.SEARCH")
        return self._said


def test_a_cluster_without_a_coordinator_is_refused_before_anything_is_asked() -> None:
    node, state = Node(WITHOUT), make_state()
    state.spans_slots = False
    with pytest.raises(MissingModuleError, match=r"no coordinator, so that one node alone .* use Redis 8 or newer"):
        node.run(state, operations.count(state))
    assert node.sent == [["COMMAND"]]
    assert not state.opened


@pytest.mark.parametrize(
    "said", [WITH, [None], NoPermissionError("this user has no permissions to run the 'command|info' command")]
)
def test_a_cluster_with_a_coordinator_is_opened_and_so_is_one_that_does_not_tell(said: Reply) -> None:
    node, state = Node(said), make_state()
    state.spans_slots = False
    node.run(state, operations.count(state))
    assert state.opened


def test_a_single_server_needs_none_and_is_not_asked() -> None:
    state = make_state()
    assert next(open_index(state))[0] != Command(("COMMAND", "INFO", "FT.SEARCH"))


def test_shards_that_do_not_agree_on_an_index_yet_are_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    node, state = FakeServer(), make_state()
    node.run(state, operations.upsert(state, [record("a")], [[1.0, 2.0]]))
    told: list[Reply] = [ResponseError("SEARCH_VALUE_BAD Inconsistent index state")] * 2
    ask = node._ft_info
    monkeypatch.setattr(node, "_ft_info", lambda name: told.pop() if told else ask(name))
    other = make_state()
    assert node.run(other, operations.count(other)) == 1
    assert not told
    assert node.paused == [0.05, 0.05]
