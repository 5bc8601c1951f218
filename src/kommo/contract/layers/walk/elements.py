"""The life of list elements (v2): values of every kind of field, search, update, delete."""

from __future__ import annotations

from typing import Any

from kommo.contract import domain
from kommo.contract.checks.echo import embedded, entries, same
from kommo.contract.checks.echo_v2 import failures
from kommo.contract.collection import Collection, difference, paired
from kommo.contract.layers.walk import paging, versions
from kommo.contract.session import Script
from kommo.contract.shapes import PREFIX, TRICKY

#: More than any page the vendor is known to cut a list into (50).
_MANY = 53
_FEW = 20


def walk(script: Script) -> None:
    """Walk through the elements of a list of its own."""
    catalog_id = domain.make_catalog(script, "elements")
    other_id = domain.make_catalog(script, "other elements")
    items, others = domain.elements(script, catalog_id), domain.elements(script, other_id)
    items.read_page()
    others.write(add=[{"catalog_id": other_id, "name": f"{PREFIX} stranger"}])
    strangers = others.read().by_id()
    sent = [
        {
            "catalog_id": catalog_id,
            "name": f"{PREFIX} Pencil ü {number}{_tricky(number)}",
            "request_id": 900 - number,
        }
        for number in range(_FEW if script.session.options.gentle else _MANY)
    ]
    creation = items.write(add=sent)
    made = embedded(creation.answer, "items")
    if len(made) != len(sent):
        message = f"{len(sent)} elements were sent, {len(made)} are answered: {creation}"
        script.fail("refuses-valid", items.op("write"), "elements", message, [creation])
        return
    ids = [item.get("id") for item in made]
    listing = items.read()
    by_id = listing.by_id()
    calls = [creation, *listing.calls]
    lost = [id_ for id_ in ids if id_ not in by_id]
    if lost:
        message = f"{len(lost)} of {len(ids)} added elements are not in the list: {lost[:5]}"
        script.fail("list-contains", items.op("list"), "a created item is missing", message, calls)
    if set(by_id) - set(ids):
        message = f"the new list holds elements nobody added: {sorted(map(repr, set(by_id) - set(ids)))[:5]}"
        script.fail("leak", items.op("list"), "elements of another list", message, calls)
    for item, id_ in zip(sent, ids, strict=True):
        model = by_id.get(id_, {})
        for key in ("name", "catalog_id"):
            if key in model and not same(item[key], model[key]):
                message = f"{key} of element {id_} was sent as {item[key]!r} and is {model[key]!r}"
                script.fail("read-after-write", items.op("write"), key, message, calls)
    paging.check(items)
    _search(items, ids, other_id)
    _values(script, items, catalog_id, ids[0])
    _update(items, ids)
    _failures(items, catalog_id, ids)
    after = others.read().by_id()
    if after != strangers:
        message = (
            f"writes to list {catalog_id} changed the elements of list {other_id}: {strangers} became {after}"
        )
        script.fail(
            "isolation", items.op("write"), "elements of another list changed", message, script.calls[-1:]
        )
    deletion = items.write(delete=ids[:2])
    left = items.read()
    if not deletion.accepted or set(left.by_id()) != set(ids[2:]):
        still = [id_ for id_ in ids[:2] if id_ in left.by_id()]
        message = f"after deleting {ids[:2]} ({deletion.status}) {still} are left and {len(left.items)} elements remain"
        script.fail(
            "deleted-stays-deleted", items.op("list"), "in the list", message, [deletion, *left.calls]
        )
    if items.declares("id") and items.items(items.read_page(("id", ids[0]))):
        message = f"the deleted element {ids[0]} is found by its id"
        script.fail(
            "deleted-stays-deleted", items.op("list"), "found by id", message, [deletion, script.calls[-1]]
        )
    domain.catalogs(script).write(delete=[catalog_id, other_id])


def _tricky(number: int) -> str:
    return f" {TRICKY[number % len(TRICKY)]}" if number < len(TRICKY) else ""


