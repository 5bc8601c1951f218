"""`kommo mock`: serve a stateful stand-in for the API."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kommo.command import CommandError

from .config import SEEDS, ConfigError, MockConfig
from .quirks import OBSERVED, PROFILES

SUMMARY = "serve a stateful stand-in for the API on this machine"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=8080, help="port, 0 for any free one (default: %(default)s)"
    )
    parser.add_argument(
        "--token", default="demo", help="access token of the administrator (default: %(default)s)"
    )
    parser.add_argument("--data", type=Path, metavar="FILE", help="keep everything in this file")
    parser.add_argument(
        "--seed", default="empty", metavar="NAME", help=f"contents at first: {', '.join(SEEDS)}, large:N"
    )
    parser.add_argument(
        "--profile", default=OBSERVED, choices=PROFILES, help="set of quirks (default: %(default)s)"
    )
    parser.add_argument("--quirk", action="append", default=[], metavar="ID", help="turn a quirk on")
    parser.add_argument("--no-quirk", action="append", default=[], metavar="ID", help="turn a quirk off")


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from .server import CannotListen, create_app, listen, url_of, uvicorn_config

    try:
        config = MockConfig(
            token=args.token,
            data=args.data,
            seed=args.seed,
            profile=args.profile,
            quirks={**dict.fromkeys(args.quirk, True), **dict.fromkeys(args.no_quirk, False)},
        )
        listener = listen(args.host, args.port)
    except (ConfigError, CannotListen) as error:
        raise CommandError(str(error)) from None
    import uvicorn

    with listener:
        print(
            f"kommo mock: {url_of(listener)} (token {args.token}, seed {args.seed}, profile {args.profile})",
            flush=True,
        )
        sys.stdout.flush()
        uvicorn.Server(uvicorn_config(create_app(config))).run(sockets=[listener])
    return 0
