"""May a server refuse a request that obeys the schema? Only for a rule that no schema can state.

Such a refusal has status 400 (or 422), is problem+json, and names in `validation-errors` for every error a code of
the semantic kind and a place that holds a reference or takes part in a rule between keys. Everything else is a
defect: the server refuses what the contract offers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import frozen

from kommo.contract.exchange import NO_JSON, Exchange

_REFERENCE: Final = frozenset({"NotSupportedChoice"})
_SELECTS: Final = frozenset({"select", "multiselect", "radiobutton"})


@frozen
class Rule:
    """One semantic rule.

    Attributes:
        place: regular expression of the dotted path inside the item, indexes written as `#`.
        codes: codes with which the server may refuse it.
        applies: says of the item that was sent whether the rule can be broken by it at all.
        why: the rule, for people.
    """

    place: str
    codes: frozenset[str]
    applies: Callable[[Mapping[str, Any]], bool]
    why: str


def _has(*keys: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda item: any(item.get(key) not in (None, [], {}) for key in keys)


def _type_unknown_or(*types: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda item: item.get("type") is None or item["type"] in types


RULES: Final[tuple[Rule, ...]] = (
    Rule(r"group_id", _REFERENCE, _has("group_id"), "the group must exist"),
    Rule(r"fields(\.#)?", _REFERENCE, _has("fields"), "the fields of a group must exist"),
    Rule(r"enums(\.#)?\.id", _REFERENCE, _has("enums"), "an option's id must be one of the field's"),
    Rule(
        r"enums",
        frozenset({"RequiredFilled"}),
        _type_unknown_or(*_SELECTS),
        "a list type is created with its options",
    ),
    Rule(
        r"enums",
        frozenset({"FieldNotExpected"}),
        lambda item: item.get("type") not in _SELECTS,
        "only list types take options",
    ),
    Rule(
        r"nested(\.#)?(\.(id|parent_id|request_id|parent_request_id))?",
        _REFERENCE,
        _has("nested"),
        "parents must exist",
    ),
    Rule(
        r"nested",
        frozenset({"FieldNotExpected"}),
        lambda item: item.get("type") != "category",
        "only a category takes nested values",
    ),
    Rule(
        r"required_statuses(\.#)?(\.(status_id|pipeline_id))?",
        _REFERENCE,
        _has("required_statuses"),
        "stages must exist",
    ),
    Rule(
        r"remind",
        frozenset({"FieldNotExpected"}),
        lambda item: item.get("type") != "birthday",
        "only a birthday reminds",
    ),
    Rule(r"id", _REFERENCE, _has("id"), "the entity must exist"),
    Rule(r"code", _REFERENCE, _has("code"), "a code is taken only once"),
    Rule(r"catalog_id", _REFERENCE, _has("catalog_id"), "the list must exist"),
    Rule(
        r"custom_fields(_values)?(\.#)?(\..+)?",
        _REFERENCE | {"FieldNotExpected"},
        _has("custom_fields", "custom_fields_values"),
        "field, option and value must fit the field",
    ),
    Rule(
        r"type",
        _REFERENCE,
        lambda item: item.get("type") in ("invoices", "products", "suppliers"),
        "one list of each special type",
    ),
)


def unjustified(exchange: Exchange) -> str | None:
    """Say why a refusal of a schema-valid request is no semantic one.

    Returns:
        One sentence, None when the refusal is justified (or is none).
    """
    if exchange.status not in (400, 422):
        return None
    answer = exchange.answer
    if answer is NO_JSON or not isinstance(answer, dict):
        return f"refused with {exchange.status} and no problem body"
    reports = answer.get("validation-errors")
    if not isinstance(reports, list) or not reports:
        return f"refused with {exchange.status} without validation-errors: {answer.get('detail')!r}"
    for report in reports:
        errors = report.get("errors") if isinstance(report, dict) else None
        if not isinstance(errors, list) or not errors:
            return "validation-errors names no error"
        item = _item(exchange.sent, report.get("request_id"))
        for error in errors:
            code, place = str(error.get("code")), re.sub(r"\b\d+\b", "#", str(error.get("path")))
            if not any(
                code in rule.codes and re.fullmatch(rule.place, place) and rule.applies(item)
                for rule in RULES
            ):
                return f"refused with {code} at {error.get('path')!r} ({error.get('detail')}), which the contract allows"
    return None


def _item(sent: Any, request_id: Any) -> Mapping[str, Any]:
    items = sent
    if isinstance(sent, dict):
        blocks = [
            value for key, value in sent.items() if key in ("add", "update") and isinstance(value, list)
        ]
        items = [item for block in blocks for item in block] if blocks else [sent]
    if not isinstance(items, list):
        return {}
    items = [item for item in items if isinstance(item, dict)]
    for item in items:
        if str(item.get("request_id")) == str(request_id):
            return item
    try:
        return items[int(request_id)]
    except (TypeError, ValueError, IndexError):
        return items[0] if len(items) == 1 else {}
