"""``kommo languages``: clients in other languages from the published contract."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from kommo.command import CommandError
from kommo.languages.generators import GENERATORS, find_generator
from kommo.spec.output import to_json, write_text
from kommo.spec.project import find_root

SUMMARY = "prove that other languages can use the contract"


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments of ``kommo languages``."""
    actions = parser.add_subparsers(dest="action", required=True)
    check = actions.add_parser(
        "check", help="generate, check, compile and run clients; try the importers (make languages)"
    )
    check.add_argument("generators", nargs="*", metavar="GENERATOR", help=f"of {', '.join(GENERATORS)}")
    check.add_argument(
        "--tools", type=Path, default=Path(".cache/languages"), help="where make languages put its tools"
    )
    check.add_argument(
        "--complete", action="store_true", help="count a stage that is left out for want of a tool as failed"
    )
    document = actions.add_parser("document", help="the contract as a generator can digest it")
    document.add_argument("generator", metavar="GENERATOR", help=f"one of {', '.join(GENERATORS)}")
    document.add_argument("-o", "--out", type=Path, help="the file to write (default: print)")


def run(args: Namespace) -> int:
    """Carry out ``kommo languages``; 0, or 1 where a client or an importer fails."""
    root = find_root()
    if args.action == "check":
        return _check(root, args.generators or list(GENERATORS), args.tools.absolute(), args.complete)
    text = to_json(find_generator(args.generator).document(root))
    if args.out is None:
        sys.stdout.write(text)
    else:
        write_text(args.out, text)
    return 0


def _check(root: Path, names: list[str], folder: Path, complete: bool) -> int:
    from kommo.languages.check import State, check_client, check_importers, table
    from kommo.languages.tools import Tools

    tools = Tools(folder)
    for name in names:
        find_generator(name)
    if not tools.folder.is_dir():
        raise CommandError(f"{folder}: there are no tools; run: make languages")
    rows = []
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        rows.append(check_client(name, root, folder / "clients" / name, tools))
    print(table(rows))
    left_out = [row.name for row in rows if row.left_out]
    failed = sum(row.failed for row in rows)
    print()
    for name, cell in check_importers(folder / "imported", tools):
        print(f"{name:<22} {cell.state.value:<8} {cell.text} {cell.reason}".rstrip())
        failed += cell.state is State.FAILED
        left_out += [name] if cell.state is State.LEFT_OUT else []
    if failed:
        print(f"kommo languages: {failed} failed", file=sys.stderr)
    if complete and left_out:
        print(f"kommo languages: not wholly tried: {', '.join(left_out)}", file=sys.stderr)
        failed += len(left_out)
    return int(failed > 0)
