"""What the suite knows of the domain beyond the document: how to make things, find them again, and read whole lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import define, field, frozen

from kommo.contract.checks.echo import embedded, entries
from kommo.contract.exchange import Exchange
from kommo.contract.session import Script

#: Begins the name of everything that the suite creates.
PREFIX: Final = "kommo-contract"

#: Tags of v4 custom fields, without `_custom_fields`.
ENTITIES: Final = ("leads", "contacts", "companies", "customers", "customers_segments", "catalogs")
WITH_GROUPS: Final = ("leads", "contacts", "companies", "customers")

#: Every documented type (custom-fields-v4:300-320) with the keys that make a full definition of it.
TYPES: Final[Mapping[str, Mapping[str, Any]]] = {
    "text": {},
    "numeric": {},
    "checkbox": {},
    "select": {
        "enums": [{"value": "one", "sort": 1}, {"value": "two", "sort": 2}, {"value": "три ☕", "sort": 3}]
    },
    "multiselect": {"enums": [{"value": "a", "sort": 10}, {"value": "b", "sort": 20}]},
    "radiobutton": {"enums": [{"value": "yes", "sort": 0}, {"value": "no", "sort": 1}]},
    "date": {},
    "date_time": {},
    "birthday": {"remind": "week"},
    "url": {},
    "textarea": {},
    "streetaddress": {},
    "smart_address": {},
    "multitext": {},
    "legal_entity": {},
    "price": {},
    "items": {},
    "category": {
        "nested": [
            {"value": "root", "request_id": "r1", "sort": 0},
            {"value": "child", "request_id": "r2", "parent_request_id": "r1", "sort": 0},
            {"value": "leaf", "parent_request_id": "r2", "sort": 0},
            {"value": "second child", "parent_request_id": "r1", "sort": 1},
        ]
    },
}
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
    """One list of the API: fields or groups of an entity, lists, or elements of a list.

    Attributes:
        script: makes the calls.
        tag: resource name: operationIds are `<verb>_<tag>`.
        key: of `_embedded`.
        parameters: path parameters of the collection.
        query: parameters that every read needs.
    """

    script: Script
    tag: str
    key: str
    parameters: dict[str, str | int] = field(factory=dict)
    query: tuple[tuple[str, Any], ...] = ()

    def has(self, verb: str) -> bool:
        """Say whether the contract has an operation of this collection."""
        return f"{verb}_{self.tag}" in self.script.contract.operations

    def op(self, verb: str) -> str:
        """The operationId of a verb."""
        return f"{verb}_{self.tag}"

    def declares(self, name: str, verb: str = "list") -> bool:
        """Say whether an operation declares a query parameter."""
        return name in self.script.contract.operations[self.op(verb)].paging

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
            if not items or not more(exchange, self.tag):
                break
        return Listing(found, calls, True)

    def get(self, id_: Any) -> Exchange:
        """Read one thing (v4)."""
        return self.script.call(self.op("get"), {**self.parameters, "id": id_})

    def create(self, items: Any) -> Exchange:
        """Create a batch (v4)."""
        return self.script.call(self.op("create"), self.parameters, json=items)

    def update(self, id_: Any, body: Any) -> Exchange:
        """Change one thing (v4)."""
        return self.script.call(self.op("update"), {**self.parameters, "id": id_}, json=body)

    def update_batch(self, items: Any) -> Exchange:
        """Change several things (v4 fields)."""
        return self.script.call(self.op("update_batch"), self.parameters, json=items)

    def delete(self, id_: Any) -> Exchange:
        """Delete one thing (v4)."""
        return self.script.call(self.op("delete"), {**self.parameters, "id": id_})

    def write(self, **blocks: Any) -> Exchange:
        """Add, update and delete (v2)."""
        return self.script.call(
            self.op("write"), json={name: value for name, value in blocks.items() if value is not None}
        )


def more(exchange: Exchange, tag: str) -> bool:
    """Say whether a page has a successor: v4 says so by a link, v2 by nothing but the next page's emptiness."""
    if tag.startswith("v2_"):
        return True
    answer = exchange.answer
    found = answer.get("_links") if isinstance(answer, dict) else None
    return isinstance(found, dict) and isinstance(found.get("next"), dict)


def fields(script: Script, entity: str, catalog_id: int | None = None) -> Collection:
    """The custom fields of an entity; those of lists need the list's id."""
    parameters: dict[str, str | int] = {} if catalog_id is None else {"catalog_id": catalog_id}
    return Collection(script, f"{entity}_custom_fields", "custom_fields", parameters)


def groups(script: Script, entity: str) -> Collection:
    """The field groups of an entity."""
    return Collection(script, f"{entity}_custom_field_groups", "custom_field_groups")


def catalogs(script: Script) -> Collection:
    """The lists."""
    return Collection(script, "v2_catalogs", "items")


def elements(script: Script, catalog_id: int) -> Collection:
    """The elements of a list."""
    return Collection(script, "v2_catalog_elements", "items", query=(("catalog_id", catalog_id),))


def creatable(collection: Collection) -> list[str]:
    """Return the documented types that the contract lets a collection of fields create."""
    operation = collection.script.contract.operations[collection.op("create")]
    return [
        name
        for name, extra in TYPES.items()
        if collection.script.contract.valid_request(operation, [{"name": "x", "type": name, **extra}])
    ]


def new_fields(types: Iterable[str], label: str) -> list[dict[str, Any]]:
    """Return one full definition per type, with request ids that are no indexes."""
    return [
        {
            "name": f"{PREFIX} {label} {name} ü",
            "type": name,
            "sort": 700 + index,
            "request_id": f"q{index * 7 + 3}",
            **TYPES[name],
        }
        for index, name in enumerate(types)
    ]


def paired(
    collection: Collection, exchange: Exchange, sent: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any] | None]:
    """Return the answered model of every sent item, by request id, else by position."""
    items = collection.items(exchange)
    answered = {str(item.get("request_id")): item for item in items}
    return [
        answered.get(str(item.get("request_id")), items[index] if index < len(items) else None)
        for index, item in enumerate(sent)
    ]


def make_catalog(script: Script, label: str) -> int:
    """Create a list and return its id.

    Raises:
        Halted: the server gives none.
    """
    exchange = catalogs(script).write(add=[{"name": f"{PREFIX} {label}", "request_id": 1}])
    items = embedded(exchange.answer, "items")
    id_ = items[0].get("id") if items else None
    script.need(isinstance(id_, int), f"no list could be created: {exchange}")
    assert isinstance(id_, int)
    return id_
