"""Locked packages are held to advisories in the OSV format, without a network."""

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kommo.cli import main
from kommo.command import CommandError
from kommo.release.advisories import NPM, PYPI, Ecosystem, Package, evaluate, read, semver
from kommo.release.audit import advisories_in, held_to_advisories, npm_pins, pins
from kommo.release.check import ReleaseCheck

ROOT = Path(__file__).parents[2]
NPM_LOCK = ROOT / "src/kommo/languages/node/package-lock.json"

# Versions from low to high, each with other spellings of the same one, as the rules of the ecosystem have it.
PYTHON_VERSIONS = [
    ["0.1"], ["1.0.dev1"], ["1.0a1", "1.0-alpha.1"], ["1.0b2"], ["1.0rc1", "1.0c1"], ["1.0", "1", "v1.0.0"],
    ["1.0.post1", "1.0-1"], ["1.0.1"], ["1.2"], ["1.10", "1.10.0"], ["2"], ["2!0.1"],
]  # fmt: skip
NPM_VERSIONS = [
    ["0.0.1"], ["1.0.0-alpha"], ["1.0.0-alpha.1"], ["1.0.0-alpha.beta"], ["1.0.0-beta.2"], ["1.0.0-beta.11"],
    ["1.0.0-rc.1"], ["1.0.0", "v1.0.0+build.5", "1.0", "1"], ["1.0.1"], ["1.2.0"], ["1.10.0"], ["2.0.0"],
]  # fmt: skip


@pytest.mark.parametrize(("ecosystem", "versions"), [(PYPI, PYTHON_VERSIONS), (NPM, NPM_VERSIONS)])
def test_versions_are_ordered_as_the_ecosystem_has_it(
    ecosystem: Ecosystem, versions: list[list[str]]
) -> None:
    keys = [[ecosystem.version(text) for text in same] for same in versions]
    assert all(key == same[0] for same in keys for key in same)
    assert all(low[0] < high[0] and not high[0] < low[0] for low, high in pairwise(keys))


