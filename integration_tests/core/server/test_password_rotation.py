"""A password that is changed while a store goes on: by a provider of credentials, or by two passwords at once."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import pytest
import redis
from langchain_core.embeddings import DeterministicFakeEmbedding
from llama_index.core.schema import TextNode
from redis import asyncio as aredis
from redis import credentials
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from integration_tests.conftest import Call
from integration_tests.core.core_support import own_server, until
from redisvl_adapters import langchain, llama_index
from redisvl_adapters.errors import AuthenticationError

MODEL = DeterministicFakeEmbedding(size=4)
USERS = ("ann", "bob")


@pytest.fixture(scope="module")
def guarded() -> Iterator[redis.Redis]:
    """A server with two users who may do everything: a client of the administrator."""
    with own_server() as (port, _), redis.Redis(port=port) as client:
        yield client


@pytest.fixture(autouse=True)
def users(guarded: redis.Redis) -> None:
    """The users, with their first password."""
    for user in USERS:
        guarded.execute_command("ACL", "SETUSER", user, "reset", "on", ">first", "~*", "&*", "+@all")


def port_of(client: redis.Redis) -> int:
    return int(client.connection_pool.connection_kwargs["port"])


def close_all_of(administrator: redis.Redis, user: str = "ann") -> int:
    """Close the connections of a user, as a server does that restarts, and return how many there were."""
    found: Any = administrator.execute_command("CLIENT", "KILL", "USER", user)
    return int(found)


class Vault(credentials.CredentialProvider):
    """Where the password is kept."""

    def __init__(self) -> None:
        self.current = "first"
        self.asked = 0

    def get_credentials(self) -> tuple[str, str]:
        self.asked += 1
        return "ann", self.current

    async def get_credentials_async(self) -> tuple[str, str]:
        return self.get_credentials()


@pytest.fixture(params=["sync", "async"])
async def client(request: pytest.FixtureRequest, guarded: redis.Redis) -> AsyncIterator[tuple[dict[str, Any], Vault]]:
    """What a store is given: a client of either kind, which asks a vault for the password; and the vault."""
    vault = Vault()
    options: Any = {"port": port_of(guarded), "credential_provider": vault}
    # By default redis-py tries a wrong password again, ten times.
    if request.param == "sync":
        with redis.Redis(**options, retry=Retry(NoBackoff(), 0)) as made:
            yield {"client": made}, vault
    else:
        async with aredis.Redis(**options, retry=AsyncRetry(NoBackoff(), 0)) as amade:
            yield {"async_client": amade}, vault


async def test_a_store_goes_on_with_the_password_that_its_provider_has_by_then(
    guarded: redis.Redis, client: tuple[dict[str, Any], Vault], call: Call, storage: Any
) -> None:
    given, vault = client
    documents = langchain.RedisVectorStore(MODEL, index_name="docs", storage=storage, **given)
    nodes = llama_index.RedisVectorStore(index_name="docs", storage=storage, **given)
    await call(documents, "add_texts", ["first"])
    guarded.execute_command("ACL", "SETUSER", "ann", ">second", "<first")
    await call(documents, "add_texts", ["by a connection that is open"])
    assert close_all_of(guarded) > 0
    vault.current = "second"
    await call(documents, "add_texts", ["second"])
    await call(nodes, "add", [TextNode(text="second", embedding=[1.0, 0, 0, 0])])
    assert await call(documents, "count") == await call(nodes, "count") == 4
    asked = vault.asked
    await call(nodes, "count")
    assert vault.asked == asked, "it is asked once a connection"
    vault.current = "wrong"
    close_all_of(guarded)
    with pytest.raises(AuthenticationError, match="refused the username or the password"):
        await call(documents, "count")
    vault.current = "second"
    assert await call(documents, "count") == 4
    await call(documents, "drop")
    for store in (documents, nodes):
        await store.aclose()


async def test_a_user_with_two_passwords_is_served_by_both_until_one_is_taken_away(
    guarded: redis.Redis, call: Call
) -> None:
    def opened(password: str) -> langchain.RedisByteStore:
        return langchain.RedisByteStore(redis_url=f"redis://ann:{password}@127.0.0.1:{port_of(guarded)}")

    old, new = opened("first"), opened("second")
    await call(old, "mset", [("key", b"value")])
    guarded.execute_command("ACL", "SETUSER", "ann", ">second")
    close_all_of(guarded)
    assert await call(old, "mget", ["key"]) == await call(new, "mget", ["key"]) == [b"value"]
    guarded.execute_command("ACL", "SETUSER", "ann", "<first")
    assert await call(old, "mget", ["key"]) == [b"value"], "connections stay open"
    close_all_of(guarded)
    with pytest.raises(AuthenticationError, match="refused the username or the password"):
        await call(old, "mget", ["key"])
    assert await call(new, "mget", ["key"]) == [b"value"]
    for store in (old, new):
        await store.aclose()


@pytest.mark.skipif(not hasattr(credentials, "StreamingCredentialProvider"), reason="of newer versions of redis-py")
async def test_connections_that_are_open_are_told_of_new_credentials_by_a_provider_that_streams(
    guarded: redis.Redis, call: Call
) -> None:
    from redis.auth.token import SimpleToken  # noqa: PLC0415  # as above

    kind: type[Any] = credentials.StreamingCredentialProvider

    class Stream(kind):  # type: ignore[misc]  # its type is not known before redis-py 6
        """Tells everybody who listens of new credentials."""

        def __init__(self) -> None:
            self.user = "ann"
            self.listeners: list[Any] = []

        def get_credentials(self) -> tuple[str, str]:
            return self.user, "first"

        async def get_credentials_async(self) -> tuple[str, str]:
            return self.get_credentials()

        def on_next(self, callback: Any) -> None:
            self.listeners.append(callback)

        def on_error(self, callback: Any) -> None:
            assert callable(callback)

        def is_streaming(self) -> bool:
            return True

        async def rotate(self) -> None:
            self.user = "bob"
            for listener in self.listeners:
                told = listener(SimpleToken("first", -1, 0, {"oid": self.user}))
                if inspect.isawaitable(told):
                    await told

    stream = Stream()
    with redis.Redis(port=port_of(guarded), credential_provider=cast("Any", stream)) as made:
        store = langchain.RedisByteStore(client=made)
        await call(store, "mset", [("key", b"value")])
        before = of_users(guarded)
        assert {user for _, user in before} == {"ann"}
        await stream.rotate()
        assert await call(store, "mget", ["key"]) == [b"value"]
        assert of_users(guarded) == {(connection, "bob") for connection, _ in before}
        await store.aclose()
    until(lambda: not of_users(guarded))


def of_users(administrator: redis.Redis) -> set[tuple[str, str]]:
    """Return the connections of the two users, by their ids, each with its user."""
    return {(each["id"], each["user"]) for each in administrator.client_list() if each["user"] in USERS}
