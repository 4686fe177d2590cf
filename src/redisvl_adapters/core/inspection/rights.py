"""The rights that users need, by what they do: the fewest rules of Redis's access control lists that are enough.

docs/operating.md explains them, and the tests do everything with each of these users, and with one right fewer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from redisvl_adapters.core.index.registry import registry_key
from redisvl_adapters.errors import ArgumentError, did_you_mean

_SEARCH = "+ft.info +ft.search +ft.aggregate +ft.cursor +hgetall +pttl"
_EXPLAIN = "+ft.explain +ft.profile"
_KEEP = "+ft.explain +eval +exists +pexpire +persist"
_MANAGE = "+ft.create +ft.alter +hget +hset +hsetnx"
_DROP = "+ft.dropindex +hdel +del"
_MOVE = "+hincrby +hscan +ft.aliasupdate"

_READ = {"hash": f"{_SEARCH} +hmget +hexists", "json": f"{_SEARCH} +json.get +json.type"}
_WRITE = {"hash": f"{_KEEP} +hset +hdel +hlen +hkeys", "json": f"{_KEEP} +json.set"}

_MOVED = "~{index} ~{prefix}* ~{index}@* ~{registry} ~{registry}@* ~{alias}"
_COPIED = "%R~{registry} ~{target} ~{target_prefix}* ~{target_registry}"
_SESSION = (
    "+eval +del +exists +lindex +llen +lpos +lrange +ltrim +pexpire +pttl +rpush +scan +scard +smembers +zcard "
    "+zremrangebyrank"
)


EXAMPLE = "docs"
"""The index of a store in docs/operating.md. No index of a store has a name by default."""


@dataclass(frozen=True, slots=True)
class Role:
    """What a user does, and the rules that this takes.

    Attributes:
        does: What the user does.
        rules: The rules by storage, with the names of keys to be filled in; on plain Redis alone under ``hash``.
        index: The name of the index, or of the namespace, by default.
    """

    does: str
    rules: Mapping[str, str] = field(repr=False)
    index: str = EXAMPLE


def _both(hash_keys: str, json_keys: str, hash_commands: str, json_commands: str) -> dict[str, str]:
    return {"hash": f"{hash_keys} {hash_commands}", "json": f"{json_keys} {json_commands}"}


ROLES: Mapping[str, Role] = {
    "reader": Role(
        "searches, gets, counts, walks, and asks what can be filtered",
        _both(
            "~{index} %R~{prefix}* %R~{registry}",
            "~{index} ~{prefix}* %R~{registry}",
            f"{_READ['hash']} +ft.tagvals",
            f"{_READ['json']} +ft.tagvals",
        ),
    ),
    "explainer": Role(
        "also explains searches, as only a reader does",
        _both(
            "~{index} %R~{prefix}* %R~{registry}",
            "~{index} ~{prefix}* %R~{registry}",
            f"{_READ['hash']} +ft.tagvals {_EXPLAIN}",
            f"{_READ['json']} +ft.tagvals {_EXPLAIN}",
        ),
    ),
    "writer": Role(
        "also adds, deletes, changes metadata and lets expire",
        {
            "hash": f"~{{index}} ~{{prefix}}* %R~{{registry}} {_READ['hash']} +ft.tagvals {_WRITE['hash']} +unlink",
            "json": "~{index} ~{prefix}* %R~{registry} "
            f"{_READ['json']} +ft.tagvals {_WRITE['json']} +json.merge +unlink",
        },
    ),
    "manager": Role(
        "also creates the index, learns fields, empties, overwrites and drops it",
        {
            storage: f"~{{index}} ~{{prefix}}* ~{{registry}} {_READ[storage]} +ft.tagvals {_WRITE[storage]} "
            f"+unlink +ft._list {_MANAGE} {_DROP}{more}"
            for storage, more in (("hash", ""), ("json", " +json.merge"))
        },
    ),
    "rebuilder": Role(
        "rebuilds the index, changes its records, and sets an alias of it",
        {
            storage: f"{_MOVED} {_READ[storage]} {_WRITE[storage]} +unlink {_MANAGE} {_DROP} {_MOVE}{more}"
            for storage, more in (("hash", ""), ("json", " +hlen"))
        },
    ),
    "copier": Role(
        "copies the index into another one",
        _both(
            f"~{{index}} %R~{{prefix}}* {_COPIED}",
            f"~{{index}} ~{{prefix}}* {_COPIED}",
            f"{_READ['hash']} {_WRITE['hash']} +ft._list {_MANAGE}",
            f"{_READ['json']} {_WRITE['json']} +ft._list {_MANAGE}",
        ),
    ),
    "semantic-cache": Role(
        "asks and fills a semantic cache, whose index exists",
        {
            storage: f"~{{index}} ~{{prefix}}* %R~{{registry}} +ft.info +ft.search +hgetall {_KEEP} {more}"
            for storage, more in (
                ("hash", "+hget +hset +hlen +hexists"),
                ("json", "+json.get +json.set +json.type"),
            )
        },
        "semantic-cache",
    ),
    "exact-cache": Role(
        "asks, fills and empties an exact cache", {"hash": "~{prefix}* +get +set +scan +unlink"}, "exact-cache"
    ),
    "byte-store": Role(
        "reads, writes, lists and deletes bytes", {"hash": "~{prefix}* +get +set +scan +unlink"}, "bytes"
    ),
    "record-manager": Role(
        "keeps what was indexed",
        {"hash": "~{prefix}* +eval +time +hget +hmget +hset +hdel +zadd +zrem +zrangebylex"},
        "record_manager",
    ),
    "chat-history": Role("keeps conversations", {"hash": f"~{{prefix}}* {_SESSION}"}, "chat_history"),
    "chat-recall": Role(
        "keeps conversations and recalls them, by an index that exists",
        {
            "hash": f"~{{prefix}}* ~{{target}} ~{{target_prefix}}* %R~{{target_registry}} {_SESSION} +ft.info "
            "+ft.search +ft.explain +hgetall +hset +unlink +sadd +sismember +zadd +zrangebyscore +zrem"
        },
        "chat_history",
    ),
    "chat-stores": Role(
        "keeps the messages of LlamaIndex",
        {
            "hash": "~{prefix}* +eval +del +lindex +llen +lpos +lrange +lrem +ltrim +pexpire +pttl +rpush +scan +scard "
            "+zcard +zremrangebyrank"
        },
        "chat_store",
    ),
    "storage": Role(
        "keeps documents and indexes of LlamaIndex",
        {"hash": "~{prefix}* +eval +hset +hget +hmget +hscan +hexists +hdel +hpexpire +unlink"},
        "kvstore",
    ),
}
"""The roles by their names."""

OF_CLUSTERS = "+cluster|slots +command"
"""What redis-py needs besides, for a cluster."""


def rights_of(
    role: str,
    index: str | None = None,
    prefix: str | None = None,
    storage: str = "hash",
    target: str | None = None,
    alias: str | None = None,
    *,
    is_cluster: bool = False,
) -> list[str]:
    """Return the rules that a user of a role needs, such as ``~docs`` and ``+ft.search``.

    Args:
        role: One of ``ROLES``.
        index: The name of the index, or of the namespace.
        prefix: What the keys start with; ``<index>:`` by default.
        storage: ``hash`` or ``json``.
        target: The index to copy into, or in which messages are recalled.
        alias: The alias that a rebuild sets.
        is_cluster: Whether the server is a cluster.

    Raises:
        ArgumentError: If there is no such role, or it has no such storage.
    """
    if role not in ROLES:
        raise ArgumentError(f"there is no role {role!r:.80}{did_you_mean(role, ROLES)}; there are: {', '.join(ROLES)}")
    found = ROLES[role]
    if storage not in found.rules:
        raise ArgumentError(f"the role {role!r} has no storage {storage!r:.80}; it has: {', '.join(found.rules)}")
    index = index or found.index
    target = target or ("chat_messages" if role == "chat-recall" else f"{index}-copy")
    names = {
        "index": index,
        "prefix": prefix or f"{index}:",
        "registry": registry_key(index),
        "alias": alias or f"{index}-live",
        "target": target,
        "target_prefix": f"{target}:",
        "target_registry": registry_key(target),
    }
    rules = [rule.format(**names) for rule in found.rules[storage].split()]
    return list(dict.fromkeys([*rules, *(OF_CLUSTERS.split() if is_cluster else [])]))
