"""The server, reached through the generated client, so that the client is exercised and judged along with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import httpx
from attrs import frozen
from kommo_client.types import Model

from kommo import models
from kommo.client import Kommo
from kommo.contract.checks.echo_v2 import failures
from kommo.contract.exchange import NO_JSON, Exchange
from kommo.contract.session import Script
from kommo.errors import ApiError, KommoError, PartialFailure
from kommo.retry import RetryPolicy

#: Models of the bodies, by verb and kind of tag.
_ITEMS: Final[Mapping[str, str]] = {
    "create custom_fields": "CustomFieldCreate",
    "update custom_fields": "CustomFieldUpdate",
    "update_batch custom_fields": "CustomFieldBatchUpdate",
    "create custom_field_groups": "CustomFieldGroupCreate",
    "update custom_field_groups": "CustomFieldGroupUpdate",
    "add v2_catalogs": "V2CatalogAdd",
    "update v2_catalogs": "V2CatalogUpdate",
    "add v2_catalog_elements": "V2CatalogElementAdd",
    "update v2_catalog_elements": "V2CatalogElementUpdate",
}


@frozen
class Outcome:
    """What a call came to.

    Attributes:
        status: of the answer that decided it; 0 when none came.
        data: the answer as the client gives it, as plain data; None when refused or empty.
        failed: how many items failed inside an accepted v2 write.
    """

    status: int
    data: Any
    failed: int = 0

    @property
    def ok(self) -> bool:
        """Whether the server did everything that was asked."""
        return 200 <= self.status < 300 and not self.failed


class ClientBroke(AssertionError):
    """The client did what no client of this contract should: an undeclared exception, or another body than was sent."""

    def __init__(self, cause: str, message: str) -> None:
        super().__init__(message)
        self.cause = cause


class _Recording(httpx.BaseTransport):
    """Passes requests on and reports the exchanges."""

    def __init__(
        self, inner: httpx.BaseTransport, report: Callable[[Exchange], None], script: Script
    ) -> None:
        self._inner = inner
        self._report = report
        self._match = script.contract.match

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        started, clock = time.time(), time.perf_counter()
        content = request.read()
        response = self._inner.handle_request(request)
        body = response.read()
        operation = self._match(request.method, request.url.raw_path.partition(b"?")[0].decode())
        self._report(
            Exchange(
                operation=operation.id if operation is not None else None,
                method=request.method,
                url=str(request.url),
                request_headers=dict(request.headers),
                request_body=content,
                status=response.status_code,
                headers=dict(response.headers),
                body=body,
                elapsed=time.perf_counter() - clock,
                started=started,
            )
        )
        return response

    def close(self) -> None:
        """The inner transport belongs to the port."""


class Driver:
    """Calls operations by their ids and plain data, through `kommo.Kommo`.

    Args:
        script: judges every exchange.
        transport: the way to the server.
    """

    def __init__(self, script: Script, transport: httpx.BaseTransport) -> None:
        self.script = script
        self.calls: list[Exchange] = []
        port = script.session.port
        self._crm = Kommo(
            base_url=port.base_url,
            token=script.session.options.token,
            limiter=None,
            retry=RetryPolicy(attempts=1),
            http=_Recording(transport, self._saw, script),
            allow_insecure_hosts=[port.host],
        )

    def _saw(self, exchange: Exchange) -> None:
        self.calls.append(exchange)
        self.script.note(exchange)

    def call(
        self, tag: str, verb: str, *path: Any, items: Any = None, body: Any = None, **query: Any
    ) -> Outcome:
        """Call one operation.

        Args:
            tag, verb: of the resource; for v2 also `add`, `update`, `delete`.
            path: path parameters in order.
            items: a list to send, as plain data.
            body: an object to send, as plain data.
            query: keyword arguments of the client's method.

        Raises:
            ClientBroke: the client failed in an undeclared way or changed the answer.
        """
        resource = getattr(self._crm, tag)
        arguments = list(path)
        if items is not None:
            arguments.append([self._model(tag, verb, item) for item in items])
        if body is not None:
            arguments.append(self._model(tag, verb, body))
        before = len(self.calls)
        try:
            result = getattr(resource, verb)(*arguments, **query)
        except PartialFailure as error:
            return Outcome(self.calls[-1].status, _plain(error.result), len(error.failures))
        except ApiError as error:
            return Outcome(error.status, None)
        except KommoError as error:
            raise ClientBroke(type(error).__name__, f"{verb}_{tag}: the client raised {error}") from error
        except (TypeError, ValueError, KeyError, AttributeError, RecursionError) as error:
            raise ClientBroke(type(error).__name__, f"{verb}_{tag}: the client raised {error!r}") from error
        made = self.calls[before:]
        data = _plain(result)
        if (
            len(made) == 1
            and made[0].answer is not NO_JSON
            and not isinstance(data, list)
            and data is not None
        ):
            _same_data(f"{verb}_{tag}", data, made[0].answer)
        return Outcome(made[-1].status if made else 0, data, failures(data))

    def everything(self, tag: str, *path: Any, **query: Any) -> list[dict[str, Any]] | None:
        """Read a whole list by the client's iterator (by one page where the contract knows no pages)."""
        operation = self.script.contract.operations[f"list_{tag}"]
        try:
            if "page" in operation.paging:
                return [_plain(item) for item in getattr(self._crm, tag).iterate(*path, **query)]
            query.pop("limit", None)
            return [_plain(item) for item in getattr(self._crm, tag).list(*path, **query).items]
        except ApiError:
            return None
        except KommoError as error:
            raise ClientBroke(type(error).__name__, f"list_{tag}: the client raised {error}") from error

    def _model(self, tag: str, verb: str, item: Any) -> Any:
        if not isinstance(item, dict):
            return item
        kind = (
            tag
            if tag.startswith("v2_")
            else "custom_field_groups"
            if tag.endswith("groups")
            else "custom_fields"
        )
        return getattr(models, _ITEMS[f"{verb} {kind}"]).from_dict(item)

    def close(self) -> None:
        """Close the client."""
        self._crm.close()


def _plain(value: Any) -> Any:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value.to_dict() if isinstance(value, Model) else value


def _same_data(operation: str, data: Any, answer: Any) -> None:
    if data != answer:
        message = (
            f"{operation}: the server answered {str(answer)[:300]}, the client made {str(data)[:300]} of it"
        )
        raise ClientBroke("the client changed the answer", message)
