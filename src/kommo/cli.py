"""The `kommo` command.

Each sub-command is a module with `SUMMARY`, `configure(parser)` and `run(args)`. Only the module of the
command that was asked for is imported, so that `kommo --help` works with the client's dependencies alone
and `kommo mock` starts without loading the spec tools.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NamedTuple, Protocol, cast

from kommo.command import INTERRUPTED, CommandError
from kommo.version import __version__


class Entry(NamedTuple):
    """One row of the command table."""

    module: str
    extra: str
    summary: str


# The summaries stand here as well as in the modules because `kommo --help` must not import the modules;
# tests/spec/test_cli.py holds the two equal.
COMMANDS: dict[str, Entry] = {
    "mock": Entry("kommo.mock.command", "mock", "serve a stateful stand-in for the API on this machine"),
    "spec": Entry("kommo.spec.command", "spec", "build, check and overlay OpenAPI documents"),
    "contract": Entry("kommo.contract.command", "contract", "check a server against the published contract"),
    "models": Entry(
        "kommo.account_models.command", "models", "write a typed module of an account's own fields"
    ),
    "docs": Entry("kommo.docs.command", "", "open the reference of the API in the browser"),
    "languages": Entry(
        "kommo.languages.command", "contract", "prove that other languages can use the contract"
    ),
    "release": Entry("kommo.release.command", "spec", "compare contracts, check that a release is ready"),
}


class CommandModule(Protocol):
    """What a sub-command's module offers."""

    SUMMARY: str

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments to its parser."""

    def run(self, args: argparse.Namespace) -> int:
        """Carry the command out and return the exit code."""
        ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: The arguments after the program's name; None takes them from the process.

    Returns:
        The exit code: 0 done, 1 the check says no, 2 could not run, 130 interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    chosen = next((word for word in arguments if not word.startswith("-")), None)
    try:
        parser, modules = _parser(chosen)
        args = parser.parse_args(arguments)
        if args.command is None:
            parser.print_help()
            return 2
        code = modules[args.command].run(args)
        sys.stdout.flush()
        return code
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if chosen not in COMMANDS or missing == "kommo":  # a fault of this installation, not a missing extra
            raise
        print(
            f"kommo: the {chosen} command needs the package {missing!r}; "
            f"install it with: pip install 'kommo[{COMMANDS[chosen].extra}]'",
            file=sys.stderr,
        )
        return 2
    except CommandError as error:
        name = f"kommo {chosen}" if chosen in COMMANDS else "kommo"
        print(f"{name}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) went away: nothing to report, and nothing left to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as stop:  # argparse: --help and --version (0), bad usage (2)
        return stop.code if isinstance(stop.code, int) else 2


def _parser(chosen: str | None) -> tuple[argparse.ArgumentParser, dict[str, CommandModule]]:
    parser = argparse.ArgumentParser(
        prog="kommo", description="Contract, client and mock for the Kommo (amoCRM) API.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"kommo {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    modules: dict[str, CommandModule] = {}
    for name, entry in COMMANDS.items():
        sub = commands.add_parser(name, help=entry.summary, description=entry.summary, allow_abbrev=False)
        if name == chosen:
            modules[name] = _load(entry)
            modules[name].configure(sub)
    return parser, modules


def _load(entry: Entry) -> CommandModule:
    return cast("CommandModule", importlib.import_module(entry.module))


if __name__ == "__main__":
    sys.exit(main())
