"""Identifiers for names that people gave in any script. Nothing here is random or depends on a run."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from itertools import count
from typing import Final, TypeVar

from anyascii import anyascii

KeyT = TypeVar("KeyT", int, str)

#: Longer names are cut, at a word where possible: a line of a module holds two of them.
LONGEST: Final = 30

_APOSTROPHES: Final = re.compile("['`\"]")
_WORD: Final = re.compile("[A-Za-z0-9]+")


def words(name: str) -> list[str]:
    """The words of a name in small ASCII letters and digits; none when nothing of it can be transliterated."""
    latin = "".join(character for character in name if character.isprintable())
    return [word.lower() for word in _WORD.findall(_APOSTROPHES.sub("", anyascii(latin)))]


def attribute_name(name: str, fallback: str) -> str:
    """`Дата рождения` becomes `data_rozhdeniya`.

    Args:
        name: what people call it.
        fallback: a word that begins the name when it would begin with a digit or be empty.
    """
    cut = _cut("_".join(_begun(words(name), fallback)))
    return f"{cut}_" if keyword.iskeyword(cut) else cut


def member_name(name: str) -> str:
    """`Не задан` becomes `NE_ZADAN`."""
    return _cut("_".join(_begun(words(name), "option"))).upper()


def class_name(name: str, fallback: str) -> str:
    """`Товары и услуги` becomes `TovaryIUslugi`."""
    return "".join(word.capitalize() for word in _begun(words(name), fallback))[:LONGEST]


def distinct(
    wanted: Iterable[tuple[KeyT, str]],
    name: Callable[[str], str],
    *,
    earlier: Mapping[KeyT, str],
    taken: Container[str],
) -> dict[KeyT, str]:
    """An identifier for each key, none twice.

    A key keeps the identifier that it had. Of new keys that want the same identifier the first gets it; the others,
    and those whose identifier is taken, get it with their key behind it.

    Args:
        wanted: keys and what people call them, in an order that stays: that of the keys.
        name: makes an identifier of what people call it.
        earlier: identifiers by key that are in use already.
        taken: identifiers that nothing here may have.
    """
    pairs = list(wanted)
    found = {key: earlier[key] for key, _ in pairs if key in earlier and earlier[key] not in taken}
    used = set(found.values())
    for key, called in pairs:
        if key not in found:
            choices = _choices(name(called), str(key))
            found[key] = next(choice for choice in choices if choice not in used and choice not in taken)
            used.add(found[key])
    return {key: found[key] for key, _ in pairs}


def _choices(base: str, key: str) -> Iterator[str]:
    """`size`, `size_103`, `size_103_2` ... for 103; `Size`, `Size103` ... where words are not joined by `_`."""
    yield base
    joint = "" if base[:1].isupper() and not base.isupper() else "_"
    for again in count(1):
        suffix = joint + key + (f"_{again}" if again > 1 else "")
        yield base[: LONGEST - len(suffix)].rstrip("_") + suffix


def _begun(found: list[str], fallback: str) -> list[str]:
    """Begin with a letter."""
    return [fallback, *found] if not found or found[0][0].isdigit() else found


def _cut(name: str) -> str:
    if len(name) <= LONGEST:
        return name
    whole, _, _ = name[: LONGEST + 1].rpartition("_")
    return (whole if len(whole) > LONGEST // 2 else name[:LONGEST]).rstrip("_")
