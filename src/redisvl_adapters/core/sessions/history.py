"""The messages of sessions, in order, on plain Redis: a list for each session, and nothing of the search module.

A session has up to five keys, which share a slot of a cluster and expire together. ``<prefix>{<name>}`` holds its
messages, and the others, which have a suffix, are:

* ``:archived``, the messages that LlamaIndex's ``Memory`` has put aside;
* ``:recalled``, the keys of its records in an index of messages;
* ``:cut``, the ids of calls that were trimmed unanswered;
* ``:unindexed``, the messages that are to be indexed, each with how often that was tried in vain.

No two entries are alike (see ``message_format``). So whatever names an entry means one place, and a command that the
client sends again, since its reply was lost, changes nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from redisvl_adapters.core.arguments import check_count, check_name, check_ttl
from redisvl_adapters.core.server.commands import BATCH_SIZE, Argument, Command, Steps, batched
from redisvl_adapters.core.server.key_names import check_prefix, escape_key_part, unescape_key_part
from redisvl_adapters.core.server.replies import ok
from redisvl_adapters.core.sessions.scripts import FORGET, INDEXED, SHIFT, TAKE, append_script, insert_script
from redisvl_adapters.errors import ArgumentError

_ARCHIVED = ":archived"
_RECALLED = ":recalled"
_CUT = ":cut"
_UNINDEXED = ":unindexed"


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How sessions are kept.

    Attributes:
        prefix: What their keys start with.
        ttl_ms: Milliseconds after which a session expires; None keeps it.
        sliding: Whether that time starts anew with each write, or with the first one only.
        max_messages: How many messages a session has at most: the last ones; None for all.
        keep_system: Whether the system messages at its start are among them, whatever goes.
    """

    prefix: str
    ttl_ms: int | None = None
    sliding: bool = True
    max_messages: int | None = None
    keep_system: bool = False

    @classmethod
    def checked(
        cls, prefix: object, ttl: float | None, sliding: object, max_messages: object, *, keep_system: object = False
    ) -> SessionSettings:
        """Return how sessions are to be kept.

        Raises:
            ArgumentError: If a value is out of its range.
        """
        if not isinstance(sliding, bool):
            raise ArgumentError(f"sliding is True or False; not {sliding!r:.80}")
        if not isinstance(keep_system, bool):
            raise ArgumentError(f"keep_system is True or False; not {keep_system!r:.80}")
        most = None if max_messages is None else check_count(max_messages, "max_messages", 1)
        if keep_system and most is None:
            raise ArgumentError("keep_system=True is for sessions with max_messages; without it all are kept")
        if keep_system and most == 1:
            raise ArgumentError(
                "keep_system=True with max_messages=1 would keep nothing else; let max_messages be more"
            )
        return cls(check_prefix(prefix), check_ttl(ttl), sliding, most, keep_system)

    @property
    def stem(self) -> str:
        """What the keys of all sessions start with."""
        return self.prefix + "{"

    def session(self, session_id: object, user_id: object = None, *, what: str = "session_id") -> Session:
        """Return a session. One session id under two user ids is two sessions.

        Raises:
            ArgumentError: If an id is not a non-empty string.
        """
        return Session(self, check_name(session_id, what), None if user_id is None else check_name(user_id, "user_id"))

    def stem_of(self, user_id: str | None) -> str:
        """What the keys of all sessions of a user start with; without one, those of all users."""
        return self.stem if user_id is None else f"{self.stem}{escape_key_part(user_id)}/"

    def session_id(self, key: str, user_id: str | None = None) -> str | None:
        """Return the id of the session, of a user or of no user, that has a key; None if none has it."""
        name, brace, rest = key.removeprefix(self.stem_of(user_id)).partition("}")
        if not brace or rest not in ("", _ARCHIVED) or "/" in name:
            return None
        return unescape_key_part(name)


