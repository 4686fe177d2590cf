"""Telemetry: what it costs an operation where nobody looks, and a search where OpenTelemetry traces and measures it.

``python -m benchmarks.telemetry`` prints both. Where nobody looks: all that a search calls of telemetry, in nanoseconds
of this process, in an interpreter of its own. Where it traces: the time of searches with a tracer, a meter and a batch
exporter over that of the same searches without, which take turns; and beside it, of searches that are not traced
within one span and one measurement that the SDK is asked for here, which nothing of ours can be cheaper than.
"""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import time
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from redisvl_adapters.core.server import telemetry
from redisvl_adapters.core.server.connection import Connection

RECORDS = 10_000
TURNS, CALLS = 100, 10
OPERATIONS = 100_000
STATES = {
    "where OpenTelemetry is not installed": "from benchmarks.without_packages import block; block('opentelemetry')",
    "where it is installed, and not set up": "import opentelemetry.sdk.trace",
}


def main() -> None:
    """Print what telemetry costs."""
    for state, before in STATES.items():
        code = f"import sys; {before}; from benchmarks.telemetry import nanoseconds; print(nanoseconds())"
        told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603  # this Python
        print(f"An operation {state}: {float(told.stdout):,.0f} ns")
    searches()


def nanoseconds() -> float:
    """Return what telemetry takes of an operation that nobody looks at: the best of several rounds."""
    connection = Connection(redis_url="redis://localhost:6379")

    def operation() -> None:
        # By RedisIndex.run, the driver, and the search.
        with telemetry.operation("search_by_vector", connection, "docs"):
            telemetry.watching()
            telemetry.tell(k=4)
            telemetry.tell(rows=4, batch=1)

    # The time of this process alone, whatever else the machine does.
    taken = timeit.repeat(operation, number=OPERATIONS, repeat=7, timer=time.process_time)
    return min(taken) / OPERATIONS * 1e9


def searches() -> None:
    """Print the ratios of searches that are traced over those that are not."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

    from llama_index.core.vector_stores.types import VectorStoreQuery  # noqa: PLC0415  # none of it above
    from opentelemetry import metrics, trace  # noqa: PLC0415
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: PLC0415

    from benchmarks.servers import server  # noqa: PLC0415
    from redisvl_adapters import langchain, llama_index  # noqa: PLC0415
    from wordllama_langchain import WordLlamaEmbeddings  # noqa: PLC0415

    exporter = InMemorySpanExporter()
    tracing = TracerProvider()
    tracing.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(tracing)
    metrics.set_meter_provider(MeterProvider([InMemoryMetricReader()]))
    tracer, duration = trace.get_tracer("bare"), metrics.get_meter("bare").create_histogram("duration", "s")
    attributes = {"db.system.name": "redis", "db.operation.name": "search", "db.collection.name": "docs"}

    def bare(call: Callable[[], Any]) -> None:
        start = time.perf_counter()
        with tracer.start_as_current_span("search docs", kind=trace.SpanKind.CLIENT, attributes=attributes):
            call()
        duration.record(time.perf_counter() - start, attributes)

    with server() as url, langchain.RedisVectorStore(WordLlamaEmbeddings(), index_name="docs", redis_url=url) as store:
        store.drop()
        store.add_texts([f"Note {number} on sets and lists." for number in range(RECORDS)])
        vector = store.embeddings.embed_query("sets")
        with llama_index.RedisVectorStore(index_name="docs", redis_url=url) as nodes:
            calls: dict[str, Callable[[], Any]] = {
                "LangChain, by text (the model takes some 0.1 ms)": lambda: store.similarity_search("sets", 4),
                "LangChain, by vector": lambda: store.similarity_search_by_vector(vector, 4),
                "LlamaIndex, by vector": lambda: nodes.query(VectorStoreQuery(vector, 4)),
            }
            for what, call in calls.items():
                print(f"{what}: {ratio(call, bare, exporter.clear)}")
        store.drop()
    tracing.shutdown()


def ratio(call: Callable[[], Any], bare: Callable[[Callable[[], Any]], Any], clear: Callable[[], Any]) -> str:
    """Return how many times its time a call takes when it is traced: the ratios of the medians of turns.

    Args:
        call: The call.
        bare: Does it within one span of the SDK.
        clear: Forgets the spans.
    """
    off, on, floor = [], [], []
    for _ in range(TURNS):
        with mock.patch.multiple(telemetry._lookout, instruments=None, next_look=math.inf):  # noqa: SLF001  # to turn it off
            off.append(seconds(call))
            floor.append(seconds(lambda: bare(call)))
        on.append(seconds(call))
        clear()
    traced, least = (
        statistics.median(each / untraced for each, untraced in zip(times, off, strict=True)) for times in (on, floor)
    )
    return f"{traced:.2f} times the search that is not traced, a bare span and a measurement {least:.2f}"


def seconds(call: Callable[[], Any]) -> float:
    """Return how many seconds some calls take."""
    start = time.perf_counter()
    for _ in range(CALLS):
        call()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
