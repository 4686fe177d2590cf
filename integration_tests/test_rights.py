"""Users with no right beyond those in docs/operating.md do all that it says; with one fewer, they are told which."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from fnmatch import fnmatchcase

import pytest
import redis

from integration_tests.core.core_support import free_port, own_server, until
from integration_tests.rights_support import STEPS, Caller, prepare, read_rules
from integration_tests.telemetry_support import recording
from redisvl_adapters.core.moving import copying, rebuild
from redisvl_adapters.core.search import cursor_pages
from redisvl_adapters.errors import AdapterError

RULES = read_rules()
# What takes longer is done once without each right.
TRIED = {
    "docs-explainer": "docs-reader",
    "json-explainer": "json-reader",
    "json-rebuilder": "docs-rebuilder",
    "json-copier": "docs-copier",
}
FEWER = [
    (user, right) for user, rules in RULES.items() for right in rules if right not in RULES.get(TRIED.get(user, ""), ())
]


@pytest.fixture(autouse=True)
def many_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let walks go over few records as they do over more than a search returns: by a cursor."""
    monkeypatch.setattr(cursor_pages, "MAX_KEYS", 1)
    monkeypatch.setattr(copying, "MAX_KEYS", 1)
    monkeypatch.setattr(copying, "_PAGE", 1)
    # Nobody else has the index open.
    monkeypatch.setattr(rebuild, "SETTLED", 0.0)


@pytest.fixture(scope="module")
def single() -> Iterator[int]:
    """A server of the test's own."""
    with own_server() as (port, _):
        yield port


@pytest.fixture(scope="module")
def cluster() -> Iterator[int]:
    """A cluster of one node."""
    with own_server("--cluster-enabled", "yes", "--cluster-port", str(free_port())) as (port, _):
        with redis.Redis(port=port) as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            until(lambda: b"cluster_state:ok" in client.execute_command("CLUSTER", "INFO", NEVER_DECODE=True))
        yield port


@pytest.fixture
def port(request: pytest.FixtureRequest, user: str) -> int:
    """The port of the server that a user is of."""
    return int(request.getfixturevalue("cluster" if user.startswith("cluster") else "single"))


async def call_as(port: int, user: str, rules: list[str], *, twins: bool) -> Caller:
    """Make everything anew, and a user with these rules; return what calls as that user."""
    of_cluster = user.startswith("cluster")
    with redis.Redis(port=port) as administrator:
        administrator.flushall()
        if not of_cluster:
            await prepare(f"redis://127.0.0.1:{port}", "json" if user.startswith("json") else "hash")
        administrator.execute_command("ACL", "SETUSER", user, "reset", "on", ">secret", *rules)
    query = "&".join(["cluster=true"] * of_cluster + ["client_name=mine"] * twins)
    return Caller(f"redis://{user}:secret@127.0.0.1:{port}?{query}", twins)


def test_the_document_has_the_rules_of_every_user() -> None:
    assert RULES.keys() == STEPS.keys()


@pytest.mark.parametrize("twins", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("user", RULES)
async def test_a_user_with_these_rights_can_do_it_all(
    port: int, user: str, twins: bool, caplog: pytest.LogCaptureFixture
) -> None:
    call = await call_as(port, user, RULES[user], twins=twins)
    with caplog.at_level(logging.WARNING), recording() as recorder:
        await STEPS[user](call)
    # Whoever looks at traces has no right to what is stored.
    recorder.check("secret", "hello", "text one", "answer", "prompt")


@pytest.mark.parametrize("left", ["mark", "nothing"])
@pytest.mark.parametrize("user", ["docs-reader", "json-reader"])
async def test_a_reader_may_be_the_first_to_see_what_an_index_holds(port: int, user: str, left: str) -> None:
    call = await call_as(port, user, RULES[user], twins=False)
    with redis.Redis(port=port) as administrator:
        if left == "mark":
            administrator.hset("redisvl-adapters/docs", "unchecked", 1)
        else:
            administrator.delete("redisvl-adapters/docs")
        await STEPS[user](call)
        assert administrator.exists("redisvl-adapters/docs") == (left == "mark")


@pytest.mark.parametrize(("user", "right"), FEWER, ids=[" ".join(pair) for pair in FEWER])
async def test_a_user_with_one_right_fewer_is_told_which(
    port: int, user: str, right: str, caplog: pytest.LogCaptureFixture
) -> None:
    call = await call_as(port, user, [other for other in RULES[user] if other != right], twins=False)
    caplog.set_level(logging.INFO)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        # What is of use, but can be done without, is logged. A message that cannot be indexed is kept, with a warning.
        told = []
        try:
            await STEPS[user](call)
        except (AdapterError, AssertionError) as error:
            told.append(str(error))
    told += [record.getMessage() for record in caplog.records] + [str(each.message) for each in warned]
    assert any(names(message, right, RULES[user]) for message in told), told


_WITHOUT_KEY = ("+ft._list", "+cluster|slots", "+command")


def names(message: str, right: str, rules: list[str]) -> bool:
    """Tell whether a message names what was not permitted: the command, and a key that the rules have."""
    key = re.search(r" on '([^']+)'", message)
    patterns = [rule.partition("~")[2] for rule in rules if "~" in rule]
    if right.startswith("+"):
        named = right[1:].lower() in message.lower()
        return named and (right in _WITHOUT_KEY or (key is not None and any(fnmatchcase(key[1], p) for p in patterns)))
    pattern = right.partition("~")[2]
    return "No permissions to access a key" in message and key is not None and fnmatchcase(key[1], pattern)