def _search(items: Collection, ids: list[Any], other_id: int) -> None:
    script = items.script
    if items.declares("id"):
        exchange = items.read_page(("id", ids[3]))
        got = [item.get("id") for item in items.items(exchange)]
        if got != [ids[3]]:
            script.fail("filter", items.op("list"), "id", f"id={ids[3]} answers {got}", [exchange])
        foreign = script.call(items.op("list"), query=[("catalog_id", other_id), ("id", ids[3])])
        if items.items(foreign):
            message = f"element {ids[3]} is found in list {other_id}, to which it does not belong"
            script.fail("leak", items.op("list"), "found in another list", message, [foreign])
    if items.declares("term"):
        exchange = items.read_page(("term", "Pencil ü 17"))
        got = [item.get("id") for item in items.items(exchange)]
        if got != [ids[17]]:
            script.fail(
                "filter",
                items.op("list"),
                "term",
                f"term='Pencil ü 17' answers {got}; expected [{ids[17]}]",
                [exchange],
            )
        nothing = items.read_page(("term", "no element is called this"))
        if items.items(nothing):
            script.fail(
                "filter",
                items.op("list"),
                "term without hits",
                "a term without hits answers elements",
                [nothing],
            )


def _sample(field: dict[str, Any]) -> tuple[list[Any], list[str]] | None:
    """Return values to write for a field and the texts to read back."""
    options = entries(field.get("enums")) or entries(field.get("nested"))
    match field.get("type"):
        case "text" | "textarea" | "streetaddress":
            return [{"value": "long text ✓"}], ["long text ✓"]
        case "url":
            return [{"value": "https://example.com/?a=1"}], ["https://example.com/?a=1"]
        case "checkbox":
            return [{"value": "1"}], ["1"]
        case "numeric" | "price":
            return [{"value": "416"}], ["416"]
        case "select" | "radiobutton" | "category" if options:
            return [{"value": options[-1]["value"], "enum": str(options[-1]["id"])}], [options[-1]["value"]]
        case "multiselect" if options:
            return [str(option["id"]) for option in options], [option["value"] for option in options]
        case _:
            return None


def _values(script: Script, items: Collection, catalog_id: int, element_id: Any) -> None:
    """Values of the fields of a list are written with an element and read back; fields that were not sent stay."""
    fields = domain.fields(script, "catalogs", catalog_id)
    if not fields.has("create"):
        return
    sent = domain.new_fields(domain.creatable(fields), "value")
    creation = fields.create(sent)
    models = [model for model in paired(fields, creation, sent) if model and "id" in model]
    samples = {model["id"]: sample for model in models if (sample := _sample(model)) is not None}
    if not samples:
        return
    body = [{"id": id_, "values": values} for id_, (values, _) in samples.items()]
    added = items.write(add=[{"catalog_id": catalog_id, "name": f"{PREFIX} valued", "custom_fields": body}])
    made = embedded(added.answer, "items")
    if not made or failures(added.answer):
        message = f"an element with a value for every field was not added: {added} {added.body[:300]!r}"
        script.fail("refuses-valid", items.op("write"), "values", message, [creation, added])
        return
    id_ = made[0].get("id")
    wanted = {field_id: texts for field_id, (_, texts) in samples.items()}
    _read_values(items, id_, wanted, [creation, added])
    one = next(iter(samples))
    changed = items.write(
        update=[{**_stamp(items, id_), "custom_fields": [{"id": one, "values": [{"value": "changed"}]}]}]
    )
    if not changed.accepted or failures(changed.answer):
        message = f"one value could not be changed: {changed} {changed.body[:300]!r}"
        script.fail("refuses-valid", items.op("write"), "one value", message, [creation, added, changed])
        return
    _read_values(items, id_, {**wanted, one: ["changed"]}, [creation, added, changed])
    versions.check(items, "catalog_elements", {"catalog_id": catalog_id})
    dropped = fields.delete(one)
    _read_values(
        items, id_, {key: texts for key, texts in wanted.items() if key != one}, [creation, added, dropped]
    )
    items.write(delete=[id_])
    before = items.read().by_id().get(element_id, {})
    if before.get("custom_fields"):
        message = f"element {element_id} has values it was never given: {before['custom_fields']}"
        script.fail("isolation", items.op("write"), "values of another element", message, [added])


