"""The values of fields: written with a thing, read with it, changed one by one, cleared, gone with their field.

Any collection whose things carry `custom_fields_values` and whose fields are a collection of the contract is looked
at; which types of fields there are is known from the documents (custom-fields-v4:300-320).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kommo.contract import domain, drafting, shapes
from kommo.contract.checks.echo import entries
from kommo.contract.collection import Collection, Model
from kommo.contract.exchange import Exchange
from kommo.contract.resources import resources

KEY: Final = "custom_fields_values"

#: What is written into a field, by type, and what is written over it.
_PLAIN: Final[Mapping[str, tuple[Any, Any]]] = {
    "text": ("  padded ☕ text  ", "other text"),
    "textarea": ("two\nlines", "three\nmore\nlines"),
    "streetaddress": ("Main street 1", "Side street 2"),
    "url": ("https://example.com/?a=1&b=%20", "https://example.org/"),
    "numeric": ("416", "-0.5"),
    "price": ("12", "13"),
    "checkbox": (True, False),
    "date_time": (1_593_561_600, 1_593_561_661),
}
_CHOICES: Final = ("select", "radiobutton", "category")

#: What a thing holds: texts of the values by field.
Held = dict[Any, list[str]]


def check(collection: Collection) -> None:
    """Write, read, change and clear values, and take their fields away.

    Args:
        collection: any; nothing is done where things have no values.
    """
    fields = fields_of(collection)
    if fields is None or KEY not in shapes.properties(collection.schema("create")):
        return
    types = [name for name in domain.creatable(fields) if name in (*_PLAIN, *_CHOICES, "multiselect")]
    made = [model for _, _, model in drafting.accepted(fields, domain.new_fields(types, "value"))]
    wishes = {model["id"]: wish for model in made if (wish := _wishes(model)) is not None}
    things = drafting.drafts(collection, 2, "valued")
    things[0][KEY] = [{"field_id": id_, "values": first} for id_, (first, _) in wishes.items()]
    created = drafting.accepted(collection, things) if wishes else []
    if len(created) == len(things):
        holder, bystander = (model["id"] for _, _, model in created)
        held = {model["id"]: _texts(model, wishes[model["id"]][0]) for model in made if model["id"] in wishes}
        _expect(collection, holder, held, [created[0][0]], "create")
        _expect(collection, bystander, {}, [created[-1][0]], "create")
        _changes(collection, {model["id"]: model for model in made}, wishes, holder, held)
        _expect(collection, bystander, {}, collection.script.calls[-1:], "update")
        _drop(collection, fields, holder, held)
    for model in made:
        fields.delete(model["id"])


def fields_of(collection: Collection) -> Collection | None:
    """Return the fields of a collection's things: under its path, else beside it under the same parent."""
    path = collection.resource.path
    for home in (path, path.rpartition("/")[0]):
        for resource in resources(collection.script.contract).values():
            whole = {"list", "create", "get", "update", "delete"} <= set(resource.operations)
            if resource.path == f"{home}/custom_fields" and whole:
                return Collection(collection.script, resource, dict(collection.parameters))
    return None


def _wishes(model: Model) -> tuple[list[Any], list[Any]] | None:
    """Two lists of values for a field, as they are written."""
    options, kind = _options(model), str(model.get("type"))
    if kind in _PLAIN:
        return ([{"value": _PLAIN[kind][0]}], [{"value": _PLAIN[kind][1]}])
    if kind in _CHOICES and len(options) > 1:
        return ([{"enum_id": options[0]["id"]}], [{"value": options[-1]["value"]}])
    if kind == "multiselect" and len(options) > 1:
        return ([{"enum_id": one["id"]} for one in options], [{"enum_id": options[-1]["id"]}])
    return None


def _options(model: Model) -> list[Model]:
    return entries(model.get("enums")) or entries(model.get("nested"))


def _texts(model: Model, values: list[Any]) -> list[str]:
    """What a read tells of written values: options by their text, all else as it was sent."""
    names = {option["id"]: option.get("value") for option in _options(model)}
    return [str(names.get(value.get("enum_id"), value.get("value"))) for value in values]


def _changes(
    collection: Collection,
    models: Mapping[Any, Model],
    wishes: Mapping[Any, tuple[list[Any], list[Any]]],
    holder: Any,
    held: Held,
) -> None:
    """Change every value alone, all at once in a batch, and clear one; the others stay as they are."""
    script = collection.script
    for id_, (_, second) in wishes.items() if collection.has("update") else ():
        body = {KEY: [{"field_id": id_, "values": second}]}
        exchange = collection.update(holder, body)
        if not exchange.accepted:
            message = (
                f"values of a {models[id_]['type']} field were refused: {exchange} {exchange.body[:200]!r}"
            )
            cause = f"values of {models[id_]['type']}"
            script.fail("refuses-valid", collection.op("update"), cause, message, [exchange])
            continue
        held[id_] = _texts(models[id_], second)
        _expect(collection, holder, held, [exchange], "update")
    if collection.has("update_batch"):
        values = [{"field_id": id_, "values": first} for id_, (first, _) in wishes.items()]
        exchange = collection.update_batch([{"id": holder, KEY: values}])
        if exchange.accepted:
            held |= {id_: _texts(models[id_], first) for id_, (first, _) in wishes.items()}
        _expect(collection, holder, held, [exchange], "update_batch")
    cleared = next(iter(wishes))
    body = {KEY: [{"field_id": cleared, "values": None}]}
    if collection.has("update") and collection.valid("update", body):
        exchange = collection.update(holder, body)
        if exchange.accepted:
            del held[cleared]
        _expect(collection, holder, held, [exchange], "update")


def _drop(collection: Collection, fields: Collection, holder: Any, held: Held) -> None:
    """A field that is deleted takes its values along, and no others."""
    for id_ in list(held)[-1:]:
        exchange = fields.delete(id_)
        if exchange.accepted:
            del held[id_]
            _expect(collection, holder, held, [exchange], "get")


def _expect(collection: Collection, id_: Any, held: Held, calls: list[Exchange], verb: str) -> None:
    """Compare the values of a thing, read alone and in the list, with what it should hold."""
    if not collection.has("get"):
        return
    listing = collection.read()
    alone = collection.get(id_)
    listed = listing.by_id().get(id_, {})
    for where, model, read in (
        ("alone", alone.answer, [alone]),
        ("in the list", listed, listing.calls),
    ):
        got = {
            entry.get("field_id"): [str(value.get("value")) for value in entries(entry.get("values"))]
            for entry in entries(model.get(KEY) if isinstance(model, dict) else None)
        }
        if got != held:
            message = f"values of {id_}, read {where}, should be {held} and are {got}"
            cause = f"values {where}"
            collection.script.fail(
                "read-after-write",
                collection.op(verb),
                cause,
                message,
                [*calls, *read],
                expected=held,
                got=got,
            )
