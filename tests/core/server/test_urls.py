"""What a URL may say, without a server: everything that a client could not be made of is refused at once, by name."""

from __future__ import annotations

import re
from typing import Any

import pytest

from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.urls import cluster_parts, names_cluster, url_hosts
from redisvl_adapters.errors import ArgumentError

SECRET = "s3cret"  # noqa: S105 (of no server)


@pytest.mark.parametrize(
    "url",
    [
        "redis://",
        "redis://localhost",
        "redis://ann:p%40ss@localhost:6380/0",
        "redis://localhost/3?socket_timeout=1.5&client_name=mine&protocol=3&max_connections=5&timeout=2",
        "redis://[::1]:6379",
        "rediss://localhost?ssl_cert_reqs=none&ssl_ca_certs=/etc/ca.pem&ssl_check_hostname=no",
        "unix:///run/redis.sock?db=1",
        "redis://one:7000?cluster=true&socket_timeout=1",
        "redis://one:7000,two:7001,[::1]:7002/0",
        "redis+sentinel://one:26379,two/mymaster/2?socket_timeout=1",
        "redis+sentinel://one/mymaster?sentinel_username=bob&sentinel_password=p%40ss&sentinel_timeout=0.1",
        "redis+sentinel://one/mymaster?sentinel_password=",
        "rediss+sentinel://one:26379,two/mymaster/0?ssl_ca_certs=/etc/ca.pem&ssl_cert_reqs=none&sentinel_timeout=inf",
    ],
)
def test_a_url_that_says_what_a_client_can_do_is_taken(url: str) -> None:
    assert Connection(url).address == re.sub(r"ann:.*@|[?].*", "", url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "redis_url is a non-empty string such as 'redis://localhost:6379'; not ''"),
        (3, "redis_url is a non-empty string.*not 3"),
        (b"redis://localhost", "redis_url is a non-empty string.*not b'redis"),
        ("localhost:6379", "redis_url starts with one of redis://, rediss://, unix://"),
        ("http://localhost", "redis_url starts with one of redis://"),
        ("unix://", "redis_url names no socket"),
        ("redis://localhost:port", "not a valid URL"),
        ("redis://localhost:99999", "not a valid URL"),
        ("redis://one:1,two:x", "not a valid URL"),
        ("redis://one:1,,two:2", "not a valid URL"),
        ("redis+sentinel://one:x/mymaster", "not a valid URL"),
        ("redis://localhost/abc", "names the database 'abc'; a database is a number"),
        ("redis://localhost/0/1", "names the database '0/1'; a database is a number"),
        ("redis://localhost/-1", "names the database '-1'"),
        ("redis://localhost?db=abc", "names the database 'abc'"),
        ("unix:///run/redis.sock?db=x", "names the database 'x'"),
        ("redis+sentinel://one/mymaster/x", "names the database 'x'"),
        ("redis://one:7000/3?cluster=true", "names the database 3; a cluster has database 0 only"),
        ("redis://one:1,two:2?db=3", "names the database 3; a cluster has database 0 only"),
        ("redis://localhost?cluster=yes", "cluster='yes'; write cluster=true, or leave it out"),
        ("redis://localhost?cluster=false", "cluster='false'; write cluster=true, or leave it out"),
        ("redis://localhost?foo=1", "the option 'foo', which such a URL does not take; its options are client_name"),
        ("redis://localhost?foo=", "the option 'foo'"),
        ("redis://localhost?socket_timout=1", r"'socket_timout'.*\(did you mean 'socket_timeout'\?\)"),
        ("redis://localhost?retry=3", r"the option 'retry'.*\(it is a keyword beside the URL\)"),
        ("redis://localhost?ssl_cert_reqs=none", "the option 'ssl_cert_reqs'"),
        ("unix:///run/redis.sock?cluster=true", "the option 'cluster'"),
        ("redis://one:7000?cluster=true&timeout=1", "the option 'timeout'"),
        ("redis+sentinel://one/mymaster?timeout=1", "the option 'timeout'"),
        ("redis+sentinel://one/mymaster?ssl_cert_reqs=none", "the option 'ssl_cert_reqs'"),
        ("redis+sentinel://one/mymaster?sentinel_pasword=x", r"\(did you mean 'sentinel_password'\?\)"),
        ("redis+sentinel://one/mymaster?sentinel_timeout=soon", "an option with a wrong value.*soon"),
        ("redis+sentinel://one/mymaster?sentinel_timeout=0", "an option with a wrong value.*sentinel_timeout is a pos"),
        ("rediss+sentinel://one/mymaster/x", "names the database 'x'"),
        ("rediss+sentinel://one/mymaster?ssl_cert_reqs=bogus", "an option with a wrong value.*bogus"),
        ("redis://localhost?sentinel_password=x", "the option 'sentinel_password'"),
        ("redis://localhost?socket_timeout=abc", "an option with a wrong value.*socket_timeout"),
        ("redis://one:1,two:2?socket_timeout=abc", "an option with a wrong value.*socket_timeout"),
        ("redis+sentinel://one/mymaster?socket_timeout=abc", "an option with a wrong value.*socket_timeout"),
        ("redis://localhost?socket_timeout=-1", "socket_timeout is a positive number"),
        ("redis://localhost?socket_timeout=", "socket_timeout is a positive number"),
        ("redis://localhost?socket_timeout=nan", "socket_timeout is a positive number"),
        ("redis://localhost?socket_timeout=inf", "for no limit, give it as a keyword"),
        ("redis://localhost?socket_connect_timeout=0", "socket_connect_timeout is a positive number"),
        ("redis://localhost?socket_connect_timeout=1e12", "at most 100,000,000 seconds"),
        ("redis://localhost?max_connections=-1", "max_connections is an integer from 1"),
        ("redis://localhost?health_check_interval=-5", "health_check_interval is an integer from 0"),
        ("redis://localhost?encoding=nope", "unknown encoding: nope"),
        ("redis://localhost?protocol=7", "an option with a wrong value.*protocol"),
        ("rediss://localhost?ssl_cert_reqs=bogus", "an option with a wrong value.*bogus"),
    ],
)
def test_a_url_that_says_anything_else_is_refused_at_once(url: Any, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        Connection(url)


@pytest.mark.parametrize("wrong", ["/abc", "?foo=1", "?socket_timeout=x", "?cluster=no", ":port"])
def test_a_refusal_does_not_tell_the_password(wrong: str) -> None:
    with pytest.raises(ArgumentError) as refusal:
        Connection(f"redis://ann:{SECRET}@localhost{wrong}")
    assert SECRET not in str(refusal.value)
    assert "password" not in Connection(f"redis://localhost?password={SECRET}").address


@pytest.mark.parametrize(
    "url",
    [
        "redis://:p@s3cret#w@localhost:6379",
        "redis://:6379#s3cret@h:6379",
        "redis://h:6379#",
        "redis://:se@s3cret/pw@localhost:6379",
        "redis://:12/s3cret@localhost:6379",
        "redis://:12?s3cret@h:6379",
        "redis://localhost?password=s3cret@",
        "redis+sentinel://:12/s3cret@one/mymaster",
        "unix://:12/s3cret@/run/redis.sock",
    ],
)
def test_a_password_that_is_not_quoted_is_neither_cut_short_nor_told(url: str) -> None:
    with pytest.raises(ArgumentError, match="special characters, as in a password, are written %XX") as refusal:
        Connection(url)
    assert SECRET not in str(refusal.value)


def test_quoted_characters_are_taken_wherever_they_stand() -> None:
    Connection("rediss://:p%40ss%23w%2F%3F@localhost?ssl_ciphers=DEFAULT%40SECLEVEL%3D1")
    Connection("unix:///run/redis%40one.sock")


def test_a_wrong_url_in_the_environment_is_called_by_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "localhost")
    with pytest.raises(ArgumentError, match="the environment variable REDIS_URL starts with one of"):
        Connection()
    monkeypatch.setenv("REDIS_URL", "")
    assert Connection().address == "redis://localhost:6379"


def test_several_hosts_make_a_cluster_and_a_comma_in_a_password_does_not() -> None:
    assert names_cluster("redis://one,two")
    assert not names_cluster("redis://ann:a,b@one")
    assert cluster_parts("rediss://ann:a,b@one:1,two:2,[::1]:3?cluster=true&socket_timeout=1") == (
        "rediss://ann:a,b@one:1?socket_timeout=1",
        [("two", 2), ("::1", 3)],
    )
    assert url_hosts("ann:pass@one,two:5", 26379) == [("one", 26379), ("two", 5)]
