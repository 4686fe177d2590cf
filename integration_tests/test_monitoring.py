"""The rules of docs/operating.md: each metric and label in them is emitted, and each error in them is one of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import pytest
import redis
import yaml
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.outputs import Generation
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import Gauge, Histogram, InMemoryMetricReader, Metric, Sum

from integration_tests.core.core_support import until
from integration_tests.servers import only_on_one, with_query
from integration_tests.telemetry_support import recording
from redisvl_adapters import errors
from redisvl_adapters.errors import FilterError
from redisvl_adapters.langchain import RedisCache, RedisVectorStore

PAGE = (Path(__file__).parents[1] / "docs" / "operating.md").read_text()
PART = PAGE.partition("\n## Monitoring\n")[2].partition("\n## ")[0]
(RULES,) = re.findall(r"^```yaml\n(.*?)^```$", PART, re.MULTILINE | re.DOTALL)
GAUGES, PROBE = re.findall(r"^```python\n(.*?)^```$", PART, re.MULTILINE | re.DOTALL)
RATIOS = re.findall(r"^`(sum\(.+)`$", PART, re.MULTILINE)
MODEL = DeterministicFakeEmbedding(size=4)
FUNCTIONS = {"absent", "or", "sum", "min", "max", "by", "rate", "delta", "histogram_quantile"}
UNITS = {"s": "_seconds"}


class Emitted:
    """What is emitted, by the names that Prometheus has for it.

    Attributes:
        labels: The labels of each series.
        values: The last value of each gauge.
    """

    def __init__(self) -> None:
        self.labels: dict[str, set[str]] = {}
        self.values: dict[str, float] = {}

    def take(self, reader: InMemoryMetricReader) -> Self:
        """Collect what a reader has."""
        data = reader.get_metrics_data()
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    self._take(metric)
        return self

    def _take(self, metric: Metric) -> None:
        name = metric.name.replace(".", "_") + UNITS.get(metric.unit or "", "")
        told = {key.replace(".", "_") for point in metric.data.data_points for key in point.attributes or {}}
        match metric.data:
            case Histogram():
                for ending, more in (("_bucket", {"le"}), ("_count", set[str]()), ("_sum", set[str]())):
                    self.labels[name + ending] = told | more | {"otel_scope_name"}
            case Sum():
                self.labels[f"{name}_total"] = told | {"otel_scope_name"}
            case Gauge():
                self.labels[name] = told
                self.values[name] = metric.data.data_points[0].value
            case _:
                pytest.fail(f"a metric of another kind: {metric.name}")


@pytest.fixture
def store(redis_url: str, index_name: str) -> Iterator[RedisVectorStore]:
    with RedisVectorStore(MODEL, index_name=index_name, redis_url=redis_url) as made:
        made.add_texts(["a"], [{"n": 1}], ids=["a"])
        yield made


def test_each_metric_and_label_of_the_rules_is_emitted(
    store: RedisVectorStore, redis_url: str, server: redis.Redis, index_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    emitted = Emitted()
    with recording() as recorder:
        store.add_texts(["b"], [{"n": 2}], ids=["b"])
        store.similarity_search("a")
        with pytest.raises(FilterError):
            store.similarity_search("a", filter={"n": {"$like": "x"}})
        store.delete(["b"])
        with RedisCache(redis_url=redis_url, prefix=index_name) as cache:
            cache.update("prompt", "model", [Generation(text="answer")])
            assert cache.lookup("prompt", "model")
        emitted.take(recorder.reader)
    assert {"hit", "miss"} & {each.attributes["redisvl_adapters.cache.result"] for each in told_lookups(recorder)}

    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)
    exec(compile(GAUGES, "the gauges of the page", "exec"), {"store": store})  # noqa: S102  # our page
    emitted.take(reader)
    whole = {"app_index_indexed": 100, "app_index_failures": 0}
    assert {name: emitted.values[name] for name in whole} == whole
    assert emitted.values["app_index_bytes"] > 0
    server.hset(f"{index_name}:bad", mapping={"embedding": b"short", "_keys": "x"})
    until(lambda: emitted.take(reader).values["app_index_failures"] > 0)
    provider.shutdown()

    rules = yaml.safe_load(RULES)["groups"][0]["rules"]
    assert (len(rules), len(RATIOS)) == (4, 1)
    assert all(rule.keys() <= {"alert", "expr", "for"} for rule in rules)
    for expression in (*(rule["expr"] for rule in rules), *RATIOS):
        check_expression(expression, emitted.labels)
    for name in set(re.findall(r"`(\w+_(?:total|bucket|count|sum))`", PART)) - {"_count", "_sum"}:
        assert name in emitted.labels


def told_lookups(recorder: Any) -> Any:
    return recorder.points()["redisvl_adapters.cache.lookups"]


def check_expression(expression: str, labels: Mapping[str, set[str]]) -> None:
    """Check that every name in an expression is a function, a metric that is emitted, or a label of it."""
    assert [expression.count(each) for each in "([{"] == [expression.count(each) for each in ")]}"]
    plain = re.sub(r'"[^"]*"|\[\w+\]', "", expression)
    series = set(re.findall(r"\b(?:db_client|redisvl_adapters|app)_\w+", re.sub(r"\{[^}]*\}|by \([^)]*\)", "", plain)))
    assert series
    assert series <= labels.keys()
    named = set(re.findall(r"(\w+)\s*=", plain)) | {
        label.strip() for group in re.findall(r"by \(([^)]*)\)", plain) for label in group.split(",")
    }
    for each in series:
        assert named <= labels[each], expression
    assert set(re.findall(r"[a-z]\w*", plain)) <= FUNCTIONS | series | named
    for told in re.findall(r'error_type=~"\.\*\[\.\]\((.+)\)Error"', expression):
        assert all(issubclass(getattr(errors, f"{kind}Error"), errors.AdapterError) for kind in told.split("|"))
    for told in re.findall(r'db_operation_name=~"(.+?)"', expression):
        assert re.fullmatch(told, "search_by_vector")


def test_a_probe_tells_why_an_index_is_not_ready(store: RedisVectorStore) -> None:
    names: dict[str, Any] = {"store": store}
    exec(compile(PROBE, "the probe of the page", "exec"), names)  # noqa: S102  # our page
    store.drop()
    status, reason = names["ready"]()
    assert status == 503
    assert "does not exist" in reason


def test_the_slow_log_has_the_name_of_the_connection_and_short_arguments(
    store: RedisVectorStore, redis_url: str, server: redis.Redis, index_name: str
) -> None:
    only_on_one(redis_url, "each node has a log of its own")
    before: Any = server.config_get("slowlog-log-slower-than")
    server.config_set("slowlog-log-slower-than", 0)
    with RedisVectorStore(
        DeterministicFakeEmbedding(size=4),
        index_name=index_name,
        redis_url=with_query(redis_url, "client_name=reports"),
    ) as named:
        named.text_search("word " * 100)
    server.config_set("slowlog-log-slower-than", before["slowlog-log-slower-than"])
    logged: Any = server.execute_command("SLOWLOG", "GET", 50)
    (searched,) = [
        each for each in logged if index_name.encode() in command_of(each) and b"FT.SEARCH" in command_of(each)
    ]
    assert b"reports" in (searched["client_name"] if isinstance(searched, dict) else searched[5])
    assert len(command_of(searched)) < 500


def command_of(entry: Any) -> bytes:
    command = entry["command"] if isinstance(entry, dict) else entry[3]
    return command if isinstance(command, bytes) else b" ".join(command)
