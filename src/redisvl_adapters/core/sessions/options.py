"""The keywords of what keeps sessions, as typed dictionaries."""

from __future__ import annotations

from redisvl_adapters.core.server.options import ConnectionOptions


class SessionOptions(ConnectionOptions, total=False):
    """Where sessions lie and how long they live: the keys of ``ConnectionOptions``, and the following.

    Attributes:
        prefix: What the Redis keys of sessions start with.
        ttl: Seconds after which a session expires; None keeps it.
        sliding: Whether that time starts anew whenever messages are added (True), or with the first one only.
    """

    prefix: str
    ttl: float | None
    sliding: bool


class ChatStoreOptions(SessionOptions, total=False):
    """What else a chat store takes: the keys of ``SessionOptions``, and the following.

    Attributes:
        max_messages: How many messages a session keeps at most: the last ones; None for all. Calls of tools and their
            results are kept or go together, so that there may be fewer, and more where one call alone has as many
            results.
        keep_system: Whether the system messages at the start of a session are among those that are kept.
    """

    max_messages: int | None
    keep_system: bool
