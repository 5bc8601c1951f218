"""The life of custom fields: made, read in every place, changed alone and in a batch, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kommo.contract import domain
from kommo.contract.checks.echo import entries
from kommo.contract.domain import PREFIX, Collection, core, difference, paired
from kommo.contract.exchange import Exchange
from kommo.contract.layers.walk import paging
from kommo.contract.session import Script

Model = dict[str, Any]


def walk(script: Script, entity: str) -> None:
    """Walk through the fields of one entity."""
    catalog_id = domain.make_catalog(script, f"list for {entity}") if entity == "catalogs" else None
    collection = domain.fields(script, entity, catalog_id)
    _empty_or_whole(collection)
    before = collection.read()
    sent = domain.new_fields(domain.creatable(collection), entity)
    made = _create(collection, sent)
    if not made:
        return
    _present(collection, made, before.by_id())
    _entity_type(collection, made, entity)
    paging.check(collection)
    filters(collection, made)
    _update_one(collection, made[0])
    _update_batch(collection, made)
    _options(collection, made)
    _tree(collection, made)
    _one_of_each_key(collection, made[0], entity)
    _single(collection)
    _refusals(collection, made)
    _delete(collection, made)
    _unknown(collection, made)
    if catalog_id is not None:
        domain.catalogs(script).write(delete=[catalog_id])


def _empty_or_whole(collection: Collection) -> None:
    """Read the list before anything is in it, and a page far behind its end."""
    collection.read_page()
    if collection.declares("page"):
        collection.page(4000, 250)


def _create(collection: Collection, sent: Sequence[Model]) -> list[Model]:
    script, operation = collection.script, collection.op("create")
    exchange = collection.create(list(sent))
    if not exchange.accepted:
        message = f"a batch of one field per type was refused: {exchange.status} {exchange.body[:300]!r}"
        script.fail("refuses-valid", operation, "one field per type", message, [exchange])
        # The rest of the walk needs fields: try them one by one.
        made = []
        for item in sent:
            single = collection.create([item])
            made += [model for model in paired(collection, single, [item]) if model and "id" in model]
        return made
    made = [model for model in paired(collection, exchange, sent) if model and "id" in model]
    if len({repr(model["id"]) for model in made}) < len(made):
        script.fail("echo", operation, "ids repeat", "two created fields were given the same id", [exchange])
    for item, model in zip(sent, made, strict=False):
        for key in ("enums", "nested"):
            if key in item and not entries(model.get(key)):
                message = (
                    f"{key} of the {item['type']} field were sent and are answered as {model.get(key)!r}"
                )
                script.fail("echo", operation, key, message, [exchange])
    return made


def expect_same(
    collection: Collection,
    exchange: Exchange,
    got: Any,
    wanted: Model,
    calls: Sequence[Exchange],
    check: str,
    what: str,
) -> None:
    """Report when a model is not what another answer said it is."""
    if not isinstance(got, dict):
        message = f"{what}: {exchange} does not answer field {wanted.get('id')}"
        collection.script.fail(
            check, exchange.operation or "", what, message, calls, expected=wanted, got=exchange.status
        )
    elif core(got) != core(wanted):
        keys = sorted(
            key for key in {*core(got), *core(wanted)} if core(got).get(key) != core(wanted).get(key)
        )
        message = f"{what}: {difference(core(wanted), core(got))}"
        collection.script.fail(
            check,
            exchange.operation or "",
            f"{what}: {', '.join(keys)}",
            message,
            calls,
            expected=core(wanted),
            got=core(got),
        )


def _present(collection: Collection, made: Sequence[Model], before: dict[Any, Model]) -> None:
    """What was created is read back, one by one and in the list, and nothing else changed."""
    script = collection.script
    creation = script.calls[-1]
    for model in made:
        exchange = collection.get(model["id"])
        got = exchange.answer if exchange.accepted else None
        expect_same(collection, exchange, got, model, [creation, exchange], "read-after-write", "read back")
    listing = collection.read()
    by_id = listing.by_id()
    for model in made:
        if model["id"] not in by_id:
            message = f"the created field {model['id']} is not in the list"
            script.fail(
                "list-contains",
                collection.op("list"),
                "a created item is missing",
                message,
                [creation, *listing.calls],
            )
        else:
            expect_same(
                collection,
                listing.calls[-1],
                by_id[model["id"]],
                model,
                [creation, *listing.calls],
                "list-contains",
                "in the list",
            )
    for id_, model in before.items():
        if by_id.get(id_) != model:
            message = f"creating fields changed field {id_}: {difference(model, by_id.get(id_, {}))}"
            script.fail(
                "isolation",
                collection.op("create"),
                "another item changed",
                message,
                [creation, *listing.calls],
            )
    extra = set(map(repr, by_id)) - set(map(repr, before)) - {repr(model["id"]) for model in made}
    if extra:
        message = f"the list holds fields nobody created: {sorted(extra)[:5]}"
        script.fail(
            "list-contains",
            collection.op("list"),
            "items nobody created",
            message,
            [creation, *listing.calls],
        )
    reused = [model["id"] for model in made if model["id"] in before]
    if reused:
        message = f"creation gave ids that were taken: {reused[:5]}"
        script.fail("isolation", collection.op("create"), "ids that were taken", message, [creation])


def _entity_type(collection: Collection, made: Sequence[Model], entity: str) -> None:
    wanted = "segments" if entity == "customers_segments" else entity
    for model in made:
        for key, value in (("entity_type", wanted), ("catalog_id", collection.parameters.get("catalog_id"))):
            if value is not None and key in model and model[key] != value:
                message = f"{key} of field {model['id']} is {model[key]!r}; expected {value!r}"
                collection.script.fail(
                    "entity", collection.op("create"), key, message, collection.script.calls[-1:]
                )


def filters(collection: Collection, made: Sequence[Model]) -> None:
    """The declared filters and orders of the list do what they say."""
    script, operation = collection.script, collection.op("list")
    declared = script.contract.operations[operation].paging
    for name in declared:
        if name.startswith("filter[type]"):
            wanted = made[-1]["type"]
            exchange = collection.read_page(
                (name if name != "filter[type]" else "filter[type][0]", wanted), ("limit", 250)
            )
            others = sorted({str(item.get("type")) for item in collection.items(exchange)} - {wanted})
            ids = [item.get("id") for item in collection.items(exchange)]
            if exchange.accepted and (others or made[-1]["id"] not in ids):
                message = (
                    f"{name}={wanted} answers types {others or 'nothing'}; field {made[-1]['id']} expected"
                )
                script.fail("filter", operation, name, message, [exchange])
        for key in ("id", "sort"):
            if name == f"order[{key}]":
                for direction in ("asc", "desc"):
                    exchange = collection.read_page((name, direction), ("limit", 250))
                    values = [item.get(key) for item in collection.items(exchange)]
                    if all(isinstance(value, int) for value in values):
                        ordered = sorted(values, key=lambda value: value if isinstance(value, int) else 0)
                        if values != (ordered if direction == "asc" else ordered[::-1]):
                            message = f"{name}={direction} answers {key} in the order {values}"
                            script.fail("order", operation, f"{name}={direction}", message, [exchange])


def _changed(
    collection: Collection, write: Exchange, before: dict[Any, Model], expected: dict[Any, Model], verb: str
) -> None:
    """After a write the list is what it was but for the expected changes, and each changed item reads back."""
    script = collection.script
    listing = collection.read()
    after = listing.by_id()
    for id_ in sorted({*before, *after}, key=repr):
        wanted = expected.get(id_, before.get(id_))
        if wanted is None:
            continue
        got = after.get(id_)
        if got != wanted:
            meant = id_ in expected
            check, cause = (
                ("read-after-write", "not what was written")
                if meant
                else ("isolation", "another item changed")
            )
            message = f"{cause}: item {id_} after {write}: {difference(wanted, got or {})}"
            keys = sorted(key for key in {*wanted, *(got or {})} if wanted.get(key) != (got or {}).get(key))
            script.fail(
                check,
                collection.op(verb),
                f"{cause}: {', '.join(keys)}",
                message,
                [write, *listing.calls],
                expected=wanted,
                got=got,
            )
    for id_ in expected:
        exchange = collection.get(id_)
        got_one = core(exchange.answer) if exchange.accepted and isinstance(exchange.answer, dict) else None
        if got_one != expected[id_]:
            message = f"item {id_} read alone after {write}: {difference(expected[id_], got_one or {})}"
            script.fail("read-after-write", collection.op(verb), "read alone", message, [write, exchange])


def _update_one(collection: Collection, model: Model) -> None:
    script = collection.script
    before = collection.read().by_id()
    if model["id"] not in before:
        return
    change = {"name": f"{PREFIX} renamed ✓", "sort": 611, "request_id": "one1"}
    exchange = collection.update(model["id"], change)
    if not exchange.accepted:
        script.fail(
            "refuses-valid", collection.op("update"), "name and sort", f"refused: {exchange}", [exchange]
        )
        return
    _changed(
        collection,
        exchange,
        before,
        {model["id"]: {**before[model["id"]], "name": change["name"], "sort": 611}},
        "update",
    )
    if isinstance(exchange.answer, dict) and exchange.answer.get("id", model["id"]) != model["id"]:
        message = f"PATCH of field {model['id']} answers field {exchange.answer.get('id')}"
        script.fail("echo", collection.op("update"), "another id", message, [exchange])


def _update_batch(collection: Collection, made: Sequence[Model]) -> None:
    script = collection.script
    before = collection.read().by_id()
    chosen = [model for model in made if model["id"] in before][:3]
    if len(chosen) < 2:
        return
    changes: list[Model] = [
        {"id": model["id"], "name": f"{PREFIX} batch {index}"} for index, model in enumerate(chosen)
    ]
    changes[-1] = {"id": chosen[-1]["id"], "sort": 9}
    changes[0]["request_id"] = "b9"
    exchange = collection.update_batch(changes)
    if not exchange.accepted:
        script.fail(
            "refuses-valid",
            collection.op("update_batch"),
            "names and sort",
            f"refused: {exchange}",
            [exchange],
        )
        return
    answered = [item.get("id") for item in collection.items(exchange)]
    if answered != [change["id"] for change in changes]:
        message = f"the answer holds the ids {answered}; sent were {[change['id'] for change in changes]}"
        script.fail("echo", collection.op("update_batch"), "ids", message, [exchange])
    expected = {
        change["id"]: {
            **before[change["id"]],
            **{key: value for key, value in change.items() if key in ("name", "sort")},
        }
        for change in changes
    }
    _changed(collection, exchange, before, expected, "update_batch")


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


def _tree(collection: Collection, made: Sequence[Model]) -> None:
    """A tree sent again with its ids and one more leaf keeps its ids and parents."""
    script = collection.script
    field = next((model for model in made if model.get("type") == "category"), None)
    if field is None:
        return
    nodes = entries(field.get("nested"))
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


def _one_of_each_key(collection: Collection, model: Model, entity: str) -> None:
    """Every key that the contract lets a PATCH set is stored, alone, and touches no other key."""
    operation = collection.script.contract.operations[collection.op("update")]
    values: dict[str, Any] = {"code": f"KC_{entity}_{model['id']}".upper(), "sort": 17}
    if entity == "catalogs":
        values |= {"is_required": True, "is_visible": False}
    elif entity != "customers_segments":
        values |= {"is_api_only": True}
    for key, value in values.items():
        before = collection.read().by_id()
        current = before.get(model["id"])
        if (
            current is None
            or not collection.script.contract.valid_request(operation, {key: value})
            or key not in current
        ):
            continue
        exchange = collection.update(model["id"], {key: value})
        if exchange.accepted:
            _changed(collection, exchange, before, {model["id"]: {**current, key: value}}, "update")
        else:
            message = f"{key}={value!r} was refused: {exchange}"
            collection.script.fail("refuses-valid", collection.op("update"), key, message, [exchange])


def _single(collection: Collection) -> None:
    """A bare object in place of the array, where the contract offers it, makes one field and answers it bare."""
    script = collection.script
    operation = script.contract.operations[collection.op("create")]
    body = {"name": f"{PREFIX} single", "type": "text"}
    if not script.contract.valid_request(operation, body):
        return
    exchange = collection.create(body)
    model = exchange.answer if exchange.accepted else None
    if not isinstance(model, dict) or "id" not in model:
        message = f"a single object was not created: {exchange}"
        script.fail("refuses-valid", operation.id, "a single object", message, [exchange])
        return
    read = collection.get(model["id"])
    expect_same(
        collection, read, read.answer, model, [exchange, read], "read-after-write", "single object read back"
    )
    collection.delete(model["id"])


def _refusals(collection: Collection, made: Sequence[Model]) -> None:
    """A batch with one bad item is refused as a whole."""
    script = collection.script
    before = collection.read().by_id()
    good = {"name": f"{PREFIX} half", "type": "text"}
    attempts = [
        ("create", collection.create([good, {"type": "text"}])),
        ("create", collection.create([good, {**good, "type": "no_such_type"}])),
        (
            "update_batch",
            collection.update_batch(
                [{"id": made[0]["id"], "name": f"{PREFIX} half"}, {"id": 2**40, "name": "x"}]
            ),
        ),
    ]
    after = collection.read()
    for verb, exchange in attempts:
        if exchange.accepted:
            message = f"a batch with a bad item was accepted: {exchange}"
            script.fail("accepts-invalid", collection.op(verb), "a bad item in a batch", message, [exchange])
    if after.by_id() != before:
        changed = [id_ for id_ in {*before, *after.by_id()} if before.get(id_) != after.by_id().get(id_)]
        message = f"refused batches changed or created the fields {changed[:5]}"
        script.fail(
            "atomicity",
            collection.op("create"),
            "a refused batch left traces",
            message,
            [e for _, e in attempts],
        )


def _delete(collection: Collection, made: Sequence[Model]) -> None:
    script = collection.script
    for number, model in enumerate(made):
        before = collection.read().by_id() if number < 3 else {}
        exchange = collection.delete(model["id"])
        if not exchange.accepted:
            message = f"field {model['id']} could not be deleted: {exchange}"
            script.fail("refuses-valid", collection.op("delete"), "delete", message, [exchange])
            continue
        gone(collection, model["id"], exchange)
        if before:
            after = collection.read().by_id()
            wanted = {id_: kept for id_, kept in before.items() if id_ != model["id"]}
            if after != wanted:
                others = [id_ for id_ in {*wanted, *after} if wanted.get(id_) != after.get(id_)]
                message = f"deleting field {model['id']} changed the fields {others[:5]}"
                script.fail("isolation", collection.op("delete"), "another item changed", message, [exchange])
    left = [model["id"] for model in made if model["id"] in collection.read().by_id()]
    if left:
        message = f"the list still holds the deleted fields {left[:5]}"
        script.fail("deleted-stays-deleted", collection.op("list"), "in the list", message, script.calls[-1:])
    fresh = collection.create([{"name": f"{PREFIX} last", "type": "text"}])
    for model in collection.items(fresh):
        if model.get("id") in {item["id"] for item in made}:
            message = f"a new field was given the id {model.get('id')} of a deleted one"
            script.fail("isolation", collection.op("create"), "an id used again", message, [fresh])
        collection.delete(model.get("id"))


def gone(collection: Collection, id_: Any, deletion: Exchange) -> None:
    """Check that nothing can be done any more with what was deleted."""
    script = collection.script
    attempts = [
        ("get", collection.get(id_)),
        ("update", collection.update(id_, {"name": "x"})),
        ("delete", collection.delete(id_)),
    ]
    for verb, exchange in attempts:
        # Unknown things may be answered as "nothing here" (204 without a body) where the contract says so.
        empty = verb == "get" and exchange.status == 204
        if exchange.accepted and not empty:
            message = f"{verb} of the deleted {id_} was answered {exchange.status}"
            script.fail("deleted-stays-deleted", collection.op(verb), verb, message, [deletion, exchange])


def _unknown(collection: Collection, made: Sequence[Model]) -> None:
    """Ids that never existed are answered 404 (or as empty), not as somebody else's field."""
    for verb, exchange in (
        ("get", collection.get(2**40 + 7)),
        ("update", collection.update(2**40 + 7, {"name": "x"})),
        ("delete", collection.delete(2**40 + 7)),
    ):
        if exchange.accepted and not (verb == "get" and exchange.status == 204):
            message = f"{verb} of an id that never existed was answered {exchange.status}"
            collection.script.fail("unknown-id", collection.op(verb), verb, message, [exchange])


