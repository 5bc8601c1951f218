"""`kommo contract`: check a server against the published contract."""

from __future__ import annotations

import json
import os
import tempfile
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from kommo.command import CommandError
from kommo.contract.options import DEFAULT_TOKEN, LAYERS, CannotRun, Options
from kommo.contract.parallel import run_lanes
from kommo.contract.reports import terminal
from kommo.published import load_bundle

SUMMARY: Final = "check a server against the published contract"

BROKEN: Final = 1


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--base-url", type=_url, metavar="URL", help="the server; without it, the embedded mock"
    )
    parser.add_argument("--token", help="its bearer token; by default $KOMMO_TOKEN, else demo")
    parser.add_argument(
        "--document", type=Path, metavar="FILE", help="another contract (JSON); by default, the published one"
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="seed of everything random (default 1)"
    )
    parser.add_argument(
        "--max-examples",
        type=_positive,
        default=10,
        metavar="N",
        help="random examples per operation (default 10)",
    )
    parser.add_argument(
        "--layers", default=",".join(LAYERS), metavar="NAMES", help=f"of {', '.join(LAYERS)}; all by default"
    )
    parser.add_argument(
        "--operation", action="append", metavar="ID", help="test this operation only; may be repeated"
    )
    parser.add_argument("--jobs", type=_positive, metavar="N", help="processes; by default one per core")
    parser.add_argument("--report", type=Path, metavar="DIR", help="write reports into this directory")


def run(args: Namespace) -> int:
    """Run the suite; 0 the contract holds, 1 it is broken.

    Raises:
        CommandError: the suite could not run.
    """
    document = _document(args.document) if args.document is not None else _bundle()
    options = Options(
        document=document,
        base_url=args.base_url,
        token=args.token or os.environ.get("KOMMO_TOKEN") or DEFAULT_TOKEN,
        operations=args.operation,
        seed=args.seed,
        max_examples=args.max_examples,
        phases=tuple(name for name in args.layers.split(",") if name),
    )
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="kommo-contract-") as recorded, terminal.Display() as display:
        from attrs import evolve

        try:
            result = run_lanes(
                evolve(options, on_progress=display),
                jobs=args.jobs,
                record=Path(recorded) if args.report is not None else None,
            )
        except CannotRun as error:
            raise CommandError(str(error)) from error
    count = sum(len([name for name in item if name in _METHODS]) for item in document["paths"].values())
    print(terminal.summary(result, count, time.perf_counter() - started))
    return 0 if result.ok else BROKEN


_METHODS: Final = frozenset({"get", "post", "patch", "put", "delete"})


def _bundle() -> dict[str, Any]:
    try:
        return load_bundle()
    except FileNotFoundError as error:
        raise CommandError(str(error)) from error


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CommandError(f"{path}: no JSON document ({error})") from error
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise CommandError(f"{path}: no OpenAPI document; expected an object with paths")
    return document


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ArgumentTypeError(f"{text!r} is no URL; expected http://HOST:PORT")
    return text.rstrip("/")


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no positive number")
    return int(text)
