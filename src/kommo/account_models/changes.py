"""What a new module changes for those who use the old one, one line each."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

from kommo.account_models.plan import Attribute, Class, Module, Options

T = TypeVar("T")
KeyT = TypeVar("KeyT", bound=Hashable)


def changes(old: Module, new: Module) -> list[str]:
    """The differences: `+` is new, `-` is gone, `!` has another type, `~` is the same with another name or text."""
    lines = [
        line for pair in _pairs(old.classes, new.classes, lambda each: each.source) for line in _class(*pair)
    ]
    if old.zone != new.zone:
        lines.append(f"! moments are in {new.zone or 'UTC'}, were in {old.zone or 'UTC'}")
    return lines


def _class(old: Class | None, new: Class | None) -> Iterator[str]:
    if new is None:
        if old is not None:
            yield f"- {old.name}: {old.doc}"
        return
    if old is None:
        yield f"+ {new.name}: {new.doc}, {len(new.attributes)} attributes"
        return
    if old.name != new.name:
        yield f"! {old.name} is now {new.name}"
    if old.doc != new.doc:
        yield f"~ {new.name}: was {old.doc!r}, is {new.doc!r}"
    if old.model != new.model:
        yield f"! {new.name}.answer: models.{old.model} is now models.{new.model}"
    for before, after in _pairs(old.attributes, new.attributes, lambda each: each.key):
        yield from _attribute(f"{new.name}.", before, after)


def _attribute(of: str, old: Attribute | None, new: Attribute | None) -> Iterator[str]:
    if new is None:
        if old is not None:
            yield f"- {of}{old.name}: {old.annotation}{_doc(old)}"
        return
    if old is None:
        yield f"+ {of}{new.name}: {new.annotation}{_doc(new)}"
        return
    if old.name != new.name:
        yield f"! {of}{old.name} is now {of}{new.name}{_doc(new)}"
    if (old.annotation, old.kind) != (new.annotation, new.kind):
        yield f"! {of}{new.name}: {_type(old)} is now {_type(new)}{_doc(new)}"
    elif old.doc != new.doc:
        yield f"~ {of}{new.name}: was {old.doc!r}, is {new.doc!r}"
    if old.options and new.options:
        yield from _options(old.options, new.options)


def _options(old: Options, new: Options) -> Iterator[str]:
    for before, after in _pairs(old.members, new.members, lambda each: each.id):
        if after is None:
            if before is not None:
                yield f"- {new.name}.{before.name}: option {before.id}, {before.text!r}"
        elif before is None:
            yield f"+ {new.name}.{after.name}: option {after.id}, {after.text!r}"
        elif before != after:
            was, now = (
                (each.text, each.code) if before.code != after.code else each.text for each in (before, after)
            )
            yield f"~ {new.name}.{after.name}: was {was!r}, is {now!r}"
    kept = [each.id for each in old.members if each.id in {other.id for other in new.members}]
    if kept != [each.id for each in new.members if each.id in set(kept)]:
        yield f"~ {new.name}: the options stand in another order"


def _type(attribute: Attribute) -> str:
    return f"{attribute.annotation} ({attribute.kind})" if attribute.kind else attribute.annotation


def _doc(attribute: Attribute) -> str:
    return f"  ({attribute.doc})" if attribute.doc else ""


def _pairs(
    old: Iterable[T], new: Iterable[T], key: Callable[[T], KeyT]
) -> Iterator[tuple[T | None, T | None]]:
    """What stands on both sides, then what is gone, then what is new."""
    before: Mapping[KeyT, T] = {key(each): each for each in old}
    after: Mapping[KeyT, T] = {key(each): each for each in new}
    yield from ((before[each], after[each]) for each in before if each in after)
    yield from ((before[each], None) for each in before if each not in after)
    yield from ((None, after[each]) for each in after if each not in before)
