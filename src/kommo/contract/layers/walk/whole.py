"""A thing on which everything is set that can be set keeps all of it, whatever is changed later.

Most things a walk makes hold what every thing holds by default, and a server that forgets a key on the way writes the
default in its place: nobody can tell. So here every key gets a value of its own first, also those that name a moment,
a person or another thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from kommo.contract import drafting, shapes
from kommo.contract.checks.echo import entries, same, stored
from kommo.contract.collection import Collection, Model
from kommo.contract.exchange import Exchange
from kommo.contract.layers.walk import changes, searching
from kommo.contract.layers.walk.things import Things
from kommo.contract.resources import resources
from kommo.contract.shapes import PREFIX

#: What says which thing it is, and what a change stamps.
_OWN: Final = ("id", "request_id", "account_id", "updated_at", "updated_by", "custom_fields_values")
#: Parts that have ids of their own.
_PARTS: Final = ("enums", "nested")
_MOMENT: Final = 1_593_561_600
_STRANGER: Final = 7001
#: Seconds by which the clocks of two servers of one account may differ.
_SKEW: Final = 2


def check(things: Things) -> None:
    """Set every key, change others, take the values away again.

    Args:
        things: what a walk has made.
    """
    collection = things.collection
    if not (collection.has("get") and collection.has("update")):
        return
    for model in _unlike(collection, things.made):
        kept = _set(things, model)
        _others(things, model["id"], kept)
        _born(things, model, kept)
        _nulls(collection, model["id"], kept)
    _stamp(things)
    searching.orders(collection)


def _unlike(collection: Collection, made: list[Model]) -> list[Model]:
    """The first thing of each kind: those of which the same keys are stored."""
    contract, operation = collection.script.contract, collection.op("update")
    first: dict[tuple[str, ...], Model] = {}
    for model in made:
        first.setdefault(stored(contract, operation, collection.key, model), model)
    return list(first.values())


def _set(things: Things, model: Model) -> dict[str, Any]:
    """Set one key after the other; return what is stored now."""
    collection, id_, kept = things.collection, model["id"], {}
    for key, value in _wishes(collection, model):
        if not collection.valid("update", {key: value}):
            continue
        exchange = collection.update(id_, {key: value})
        if not exchange.accepted:
            continue  # what is referred to may have to exist
        read = collection.get(id_)
        got = read.answer.get(key) if isinstance(read.answer, dict) else None
        if _held(value, got):
            kept[key] = value
        elif collection.key != "custom_fields":  # those read over keys of other types
            message = f"{key} of {id_} was set to {value!r} and is read as {got!r}"
            cause = f"{key} is not stored"
            things.script.fail("read-after-write", collection.op("update"), cause, message, [exchange, read])
    read = collection.get(id_)
    for key, value in kept.items():
        got = read.answer.get(key) if isinstance(read.answer, dict) else None
        if key != collection.label and not _held(value, got):  # a name may be put together of other keys
            message = f"{key} of {id_} was {value!r}; after changes of other keys it is {got!r}"
            cause = f"{key} is not kept"
            things.script.fail("read-after-write", collection.op("update"), cause, message, [read])
    return kept


def _wishes(collection: Collection, model: Model) -> Iterator[tuple[str, Any]]:
    """A value for every key that a change may set and that the thing has."""
    contract = collection.script.contract
    plain = dict(drafting.changes(collection, model))
    for key, node in shapes.properties(collection.schema("update")).items():
        if key in _OWN or key in _PARTS or key in collection.parameters or key not in model:
            continue
        if key in plain:
            yield key, plain[key]
            continue
        if collection.script.session.options.gentle:
            continue  # people and moments of a live account are left alone
        listed = shapes.of_type(contract, node, "array")
        current = model[key]
        if listed is not None:
            members = shapes.of_type(contract, listed.get("items"), "object")
            if members is not None:
                example = shapes.example(contract, members)
                names = [name for name in example if name.endswith("_id")]
                rows = [
                    example | {name: _STRANGER + 10 * row + place for place, name in enumerate(names)}
                    for row in range(3)
                ]
                yield key, rows[:2]
                yield key, rows[2:]
        elif shapes.of_type(contract, node, "string") is not None and key.endswith("_id"):
            yield from ((key, id_) for id_ in _ids_under(collection)[-1:] if id_ != current)
        elif shapes.of_type(contract, node, "integer") is not None and key.endswith(("_id", "_by", "_at")):
            number = _MOMENT if key.endswith("_at") else _STRANGER
            yield key, number + 1 if current == number else number


def _ids_under(collection: Collection) -> list[str]:
    """The ids of what is told apart by texts and arranged under a collection, as groups are."""
    script, home = collection.script, collection.resource.path
    for resource in resources(script.contract).values():
        if resource.path.rpartition("/")[0] == home and "list" in resource.operations:
            under = Collection(script, resource, dict(collection.parameters))
            return [item["id"] for item in under.read().items if isinstance(item.get("id"), str)]
    return []


def _held(value: Any, got: Any) -> bool:
    """Say whether what is read holds what was written; entries may have more keys than were sent."""
    if isinstance(value, list):
        rows = entries(got)
        return len(rows) == len(value) and all(
            all(same(part, row.get(key)) for key, part in one.items())
            for one, row in zip(value, rows, strict=True)
        )
    return same(value, got)


def _others(things: Things, id_: Any, kept: dict[str, Any]) -> None:
    """A change of some keys leaves all others as they were."""
    collection = things.collection
    label = collection.label
    again = [key for key in kept if key != label]
    picks: list[Model] = [{label: f"{PREFIX} whole {str(id_)[-6:]}"}] if label else []
    if len(again) > 2:
        picks += [{key: kept[key] for key in again[:2]}, {key: kept[key] for key in again[-2:]}]
    for body in picks:
        if not collection.valid("update", body):
            continue
        before = collection.read().by_id()
        exchange = collection.update(id_, body)
        if exchange.accepted:
            wanted = {key: before.get(id_, {}).get(key, value) for key, value in body.items() if key in again}
            changes.changed(things, exchange, before, {id_: {**body, **wanted}}, "update")


def _born(things: Things, model: Model, kept: dict[str, Any]) -> None:
    """What a change can set, a new thing can have from the beginning."""
    collection = things.collection
    alike = next((item for item in things.sent if item.get("type") == model.get("type")), None)
    told = {key: value for key, value in kept.items() if key not in ("code", collection.label)}
    if alike is None or not told:
        return
    item = {**alike, **told}
    if "request_id" in item:
        item["request_id"] = "w1" if isinstance(item["request_id"], str) else 901
    for creation, sent, made in drafting.accepted(collection, [item]):
        read = collection.get(made["id"])
        got = read.answer if isinstance(read.answer, dict) else {}
        for key, value in told.items():
            if key in sent and not _held(value, got.get(key)):
                message = (
                    f"{key} of the new {made['id']} was sent as {value!r} and is read as {got.get(key)!r}"
                )
                cause = f"{key} of a new thing"
                calls = [creation, read]
                things.script.fail("read-after-write", collection.op("create"), cause, message, calls)
        if collection.has("delete"):
            collection.delete(made["id"])


def _nulls(collection: Collection, id_: Any, kept: dict[str, Any]) -> None:
    """Null takes away what was set, where the contract lets it be sent."""
    contract, inner = collection.script.contract, shapes.properties(collection.schema("update"))
    for key, value in kept.items():
        # One of several words may be what there is when nothing was said.
        worded = any("enum" in one for one in shapes.alternatives(contract, inner[key]))
        if key == collection.label or worded or not collection.valid("update", {key: None}):
            continue
        exchange = collection.update(id_, {key: None})
        read = collection.get(id_)
        got = read.answer.get(key) if isinstance(read.answer, dict) else None
        if exchange.accepted and _held(value, got):
            message = f"{key} of {id_} was set to null and is still {got!r}"
            cause = f"null leaves {key}"
            collection.script.fail(
                "read-after-write", collection.op("update"), cause, message, [exchange, read]
            )


def _stamp(things: Things) -> None:
    """A thing that is changed after another one was made says so: its stamp is not the older one."""
    collection = things.collection
    if not collection.label or "updated_at" not in things.made[0]:
        return
    for creation, _, told in drafting.accepted(collection, drafting.drafts(collection, 1, "clock")[:1]):
        fresh = collection.get(told["id"])
        change = collection.update(things.made[0]["id"], {collection.label: f"{PREFIX} stamped"})
        read = collection.get(things.made[0]["id"])
        made, changed = (
            one.answer.get(key) if isinstance(one.answer, dict) else None
            for one, key in ((fresh, "created_at"), (read, "updated_at"))
        )
        if change.accepted and isinstance(made, int) and isinstance(changed, int) and changed < made - _SKEW:
            message = f"{things.made[0]['id']} was changed after {told['id']} was made at {made}; it says: {changed}"
            calls: list[Exchange] = [creation, fresh, change, read]
            cause = "updated_at is left behind"
            things.script.fail("read-after-write", collection.op("update"), cause, message, calls)
        if collection.has("delete"):
            collection.delete(told["id"])
