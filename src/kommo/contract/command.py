"""`kommo contract`: check a server against the published contract."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, get_args
from urllib.parse import urlsplit

from attrs import evolve, frozen

from kommo.command import INTERRUPTED, CommandError
from kommo.contract import har
from kommo.contract import score as scoring
from kommo.contract.assertion import departures, is_call
from kommo.contract.document import Contract
from kommo.contract.explain import Lines, quirk
from kommo.contract.findings import Finding
from kommo.contract.options import DEFAULT_TOKEN, LAYERS, CannotRun, Options, Result
from kommo.contract.parallel import merge, run_lanes
from kommo.contract.port import Port
from kommo.contract.recording import Recorder
from kommo.contract.replay import Replayer
from kommo.contract.reports import files, findings, terminal
from kommo.contract.reproduce import curl
from kommo.contract.run import complete
from kommo.published import Platform, load_bundle
from kommo.version import __version__

SUMMARY: Final = "check a server against the published contract"

HOLDS: Final = 0
BROKEN: Final = 1

_MOCK: Final = "the embedded mock"


@frozen
class Profile:
    """How much a run does: one for each of so many `seeds`, with `max_examples` (None: few) random examples."""

    seeds: int
    max_examples: int | None


PROFILES: Final = {"default": Profile(1, None), "nightly": Profile(5, 20)}


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    _server(parser, "the server; without it, the embedded mock")
    _user(parser)
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="seed of everything random (default 1)"
    )
    parser.add_argument(
        "--profile",
        choices=PROFILES,
        default="default",
        help="default: one run, below two minutes of CPU; nightly: one for each of "
        f"{PROFILES['nightly'].seeds} seeds from --seed on, with {PROFILES['nightly'].max_examples} examples",
    )
    parser.add_argument(
        "--max-examples",
        type=_positive,
        metavar="N",
        help="random examples per operation (default: of the profile; 2 to 6, the fewer the more operations there are)",
    )
    parser.add_argument(
        "--layers", default=",".join(LAYERS), metavar="NAMES", help=f"of {', '.join(LAYERS)}; all by default"
    )
    parser.add_argument(
        "--operation", action="append", metavar="ID", help="test this operation only; may be repeated"
    )
    parser.add_argument("--jobs", type=_positive, metavar="N", help="processes; by default one per core")
    parser.add_argument("--report", type=Path, metavar="DIR", help="write reports into this directory")
    parser.add_argument("--live", action="store_true", help="the server is a live account: read only")
    parser.add_argument(
        "--write", action="store_true", help="with --live: also write, inside things of the run's own"
    )
    parser.add_argument(
        "--journal",
        type=Path,
        default=Path("kommo-contract.journal"),
        metavar="FILE",
        help="with --write: where everything is written down first (default kommo-contract.journal)",
    )
    parser.set_defaults(action=_check)
    actions = parser.add_subparsers(metavar="ACTION", title="further actions")
    again = actions.add_parser("replay", help="run the failures of a report again", allow_abbrev=False)
    again.add_argument("report", type=Path, help="a directory made by --report, or its report.json")
    again.add_argument("--only", type=_positive, metavar="N", help="the Nth failure alone")
    _server(again, "the server; needed for the report of one, not of the embedded mock")
    _user(again)
    again.set_defaults(action=_replay)
    traffic = actions.add_parser("check", help="judge recorded traffic", allow_abbrev=False)
    traffic.add_argument("traffic", type=Path, nargs="+", help="HTTP archives (.har)")
    _contract(traffic)
    traffic.set_defaults(action=_traffic)
    clean = actions.add_parser(
        "cleanup", help="take away what an interrupted --write run left", allow_abbrev=False
    )
    clean.add_argument("journal", type=Path)
    _server(clean, "the account; without it, the one of the journal")
    clean.set_defaults(action=_cleanup)
    score = actions.add_parser("score", help="which seeded faults the suite finds", allow_abbrev=False)
    scoring.configure(score)
    score.add_argument("--document", type=Path, metavar="FILE", help="another contract (JSON)")
    score.set_defaults(platform="any")
    score.set_defaults(action=_score)


def _server(parser: ArgumentParser, which: str) -> None:
    parser.add_argument("--base-url", type=_url, metavar="URL", help=which)
    parser.add_argument("--token", help="its bearer token; by default $KOMMO_TOKEN, else demo")
    _contract(parser)


def _user(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--user-token",
        metavar="TOKEN",
        help="token of a user without the roles that operations ask for, to see what is refused; by default "
        "$KOMMO_USER_TOKEN; the embedded mock has one",
    )


def _contract(parser: ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--platform",
        choices=get_args(Platform),
        default="any",
        help="whose account it is: the contract of kommo.com or amocrm.ru alone, by default of both together",
    )
    which.add_argument("--document", type=Path, metavar="FILE", help="another contract (JSON)")


def run(args: Namespace) -> int:
    """Run the suite, or one of the further actions; 0 the contract holds, 1 it is broken.

    Raises:
        CommandError: it could not run.
    """
    try:
        code: int = args.action(args)
    except CannotRun as error:
        raise CommandError(str(error)) from error
    return code


def _check(args: Namespace) -> int:
    options = Options(
        document=_document(args),
        platform=args.platform,
        base_url=args.base_url,
        token=_token(args),
        user_token=None if args.live else _user_token(args),
        operations=args.operation,
        seed=args.seed,
        max_examples=args.max_examples or PROFILES[args.profile].max_examples,
        phases=tuple(name for name in args.layers.split(",") if name),
    )
    profile = PROFILES[args.profile]
    if args.live and profile.seeds > 1:
        raise CommandError(f"--profile {args.profile} is not for --live: a live account is treated gently")
    if args.write and not args.live:
        raise CommandError("--write is only for --live; without it everything is written to anyway")
    if args.live and args.user_token:
        raise CommandError("--user-token is not for --live: a live account is sent no requests to be refused")
    if args.live and args.base_url is None:
        raise CommandError("--live needs --base-url https://YOURS.kommo.com")
    contract = Contract(options.document or {})
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="kommo-contract-") as recorded, terminal.Display() as display:
        directory = Path(recorded)
        options = evolve(options, on_progress=display)
        left: list[str] = []
        if args.live:
            result, left = _live(args, options, directory if args.report is not None else None)
        else:
            result = _runs(options, profile.seeds, args.jobs, directory if args.report is not None else None)
        seconds = time.perf_counter() - started
        result.seconds.setdefault("wall", seconds)
        if not result.cases.total() and not result.interrupted:
            raise CommandError("these layers have nothing to send to these operations; name others")
        if args.report is not None:
            report = findings.document(
                result,
                contract,
                options.secrets,
                base_url=options.base_url or _MOCK,
                version=__version__,
                max_examples=options.max_examples,
                platform=options.platform,
                tokens=options.tokens,
            )
            files.write(args.report, report, directory.rglob("*.ndjson"), options.secrets)
    print(terminal.summary(result, len(contract.operations), seconds, _explainer(options)))
    if args.report is not None:
        print(f"report: {args.report / 'report.html'}")
    for line in left:
        print(f"kommo contract: could not be deleted: {line}", file=sys.stderr)
    if result.interrupted:
        return INTERRUPTED
    return HOLDS if result.ok and not left else BROKEN


def _runs(options: Options, seeds: int, jobs: int | None, record: Path | None) -> Result:
    """Run the suite with one seed after the other; put the results together."""
    results: list[Result] = []
    started = time.perf_counter()
    for seed in range(options.seed, options.seed + seeds):
        own = None if record is None else record / f"seed-{seed}"
        if own is not None:
            own.mkdir()
        results.append(run_lanes(evolve(options, seed=seed), jobs=jobs, record=own))
        if results[-1].interrupted:
            break
    result = merge(results, options.seed, 0.0)
    result.seconds["wall"] = time.perf_counter() - started
    return result


def _live(args: Namespace, options: Options, record: Path | None) -> tuple[Result, list[str]]:
    from kommo.contract.live import session

    if record is not None:
        recorder: Callable[..., Any] | None = Recorder(record / "exchanges-0.ndjson", [*options.tokens])
        options = evolve(options, on_exchange=recorder)
    else:
        recorder = None
    try:
        if not args.write:
            return session.read_only(options), []
        if options.operations is None:
            contract = Contract(options.document or {})
            chosen = [op.id for op in contract.operations.values() if set(op.tags) & set(session.TAGS)]
            options = evolve(options, operations=chosen)
        result, left = session.read_and_write(options, args.journal)
        return merge([result], options.seed, sum(result.seconds.values())), left
    finally:
        if isinstance(recorder, Recorder):
            recorder.close()


def _explainer(options: Options) -> Callable[[Finding], str]:
    lines = Lines(options.platform)

    def explain(finding: Finding) -> str:
        shown = []
        if finding.pointer:
            line = lines.line(finding.pointer)
            shown.append(f"contract: {finding.pointer}" + (f" (line {line})" if line else ""))
        name = quirk(finding)
        if name:
            shown.append(f"may be the quirk {name}")
        shown += [curl(exchange, options.tokens) for exchange in finding.calls[-3:]]
        return "\n".join(line if len(line) <= 500 else line[:500] + "..." for line in shown)

    return explain


def _replay(args: Namespace) -> int:
    data, found = findings.load(args.report)
    if args.only is not None:
        if args.only > len(found):
            raise CommandError(
                f"{args.report}: it holds {len(found)} failures, there is no number {args.only}"
            )
        found = [found[args.only - 1]]
    if args.document is None and args.platform == "any":
        args.platform = data.get("platform", "any")
    contract = Contract(_document(args))
    options = Options(
        document=contract.document,
        platform=args.platform,
        base_url=args.base_url,
        token=_token(args),
        user_token=_user_token(args),
        seed=data["seed"],
        max_examples=data.get("max_examples"),
    )
    if args.base_url is None and data["server"] != _MOCK:
        raise CommandError(f"{args.report}: recorded against {data['server']}; say --base-url")
    options = complete(options)
    still = 0
    with Port(options.base_url, options.token, app=options.app) as port:
        replayer = Replayer(contract, port, options)
        for number, finding in enumerate(found, 1):
            came = replayer.replay(finding)
            still += came.again
            print(f"{number}. {finding.operation or 'server'}: {finding.check}: {finding.cause}")
            print(f"   {'still there' if came.again else 'gone'}: {came.why}")
    print(f"replay: {still} of {len(found)} failures are still there")
    return BROKEN if still else HOLDS


def _traffic(args: Namespace) -> int:
    contract = Contract(_document(args))
    judged = others = broken = 0
    for path in args.traffic:
        exchanges = list(har.read(path))
        calls = [exchange for exchange in exchanges if is_call(exchange, contract)]
        judged += len(calls)
        others += len(exchanges) - len(calls)
        for exchange, violation in departures(calls, contract):
            broken += 1
            print(f"{path}: {exchange}: {violation.check}: {violation.message}")
            if violation.pointer:
                print(f"   contract: {violation.pointer}")
    if not judged:
        raise CommandError(
            f"{', '.join(map(str, args.traffic))}: no answered call of the API among {others} exchanges; "
            "record some that are, for instance of /api/v4/leads/custom_fields"
        )
    passed_over = f" ({others} of other traffic passed over)" if others else ""
    print(f"check: {judged} exchanges judged{passed_over}, {broken} departures from the contract")
    return BROKEN if broken else HOLDS


def _cleanup(args: Namespace) -> int:
    from kommo.contract.live import journal, session

    if not args.journal.exists():
        raise CommandError(f"{args.journal}: no such journal")
    base_url = args.base_url or journal.read(args.journal).base_url
    left = session.clean_up(base_url, _token(args), args.journal)
    for line in left:
        print(f"could not be deleted: {line}")
    print(f"cleanup: {'everything is gone' if not left else f'{len(left)} things are left'} at {base_url}")
    return BROKEN if left else HOLDS


def _score(args: Namespace) -> int:
    with terminal.Display() as display:
        verdicts = scoring.measure(args, _document(args), display.say)
    return scoring.report(args, verdicts)


def _token(args: Namespace) -> str:
    return args.token or os.environ.get("KOMMO_TOKEN") or DEFAULT_TOKEN


def _user_token(args: Namespace) -> str | None:
    return args.user_token or os.environ.get("KOMMO_USER_TOKEN") or None


def _document(args: Namespace) -> dict[str, Any]:
    path: Path | None = args.document
    if path is None:
        try:
            return load_bundle(args.platform)
        except FileNotFoundError as error:
            raise CommandError(str(error)) from error
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
