"""What the machine writes: fields, options, trees, groups, elements, within the contract."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from kommo.contract import domain
from kommo.contract.shapes import PREFIX

SELECTS: Final = ("select", "multiselect", "radiobutton")
#: Keys of a definition that are made up here, and not taken as `domain.TYPES` has them.
_DRAWN: Final = ("enums", "nested", "remind")

#: Text as people write it: any script, quotes, controls a form may carry, and what breaks careless servers.
_TEXT: Final = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=12
) | st.sampled_from(["<b>&amp;</b>", "'; --", "%00 %2F", "ёжик ☕ 🦔", "\u202eevil", "0", "null", " padded "])
NAMES: Final = _TEXT.map(lambda text: f"{PREFIX} {text}")
SORTS: Final = st.integers(0, 2**31 - 1) | st.just(500)
#: Request ids that are no positions in the batch.
REQUEST_IDS: Final = st.integers(1000, 10**9).map(str)


@st.composite
def options(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Options of a new list field, at least one, with distinct values."""
    values = draw(st.lists(_TEXT, min_size=1, max_size=4, unique=True))
    return [{"value": value, "sort": draw(SORTS)} for value in values]


@st.composite
def trees(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A new tree: every node may hang under an earlier one."""
    values = draw(st.lists(_TEXT, min_size=1, max_size=5, unique=True))
    nodes: list[dict[str, Any]] = []
    for index, value in enumerate(values):
        node: dict[str, Any] = {"value": value, "request_id": f"n{index}"}
        if index and draw(st.booleans()):
            node["parent_request_id"] = f"n{draw(st.integers(0, index - 1))}"
        nodes.append(node)
    return nodes


@st.composite
def fields(draw: st.DrawFn, types: list[str], groups: list[str], entity: str) -> dict[str, Any]:
    """A new field of one of `types`."""
    item: dict[str, Any] = {"name": draw(NAMES), "type": draw(st.sampled_from(types))}
    item |= {key: value for key, value in domain.TYPES[item["type"]].items() if key not in _DRAWN}
    item |= draw(plain_keys(groups, entity))
    if draw(st.booleans()):
        item["request_id"] = draw(REQUEST_IDS)
    if item["type"] in SELECTS:
        item["enums"] = draw(options())
    if item["type"] == "category":
        item["nested"] = draw(trees())
    if item["type"] == "birthday" and draw(st.booleans()):
        item["remind"] = draw(st.sampled_from(["never", "day", "week", "month"]))
    return item


@st.composite
def plain_keys(draw: st.DrawFn, groups: list[str], entity: str) -> dict[str, Any]:
    """Some of the keys that every field has."""
    item: dict[str, Any] = {}
    if draw(st.booleans()):
        item["sort"] = draw(SORTS)
    if draw(st.integers(0, 3)) == 0:
        item["code"] = draw(st.sampled_from(["KC_A", "KC_B", "KC_C"]))
    if entity == "catalogs":
        if draw(st.integers(0, 2)) == 0:
            item["is_required"] = draw(st.booleans())
        if draw(st.integers(0, 2)) == 0:
            item["is_visible"] = draw(st.booleans())
    elif entity != "customers_segments":
        if draw(st.integers(0, 2)) == 0:
            item["is_api_only"] = draw(st.booleans())
        if groups and draw(st.integers(0, 2)) == 0:
            item["group_id"] = draw(st.sampled_from([*groups, "default", "kc_no_such_group"]))
    return item


def changed_options(current: list[dict[str, Any]]) -> SearchStrategy[list[dict[str, Any]]]:
    """A replacement of options: some kept by id, perhaps renamed, some new; rarely one with an unknown id."""

    @st.composite
    def build(draw: st.DrawFn) -> list[dict[str, Any]]:
        keep = st.booleans()
        kept = [option for option in current if draw(keep)]
        made: list[dict[str, Any]] = [
            {"id": option["id"], "value": draw(st.just(option["value"]) | _TEXT), "sort": draw(SORTS)}
            for option in kept
        ]
        made += draw(options())
        if draw(st.integers(0, 7)) == 0:
            made.append({"id": 2**40 + 1, "value": "stranger", "sort": 1})
        return draw(st.permutations(made))

    return build()


def changed_tree(current: list[dict[str, Any]]) -> SearchStrategy[list[dict[str, Any]]]:
    """A tree with the nodes it has, some renamed, and perhaps a new leaf; or none of them and a new tree."""

    @st.composite
    def build(draw: st.DrawFn) -> list[dict[str, Any]]:
        if draw(st.integers(0, 4)) == 0:
            return draw(trees())
        made: list[dict[str, Any]] = [
            {
                "id": node["id"],
                "parent_id": node.get("parent_id"),
                "value": node["value"],
                "sort": node.get("sort", 0),
            }
            for node in current
        ]
        values = {node["value"] for node in current}
        for name in draw(st.lists(_TEXT, max_size=2, unique=True)):
            if name not in values:
                leaf: dict[str, Any] = {"value": name}
                if draw(st.booleans()) and current:
                    leaf["parent_id"] = draw(st.sampled_from(current))["id"]
                made.append(leaf)
        return made

    return build()
