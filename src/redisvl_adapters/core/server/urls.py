"""Redis URLs: what they say of hosts, database and options, checked before a client is made."""

from __future__ import annotations

import codecs
import inspect
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

from redis import exceptions as redis_errors
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.connection import Connection, SSLConnection, parse_url

from redisvl_adapters.core.server.waits import SENTINEL_TIMEOUT, check_timeout
from redisvl_adapters.errors import ArgumentError, did_you_mean

DEFAULT_URL = "redis://localhost:6379"

_SENTINEL_SCHEMES = ("redis+sentinel", "rediss+sentinel")
_SCHEMES = ("redis", "rediss", "unix", *_SENTINEL_SCHEMES)
# The options that a URL can spell, of those that redis-py has.
_OPTIONS = frozenset(
    "client_name db decode_responses encoding encoding_errors health_check_interval legacy_responses lib_name "
    "lib_version max_connections password protocol retry_on_timeout socket_connect_timeout socket_keepalive "
    "socket_read_size socket_timeout timeout username".split()
)
_SSL_OPTIONS = frozenset(
    "ssl_ca_certs ssl_ca_data ssl_ca_path ssl_cert_reqs ssl_certfile ssl_check_hostname ssl_ciphers "
    "ssl_exclude_verify_flags ssl_include_verify_flags ssl_keyfile ssl_min_version ssl_password".split()
)
_SENTINEL_OPTIONS = frozenset("sentinel_password sentinel_timeout sentinel_username".split())
# What the pool of a single server takes, and a connection does not.
_OF_POOLS = ("max_connections", "timeout")
# redis-py does not type it.
_parse_url: Any = parse_url
# Brackets, and what stands for them while a URL is split.
_HIDDEN = str.maketrans("[]", "\ue000\ue001")
_SHOWN = str.maketrans("\ue000\ue001", "[]")


def split_url(url: str) -> SplitResult:
    """Split a URL that may name several hosts, of which ``urlsplit`` takes an IPv6 address for the first alone.

    Raises:
        ValueError: If it is no URL.
    """
    if "," not in url:
        return urlsplit(url)
    parts = urlsplit(url.translate(_HIDDEN))
    if "\ue000" in parts.netloc.rpartition("@")[0]:
        raise ValueError("a bracket in the credentials")
    return SplitResult(*(part.translate(_SHOWN) for part in parts))


def check_url(url: str, named: str = "redis_url") -> str:
    """Return a URL, if a client can be made of all that it says.

    Args:
        url: The URL.
        named: What to call it in errors.

    Raises:
        ArgumentError: If not; no part of the URL that may hold a password is in the message.
    """
    if not isinstance(url, str) or not url:
        raise ArgumentError(f"{named} is a non-empty string such as {DEFAULT_URL!r}; not {url!r:.80}")
    invalid = ArgumentError(f"{named} is not a valid URL; special characters, as in a password, are written %XX")
    try:
        parts = split_url(url)
        url_hosts(parts.netloc, 0)
    except ValueError:
        # Python's message quotes a part of the URL, which may be of the password.
        raise invalid from None
    # A password with such a character in it ends early: what follows would be taken for something else, and quoted.
    if "#" in url or "@" in parts.path + parts.query:
        raise invalid
    if parts.scheme not in _SCHEMES:
        raise ArgumentError(f"{named} starts with one of {', '.join(f'{scheme}://' for scheme in _SCHEMES)}")
    if parts.scheme == "unix" and not parts.path:
        raise ArgumentError(f"{named} names no socket; write unix:///path/to/redis.sock")
    given = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    known = _known_options(url)
    for name in given:
        if name not in known:
            hint = " (it is a keyword beside the URL)" if name == "retry" else did_you_mean(name, known)
            raise ArgumentError(
                f"{named} has the option {name!r:.80}, which such a URL does not take{hint}; "
                f"its options are {', '.join(sorted(known))}"
            )
    for database in (_database_in_path(url), given.get("db")):
        if database and not (database.isascii() and database.isdigit()):
            raise ArgumentError(f"{named} names the database {database!r:.80}; a database is a number, 0 by default")
        if names_cluster(url) and int(database or 0):
            raise ArgumentError(f"{named} names the database {database}; a cluster has database 0 only")
    if given.get("cluster", "true").lower() != "true":
        raise ArgumentError(f"{named} has cluster={given['cluster']!r:.80}; write cluster=true, or leave it out")
    try:
        _check_values(given)
        settings = {name: value for name, value in url_options(url).items() if name not in _OF_POOLS}
        # A connection that is made is not opened yet.
        (SSLConnection if parts.scheme.startswith("rediss") else Connection)(**settings)
        sentinel_options(url)
    except (TypeError, ValueError, redis_errors.RedisError) as error:
        raise ArgumentError(f"{named} has an option with a wrong value: {error}") from None
    return url


