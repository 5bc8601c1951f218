"""The shape of a v2 write: three optional blocks, `add`, `update` and `delete`, each item on its own.

Unlike a v4 batch, a v2 write is not all or nothing: an item that the account refuses becomes a `Failure`,
the others are carried out. What is not even readable (a name that is a number, a missing key) refuses the
whole request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, ParamSpec, TypeVar

from .batches import MAX_BATCH
from .checks import Item, as_id
from .store import Store
from .violations import INVALID_TYPE, DomainError, Invalid, Malformed, TooMany, Violation

BLOCKS: Final = ("add", "update", "delete")

FIELD_NOT_FOUND: Final = 204
BAD_FIELDS: Final = 203
NOT_FOUND: Final = 282
BAD_DATA: Final = 400


class Failure(NamedTuple):
    """An item that could not be carried out.

    Attributes:
        block: where it stood.
        key: its key in `_embedded.errors`: the id of the record, for an added one the position in the block.
        request_id: its request id, else the position in the block.
        code: the vendor's number for the reason.
        path: the key of the item that is to blame.
        message: the reason for people.
    """

    block: str
    key: str
    request_id: str
    code: int
    path: str
    message: str


class Refusal(DomainError):
    """Raised while one item is carried out: why it cannot be."""

    def __init__(self, code: int, path: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.path = path
        self.message = message


class Failed(DomainError):
    """A write of which items failed, where failures are not reported one by one. Nothing was changed."""

    def __init__(self, failures: list[Failure]) -> None:
        super().__init__("; ".join(failure.message for failure in failures))
        self.failures = failures


class Done(NamedTuple):
    """An item that was carried out: its block, the id of the record, its request id or position, its new
    `updated_at`."""

    block: str
    id: int
    request_id: int
    updated_at: int | None = None


class Outcome(NamedTuple):
    """What became of the items of a write, each list in the order of the request."""

    done: list[Done]
    failures: list[Failure]


class V2Rules(NamedTuple):
    """Where the v2 rules depend on how faithful the mock is asked to be."""

    partial: bool = True
    open_types: bool = True
    updated_at_optional: bool = True


class Blocks(NamedTuple):
    """The readable items of a request."""

    add: list[Item]
    update: list[Item]
    delete: list[int]


T = TypeVar("T")
P = ParamSpec("P")


def read_blocks(body: Any, *, form: bool) -> Blocks:
    """Split a body into its blocks.

    Args:
        body: the decoded body.
        form: the body was form-encoded, so every scalar is a string.

    Raises:
        Malformed: not an object, or no block.
        TooMany: more than `MAX_BATCH` items in a block.
        Invalid: an entry of a block has the wrong JSON type.
    """
    if not isinstance(body, dict):
        raise Malformed("Request body should be an object")
    bad: list[tuple[str, list[Violation]]] = []
    items: dict[str, list[Item]] = {"add": [], "update": []}
    ids: list[int] = []
    for block in BLOCKS:
        if block not in body:
            continue
        entries = body[block]
        if not isinstance(entries, list) or not entries:
            bad.append(
                ("0", [Violation(INVALID_TYPE, block, "This value should be an array that is not empty.")])
            )
            continue
        if len(entries) > MAX_BATCH:
            raise TooMany(f"Limit {MAX_BATCH} per page")
        for index, entry in enumerate(entries):
            path = f"{block}.{index}"
            if block == "delete":
                id_ = as_id(entry)
                if id_ is None:
                    bad.append(
                        (
                            str(index),
                            [Violation(INVALID_TYPE, path, "This value should be a positive integer.")],
                        )
                    )
                else:
                    ids.append(id_)
            elif isinstance(entry, dict):
                items[block].append(Item(entry, path, form=form))
            else:
                bad.append(
                    (str(index), [Violation(INVALID_TYPE, path, "This value should be of type object.")])
                )
    if bad:
        raise Invalid(bad)
    if not any(block in body for block in BLOCKS):
        raise Malformed("Request data can not be empty")
    return Blocks(items["add"], items["update"], ids)


def read_items(items: list[Item], read: Callable[[Item], T]) -> list[tuple[int, T]]:
    """Read every item of a block: its request id, else its position, with what was read.

    Raises:
        Invalid: when any of them is not readable.
    """
    bad: list[tuple[str, list[Violation]]] = []
    found: list[tuple[int, T]] = []
    for index, item in enumerate(items):
        sent = item.integer("request_id")
        request_id = sent if isinstance(sent, int) else index
        value = read(item)
        if item.found:
            bad.append((str(request_id), item.found))
        else:
            found.append((request_id, value))
    if bad:
        raise Invalid(bad)
    return found


class Write:
    """Carries out the items of one request and collects what became of them.

    Args:
        store: inside a transaction.
        rules: whether a refused item refuses everything.
    """

    def __init__(self, store: Store, rules: V2Rules) -> None:
        self.store = store
        self.rules = rules
        self.outcome = Outcome([], [])

    def item(
        self,
        block: str,
        key: int,
        request_id: int,
        carry_out: Callable[P, Done],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Carry out one item by a call; a refusal becomes a failure under this key."""
        try:
            self.outcome.done.append(carry_out(*args, **kwargs))
        except Refusal as refusal:
            self.outcome.failures.append(
                Failure(block, str(key), str(request_id), refusal.code, refusal.path, refusal.message)
            )

    def finish(self) -> Outcome:
        """The outcome.

        Raises:
            Failed: an item failed and the rules want all or nothing.
        """
        if self.outcome.failures and not self.rules.partial:
            raise Failed(self.outcome.failures)
        return self.outcome
