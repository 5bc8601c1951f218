"""Where the records of a class live in the API."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from attrs import field, frozen

from kommo.client import AsyncKommo, Kommo
from kommo.errors import ConfigurationError

# The records of an entity are the resource of the same name; those of a list are its elements.
_RECORDS: Final = {"catalogs": "catalog_elements"}


@frozen
class Source:
    """Which records a class stands for.

    Attributes:
        entity: what has the fields, as the resource of the fields calls it: `leads` of `leads_custom_fields`.
        catalog_id: id of the list, for the elements of a list.
        tz: time zone of the account: moments are expressed in it, and a day is a day there. UTC when None.
    """

    entity: str
    catalog_id: int | None = None
    tz: dt.tzinfo | None = field(default=None, kw_only=True)

    @property
    def path(self) -> tuple[int, ...]:
        """What stands before the id of a record or field in the path of a request."""
        return () if self.catalog_id is None else (self.catalog_id,)

    def records(self, crm: object) -> Any:
        """The client's resource of the records.

        Raises:
            ConfigurationError: the API has no such records.
        """
        return self._resource(crm, _RECORDS.get(self.entity, self.entity))

    def fields(self, crm: object) -> Any:
        """The client's resource of the definitions of fields. Raises as `records`."""
        return self._resource(crm, f"{self.entity}_custom_fields")

    def _resource(self, crm: object, name: str) -> Any:
        if not isinstance(crm, Kommo | AsyncKommo):
            raise ConfigurationError(
                f"{self.entity}: the client is of type {type(crm).__name__}; give a Kommo or an AsyncKommo"
            )
        resource = getattr(crm, name, None)
        if not name.isidentifier() or name.startswith("_") or not hasattr(resource, "iterate"):
            raise ConfigurationError(f"{self.entity}: the API has no {name}; name an entity with fields")
        return resource

    def __str__(self) -> str:
        return self.entity if self.catalog_id is None else f"{self.entity}:{self.catalog_id}"
