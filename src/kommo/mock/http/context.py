"""What a handler knows about the request it answers."""

from __future__ import annotations

from typing import Any

from kommo.mock.batches import Rules
from kommo.mock.model import Account, Token
from kommo.mock.platforms import AMOCRM, Platform
from kommo.mock.store import Store
from kommo.mock.writes import V2Rules

from .query import query_of
from .views import FieldCache


class Context:
    """One authenticated request.

    Attributes:
        base: scheme and authority as the caller wrote them; absolute links start with it.
        quirks: ids of the quirks that are on.
        platform: whose rules count.
        body: the decoded body; None for methods without one.
        is_form: the body was form-encoded.
    """

    __slots__ = (
        "account",
        "base",
        "body",
        "cache",
        "is_form",
        "method",
        "path",
        "platform",
        "query",
        "quirks",
        "raw_query",
        "store",
        "token",
    )

    def __init__(
        self,
        *,
        store: Store,
        cache: FieldCache,
        quirks: frozenset[str],
        platform: Platform,
        account: Account,
        token: Token,
        base: str,
        method: str,
        path: str,
        raw_query: bytes,
    ) -> None:
        self.store = store
        self.cache = cache
        self.quirks = quirks
        self.platform: Platform = platform
        self.account = account
        self.token = token
        self.base = base
        self.method = method
        self.path = path
        self.raw_query = raw_query
        self.query = query_of(raw_query)
        self.body: Any = None
        self.is_form = False

    @property
    def rules(self) -> Rules:
        """The rules of v4 under the quirks that are on."""
        return Rules(
            group_sort_optional="v4-group-create-name-only" in self.quirks and self.platform != AMOCRM,
            platform=self.platform,
        )

    @property
    def v2_rules(self) -> V2Rules:
        """The rules of v2 under the quirks that are on."""
        return V2Rules(
            partial="v2-write-errors-in-200" in self.quirks,
            open_types="v2-catalog-types" in self.quirks,
            updated_at_optional="v2-update-updated-at-optional" in self.quirks,
        )
