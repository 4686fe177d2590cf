"""What the tests of caches share: models that follow a script, embeddings at told distances, and both caches."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from itertools import count
from typing import Any

import pytest
import redis
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult, Generation
from pydantic import Field

from integration_tests.langchain.langchain_support import Model
from integration_tests.servers import aconnect
from redisvl_adapters.langchain import RedisCache, RedisSemanticCache

DIMS = 4
MODEL = "model='a', temperature=0"
OTHER = "model='b', temperature=0"


def at(distance: float) -> list[float]:
    """Return a vector at a cosine distance from that of ``at(0)``."""
    cosine = 1 - distance
    return [cosine, math.sqrt(max(0.0, 1 - cosine**2)), 0.0, 0.0]


def told(**distances: float) -> Model:
    """Return a model that embeds some words at these distances from ``at(0)``, and other texts anywhere."""
    return Model({text: at(distance) for text, distance in distances.items()}, dims=DIMS)


def said(text: str) -> list[Generation]:
    """Return what a model answered."""
    return [Generation(text=text)]


class Scripted(BaseChatModel):
    """A chat model that answers each call with its name and the number of the call."""

    name: str = "scripted"
    asked: list[str] = Field(default_factory=list)
    numbers: Any = Field(default_factory=lambda: count(1))

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"name": self.name}

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        self.asked.append(str(messages[-1].content))
        message = AIMessage(
            content=f"{self.name} answers {next(self.numbers)}",
            usage_metadata={"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        return self._generate(messages)


@pytest.fixture
async def make_cache(redis_url: str, server: redis.Redis, index_name: str) -> AsyncIterator[Callable[..., Any]]:
    """Makes a cache of either kind on keys of the test's own."""
    async with aconnect(redis_url, protocol=2) as async_client:
        clients: dict[str, Any] = {"client": server, "async_client": async_client}

        def make(kind: type[Any], *args: Any, **options: Any) -> Any:
            if kind is RedisCache:
                return RedisCache(**{"prefix": index_name, **clients, **options})
            model = args[0] if args else Model(dims=DIMS)
            return RedisSemanticCache(model, **{"index_name": index_name, **clients, **options})

        yield make


@pytest.fixture(params=[RedisCache, RedisSemanticCache])
def kind(request: pytest.FixtureRequest) -> Any:
    """Either kind of cache."""
    return request.param
