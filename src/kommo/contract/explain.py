"""Where a finding stands in the contract, and which known quirk of the wire might explain it."""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen

from kommo.contract.findings import Finding
from kommo.published import Platform, bundle_path


@frozen
class _Sign:
    """What a quirk looks like in a finding: regular expressions of its operation, check and cause or message."""

    quirk: str
    operation: str
    check: str
    text: str


_SIGNS: Final = (
    _Sign("v2-write-link-singular", r"write_v2_", r"schema", r"required _links"),
    _Sign("v2-write-errors-in-200", r"write_v2_", r"schema", r"\berrors\b"),
    _Sign("v2-delete-empty-items", r"write_v2_", r"schema", r"minItems at _embedded\.items"),
    _Sign("v2-paging", r"list_v2_", r"list-contains|paging", r""),
    _Sign("v2-catalog-types", r"v2_catalogs", r"schema|accepts-invalid", r"enum.*type|add\[\]\.type"),
    _Sign(
        "v2-update-updated-at-optional",
        r"write_v2_catalog_elements",
        r"accepts-invalid",
        r"without update\[.*updated_at",
    ),
    _Sign("v2-elements-catalog-id-optional", r"list_v2_catalog_elements", r"accepts-invalid", r"catalog_id"),
    _Sign("v2-form-encoded", r"write_v2_", r"accepts-invalid", r"form"),
    _Sign("v2-legacy-error-body", r"v2_", r"content-type|schema", r"application/json"),
    _Sign("v2-enum-integer", r"v2_catalog_elements", r"schema", r"\benum\b"),
    _Sign("v4-update-fields-200", r"update_.*custom_fields", r"status", r"status 200"),
    _Sign("v4-create-fields-200", r"create_.*custom_fields", r"status", r"status 200"),
    _Sign(
        "v4-create-single-object",
        r"create_.*custom_fields",
        r"accepts-invalid",
        r"an object in place of the array",
    ),
    _Sign("v4-enums-keyed-object", r"update_.*custom_fields", r"schema", r"enums"),
    _Sign("v4-list-empty-204", r"list_.*custom_fields", r"status", r"status 204"),
    _Sign("v4-field-get-unknown-204", r"get_.*custom_fields", r"status", r"status 204"),
    _Sign("v4-group-create-name-only", r"create_.*groups", r"accepts-invalid", r"without .*sort"),
    _Sign("v4-newer-field-types", r"custom_fields", r"schema|accepts-invalid", r"\btype\b"),
    _Sign("v4-code-null", r"custom_fields", r"schema", r"\bcode\b"),
    _Sign("gateway-429-html", r"", r"content-type", r"429 as text/html"),
    _Sign("gateway-403-html", r"", r"content-type", r"403 as text/html"),
)


def quirk(finding: Finding) -> str:
    """Return the id of the quirk that might explain a finding, "" when none comes to mind."""
    text = f"{finding.cause} {finding.message}"
    for sign in _SIGNS:
        if (
            re.search(sign.operation, finding.operation)
            and re.fullmatch(sign.check, finding.check)
            and re.search(sign.text, text)
        ):
            return sign.quirk
    return ""


class Lines:
    """Line numbers of the published contract (YAML) by JSON pointer; read at the first question."""

    def __init__(self, platform: Platform = "any") -> None:
        self._platform: Platform = platform
        self._root: object = None

    def line(self, pointer: str) -> int | None:
        """Return the line, from 1, on which a place of the contract begins; None when there is none."""
        if not pointer:
            return None
        from ruamel.yaml import YAML
        from ruamel.yaml.nodes import MappingNode, SequenceNode

        if self._root is None:
            try:
                text = bundle_path("yaml", self._platform).read_text(encoding="utf-8")
                self._root = YAML(typ="safe", pure=True).compose(text)
            except (OSError, FileNotFoundError):
                return None
        node = self._root
        line: int | None = None
        for raw in pointer.split("/")[1:]:
            part = raw.replace("~1", "/").replace("~0", "~")
            if isinstance(node, MappingNode):
                found = next(((key, value) for key, value in node.value if key.value == part), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, SequenceNode) and part.isdigit() and int(part) < len(node.value):
                node = node.value[int(part)]
                line = node.start_mark.line + 1
            else:
                break
        return line
