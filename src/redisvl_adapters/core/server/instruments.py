"""The instruments of OpenTelemetry: a span and a duration for each operation, after the conventions for databases.

No text, value, vector, id or password is in an attribute, and no message of an error, since messages quote values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from opentelemetry import context, metrics, trace
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider

if TYPE_CHECKING:
    from contextvars import Token

    from redisvl_adapters.core.server.telemetry import Operation

SCOPE = "redisvl_adapters"
SCHEMA_URL = "https://opentelemetry.io/schemas/1.34.0"
"""The conventions for databases are stable since 1.33."""

_BUCKETS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10)
"""What the conventions advise, in seconds."""
_FAILED = Status(StatusCode.ERROR)

Attributes = Mapping[str, str | int]


class RunningSpan(NamedTuple):
    """A span that has begun.

    Attributes:
        span: The span.
        token: What takes it out of the context again; None if it never was in it, since nobody traces.
    """

    span: Span
    token: Token[context.Context] | None


class Instruments:
    """What spans and measurements are made with.

    Args:
        tracers: Where tracers are from; None for the provider that the application sets, whenever it does.
        meters: Where meters are from, likewise.
    """

    def __init__(self, tracers: TracerProvider | None = None, meters: MeterProvider | None = None) -> None:
        self._tracer = trace.get_tracer(SCOPE, tracer_provider=tracers, schema_url=SCHEMA_URL)
        meter = metrics.get_meter(SCOPE, meter_provider=meters, schema_url=SCHEMA_URL)
        self._duration = meter.create_histogram(
            "db.client.operation.duration",
            "s",
            "Duration of database client operations.",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )
        self._cache = meter.create_counter("redisvl_adapters.cache.lookups", "{lookup}", "Lookups of caches.")
        self._written = meter.create_counter("redisvl_adapters.records.written", "{record}", "Records written.")
        self._deleted = meter.create_counter("redisvl_adapters.records.deleted", "{record}", "Records deleted.")

    def start_operation(self, attributes: Attributes) -> RunningSpan:
        """Begin the span of an operation, named after it and its index."""
        name, index = attributes["db.operation.name"], attributes.get("db.collection.name")
        return self._start(str(name) if index is None else f"{name} {index}", attributes)

    def start_embedding(self, model: str | None, texts: int) -> RunningSpan:
        """Begin the span of an embedding."""
        attributes: dict[str, str | int] = {"gen_ai.operation.name": "embeddings", "redisvl_adapters.texts": texts}
        if model is not None:
            attributes["gen_ai.request.model"] = model
        return self._start("embeddings" if model is None else f"embeddings {model}", attributes)

    def _start(self, name: str, attributes: Attributes) -> RunningSpan:
        span = self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=attributes)
        if not span.get_span_context().is_valid:
            return RunningSpan(span, None)
        return RunningSpan(span, context.attach(trace.set_span_in_context(span)))

    def end(self, running: RunningSpan, error: BaseException | None) -> None:
        """End a span, with the type of the error if there is one."""
        span, token = running
        if token is None:
            return
        context.detach(token)
        if error is not None and span.is_recording():
            span.set_attribute("error.type", error_type(error))
            span.set_status(_FAILED)
        span.end()

    def end_operation(
        self,
        running: RunningSpan,
        attributes: Attributes,
        told: Operation,
        seconds: float,
        error: BaseException | None,
    ) -> None:
        """End the span of an operation, and count what it did."""
        if running.span.is_recording():
            running.span.set_attributes(_told(told))
        self.end(running, error)
        if error is not None:
            attributes = {**attributes, "error.type": error_type(error)}
        self._duration.record(seconds, attributes)
        if told.cached is not None:
            self._cache.add(1, {**attributes, "redisvl_adapters.cache.result": told.cached})
        if told.written:
            self._written.add(told.written, attributes)
        if told.deleted:
            self._deleted.add(told.deleted, attributes)


def are_set_up() -> bool:
    """Tell whether the application has set a provider of spans or of meters; those of the API itself do nothing."""
    providers = trace.get_tracer_provider(), metrics.get_meter_provider()
    return not all(type(each).__module__.startswith(_OF_API) for each in providers)


_OF_API = ("opentelemetry.trace", "opentelemetry.metrics")


def error_type(error: BaseException) -> str:
    """Return the name of an error's class, which is all that is told of it."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _told(told: Operation) -> dict[str, str | int | float]:
    """Return what an operation told of itself, as attributes of its span."""
    attributes: dict[str, str | int | float] = {
        "redisvl_adapters.round_trips": told.round_trips,
        "redisvl_adapters.server.duration": told.waited,
    }
    if told.k is not None:
        attributes["redisvl_adapters.k"] = told.k
    if told.rows is not None:
        attributes["db.response.returned_rows"] = told.rows
    if told.batch > 1:
        # One alone is no batch, say the conventions.
        attributes["db.operation.batch.size"] = told.batch
    if told.cached is not None:
        attributes["redisvl_adapters.cache.result"] = told.cached
    if told.written:
        attributes["redisvl_adapters.records.written"] = told.written
    if told.deleted:
        attributes["redisvl_adapters.records.deleted"] = told.deleted
    return attributes
