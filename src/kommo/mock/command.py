"""`kommo mock`: serve a stateful stand-in for the API, or steer one that runs."""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kommo.command import CommandError

from .config import SEEDS, AccountConfig, ConfigError, MockConfig
from .model import Clock
from .platforms import ANY, PLATFORMS
from .quirks import OBSERVED, PROFILES

if TYPE_CHECKING:
    from collections.abc import Sequence

SUMMARY = "serve a stateful stand-in for the API on this machine"

_URL: Final = "http://127.0.0.1:8080"
_DEFAULTS: Final = {"name": "default"}
_CLOCKS: Final = ("fixed", "stepped", "real")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    serving = parser.add_argument_group("where to serve")
    serving.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serving.add_argument(
        "--port", type=_port, default=8080, help="port, 0 for any free one (default: %(default)s)"
    )
    serving.add_argument("--data", type=Path, metavar="FILE", help="keep everything in this file")
    serving.add_argument(
        "--workers", type=int, default=1, metavar="N", help="processes that serve one --data file"
    )
    serving.add_argument(
        "--max-body", type=int, metavar="BYTES", help="largest request body (default: 8 MiB)"
    )
    serving.add_argument("--compress", action="store_true", help="answer with gzip to clients that accept it")
    serving.add_argument("--tls-cert", type=Path, metavar="FILE", help="serve https with this certificate")
    serving.add_argument("--tls-key", type=Path, metavar="FILE", help="the private key of the certificate")
    access = parser.add_argument_group("who may come in")
    access.add_argument(
        "--token", default="demo", help="access token of the administrator (default: %(default)s)"
    )
    access.add_argument(
        "--user-token", default="demo-user", metavar="TOKEN", help="access token without rights to write"
    )
    access.add_argument(
        "--account",
        action="append",
        default=[],
        metavar="SUBDOMAIN=TOKEN",
        help="a further account, found by its token and by hosts that begin with its subdomain",
    )
    access.add_argument(
        "--client-id", metavar="ID", help="integration that may ask for tokens (default: any)"
    )
    access.add_argument("--client-secret", metavar="SECRET", help="its secret (default: any)")
    access.add_argument("--code", metavar="CODE", help="authorization code that is exchanged once for tokens")
    behaviour = parser.add_argument_group("how to behave")
    behaviour.add_argument(
        "--seed", default="empty", metavar="NAME", help=f"contents at first: {', '.join(SEEDS)}, large:N"
    )
    behaviour.add_argument(
        "--profile", default=OBSERVED, choices=PROFILES, help="set of quirks (default: %(default)s)"
    )
    behaviour.add_argument(
        "--platform",
        default=ANY,
        choices=PLATFORMS,
        help="kommo.com, amocrm.ru, or what either of them has (default: %(default)s)",
    )
    behaviour.add_argument(
        "--timezone", default="UTC", metavar="NAME", help="time zone of the accounts (default: %(default)s)"
    )
    behaviour.add_argument("--quirk", action="append", default=[], metavar="ID", help="turn a quirk on")
    behaviour.add_argument("--no-quirk", action="append", default=[], metavar="ID", help="turn a quirk off")
    behaviour.add_argument(
        "--clock",
        default="stepped",
        metavar="MODE[:SECONDS]",
        help=f"{', '.join(_CLOCKS)} (default: %(default)s)",
    )
    behaviour.add_argument(
        "--rate-limit",
        type=float,
        metavar="N",
        help="answer 429 to more than N requests a second of one token",
    )
    behaviour.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="JSON",
        help='something that goes wrong: {"status": 503}',
    )
    control = parser.add_argument_group("steer a mock that runs, instead of serving one")
    control.add_argument("--url", default=_URL, help="the running mock (default: %(default)s)")
    control.add_argument(
        "--control",
        nargs="+",
        metavar=("ACTION", "KEY=VALUE"),
        help="one of: " + ", ".join(ACTIONS),
    )