def leaks(script: Script) -> None:
    """A field of one entity is not seen, changed or deleted through another one."""
    entities = [
        name for name in domain.ENTITIES if f"create_{name}_custom_fields" in script.contract.operations
    ]
    lists = (
        [domain.make_catalog(script, "leak one"), domain.make_catalog(script, "leak two")]
        if "catalogs" in entities
        else []
    )
    places = [domain.fields(script, name) for name in entities if name != "catalogs"]
    places += [domain.fields(script, "catalogs", id_) for id_ in lists]
    made: list[tuple[Collection, Exchange, Model]] = []
    for number, place in enumerate(places):
        exchange = place.create([{"name": f"{PREFIX} leak {number}", "type": "text"}])
        made += [(place, exchange, model) for model in place.items(exchange) if "id" in model]
    for place in places:
        listing = place.read()
        ids = {repr(item.get("id")): item for item in listing.items}
        for owner, creation, model in made:
            found = ids.get(repr(model["id"]))
            if found is None or owner is place:
                continue
            if str(found.get("name")) == str(model.get("name")):
                message = f"{owner.tag} {owner.parameters} {model['id']} is in {place.tag} {place.parameters}"
                script.fail("leak", place.op("list"), "in another list", message, [creation, *listing.calls])
        for owner, creation, model in made:
            if owner is place:
                continue
            read = place.get(model["id"])
            if (
                read.accepted
                and isinstance(read.answer, dict)
                and read.answer.get("name") == model.get("name")
            ):
                message = f"field {model['id']} of {owner.tag} is read through {place.tag}"
                script.fail("leak", place.op("get"), "read through another entity", message, [creation, read])
            if repr(model["id"]) in ids:
                continue  # the id names a thing of this place as well
            for verb, exchange in (
                ("update", place.update(model["id"], {"name": "leaked"})),
                ("delete", place.delete(model["id"])),
            ):
                if exchange.accepted:
                    message = f"{verb} of field {model['id']} of {owner.tag} was accepted through {place.tag}"
                    script.fail(
                        "leak",
                        place.op(verb),
                        f"{verb} through another entity",
                        message,
                        [creation, exchange],
                    )
    for owner, creation, model in made:
        read = owner.get(model["id"])
        if not read.accepted or not isinstance(read.answer, dict) or core(read.answer) != core(model):
            message = f"field {model['id']} of {owner.tag} changed by calls through other entities: {read}"
            script.fail("leak", owner.op("get"), "changed through another entity", message, [creation, read])
        owner.delete(model["id"])
    if lists:
        domain.catalogs(script).write(delete=lists)
