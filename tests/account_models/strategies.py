"""Accounts with anything in them: names of any script, of keywords, of nothing that can be said in ASCII."""

from __future__ import annotations

import keyword

from attrs import evolve
from hypothesis import settings
from hypothesis import strategies as st

from kommo.account_models.account import EntityFound, FieldFound, OptionFound
from kommo.account_models.plan import MODULE_NAMES
from kommo.account_models.record import Record
from kommo.account_models.source import Source
from kommo.values import FIELD_TYPES

some = settings(max_examples=40, deadline=None)

hard = st.sampled_from(
    [
        *keyword.kwlist,
        *sorted(MODULE_NAMES),
        *(name for name in dir(Record) if not name.startswith("__")),
        "",
        " ",
        "Бюджет",
        "бюджет",
        "БЮДЖЕТ ",
        "Budget",
        "Размер, №5",
        "5 звёзд",
        "日本",
        "😀",
        "\u202e\u200b",
        '"""',
        "\\",
        "\\N{DIGIT ONE}",
        "{x}",
        'it\'s "quoted"',
        "a\nb\tc\x85d\u2028e\x00f",
        "\ud800",
        "Имя " * 30,
        "x" * 300,
        "ends with a stop.",
        "__class__",
        "_private_",
        "mro",
        "name",
        "Name",
        "price",
    ]
)
names = hard | st.text(max_size=40) | st.text(st.characters(), max_size=8)
ids = st.integers(1, 2**53)
codes = st.none() | names.filter(bool)


@st.composite
def fields(draw, types=tuple(FIELD_TYPES)):
    """The fields of an entity, by id."""
    found = []
    for id_ in sorted(draw(st.lists(ids, max_size=8, unique=True))):
        kind = draw(st.sampled_from([*types, "newer_type", "class", 'odd"type']))
        options = ()
        if kind in ("select", "radiobutton", "multiselect"):
            numbers = draw(st.lists(ids, max_size=6, unique=True))
            options = tuple(OptionFound(number, draw(names), draw(codes)) for number in numbers)
        found.append(FieldFound(id_, draw(names), kind, draw(codes), options))
    return tuple(found)


own = st.dictionaries(
    st.sampled_from(["name", "price", "created_at", "type", "list", "budget", "save"]),
    st.sampled_from(["str | None", "int | None", "bool | None"]),
    max_size=5,
)
sources = st.sampled_from(["leads", "contacts"]).map(Source) | ids.map(lambda id_: Source("catalogs", id_))


@st.composite
def accounts(draw):
    """Some entities of an account."""
    found = []
    for source in draw(st.lists(sources, min_size=1, max_size=3, unique=True)):
        title = draw(names) if source.catalog_id else None
        model = {"leads": "Lead", "contacts": "Contact"}.get(source.entity, "CatalogElement")
        found.append(EntityFound(source, model, title, draw(own), draw(fields())))
    return found


@st.composite
def changed(draw, entities):
    """The same account later: fields and options renamed, retyped, added, removed, moved."""
    return [
        evolve(entity, fields=_merged(draw, entity.fields, draw(fields())))
        for entity in entities
        if draw(chances)
    ] or entities


chances = st.integers(0, 3).map(bool)


def _merged(draw, old, new):
    kept = [_touched(draw, each) for each in old if draw(chances)]
    return tuple(sorted({each.id: each for each in (*new, *kept)}.values(), key=lambda each: each.id))


def _touched(draw, found):
    if not draw(st.booleans()):
        return found
    name = draw(names) if draw(st.booleans()) else found.name
    options = tuple(
        evolve(each, text=draw(names)) if draw(st.booleans()) else each
        for each in draw(st.permutations(found.options))
        if draw(chances)
    )
    kind = (
        found.type
        if draw(chances)
        else draw(st.sampled_from(["text", "select", "multiselect", "newer_type"]))
    )
    return evolve(found, name=name, type=kind, options=options)
