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
    for item in report["findings"]:
        for call in item["calls"]:
            call["response"]["headers"].setdefault("content-type", "")
    return template.render(
        report=report,
        reached=[name for name, row in coverage.items() if row["seen"]],
        layers=_layers(report),
        coverage=coverage,
    )


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
