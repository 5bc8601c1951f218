"""The life of any collection: things are made, read in every place, changed alone and in a batch, deleted.

What to send comes from the schemas and examples of the contract (`kommo.contract.drafting`), so that a collection
that was added to it yesterday is walked through like the oldest one. What only one kind of thing has is the matter of
the `More` that a caller hands in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from attrs import define, field

from kommo.contract import drafting, shapes
from kommo.contract.checks import semantic
from kommo.contract.collection import Collection, Model, core, difference, paired
from kommo.contract.exchange import Exchange
from kommo.contract.layers.walk import follow, manners, paging, searching, values
from kommo.contract.session import Script
from kommo.contract.shapes import PREFIX

#: Things made of each collection: enough for three pages and for a batch of changes that leaves one out.
_COUNT: Final = 4
#: What a server writes into a thing whenever it is changed.
_STAMPS: Final = ("updated_at", "updated_by")
#: Keys that a server puts together of others.
_DERIVED: Final[Mapping[str, tuple[str, ...]]] = {"first_name": ("name",), "last_name": ("name",)}

#: Things that fill a collection from which nothing can be deleted.
_MANY: Final = 60
#: Farther from any number that a server gives than its clock and its ids go during a run.
_FAR: Final = 100_003

More = Callable[[Collection, list[Model]], None]


def walk(collection: Collection, more: More | None = None, *, crowd: bool = False) -> None:
    """Walk through one collection.

    Args:
        collection: any of v4 that has operations to list and to create.
        more: what else to look at while the things are there.
        crowd: also fill it with as many things as one request may hold.
    """
    life = Life(collection)
    life.empty_or_whole()
    life.create()
    if not life.made:
        return
    life.present()
    paging.check(collection)
    searching.check(collection, life.made)
    follow.check(collection)
    life.update_one()
    life.update_batch()
    life.each_key()
    life.write_back()
    life.single()
    life.own_keys()
    life.refusals()
    life.twice()
    life.another_id()
    values.check(collection)
    if crowd:
        life.crowd()
    manners.check(collection, life.made[0]["id"])
    if more is not None:
        more(collection, life.made)
    life.delete()
    life.unknown()
    life.nowhere()


def same_thing(
    collection: Collection,
    exchange: Exchange,
    got: Any,
    wanted: Model,
    calls: Sequence[Exchange],
    check: str,
    what: str,
) -> None:
    """Report when a model is not what another answer said it is.

    An answer to a write may tell less than a read does; what it tells must be so. Two full models must be equal.
    """
    script = collection.script
    if not isinstance(got, dict):
        message = f"{what}: {exchange} does not answer {wanted.get('id')}"
        script.fail(
            check, exchange.operation or "", what, message, calls, expected=wanted, got=exchange.status
        )
        return
    told, read = core(wanted), core(got)
    full = len(told) > len(read) // 2
    keys = sorted(
        key
        for key in {*told, *read}
        if told.get(key) != read.get(key) and (key in told or full) and not (key not in read and not full)
    )
    for key in told:
        if _order(wanted.get(key)) != _order(got.get(key)):
            keys.append(key)
            break
    if keys:
        message = f"{what}: {difference(told, read) or f'the order of {keys[-1]} is another one'}"
        cause = f"{what}: {', '.join(keys)}"
        script.fail(check, exchange.operation or "", cause, message, calls, expected=told, got=read)


def orphaned(collection: Collection, id_: Any) -> None:
    """Check that nothing is left under a parent that was deleted.

    Args:
        collection: whose parent is gone.
        id_: of something that was in it.
    """
    script = collection.script
    attempts = [("list", collection.read_page())]
    if collection.has("get"):
        attempts.append(("get", collection.get(id_)))
    for verb, exchange in attempts:
        if exchange.accepted and exchange.status != 204 and (verb == "get" or collection.items(exchange)):
            message = f"{exchange}: what was under a deleted parent is still there"
            check = "deleted-stays-deleted"
            script.fail(check, collection.op(verb), f"{verb} under a deleted parent", message, [exchange])


@define
class Life:
    """One walk.

    Attributes:
        collection: what is walked through.
        made: what was created: as the answer told it, completed by what a read tells.
        creation: the request that created it.
    """

    collection: Collection
    made: list[Model] = field(factory=list)
    creation: Exchange | None = None
    sent: list[Model] = field(factory=list)
    before: Mapping[Any, Model] = field(factory=dict)

    @property
    def script(self) -> Script:
        """Makes the calls."""
        return self.collection.script

    def empty_or_whole(self) -> None:
        """Read the list before anything is in it, and a page far behind its end."""
        self.collection.read_page()
        if self.collection.declares("page"):
            self.collection.page(4000, 250)
        self.before = self.collection.read().by_id()

    def create(self) -> None:
        """Create a batch; everything in it is answered once, with an id of its own."""
        collection, operation = self.collection, self.collection.op("create")
        self.sent = drafting.drafts(collection, _COUNT, collection.tag)
        self.made = []
        made = drafting.accepted(collection, self.sent)
        if not made:
            exchange = self.script.calls[-1]
            message = f"a batch of good things was refused: {exchange.status} {exchange.body[:300]!r}"
            self.script.fail("refuses-valid", operation, "a batch", message, [exchange])
            # The rest of the walk needs things: try them one by one.
            made = [one for item in self.sent for one in drafting.accepted(collection, [item])]
        if not made:
            return
        self.creation = made[-1][0]
        self.sent = [item for _, item, _ in made]
        self.made = [model for _, _, model in made]
        ids = [repr(model["id"]) for model in self.made]
        if len(set(ids)) < len(ids):
            message = "two created things were given the same id"
            self.script.fail("echo", operation, "ids repeat", message, [self.creation])
        taken = [model["id"] for model in self.made if model["id"] in self.before]
        if taken:
            message = f"creation gave ids that were taken: {taken[:5]}"
            self.script.fail("isolation", operation, "ids that were taken", message, [self.creation])
        for item, model in zip(self.sent, self.made, strict=True):
            for key, value in item.items():
                if isinstance(value, list) and value and key in model and not model[key]:
                    message = f"{key} of {model['id']} was sent and is answered as {model[key]!r}"
                    self.script.fail("echo", operation, key, message, [self.creation])

    def present(self) -> None:
        """What was created is read back, alone and in the list, as it was sent, and nothing else changed."""
        collection, script = self.collection, self.script
        assert self.creation is not None
        listing = collection.read()
        by_id = listing.by_id()
        calls = [self.creation, *listing.calls]
        for number, (item, told) in enumerate(zip(self.sent, list(self.made), strict=True)):
            id_ = told["id"]
            model = by_id.get(id_)
            if collection.has("get"):
                exchange = collection.get(id_)
                got = exchange.answer if exchange.accepted else None
                pair = [self.creation, exchange]
                same_thing(collection, exchange, got, told, pair, "read-after-write", "read back")
                if isinstance(got, dict):
                    self.made[number] = got
                    self._as_sent(item, got, pair)
                    self._at_home(got, pair)
                    if model is not None:
                        both = [exchange, *listing.calls]
                        same_thing(
                            collection, listing.calls[-1], model, got, both, "list-contains", "in the list"
                        )
            if model is None:
                message = f"the created {id_} is not in the list"
                script.fail(
                    "list-contains", collection.op("list"), "a created item is missing", message, calls
                )
        create = collection.op("create")
        for id_, model in self.before.items():
            if by_id.get(id_) != model:
                message = f"creating things changed {id_}: {difference(model, by_id.get(id_, {}))}"
                script.fail("isolation", create, "another item changed", message, calls)
        extra = set(map(repr, by_id)) - set(map(repr, self.before)) - {repr(one["id"]) for one in self.made}
        if extra:
            message = f"the list holds things nobody created: {sorted(extra)[:5]}"
            script.fail("list-contains", collection.op("list"), "items nobody created", message, calls)

    def _as_sent(self, item: Model, got: Model, calls: list[Exchange]) -> None:
        """What the answer of the creation keeps to itself must be stored all the same."""
        for key in drafting.departing(self.collection, "create", item, got):
            message = f"{key} of {got.get('id')} was sent as {item[key]!r} and is read as {got[key]!r}"
            create = self.collection.op("create")
            self.script.fail("read-after-write", create, f"{key} as sent", message, calls)

    def _at_home(self, got: Model, calls: list[Exchange]) -> None:
        """A thing names the parents that its path names, and the entity that it belongs to."""
        homes: dict[str, Any] = dict(self.collection.parameters)
        entity = self.collection.resource.entity
        if entity:
            homes["entity_type"] = entity
        for key, value in homes.items():
            if key in got and got[key] != value:
                message = f"{key} of {got.get('id')} is {got[key]!r}; expected {value!r}"
                self.script.fail("entity", self.collection.op("create"), key, message, calls)

    # Changes

    def changed(
        self, write: Exchange, before: Mapping[Any, Model], wanted: Mapping[Any, Model], verb: str
    ) -> None:
        """After a write the list is what it was but for the changes asked for, and each changed thing reads back."""
        collection, script = self.collection, self.script
        listing = collection.read()
        after = listing.by_id()
        for id_ in sorted({*before, *after}, key=repr):
            change = wanted.get(id_)
            old = before.get(id_)
            if old is None:
                continue
            stamped = {*_STAMPS, *(derived for key in change or () for derived in _DERIVED.get(key, ()))}
            expected = {**old, **(change or {})}
            got = after.get(id_, {})
            keys = [
                key
                for key in sorted({*expected, *got})
                if expected.get(key) != got.get(key) and not (change is not None and key in stamped)
            ]
            if keys:
                check, cause = (
                    ("isolation", "another item changed")
                    if change is None
                    else ("read-after-write", "not what was written")
                )
                message = f"{cause}: {id_} after {write}: {difference(expected, got)}"
                calls = [write, *listing.calls]
                text = f"{cause}: {', '.join(keys)}"
                script.fail(check, collection.op(verb), text, message, calls, expected=expected, got=got)
            if change is not None and _earlier(got.get("updated_at"), old.get("updated_at")):
                message = f"updated_at of {id_} went back from {old['updated_at']} to {got['updated_at']}"
                script.fail("read-after-write", collection.op(verb), "updated_at goes back", message, [write])
        for id_ in wanted if collection.has("get") else ():
            exchange = collection.get(id_)
            got_one = exchange.answer if exchange.accepted else None
            listed = after.get(id_)
            if listed is not None:
                calls = [write, exchange]
                same_thing(collection, exchange, got_one, listed, calls, "read-after-write", "read alone")

    def _accept(self, exchange: Exchange, verb: str, what: str) -> bool:
        """Say whether a good change was taken; report when it was refused for no reason."""
        if exchange.accepted:
            return True
        why = semantic.unjustified(exchange)
        if why is not None or exchange.status not in (400, 422):
            message = f"refused: {exchange}: {why or exchange.status}"
            self.script.fail("refuses-valid", self.collection.op(verb), what, message, [exchange])
        return False

    def update_one(self) -> None:
        """Change two keys of one thing."""
        if not self.collection.has("update"):
            return
        before = self.collection.read().by_id()
        model = before.get(self.made[0]["id"])
        if model is None:
            return
        change = dict(list(drafting.changes(self.collection, model))[:2])
        if not change:
            return
        extra = (
            {"request_id": "one1"}
            if self.collection.valid("update", {**change, "request_id": "one1"})
            else {}
        )
        exchange = self.collection.update(model["id"], {**change, **extra})
        if not self._accept(exchange, "update", " and ".join(change)):
            return
        self.changed(exchange, before, {model["id"]: change}, "update")
        answered = (
            exchange.answer.get("id", model["id"]) if isinstance(exchange.answer, dict) else model["id"]
        )
        if answered != model["id"]:
            message = f"PATCH of {model['id']} answers {answered}"
            self.script.fail("echo", self.collection.op("update"), "another id", message, [exchange])

    def update_batch(self) -> None:
        """Change several things in one request, each in another way; the answer keeps the order."""
        if not self.collection.has("update_batch"):
            return
        collection = self.collection
        before = collection.read().by_id()
        chosen = [before[model["id"]] for model in self.made if model["id"] in before][:3]
        if len(chosen) < 2:
            return
        wanted: dict[Any, Model] = {}
        for index, model in enumerate(chosen):
            keys = list(drafting.changes(collection, model, "update_batch"))
            pick = keys[1:2] if index == len(chosen) - 1 and len(keys) > 1 else keys[:1]
            wanted[model["id"]] = dict(pick)
        body = [{"id": id_, **change} for id_, change in wanted.items()]
        body[0]["request_id"] = "b9"
        if not collection.valid("update_batch", body):
            del body[0]["request_id"]
        exchange = collection.update_batch(body)
        if not self._accept(exchange, "update_batch", "a batch of changes"):
            return
        answered = [item.get("id") for item in collection.items(exchange)]
        if answered != list(wanted):
            message = f"the answer holds the ids {answered}; sent were {list(wanted)}"
            self.script.fail("echo", collection.op("update_batch"), "ids", message, [exchange])
        self.changed(exchange, before, wanted, "update_batch")

    def each_key(self) -> None:
        """Every key that the contract lets a change set is stored, alone, and touches no other key."""
        if not self.collection.has("update"):
            return
        model = self.collection.read().by_id().get(self.made[0]["id"])
        for key, value in list(drafting.changes(self.collection, model)) if model is not None else ():
            if not self.collection.valid("update", {key: value}):
                continue
            before = self.collection.read().by_id()
            exchange = self.collection.update(self.made[0]["id"], {key: value})
            if self._accept(exchange, "update", key):
                self.changed(exchange, before, {self.made[0]["id"]: {key: value}}, "update")

    def write_back(self) -> None:
        """A model that was read and is sent back as it is changes nothing."""
        collection = self.collection
        if not (collection.has("get") and collection.has("update")):
            return
        for model in self.made:
            before = collection.read().by_id()
            read = collection.get(model["id"])
            if not isinstance(read.answer, dict) or not collection.valid("update", read.answer):
                continue
            exchange = collection.update(model["id"], read.answer)
            if exchange.accepted:
                self.changed(exchange, before, {model["id"]: {}}, "update")

    def own_keys(self) -> None:
        """What is the server's to say is not taken from a request: ids, owners, parents."""
        collection, script = self.collection, self.script
        draft = drafting.drafts(collection, 1, "own keys")[0]
        settable = shapes.properties(collection.schema("create"))
        told: Model = {
            key: value + _FAR if isinstance(value, int) else f"{value}x"
            for key, value in self.made[0].items()
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

    def twice(self) -> None:
        """One thing twice in a batch of changes, one request id twice among new things: answered as declared."""
        collection = self.collection
        if collection.has("update_batch") and collection.label:
            change = {"id": self.made[0]["id"], collection.label: f"{PREFIX} twice"}
            collection.update_batch([change, {**change, collection.label: f"{PREFIX} twice more"}])
        if collection.takes_array("create"):
            one = drafting.drafts(collection, 1, "twice")[0]
            for _, _, model in drafting.accepted(collection, [one, dict(one)]):
                if collection.has("delete"):
                    collection.delete(model["id"])

    def another_id(self) -> None:
        """The path says what a change is for, whatever its body says."""
        collection = self.collection
        if not collection.has("update") or len(self.made) < 2 or not collection.label:
            return
        before = collection.read().by_id()
        one, other = self.made[0]["id"], self.made[1]["id"]
        change = {collection.label: f"{PREFIX} told by the path"}
        if one in before and collection.valid("update", {"id": other, **change}):
            exchange = collection.update(one, {"id": other, **change})
            if exchange.accepted:
                self.changed(exchange, before, {one: change}, "update")

    def crowd(self) -> None:
        """As many things as one request may hold are all made, listed and paged through."""
        collection, script = self.collection, self.script
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
            message = (
                f"{most} things, as many as the contract allows, were sent; {len(made)} made: {exchange}"
            )
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

    def nowhere(self) -> None:
        """Under a parent that does not exist there is nothing, and nothing can be made."""
        collection, script = self.collection, self.script
        if not collection.parameters:
            return
        parameters: dict[str, str | int] = dict.fromkeys(collection.parameters, 2**40 + 13)
        lost = Collection(script, collection.resource, parameters, collection.query)
        attempts = [("list", lost.read_page())]
        if self.sent:
            attempts.append(("create", lost.create(drafting.body(lost, self.sent[:1]))))
        for verb, exchange in attempts:
            if exchange.accepted and (verb == "create" or lost.items(exchange)):
                message = f"{exchange} was answered, though there is no such parent"
                script.fail("unknown-id", collection.op(verb), f"{verb} under no parent", message, [exchange])

    def single(self) -> None:
        """A bare object in place of the array, where the contract offers both, makes one thing and answers it bare."""
        collection, script = self.collection, self.script
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

    def refusals(self) -> None:
        """A request that must be refused is, as a whole."""
        collection, script = self.collection, self.script
        before = collection.read().by_id()
        attempts: list[tuple[str, Exchange]] = []
        good = drafting.drafts(collection, 1, "half")[:1]
        required = list((collection.schema("create") or {}).get("required", ()))
        bad = [{key: value for key, value in good[0].items() if key != name} for name in required]
        bad.append({**good[0], collection.label: [7]})
        if collection.takes_array("create"):
            attempts += [
                ("create", collection.create([good[0], item]))
                for item in bad
                if not collection.valid("create", [good[0], item])
            ]
        if collection.has("update_batch"):
            change = {"id": self.made[0]["id"], **dict(list(drafting.changes(collection, self.made[0]))[:1])}
            stranger = {**change, "id": collection.resource.unknown_id}
            attempts.append(("update_batch", collection.update_batch([change, stranger])))
        for verb, exchange in attempts:
            if exchange.accepted:
                message = f"a batch with a bad item was accepted: {exchange}"
                script.fail(
                    "accepts-invalid", collection.op(verb), "a bad item in a batch", message, [exchange]
                )
        after = collection.read().by_id()
        if after != before:
            changed = [id_ for id_ in {*before, *after} if before.get(id_) != after.get(id_)]
            message = f"refused batches changed or created {changed[:5]}"
            calls = [exchange for _, exchange in attempts]
            cause = "a refused batch left traces"
            script.fail("atomicity", collection.op("create"), cause, message, calls)

    # End

    def delete(self) -> None:
        """What is deleted is gone in every place, and nothing else is; its id is not given away again."""
        collection, script = self.collection, self.script
        if not collection.has("delete"):
            return
        for number, model in enumerate(self.made):
            before = collection.read().by_id() if number < 3 else {}
            exchange = collection.delete(model["id"])
            if not exchange.accepted:
                message = f"{model['id']} could not be deleted: {exchange}"
                script.fail("refuses-valid", collection.op("delete"), "delete", message, [exchange])
                continue
            self.gone(model["id"], exchange)
            if before:
                after = collection.read().by_id()
                wanted = {id_: kept for id_, kept in before.items() if id_ != model["id"]}
                if after != wanted:
                    others = [id_ for id_ in {*wanted, *after} if wanted.get(id_) != after.get(id_)]
                    message = f"deleting {model['id']} changed {others[:5]}"
                    cause = "another item changed"
                    script.fail("isolation", collection.op("delete"), cause, message, [exchange])
        listing = collection.read()
        ids = {model["id"] for model in self.made}
        left = [id_ for id_ in ids if id_ in listing.by_id()]
        if left:
            message = f"the list still holds the deleted {left[:5]}"
            check = "deleted-stays-deleted"
            script.fail(check, collection.op("list"), "in the list", message, listing.calls)
        paging.totals(collection, listing)
        for fresh, _, model in drafting.accepted(collection, drafting.drafts(collection, 1, "last")[:1]):
            if model["id"] in ids:
                message = f"a new thing was given the id {model['id']} of a deleted one"
                script.fail("isolation", collection.op("create"), "an id used again", message, [fresh])
            collection.delete(model["id"])

    def gone(self, id_: Any, deletion: Exchange) -> None:
        """Check that nothing can be done any more with what was deleted."""
        for verb, exchange in self._attempts(id_):
            # Unknown things may be answered as "nothing here" (204 without a body) where the contract says so.
            if exchange.accepted and not (verb == "get" and exchange.status == 204):
                message = f"{verb} of the deleted {id_} was answered {exchange.status}"
                check = "deleted-stays-deleted"
                self.script.fail(check, self.collection.op(verb), verb, message, [deletion, exchange])

    def unknown(self) -> None:
        """Ids that never existed are answered 404 (or as empty), not as somebody else's thing."""
        for verb, exchange in self._attempts(self.collection.resource.unknown_id):
            if exchange.accepted and not (verb == "get" and exchange.status == 204):
                message = f"{verb} of an id that never existed was answered {exchange.status}"
                self.script.fail("unknown-id", self.collection.op(verb), verb, message, [exchange])

    def _attempts(self, id_: Any) -> list[tuple[str, Exchange]]:
        collection = self.collection
        change = {collection.label: "x"} if collection.label else drafting.drafts(collection, 1, "x")[0]
        calls: list[tuple[str, Callable[[], Exchange]]] = [
            ("get", lambda: collection.get(id_)),
            ("update", lambda: collection.update(id_, change)),
            ("delete", lambda: collection.delete(id_)),
        ]
        return [(verb, call()) for verb, call in calls if collection.has(verb)]


def _order(value: Any) -> list[Any]:
    """The ids of the parts of a thing in the order in which they come; [] when they are no array of such."""
    return (
        [one["id"] for one in value if isinstance(one, dict) and "id" in one]
        if isinstance(value, list)
        else []
    )


def _earlier(one: Any, other: Any) -> bool:
    return isinstance(one, int) and isinstance(other, int) and one < other
