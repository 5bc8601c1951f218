"""The `kommo spec` command: its sub-commands and their arguments.

What a sub-command needs is imported when it runs, so that `kommo spec overlay` does not load the linter.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from kommo.spec.project import find_root

SUMMARY = "build, check and overlay OpenAPI documents"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands to the parser of `kommo spec`."""
    commands = parser.add_subparsers(dest="spec_command", metavar="COMMAND", title="commands", required=True)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, allow_abbrev=False)

    overlay = add("overlay", "apply OpenAPI overlays (1.0, 1.1) to a document, JSON or YAML")
    overlay.add_argument("document", type=Path, metavar="DOCUMENT", help="the document to apply them to")
    overlay.add_argument(
        "overlays", type=Path, nargs="+", metavar="OVERLAY", help="overlays, applied in this order"
    )
    overlay.add_argument("-o", "--output", type=Path, metavar="OUT", help="write here instead of printing")
    overlay.add_argument(
        "--lenient", action="store_true", help="let actions that match or change nothing pass, with a note"
    )
    for name, text in _PROJECT_COMMANDS.items():
        add(name, text).add_argument("--root", type=Path, help="the checkout (default: the one around here)")


_PROJECT_COMMANDS = {
    "bundle": "write openapi/dist: the base document with its overlays, in one file",
    "lint": "hold the sources and the bundle against the house rules",
    "client": "generate generated_client/kommo_client",
    "reference": "write the generated pages: overlays/README.md and docs/reference",
    "check": "regenerate everything aside and compare; say what differs and which target mends it",
}


def run(args: argparse.Namespace) -> int:
    """Run the chosen sub-command; return its exit code."""
    if args.spec_command == "overlay":
        from kommo.spec.apply import overlay_document

        overlay_document(args.document, args.overlays, args.output, lenient=args.lenient)
        return 0
    root = find_root(args.root)
    if args.spec_command == "lint":
        from kommo.spec.lint import report

        return report(root)
    if args.spec_command == "check":
        from kommo.spec.check import check

        return check(root)
    from kommo.spec.generate import write

    write(root, args.spec_command)
    return 0
