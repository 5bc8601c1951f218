"""What the suite believes the server holds, and what a write must make of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from attrs import define, field

from kommo.contract.checks.echo import entries, same
from kommo.contract.collection import core

#: The group that shows every field without one (custom-fields-v4:741).
_DEFAULT_GROUP: Final = "default"
#: Keys of a field that a write sets to what was sent.
_PLAIN: Final = ("name", "sort", "code")
_CARDS: Final = ("is_api_only",)
_LISTS: Final = ("is_required", "is_visible")
CARDS: Final = ("leads", "contacts", "companies", "customers")

Model = dict[str, Any]


@define
class Place:
    """One list of fields: an entity, or one list of the lists.

    Attributes:
        entity: of `kommo.contract.domain.ENTITIES`.
        path: path parameters of its operations, in order.
        fields: cores of all fields by id, in no order.
        own: ids of the fields that the machine created.
    """

    entity: str
    path: tuple[int, ...] = ()
    fields: dict[int, Model] = field(factory=dict)
    own: list[int] = field(factory=list)
    groups: dict[str, Model] = field(factory=dict)
    own_groups: list[str] = field(factory=list)

    @property
    def tag(self) -> str:
        """Resource of its fields."""
        return f"{self.entity}_custom_fields"

    @property
    def group_tag(self) -> str:
        """Resource of its groups."""
        return f"{self.entity}_custom_field_groups"

    def unknown_reference(self, item: Mapping[str, Any], current: Mapping[str, Any] | None) -> str:
        """Name the reference of a definition that leads nowhere; "" when all of them hold."""
        group = item.get("group_id")
        if (
            self.entity in CARDS
            and group is not None
            and group not in self.groups
            and group != _DEFAULT_GROUP
        ):
            return "group_id"
        code = item.get("code")
        taken = {
            model.get("code") for id_, model in self.fields.items() if current is None or id_ != current["id"]
        }
        if code and code in taken:
            return "code"
        if current is not None:
            known = {option.get("id") for option in entries(current.get("enums"))}
            if any(
                option.get("id") is not None and option["id"] not in known
                for option in entries(item.get("enums"))
            ):
                return "enums.id"
        return ""


def defects(
    sent: Mapping[str, Any], got: Mapping[str, Any], before: Mapping[str, Any] | None
) -> Iterable[tuple[str, str]]:
    """Yield (key, message) for everything in the answer to a write that the write does not explain.

    Args:
        sent: one item.
        got: its model in the answer.
        before: the model it had; None for a new one.
    """
    for key, wanted in expected_plain(sent, got).items():
        if key in got and not same(wanted, got[key]):
            yield key, f"{key} was sent as {sent.get(key)!r} and is {got[key]!r}"
    if before is not None:
        touched = {*sent, "request_id", "updated_at", "updated_by"}
        for key in {*core(before), *core(got)}:
            if key not in touched and core(before).get(key) != core(got).get(key):
                yield key, f"{key} was not sent and changed from {before.get(key)!r} to {got.get(key)!r}"
    if "enums" in sent and sent["enums"] is not None and got.get("enums") is not None:
        yield from _option_defects(
            entries(sent["enums"]), entries(got["enums"]), entries((before or {}).get("enums"))
        )
    if "nested" in sent and sent["nested"] is not None and got.get("nested") is not None:
        yield from _tree_defects(
            entries(sent["nested"]), entries(got["nested"]), entries((before or {}).get("nested"))
        )


def expected_plain(sent: Mapping[str, Any], got: Mapping[str, Any]) -> Model:
    """The keys of a write whose value is known beforehand."""
    names = [*_PLAIN]
    if got.get("entity_type") in CARDS:
        names += _CARDS
    if got.get("entity_type") == "catalogs":
        names += _LISTS
    if got.get("type") == "birthday":
        names.append("remind")
    found = {name: sent[name] for name in names if sent.get(name) is not None}
    if found.get("code") == "":
        found["code"] = None
    if "group_id" in sent and got.get("entity_type") in CARDS:
        found["group_id"] = None if sent["group_id"] == _DEFAULT_GROUP else sent["group_id"]
    return found


def _option_defects(sent: list[Model], got: list[Model], before: list[Model]) -> Iterable[tuple[str, str]]:
    if [item.get("value") for item in sent] != [item.get("value") for item in got]:
        yield "enums", f"options were sent as {sent} and are {got}"
        return
    old = {item.get("id") for item in before}
    for wanted, option in zip(sent, got, strict=True):
        if wanted.get("id") is not None and option.get("id") != wanted["id"]:
            yield "enums id", f"the option sent with id {wanted['id']} has id {option.get('id')}"
        if wanted.get("id") is None and option.get("id") in old:
            yield "enums id", f"the new option {option} has the id of an old one"
        for key in ("sort", "code"):
            if wanted.get(key) is not None and key in option and not same(wanted[key], option[key]):
                yield f"enums {key}", f"{key} of option {wanted} is {option[key]!r}"
    if len({option.get("id") for option in got}) < len(got):
        yield "enums id", f"two options share an id: {got}"


def _tree_defects(sent: list[Model], got: list[Model], before: list[Model]) -> Iterable[tuple[str, str]]:
    values = sorted(str(item.get("value")) for item in sent)
    if values != sorted(str(item.get("value")) for item in got):
        yield "nested", f"values were sent as {sent} and are {got}"
        return
    ids = {node.get("id") for node in got}
    if len(ids) < len(got):
        yield "nested id", f"two values share an id: {got}"
    kept = {item["id"] for item in sent if item.get("id") is not None}
    if not kept <= ids:
        yield "nested id", f"the values {sorted(kept - ids)} were sent with their ids and are gone"
    if {node["id"] for node in before} & (ids - kept):
        yield "nested id", "a new value has the id of an old one"
    if len(set(values)) < len(values):
        return
    by_value = {node.get("value"): node for node in got}
    by_request = {str(item["request_id"]): item for item in sent if item.get("request_id") is not None}
    for item in sent:
        node = by_value[item.get("value")]
        wanted = item.get("parent_id") or None
        if wanted is None and item.get("parent_request_id") is not None:
            wanted = by_value[by_request[str(item["parent_request_id"])].get("value")].get("id")
        told = "parent_id" in item or "parent_request_id" in item or item.get("id") is None
        if told and (node.get("parent_id") or None) != wanted:
            yield "nested parent", f"{item} hangs under {node.get('parent_id')!r}; expected {wanted!r}"
