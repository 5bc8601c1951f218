"""How much the suite sees: every seeded fault against the layers, and the sound server against all of them.

A fault is one job: layer after layer runs against a mock with that fault, the cheap ones first, until one finds
something. On the sound server none may find anything, whatever the seed and the profile.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, Final

from attrs import evolve, field, frozen

from kommo.command import CommandError
from kommo.contract.document import Contract, contract_of
from kommo.contract.faults import FAULTS, Faulty
from kommo.contract.options import DEFAULT_USER_TOKEN, CannotRun, Options
from kommo.contract.resources import Resource, resources
from kommo.contract.run import run

#: Against a fault the layers run in this order: what finds most for its time comes first.
ORDER: Final = ("walk", "media", "leaks", "nearmiss", "model", "examples", "stateful", "coverage", "fuzzing")
#: The share of the faults that must be found; raised when the suite sees more, never lowered.
FLOOR: Final = 0.99
#: The name of the unfaulted server in a score.
SOUND: Final = "(sound)"
#: Profiles of the mock (see `kommo mock`) and whether the overlays stand in the document that judges them.
PROFILES: Final[Mapping[str, bool]] = {"observed": True, "lenient": True, "documented": False}
#: Random examples per operation against a fault.
_EXAMPLES: Final = 4


@frozen
class Job:
    """What one process does at a time.

    Attributes:
        fault: its id, or `SOUND`.
        layers: to run, in this order.
        seed: of everything random.
        profile: of the mock.
        early: stop at the first layer that finds something.
    """

    fault: str
    layers: tuple[str, ...] = ORDER
    seed: int = 1
    profile: str = "observed"
    early: bool = True


@frozen
class Verdict:
    """What one layer said about one fault.

    Attributes:
        fault: its id, or `SOUND`.
        layer: who looked.
        finding: the first finding, "" for none.
        seconds: of CPU time.
        seed, profile: of the run.
        cases: requests that were sent.
    """

    fault: str
    layer: str
    finding: str
    seconds: float
    seed: int = 1
    profile: str = "observed"
    cases: int = field(default=0, eq=False)


def tags(contract: Contract) -> set[str]:
    """Return enough tags to see every fault in: the faults know no entity, so two of each kind will do."""
    seen: Counter[Any] = Counter()
    chosen = set()
    for tag, resource in resources(contract).items():
        seen[_kind(resource)] += 1
        if seen[_kind(resource)] <= 2:
            chosen.add(tag)
    return chosen


def _kind(resource: Resource) -> tuple[Any, ...]:
    last = resource.path.rpartition("/")[2] if resource.path.count("/") > 3 else ""
    return (frozenset(resource.operations), bool(resource.parents), last)


def judge(document: Mapping[str, Any], job: Job) -> list[Verdict]:
    """Run layers against one fault, or against the sound server."""
    # Imported here: the worker processes need it, readers of scores do not.
    from kommo.mock import MockConfig, create_app

    contract = contract_of(document)
    options = Options(
        document=document, user_token=DEFAULT_USER_TOKEN, seed=job.seed, stop_at_first=job.early
    )
    if job.fault != SOUND:
        chosen = tags(contract)
        names = [one.id for one in contract.operations.values() if chosen & set(one.tags)]
        options = evolve(options, operations=names, max_examples=_EXAMPLES)
    verdicts = []
    for layer in job.layers:
        app: Any = create_app(
            MockConfig(token=options.token, user_token=options.user_token, seed="demo", profile=job.profile)
        )
        if job.fault != SOUND:
            app = Faulty(app, FAULTS[job.fault])
        started, cases = time.process_time(), 0
        try:
            result = run(evolve(options, app=app, phases=(layer,)))
            found, cases = next((str(finding) for finding in result.findings), ""), result.cases.total()
        except CannotRun as error:
            # A server so broken that the layer has nothing to stand on does not go unnoticed: exit code 2.
            found = f"could not run: {error}"
        text = found.partition("\n")[0][:300]
        seconds = time.process_time() - started
        verdicts.append(Verdict(job.fault, layer, text, seconds, job.seed, job.profile, cases))
        if found and job.early:
            break
    return verdicts


_documents: dict[bool, Mapping[str, Any]] = {}


def _start(documents: dict[bool, Mapping[str, Any]]) -> None:
    _documents.update(documents)


def _work(job: Job) -> list[Verdict]:
    return judge(_documents[PROFILES[job.profile]], job)


def score(
    document: Mapping[str, Any],
    jobs: Sequence[Job],
    *,
    base: Mapping[str, Any] | None = None,
    processes: int | None = None,
    on_verdict: Callable[[Verdict], None] | None = None,
) -> list[Verdict]:
    """Do jobs on all cores.

    Args:
        document: the contract.
        jobs: what to do, the longest first.
        base: the contract without its overlays, for jobs of the profile `documented`.
        processes: how many; None for one per core.
        on_verdict: called with every verdict as it falls.
    """
    documents = {True: document, False: base or document}
    count = processes or os.cpu_count() or 1
    verdicts: list[Verdict] = []
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context, initializer=_start, initargs=(documents,)) as pool:
        for future in as_completed([pool.submit(_work, job) for job in jobs]):
            for verdict in future.result():
                verdicts.append(verdict)
                if on_verdict is not None:
                    on_verdict(verdict)
    return verdicts


def plan(
    faults: Sequence[str] | None, layers: Sequence[str] = ORDER, *, early: bool = True, seed: int = 1
) -> list[Job]:
    """Return one job per fault; None stands for all faults."""
    chosen = list(FAULTS) if faults is None else list(faults)
    return [Job(fault, tuple(layers), seed, early=early) for fault in chosen]


def sound(seeds: Sequence[int], profiles: Sequence[str]) -> list[Job]:
    """Return one job per seed and profile of the sound server; every layer, whatever the others found."""
    return [Job(SOUND, ORDER, seed, profile, early=False) for seed in seeds for profile in profiles]


def table(verdicts: Sequence[Verdict]) -> str:
    """Return the detection by layer and by class of fault, and what was missed."""
    faults = {verdict.fault for verdict in verdicts} - {SOUND}
    seen = {verdict.fault for verdict in verdicts if verdict.finding} - {SOUND}
    lines = []
    if faults:
        lines.append(f"{'layer':<12} {'faults':>7} {'found':>6} {'share':>7} {'CPU s':>7}")
    for layer in ORDER:
        own = [verdict for verdict in verdicts if verdict.layer == layer and verdict.fault != SOUND]
        if own:
            found = sum(bool(verdict.finding) for verdict in own)
            seconds = sum(verdict.seconds for verdict in own)
            lines.append(f"{layer:<12} {len(own):>7} {found:>6} {found / len(own):>7.1%} {seconds:>7.0f}")
    lines.append("")
    for kind in ("shape", "semantics", "protocol", "robustness"):
        of_kind = {fault for fault in faults if FAULTS[fault].kind == kind}
        if of_kind:
            share = len(of_kind & seen) / len(of_kind)
            lines.append(f"{kind:<12} {len(of_kind):>7} {len(of_kind & seen):>6} {share:>7.1%}")
    if faults:
        lines.append(f"{'all':<12} {len(faults):>7} {len(seen):>6} {detection(verdicts):>7.1%}")
    lines += [f"missed: {fault}: {FAULTS[fault].summary}" for fault in sorted(faults - seen)]
    lines += _sound_lines(verdicts)
    return "\n".join(lines)


def _sound_lines(verdicts: Sequence[Verdict]) -> Iterator[str]:
    own = [verdict for verdict in verdicts if verdict.fault == SOUND]
    if not own:
        return
    runs = {(verdict.seed, verdict.profile) for verdict in own}
    cases, seconds = sum(one.cases for one in own), sum(one.seconds for one in own)
    yield f"sound server: {len(runs)} runs, {cases} cases, {false_alarms(verdicts)} false alarms, {seconds:.0f} CPU s"
    for verdict in own:
        if verdict.finding:
            where = f"seed {verdict.seed}, {verdict.profile}, {verdict.layer}"
            yield f"false alarm: {where}: {verdict.finding}"


def detection(verdicts: Sequence[Verdict]) -> float:
    """Return the share of faults that some layer detected, from 0 to 1; 1 when there were none."""
    faults = {verdict.fault for verdict in verdicts} - {SOUND}
    seen = {verdict.fault for verdict in verdicts if verdict.finding} - {SOUND}
    return len(seen) / len(faults) if faults else 1.0


def false_alarms(verdicts: Sequence[Verdict]) -> int:
    """Return how many layers found something on the sound server."""
    return sum(verdict.fault == SOUND and bool(verdict.finding) for verdict in verdicts)


# The command


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments of `kommo contract score`."""
    parser.add_argument("--fault", action="append", metavar="ID", help="this fault only; may be repeated")
    parser.add_argument("--layers", metavar="NAMES", help=f"of {', '.join(ORDER)}; all by default")
    parser.add_argument(
        "--all", action="store_true", help="run every layer against every fault, whoever saw it before"
    )
    parser.add_argument(
        "--floor",
        type=float,
        metavar="SHARE",
        help=f"fail below this share of found faults (default {FLOOR})",
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="seed of everything random (default 1)"
    )
    parser.add_argument(
        "--seeds",
        type=int,
        default=1,
        metavar="N",
        help="runs of the sound server, each with a seed of its own",
    )
    parser.add_argument(
        "--profiles",
        default="observed",
        metavar="NAMES",
        help=f"of the sound server: {', '.join(PROFILES)} (default observed)",
    )
    parser.add_argument("--sound-only", action="store_true", help="no faults: look for false alarms alone")
    parser.add_argument("--jobs", type=int, metavar="N", help="processes; by default one per core")


