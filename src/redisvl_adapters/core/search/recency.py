"""Recency: scores decay with the age of what they are of."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Required, TypedDict

from redisvl_adapters.core.arguments import MAX_TTL, check_fraction, check_name
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.schema.timestamps import epoch_seconds
from redisvl_adapters.core.search.filter_compiler import is_known_key
from redisvl_adapters.core.search.results import Hit
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.errors import ArgumentError, refuse_unknown

_SECONDS: Mapping[str, float] = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(rf"(\d+(?:\.\d+)?)\s*([{''.join(_SECONDS)}])", re.ASCII)
_END_OF_CALENDAR = 253_402_300_800
"""The end of the year 9999 in epoch seconds. What is later was meant as milliseconds."""


class RecencyOptions(TypedDict, total=False):
    """How scores decay with age: ``score * 0.5 ** (age / half_life)``.

    Attributes:
        key: The metadata key of the time: a datetime, ISO 8601 text or epoch seconds. Dots reach into mappings.
        half_life: After how long a score is half: a timedelta, a number of seconds, or text such as ``30d``, with the
            units s, m, h, d and w.
        missing: What the score of a record without a time is multiplied by, from 0 to 1 (1).
        now: From when ages count; by default from the moment of the search. What is later has the age 0.
    """

    key: Required[str]
    half_life: Required[timedelta | float | str]
    missing: float
    now: date | float | str


@dataclass(frozen=True, slots=True)
class Recency:
    """How scores decay with age.

    Attributes:
        key: The metadata key of the time.
        half_life: Seconds after which a score is half.
        missing: What the score of a record without a time is multiplied by.
        now: From when ages count, in epoch seconds; None for the moment of the search.
    """

    key: str
    half_life: float
    missing: float = 1.0
    now: float | None = None

    def factors(self, metadatas: Sequence[Mapping[str, Any]]) -> list[float]:
        """Return what the scores of records are multiplied by, each from 0 to 1.

        Raises:
            ArgumentError: If a value of the key is no point in time.
        """
        now = time.time() if self.now is None else self.now
        return [self._factor(value_at(metadata, self.key), now) for metadata in metadatas]

    def _factor(self, value: Any, now: float) -> float:
        if value is None:
            return self.missing
        try:
            moment = epoch_seconds(value)
        except ValueError as error:
            raise ArgumentError(f"recency: metadata {self.key!r:.80} is {value!r:.80}, and {error}") from None
        if not moment < _END_OF_CALENDAR:
            raise ArgumentError(
                f"recency: metadata {self.key!r:.80} is {value!r:.80}, which is after the year 9999 in epoch seconds; "
                "store seconds, not milliseconds"
            )
        return float(0.5 ** (max(0.0, now - moment) / self.half_life))


def read_recency(options: Any) -> Recency | None:
    """Return how scores decay, as ``RecencyOptions`` say it.

    Raises:
        ArgumentError: If a part is missing or out of its range.
        UnknownArgumentError: If there is another part.
    """
    if options is None:
        return None
    if not isinstance(options, Mapping):
        raise ArgumentError(
            f"recency is a mapping, such as {{'key': 'at', 'half_life': '30d'}}; not {type(options).__name__} "
            f"{options!r:.80}"
        )
    known = RecencyOptions.__annotations__
    refuse_unknown("recency", {str(name): options[name] for name in options if name not in known}, known)
    for name in ("key", "half_life"):
        if options.get(name) is None:
            raise ArgumentError(f"recency has no {name!r}; write {{'key': 'at', 'half_life': '30d'}}")
    missing, now = options.get("missing"), options.get("now")
    try:
        now = None if now is None else epoch_seconds(now)
    except ValueError as error:
        raise ArgumentError(f"the 'now' of recency is {options['now']!r:.80}, and {error}") from None
    if now is not None and not now < _END_OF_CALENDAR:
        raise ArgumentError(
            f"the 'now' of recency is {options['now']!r:.80}, which is after the year 9999 in epoch seconds; give "
            "seconds, not milliseconds"
        )
    return Recency(
        check_name(options["key"], "the 'key' of recency"),
        _seconds(options["half_life"]),
        1.0 if missing is None else check_fraction(missing, "the 'missing' of recency"),
        now,
    )


def _seconds(half_life: object) -> float:
    seconds: object = half_life
    if isinstance(half_life, timedelta):
        seconds = half_life.total_seconds()
    elif isinstance(half_life, str) and (written := _DURATION.fullmatch(half_life.strip())):
        seconds = float(written[1]) * _SECONDS[written[2]]
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= MAX_TTL:
        raise ArgumentError(
            "the 'half_life' of recency is a timedelta, a positive number of seconds, or text such as '30d' with one "
            f"of the units {', '.join(_SECONDS)}; not {half_life!r:.80}"
        )
    return float(seconds)


def value_at(metadata: Mapping[str, Any], key: str) -> Any:
    """Return the value of a key, whose dots reach into mappings; None if there is none."""
    if key in metadata:
        return metadata[key]
    for dot in (place for place, letter in enumerate(key) if letter == "."):
        inner = metadata.get(key[:dot])
        if isinstance(inner, Mapping) and (value := value_at(inner, key[dot + 1 :])) is not None:
            return value
    return None


def check_recency_key(state: IndexState, recency: Recency, hits: Sequence[Hit]) -> Steps[None]:
    """Refuse a key that no record of the index has, which would let nothing decay.

    Raises:
        UnknownFieldError: If so.
    """
    schema = state.schema
    if schema is None or not hits:
        return
    if any(value_at(hit.record.metadata, recency.key) is not None for hit in hits):
        return
    known = recency.key in schema.fields or recency.key in schema.untyped_keys
    if not known and not (yield from is_known_key(schema, recency.key)):
        raise schema.unknown(recency.key, "and nothing would decay for that")


def decay(scores: Sequence[float], factors: Sequence[float]) -> list[float]:
    """Return scores times factors.

    Raises:
        ArgumentError: If a score is below 0: old ones would be better than new ones.
    """
    for score in scores:
        if score < 0:
            raise ArgumentError(
                f"recency is a factor on scores from 0 on, and the reranker gave {score:g}; let it give probabilities, "
                "such as by a sigmoid"
            )
    return [score * factor for score, factor in zip(scores, factors, strict=True)]
