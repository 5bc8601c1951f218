"""What a module says, before it is text: the same structure is planned from an account and read from a module."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from attrs import field, frozen

from kommo import values
from kommo.account_models import naming
from kommo.account_models.account import EntityFound, FieldFound
from kommo.account_models.record import Record
from kommo.account_models.source import Source

#: Names that a module uses itself; a class or an attribute of this name would hide them.
MODULE_NAMES: Final = frozenset(
    {"annotations", "datetime", "Decimal", "ClassVar", "ZoneInfo", "ZONE", "define", "models", "v"}
    | {"Option", "Record", "Source", "field", "own", "str", "int", "float", "bool", "list"}
)
# `self` is an argument of every method that attrs writes.
_RECORD_NAMES: Final = frozenset({"self", *(name for name in dir(Record) if not name.startswith("__"))})


@frozen
class Member:
    """One option: the name of its member, its id, text and code."""

    name: str
    id: int
    text: str
    code: str | None


@frozen
class Options:
    """The enum of the options of a field."""

    name: str
    doc: str
    members: tuple[Member, ...]


@frozen
class Attribute:
    """An attribute of a class.

    Attributes:
        name: its identifier.
        annotation: its Python type.
        key: id of the field, or key of what every such record has.
        kind: name of the type of the field; empty for the latter.
        options: the enum of its options.
        doc: what its docstring says.
    """

    name: str
    annotation: str
    key: int | str
    kind: str = ""
    options: Options | None = None
    doc: str = ""


@frozen
class Class:
    """The class of an entity's records."""

    name: str
    entity: str
    catalog_id: int | None
    model: str
    doc: str
    attributes: tuple[Attribute, ...]

    @property
    def source(self) -> Source:
        """Which entity."""
        return Source(self.entity, self.catalog_id)

    @property
    def enums(self) -> frozenset[str]:
        """Names of the enums of its options."""
        return frozenset(each.options.name for each in self.attributes if each.options)


@frozen
class Module:
    """A whole module.

    Attributes:
        classes: in the order of the command.
        zone: name of the time zone, None for UTC.
    """

    classes: tuple[Class, ...] = ()
    zone: str | None = field(default=None)

    def of(self, source: Source) -> Class | None:
        """The class of an entity."""
        return next((each for each in self.classes if each.source == source), None)


def plan(entities: Sequence[EntityFound], earlier: Module, zone: str | None) -> Module:
    """Decide what a module says; what `earlier` says already keeps its names.

    Args:
        entities: what was found in the account.
        earlier: the module as it is; an empty one when there is none.
        zone: name of the account's time zone.
    """
    # Only lists can want the same name: each has an id to tell it by.
    names = naming.distinct(
        ((each.source.catalog_id or -number, _class_base(each)) for number, each in enumerate(entities)),
        str,
        earlier={
            each.source.catalog_id or -number: before.name
            for number, each in enumerate(entities)
            if (before := earlier.of(each.source))
        },
        taken=MODULE_NAMES | {name for each in earlier.classes for name in each.enums},
    )
    used = {*MODULE_NAMES, *names.values()}
    classes = []
    for entity, name in zip(entities, names.values(), strict=True):
        others = {enum for each in earlier.classes if each.source != entity.source for enum in each.enums}
        made = _class(entity, name, earlier.of(entity.source), used | others)
        used |= made.enums
        classes.append(made)
    return Module(tuple(classes), zone)


def _class_base(entity: EntityFound) -> str:
    if entity.title is None:
        return entity.model
    cut = naming.LONGEST - len("Element")
    return naming.class_name(entity.title, f"List{entity.source.catalog_id}")[:cut] + "Element"


def _class(entity: EntityFound, name: str, earlier: Class | None, used: set[str]) -> Class:
    before = {each.key: each for each in earlier.attributes} if earlier else {}
    reserved = MODULE_NAMES | _RECORD_NAMES
    of_fields = {key: each.name for key, each in before.items() if isinstance(key, int)}
    own = naming.distinct(
        ((key, key) for key in entity.own),
        str,
        earlier={key: each.name for key, each in before.items() if isinstance(key, str)},
        taken=reserved | {of_fields[each.id] for each in entity.fields if each.id in of_fields},
    )
    names = naming.distinct(
        ((each.id, each.name) for each in entity.fields),
        lambda called: _free_of(naming.attribute_name(called, "field"), reserved),
        earlier=of_fields,
        taken=reserved | set(own.values()),
    )
    attributes = [Attribute(own[key], type_, key) for key, type_ in entity.own.items()]
    enums = naming.distinct(
        ((each.id, _enum_base(name, names[each.id])) for each in entity.fields if _has_options(each)),
        str,
        earlier={
            key: each.options.name for key, each in before.items() if isinstance(key, int) and each.options
        },
        taken=used,
    )
    for each in entity.fields:
        options = None
        if each.id in enums:
            old = before.get(each.id)
            options = _options(each, enums[each.id], old.options if old else None)
        attributes.append(_attribute(each, names[each.id], options))
    where = (
        f"An element of the list {entity.source.catalog_id}: {entity.title}"
        if entity.title is not None
        else ""
    )
    doc = one_line(where or f"A record of {entity.source.entity}")
    return Class(name, entity.source.entity, entity.source.catalog_id, entity.model, doc, tuple(attributes))


def _free_of(name: str, reserved: Iterable[str]) -> str:
    """As with keywords: a name that is taken by Python or by the base class gets a `_`."""
    return f"{name}_" if name in reserved else name


def _enum_base(of: str, attribute: str) -> str:
    return (of + "".join(word.capitalize() for word in attribute.split("_")))[: naming.LONGEST]


def _has_options(found: FieldFound) -> bool:
    return found.type in ("select", "radiobutton", "multiselect") and bool(found.options)


def _options(found: FieldFound, name: str, earlier: Options | None) -> Options:
    before = {each.id: each.name for each in earlier.members} if earlier else {}
    by_id = sorted(found.options, key=lambda each: each.id)
    names = naming.distinct(
        ((each.id, each.text) for each in by_id), naming.member_name, earlier=before, taken=()
    )
    members = tuple(Member(names[each.id], each.id, each.text, each.code) for each in found.options)
    return Options(name, one_line(f"Options of field {found.id}: {found.name}"), members)


def _attribute(found: FieldFound, name: str, options: Options | None) -> Attribute:
    doc = one_line(f"Field {found.id} ({found.type}{f', {found.code}' if found.code else ''}): {found.name}")
    known = values.FIELD_TYPES.get(found.type)
    if known is None:
        return Attribute(name, "v.Raw | None", found.id, found.type, None, doc)
    if options is not None:
        annotation = f"list[{options.name}]" if known.many else options.name
    else:
        # `list[Choice]` is `list[v.Choice]` in a module; `datetime (aware)` stands so in the documentation.
        text = known.python.partition(" (")[0]
        annotation = re.sub(
            r"\w+", lambda word: f"v.{word[0]}" if word[0] in values.__all__ else word[0], text
        )
    return Attribute(name, f"{annotation} | None", found.id, known.name, options, doc)


def one_line(text: str) -> str:
    """Text for a docstring: every run of blanks and line breaks is one blank; half characters are spelt out.

    Python takes no docstring with a lone surrogate, which JSON can hold.
    """
    return " ".join(text.encode("utf-8", "backslashreplace").decode().split())
