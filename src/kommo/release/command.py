"""``kommo release``: what changed for callers, and which version number that asks for."""

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from kommo.command import CommandError
from kommo.release.baseline import bundle_at
from kommo.release.changes import Change, Impact, needed_impact, next_version
from kommo.release.diff import compare, count

SUMMARY = "compare contracts, check that a release is ready"

_HEADINGS = {
    Impact.MAJOR: "May break callers",
    Impact.MINOR: "New or relaxed",
    Impact.PATCH: "Wording only",
}


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments of ``kommo release``."""
    actions = parser.add_subparsers(dest="action", required=True)
    diff = actions.add_parser(
        "diff", help="what changed for callers since a git revision, in plain sentences"
    )
    diff.add_argument(
        "base", metavar="REVISION", help="a tag, branch or commit that holds the published contract"
    )
    check = actions.add_parser(
        "check", help="build, install elsewhere, use; version, changelog, parts, licences"
    )
    check.add_argument(
        "--complete", action="store_true", help="count a step that cannot be carried out here as failed"
    )
    check.add_argument(
        "--advisories",
        type=Path,
        metavar="DIR",
        help="look for known vulnerabilities in this folder, not over the network: a checkout or dump of a database"
        " of advisories in the OSV format",
    )
    check.add_argument(
        "--out", type=Path, default=Path("dist"), help="where sdist and wheel go (default: dist)"
    )
    check.add_argument(
        "--tools",
        type=Path,
        default=Path(sys.executable),
        help="an interpreter with griffe, cyclonedx-bom, pip-licenses and pip-audit (default: this one)",
    )
    diff.add_argument(
        "--fail-on-breaking", action="store_true", help="exit 1 when a change may break callers"
    )


def run(args: Namespace) -> int:
    """Carry out ``kommo release``; 0, or 1 where the check says no."""
    from kommo.spec.project import find_root

    return _check(args, find_root()) if args.action == "check" else _diff(args, find_root())


def _check(args: Namespace, root: Path) -> int:
    from kommo.release.audit import NotDone, advisories_in
    from kommo.release.check import ReleaseCheck

    # Read before anything is built: a wrong folder is told at once.
    advisories = advisories_in(args.advisories) if args.advisories else None
    failed, not_done = 0, []
    for name, action in ReleaseCheck(root, args.out.resolve(), args.tools.absolute(), advisories).steps():
        try:
            print(f"  {name:<24} {action()}", flush=True)
        except CommandError as error:
            failed += 1
            print(f"  {name:<24} FAILED: {error}", flush=True)
        except NotDone as reason:
            not_done.append(name)
            print(f"  {name:<24} NOT DONE: {reason}", flush=True)
    verdict = f"{failed} of the steps failed" if failed else "ready for a release"
    print(verdict + (f"; not done: {', '.join(not_done)}" if not_done else ""))
    return int(failed > 0 or (args.complete and not_done != []))


def _diff(args: Namespace, root: Path) -> int:
    from kommo.published import bundle_path

    new = json.loads(bundle_path("json").read_text(encoding="utf-8"))
    old = bundle_at(root, args.base)
    changes = compare(old, new)
    print(render(changes, base=args.base, old_version=str(old["info"]["version"])))
    return int(args.fail_on_breaking and needed_impact(changes) is Impact.MAJOR)


def render(changes: list[Change], *, base: str, old_version: str) -> str:
    """The changes as text for people: grouped by impact, one line each."""
    if not changes:
        return f"Nothing changed for callers since {base}."
    lines = []
    for impact, heading in _HEADINGS.items():
        if chosen := [change for change in changes if change.impact is impact]:
            lines += [f"{heading} ({count(changes, impact)}):", *(f"  - {change}" for change in chosen), ""]
    impact = needed_impact(changes)
    lines.append(
        f"A {impact.name.lower()} change: {old_version} becomes {next_version(old_version, impact)}."
    )
    return "\n".join(lines)
