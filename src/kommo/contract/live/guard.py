"""The gate in front of a live account."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

import httpx

from kommo.contract.checks.echo import embedded, entries
from kommo.contract.domain import PREFIX
from kommo.contract.live.journal import Journal
from kommo.contract.session import BLOCKED, Halted

_PAUSE: Final = 0.2  # five requests a second
_LONGEST: Final = 600.0
_V2: Final = re.compile(r"^/api/v2/(catalogs|catalog_elements)$")
_FIELDS: Final = re.compile(
    r"^(/api/v4/(?:leads|contacts|companies|customers(?:/segments)?|catalogs/\d+)/custom_fields)(?:/(\d+))?$"
)
_GROUPS: Final = re.compile(
    r"^(/api/v4/(?:leads|contacts|companies|customers)/custom_fields/groups)(?:/([^/]+))?$"
)


class Guard(httpx.BaseTransport):
    """Lets reads pass, and writes to the run's own things; answers everything else itself with 404.

    Args:
        inner: the way to the account.
        journal: where writes are recorded before they are sent; None for a run that only reads.
        sleep, clock: for tests.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport,
        journal: Journal | None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._journal = journal
        self._sleep = sleep
        self._clock = clock
        self._next = 0.0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request if it can do no harm.

        Raises:
            Halted: the account is banned, not paid for, or asks for a pause that is too long.
        """
        content = request.read()
        if request.method in ("GET", "HEAD"):
            return self._send(request)
        plan = self._plan(request, content)
        if plan is None or self._journal is None:
            return _blocked(request)
        collection, names, deleted = plan
        if names:
            self._journal.intend(collection, names)
        response = self._send(request)
        self._record(collection, _seen(response), deleted, created=bool(names) and request.method == "POST")
        return response

    def _send(self, request: httpx.Request) -> httpx.Response:
        while True:
            wait = self._next - self._clock()
            if wait > 0:
                self._sleep(wait)
            self._next = self._clock() + _PAUSE
            response = _whole(self._inner.handle_request(request))
            kind = response.headers.get("content-type", "")
            if response.status_code == 402 or (response.status_code == 403 and "json" not in kind):
                raise Halted(
                    f"the account refuses everything ({response.status_code}); wait before the next run"
                )
            if response.status_code != 429:
                return response
            pause = _retry_after(_seen(response))
            if pause > _LONGEST:
                raise Halted(f"the account asks for a pause of {pause:.0f} s")
            self._sleep(pause)

    def _plan(self, request: httpx.Request, content: bytes) -> tuple[str, list[str], list[str]] | None:
        """Return (collection, names to be created, ids to be deleted) of a harmless write, None for any other."""
        if not request.headers.get("authorization"):
            return None
        path = request.url.raw_path.partition(b"?")[0].decode()
        try:
            body = json.loads(content) if content else None
        except (ValueError, RecursionError):
            return None
        v2 = _V2.match(path)
        if v2 is not None and request.method == "POST":
            return self._plan_v2(path, body)
        match = _GROUPS.match(path) or _FIELDS.match(path)
        if match is None:
            return None
        collection, id_ = match.group(1), match.group(2)
        if "/catalogs/" in collection and not self._own("/api/v2/catalogs", collection.split("/")[4]):
            return None
        return self._plan_v4(request.method, collection, id_, body)

    def _plan_v4(
        self, method: str, collection: str, id_: str | None, body: Any
    ) -> tuple[str, list[str], list[str]] | None:
        if method == "DELETE":
            return (collection, [], [id_]) if id_ is not None and self._own(collection, id_) else None
        items = body if isinstance(body, list) else [body]
        if not all(isinstance(item, dict) for item in items) or not items:
            return None
        if not all(self._references_own(collection, item) for item in items):
            return None
        if method == "POST" and id_ is None:
            names = [item.get("name") for item in items]
            return (collection, names, []) if all(map(_marked, names)) else None
        if method == "PATCH":
            ids = [id_] if id_ is not None else [str(item.get("id")) for item in items]
            unnamed = all("name" not in item or _marked(item["name"]) for item in items)
            # A batch with unknown ids is refused as a whole; sent to a broken server it might not be.
            return (
                (collection, [], []) if unnamed and all(self._own(collection, one) for one in ids) else None
            )
        return None

    def _references_own(self, collection: str, item: dict[str, Any]) -> bool:
        """Say whether the fields that a group would pull in, and the group a field would go to, are the run's own."""
        fields = item.get("fields")
        home = collection.removesuffix("/groups")
        if fields is not None and not (
            isinstance(fields, list) and all(self._own(home, str(one)) for one in fields)
        ):
            return False
        group = item.get("group_id")
        return group is None or not isinstance(group, str) or self._own(f"{collection}/groups", group)

    def _plan_v2(self, path: str, body: Any) -> tuple[str, list[str], list[str]] | None:
        if not isinstance(body, dict) or not set(body) <= {"add", "update", "delete"}:
            return None
        added, updated = body.get("add") or [], body.get("update") or []
        deleted = body.get("delete") or []
        if not all(isinstance(one, list) for one in (added, updated, deleted)):
            return None
        if not (added or updated or deleted) or not all(
            isinstance(item, dict) for item in [*added, *updated]
        ):
            return None
        names = [item.get("name") for item in added]
        if not all(map(_marked, names)) or not all(
            "name" not in item or _marked(item["name"]) for item in updated
        ):
            return None
        if not all(self._own(path, str(one)) for one in [*deleted, *(item.get("id") for item in updated)]):
            return None
        if path.endswith("elements"):
            homes = [
                str(item.get("catalog_id"))
                for item in [*added, *(one for one in updated if "catalog_id" in one)]
            ]
            if not all(self._own("/api/v2/catalogs", home) for home in homes):
                return None
        return path, names, [str(one) for one in deleted]

    def _own(self, collection: str, id_: str) -> bool:
        if self._journal is None:
            return False
        contents = self._journal.contents
        key = (collection, id_)
        return key not in contents.existed and key not in contents.gone and key in set(contents.made)

    def _record(
        self, collection: str, response: httpx.Response, deleted: list[str], *, created: bool
    ) -> None:
        assert self._journal is not None
        if not 200 <= response.status_code < 300:
            return
        try:
            answer = response.json() if response.content else None
        except ValueError:
            answer = None
        if created:
            ids = [str(item["id"]) for item in _answered(answer) if "id" in item]
            known = self._journal.contents
            fresh = [one for one in ids if (collection, one) not in known.existed]
            self._journal.made(collection, fresh)
        if deleted:
            self._journal.gone(collection, deleted)

    def close(self) -> None:
        """Close the way to the account."""
        self._inner.close()


