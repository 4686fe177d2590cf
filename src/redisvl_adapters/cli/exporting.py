"""``redisvl-adapters export``: the records of an index into a file of JSON lines."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

from redisvl_adapters.cli.connection import add_index, open_index
from redisvl_adapters.cli.output import examples
from redisvl_adapters.core.inspection.export_format import (
    ExportHeader,
    read_header,
    record_id_of,
    write_end,
    write_header,
)
from redisvl_adapters.core.inspection.exporting import begin_export, export_records
from redisvl_adapters.core.search.iterate import check_batch_size
from redisvl_adapters.core.server.commands import BATCH_SIZE, batched
from redisvl_adapters.core.server.progress import Progress, ProgressBar
from redisvl_adapters.errors import ArgumentError


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "export",
        help="write the records of an index into a file",
        description="Write all records of an index into a file of JSON lines, with their vectors, metadata and times "
        "to live; the first line says what the index is. The file appears when it is whole: until then it is called "
        "FILE.partial, and the same command goes on with that; what it has already is not read again.",
        **examples("export docs --output docs.jsonl", "export docs --output docs.jsonl --overwrite --quiet"),
    )
    add_index(parser)
    parser.add_argument("--output", required=True, metavar="FILE", type=Path, help="the file")
    parser.add_argument("--overwrite", action="store_true", help="replace the file if it is there")
    parser.add_argument(
        "--batch-size", type=int, default=BATCH_SIZE, help="how many records are read at once (%(default)s)"
    )
    parser.add_argument("--quiet", action="store_true", help="draw no bar")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Export it.

    Raises:
        ArgumentError: If the file is there, or cannot be written, or the partial one is of another index.
    """
    target: Path = args.output
    partial, size = target.with_name(f"{target.name}.partial"), check_batch_size(args.batch_size)
    if target.exists() and not args.overwrite:
        raise ArgumentError(f"the file {str(target)!r} is there already; name another one, or add --overwrite")
    with closing(open_index(args)) as index:
        header, ids = index.run(begin_export(index.state))
        try:
            with partial.open("ab+") as file, ProgressBar(None if args.quiet else f"Exporting {args.index}") as bar:
                there = _begin(file, header)
                done = len(there)
                bar.show(Progress(done, done))
                left = [each for each in ids if each not in there]
                for chunk in batched(left, size):
                    lines = index.run(export_records(index.state, chunk))
                    file.writelines(lines)
                    file.flush()
                    done += len(lines)
                    bar.show(Progress(done, len(there) + len(left)))
                file.write(write_end(done))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        except OSError as error:
            raise ArgumentError(f"the file {str(partial)!r} cannot be written: {error.strerror or error}") from error
    resumed = f", {len(there)} of them before" if there else ""
    print(f"{done} records of index {header.schema.name!r} exported into {target}{resumed}", file=sys.stdout)


def _begin(file: BinaryIO, header: ExportHeader) -> set[str]:
    """Go on behind the last whole line of a file, or begin it, and return the ids of the records that it has.

    Raises:
        ArgumentError: If it is an export of another index.
    """
    file.seek(0)
    first, found = file.readline(), set[str]()
    if not first.endswith(b"\n"):
        file.truncate(0)
        file.write(write_header(header))
        return found
    before = read_header(first).schema
    if (before.name, before.vector) != (header.schema.name, header.schema.vector):
        raise ArgumentError(
            f"the file {file.name!r} is a part of an export of index {before.name!r} as it was; delete it"
        )
    whole = file.tell()
    while (record_id := record_id_of(file.readline())) is not None:
        found.add(record_id)
        whole = file.tell()
    # What was cut off is written again.
    file.truncate(whole)
    return found
