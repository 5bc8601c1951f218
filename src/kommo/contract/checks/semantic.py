"""May a server refuse a request that obeys the schema? Only for a rule that no schema can state.

Such a refusal has status 400 (or 422), is problem+json, and names in `validation-errors` for every error a code of
the semantic kind and a place that holds a reference or takes part in a rule between keys. Everything else is a
defect: the server refuses what the contract offers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from attrs import frozen

from kommo.contract.checks import echo
from kommo.contract.exchange import NO_JSON, Exchange

#: Codes with which a server says that a value refers to nothing, or to something taken.
CODES: Final = frozenset({"NotSupportedChoice"})
#: What a value can be depends on the type of its field, which the schema of the request does not know.
_VALUE_CODES: Final = CODES | {"FieldNotExpected", "InvalidType", "RequiredFilled", "OutOfRange"}


@frozen
class Rule:
    """One semantic rule.

    Attributes:
        place: regular expression of the dotted path inside the item, indexes written as `#`.
        applies: says of the item that was sent whether it can break the rule at all.
        why: the rule, for people.
        codes: with which a server may say that it is broken.
    """

    place: str
    applies: Callable[[Mapping[str, Any]], bool]
    why: str
    codes: frozenset[str] = CODES


def _has(*keys: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda item: any(item.get(key) not in (None, [], {}) for key in keys)


def _inside(key: str, *names: str) -> Callable[[Mapping[str, Any]], bool]:
    def applies(item: Mapping[str, Any]) -> bool:
        entries = item.get(key)
        return isinstance(entries, list) and any(
            isinstance(entry, dict) and entry.get(name) is not None for entry in entries for name in names
        )

    return applies


RULES: Final[tuple[Rule, ...]] = (
    Rule(r"group_id", _has("group_id"), "the group must exist"),
    Rule(r"fields(\.#)?", _has("fields"), "the fields of a group must exist"),
    Rule(r"enums\.#\.id", _inside("enums", "id"), "an option's id must be one of the field's"),
    Rule(
        r"nested\.#\.(id|parent_id|request_id|parent_request_id)",
        _inside("nested", "id", "parent_id", "request_id", "parent_request_id"),
        "parents must exist, and nothing is its own ancestor",
    ),
    Rule(
        r"required_statuses(\.#(\.(status_id|pipeline_id))?)?", _has("required_statuses"), "stages must exist"
    ),
    Rule(r"id", _has("id"), "the entity must exist"),
    Rule(r"code", _has("code"), "a code is taken only once"),
    Rule(r"catalog_id", _has("catalog_id"), "the list must exist"),
    Rule(r"filter\.type", lambda item: True, "the type must be one the server knows"),
    Rule(
        r"currency|search_in|chained_lists",
        lambda item: item.get("type") in ("monetary", "linked_entity", "chained_list"),
        "some types of fields need a key of their own",
        frozenset({"RequiredFilled", "NotSupportedChoice"}),
    ),
    Rule(
        r"custom_fields_values(\.#(\..+)?)?",
        lambda item: True,  # a required field may also be missing
        "values must fit the fields, and required ones be there",
        _VALUE_CODES,
    ),
    Rule(
        r"[a-z_]+(_id|_by)",
        lambda item: any(key.endswith(("_id", "_by")) for key in item),
        "what is referred to must exist",
    ),
    Rule(r"custom_fields\.#(\..+)?", _has("custom_fields"), "field, option and value must fit the field"),
)


def unjustified(exchange: Exchange) -> str | None:
    """Say why a refusal of a schema-valid request is no semantic one.

    Returns:
        One sentence, None when the refusal is justified (or is none).
    """
    if exchange.status not in (400, 422):
        return None
    if exchange.method == "DELETE":
        return None  # predefined things cannot be deleted (custom-fields-v4:726, 1129); nothing in a DELETE is invalid
    if "/api/v2/" in exchange.path and _v2_rules(exchange.sent):
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
        meant = _meant(exchange.sent, report.get("request_id"))
        for error in errors:
            code, path = str(error.get("code")), str(error.get("path"))
            place = re.sub(r"\b\d+\b", "#", path)
            known = any(
                code in rule.codes and re.fullmatch(rule.place, place) and any(map(rule.applies, meant))
                for rule in RULES
            )
            if not known:
                return f"refused with {code} at {path!r} ({error.get('detail')}), which the contract allows"
    return None


def _v2_rules(sent: Any) -> bool:
    """Say whether a v2 write refers to anything: an item that fails may fail the whole request, in plain words."""
    if not isinstance(sent, dict):
        return False
    keys = ("id", "catalog_id", "custom_fields", "updated_at")
    items = [item for block in ("add", "update") for item in sent.get(block) or () if isinstance(item, dict)]
    return bool(sent.get("delete")) or any(item.get(key) for item in items for key in keys)


def _meant(sent: Any, request_id: Any) -> list[Mapping[str, Any]]:
    """Return the items that a report can be about: several may have been sent with one request id."""
    items = sent
    if isinstance(sent, dict):
        blocks = [
            value for key, value in sent.items() if key in ("add", "update") and isinstance(value, list)
        ]
        items = [item for block in blocks for item in block] if blocks else [sent]
    if not isinstance(items, list):
        return [{}]
    items = cast("list[Mapping[str, Any]]", [item for item in items if isinstance(item, dict)])
    named = [item for index, item in enumerate(items) if echo.request_id(item, index) == str(request_id)]
    if named:
        return named
    try:
        return [items[int(request_id)]]
    except (TypeError, ValueError, IndexError):
        return items if len(items) == 1 else [{}]
