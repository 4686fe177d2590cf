"""``redisvl-adapters export``: the records of an index into a file of JSON lines."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from redisvl_adapters.cli.connection import add_batch_size, add_index, open_index
from redisvl_adapters.cli.output import examples
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.inspection.export_format import (
    ExportHeader,
    read_header,
    record_id_of,
    write_end,
    write_header,
)
from redisvl_adapters.core.inspection.exporting import begin_export, export_records
from redisvl_adapters.core.server.commands import batched
from redisvl_adapters.core.server.progress import Progress, ProgressBar
from redisvl_adapters.errors import AdapterError, ArgumentError


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "export",
        help="write the records of an index into a file",
        description="Write all records of an index into a file of JSON lines, with their vectors, metadata and times "
        "to live; the first line says what the index is. The file appears when it is whole: until then it is called "
        "FILE.partial, and the same command goes on with that. What it has already is not read again; records that are "
        "gone since are taken out.",
        **examples("export docs --output docs.jsonl", "export docs --output docs.jsonl --overwrite --quiet"),
    )
    add_index(parser)
    parser.add_argument("--output", required=True, metavar="FILE", help="the file")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the file if it is there, and begin anew in any case"
    )
    add_batch_size(parser, "read")
    parser.add_argument("--quiet", action="store_true", help="draw no bar")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Export it.

    Raises:
        ArgumentError: If the file is there, or cannot be written, or the partial one is of another index.
    """
    try:
        target = _target(args.output, overwrite=args.overwrite)
        partial = target.with_name(f"{target.name}.partial")
        with closing(open_index(args)) as index:
            header, ids = index.run(begin_export(index.state, index.connection.address))
            with _locked(partial):
                with partial.open("ab+") as file:
                    there = set() if args.overwrite else _go_on(file, header, frozenset(ids))
                    done = _write(file, args, index, header, [each for each in ids if each not in there], len(there))
                partial.replace(target)
    except OSError as error:
        if isinstance(error, AdapterError):
            raise
        raise ArgumentError(f"the file {str(args.output)!r} cannot be written: {error.strerror or error}") from error
    resumed = f", {len(there)} of them before" if there else ""
    print(f"{done} records of index {header.schema.name!r} exported into {target}{resumed}")


def _target(output: str, *, overwrite: bool) -> Path:
    """Return the file that is to be written; what a link leads to.

    Raises:
        ArgumentError: If it is there already, or is none.
    """
    target = Path(output).resolve()
    if not output or output == "-" or (target.exists() and not target.is_file()):
        raise ArgumentError(f"{output!r} is no file; name one, such as docs.jsonl")
    if target.exists() and not overwrite:
        raise ArgumentError(f"the file {output!r} is there already; name another one, or add --overwrite")
    return target


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep others from writing a file, where the system can do that.

    Raises:
        ArgumentError: If another process writes it.
    """
    try:
        import fcntl  # noqa: PLC0415  # of POSIX
    except ImportError:
        yield
        return
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ArgumentError(
                f"another export writes the file {str(path)!r}; wait for it, or name another one"
            ) from None
        yield


def _write(
    file: BinaryIO, args: argparse.Namespace, index: RedisIndex, header: ExportHeader, ids: Sequence[str], done: int
) -> int:
    """Write records behind those that a file has, and return how many there are then."""
    if not done:
        file.truncate(0)
        file.write(write_header(header))
    total = done + len(ids)
    with ProgressBar(None if args.quiet else f"Exporting {args.index}") as bar:
        bar.show(Progress(done, total))
        for chunk in batched(ids, args.batch_size):
            lines = index.run(export_records(index.state, chunk))
            file.writelines(lines)
            file.flush()
            done += len(lines)
            bar.show(Progress(done, total))
    file.write(write_end(done))
    file.flush()
    os.fsync(file.fileno())
    return done


def _go_on(file: BinaryIO, header: ExportHeader, ids: AbstractSet[str]) -> set[str]:
    """Go on behind the last whole line of a file, and return the ids of the records that it has.

    Records that are gone since are taken out of it, and what was cut off.

    Raises:
        ArgumentError: If it is an export of another index.
    """
    file.seek(0)
    first, found = file.readline(), set[str]()
    if not first.endswith(b"\n"):
        return found
    before = read_header(first)
    if (before.source, before.schema.name, before.schema.vector) != (
        header.source,
        header.schema.name,
        header.schema.vector,
    ):
        raise ArgumentError(
            f"the file {file.name!r} is a part of an export of index {before.schema.name!r} as it was, or of another "
            "server; delete it, or add --overwrite to begin anew"
        )
    with Path(file.name).open("rb+") as kept:
        kept.seek(len(first))
        for line in file:
            if (record_id := record_id_of(line)) is None:
                break
            if record_id in ids and record_id not in found:
                found.add(record_id)
                kept.write(line)
        kept.truncate()
    return found
