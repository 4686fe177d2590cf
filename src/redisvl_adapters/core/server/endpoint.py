"""Where a server is, as the attributes that OpenTelemetry's conventions have for it. No credentials are among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from redisvl_adapters.core.server.urls import names_sentinels, url_hosts

Endpoint: TypeAlias = Mapping[str, str | int]
_PORT = 6379


def endpoint_of_url(url: str) -> Endpoint:
    """Return where the server of a checked URL is: the first node of a cluster; nothing of what Sentinels decide."""
    parts = urlsplit(url)
    if names_sentinels(url):
        return {}
    if parts.scheme == "unix":
        return {"server.address": parts.path}
    host, port = url_hosts(parts.netloc, _PORT)[0]
    return {"server.address": host, "server.port": port}


def endpoint_of_client(kind: str, settings: Mapping[str, Any]) -> Endpoint:
    """Return where the server of a client is. See ``endpoint_of_url``.

    Args:
        kind: What kind of client it is, by ``settings_of``.
        settings: Its settings, likewise.
    """
    if kind == "sentinel":
        return {}
    if path := settings.get("path"):
        return {"server.address": str(path)}
    host, port = settings["nodes"][0] if kind == "cluster" else (settings.get("host"), settings.get("port"))
    return {"server.address": str(host or "localhost"), "server.port": int(port or _PORT)}
