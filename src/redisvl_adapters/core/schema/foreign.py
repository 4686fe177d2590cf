"""Foreign indexes: what is known of an index that another application made, beside what every schema tells.

Such an index is read where it lies. Its records have no parts of this library: their text, vector and metadata are
fields of a hash, or values in a JSON document, that the application named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from redisvl_adapters.core.schema.fields import MetadataField
from redisvl_adapters.errors import ArgumentError

MetadataFields: TypeAlias = "Mapping[str, str] | list[str] | tuple[str, ...]"
"""What is read as metadata: names, or keys with the hash fields or JSON paths under which their values lie."""

BAD_RECORDS = ("warn", "raise", "skip")
"""What to do with a record that cannot be read: leave it out with a warning or without, or raise an error."""


class Application(StrEnum):
    """Which application wrote the records, where that is known: it decides how they are written."""

    LANGCHAIN = "langchain-redis"
    LLAMA_INDEX = "llama-index-vector-stores-redis"
    OTHER = "another application"


@dataclass(frozen=True)
class ForeignField(MetadataField):
    """A field of a foreign index.

    Attributes:
        path: The hash field or the JSON path that it indexes.
        separator: What parts the tags of one value; empty if nothing does.
        folds_case: Whether case does not count in its tags.
        indexes_missing: Whether the index knows which records lack it.
        indexes_empty: Whether the index knows which records have it empty.
        storage: Where the records lie: ``hash`` or ``json``.
    """

    path: str = ""
    separator: str = ""
    folds_case: bool = False
    indexes_missing: bool = False
    indexes_empty: bool = False
    storage: str = "hash"


@dataclass(frozen=True)
class ForeignIndex:
    """How records lie in a foreign index, and what the caller wants of it.

    Attributes:
        prefixes: What its keys start with: one of these.
        separator: What stands between a prefix and an id, if the prefix itself does not end with it.
        text: The hash field or JSON path of the text.
        text_names: The names under which the index has the text as words.
        vector: The hash field or JSON path of the vector.
        vectors: Those of all vectors.
        metadata: What is read as metadata by key; None for everything.
        application: Which application made it, as far as that is known.
        stopwords: The words that its text fields leave out.
        language: In which language the server analyses its texts.
        has_filter: Whether it takes only records in that meet a condition.
        writable: Whether records may be written.
        on_bad_record: See ``BAD_RECORDS``.
        places: The hash fields or JSON paths of all vectors, by their names in the index.
        stems: The forms under which the server looks for words, as far as it was asked for them.
    """

    prefixes: tuple[str, ...]
    separator: str
    text: str
    text_names: tuple[str, ...]
    vector: str
    vectors: tuple[str, ...]
    metadata: Mapping[str, str] | None = None
    application: Application = Application.OTHER
    stopwords: frozenset[str] = field(default_factory=frozenset, repr=False)
    language: str = "english"
    has_filter: bool = False
    writable: bool = False
    on_bad_record: str = "warn"
    places: Mapping[str, str] = field(default_factory=dict)
    stems: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def prefix(self) -> str:
        """What is not part of an id: the prefix with its separator; empty if there are several."""
        return self.prefixes[0] + self.separator if len(self.prefixes) == 1 else ""

    def key_of(self, record_id: str) -> str:
        """Return the Redis key of a record.

        Raises:
            ArgumentError: If the index has several prefixes, and the id begins with none of them.
        """
        if len(self.prefixes) > 1:
            if not record_id.startswith(self.prefixes):
                raise ArgumentError(
                    f"id {record_id!r:.80} begins with no prefix of the index, which are {', '.join(self.prefixes)}; "
                    "where an index has several, ids are whole keys"
                )
            return record_id
        is_key = self.separator and record_id.startswith(self.prefixes)
        return record_id if is_key else self.prefix + record_id

    def id_of(self, key: str) -> str:
        """Return the id of the record at a Redis key, of which ``key_of`` makes that key again.

        It is the key without the prefix; the whole key if the index has several prefixes, if the key lacks the
        separator that others have, or if it would begin with the prefix once more.
        """
        rest = key.removeprefix(self.prefix)
        is_key = self.separator and (rest == key or rest.startswith(self.prefixes))
        return key if is_key else rest


_PLAIN_PATH = re.compile(
    r"""\$?(?:\.?[^.\[\]'"*?@()$]+|\[(?:"[^"]*"|'[^']*')\])(?:\.[^.\[\]'"*?@()$]+|\[(?:"[^"]*"|'[^']*')\])*"""
)
_STEP = re.compile(r"""\.?([^.\[\]'"*?@()$]+)|\["([^"]*)"\]|\['([^']*)'\]""")


def path_steps(path: str) -> tuple[str, ...] | None:
    """Return the keys that a JSON path goes through; None if it can lead to several values."""
    if not _PLAIN_PATH.fullmatch(path):
        return None
    return tuple(next(filter(None, step), "") for step in _STEP.findall(path.removeprefix("$")))


def list_steps(path: str) -> tuple[str, ...] | None:
    """Return the keys that a JSON path goes through to a value, or to a list whose values it names all."""
    return path_steps(path.removesuffix("[*]"))


def key_of_path(name: str) -> str:
    """Return the metadata key of a field by its name, which is its JSON path where it was given no other."""
    steps = list_steps(name) if name.startswith("$") else None
    return name if steps is None else ".".join(steps)