@pytest.mark.parametrize("text", ["", "x", "1.2.3.4", "1.0.0-", "git+ssh://x"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        semver(text)


@st.composite
def timelines(
    draw: st.DrawFn,
) -> tuple[list[tuple[int | None, int | None, bool]], list[tuple[str, int | None]]]:
    """Spans (first, end, end is affected itself) that do not touch, and the events that tell them, in any order."""
    last_affected = draw(st.booleans())
    edges = sorted(draw(st.sets(st.integers(0, len(PYTHON_VERSIONS) - 1), max_size=7)))
    starts: list[int | None] = [None, *edges] if draw(st.booleans()) else [*edges]
    spans: list[tuple[int | None, int | None, bool]] = []
    events: list[tuple[str, int | None]] = []
    while starts:
        first, end = starts.pop(0), None
        if last_affected and first is not None and draw(st.booleans()):
            end = first
        elif starts:
            end = starts.pop(0)
        spans.append((first, end, last_affected))
        events.append(("introduced", first))
        if end is None:
            break
        events.append(("last_affected" if last_affected else "fixed", end))
    return spans, draw(st.permutations(events))


def inside(index: int, spans: list[tuple[int | None, int | None, bool]]) -> bool:
    """The oracle: is the position in one of the spans?"""
    return any(
        (first is None or first <= index) and (end is None or index < end or (closed and index == end))
        for first, end, closed in spans
    )


@pytest.mark.parametrize(("ecosystem", "versions"), [(PYPI, PYTHON_VERSIONS), (NPM, NPM_VERSIONS)])
@given(data=st.data())
def test_ranges_are_evaluated_like_spans(
    ecosystem: Ecosystem, versions: list[list[str]], data: st.DataObject
) -> None:
    told = data.draw(st.lists(timelines(), max_size=3))
    listed = data.draw(st.sets(st.integers(0, len(versions) - 1), max_size=3))
    index = data.draw(st.integers(0, len(versions) - 1))

    def spelled(position: int | None) -> str:
        return "0" if position is None else data.draw(st.sampled_from(versions[position]))

    package = Package(
        "thing",
        tuple(tuple((kind, spelled(position)) for kind, position in events) for _, events in told),
        frozenset(map(spelled, listed)),
    )
    expected = index in listed or any(inside(index, spans) for spans, _ in told)
    assert package.concerns(spelled(index), ecosystem) is (expected if told or listed else None)

    fixes = [end for spans, _ in told for _, end, closed in spans if end is not None and not closed]
    mended = package.mended(spelled(index), ecosystem)
    above = [end for end in fixes if end > index]
    assert (mended in versions[min(above)]) if above else (mended is None)


@pytest.mark.parametrize(
    ("limits", "expected"), [(["*"], True), (["1.2"], True), (["1.1"], False), (["1.0", "1.2"], True)]
)
def test_range_ends_at_its_limit(limits: list[str], expected: bool) -> None:
    events = (("introduced", "0"), *(("limit", text) for text in limits))
    assert Package("thing", (events,), frozenset()).concerns("1.1", PYPI) is expected


@pytest.mark.parametrize(
    "events", [(("introduced", "0"), ("fixed", "0")), (("introduced", "1.0"), ("fixed", "1.0"))]
)
def test_range_that_is_mended_where_it_begins_is_empty(events: tuple[tuple[str, str], ...]) -> None:
    assert Package("thing", (events,), frozenset()).concerns("1.0", PYPI) is False


def test_range_that_cannot_be_read_hides_no_hit() -> None:
    broken, good = (("introduced", "soon"),), (("introduced", "0"), ("fixed", "2"), ("fixed", "later"))
    assert Package("thing", (broken,), frozenset()).concerns("1", PYPI) is None
    assert Package("thing", (broken,), frozenset(["1.0"])).concerns("1", PYPI) is True
    assert Package("thing", (broken, good[:2]), frozenset()).concerns("1", PYPI) is True
    assert Package("thing", (good,), frozenset()).mended("1", PYPI) == "2"


def advisory(identity: str, name: str, *events: dict[str, str], **more: Any) -> dict[str, Any]:
    affected = {
        "package": {"ecosystem": more.pop("ecosystem", "PyPI"), "name": name},
        "ranges": [{"type": more.pop("type", "ECOSYSTEM"), "events": list(events)}],
    }
    return {"id": identity, "modified": "2026-02-03T04:05:06Z", "affected": [affected], **more}


BELOW_ONE = [{"introduced": "0"}, {"fixed": "1.0"}]
FOREVER = [{"introduced": "0"}]


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """A folder with each advisory in a file of its own, in JSON and in YAML by turns."""

    def make(*advisories: dict[str, Any]) -> Path:
        for number, document in enumerate(advisories):
            path = tmp_path / "data" / "vulns" / str(number)
            path.mkdir(parents=True)
            if number % 2:
                (path / "x.json").write_text(json.dumps(document), encoding="utf-8")
            else:
                (path / "x.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        return tmp_path / "data"

    return make


def found(folder: Path, *pinned: tuple[str, str]) -> list[str]:
    return [str(hit) for hit in evaluate(pinned, read(folder, PYPI)["PyPI"], PYPI).hits]


def test_hit_names_package_version_id_and_mend(folder: Callable[..., Path]) -> None:
    path = folder(advisory("A-1", "Some_Thing", *BELOW_ONE), advisory("A-2", "some.thing", *FOREVER))
    assert found(path, ("some-thing", "0.9")) == [
        "some-thing 0.9 (A-1, mended in 1.0)",
        "some-thing 0.9 (A-2, no mended version is named)",
    ]
    assert found(path, ("some-thing", "1.0"), ("other", "0.9")) == [
        "some-thing 1.0 (A-2, no mended version is named)"
    ]


@pytest.mark.parametrize(
    "harmless",
    [
        advisory("A-1", "thing", *FOREVER, withdrawn="2026-01-01T00:00:00Z"),
        advisory("A-1", "thing", *FOREVER, ecosystem="npm"),
        advisory("A-1", "other", *FOREVER),
    ],
)
def test_advisory_of_something_else_is_no_hit(folder: Callable[..., Path], harmless: dict[str, Any]) -> None:
    assert found(folder(harmless, advisory("A-2", "another", *FOREVER)), ("thing", "1.0")) == []


@pytest.mark.parametrize("written", ["null", "", "~"])
def test_empty_withdrawal_is_none(tmp_path: Path, written: str) -> None:
    text = yaml.safe_dump(advisory("A-1", "thing", *FOREVER)) + f"withdrawn: {written}\n"
    (tmp_path / "a.yml").write_text(text, encoding="utf-8")
    assert len(found(tmp_path, ("thing", "1"))) == 1


def test_yaml_versions_without_quotes_stay_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "id: A-1\nmodified: 2026-01-02T03:04:05Z\naffected:\n- package: {ecosystem: PyPI, name: thing}\n"
        "  ranges:\n  - type: ECOSYSTEM\n    events: [{introduced: 1.10}, {fixed: 1.20}]\n",
        encoding="utf-8",
    )
    assert found(tmp_path, ("thing", "1.2")) == []
    assert found(tmp_path, ("thing", "1.11")) == ["thing 1.11 (A-1, mended in 1.20)"]


def test_advisory_that_names_commits_only_is_told(folder: Callable[..., Path]) -> None:
    path = folder(advisory("A-1", "thing", *FOREVER, type="GIT"))
    findings = evaluate([("thing", "1")], read(path, PYPI)["PyPI"], PYPI)
    assert (findings.hits, findings.unclear) == ((), ("thing 1 (A-1)",))
    assert str(findings).endswith("; cannot be evaluated: thing 1 (A-1)")


def test_findings_tell_how_much_and_how_old(folder: Callable[..., Path]) -> None:
    old = advisory("A-1", "thing", *BELOW_ONE) | {"modified": "2024-12-31T00:00:00Z"}
    path = folder(old, advisory("A-2", "other", *BELOW_ONE))
    findings = evaluate([("thing", "1.0"), ("thing", "1.0"), ("more", "2")], read(path, PYPI)["PyPI"], PYPI)
    assert str(findings) == (
        "2 PyPI packages held to 2 advisories (1 of these packages), the newest of 2026-02-03"
    )


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "no advisories in the OSV format there"),
        ({"package.json": '{"name": "x"}', "list.yaml": "- 1"}, "no advisories in the OSV format there"),
        ({".git/a.json": json.dumps(advisory("A-1", "thing"))}, "no advisories in the OSV format there"),
        ({"a.json": '{"id": '}, "a.json: cannot be read as json"),
        ({"a.yaml": "a: [1"}, "a.yaml: cannot be read as yaml"),
        ({"a.json": '{"id": "A", "modified": "", "affected": [1]}'}, "a.json: not as the OSV format has it"),
        ({"a.json": '{"id": "A", "modified": "", "affects": {}}'}, "a.json: written before version 1.0"),
        ({"a.json": json.dumps(advisory("A-1", "thing", ecosystem="Go"))}, "are of no Python package"),
    ],
)
def test_folder_without_advisories_is_one_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str], words: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert main(["release", "check", "--advisories", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("kommo release: ")
    assert words in said.err
    assert said.err.count("\n") == 1


def test_missing_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["release", "check", "--advisories", str(tmp_path / "none")]) == 2
    assert f"{tmp_path / 'none'}: no such folder" in capsys.readouterr().err


def test_npm_lock_gives_names_and_versions(tmp_path: Path) -> None:
    rows = {
        "": {"name": "root", "version": "1.0.0"},
        "node_modules/@a/b": {"version": "2.0.0"},
        "node_modules/@a/b/node_modules/c": {"version": "3.0.0"},
        "node_modules/alias": {"name": "real", "version": "4.0.0"},
        "node_modules/linked": {"resolved": "folder", "link": True},
    }
    (tmp_path / "lock").write_text(json.dumps({"packages": rows}), encoding="utf-8")
    assert npm_pins(tmp_path / "lock") == [("@a/b", "2.0.0"), ("c", "3.0.0"), ("real", "4.0.0")]


@pytest.mark.parametrize("lock", sorted(ROOT.glob("requirements*.lock")), ids=lambda path: path.name)
def test_each_locked_python_package_would_be_hit(lock: Path, folder: Callable[..., Path]) -> None:
    """No line of a lock file escapes the audit."""
    locked = [pin.split("==") for pin in pins(lock)]
    path = folder(*(advisory(f"A-{name}", name, *FOREVER) for name in {name for name, _ in locked}))
    with pytest.raises(CommandError) as raised:
        held_to_advisories(advisories_in(path), [lock], NPM_LOCK)
    assert all(f"{name} {version} (A-{name}," in str(raised.value) for name, version in locked)
    assert len(locked) == sum(line[:1] not in ("", " ", "#", "-") for line in lock.read_text().splitlines())


def test_each_locked_npm_package_would_be_hit(folder: Callable[..., Path]) -> None:
    locked = npm_pins(NPM_LOCK)
    assert len(locked) > 100
    names = {name for name, _ in locked}
    path = folder(
        advisory("A-0", "thing", *FOREVER),
        *(advisory(f"A-{name}", name, *FOREVER, ecosystem="npm", type="SEMVER") for name in names),
    )
    with pytest.raises(CommandError) as raised:
        held_to_advisories(advisories_in(path), [], NPM_LOCK)
    assert all(f"{name} {version} (A-{name}," in str(raised.value) for name, version in locked)


@pytest.mark.parametrize(
    ("fixed", "code", "words"),
    [
        (
            "999",
            1,
            r"FAILED: known vulnerabilities: attrs \S+ \(A-1, mended in 999\); [0-9]+ PyPI packages held to 1 ",
        ),
        (
            "0.1",
            0,
            "none known: [0-9]+ PyPI packages held to 1 advisories .*; no advisories of npm packages there",
        ),
    ],
)
def test_release_check_holds_the_locks_to_the_folder(
    folder: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fixed: str,
    code: int,
    words: str,
) -> None:
    monkeypatch.setattr(ReleaseCheck, "steps", lambda self: [("known vulnerabilities", self.audit)])
    path = folder(advisory("A-1", "attrs", {"introduced": "0"}, {"fixed": fixed}))
    assert main(["release", "check", "--complete", "--advisories", str(path)]) == code
    assert re.search(words, capsys.readouterr().out)
