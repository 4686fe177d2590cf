"""Traces on the console: what a search asks of Redis and of the embedding model, and how long each takes.

Run it: ``python examples/tracing.py``; it needs ``pip install opentelemetry-sdk wordllama``. An exporter of OTLP in the
place of the one for the console sends the same to Jaeger, Grafana, Datadog or whatever else speaks it.
"""

from __future__ import annotations

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.langchain import RedisVectorStore
from wordllama_langchain import WordLlamaEmbeddings


def one_line(span: ReadableSpan) -> str:
    """Return a span as a line, with what it tells of its operation."""
    told = {name.rpartition(".")[2]: value for name, value in sorted((span.attributes or {}).items())}
    shown = {name: told[name] for name in ("k", "returned_rows", "written", "round_trips", "texts") if name in told}
    return f"{'    ' if span.parent else ''}{span.name}: {shown}\n"


def main() -> None:
    """Trace an ingest and a search."""
    tracing = TracerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(formatter=one_line)))
    trace.set_tracer_provider(tracing)  # before the first operation; the library finds it by itself

    with (
        EmbeddedRedis() as server,
        RedisVectorStore(WordLlamaEmbeddings(), index_name="docs", redis_url=server.url) as store,
    ):
        store.add_texts(["A list keeps its items in order.", "A set holds each item once."])
        store.similarity_search("what keeps the order?", k=1)


if __name__ == "__main__":
    main()
