"""What a session sends and how it takes replies, without a server."""

from __future__ import annotations

import pytest

from redisvl_adapters.core.sessions import history
from redisvl_adapters.core.sessions.history import SessionSettings


def test_a_message_that_is_archived_while_both_lists_are_read_comes_once() -> None:
    session = SessionSettings("test:").session("s")
    steps = history.read_archived(session, active=True)
    assert [command.args[1] for command in next(steps)] == [session.key, f"{session.key}:archived"]
    with pytest.raises(StopIteration) as stop:
        steps.send([[b"b", b"c"], [b"a", b"b"]])
    assert stop.value.value == [b"a", b"b", b"c"]
