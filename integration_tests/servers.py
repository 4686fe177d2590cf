"""Clients of the server that the tests run on: a single one, a cluster, or a sharded database behind one address."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

import pytest
import redis
import redis.asyncio
from redis.cluster import RedisCluster

from redisvl_adapters.core.server.urls import cluster_parts, names_cluster


class _Cluster(RedisCluster):
    """A client of a cluster that can be asked for all that a test asks of a server."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        if str(args[0]).startswith("FT.") and not options.get("target_nodes"):
            # redis-py routes these by their first argument, or not at all.
            options["target_nodes"] = self.get_default_node()  # type: ignore[no-untyped-call]  # as below
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # redis-py does not type it

    def close(self) -> None:
        """Close the connections to all nodes, which redis-py does not where they were opened from a URL."""
        self.disconnect_connection_pools()  # type: ignore[no-untyped-call]  # as below
        super().close()

    def client_list(self, *_: Any, **__: Any) -> list[dict[str, str]]:
        """Return the connections of all nodes."""
        found = self.execute_command("CLIENT", "LIST", target_nodes=RedisCluster.ALL_NODES)
        lines = b"\n".join(found.values() if isinstance(found, dict) else [found]).decode().splitlines()
        return [dict(part.split("=", 1) for part in line.split() if "=" in part) for line in lines if line]

    def info(self, section: str | None = None, *args: str, **_: Any) -> dict[str, Any]:
        """Return the figures of one node, or of all of them by command."""
        found: dict[str, dict[str, Any]] = super().info(section, *args, target_nodes=RedisCluster.PRIMARIES)
        nodes = list(found.values()) if "redis_version" not in found and _are_nodes(found) else [found]
        merged = dict(nodes[0])
        for node in nodes[1:]:
            for name, value in node.items():
                if isinstance(value, dict) and "calls" in value:
                    merged[name] = {**value, "calls": value["calls"] + merged.get(name, {"calls": 0})["calls"]}
        return merged

    def keys(self, pattern: Any = "*", **_: Any) -> Any:
        """Return the keys of all nodes that match."""
        return list({*self.scan_iter(match=pattern, count=1000)})

    def mset(self, mapping: Mapping[Any, Any]) -> bool:
        """Write keys of any slots."""
        return bool(self.mset_nonatomic(mapping))


def _are_nodes(found: Mapping[str, Any]) -> bool:
    return all(":" in name and isinstance(value, dict) for name, value in found.items())


class _Sharded(redis.Redis):
    """A plain client of a database that refuses commands with keys of several slots."""

    def _one_by_one(self, name: str, keys: tuple[Any, ...]) -> int:
        run: Any = self.execute_command
        return sum([run(name, key) for key in keys])

    def delete(self, *names: Any) -> int:
        """Delete keys of any slots."""
        return self._one_by_one("DEL", names)

    def unlink(self, *names: Any) -> int:
        """Delete keys of any slots."""
        return self._one_by_one("UNLINK", names)

    def exists(self, *names: Any) -> int:
        """Count which of some keys of any slots exist."""
        return self._one_by_one("EXISTS", names)

    def mset(self, mapping: Mapping[Any, Any]) -> bool:
        """Write keys of any slots."""
        for name, value in mapping.items():
            self.set(name, value)
        return True


def connect(url: str, **options: Any) -> redis.Redis:
    """Return a client of the server at a URL, of a cluster if the URL names one, that the caller closes.

    Args:
        url: The URL.
        options: Options of redis-py.
    """
    if names_cluster(url):
        first, _ = cluster_parts(url)
        return cast("redis.Redis", _Cluster.from_url(first, **options))
    return (_Sharded if is_sharded(url) else redis.Redis).from_url(url, **options)


def aconnect(url: str, **options: Any) -> redis.asyncio.Redis:
    """Return an async client of the server at a URL. See ``connect``."""
    if names_cluster(url):
        first, _ = cluster_parts(url)
        return cast("redis.asyncio.Redis", redis.asyncio.RedisCluster.from_url(first, **options))
    return redis.asyncio.Redis.from_url(url, **options)


def cursors(server: redis.Redis, index_name: str) -> int:
    """Return how many cursors of an index are open; on a cluster, which counts them together, how many of any index."""
    told: Any = server.execute_command("FT.INFO", index_name)
    stats = told[told.index(b"cursor_stats") + 1]
    return int(stats[stats.index(b"global_total" if isinstance(server, _Cluster) else b"index_total") + 1])


def with_query(url: str, query: str) -> str:
    """Return a URL with more options in its query."""
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url


def only_on_one(url: str, reason: str) -> None:
    """Skip a test where the server is a cluster, which is why it cannot say there what it says of a single server."""
    if names_cluster(url):
        pytest.skip(f"on a cluster {reason}")


def has_slots(url: str) -> bool:
    """Tell whether keys lie in slots: on a cluster, or on a sharded database behind one address."""
    return names_cluster(url) or is_sharded(url)


@cache
def is_sharded(url: str) -> bool:
    """Tell whether a database behind one address refuses commands with keys of several slots."""
    with redis.Redis.from_url(url) as client:
        try:
            client.exists("a", "b")
        except redis.ResponseError:
            return True
    return False
