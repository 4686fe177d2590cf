"""What a copy is about to do, and what it did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """What a copy is about to do.

    Attributes:
        source: The index that is copied.
        target: The index that it is copied into.
        records: How many records the source has.
        storage: Where they lie there, ``hash`` or ``json``.
        dims: The number of dimensions of their vectors.
        target_records: How many records the target has; None if it does not exist yet.
        embeds: Whether texts are embedded anew, and vectors not copied.
        on_bad_record: What to do with records that cannot come over: ``raise``, ``warn`` or ``skip``.
    """

    source: str
    target: str
    records: int
    storage: str
    dims: int
    target_records: int | None
    embeds: bool
    on_bad_record: str = "raise"

    def __str__(self) -> str:
        """Return the plan in words."""
        into = "which is made" if self.target_records is None else f"which has {self.target_records} records"
        copied = f"vectors of {self.dims} dimensions are copied as they are"
        vectors = "texts are embedded anew" if self.embeds else copied
        return (
            f"copy {self.records} records ({self.storage}) of index {self.source!r} into index {self.target!r}, "
            f"{into}; {vectors}"
        )


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What a copy did.

    Attributes:
        copied: How many records were written.
        skipped: How many were there already with the same content.
        embedded: How many of those written were embedded anew.
        compared: How many records were compared with the source once more in the end, at random.
        passes: How often the source was gone through: more than once if it changed meanwhile.
        left_out: How many records did not come over in the last pass: they cannot be read, or were gone meanwhile.
        target_records: How many records the target has in the end. Those that others deleted from the source after
            they were copied are among them.
    """

    copied: int = 0
    skipped: int = 0
    embedded: int = 0
    compared: int = 0
    passes: int = 0
    left_out: int = 0
    target_records: int = 0

    def __str__(self) -> str:
        """Return the report in words."""
        left_out = f"{self.left_out} left out, " if self.left_out else ""
        return (
            f"{self.copied} records copied ({self.embedded} embedded anew), {self.skipped} were there already, "
            f"{left_out}{self.compared} compared in the end"
        )
