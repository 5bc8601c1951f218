"""Reading whole collections of an account, and taking away what a run left there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from kommo.contract.checks.echo import embedded
from kommo.contract.domain import ENTITIES, PREFIX, WITH_GROUPS
from kommo.contract.live.guard import collections
from kommo.contract.live.journal import Journal
from kommo.contract.options import CHECK_TOKEN, CannotRun
from kommo.contract.port import Port

_PAGES: Final = 2000
#: How often a deletion is tried.
_ROUNDS: Final = 4
_KEYS: Final = ("custom_fields", "custom_field_groups", "items")


def read(port: Port, path: str, **query: Any) -> list[dict[str, Any]]:
    """Read a collection to its end.

    Raises:
        CannotRun: the account refuses, or answers what cannot be read: then nobody knows what it holds.
    """
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    for number in range(1, _PAGES):
        pairs = {**query, "page": number, "limit": 250}
        exchange = port.fetch("GET", port.url(path, pairs.items()))
        if exchange.status == 404:
            return found
        if not exchange.accepted:
            raise CannotRun(f"{path}: the account answers {exchange.status}; {CHECK_TOKEN}")
        if exchange.status != 204 and not isinstance(exchange.answer, dict):
            raise CannotRun(f"{path}: the account answers {exchange.status} without a list that can be read")
        items = next((items for key in _KEYS if (items := embedded(exchange.answer, key))), [])
        fresh = [item for item in items if str(item.get("id")) not in seen]
        seen |= {str(item.get("id")) for item in fresh}
        found += fresh
        if not fresh or path.endswith("/groups"):
            break
    return found


def places() -> Iterator[str]:
    """Yield the path of every collection that is there in every account."""
    yield "/api/v2/catalogs"
    for entity in ENTITIES:
        if entity != "catalogs":
            yield f"/api/v4/{entity.replace('_', '/')}/custom_fields"
    for entity in WITH_GROUPS:
        yield f"/api/v4/{entity}/custom_fields/groups"


def survey(port: Port, journal: Journal) -> None:
    """Record what the account holds; refuse one that holds things under the suite's prefix.

    Raises:
        CannotRun: there are things under the prefix that no run of this journal made.
    """
    strangers = []
    for path in places():
        items = read(port, path)
        journal.write("existed", collection=path, ids=[str(item.get("id")) for item in items])
        strangers += [
            f"{path} {item.get('id')}" for item in items if str(item.get("name")).startswith(PREFIX)
        ]
    if strangers:
        raise CannotRun(
            f"the account holds {len(strangers)} things that begin with {PREFIX!r} ({', '.join(strangers[:3])}); "
            "clean them up with the journal of the run that made them, or by hand"
        )


def cleanup(port: Port, journal: Journal) -> list[str]:
    """Delete what the run of a journal created, and nothing else.

    A thing is the run's own when the journal has its id, or when it has the very name that the journal says was about
    to be created there, begins with the prefix, and was not there before.

    Returns:
        What could not be deleted, one line each.
    """
    left: list[str] = []
    contents = journal.contents
    wanted = {path for path, _ in contents.names} | {path for path, _ in contents.made}
    # Elements and fields of a list go away with it.
    wanted = {path for path in wanted if "/catalogs/" not in path and not path.endswith("catalog_elements")}
    for path in collections(wanted):
        own: list[dict[str, Any]] = []
        for _ in range(_ROUNDS):
            own = [item for item in read(port, path) if _is_own(journal, path, item)]
            if not own:
                break
            for item in own:
                _delete(port, path, item["id"])
            journal.gone(path, [str(item["id"]) for item in own])
        else:
            own = [item for item in read(port, path) if _is_own(journal, path, item)]
        left += [f"{path} {item['id']} {item.get('name')!r}" for item in own]
    if not left:
        journal.write("done")
    return left


def _is_own(journal: Journal, path: str, item: dict[str, Any]) -> bool:
    contents = journal.contents
    key = (path, str(item.get("id")))
    name = str(item.get("name"))
    if key in contents.existed or item.get("is_predefined") is True:
        return False
    return key in contents.made or ((path, name) in contents.names and name.startswith(PREFIX))


def _delete(port: Port, path: str, id_: Any) -> None:
    if path == "/api/v2/catalogs":
        port.fetch("POST", port.url(path), json={"delete": [id_]})
    else:
        port.fetch("DELETE", port.url(f"{path}/{id_}"))
