"""Collections as the suite handles them: how to make things, find them again, and read whole lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import define, field, frozen

from kommo.contract import shapes
from kommo.contract.checks.echo import embedded, entries
from kommo.contract.exchange import Exchange, is_json
from kommo.contract.resources import Resource, body_schema, plain_keys, takes_array
from kommo.contract.session import Script

Model = dict[str, Any]

#: Keys of an answer that depend on the request rather than on the thing.
_VOLATILE: Final = frozenset({"_links", "request_id"})

_MANY_PAGES: Final = 500


def core(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a model says about the thing itself, in one notation: no links, options as a list ordered by id."""
    kept = {key: value for key, value in model.items() if key not in _VOLATILE}
    for key in ("enums", "nested"):
        if isinstance(kept.get(key), dict | list):
            kept[key] = sorted(entries(kept[key]), key=lambda entry: repr(entry.get("id")))
    return kept


def difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Name the keys in which two models differ, with both values; "" when they are equal."""
    found = [
        f"{key}: {one.get(key, 'absent')!r} became {other.get(key, 'absent')!r}"
        for key in sorted({*one, *other})
        if one.get(key) != other.get(key) or (key in one) != (key in other)
    ]
    return "; ".join(found)[:600]


@frozen
class Listing:
    """A whole list, read page by page.

    Attributes:
        items: all models in the order of the server.
        calls: the exchanges that brought them.
        complete: False when the server refused or the answers could not be read.
    """

    items: list[dict[str, Any]]
    calls: list[Exchange]
    complete: bool

    def by_id(self) -> dict[Any, dict[str, Any]]:
        """The models' cores by id."""
        return {item.get("id"): core(item) for item in self.items}