def _check_values(given: Mapping[str, str]) -> None:
    """Refuse values that redis-py takes, and fails with later.

    Raises:
        ValueError: What is wrong.
    """
    for name in _TIMEOUTS & given.keys():
        try:
            seconds = float(given[name])
        except ValueError:
            raise ArgumentError(f"{name} is a positive number of seconds; not {given[name]!r:.80}") from None
        if check_timeout(seconds, name) is None and name not in _SENTINEL_OPTIONS:
            raise ArgumentError(f"{name} is a number of seconds in a URL; for no limit, give it as a keyword, math.inf")
    for name, least in _COUNTS.items():
        value = given.get(name, str(least))
        if not (value.isascii() and value.isdigit() and int(value) >= least):
            raise ArgumentError(f"{name} is an integer from {least}; not {value!r:.80}")
    try:
        codecs.lookup(given.get("encoding", "utf-8"))
    except LookupError as error:
        raise ArgumentError(str(error)) from None


_TIMEOUTS = frozenset({"sentinel_timeout", "socket_connect_timeout", "socket_timeout"})
_COUNTS = {"health_check_interval": 0, "max_connections": 1}


def url_database(url: str) -> int:
    """Return the number of the database that a checked URL names."""
    return int(parse_qs(split_url(url).query).get("db", [_database_in_path(url)])[0] or 0)


def _database_in_path(url: str) -> str:
    parts = split_url(url)
    path = parts.path.strip("/")
    return path.partition("/")[2] if names_sentinels(url) else "" if parts.scheme == "unix" else path


def _known_options(url: str) -> frozenset[str]:
    scheme = split_url(url).scheme
    known = _OPTIONS | (_SSL_OPTIONS if scheme.startswith("rediss") else frozenset())
    if names_sentinels(url):
        # Sentinels are asked by clients of both kinds.
        tls = _SSL_OPTIONS & {*inspect.signature(Redis.__init__).parameters}
        return (known - {"timeout"} - _SSL_OPTIONS) | (known & tls) | _SENTINEL_OPTIONS
    if names_cluster(url):
        known &= {*inspect.signature(RedisCluster.__init__).parameters}
    return known if scheme == "unix" else known | {"cluster"}


def url_options(url: str) -> dict[str, Any]:
    """Return the options behind the question mark, as redis-py reads them."""
    options = _parse_url(f"redis://?{split_url(url).query}")
    return {name: value for name, value in options.items() if name != "cluster" and name not in _SENTINEL_OPTIONS}


class SentinelOptions(NamedTuple):
    """What a URL says of its Sentinels.

    Attributes:
        credentials: Their username and password; None where they have none, and nothing where they are the master's.
        timeout: Within how many seconds each must answer; None for no limit.
    """

    credentials: dict[str, str | None]
    timeout: float | None


def sentinel_options(url: str) -> SentinelOptions:
    """Return what a URL says of its Sentinels.

    Raises:
        ValueError: If their time limit is none.
    """
    given = {name: values[0] for name, values in parse_qs(split_url(url).query, keep_blank_values=True).items()}
    named = {
        name: given[f"sentinel_{name}"] or None for name in ("username", "password") if f"sentinel_{name}" in given
    }
    # One without the other is not mixed with the master's.
    credentials = {"username": None, "password": None, **named} if named else {}
    return SentinelOptions(
        credentials, check_timeout(float(given.get("sentinel_timeout", SENTINEL_TIMEOUT)), "sentinel_timeout")
    )


def names_sentinels(url: str) -> bool:
    """Tell whether a URL names Sentinels, which know where the server is."""
    return split_url(url).scheme in _SENTINEL_SCHEMES


def split_client_name(url: str) -> tuple[str, str | None]:
    """Return a URL without the name for its connections, and that name: redis-py would fail where it may not be set."""
    parts = split_url(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    names = [value for name, value in query if name == "client_name"]
    rest = urlencode([(name, value) for name, value in query if name != "client_name"])
    return (urlunsplit(parts._replace(query=rest)), names[0]) if names else (url, None)


def url_hosts(netloc: str, port: int) -> list[tuple[str, int]]:
    """Return the addresses in a URL.

    Raises:
        ValueError: If one of them is none.
    """
    hosts = [urlsplit(f"//{host}") for host in netloc.rpartition("@")[2].split(",")]
    if len(hosts) > 1 and not all(host.hostname for host in hosts):
        raise ValueError("a host is missing")
    return [(host.hostname or "localhost", host.port or port) for host in hosts]


def names_cluster(url: str) -> bool:
    """Tell whether a URL names a cluster: several hosts, or ``cluster=true``. A comma in a password is no host."""
    parts = split_url(url)
    flag = parse_qs(parts.query).get("cluster", ["false"])[0]
    return not names_sentinels(url) and ("," in parts.netloc.rpartition("@")[2] or flag.lower() == "true")


def cluster_parts(url: str) -> tuple[str, list[tuple[str, int]]]:
    """Return the URL of the first node of a cluster, and the addresses of the other nodes."""
    parts = split_url(url)
    credentials, at, hosts = parts.netloc.rpartition("@")
    query = {name: values[0] for name, values in parse_qs(parts.query).items() if name != "cluster"}
    first = credentials + at + hosts.split(",")[0]
    return urlunsplit((parts.scheme, first, parts.path, urlencode(query), "")), url_hosts(hosts, 6379)[1:]
