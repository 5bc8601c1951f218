"""Good bodies for any collection: made from the examples and the schemas of the contract.

What an example refers to belongs to the account it was taken from; only what stands for itself is used of it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from kommo.contract import domain, shapes
from kommo.contract.checks import semantic
from kommo.contract.checks.echo import entries, same, stored
from kommo.contract.collection import Collection, Model
from kommo.contract.exchange import Exchange, is_json
from kommo.contract.shapes import PREFIX


def drafts(collection: Collection, count: int, label: str) -> list[Model]:
    """Return new things to create, each with a name of its own and a request id that is no index.

    Args:
        collection: where they are to be created.
        count: how many; fields come one for each type that the collection can have, whatever the count.
        label: part of their names.
    """
    if collection.key == "custom_fields":
        return domain.new_fields(domain.creatable(collection), label)
    schema = collection.schema("create")
    base = _base(collection, schema)
    marked = "request_id" in shapes.properties(schema)
    made = []
    for number in range(count):
        item = {**copy.deepcopy(base)}
        if collection.label:
            item[collection.label] = _named(
                collection, schema, f"{label} {number} {shapes.TRICKY[number % len(shapes.TRICKY)]}"
            )
        if marked:
            item["request_id"] = _mark(collection, schema, number * 7 + 3)
        made.append(item)
    return made


def _named(collection: Collection, schema: Any, text: str) -> str:
    node = shapes.properties(schema).get(collection.label)
    limit = (shapes.of_type(collection.script.contract, node, "string") or {}).get("maxLength", 1000)
    return f"{PREFIX} {text}"[: int(limit)]


def _mark(collection: Collection, schema: Any, number: int) -> Any:
    """A request id of the type that the contract asks for."""
    node = shapes.properties(schema)["request_id"]
    contract = collection.script.contract
    return f"q{number}" if shapes.of_type(contract, node, "string") is not None else number


def _base(collection: Collection, schema: shapes.Schema | None) -> Model:
    """The keys that every draft has: plain ones of the first good example, required ones, numbers and texts."""
    contract = collection.script.contract
    inner = shapes.properties(schema)
    plain = collection.plain("create")
    base: Model = {}
    for name in (schema or {}).get("required", ()):
        base[name] = shapes.example(contract, inner.get(name, {}))
    for one in examples(collection, "create"):
        base |= {key: value for key, value in one.items() if key in plain or key in base}
        break
    for key in plain:
        if key not in base and "enum" not in shapes.alternatives(contract, inner[key])[0]:
            value = shapes.another(contract, inner[key], key, None)
            if not isinstance(value, bool | None):  # yes and no switch things on that nobody asked for
                base[key] = value
    base |= {name: value for name, value in collection.parameters.items() if name in inner}
    return base


def examples(collection: Collection, verb: str) -> Iterator[Model]:
    """Yield the single things of the examples that the contract gives for an operation."""
    operation = collection.resource.operations[verb]
    for kind, found in operation.request_examples.items():
        for body in found if is_json(kind) else ():
            yield from (one for one in (body if isinstance(body, list) else [body]) if isinstance(one, dict))


def body(collection: Collection, items: Sequence[Model]) -> Any:
    """Return things to create as the operation takes them: an array, or the first alone."""
    return list(items) if collection.takes_array("create") else items[0]


def accepted(collection: Collection, items: Sequence[Model]) -> list[tuple[Exchange, Model, Model]]:
    """Create things; where the server refuses a key for a reason that no schema can state, without that key.

    Returns:
        (exchange, what was sent, what was answered) of everything that was made.
    """
    items = [dict(item) for item in items]
    found = collection.make(items)
    for _ in range(4):
        refused = next((exchange for exchange, _ in found if not exchange.accepted), None)
        dropped = set() if refused is None or semantic.unjustified(refused) else _named_keys(refused)
        if not dropped & {key for item in items for key in item}:
            break
        items = [{key: value for key, value in item.items() if key not in dropped} for item in items]
        found = collection.make(items)
    return [
        (exchange, item, model)
        for item, (exchange, model) in zip(items, found, strict=True)
        if isinstance(model, dict) and "id" in model
    ]


def _named_keys(exchange: Exchange) -> set[str]:
    answer = exchange.answer if isinstance(exchange.answer, dict) else {}
    reports = entries(answer.get("validation-errors"))
    return {
        str(error.get("path")).partition(".")[0]
        for report in reports
        for error in entries(report.get("errors"))
    }


def changes(collection: Collection, model: Model, verb: str = "update") -> Iterator[tuple[str, Any]]:
    """Yield every plain key of a change with a valid value that the thing does not have yet."""
    contract = collection.script.contract
    inner = shapes.properties(collection.schema(verb))
    names = stored(contract, collection.op(verb), collection.key, model)
    for key in names:
        if key not in inner or key not in model:
            continue
        if key == collection.label:
            yield key, _named(collection, collection.schema(verb), f"renamed {str(model['id'])[-6:]} ✓")
        elif key == "code":
            yield key, f"KC_{collection.tag}_{model['id']}".upper()
        else:
            value = shapes.another(contract, inner[key], key, model[key])
            if value is not None:
                yield key, value


def departing(collection: Collection, verb: str, sent: Model, got: Model) -> list[str]:
    """Return the plain keys that were sent and are read otherwise."""
    names = stored(collection.script.contract, collection.op(verb), collection.key, got)
    return [
        key for key in names if sent.get(key) is not None and key in got and not same(sent[key], got[key])
    ]
