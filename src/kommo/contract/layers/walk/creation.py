"""Things are made: in a batch, alone, in a crowd; each is read in every place as it was sent."""

from __future__ import annotations

from typing import Any, Final

from kommo.contract import drafting, shapes
from kommo.contract.collection import Model, difference, paired
from kommo.contract.exchange import Exchange
from kommo.contract.layers.walk import paging
from kommo.contract.layers.walk.things import Things, same_thing
from kommo.contract.shapes import PREFIX

#: Things made of each collection: enough for three pages and for a batch of changes that leaves one out.
_COUNT: Final = 4
#: Things that fill a collection from which nothing can be deleted.
_MANY: Final = 60
#: Farther from any number that a server gives than its clock and its ids go during a run.
_FAR: Final = 100_003


def empty_or_whole(things: Things) -> None:
    """Read the list before anything is in it, and a page far behind its end."""
    things.collection.read_page()
    if things.collection.declares("page"):
        things.collection.page(4000, 250)
    things.before = things.collection.read().by_id()


def create(things: Things) -> None:
    """Create a batch; everything in it is answered once, with an id of its own."""
    collection, operation = things.collection, things.collection.op("create")
    things.sent = drafting.drafts(collection, _COUNT, collection.tag)
    things.made = []
    made = drafting.accepted(collection, things.sent)
    if not made:
        exchange = things.script.calls[-1]
        message = f"a batch of good things was refused: {exchange.status} {exchange.body[:300]!r}"
        things.script.fail("refuses-valid", operation, "a batch", message, [exchange])
        # The rest of the walk needs things: try them one by one.
        made = [one for item in things.sent for one in drafting.accepted(collection, [item])]
    if not made:
        return
    things.creation = made[-1][0]
    things.sent = [item for _, item, _ in made]
    things.made = [model for _, _, model in made]
    ids = [repr(model["id"]) for model in things.made]
    if len(set(ids)) < len(ids):
        message = "two created things were given the same id"
        things.script.fail("echo", operation, "ids repeat", message, [things.creation])
    taken = [model["id"] for model in things.made if model["id"] in things.before]
    if taken:
        message = f"creation gave ids that were taken: {taken[:5]}"
        things.script.fail("isolation", operation, "ids that were taken", message, [things.creation])
    for item, model in zip(things.sent, things.made, strict=True):
        for key, value in item.items():
            if isinstance(value, list) and value and key in model and not model[key]:
                message = f"{key} of {model['id']} was sent and is answered as {model[key]!r}"
                things.script.fail("echo", operation, key, message, [things.creation])


def present(things: Things) -> None:
    """What was created is read back, alone and in the list, as it was sent, and nothing else changed."""
    collection, script = things.collection, things.script
    assert things.creation is not None
    listing = collection.read()
    by_id = listing.by_id()
    calls = [things.creation, *listing.calls]
    for number, (item, told) in enumerate(zip(things.sent, list(things.made), strict=True)):
        id_ = told["id"]
        model = by_id.get(id_)
        if collection.has("get"):
            exchange = collection.get(id_)
            got = exchange.answer if exchange.accepted else None
            pair = [things.creation, exchange]
            same_thing(collection, exchange, got, told, pair, "read-after-write", "read back")
            if isinstance(got, dict):
                things.made[number] = got
                _as_sent(things, item, got, pair)
                _at_home(things, got, pair)
                if model is not None:
                    both = [exchange, *listing.calls]
                    same_thing(
                        collection, listing.calls[-1], model, got, both, "list-contains", "in the list"
                    )
        if model is None:
            message = f"the created {id_} is not in the list"
            script.fail("list-contains", collection.op("list"), "a created item is missing", message, calls)
    create = collection.op("create")
    for id_, model in things.before.items():
        if by_id.get(id_) != model:
            message = f"creating things changed {id_}: {difference(model, by_id.get(id_, {}))}"
            script.fail("isolation", create, "another item changed", message, calls)
    extra = set(map(repr, by_id)) - set(map(repr, things.before)) - {repr(one["id"]) for one in things.made}
    if extra:
        message = f"the list holds things nobody created: {sorted(extra)[:5]}"
        script.fail("list-contains", collection.op("list"), "items nobody created", message, calls)


