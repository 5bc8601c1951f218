"""`kommo docs`: open the reference of the API, or write it to a file."""

from __future__ import annotations

import argparse
import shutil
import webbrowser
from pathlib import Path

from kommo.command import CommandError, replacing
from kommo.published import reference_path

SUMMARY = "open the reference of the API in the browser"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write the page to this file and open nothing"
    )


def run(args: argparse.Namespace) -> int:
    """Open or write the page; return the exit code.

    Raises:
        CommandError: the page is not there, the file cannot be written, or no browser is known.
    """
    try:
        page = reference_path()
    except FileNotFoundError as error:
        raise CommandError(str(error)) from None
    if args.output is not None:
        _copy(page, args.output)
        print(args.output)
        return 0
    print(page, flush=True)
    if not webbrowser.open(page.as_uri()):
        raise CommandError(
            f"no browser was found; open {page} yourself, or say where to write it with -o FILE"
        )
    return 0


def _copy(page: Path, output: Path) -> None:
    """Put the whole page in place, or leave what is there."""
    target = output / page.name if output.is_dir() else output
    with replacing(target, named=target) as part:
        shutil.copyfile(page, part)
