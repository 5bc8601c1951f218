"""A thing of one collection is not seen, changed or deleted through another one."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from kommo.contract import drafting
from kommo.contract.collection import Collection, Model, core
from kommo.contract.exchange import Exchange
from kommo.contract.places import Places, families
from kommo.contract.resources import resources
from kommo.contract.session import Script


@frozen
class _Planted:
    """One thing: where it belongs, the request that made it, and how a read shows it."""

    home: Collection
    creation: Exchange
    model: Model


def walk(script: Script) -> None:
    """Plant a thing in every collection (in two where a parent divides them), and look for it in all others."""
    places = Places(script)
    for alike in families(_collections(script, places)).values():
        planted = [thing for number, home in enumerate(alike) for thing in _plant(home, number)]
        for place in alike:
            _look(place, planted)
        for thing in planted:
            _unharmed(thing)
    places.close()


def _collections(script: Script, places: Places) -> list[Collection]:
    found = []
    for resource in resources(script.contract).values():
        if {"list", "create", "get"} <= set(resource.operations):
            found.append(places.open(resource, "leak one", fresh=False))
            if resource.parents:
                found.append(places.open(resource, "leak two"))
    return found


def _plant(home: Collection, number: int) -> list[_Planted]:
    items = drafting.drafts(home, 1, f"leak {number}")[:1]
    found = []
    for creation, _, told in drafting.accepted(home, items):
        read = home.get(told["id"])
        model = read.answer if read.accepted and isinstance(read.answer, dict) else told
        found.append(_Planted(home, creation, model))
    return found


def _look(place: Collection, planted: list[_Planted]) -> None:
    script = place.script
    listing = place.read()
    ids = {repr(item.get("id")): item for item in listing.items}
    for thing in planted:
        home, creation, model = thing.home, thing.creation, thing.model
        if home is place:
            continue
        here = ids.get(repr(model["id"]))
        if here is not None and _alike(thing, here):
            message = f"{home.tag} {home.parameters} {model['id']} is in {place.tag} {place.parameters}"
            script.fail("leak", place.op("list"), "in another list", message, [creation, *listing.calls])
        read = place.get(model["id"])
        if read.accepted and _alike(thing, read.answer):
            message = f"{model['id']} of {home.tag} {home.parameters} is read through {place.tag}"
            script.fail("leak", place.op("get"), "read through another entity", message, [creation, read])
        if here is not None or (read.accepted and read.status != 204):
            continue  # the id names a thing of this place as well
        for verb in ("update", "delete"):
            if not place.has(verb):
                continue
            change = {place.label: "leaked"} if place.label else drafting.drafts(place, 1, "leaked")[0]
            exchange = place.update(model["id"], change) if verb == "update" else place.delete(model["id"])
            if exchange.accepted:
                message = f"{verb} of {model['id']} of {home.tag} was accepted through {place.tag}"
                cause = f"{verb} through another entity"
                script.fail("leak", place.op(verb), cause, message, [creation, exchange])


def _alike(thing: _Planted, other: Any) -> bool:
    """Say whether a model shows a planted thing: by its name, which no other thing has."""
    label = thing.home.label
    return (
        isinstance(other, dict) and bool(label) and label in other and other[label] == thing.model.get(label)
    )


def _unharmed(thing: _Planted) -> None:
    home, model = thing.home, thing.model
    read = home.get(model["id"])
    if not read.accepted or not isinstance(read.answer, dict) or core(read.answer) != core(model):
        message = f"{model['id']} of {home.tag} changed by calls through other collections: {read}"
        calls = [thing.creation, read]
        home.script.fail("leak", home.op("get"), "changed through another entity", message, calls)
    if home.has("delete"):
        home.delete(model["id"])
