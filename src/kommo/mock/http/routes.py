"""From a path and a method to a handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from kommo.mock.checks import MAX_INT
from kommo.mock.model import ENTITIES_WITH_GROUPS, EntityName, Scope

from . import v2, v4
from .context import Context
from .query import invalid
from .reply import HttpError, Reply, shown

Handler = Callable[[Context], Reply]


class Route(NamedTuple):
    """What is at a path: a handler for each method, and whether writing there takes more than a valid token."""

    methods: Mapping[str, Handler]
    allow: bytes
    version: int


def _route(version: int, methods: Mapping[str, Handler]) -> Route:
    names = [*methods]
    if "GET" in methods:
        names.append("HEAD")
    return Route(methods, ", ".join([*names, "OPTIONS"]).encode(), version)


_V2: Final[dict[str, Route]] = {
    "catalogs": _route(2, {"GET": v2.list_catalogs, "POST": v2.post_catalogs}),
    "catalog_elements": _route(2, {"GET": v2.list_elements, "POST": v2.post_elements}),
}


def find(path: str) -> Route | None:
    """The route of a normalised path, or None.

    Path parameters are checked when the handler runs, so that a wrong token or method is reported before a wrong id.
    """
    return _find(path) if len(path) <= 256 else None


@lru_cache(maxsize=1024)
def _find(path: str) -> Route | None:
    match path.split("/")[1:]:
        case ["api", "v2", name]:
            return _V2.get(name)
        case ["api", "v4", "customers", "segments", "custom_fields", *rest]:
            return _fields_route("segments", None, rest)
        case ["api", "v4", "catalogs", catalog_id, "custom_fields", *rest]:
            return _fields_route("catalogs", catalog_id, rest)
        case [
            "api",
            "v4",
            "leads" | "contacts" | "companies" | "customers" as entity,
            "custom_fields",
            *rest,
        ]:
            return _fields_route(entity, None, rest)
    return None


def _fields_route(entity: EntityName, catalog: str | None, rest: list[str]) -> Route | None:
    def scope(context: Context) -> Scope:
        if catalog is None:
            return Scope(context.account.id, entity)
        found = Scope(context.account.id, entity, _id(catalog, "catalog_id"))
        if not context.store.has_catalog(found):
            raise HttpError(404, f"Cannot {context.method} {shown(context.path)}")
        return found

    match rest:
        case []:
            return _route(
                4,
                {
                    "GET": lambda context: v4.list_fields(context, scope(context)),
                    "POST": lambda context: v4.create_fields(context, scope(context)),
                    "PATCH": lambda context: v4.update_fields(context, scope(context)),
                },
            )
        case ["groups", *tail] if entity in ENTITIES_WITH_GROUPS:
            return _groups_route(scope, tail)
        case ["groups"]:
            return None
        case [id_]:
            return _route(
                4,
                {
                    "GET": lambda context: v4.get_field(context, scope(context), _id(id_, "id")),
                    "PATCH": lambda context: v4.update_field(context, scope(context), _id(id_, "id")),
                    "DELETE": lambda context: v4.delete_field(context, scope(context), _id(id_, "id")),
                },
            )
    return None


def _groups_route(scope: Callable[[Context], Scope], tail: list[str]) -> Route | None:
    match tail:
        case []:
            return _route(
                4,
                {
                    "GET": lambda context: v4.list_groups(context, scope(context)),
                    "POST": lambda context: v4.create_groups(context, scope(context)),
                },
            )
        case [id_]:
            return _route(
                4,
                {
                    "GET": lambda context: v4.get_group(context, scope(context), id_),
                    "PATCH": lambda context: v4.update_group(context, scope(context), id_),
                    "DELETE": lambda context: v4.delete_group(context, scope(context), id_),
                },
            )
    return None


def _id(text: str, name: str) -> int:
    """A path parameter that is an id: ASCII digits, from 1 to what 64 bits hold."""
    if text.isascii() and text.isdigit() and len(text) <= 19 and 1 <= int(text) <= MAX_INT:
        return int(text)
    raise invalid(name, "This value should be a positive integer.")