def _read_values(items: Collection, id_: Any, wanted: dict[Any, list[str]], calls: list[Any]) -> None:
    listing = items.read()
    model = listing.by_id().get(id_, {})
    got = {
        int(field["id"]): [str(value.get("value")) for value in entries(field.get("values"))]
        for field in entries(model.get("custom_fields"))
        if str(field.get("id")).isdigit()
    }
    if got != wanted:
        message = f"values of element {id_} were written as {wanted} and are read as {got}"
        keys = sorted(str(key) for key in {*wanted, *got} if wanted.get(key) != got.get(key))
        cause = "values lost" if len(got) < len(wanted) else "values differ"
        items.script.fail(
            "read-after-write",
            items.op("write"),
            cause,
            f"{message} (fields {', '.join(keys)})",
            [*calls, *listing.calls],
            expected=wanted,
            got=got,
        )


def _stamp(items: Collection, id_: Any) -> dict[str, Any]:
    """The keys that name an element in an update; `updated_at` must lie behind the stored one."""
    model = items.read().by_id().get(id_, {})
    stored = model.get("updated_at")
    return {"id": id_, "updated_at": (stored if isinstance(stored, int) else 2_000_000_000) + 5}


def _update(items: Collection, ids: list[Any]) -> None:
    script = items.script
    before = items.read().by_id()
    stamp = _stamp(items, ids[1])
    exchange = items.write(update=[{**stamp, "name": f"{PREFIX} renamed ✓"}])
    if not exchange.accepted or failures(exchange.answer):
        message = f"an element could not be renamed: {exchange} {exchange.body[:300]!r}"
        script.fail("refuses-valid", items.op("write"), "name", message, [exchange])
        return
    listing = items.read()
    after = listing.by_id()
    wanted = {**before.get(ids[1], {}), "name": f"{PREFIX} renamed ✓", "updated_at": stamp["updated_at"]}
    for id_ in before:
        expected = wanted if id_ == ids[1] else before[id_]
        got = dict(after.get(id_, {}))
        if id_ == ids[1]:
            expected = {**expected, "updated_by": got.get("updated_by")}
        if got != expected:
            check = "read-after-write" if id_ == ids[1] else "isolation"
            message = f"element {id_} after an update of {ids[1]}: {difference(expected, got)}"
            script.fail(check, items.op("write"), "update", message, [exchange, *listing.calls])
    stale = items.write(
        update=[{"id": ids[1], "updated_at": stamp["updated_at"] - 4, "name": f"{PREFIX} stale"}]
    )
    name = items.read().by_id().get(ids[1], {}).get("name")
    if name != f"{PREFIX} renamed ✓" or (stale.accepted and not failures(stale.answer)):
        message = f"an update older than the stored one was carried out: {stale}, the name is {name!r}"
        script.fail("accepts-invalid", items.op("write"), "stale updated_at", message, [exchange, stale])


def _failures(items: Collection, catalog_id: int, ids: list[Any]) -> None:
    script = items.script
    exchange = items.write(
        add=[
            {"catalog_id": catalog_id, "name": f"{PREFIX} good"},
            {"catalog_id": 2**40, "name": f"{PREFIX} nowhere"},
        ]
    )
    listing = items.read()
    new = [id_ for id_ in listing.by_id() if id_ not in ids]
    if exchange.accepted and failures(exchange.answer) != 1:
        message = f"an element of an unknown list was answered {exchange.status} without naming its failure"
        script.fail("accepts-invalid", items.op("write"), "unknown list", message, [exchange])
    if len(new) != (1 if exchange.accepted else 0):
        message = f"a request with one good and one bad element ({exchange.status}) added {len(new)} elements"
        script.fail(
            "atomicity", items.op("write"), "a bad element in a request", message, [exchange, *listing.calls]
        )
    for id_ in new:
        items.write(delete=[id_])
    unknown = items.write(update=[{"id": 2**40 + 9, "updated_at": 2_000_000_000, "name": "x"}])
    if unknown.accepted and failures(unknown.answer) != 1:
        message = f"an update of an unknown element was answered {unknown.status} without naming its failure"
        script.fail("accepts-invalid", items.op("write"), "unknown id", message, [unknown])
    deletion = items.write(delete=[2**40 + 9])
    if deletion.accepted and failures(deletion.answer) != 1 and embedded(deletion.answer, "items"):
        message = "deleting an unknown element is answered as done"
        script.fail("accepts-invalid", items.op("write"), "delete of an unknown id", message, [deletion])
