"""What only custom fields have: options and trees that keep their ids, one field of every type."""

from __future__ import annotations

from collections.abc import Sequence

from kommo.contract.checks.echo import entries
from kommo.contract.collection import Collection, Model
from kommo.contract.shapes import PREFIX


def more(collection: Collection, made: Sequence[Model]) -> None:
    """Change options and trees, while one field of every type is there."""
    _options(collection, made)
    _tree(collection, made)
    _namesakes(collection)
    _stages(collection, made)


def _namesakes(collection: Collection) -> None:
    """Two options of one text are refused or both kept; the check of every answer counts them."""
    select = {"name": f"{PREFIX} namesakes", "type": "select", "enums": [{"value": "one"}, {"value": "one"}]}
    if collection.valid("create", [select]):
        for model in collection.items(collection.create([select])):
            collection.delete(model.get("id"))


def _stages(collection: Collection, made: Sequence[Model]) -> None:
    """Stages at which a field must be filled are refused or kept; the check of every answer compares them."""
    stages = [{"status_id": 142, "pipeline_id": 7}, {"status_id": 143, "pipeline_id": 7}]
    change = {"name": f"{PREFIX} staged", "required_statuses": stages}
    if "required_statuses" in made[0] and collection.valid("update", change):
        collection.update(made[0]["id"], change)


def _options(collection: Collection, made: Sequence[Model]) -> None:
    """Options: those that keep their id stay, the others go, new ones get new ids (custom-fields-v4:534)."""
    script = collection.script
    field = next((model for model in made if model.get("type") == "select"), None)
    if field is None:
        return
    before = collection.read().by_id().get(field["id"], {})
    options = entries(before.get("enums"))
    if len(options) < 3:
        return
    _borrowed(collection, options)
    kept = options[-1]
    body = {"enums": [{"id": kept["id"], "value": kept["value"], "sort": 5}, {"value": "added", "sort": 6}]}
    exchange = collection.update(field["id"], body)
    read = collection.get(field["id"])
    for answer in (exchange, read):
        if not answer.accepted:
            script.fail(
                "refuses-valid", answer.operation or "", "options", f"refused: {answer}", [exchange, answer]
            )
            return
    after = entries(read.answer.get("enums")) if isinstance(read.answer, dict) else []
    ids = {option.get("value"): option.get("id") for option in after}
    calls = [exchange, read]
    if sorted(ids, key=repr) != sorted([kept["value"], "added"], key=repr):
        message = (
            f"after a replacement by {kept['value']!r} and 'added' the options are {sorted(ids, key=repr)}"
        )
        script.fail("options", collection.op("update"), "not the options that were sent", message, calls)
    elif ids[kept["value"]] != kept["id"]:
        message = f"option {kept['value']!r} was sent with id {kept['id']} and has id {ids[kept['value']]}"
        script.fail("options", collection.op("update"), "an option changed its id", message, calls)
    elif ids["added"] in {option["id"] for option in options}:
        message = f"the new option was given the id {ids['added']} of an old one"
        script.fail("options", collection.op("update"), "an id used again", message, calls)
    answered = entries(exchange.answer.get("enums")) if isinstance(exchange.answer, dict) else []
    if sorted(answered, key=repr) != sorted(after, key=repr):
        message = f"PATCH answers the options {answered}, a read gives {after}"
        script.fail("read-after-write", collection.op("update"), "options", message, calls)


def _borrowed(collection: Collection, options: Sequence[Model]) -> None:
    """A new field has options of its own, whatever ids a request names for them."""
    stolen = {"id": options[0]["id"], "value": "borrowed"}
    select = {"name": f"{PREFIX} borrowing", "type": "select", "enums": [stolen]}
    if not collection.valid("create", [select]):
        return
    exchange = collection.create([select])
    for model in collection.items(exchange):
        if any(option.get("id") == stolen["id"] for option in entries(model.get("enums"))):
            message = (
                f"the new field {model.get('id')} was given option {stolen['id']}, which another field has"
            )
            collection.script.fail(
                "options", collection.op("create"), "an option of two fields", message, [exchange]
            )
        collection.delete(model.get("id"))


def _circle(collection: Collection, field: Model, nodes: Sequence[Model]) -> None:
    """No value of a tree is above itself, not by way of another one either."""
    by_id = {node.get("id"): node for node in nodes}
    child = next((node for node in nodes if node.get("parent_id") in by_id), None)
    if child is None:
        return
    body = [
        {
            "id": node["id"],
            "value": node.get("value"),
            "parent_id": child["id"] if node["id"] == child["parent_id"] else node.get("parent_id"),
        }
        for node in nodes
    ]
    exchange = collection.update(field["id"], {"nested": body})
    if exchange.accepted:
        message = f"values {child['id']} and {child['parent_id']} were made parents of each other: {exchange}"
        collection.script.fail("tree", collection.op("update"), "a circle", message, [exchange])


def _tree(collection: Collection, made: Sequence[Model]) -> None:
    """A tree sent again with its ids and one more leaf keeps its ids and parents."""
    script = collection.script
    field = next((model for model in made if model.get("type") == "category"), None)
    if field is None:
        return
    nodes = entries(field.get("nested"))
    _circle(collection, field, nodes)
    root = next((node for node in nodes if node.get("value") == "root"), None)
    if root is None:
        return
    body = {
        "nested": [
            *({key: node.get(key) for key in ("id", "parent_id", "value", "sort")} for node in nodes),
            {"value": "grafted", "parent_id": root["id"], "sort": 9, "request_id": "g1"},
            {"value": "on the graft", "parent_request_id": "g1"},
        ]
    }
    exchange = collection.update(field["id"], body)
    read = collection.get(field["id"])
    if not exchange.accepted or not read.accepted or not isinstance(read.answer, dict):
        script.fail(
            "refuses-valid", collection.op("update"), "nested", f"refused: {exchange}", [exchange, read]
        )
        return
    after = {node.get("value"): node for node in entries(read.answer.get("nested"))}
    wanted = {node["value"]: (node.get("id"), node.get("parent_id")) for node in nodes}
    got = {value: (after.get(value, {}).get("id"), after.get(value, {}).get("parent_id")) for value in wanted}
    if got != wanted:
        message = f"(id, parent_id) of the kept values were {wanted} and are {got}"
        script.fail("tree", collection.op("update"), "ids or parents changed", message, [exchange, read])
    graft = after.get("grafted", {})
    if graft.get("parent_id") != root["id"] or after.get("on the graft", {}).get("parent_id") != graft.get(
        "id", 0
    ):
        message = f"new values hang at {graft} and {after.get('on the graft')}; expected: under {root['id']}"
        script.fail("tree", collection.op("update"), "new values at other parents", message, [exchange, read])
