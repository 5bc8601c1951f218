"""The life of any collection: things are made, read in every place, changed alone and in a batch, deleted.

What to send comes from the schemas and examples of the contract (`kommo.contract.drafting`), so that a collection
that was added to it yesterday is walked through like the oldest one. What only one kind of thing has is the matter of
the `More` that a caller hands in.
"""

from __future__ import annotations

from collections.abc import Callable

from kommo.contract.collection import Collection, Model
from kommo.contract.layers.walk import (
    changes,
    creation,
    deletion,
    follow,
    manners,
    paging,
    refusals,
    searching,
    values,
    whole,
)
from kommo.contract.layers.walk.things import Things

More = Callable[[Collection, list[Model]], None]


def walk(collection: Collection, more: More | None = None, *, crowd: bool = False) -> None:
    """Walk through one collection.

    Args:
        collection: any of v4 that has operations to list and to create.
        more: what else to look at while the things are there.
        crowd: also fill it with as many things as one request may hold.
    """
    things = Things(collection)
    creation.empty_or_whole(things)
    creation.create(things)
    if not things.made:
        return
    creation.present(things)
    paging.check(collection)
    searching.check(collection, things.made)
    follow.check(collection)
    changes.update_one(things)
    changes.update_batch(things)
    changes.each_key(things)
    changes.write_back(things)
    creation.single(things)
    creation.own_keys(things)
    refusals.batches(things)
    refusals.twice(things)
    refusals.namesakes(things)
    changes.another_id(things)
    whole.check(things)
    values.check(collection)
    if crowd:
        creation.crowd(things)
    manners.check(collection, things.made[0]["id"])
    if more is not None:
        more(collection, things.made)
    deletion.delete(things)
    deletion.unknown(things)
    refusals.nowhere(things)