def _as_sent(things: Things, item: Model, got: Model, calls: list[Exchange]) -> None:
    """What the answer of the creation keeps to itself must be stored all the same."""
    for key in drafting.departing(things.collection, "create", item, got):
        message = f"{key} of {got.get('id')} was sent as {item[key]!r} and is read as {got[key]!r}"
        create = things.collection.op("create")
        things.script.fail("read-after-write", create, f"{key} as sent", message, calls)


def _at_home(things: Things, got: Model, calls: list[Exchange]) -> None:
    """A thing names the parents that its path names, and the entity that it belongs to."""
    homes: dict[str, Any] = dict(things.collection.parameters)
    entity = things.collection.resource.entity
    if entity:
        homes["entity_type"] = entity
    for key, value in homes.items():
        if key in got and got[key] != value:
            message = f"{key} of {got.get('id')} is {got[key]!r}; expected {value!r}"
            things.script.fail("entity", things.collection.op("create"), key, message, calls)


def single(things: Things) -> None:
    """A bare object in place of the array, where the contract offers both, makes one thing and answers it bare."""
    collection, script = things.collection, things.script
    item = drafting.drafts(collection, 1, "single")[0]
    if not collection.takes_array("create") or not collection.valid("create", item):
        return
    exchange = collection.create(item)
    model = exchange.answer if exchange.accepted else None
    if not isinstance(model, dict) or "id" not in model:
        message = f"a single object was not created: {exchange}"
        script.fail("refuses-valid", collection.op("create"), "a single object", message, [exchange])
        return
    read = collection.get(model["id"])
    calls = [exchange, read]
    same_thing(collection, read, read.answer, model, calls, "read-after-write", "single object read back")
    if collection.has("delete"):
        collection.delete(model["id"])


def own_keys(things: Things) -> None:
    """What is the server's to say is not taken from a request: ids, owners, parents."""
    collection, script = things.collection, things.script
    draft = drafting.drafts(collection, 1, "own keys")[0]
    settable = shapes.properties(collection.schema("create"))
    told: Model = {
        key: value + _FAR if isinstance(value, int) else f"{value}x"
        for key, value in things.made[0].items()
        if key not in settable and isinstance(value, int | str) and not isinstance(value, bool)
    }
    body = {**draft, **told}
    if not told or not collection.valid("create", [body] if collection.takes_array("create") else body):
        return
    for exchange, _, model in drafting.accepted(collection, [body]):
        read = collection.get(model["id"]) if collection.has("get") else exchange
        got = read.answer if isinstance(read.answer, dict) else model
        taken = [key for key, value in told.items() if got.get(key) == value]
        if taken:
            message = f"{', '.join(taken)} of a new thing was taken from the request: {got}"
            calls = [exchange, read]
            script.fail("entity", collection.op("create"), "keys that the server owns", message, calls)
        if collection.has("delete"):
            collection.delete(model["id"])


def crowd(things: Things) -> None:
    """As many things as one request may hold are all made, listed and paged through."""
    collection, script = things.collection, things.script
    if not collection.takes_array("create"):
        return
    most = collection.most("create") if collection.has("delete") else _MANY
    one = drafting.drafts(collection, 1, "crowd")[0]
    items = [{**one, collection.label: f"{PREFIX} crowd {number}"} for number in range(most)]
    if "request_id" in one:
        items = [{**item, "request_id": f"m{number + 1}"} for number, item in enumerate(items)]
    if not collection.valid("create", items):
        return
    exchange = collection.create(items)
    made = [model for model in paired(collection, exchange, items) if model and "id" in model]
    if len(made) < most:
        message = f"{most} things, as many as the contract allows, were sent; {len(made)} made: {exchange}"
        script.fail("refuses-valid", collection.op("create"), "the largest batch", message, [exchange])
    listing = collection.read()
    lost = [model["id"] for model in made if model["id"] not in listing.by_id()]
    if lost:
        message = f"{len(lost)} of {len(made)} created things are not in the list: {lost[:5]}"
        cause = "created items are missing"
        script.fail("list-contains", collection.op("list"), cause, message, [exchange, *listing.calls])
    paging.check(collection)
    for model in made if collection.has("delete") else ():
        collection.delete(model["id"])
