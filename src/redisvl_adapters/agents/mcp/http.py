"""Serving over HTTP: who may ask, whose documents they see, how the server is, and how it ends."""

from __future__ import annotations

import hmac
import signal
import socket
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken, TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.server.lowlevel import Server
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from redisvl_adapters.agents.mcp.embedding import load_object
from redisvl_adapters.agents.mcp.tools import IndexTools
from redisvl_adapters.errors import ArgumentError

MAX_BODY = 1_000_000
"""How many bytes a request may have."""
_MAX_SCOPES = 1_000


class OneToken:
    """A verifier that knows one bearer token."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return what is known of the one who has the token; None for any other."""
        if not hmac.compare_digest(token.encode("utf-8", "surrogateescape"), self._token):
            return None
        return AccessToken(token=token, client_id="token", scopes=[])


def load_verifier(name: str) -> TokenVerifier:
    """Return the ``TokenVerifier`` with a name such as ``my_auth:verifier``.

    Raises:
        ArgumentError: If there is no such thing, or what it makes, if it is called, is none.
    """
    found = load_object(name, "verifier")
    is_one = not isinstance(found, type) and hasattr(found, "verify_token")
    made = found if is_one or not callable(found) else found()
    if not callable(getattr(made, "verify_token", None)):
        raise ArgumentError(f"verifier: {name!r:.80} has no method verify_token, as a TokenVerifier of the SDK has")
    return made  # type: ignore[no-any-return]  # it was looked at


class ToolsByClaim:
    """The tools of each caller: within what verified claims of its token say.

    Args:
        tools: The tools of the whole.
        claims: Which metadata keys equal which claims: ``{"tenant": "tenant_id"}``.
    """

    def __init__(self, tools: IndexTools, claims: Mapping[str, str]) -> None:
        self._tools = tools
        self._claims = claims
        self._made: OrderedDict[tuple[Any, ...], IndexTools] = OrderedDict()

    def __call__(self) -> IndexTools:
        """Return the tools of the caller.

        Raises:
            ArgumentError: If its token has not the claims.
        """
        scope = {key: self._claim(name) for key, name in self._claims.items()}
        # True is no 1, though they are equal.
        which = tuple((key, type(value), value) for key, value in scope.items())
        tools = self._made.get(which)
        if tools is None:
            tools = IndexTools(self._tools.index.scoped(scope), self._tools.embedding, self._tools.settings)
            self._made[which] = tools
            if len(self._made) > _MAX_SCOPES:
                self._made.popitem(last=False)
        self._made.move_to_end(which)
        return tools

    @staticmethod
    def _claim(name: str) -> Any:
        token = get_access_token()
        known = {} if token is None else {"sub": token.subject, "client_id": token.client_id, **(token.claims or {})}
        value = known.get(name)
        if value is None or isinstance(value, list | dict | float) or value == "":
            raise ArgumentError(f"the token of the caller has no claim {name!r} that is one value")
        return value


def make_app(server: Server[Any], tools: IndexTools, host: str, verifier: TokenVerifier | None) -> Any:
    """Return the ASGI application: the protocol at ``/mcp``, and how the server is at ``/health``, for anybody."""

    async def health(_request: Request) -> Response:
        found = await tools.index.ahealth()
        if not found:
            return JSONResponse({"status": "unavailable", "reason": found.reason}, 503)
        return JSONResponse({"status": "ok"})

    settings: Any = None
    if verifier is not None:
        settings = AuthSettings(issuer_url="http://localhost", resource_server_url=None)  # type: ignore[arg-type]  # read as a URL
    return server.streamable_http_app(
        stateless_http=True,
        json_response=True,
        max_request_body_size=MAX_BODY,
        host=host,
        auth=settings,
        token_verifier=verifier,
        custom_starlette_routes=[Route("/health", health)],
    )


async def serve_http(app: Any, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until the process is told to end, by SIGTERM or Ctrl-C; requests under way are answered.

    Args:
        app: The ASGI application.
        host: The address to listen at.
        port: The port; 0 for any that is free.
        ready: Is told the URL.

    Raises:
        ArgumentError: If nothing can listen there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise ArgumentError(f"cannot listen at {host}:{port}: {error.strerror}; choose another --port") from error
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=10)
    # Else uvicorn, when it has ended, lets the signal that told it to end the process too, as a failure.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: None)
    shown = f"[{host}]" if ":" in host else host
    ready(f"http://{shown}:{listening.getsockname()[1]}/mcp")
    await uvicorn.Server(config).serve(sockets=[listening])
    sys.stderr.flush()