@define
class Collection:
    """One list of the API, with values for the parameters of its path.

    Attributes:
        script: makes the calls.
        resource: the tag of the contract.
        parameters: path parameters of the collection.
        query: parameters that every read needs.
    """

    script: Script
    resource: Resource
    parameters: dict[str, str | int] = field(factory=dict)
    query: tuple[tuple[str, Any], ...] = ()

    @property
    def tag(self) -> str:
        """Name of the resource: operationIds are `<verb>_<tag>`."""
        return self.resource.tag

    @property
    def key(self) -> str:
        """Member of `_embedded` that holds the things."""
        return self.resource.key

    def has(self, verb: str) -> bool:
        """Say whether the contract has an operation of this collection."""
        return verb in self.resource.operations

    def op(self, verb: str) -> str:
        """The operationId of a verb."""
        return f"{verb}_{self.tag}"

    def declares(self, name: str, verb: str = "list") -> bool:
        """Say whether an operation declares a query parameter."""
        return name in self.resource.operations[verb].paging

    def schema(self, verb: str) -> shapes.Schema | None:
        """The schema of one thing in the bodies of an operation, None when it takes none."""
        operation = self.resource.operations.get(verb)
        place = None if operation is None else body_schema(operation)
        return None if place is None else shapes.item(self.script.contract, place)

    def takes_array(self, verb: str) -> bool:
        """Say whether an operation takes several things at once."""
        operation = self.resource.operations.get(verb)
        return operation is not None and takes_array(self.script.contract, operation)

    def most(self, verb: str) -> int:
        """How many things an operation takes at once, as far as the contract says; 1 when it takes no array."""
        place = body_schema(self.resource.operations[verb])
        listed = shapes.of_type(self.script.contract, place, "array")
        return 1 if listed is None else int(listed.get("maxItems", 50))

    def valid(self, verb: str, body: Any) -> bool:
        """Say whether the contract lets a body be sent."""
        operation = self.resource.operations[verb]
        kind = next((name for name in operation.request if is_json(name)), None)
        return kind is not None and self.script.contract.valid_request(operation, body, kind)

    @property
    def label(self) -> str:
        """The key by which people know a thing, "" when there is none."""
        contract = self.script.contract
        found = shapes.label(contract, self.schema("create")) or shapes.label(contract, self.schema("update"))
        return found or ""

    def plain(self, verb: str) -> tuple[str, ...]:
        """The keys of their own value that an operation writes."""
        return plain_keys(self.script.contract, self.op(verb))

    def read_page(self, *query: tuple[str, Any]) -> Exchange:
        """Read one page."""
        return self.script.call(self.op("list"), self.parameters, query=[*self.query, *query])

    def page(self, number: int, limit: int) -> Exchange:
        """Read a page by the parameters that the contract declares."""
        query: list[tuple[str, Any]] = []
        if self.declares("page"):
            query.append(("page", number))
        if self.declares("limit"):
            query.append(("limit", limit))
        return self.read_page(*query)

    def items(self, exchange: Exchange) -> list[dict[str, Any]]:
        """The models of an answer."""
        return embedded(exchange.answer, self.key) if exchange.accepted else []

    def read(self, limit: int = 250) -> Listing:
        """Read everything, by the declared paging; in one request when the contract declares none."""
        found: list[dict[str, Any]] = []
        calls: list[Exchange] = []
        if not self.declares("page"):
            exchange = self.read_page()
            return Listing(self.items(exchange), [exchange], exchange.accepted)
        for number in range(1, _MANY_PAGES):
            exchange = self.page(number, limit)
            calls.append(exchange)
            items = self.items(exchange)
            found += items
            if not exchange.accepted:
                return Listing(found, calls, False)
            if not items or not self.more(exchange):
                break
        return Listing(found, calls, True)

    def one(self, id_: Any) -> dict[str, str | int]:
        """The path parameters that name one thing."""
        return {**self.parameters, self.resource.own: id_}

    def more(self, exchange: Exchange) -> bool:
        """Say whether a page has a successor: v4 says so by a link, v2 by nothing but the next page's emptiness."""
        if self.resource.old:
            return True
        answer = exchange.answer
        found = answer.get("_links") if isinstance(answer, dict) else None
        return isinstance(found, dict) and isinstance(found.get("next"), dict)

    def get(self, id_: Any) -> Exchange:
        """Read one thing (v4)."""
        return self.script.call(self.op("get"), self.one(id_))

    def create(self, items: Any) -> Exchange:
        """Create a batch, or one thing (v4)."""
        return self.script.call(self.op("create"), self.parameters, json=items)

    def make(self, items: Sequence[Mapping[str, Any]]) -> list[tuple[Exchange, Any]]:
        """Create several things, in one request where the contract has batches; each with its answered model."""
        if self.takes_array("create"):
            exchange = self.create(list(items))
            return [(exchange, model) for model in paired(self, exchange, items)]
        return [(one, next(iter(self.models(one)), None)) for one in map(self.create, items)]

    def models(self, exchange: Exchange) -> list[Model]:
        """The things an accepted answer tells of: the members of its collection, else the one thing it is."""
        if not exchange.accepted:
            return []
        answer = exchange.answer
        if isinstance(answer, dict) and "id" in answer and not embedded(answer, self.key):
            return [answer]
        return embedded(answer, self.key)

    def update(self, id_: Any, body: Any) -> Exchange:
        """Change one thing (v4)."""
        return self.script.call(self.op("update"), self.one(id_), json=body)

    def update_batch(self, items: Any) -> Exchange:
        """Change several things (v4 fields)."""
        return self.script.call(self.op("update_batch"), self.parameters, json=items)

    def delete(self, id_: Any) -> Exchange:
        """Delete one thing (v4)."""
        return self.script.call(self.op("delete"), self.one(id_))

    def write(self, **blocks: Any) -> Exchange:
        """Add, update and delete (v2)."""
        return self.script.call(
            self.op("write"), json={name: value for name, value in blocks.items() if value is not None}
        )


def paired(
    collection: Collection, exchange: Exchange, sent: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any] | None]:
    """Return the answered model of every sent item, by request id, else by position."""
    items = collection.models(exchange)
    answered = {str(item.get("request_id")): item for item in items}
    return [
        answered.get(str(item.get("request_id")), items[index] if index < len(items) else None)
        for index, item in enumerate(sent)
    ]
