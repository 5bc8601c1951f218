"""The life of field groups: made, read, renamed, filled with fields, deleted; the fields outlive them."""

from __future__ import annotations

from typing import Any

from kommo.contract import domain
from kommo.contract.domain import PREFIX, core, difference, paired
from kommo.contract.layers.walk.fields import expect_same, gone
from kommo.contract.session import Script


def walk(script: Script, entity: str) -> None:
    """Walk through the groups of one entity."""
    groups = domain.groups(script, entity)
    before = groups.read().by_id()
    sent = [
        {"name": f"{PREFIX} group {n} ü", "sort": 30 + n, "request_id": f"g{n * 5 + 2}"} for n in range(3)
    ]
    creation = groups.create(sent)
    made = [model for model in paired(groups, creation, sent) if model and "id" in model]
    if len(made) < len(sent):
        message = f"three groups were sent, {len(made)} are answered: {creation}"
        script.fail("refuses-valid", groups.op("create"), "groups", message, [creation])
        return
    listing = groups.read()
    by_id = listing.by_id()
    for model in made:
        read = groups.get(model["id"])
        got = read.answer if read.accepted else None
        expect_same(groups, read, got, model, [creation, read], "read-after-write", "read back")
        if model["id"] in before or [item["id"] for item in made].count(model["id"]) > 1:
            script.fail(
                "isolation",
                groups.op("create"),
                "ids that were taken",
                f"id {model['id']} was taken",
                [creation],
            )
        if model["id"] not in by_id:
            message = f"the created group {model['id']} is not in the list"
            script.fail(
                "list-contains",
                groups.op("list"),
                "a created item is missing",
                message,
                [creation, *listing.calls],
            )
        else:
            expect_same(
                groups,
                listing.calls[-1],
                by_id[model["id"]],
                model,
                [creation, *listing.calls],
                "list-contains",
                "in the list",
            )
        if model.get("entity_type", entity) != entity:
            message = f"entity_type of group {model['id']} is {model['entity_type']!r}"
            script.fail("entity", groups.op("create"), "entity_type", message, [creation])
    for id_, model in before.items():
        if by_id.get(id_) != model:
            message = f"creating groups changed group {id_}: {difference(model, by_id.get(id_, {}))}"
            script.fail(
                "isolation", groups.op("create"), "another item changed", message, [creation, *listing.calls]
            )
    total = listing.calls[-1].answer
    if isinstance(total, dict) and total.get("_total_items", len(by_id)) != len(listing.items):
        message = f"_total_items is {total['_total_items']}, {len(listing.items)} groups are listed"
        script.fail("paging", groups.op("list"), "wrong _total_items", message, listing.calls)
    _update(script, entity, made)
    _fields(script, entity, made)
    _others(script, entity, made)
    _refusals(script, entity, before)
    for model in made:
        deletion = groups.delete(model["id"])
        if deletion.accepted:
            gone(groups, model["id"], deletion)
        else:
            message = f"group {model['id']} could not be deleted: {deletion}"
            script.fail("refuses-valid", groups.op("delete"), "delete", message, [deletion])
    after = groups.read()
    if after.by_id() != before:
        others = [id_ for id_ in {*before, *after.by_id()} if before.get(id_) != after.by_id().get(id_)]
        message = f"after all own groups were deleted the list differs in {others[:5]}"
        script.fail("deleted-stays-deleted", groups.op("list"), "in the list", message, after.calls)


def _update(script: Script, entity: str, made: list[dict[str, Any]]) -> None:
    groups = domain.groups(script, entity)
    changes: list[dict[str, Any]] = [
        {"name": f"{PREFIX} renamed ✓"},
        {"sort": 77},
        {"name": f"{PREFIX} both", "sort": 78},
    ]
    before = groups.read().by_id()
    for model, change in zip(made, changes, strict=True):
        exchange = groups.update(model["id"], change)
        if not exchange.accepted:
            script.fail(
                "refuses-valid", groups.op("update"), " and ".join(change), f"refused: {exchange}", [exchange]
            )
            continue
        before[model["id"]] = {**before.get(model["id"], core(model)), **change}
        listing = groups.read()
        after = listing.by_id()
        for id_, wanted in before.items():
            if after.get(id_) != wanted:
                check = "read-after-write" if id_ == model["id"] else "isolation"
                differs = difference(wanted, after.get(id_, {}))
                message = f"group {id_} after a PATCH of {model['id']} with {change}: {differs}"
                script.fail(
                    check, groups.op("update"), "not what was expected", message, [exchange, *listing.calls]
                )


