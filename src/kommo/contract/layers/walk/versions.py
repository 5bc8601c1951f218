"""Both versions of the API tell of the same things: what one says of a thing, the other does not deny."""

from __future__ import annotations

from typing import Any, Final

from kommo.contract.collection import Collection, Model
from kommo.contract.resources import resources

#: Values of fields, by version, with the key that names the field.
_VALUES: Final = (("custom_fields", "id"), ("custom_fields_values", "field_id"))


def check(old: Collection, tag: str, parameters: dict[str, str | int] | None = None) -> None:
    """Compare every thing of a list of v2 with what v4 says of it.

    Args:
        old: the list as v2 reads it.
        tag: of the collection of v4 that holds the same things; nothing is done when there is none.
        parameters: that its path needs.
    """
    script = old.script
    found = resources(script.contract).get(tag)
    if found is None or "list" not in found.operations:
        return
    earlier, later = old.read(), Collection(script, found, parameters or {}).read()
    if not (earlier.complete and later.complete):
        return
    known = later.by_id()
    calls = [*earlier.calls[:1], *later.calls[:1]]
    for id_, model in earlier.by_id().items():
        other = known.get(id_)
        if other is None:
            message = f"{id_} is listed by v2 and not by v4 ({tag})"
            script.fail("list-contains", old.op("list"), "not in the other version", message, calls)
            return
        for key, value in model.items():
            if _plain(value) and key in other and other[key] != value:
                message = f"{key} of {id_} is {value!r} in v2 and {other[key]!r} in v4"
                script.fail("list-contains", old.op("list"), f"{key} by version", message, calls)
        one, two = (_texts(thing, *place) for thing, place in zip((model, other), _VALUES, strict=True))
        apart = [field for field in one if field in two and one[field] != two[field]]
        if apart:
            message = f"values of {id_}: field {apart[0]} holds {one[apart[0]]} in v2, {two[apart[0]]} in v4"
            script.fail("list-contains", old.op("list"), "values by version", message, calls)


def _plain(value: Any) -> bool:
    return isinstance(value, str | int)


def _texts(model: Model, key: str, own: str) -> dict[str, list[str]]:
    """The values of a thing as texts, by field: yes and no as 1 and 0; others are told otherwise by each version."""
    found: dict[str, list[str]] = {}
    for entry in model.get(key) or ():
        values = [value.get("value") for value in entry.get("values") or () if isinstance(value, dict)]
        texts = [str(int(value)) if isinstance(value, bool) else value for value in values]
        if all(isinstance(text, str) for text in texts):
            found[str(entry.get(own))] = [str(text) for text in texts]
    return found
