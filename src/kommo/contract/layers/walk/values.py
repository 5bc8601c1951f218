"""The values of fields: written with a thing, read with it, changed one by one, cleared, gone with their field.

Any collection whose things carry `custom_fields_values` and whose fields are a collection of the contract is looked
at; which types of fields there are is known from `domain.TYPES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from kommo.contract import domain, drafting, shapes
from kommo.contract.checks.echo import entries, same
from kommo.contract.collection import Collection, Model
from kommo.contract.exchange import Exchange
from kommo.contract.layers.walk import finding
from kommo.contract.resources import resources

KEY: Final = "custom_fields_values"

#: What is written into a field, by type, and what is written over it.
_PLAIN: Final[Mapping[str, tuple[Any, Any]]] = {
    "text": ("  padded ☕ 🦔 text  ", "other text"),
    "textarea": ("two\nlines", "three\nmore\nlines " + "ü" * 1000),
    "streetaddress": ("Main street 1", "Side street 2"),
    "url": ("https://example.com/Path?A=1&b=%20", "https://example.org/"),
    "numeric": ("416", "-0.5"),
    "price": ("12", "13"),
    "monetary": ("416.25", "-0.5"),
    "tracking_data": ("utm ☕ 1", "other"),
    "checkbox": (True, False),
    "date_time": (1_593_561_600, "2020-07-01T05:31:01+05:30"),
}
#: Values of more than one part, as they are written and written over.
_OBJECTS: Final[Mapping[str, tuple[list[Any], list[Any]]]] = {
    "smart_address": (
        [{"value": "Lyon", "enum_code": "city"}, {"value": "FR", "enum_code": "country"}],
        [{"value": "12 rue Ü", "enum_code": "address_line_1"}, {"value": "69001", "enum_code": "zip"}],
    ),
    "legal_entity": (
        [{"value": {"name": "One & sons", "entity_type": 2, "vat_id": "0123", "address": "Line 1\nLine 2"}}],
        [{"value": {"name": "Друг ☕", "entity_type": 1, "external_uid": "kc-1"}}],
    ),
    "items": (
        [
            {
                "value": {
                    "sku": "KC-1",
                    "description": "Pencil ☕",
                    "unit_price": 10.5,
                    "quantity": 2,
                    "unit_type": "pcs",
                    "discount": {"type": "percentage", "value": 10},
                    "vat_rate_id": 3,
                    "external_uid": "kc-1",
                }
            },
            {"value": {"description": "Paper", "unit_price": 3, "quantity": 0.5}},
        ],
        [{"value": {"description": "Ink", "unit_price": 7, "quantity": 1}}],
    ),
    "file": (
        [{"value": {"file_uuid": "kc-1", "version_uuid": "kc-2", "file_name": "Ü.pdf", "file_size": 1024}}],
        [{"value": {"file_uuid": "kc-3"}}],
    ),
    "payer": (
        [{"value": {"name": "One & sons", "vat_id": "0123", "type": "legal"}}],
        [{"value": {"name": "Друг ☕", "type": "individual"}}],
    ),
    "supplier": ([{"value": {"entity_id": 12}}], [{"value": {"entity_id": 13}}]),
}
#: Days, which are read as some moment of that day in the zone of the account.
_DAYS: Final[Mapping[str, tuple[int, int]]] = {
    "date": (1_593_561_661, -86_400 * 3650),
    "birthday": (486_864_000, 1_593_561_661),
}
_DAY: Final = 86_400
_CHOICES: Final = ("select", "radiobutton", "category")

_KNOWN: Final = (*_PLAIN, *_OBJECTS, *_DAYS, *_CHOICES, "multiselect", "multitext")

#: What a thing holds: the values by field, each with the parts that a read must tell.
Held = dict[Any, list[Model]]


def check(collection: Collection) -> None:
    """Write, read, change and clear values, and take their fields away.

    Args:
        collection: any; nothing is done where things have no values.
    """
    fields = fields_of(collection)
    if fields is None or KEY not in shapes.properties(collection.schema("create")):
        return
    types = [name for name in domain.creatable(fields) if name in _KNOWN]
    definitions = domain.new_fields(types, "value")
    for definition in definitions[:1]:
        definition["code"] = f"KC_{collection.tag}_VALUED".upper()
    made = [model for _, _, model in drafting.accepted(fields, definitions)]
    wishes = {model["id"]: wish for model in made if (wish := _wishes(model)) is not None}
    things = drafting.drafts(collection, 3, "valued")
    for place in (0, 1):
        things[place][KEY] = [{"field_id": id_, "values": wish[place]} for id_, wish in wishes.items()]
    created = drafting.accepted(collection, things) if wishes else []
    if len(created) == len(things):
        holder, other, bystander = (model["id"] for _, _, model in created)
        models = {model["id"]: model for model in made}
        held, others = (
            {id_: _told(models[id_], wish[place]) for id_, wish in wishes.items()} for place in (0, 1)
        )
        _expect(collection, holder, held, [created[0][0]], "create")
        _expect(collection, other, others, [created[1][0]], "create")
        _expect(collection, bystander, {}, [created[-1][0]], "create")
        keys = {id_: (_keys(held[id_]), _keys(others[id_])) for id_ in wishes}
        finding.check(
            collection, {id_: str(model["type"]) for id_, model in models.items()}, keys, holder, other
        )
        for id_, model in models.items():
            if model["type"] == "text" and id_ in held:
                finding.text(collection, held[id_][0]["value"].strip(), holder)
        _named(collection, models, holder)
        _changes(collection, models, wishes, holder, held)
        _by_code(collection, models, holder, held)
        _one_too_many(collection, models, holder)
        _expect(collection, other, others, collection.script.calls[-1:], "update")
        _expect(collection, bystander, {}, collection.script.calls[-1:], "update")
        _required(collection, fields, models, holder, held)
        _without_option(collection, fields, models, holder, held)
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
    if kind in _DAYS:
        return ([{"value": _DAYS[kind][0]}], [{"value": _DAYS[kind][1]}])
    if kind in _OBJECTS:
        return _OBJECTS[kind]
    coded = [option["code"] for option in options if isinstance(option.get("code"), str)]
    if kind == "multitext" and len(coded) > 1:
        first = [{"value": f"+7 {code}", "enum_code": code} for code in (coded[-1], coded[0], coded[-1])]
        return (first, [{"value": "kc@example.com", "enum_code": coded[-1]}])
    if kind in _CHOICES and len(options) > 1:
        return ([{"enum_id": options[0]["id"]}], [{"value": options[-1]["value"]}])
    if kind == "multiselect" and len(options) > 1:
        return ([{"enum_id": one["id"]} for one in options], [{"enum_id": options[-1]["id"]}])
    return None


def _options(model: Model) -> list[Model]:
    return entries(model.get("enums")) or entries(model.get("nested"))


def _told(model: Model, values: list[Any]) -> list[Model]:
    """What a read tells of written values: options by text and id, moments in seconds, all else as sent."""
    options = {option["id"]: option for option in _options(model)}
    by_text = {option.get("value"): option for option in options.values()}
    told: list[Model] = []
    for value in values:
        option = options.get(value.get("enum_id"))
        if option is None and model.get("type") in _CHOICES:
            option = by_text.get(value.get("value"))
        if option is not None:
            told.append({"value": option.get("value"), "enum_id": option["id"]})
        elif model.get("type") == "date_time" and isinstance(value["value"], str):
            told.append({"value": int(datetime.fromisoformat(value["value"]).timestamp())})
        elif model.get("type") in _DAYS:
            told.append({"day": value["value"]})
        else:
            told.append(value)
    return told


def _keys(told: list[Model]) -> list[Any]:
    """What a thing with such values is found by."""
    keys = [one.get("enum_id", one.get("value")) for one in told]
    return [int(key) if isinstance(key, bool) else key for key in keys]


def _tells(wanted: Any, got: Any) -> bool:
    """Say whether what is read has every part that it must have."""
    if isinstance(wanted, dict) and "day" in wanted:
        moment = got.get("value") if isinstance(got, dict) else None
        return isinstance(moment, int) and abs(moment - wanted["day"]) < _DAY
    if isinstance(wanted, dict):
        return isinstance(got, dict) and all(_tells(part, got.get(key)) for key, part in wanted.items())
    return same(wanted, got)


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
        held[id_] = _told(models[id_], second)
        _expect(collection, holder, held, [exchange], "update")
    if collection.has("update_batch"):
        values = [{"field_id": id_, "values": first} for id_, (first, _) in wishes.items()]
        exchange = collection.update_batch([{"id": holder, KEY: values}])
        if exchange.accepted:
            held |= {id_: _told(models[id_], first) for id_, (first, _) in wishes.items()}
        _expect(collection, holder, held, [exchange], "update_batch")
    cleared = next(iter(wishes))
    body = {KEY: [{"field_id": cleared, "values": None}]}
    if collection.has("update") and collection.valid("update", body):
        exchange = collection.update(holder, body)
        if exchange.accepted:
            del held[cleared]
        _expect(collection, holder, held, [exchange], "update")


def _named(collection: Collection, models: Mapping[Any, Model], holder: Any) -> None:
    """Values name the field that they are of as the field itself does."""
    if not collection.has("get"):
        return
    exchange = collection.get(holder)
    for entry in entries(exchange.answer.get(KEY)) if isinstance(exchange.answer, dict) else ():
        field = models.get(entry.get("field_id"), {})
        for key in ("name", "code", "type"):
            told = entry.get(f"field_{key}", field.get(key))
            if key in field and told != field[key]:
                message = f"field_{key} of the values of field {field['id']} is {told!r}; the field says {field[key]!r}"
                cause = f"field_{key} of values"
                collection.script.fail("read-after-write", collection.op("get"), cause, message, [exchange])


def _by_code(collection: Collection, models: Mapping[Any, Model], holder: Any, held: Held) -> None:
    """A field is named by its code as well as by its id."""
    coded = next((id_ for id_ in held if models[id_].get("code") and models[id_]["type"] == "text"), None)
    if coded is None or not collection.has("update"):
        return
    values = [{"value": "by code"}]
    exchange = collection.update(holder, {KEY: [{"field_code": models[coded]["code"], "values": values}]})
    if exchange.accepted:
        held[coded] = values
    _expect(collection, holder, held, [exchange], "update")


def _one_too_many(collection: Collection, models: Mapping[Any, Model], holder: Any) -> None:
    """A field with one value does not hold two, and an option that does not exist is not chosen."""
    plain = next((id_ for id_ in models if models[id_]["type"] == "url"), None)
    chosen = next((id_ for id_ in models if models[id_]["type"] == "select"), None)
    if not (collection.has("update") and collection.has("get")):
        return
    before = collection.get(holder)
    for id_, values, cause in (
        (plain, [{"value": "https://one.example/"}, {"value": "https://two.example/"}], "two values of one"),
        (chosen, [{"value": "no such option"}], "a value that is no option"),
    ):
        exchange = collection.update(holder, {KEY: [{"field_id": id_, "values": values}]}) if id_ else None
        if exchange is not None and exchange.accepted:
            message = f"{cause}: {values} was accepted for a {models[id_]['type']} field: {exchange}"
            calls = [before, exchange]
            collection.script.fail("accepts-invalid", collection.op("update"), cause, message, calls)


def _required(
    collection: Collection, fields: Collection, models: Mapping[Any, Model], holder: Any, held: Held
) -> None:
    """Nothing can be saved without a value of a field that is required."""
    field = next((id_ for id_ in held if models[id_].get("is_required") is False), None)
    if field is None or not collection.has("update"):
        return
    switched = fields.update(field, {"is_required": True})
    draft = drafting.drafts(collection, 1, "without")[:1]
    attempts = [
        ("create", collection.create(drafting.body(collection, draft))),
        ("update", collection.update(holder, {KEY: [{"field_id": field, "values": None}]})),
    ]
    for verb, exchange in attempts if switched.accepted else ():
        if exchange.accepted:
            message = f"{exchange}: saved without a value of field {field}, which is required"
            cause = f"{verb} without a required value"
            collection.script.fail(
                "accepts-invalid", collection.op(verb), cause, message, [switched, exchange]
            )
    fields.update(field, {"is_required": False})
    _expect(collection, holder, held, [attempts[1][1]], "update")


def _without_option(
    collection: Collection, fields: Collection, models: Mapping[Any, Model], holder: Any, held: Held
) -> None:
    """An option that is gone is no value any more; the others are, of this field and of all others."""
    for id_ in [id_ for id_ in held if models[id_]["type"] == "multiselect"]:
        options = _options(models[id_])
        if len(options) < 2 or len(held[id_]) < 2:
            continue
        exchange = fields.update(id_, {"enums": options[:1]})
        if exchange.accepted:
            held[id_] = [value for value in held[id_] if value["enum_id"] == options[0]["id"]]
            _expect(collection, holder, held, [exchange], "get")


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
            entry.get("field_id"): entries(entry.get("values"))
            for entry in entries(model.get(KEY) if isinstance(model, dict) else None)
        }
        wrong = [id_ for id_ in {*held, *got} if not _alike(held.get(id_, []), got.get(id_, []))]
        if wrong:
            wanted, found = ({key: values[key] for key in wrong if key in values} for values in (held, got))
            message = f"values of {id_}, read {where}, should be {wanted} and are {found}"
            cause = f"values {where}"
            collection.script.fail(
                "read-after-write",
                collection.op(verb),
                cause,
                message,
                [*calls, *read],
                expected=wanted,
                got=found,
            )


def _alike(wanted: list[Model], got: list[Model]) -> bool:
    return len(wanted) == len(got) and all(map(_tells, wanted, got))