def _whole(response: httpx.Response) -> httpx.Response:
    """Return an answer whose body is in memory, and still to be read, byte for byte as it came."""
    assert isinstance(response.stream, httpx.SyncByteStream)
    try:
        raw = b"".join(response.stream)
    finally:
        response.close()
    return httpx.Response(response.status_code, headers=response.headers, stream=httpx.ByteStream(raw))


def _seen(response: httpx.Response) -> httpx.Response:
    """Return a copy of such an answer that was read; one that cannot be decoded counts as empty."""
    assert isinstance(response.stream, httpx.ByteStream)
    raw = b"".join(response.stream)
    try:
        return httpx.Response(response.status_code, headers=response.headers, content=raw)
    except httpx.DecodingError:
        return httpx.Response(response.status_code)


def _answered(answer: Any) -> list[dict[str, Any]]:
    for key in ("custom_fields", "custom_field_groups", "items"):
        found = embedded(answer, key)
        if found:
            return found
    return entries([answer])


def _marked(name: Any) -> bool:
    return isinstance(name, str) and name.startswith(PREFIX)


def _blocked(request: httpx.Request) -> httpx.Response:
    body = {
        "title": "Not Found",
        "type": "https://httpstatus.es/404",
        "status": 404,
        "detail": "not sent: live account",
    }
    headers = {"content-type": "application/problem+json", BLOCKED: "1"}
    stream = httpx.ByteStream(json.dumps(body).encode())
    return httpx.Response(404, headers=headers, stream=stream, request=request)


def _retry_after(response: httpx.Response) -> float:
    value: Any = response.headers.get("retry-after")
    if value is None:
        try:
            value = response.json().get("retry_after")
        except (ValueError, AttributeError):
            value = None
    try:
        return max(1.0, float(value))
    except (TypeError, ValueError):
        return 1.0


def collections(paths: Iterable[str]) -> list[str]:
    """Return paths in the order in which their things must be deleted: fields, groups, elements, lists."""
    order = ("custom_fields", "groups", "catalog_elements", "catalogs")
    return sorted(
        paths, key=lambda path: next(index for index, end in enumerate(order) if path.endswith(end))
    )