def _fields(script: Script, entity: str, made: list[dict[str, Any]]) -> None:
    """A field goes where `group_id` or a group's `fields` says, and stays when its group is deleted."""
    groups, fields = domain.groups(script, entity), domain.fields(script, entity)
    if not fields.has("create"):
        return
    home = made[0]["id"]
    creation = fields.create([{"name": f"{PREFIX} grouped", "type": "text", "group_id": home}])
    model = next(iter(fields.items(creation)), None)
    if model is None or "id" not in model:
        script.fail("refuses-valid", fields.op("create"), "group_id", f"refused: {creation}", [creation])
        return

    def where(expected: Any, cause: str, call: Any) -> None:
        read = fields.get(model["id"])
        got = read.answer.get("group_id") if read.accepted and isinstance(read.answer, dict) else "no field"
        if got != expected:
            message = f"{cause}: group_id of field {model['id']} is {got!r}; expected {expected!r}"
            script.fail("groups", call.operation or "", cause, message, [creation, call, read])

    where(home, "created in a group", creation)
    holding = groups.get(home)
    listed = holding.answer.get("fields") if isinstance(holding.answer, dict) else None
    if isinstance(listed, list) and model["id"] not in listed:
        message = f"group {home} lists the fields {listed}, field {model['id']} is in it"
        script.fail("groups", groups.op("get"), "fields", message, [creation, holding])
    moved = fields.update(model["id"], {"group_id": made[1]["id"]})
    where(made[1]["id"], "moved by PATCH of the field", moved)
    operation = script.contract.operations[groups.op("update")]
    if script.contract.valid_request(operation, {"fields": [model["id"]]}):
        pulled = groups.update(made[2]["id"], {"fields": [model["id"]]})
        where(made[2]["id"], "moved by PATCH of the group", pulled)
    extra = groups.create([{"name": f"{PREFIX} short-lived", "sort": 1}])
    short = next(iter(groups.items(extra)), {}).get("id")
    if short is not None:
        fields.update(model["id"], {"group_id": short})
        deletion = groups.delete(short)
        read = fields.get(model["id"])
        got = read.answer.get("group_id") if read.accepted and isinstance(read.answer, dict) else short
        # Only that the field stays and leaves the dead group is known (a client author's note).
        if got == short:
            message = f"after its group {short} was deleted field {model['id']} is {read}, group_id {got!r}"
            script.fail(
                "groups",
                groups.op("delete"),
                "a field lost or left in a deleted group",
                message,
                [extra, deletion, read],
            )
    fields.delete(model["id"])


def _others(script: Script, entity: str, made: list[dict[str, Any]]) -> None:
    """Groups of one entity are unknown to the others."""
    for other in domain.WITH_GROUPS:
        groups = domain.groups(script, other)
        if other == entity or not groups.has("get"):
            continue
        read = groups.get(made[0]["id"])
        if (
            read.accepted
            and isinstance(read.answer, dict)
            and read.answer.get("name") == f"{PREFIX} renamed ✓"
        ):
            message = f"group {made[0]['id']} of {entity} is read through {other}"
            script.fail("leak", groups.op("get"), "read through another entity", message, [read])


def _refusals(script: Script, entity: str, before: dict[Any, dict[str, Any]]) -> None:
    groups = domain.groups(script, entity)
    whole = groups.read().by_id()
    attempts = [
        ("create", groups.create([{"name": f"{PREFIX} half", "sort": 1}, {"sort": 2}])),
        ("update", groups.update("no_such_group_1", {"name": "x"})),
        ("delete", groups.delete("no_such_group_1")),
        ("get", groups.get("no_such_group_1")),
    ]
    # Predefined groups cannot be deleted (custom-fields-v4:1129).
    attempts += [
        ("delete", groups.delete(id_)) for id_, model in before.items() if model.get("is_predefined") is True
    ]
    for verb, exchange in attempts:
        if exchange.accepted and (exchange.status != 204 or verb == "delete"):
            message = (
                f"{exchange.method} {exchange.path} should be refused and was answered {exchange.status}"
            )
            script.fail(
                "accepts-invalid",
                groups.op(verb),
                "unknown, predefined or incomplete group",
                message,
                [exchange],
            )
    after = groups.read()
    if after.by_id() != whole:
        message = "refused requests changed the groups"
        script.fail(
            "atomicity",
            groups.op("create"),
            "a refused request left traces",
            message,
            [e for _, e in attempts],
        )
