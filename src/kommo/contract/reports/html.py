"""One page with everything, without a reference to anywhere else."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, StrictUndefined

from kommo.contract.reproduce import pretty

#: One for each layer, told apart also by those who do not see all colours and on grey paper; red is for failures.
_COLOURS: Final = (
    "#4477aa",
    "#88ccee",
    "#117733",
    "#ddcc77",
    "#7766cc",
    "#44aa99",
    "#aa4499",
    "#bbcc33",
    "#666666",
    "#cc8844",
)
#: Characters of a message that stand in the line of a failure.
_HEADLINE: Final = 160
#: Lines of a body that is shown without being asked for.
_SHORT: Final = 30


def html(report: dict[str, Any]) -> str:
    """Return the page for a report (see `kommo.contract.reports.findings`)."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    environment.filters["pretty"] = lambda text: pretty(text.encode("utf-8", "surrogatepass"))
    template = environment.from_string(
        files("kommo.contract.reports").joinpath("page.html").read_text(encoding="utf-8")
    )
    coverage: dict[str, dict[str, list[Any]]] = {}
    for name, operation in report["operations"].items():
        seen = [(status, kind, count) for one, status, kind, count in report["coverage"] if one == name]
        came = {str(status) for status, _, _ in seen}
        coverage[name] = {"seen": seen, "missing": [one for one in operation["declared"] if one not in came]}
    return template.render(
        report=report,
        verdict=_verdict(report),
        facts=_facts(report, sum(bool(row["seen"]) for row in coverage.values())),
        layers=_layers(report),
        coverage=coverage,
        headline=_HEADLINE,
        short=_SHORT,
    )


def _verdict(report: dict[str, Any]) -> str:
    count = len(report["findings"])
    if count:
        return f"{count} failure{'s' if count > 1 else ''}"
    return "not known" if report["interrupted"] else "it holds"


def _facts(report: dict[str, Any], reached: int) -> list[tuple[str, str]]:
    """What the head of the page says of the run."""
    return [
        ("Operations", f"{reached} of {len(report['operations'])}"),
        ("Cases", str(sum(report["cases"].values()))),
        ("Seed", str(report["seed"])),
        ("Platform", report["platform"]),
        ("Contract", report["contract"]),
        ("kommo", report["kommo"]),
        ("Made", report["made"]),
    ]


def _layers(report: dict[str, Any]) -> list[dict[str, Any]]:
    """What the timeline shows of each layer that ran, in order."""
    seconds = {name: value for name, value in report["seconds"].items() if name != "wall"}
    failures = Counter(item["layer"] for item in report["findings"])
    return [
        {
            "name": name,
            "colour": _COLOURS[index % len(_COLOURS)],
            "cases": report["cases"].get(name, 0),
            "seconds": seconds.get(name),
            "failures": failures[name],
        }
        for index, name in enumerate(dict.fromkeys([*seconds, *report["cases"]]))
    ]