def measure(args: Namespace, document: Mapping[str, Any], say: Callable[[str], None]) -> list[Verdict]:
    """Do what the arguments ask for.

    Raises:
        CommandError: there is no such fault, layer or profile.
    """
    layers = tuple(args.layers.split(",")) if args.layers else ORDER
    profiles = args.profiles.split(",")
    for what, given, known in (
        ("fault", args.fault or (), FAULTS),
        ("layer", layers, ORDER),
        ("profile", profiles, PROFILES),
    ):
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise CommandError(f"no {what} {', '.join(unknown)}; there are: {', '.join(known)}")
    jobs: list[Job] = []
    if args.fault is None:
        jobs += sound(range(args.seed, args.seed + args.seeds), profiles)
    if not args.sound_only:
        jobs += plan(args.fault, layers, early=not args.all, seed=args.seed)
    return score(
        document,
        jobs,
        base=_base() if "documented" in profiles else None,
        processes=args.jobs,
        on_verdict=lambda verdict: say(f"{verdict.layer}: {verdict.fault}"),
    )


def report(args: Namespace, verdicts: Sequence[Verdict]) -> int:
    """Print the score; 0 when enough was found and nothing on the sound server, else 1."""
    print(table(verdicts))
    share, floor = detection(verdicts), FLOOR if args.floor is None else args.floor
    if args.fault is None and share < floor:
        message = f"kommo contract: {share:.1%} of the faults were found, the floor is {floor:.1%}"
        print(message, file=sys.stderr)
        return 1
    return 1 if false_alarms(verdicts) else 0


def _base() -> Mapping[str, Any]:
    # Imported here: only a checkout has the parts that the document is assembled from.
    from kommo.spec.assemble import assemble
    from kommo.spec.project import find_root

    return assemble(find_root(), quirks=())
