"""The things that a walk makes, and whether two answers tell of the same one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define, field

from kommo.contract.collection import Collection, Model, core, difference
from kommo.contract.exchange import Exchange
from kommo.contract.session import Script


@define
class Things:
    """What one walk has made of a collection.

    Attributes:
        collection: what is walked through.
        made: what was created: as the answer told it, completed by what a read tells.
        creation: the request that created it.
        sent: what was sent for each of `made`.
        before: what the collection held before, by id.
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


def _order(value: Any) -> list[Any]:
    """The ids of the parts of a thing in the order in which they come; [] when they are no array of such."""
    return (
        [one["id"] for one in value if isinstance(one, dict) and "id" in one]
        if isinstance(value, list)
        else []
    )
