"""From a path and a method to a handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from kommo.mock.checks import MAX_INT
from kommo.mock.model import ENTITIES_WITH_GROUPS, EntityName, Scope
from kommo.mock.platforms import ANY, Platform, has_entity

from . import catalogs, records, v2, v4
from .context import Context
from .query import invalid
from .reply import HttpError, Reply, shown
from .resources import RESOURCES, Resource, Writers

Handler = Callable[[Context], Reply]


class Route(NamedTuple):
    """What is at a path: a handler for each method, and who may write there."""

    methods: Mapping[str, Handler]
    allow: bytes
    writers: Writers


def _route(writers: Writers, methods: Mapping[str, Handler]) -> Route:
    names = [*methods]
    if "GET" in methods:
        names.append("HEAD")
    return Route(methods, ", ".join([*names, "OPTIONS"]).encode(), writers)


_V2: Final[dict[str, Route]] = {
    "catalogs": _route("lists", {"GET": v2.list_catalogs, "POST": v2.post_catalogs}),
    "catalog_elements": _route("lists", {"GET": v2.list_elements, "POST": v2.post_elements}),
}

_ELSEWHERE: Final = frozenset(
    {
        "bonus_points",
        "chats",
        "complex",
        "link",
        "links",
        "loss_reasons",
        "mode",
        "notes",
        "pipelines",
        "sources",
        "statuses",
        "tags",
        "transactions",
        "unsorted",
    }
)
"""What the vendor has beside the ids of records, and the mock does not."""


def find(path: str, platform: Platform = ANY) -> Route | None:
    """The route of a normalised path, or None.

    Path parameters are checked when the handler runs, so that a wrong token or method is reported before a wrong id.

    Args:
        path: the path.
        platform: whose paths there are.
    """
    return _find(path, platform) if len(path) <= 256 else None


@lru_cache(maxsize=1024)
def _find(path: str, platform: Platform) -> Route | None:
    match path.split("/")[1:]:
        case ["api", "v2", name]:
            return _V2.get(name)
        case ["api", "v4", "customers", "segments", *rest]:
            return _entity_route("segments", rest, platform)
        case ["api", "v4", "catalogs", *rest]:
            return _catalogs_route(rest)
        case ["api", "v4", "leads" | "contacts" | "companies" | "customers" as entity, *rest]:
            return _entity_route(entity, rest, platform)
    return None


def _entity_route(entity: EntityName, rest: list[str], platform: Platform) -> Route | None:
    if not has_entity(platform, entity):
        return None

    def scope(context: Context) -> Scope:
        return Scope(context.account.id, entity)

    match rest:
        case ["custom_fields", *tail]:
            return _fields_route(scope, tail, groups=entity in ENTITIES_WITH_GROUPS)
        case _:
            return _records_route(RESOURCES[entity], scope, rest)


def _catalogs_route(rest: list[str]) -> Route | None:
    match rest:
        case []:
            return _route(
                "lists",
                {
                    "GET": catalogs.list_catalogs,
                    "POST": catalogs.create_catalogs,
                    "PATCH": catalogs.update_catalogs,
                },
            )
        case [id_]:
            return _route(
                "lists",
                {
                    "GET": lambda context: catalogs.get_catalog(context, _id(id_, "catalog_id")),
                    "PATCH": lambda context: catalogs.update_catalog(context, _id(id_, "catalog_id")),
                },
            )
        case [catalog_id, part, *tail]:

            def scope(context: Context) -> Scope:
                found = Scope(context.account.id, "catalogs", _number(catalog_id) or 0)
                if not context.store.has_catalog(found):
                    raise HttpError(404, f"Cannot {context.method} {shown(context.path)}")
                return found

            if part == "custom_fields":
                return _fields_route(scope, tail, groups=True)
            if part == "elements":
                return _records_route(RESOURCES["catalogs"], scope, tail)
    return None


def _records_route(resource: Resource, scope: Callable[[Context], Scope], rest: list[str]) -> Route | None:
    match rest:
        case []:
            methods: dict[str, Handler] = {
                "GET": lambda context: records.list_records(context, scope(context)),
                "POST": lambda context: records.create_records(context, scope(context)),
            }
            if not resource.single:
                methods["PATCH"] = lambda context: records.update_records(context, scope(context))
            return _route(resource.writers, methods)
        case [id_] if id_ not in _ELSEWHERE:
            return _route(
                resource.writers,
                {
                    "GET": lambda context: records.get_record(context, scope(context), _id(id_, "id")),
                    "PATCH": lambda context: records.update_record(context, scope(context), _id(id_, "id")),
                },
            )
    return None


def _fields_route(scope: Callable[[Context], Scope], rest: list[str], *, groups: bool) -> Route | None:
    match rest:
        case []:
            return _route(
                "admins",
                {
                    "GET": lambda context: v4.list_fields(context, scope(context)),
                    "POST": lambda context: v4.create_fields(context, scope(context)),
                    "PATCH": lambda context: v4.update_fields(context, scope(context)),
                },
            )
        case ["groups", *tail]:
            return _groups_route(scope, tail) if groups else None
        case [id_]:
            return _route(
                "admins",
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
                "admins",
                {
                    "GET": lambda context: v4.list_groups(context, scope(context)),
                    "POST": lambda context: v4.create_groups(context, scope(context)),
                },
            )
        case [id_]:
            return _route(
                "admins",
                {
                    "GET": lambda context: v4.get_group(context, scope(context), id_),
                    "PATCH": lambda context: v4.update_group(context, scope(context), id_),
                    "DELETE": lambda context: v4.delete_group(context, scope(context), id_),
                },
            )
    return None


def _id(text: str, name: str) -> int:
    """A path parameter that is an id: ASCII digits, from 1 to what 64 bits hold."""
    number = _number(text)
    if number is None:
        raise invalid(name, "This value should be a positive integer.")
    return number


def _number(text: str) -> int | None:
    is_id = text.isascii() and text.isdigit() and len(text) <= 19 and 1 <= int(text) <= MAX_INT
    return int(text) if is_id else None