ACTIONS: Final[dict[str, tuple[str, str]]] = {
    "health": ("GET", "/health"),
    "reset": ("POST", "/reset"),
    "seeds": ("GET", "/seeds"),
    "quirks": ("GET", "/quirks"),
    "set-quirks": ("POST", "/quirks"),
    "clock": ("GET", "/clock"),
    "set-clock": ("POST", "/clock"),
    "journal": ("GET", "/journal"),
    "clear-journal": ("DELETE", "/journal"),
    "faults": ("GET", "/faults"),
    "add-fault": ("POST", "/faults"),
    "remove-fault": ("DELETE", "/faults/{id}"),
    "clear-faults": ("DELETE", "/faults"),
    "limits": ("GET", "/limits"),
    "set-limits": ("POST", "/limits"),
    "snapshots": ("GET", "/snapshots"),
    "snapshot": ("POST", "/snapshots"),
    "restore": ("POST", "/snapshots/{name}/restore"),
    "forget-snapshot": ("DELETE", "/snapshots/{name}"),
    "tokens": ("GET", "/tokens"),
    "add-token": ("POST", "/tokens"),
    "add-code": ("POST", "/codes"),
    "contents": ("GET", "/contents"),
}
"""The controls of a running mock: name -> method and path under `/_mock`."""


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted, or steer a running mock."""
    if args.control:
        return _steer(args.url, args.control)
    from .datafile import DataFileError
    from .server import CannotEncrypt, CannotListen, CannotShare, Tls, listen, serve, url_of

    config = _config(args)
    tls = None
    if (args.tls_cert is None) != (args.tls_key is None):
        raise CommandError("--tls-cert, --tls-key: https needs both")
    if args.workers < 1:
        raise CommandError(f"--workers {args.workers}: use 1 or more; more than one needs --data FILE")
    if args.workers > 1 and config.data is None:
        raise CommandError("--workers: more than one worker needs --data FILE, which is what they share")
    if args.workers > 1 and not hasattr(os, "posix_fallocate"):
        raise CommandError("--workers: this system does not offer what workers share a file by; use one")
    try:
        if args.tls_cert is not None:
            tls = Tls(args.tls_cert, args.tls_key)
            tls.check()
        with listen(args.host, args.port) as listener:
            url = url_of(listener, tls)

            def announce() -> None:
                print(
                    f"kommo mock: {url} (seed {config.seed}, profile {config.profile}; "
                    f"page and controls at {url}/_mock/)",
                    flush=True,
                )

            serve(config, listener, args.workers, tls, announce)
    except (CannotEncrypt, CannotListen, CannotShare, DataFileError) as error:
        raise CommandError(str(error)) from None
    return 0


def _config(args: argparse.Namespace) -> MockConfig:
    try:
        return MockConfig(
            token=args.token,
            user_token=args.user_token or None,
            accounts=tuple(_account(text, args.timezone) for text in args.account),
            data=args.data,
            seed=args.seed,
            profile=args.profile,
            platform=args.platform,
            timezone=args.timezone,
            quirks={**dict.fromkeys(args.quirk, True), **dict.fromkeys(args.no_quirk, False)},
            clock=_clock(args.clock),
            rate_limit=args.rate_limit,
            compress=args.compress,
            client_id=args.client_id,
            client_secret=args.client_secret,
            authorization_code=args.code,
            faults=tuple(_fault(text) for text in args.fault),
            **({} if args.max_body is None else {"max_body": args.max_body}),
        )
    except ConfigError as error:
        raise CommandError(str(error)) from None


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port: use 0 to 65535")


def _account(text: str, timezone: str) -> AccountConfig:
    subdomain, equals, token = text.partition("=")
    if not subdomain or not equals or not token:
        raise CommandError(f"--account {text!r}: use SUBDOMAIN=TOKEN")
    return AccountConfig(subdomain.lower(), token, timezone=timezone)


def _clock(text: str) -> Clock:
    mode, _, seconds = text.partition(":")
    if mode not in _CLOCKS or (seconds and not (seconds.isascii() and seconds.isdigit())):
        raise CommandError(
            f"--clock {text!r}: use {', '.join(_CLOCKS)}, with :SECONDS for the time to start from"
        )
    start = {"now": int(seconds)} if seconds else {}
    if mode == "real":
        # That of a clock that runs is by how much it is ahead.
        start = {"now": int(seconds) - int(time.time()) if seconds else 0}
    return Clock(mode=mode, **start)  # type: ignore[arg-type]


def _fault(text: str) -> dict[str, Any]:
    try:
        fault = json.loads(text)
    except ValueError as error:
        raise CommandError(f"--fault {text!r}: not JSON: {error}") from None
    if not isinstance(fault, dict):
        raise CommandError(f"--fault {text!r}: use a JSON object")
    return fault


def _steer(url: str, words: Sequence[str]) -> int:
    """Send one control to a running mock and print its answer."""
    import httpx

    action, *pairs = words
    if action not in ACTIONS:
        raise CommandError(f"--control {action!r}: use one of {', '.join(ACTIONS)}")
    method, path = ACTIONS[action]
    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise CommandError(f"--control {action}: {pair!r} is not KEY=VALUE")
        try:
            values[key] = json.loads(value)
        except ValueError:
            values[key] = value
    for key in re.findall(r"\{(\w+)\}", path):
        from urllib.parse import quote

        value = values.pop(key, _DEFAULTS.get(key))
        if value is None:
            raise CommandError(f"--control {action}: say which, with {key}=...")
        path = path.replace(f"{{{key}}}", quote(str(value), safe=""))
    try:
        if method == "GET":
            answer = httpx.request(method, f"{url.rstrip('/')}/_mock{path}", params=values)
        else:
            answer = httpx.request(method, f"{url.rstrip('/')}/_mock{path}", json=values)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CommandError(f"--url {url}: no mock answers there ({error})") from None
    if answer.is_error:
        try:
            reason = answer.json()["error"]
        except (ValueError, KeyError, TypeError):
            reason = f"{answer.status_code} {answer.reason_phrase}: is this a kommo mock?"
        raise CommandError(f"--control {action}: {reason}", exit_code=1)
    print(json.dumps(answer.json(), indent=2, ensure_ascii=False))
    return 0