@dataclass(frozen=True, slots=True)
class Session:
    """A session.

    Attributes:
        kept: How it is kept.
        session_id: Its id.
        user_id: Whose it is, if that was said.
    """

    kept: SessionSettings
    session_id: str
    user_id: str | None = None

    @property
    def name(self) -> str:
        """Its name as it stands in keys."""
        owner = "" if self.user_id is None else escape_key_part(self.user_id) + "/"
        return owner + escape_key_part(self.session_id)

    @property
    def key(self) -> str:
        """The key of its messages."""
        return f"{self.kept.stem}{self.name}}}"

    @property
    def keys(self) -> tuple[str, ...]:
        """Its keys: messages, archived messages, keys of records, ids of calls, messages that are to be indexed."""
        return self.key, *(self.key + suffix for suffix in (_ARCHIVED, _RECALLED, _CUT, _UNINDEXED))

    def script(self, text: str, *args: Argument) -> Command:
        """Return the command that runs one of the scripts."""
        ttl_ms = "" if self.kept.ttl_ms is None else self.kept.ttl_ms
        return Command(("EVAL", text, len(self.keys), *self.keys, ttl_ms, int(self.kept.sliding), *args), self.key)

    def write(self, script: Callable[..., str], *args: Argument, limited: bool = True) -> Command:
        """Return the command that runs a script which adds messages.

        Args:
            script: Makes the script, with what trims messages or without.
            args: Its arguments.
            limited: Whether there is a limit for what it adds to.
        """
        most = self.kept.max_messages if limited else None
        limit = ("" if most is None else most, int(self.kept.keep_system))
        return self.script(script(trimming=most is not None), *limit, *args)


def entry_id(entry: str) -> str:
    """Return the id of an entry, a ULID, without the mark of its message."""
    return entry[2:28]


def append(
    session: Session,
    entries: Sequence[str],
    *,
    archived: bool = False,
    to_index: Sequence[bool] = (),
    record_prefix: str = "",
) -> Steps[int]:
    """Append entries, all or none, and return how many wait to be indexed.

    Args:
        session: The session.
        entries: The entries.
        archived: Whether they go to the archive.
        to_index: Which of them are to be indexed.
        record_prefix: What the keys of their records will start with, which are to be forgotten with the session.
    """
    if not entries:
        return 0
    flags = "".join("1" if flag else "0" for flag in to_index)
    (reply,) = yield [_write(session, entries, flags, record_prefix, archived=archived, anew=False)]
    _, waiting = ok(reply)
    return int(waiting)


def replace(session: Session, entries: Sequence[str], *, archived: bool = False) -> Steps[None]:
    """Replace all entries of a session, archived ones too, by others."""
    (reply,) = yield [_write(session, entries, archived=archived, anew=True)]
    ok(reply)


def _write(
    session: Session, entries: Sequence[str], flags: str = "", record_prefix: str = "", *, archived: bool, anew: bool
) -> Command:
    arguments = (2 if archived else 1, int(anew), flags, record_prefix, *entries)
    return session.write(append_script, *arguments, limited=not archived)


def insert(session: Session, entry: str, place: int) -> Steps[None]:
    """Insert an entry before the one at a place, counted as Python's lists do."""
    (reply,) = yield [session.write(insert_script, place, entry)]
    ok(reply)


def read(session: Session, start: int = 0, stop: int = -1) -> Steps[list[bytes]]:
    """Return the entries from one place to another, both included."""
    (reply,) = yield [Command(("LRANGE", session.key, start, stop), session.key)]
    return list(ok(reply))


def read_archived(session: Session, *, active: bool) -> Steps[list[bytes]]:
    """Return the archived entries, with the others after them if asked for."""
    # The archive comes last: what is put there meanwhile is read twice rather than never, and entries are unlike.
    keys = list(session.keys[:2]) if active else [session.keys[1]]
    *rest, archived = yield [Command(("LRANGE", key, 0, -1), key) for key in keys]
    return list(dict.fromkeys([*ok(archived), *(entry for reply in rest for entry in ok(reply))]))


def count(session: Session, *, archived: bool, active: bool) -> Steps[int]:
    """Count entries."""
    keys = [key for key, asked in zip(session.keys[:2], (active, archived), strict=True) if asked]
    return sum(map(ok, (yield [Command(("LLEN", key), key) for key in keys])))


