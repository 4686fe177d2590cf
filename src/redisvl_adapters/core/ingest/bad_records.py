"""Records that cannot come over where all are copied: without a vector, or never taken in by their index."""

from __future__ import annotations

from dataclasses import dataclass, field

from redisvl_adapters.core.arguments import check_choice
from redisvl_adapters.core.index.background_scan import info_command
from redisvl_adapters.core.index.ownership import index_failures
from redisvl_adapters.core.index.record_keys import matching_ids_command, read_total
from redisvl_adapters.core.records.own_records import is_record_command, read_is_record
from redisvl_adapters.core.schema.foreign import BAD_RECORDS
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.noted_warnings import warn
from redisvl_adapters.core.server.replies import as_mapping, is_missing_index, ok
from redisvl_adapters.errors import RecordError, SkippedRecordWarning


def check_bad_choice(choice: object) -> str:
    """Return what to do with records that cannot come over, if it is one of ``BAD_RECORDS``.

    Raises:
        ArgumentError: If it is none.
    """
    return str(check_choice(choice, "on_bad_record", BAD_RECORDS))


@dataclass(slots=True)
class BadRecords:
    """What is done with records that cannot come over, and which there are.

    Attributes:
        choice: One of ``BAD_RECORDS``.
        found: What is wrong with each, by its id.
    """

    choice: str = "raise"
    found: dict[str, str] = field(default_factory=dict)

    def add(self, record_id: str, message: str) -> None:
        """Note one.

        Raises:
            RecordError: If it is to be an error.
        """
        if self.choice == "raise":
            raise RecordError(f"{message}; mend or delete it, or pass on_bad_record='skip' to leave it out")
        self.found[record_id] = message

    def add_without_vector(self, record_id: str) -> None:
        """Note one that has no vector that an index could hold. See ``add``."""
        self.add(record_id, f"the record {record_id!r:.80} has no vector of the dimensions of its index")

    def tell(self) -> None:
        """Warn of those that were left out, unless nothing is to be said."""
        if self.found and self.choice == "warn":
            more = f", and so are {len(self.found) - 1} more" if len(self.found) > 1 else ""
            warn(f"{next(iter(self.found.values()))}. It is left out{more}", SkippedRecordWarning)


def find_unindexed(schema: Schema, bad: BadRecords) -> Steps[None]:
    """Note the last record that an index could not take in, as one with a vector of another length, if it is so still.

    Nobody meets such a record on a walk over its index.

    Raises:
        RecordError: If that is to be an error.
    """
    (info,) = yield [info_command(schema.name)]
    failures = None if is_missing_index(info) else index_failures(as_mapping(ok(info)))
    if failures is None:
        return
    count, key, reason = failures
    record_id = schema.id_of(key.encode())
    there, indexed = yield [is_record_command(schema, record_id), matching_ids_command(schema, "*", [record_id])]
    if read_is_record(there) and not read_total(ok(indexed)):
        more = f", the last of {count} times" if count > 1 else ""
        bad.add(
            record_id,
            f"index {schema.name!r} could not take in the record {record_id!r:.80} ({reason}){more}, so it does not "
            f"come over; `redisvl-adapters check {schema.handle}` lists all such records",
        )
