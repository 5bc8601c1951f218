"""JUnit XML: one test case per operation, a failure per finding."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

# What XML 1.0 cannot hold, escaped or not.
_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: dict[str, Any]) -> bytes:
    """Return the document for a report (see `kommo.contract.reports.findings`)."""
    findings = report["findings"]
    names = [*report["operations"], *({""} if any(not item["operation"] for item in findings) else ())]
    suite = ElementTree.Element(
        "testsuite",
        name="kommo contract",
        tests=str(len(names)),
        failures=str(len({item["operation"] for item in findings})),
        errors="0",
        time=f"{report['seconds'].get('wall', sum(report['seconds'].values())):.3f}",
    )
    for name in names:
        case = ElementTree.SubElement(suite, "testcase", classname="kommo.contract", name=name or "server")
        for item in (one for one in findings if one["operation"] == name):
            failure = ElementTree.SubElement(
                case, "failure", type=item["check"], message=fit(item["message"].split("\n")[0])
            )
            place = f"\ncontract: {item['pointer']} (line {item['line']})" if item["pointer"] else ""
            failure.text = fit("\n".join([item["message"], place, *item["curl"]]))
    tree = ElementTree.Element("testsuites")
    tree.append(suite)
    made: bytes = ElementTree.tostring(tree, encoding="utf-8", xml_declaration=True)
    return made


def fit(text: str) -> str:
    """Return text without the characters that XML cannot hold."""
    return _UNFIT.sub("\ufffd", text)
