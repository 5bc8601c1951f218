"""One page with everything, without a reference to anywhere else."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from kommo.contract.reproduce import pretty


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
        layers=[(name, value) for name, value in report["seconds"].items() if name != "wall"],
        coverage=coverage,
    )
