"""Where the token of a request comes from: a long-lived token, a function, or OAuth (`kommo.tokens`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from kommo.environment import resolve_token
from kommo.errors import TokenError
from kommo.redaction import Secret, as_secret


class TokenSource(Protocol):
    """Gives the token for a request. `obtain` and `renew` may block: async clients call them in a thread."""

    def ready(self) -> Secret | None:
        """Return a valid token if that needs no waiting, else None."""
        ...

    def obtain(self) -> Secret:
        """Return a valid token.

        Raises:
            KommoError: none can be had.
        """
        ...

    def renew(self, rejected: Secret) -> Secret | None:
        """Return another token than the one that the server rejected with 401, None when there is none."""
        ...


class LongLivedToken:
    """One token that is valid for years and cannot be refreshed."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def ready(self) -> Secret | None:
        """Return the token."""
        return self._token

    def obtain(self) -> Secret:
        """Return the token."""
        return self._token

    def renew(self, rejected: Secret) -> None:
        """Return None: there is no other."""
        return


class TokenFunction:
    """A function of the caller that returns the current token; it is asked for every request, and after a 401."""

    def __init__(self, function: Callable[[], str]) -> None:
        self._function = function

    def ready(self) -> Secret | None:
        """Return None: the function may block."""
        return None

    def obtain(self) -> Secret:
        """Call the function.

        Raises:
            TokenError: the function raised.
            ConfigurationError: what it returned cannot be a token.
        """
        try:
            token = as_secret(self._function())
        except Exception as error:
            raise TokenError(f"the token function raised {type(error).__name__}; correct it") from error
        return resolve_token(token, environ={})

    def renew(self, rejected: Secret) -> Secret | None:
        """Call the function again; None when it returns the rejected token once more. Raises as `obtain`."""
        token = self.obtain()
        return token if token != rejected else None
