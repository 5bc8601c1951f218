"""Reading from an account what its records look like: the fields of its entities, their options, its lists."""

from __future__ import annotations

import inspect
import re
from itertools import islice
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from attrs import frozen
from kommo_client.client import Unset

from kommo import Kommo, models
from kommo.account_models.source import Source
from kommo.command import CommandError
from kommo.errors import NotFound

_SCALARS: Final = {str: "str", int: "int", float: "float", bool: "bool", NoneType: "None"}
# What every record has that is neither read nor written as an attribute of its own.
_NOT_OWN: Final = frozenset({"id", "request_id"})
_FIELDS: Final = "_custom_fields"
# Lists that a message names, and so many characters of the name of each.
_NAMED: Final = 5
_LONGEST_NAME: Final = 30


@frozen
class OptionFound:
    """An option of a field.

    Attributes:
        id, text, code: as the account has them.
    """

    id: int
    text: str
    code: str | None


@frozen
class FieldFound:
    """A field of an entity.

    Attributes:
        id, name, type, code: as the account has them.
        options: its options in the order that people see.
    """

    id: int
    name: str
    type: str
    code: str | None
    options: tuple[OptionFound, ...] = ()


@frozen
class EntityFound:
    """What the records of an entity consist of.

    Attributes:
        source: which entity.
        model: name of the client's model of such a record.
        title: name of the list; None for the other entities.
        own: attributes that every such record has and that can be written, with their types.
        fields: its fields, by id.
    """

    source: Source
    model: str
    title: str | None
    own: dict[str, str]
    fields: tuple[FieldFound, ...]


def parse_entities(text: str) -> list[Source]:
    """The entities of `leads,contacts,catalogs:1234`.

    Raises:
        CommandError: it is no such list.
    """
    sources: list[Source] = []
    for name in text.split(","):
        entity, colon, number = name.strip().partition(":")
        if not re.fullmatch("[a-z]+(_[a-z]+)*", entity) or (
            colon and not re.fullmatch("[1-9][0-9]{0,17}", number)
        ):
            raise CommandError(
                f"--entity {name.strip()!r} is no entity; give names like leads,contacts,catalogs:1234"
            )
        source = Source(entity, int(number) if colon else None)
        if source in sources:
            raise CommandError(f"--entity names {source} twice; name it once")
        sources.append(source)
    return sources


def read_entity(crm: Kommo, source: Source) -> EntityFound:
    """Ask the account for the fields of an entity.

    Raises:
        CommandError: no records have such fields, there is no such list, or its id is missing or too much.
        KommoError: a request failed.
    """
    known = [name.removesuffix(_FIELDS) for name in sorted(dir(type(crm))) if name.endswith(_FIELDS)]
    if source.entity not in known:
        raise CommandError(f"--entity {source}: no records have such fields; give one of {', '.join(known)}")
    records, fields = source.records(crm), source.fields(crm)
    needs_list = "catalog_id" in inspect.signature(fields.list).parameters
    if needs_list and source.catalog_id is None:
        raise CommandError(f"--entity {source} needs the id of a list; {_lists(crm, source.entity)}")
    if not needs_list and source.catalog_id is not None:
        raise CommandError(f"--entity {source}: only lists are named by an id; say {source.entity}")
    model = str(inspect.signature(records.get).return_annotation)
    title = None
    if needs_list:
        try:
            title = getattr(crm, source.entity).get(source.catalog_id).name
        except NotFound:
            there = _lists(crm, source.entity)
            raise CommandError(f"--entity {source}: the account has no such list; {there}") from None
    found = sorted((_field(each) for each in fields.iterate(*source.path)), key=lambda each: each.id)
    return EntityFound(source, model, title, _own(records, model), tuple(found))


def _lists(crm: Kommo, entity: str) -> str:
    """What to say instead, for somebody who does not know the ids of the account's lists."""
    found = list(islice(getattr(crm, entity).iterate(), _NAMED + 1))
    if not found:
        return "it has none"
    named = [f"{entity}:{each.id} ({_short(each.name)})" for each in found[:_NAMED]]
    return f"give {' or '.join(named)}{' or another' if len(found) > _NAMED else ''}"


def _short(name: str) -> str:
    """A name on one line of a terminal."""
    visible = "".join(each if each.isprintable() else "?" for each in name)
    return visible if len(visible) <= _LONGEST_NAME else f"{visible[:_LONGEST_NAME]}..."


def _field(definition: models.CustomField) -> FieldFound:
    options = sorted(definition.enums or [], key=lambda each: (each.sort or 0, each.id))
    return FieldFound(
        definition.id,
        definition.name,
        str(definition.type),
        definition.code or None,
        tuple(OptionFound(each.id, each.value, each.code or None) for each in options),
    )


def _own(records: Any, model: str) -> dict[str, str]:
    """What the models of answers and of requests both have, where both hold one plain value."""
    names: dict[str, Any] = {name: getattr(models, name) for name in models.__all__}
    read = get_type_hints(names[model], localns=names)
    writes = [
        get_type_hints(names[_body(method)], localns=names) for method in (records.create, records.update)
    ]
    return {
        key: text
        for key in read
        if key not in _NOT_OWN
        and any(key in hints and _plain(hints[key]) for hints in writes)
        and (text := _plain(read[key])) is not None
    }


def _body(method: Any) -> str:
    """Name of the model that a method sends: `LeadCreate` of `items: Iterable[LeadCreate]`."""
    parameters = inspect.signature(method).parameters
    annotation = str((parameters.get("items") or parameters["body"]).annotation)
    return annotation.strip("]").rpartition("[")[2]


def _plain(hint: Any) -> str | None:
    """The text of a type of plain values, with None for an absent one; None for any other type."""
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    names = [_SCALARS.get(part) for part in parts if part is not Unset]
    if None in names:
        return None
    texts = [name for name in names if name and name != "None"]
    return " | ".join([*texts, "None"]) if texts else None
