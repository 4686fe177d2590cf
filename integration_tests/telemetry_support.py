"""What the tests of telemetry share: a recorder of spans, measurements and log lines, and what may be in them."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from redisvl_adapters.core.server import telemetry
from redisvl_adapters.core.server.instruments import Instruments

OPERATIONS = Path(__file__).parents[1] / "docs" / "operating.md"
# What a text in an attribute may be, by the name of the attribute; all else is a number.
TEXTS = {
    "db.system.name": r"redis",
    "db.namespace": r"\d+",
    "db.collection.name": r"(test-[0-9A-Z]{26}|docs|semantic-cache|chat_messages)(-copy)?",
    "server.address": r"localhost|127\.0\.0\.1|/\S+",
    "error.type": r"redisvl_adapters\.errors\.\w+",
    "gen_ai.operation.name": r"embeddings",
    "gen_ai.request.model": r"words",
    "redisvl_adapters.cache.result": r"hit|miss",
}
NUMBERS = {
    "server.port",
    "db.operation.batch.size",
    "db.response.returned_rows",
    *(
        f"redisvl_adapters.{name}"
        for name in ("k", "round_trips", "server.duration", "texts", "records.written", "records.deleted")
    ),
}


class Point(NamedTuple):
    """One number of a metric: a value, or how many there were."""

    attributes: Mapping[str, Any]
    value: float


class Recorder:
    """Records spans and measurements."""

    def __init__(self) -> None:
        self.exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracers, self.meters = TracerProvider(), MeterProvider([self.reader])
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.lines: list[str] = []

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        """All spans that have ended."""
        return self.exporter.get_finished_spans()

    def operations(self) -> list[ReadableSpan]:
        """Return the spans of operations, and forget all."""
        found = [span for span in self.spans if "db.operation.name" in (span.attributes or {})]
        self.exporter.clear()
        return found

    def points(self) -> dict[str, list[Point]]:
        """Return what was measured since the beginning, by metric."""
        data = self.reader.get_metrics_data()
        told: dict[str, list[Point]] = {}
        for scope in [each for resource in data.resource_metrics for each in resource.scope_metrics] if data else ():
            for metric in scope.metrics:
                told[metric.name] = [
                    Point(point.attributes or {}, getattr(point, "count", 0) or getattr(point, "value", 0))
                    for point in metric.data.data_points
                ]
        return told

    def check(self, *secrets: str) -> None:
        """See to it that nothing but numbers and known names was told.

        Args:
            secrets: What is in no line of the log either.
        """
        spans = self.spans
        known = documented_operations()
        told = [span.attributes or {} for span in spans]
        told += [point.attributes for points in self.points().values() for point in points]
        for attributes in told:
            for name, value in attributes.items():
                if name == "db.operation.name":
                    assert value in known, value
                elif name in NUMBERS:
                    assert type(value) in (int, float)
                else:
                    assert re.fullmatch(TEXTS[name], str(value)), (name, value)
        for span in spans:
            of_span = span.attributes or {}
            target = of_span.get("db.collection.name", of_span.get("gen_ai.request.model"))
            what = of_span.get("db.operation.name", "embeddings")
            assert span.name == (what if target is None else f"{what} {target}")
            assert not span.events
            assert not span.links
            assert span.status.description is None
        assert not [(word, line) for word in secrets for line in self.lines if word in line]


def documented_operations() -> set[str]:
    """Return the names of operations in docs/operating.md."""
    (listed,) = re.findall(r"^\| `db\.operation\.name` \|(.*)$", OPERATIONS.read_text(), re.MULTILINE)
    return set(re.findall(r"`(\w+)`", listed))


class _Lines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self._lines.append(record.getMessage())


@contextmanager
def recording() -> Iterator[Recorder]:
    """Record what is traced, measured and logged."""
    recorder = Recorder()
    log, handler = logging.getLogger("redisvl_adapters.commands"), _Lines(recorder.lines)
    before = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    instruments = Instruments(recorder.tracers, recorder.meters)
    try:
        with mock.patch.object(telemetry._lookout, "instruments", instruments):
            yield recorder
    finally:
        log.removeHandler(handler)
        log.setLevel(before)
        recorder.tracers.shutdown()
        recorder.meters.shutdown()
