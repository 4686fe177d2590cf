"""What the tests of the MCP server share: an index of two tenants, and servers as processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from integration_tests.agents.agents_support import DECLARED, documents
from integration_tests.langchain.langchain_support import Model
from redisvl_adapters.langchain import RedisVectorStore

ROOT = Path(__file__).parents[3]
EMBEDDING = "integration_tests.agents.mcp.mcp_support:model"
NOISY = "integration_tests.agents.mcp.mcp_support:noisy_model"
VERIFIER = "integration_tests.agents.mcp.mcp_support:verifier"
TOKENS: dict[str, dict[str, Any]] = {
    "of mine": {"tenant_id": "mine"},
    "of theirs": {"tenant_id": "theirs"},
    "of none": {},
    "of a list": {"tenant_id": ["mine", "theirs"]},
}


def model() -> Model:
    """Return the embedding model."""
    return Model()


def verifier() -> Any:
    """Return a verifier that knows the tokens."""
    from mcp.server.auth.provider import AccessToken  # noqa: PLC0415  # of the server alone

    class Verifier:
        async def verify_token(self, token: str) -> AccessToken | None:
            claims = TOKENS.get(token)
            return None if claims is None else AccessToken(token=token, client_id="c", scopes=[], claims=claims)

    return Verifier()


def fill(redis_url: str, index_name: str, storage: Any) -> None:
    """Write the documents of both tenants."""
    with RedisVectorStore(
        Model(), index_name=index_name, redis_url=redis_url, storage=storage, metadata_schema=DECLARED
    ) as store:
        texts = documents()
        store.add_texts([*texts], [*texts.values()], ids=[*texts])


def command(*arguments: str) -> list[str]:
    """Return the command that starts a server."""
    return [sys.executable, "-m", "redisvl_adapters.agents.mcp", *arguments]


def environment(redis_url: str, **more: str) -> dict[str, str]:
    """Return the environment of a server, which is where it learns its URL."""
    return {**os.environ, "REDIS_URL": redis_url, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), **more}


@contextmanager
def served(redis_url: str, *arguments: str, **more: str) -> Iterator[str]:
    """Serve over HTTP, and see to it that the server ends in order; yields its address."""
    told = command("--http", "--port", "0", "--embedding", EMBEDDING, *arguments)
    process = subprocess.Popen(told, env=environment(redis_url, **more), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        assert line.startswith("Serving MCP at "), line + process.stderr.read()
        yield line.split()[-1]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def noisy_model() -> Model:
    """Return the embedding model, and write to stdout, as models do that are loaded, by Python and beneath it."""
    sys.stdout.write("loading a model\n")
    os.write(1, b"still loading it\n")
    return Model()


def small_model() -> Model:
    """Return a model of other dimensions."""
    return Model(dims=3)