def shift(session: Session, number: int, *, keep: bool) -> Steps[list[bytes]]:
    """Take the oldest entries out of a session and return them.

    Args:
        session: The session.
        number: How many.
        keep: Whether they go to the archive, or go for good.
    """
    if not number:
        return []
    oldest = yield from read(session, 0, number - 1)
    if oldest:
        (reply,) = yield [session.script(SHIFT, int(keep), oldest[-1])]
        ok(reply)
    return oldest


def remove(session: Session, place: int) -> Steps[bytes | None]:
    """Remove the entry at a place, and return it; None if there is none."""
    (entry,) = yield [Command(("LINDEX", session.key, place), session.key)]
    if ok(entry) is not None:
        # By what it is, not by where it was: somebody else may have moved it meanwhile.
        (reply,) = yield [Command(("LREM", session.key, 1, entry), session.key)]
        ok(reply)
    return entry  # type: ignore[no-any-return]  # a reply


def take(session: Session) -> Steps[list[bytes]]:
    """Remove a session and return its entries."""
    (reply,) = yield [session.script(TAKE)]
    return list(ok(reply))


def forget(session: Session) -> Steps[bool]:
    """Remove a session, and the records of its messages; return whether there was one."""
    held, forgotten = yield [Command(("EXISTS", session.key), session.key), session.script(FORGET)]
    yield from _all("UNLINK", [key.decode() for key in ok(forgotten)])
    return bool(ok(held))


def clear(session: Session, *, archived: bool, active: bool) -> Steps[None]:
    """Remove entries of a session: those in the archive, the others, or both."""
    keys = [key for key, asked in zip(session.keys[:2], (active, archived), strict=True) if asked]
    for reply in (yield [Command(("DEL", key), key) for key in keys]):
        ok(reply)


def read_unindexed(session: Session, most: int | None = None, attempts: int | None = None) -> Steps[list[bytes]]:
    """Return entries that wait to be indexed: those that were tried least often first, and the oldest of these.

    Args:
        session: The session.
        most: How many at most; None for all.
        attempts: Only those that were tried less often.
    """
    below: Argument = "+inf" if attempts is None else f"({attempts}"
    limit = (0, -1 if most is None else most)
    (reply,) = yield [Command(("ZRANGEBYSCORE", session.keys[4], "-inf", below, "LIMIT", *limit), session.key)]
    return list(ok(reply))


def drop_unindexed(session: Session, entries: Sequence[bytes]) -> Steps[None]:
    """Let entries no longer wait to be indexed."""
    (reply,) = yield [Command(("ZREM", session.keys[4], *entries), session.key)]
    ok(reply)


def note_indexed(
    session: Session,
    foreseen: Sequence[str],
    keys: Sequence[str],
    entries: Sequence[str],
    refused: Sequence[str] = (),
) -> Steps[None]:
    """Note which entries are indexed and which cannot be; the records of a session that was removed meanwhile go.

    Args:
        session: The session.
        foreseen: The keys that the records were to have.
        keys: The keys that they have.
        entries: Their entries.
        refused: Entries that cannot be indexed.
    """
    ttl_ms = "" if session.kept.ttl_ms is None else session.kept.ttl_ms
    parts: tuple[Argument, ...] = (len(keys), *foreseen, *keys, *entries, *refused)
    # It is no write of the user's, so the time to live goes on.
    (reply,) = yield [Command(("EVAL", INDEXED, len(session.keys), *session.keys, ttl_ms, 0, *parts), session.key)]
    left, removed = ok(reply)
    yield from _all("UNLINK", [key.decode() for key in removed])
    if int(left) > 0:
        (held,) = yield [Command(("SMEMBERS", session.keys[2]), session.key)]
        yield from _all("PEXPIRE", [key.decode() for key in ok(held)], int(left))


def _all(name: str, keys: Sequence[str], *rest: Argument) -> Steps[None]:
    """Run one command on each of some keys."""
    for batch in batched(keys, BATCH_SIZE):
        for reply in (yield [Command((name, key, *rest), key) for key in batch]):
            ok(reply)
