"""What all rules of the state machine stand on: the server, the model of it, and how the two are compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from kommo.contract import domain
from kommo.contract.checks.echo import entries
from kommo.contract.collection import core, difference
from kommo.contract.exchange import Exchange
from kommo.contract.layers.model.drafts import SELECTS
from kommo.contract.layers.model.driver import ClientBroke, Driver, Outcome
from kommo.contract.layers.model.world import CARDS, Model, Place
from kommo.contract.shapes import PREFIX

UNKNOWN: Final = 2**40 + 99


class Broken(AssertionError):
    """The server (or the client) is not what the model says."""

    def __init__(
        self, check: str, operation: str, cause: str, message: str, calls: Sequence[Exchange]
    ) -> None:
        super().__init__(f"{operation}: {check}: {cause}")
        self.check = check
        self.operation = operation
        self.cause = cause
        self.message = message
        self.calls = tuple(calls)

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two of them the same defect."""
        return (self.operation, self.check, self.cause)


class Known(Exception):
    """A defect that was reported already: the model takes the server's view and goes on."""


def tolerant(step: Callable[..., None]) -> Callable[..., None]:
    """Let a step end early at a defect that is known."""

    @wraps(step)
    def run(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            step(self, *args, **kwargs)
        except Known:
            self.resync()

    return run


def types_of(driver: Driver, entity: str) -> list[str]:
    """The types that the contract lets an entity create; without those whose code is not ours to choose."""
    types = domain.creatable(domain.fields(driver.script, entity))
    return [name for name in types if "code" not in domain.TYPES[name]]


def items_of(outcome: Outcome, key: str) -> list[Model]:
    """What an answer holds under a key of `_embedded`."""
    data = outcome.data if isinstance(outcome.data, dict) else {}
    return entries((data.get("_embedded") or {}).get(key))


def without_fields(model: Model) -> Model:
    """A group without the ids of its fields."""
    return {key: value for key, value in model.items() if key != "fields"}


def without_values(model: Model) -> Model:
    """An element of v2 without the values of its fields."""
    return {key: value for key, value in model.items() if key != "custom_fields"}


def values_of(model: Model) -> dict[int, list[str]]:
    """The values of an element of v2 as text, by the id of their field."""
    found = {}
    for entry in entries(model.get("custom_fields")):
        found[int(entry["id"])] = [str(value.get("value")) for value in entries(entry.get("values"))]
    return found


def writable(model: Model) -> bool:
    """Whether a value can be made up for this field: of one of the plain types, or with options."""
    plain = ("text", "textarea", "url", "numeric", "price", "streetaddress")
    return model["type"] in plain or bool(
        model["type"] in (*SELECTS, "category")
        and (entries(model.get("enums")) or entries(model.get("nested")))
    )


def current_values(values: dict[int, list[str]], place: Place) -> dict[int, list[str]]:
    """The values as they are read now: options that a field has lost are gone with their text."""
    return {id_: texts for id_, texts in values.items() if id_ in place.own and texts}


class Elements:
    """One list of the machine's own with its elements: id to what is known of each."""

    def __init__(self, id_: int) -> None:
        self.id = id_
        self.elements: dict[int, Model] = {}
        self.values: dict[int, dict[int, list[str]]] = {}


class Base(RuleBasedStateMachine):
    """A scenario.

    Attributes:
        entities: which v4 entities may be used (`catalogs` brings lists and elements along).
        known: defects that need not be shown again.
        shown: every new defect as it shows, however long its sequence.
    """

    entities: ClassVar[Sequence[str]]
    known: ClassVar[set[tuple[str, str, str]]]
    shown: ClassVar[list[Broken]]

    @staticmethod
    def new_driver() -> Driver:
        """Make the way to the server; called once per scenario."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.driver = self.new_driver()
        self.places: list[Place] = []
        self.lists: dict[int, Elements] = {}
        self.catalogs: dict[int, Model] = {}
        self.foreign_catalogs: dict[int, Model] = {}
        self.gone: list[tuple[Place, int]] = []
        self.steps: list[Exchange] = []
        self.used_ids: set[int] = set()

    # Ground

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Choose what this scenario plays with, and learn what is there."""
        plain = [name for name in self.entities if name != "catalogs"]
        chosen = (
            data.draw(st.lists(st.sampled_from(plain), min_size=1, max_size=2, unique=True)) if plain else []
        )
        for entity in chosen:
            self.add_place(Place(entity))
        if "catalogs" in self.entities and (not plain or data.draw(st.booleans())):
            self.foreign_catalogs = self.read_catalogs()
            self.add_catalogs([{"name": f"{PREFIX} model"}])

    def add_catalogs(self, items: list[Model]) -> None:
        """Add lists of the scenario's own; the rules about lists know how."""
        raise NotImplementedError

    def add_place(self, place: Place) -> None:
        place.fields = self.read_fields(place)
        if place.entity in CARDS:
            place.groups = self.read_groups(place)
        self.places.append(place)

    # Talking to the server

    def call(self, tag: str, verb: str, *path: Any, **arguments: Any) -> Outcome:
        before = len(self.driver.calls)
        try:
            outcome = self.driver.call(tag, verb, *path, **arguments)
        except ClientBroke as error:
            self.steps += self.driver.calls[before:]
            self.fail("client", f"{verb}_{tag}", error.cause, str(error))
            raise  # not reached: fail raises
        self.steps += self.driver.calls[before:]
        if outcome.status >= 500:
            self.fail("status", f"{verb}_{tag}", f"status {outcome.status}", f"answered {outcome.status}")
        return outcome

    def fail(self, check: str, operation: str, cause: str, message: str) -> None:
        """Report a defect.

        Raises:
            Broken: it is a new one.
            Known: it is not.
        """
        calls = (
            [*self.steps, *self.driver.calls[-1:]]
            if self.driver.calls[-1:] != self.steps[-1:]
            else self.steps
        )
        broken = Broken(check, operation.replace("add_v2", "write_v2"), cause, message, calls)
        if broken.key in self.known:
            raise Known
        self.shown.append(broken)
        raise broken

    def everything(self, tag: str, *path: Any, **query: Any) -> dict[Any, Model]:
        try:
            items = self.driver.everything(tag, *path, **query)
        except ClientBroke as error:
            self.fail("client", f"list_{tag}", error.cause, str(error))
            raise
        if items is None:
            self.fail(
                "refuses-valid", f"list_{tag}", "list", f"the list was refused: {self.driver.calls[-1]}"
            )
            raise AssertionError
        found = {item.get("id"): core(item) for item in items}
        if len(found) < len(items):
            self.fail(
                "paging",
                f"list_{tag}",
                "an item twice",
                f"{len(items)} items, {len(found)} different ids",
            )
        return found

    def read_fields(self, place: Place, limit: int = 250) -> dict[Any, Model]:
        return self.everything(place.tag, *place.path, limit=limit)

    def read_groups(self, place: Place) -> dict[Any, Model]:
        return {id_: without_fields(model) for id_, model in self.everything(place.group_tag).items()}

    def read_catalogs(self) -> dict[Any, Model]:
        return self.everything("v2_catalogs")

    # Comparing

    def settle(self, place: Place, operation: str, limit: int = 250) -> None:
        """Compare all fields of a place with the model, key by key."""
        real = self.read_fields(place, limit)
        self.compare(real, place.fields, operation, f"fields of {place.entity}")

    def compare(self, real: dict[Any, Model], believed: dict[Any, Model], operation: str, what: str) -> None:
        missing = [id_ for id_ in believed if id_ not in real]
        extra = [id_ for id_ in real if id_ not in believed]
        if missing:
            self.fail("list-contains", operation, "an item is missing", f"{what} lack {missing[:5]}")
        if extra:
            self.fail(
                "list-contains",
                operation,
                "an item too many",
                f"{what} hold {extra[:5]}, which should not be",
            )
        for id_, model in believed.items():
            if real[id_] != model:
                keys = sorted(key for key in {*model, *real[id_]} if model.get(key) != real[id_].get(key))
                self.fail(
                    "read-after-write",
                    operation,
                    f"differs in {', '.join(keys)}",
                    f"{what}: {id_} should be otherwise: {difference(model, real[id_])}",
                )

    def resync(self) -> None:
        """Take the server's view."""
        self.driver.calls.clear()
        for place in self.places:
            place.fields = {
                item["id"]: core(item) for item in self.driver.everything(place.tag, *place.path) or []
            }
            place.own = [id_ for id_ in place.own if id_ in place.fields]
            if place.entity in CARDS:
                groups = self.driver.everything(place.group_tag) or []
                place.groups = {item["id"]: without_fields(core(item)) for item in groups}
                place.own_groups = [id_ for id_ in place.own_groups if id_ in place.groups]
        if self.lists or self.catalogs:
            real = {item["id"]: core(item) for item in self.driver.everything("v2_catalogs") or []}
            self.catalogs = {id_: real[id_] for id_ in self.catalogs if id_ in real}
            self.foreign_catalogs = {id_: real[id_] for id_ in self.foreign_catalogs if id_ in real}
            for held in self.lists.values():
                items = self.driver.everything("v2_catalog_elements", catalog_id=held.id) or []
                held.elements = {item["id"]: without_values(core(item)) for item in items}
                held.values = {item["id"]: values_of(item) for item in items}

    # End

    def teardown(self) -> None:
        """Take everything away again, whatever happened."""
        for place in self.places:
            if place.entity != "catalogs":
                for field_id in place.own:
                    self.driver.call(place.tag, "delete", field_id)
                for group_id in place.own_groups:
                    self.driver.call(place.group_tag, "delete", group_id)
        if self.catalogs:
            self.driver.call("v2_catalogs", "delete", items=sorted(self.catalogs))
        self.driver.close()
