"""Where an account lives: subdomain and domain, or a base URL, checked before anything is sent there.

The token goes to this address and nowhere else, so what is not plainly an account's address is refused.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import httpx

from kommo.errors import ConfigurationError
from kommo.record import Record
from kommo.redaction import one_line

DEFAULT_DOMAIN: Final = "kommo.com"

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME: Final = rf"{_LABEL}(?:\.{_LABEL})*"
_PORTS: Final = {"https": 443, "http": 80}


class Address(Record):
    """The origin of one account's API.

    Attributes:
        scheme: `https`, or `http` for a loopback or expressly allowed host.
        host: lower-case host name or IP address, without brackets.
        port: always set.
    """

    scheme: str
    host: str
    port: int

    @property
    def base_url(self) -> str:
        """The URL that paths like `/api/v4/...` are appended to, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    def __str__(self) -> str:
        return self.base_url

    def owns(self, url: httpx.URL) -> bool:
        """Tell whether `url` has this scheme, host and port: only then may it see the token."""
        port = url.port or _PORTS.get(url.scheme)
        return (url.scheme, url.host.lower(), port) == (self.scheme, self.host, self.port)


def account_address(subdomain: str, domain: str = DEFAULT_DOMAIN) -> Address:
    """Return the address of an account of the vendor's cloud.

    Args:
        subdomain: the account's own part of the host name: `acme` of `acme.kommo.com`.
        domain: `kommo.com`, `amocrm.ru`, or another domain under which the vendor serves accounts.

    Raises:
        ConfigurationError: one of them is not a host name of that form.
    """
    label = subdomain.strip().lower()
    if not re.fullmatch(_LABEL, label, re.ASCII):
        raise ConfigurationError(
            f"subdomain {one_line(subdomain, 80)!r} is not a host label of letters, digits and hyphens; "
            "give only the first part of the account's address, 'acme' for https://acme.kommo.com"
        )
    parent = domain.strip().lower()
    if (
        not re.fullmatch(_HOST_NAME, parent, re.ASCII)
        or "." not in parent
        or len(label) + 1 + len(parent) > 253
    ):
        raise ConfigurationError(
            f"domain {one_line(domain, 80)!r} is not a domain name; give 'kommo.com' or 'amocrm.ru'"
        )
    return Address("https", f"{label}.{parent}", 443)


def base_address(base_url: str, *, allow_insecure_hosts: Iterable[str] = ()) -> Address:
    """Return the address that a base URL names: a mock, a proxy, or an account by its full URL.

    Args:
        base_url: scheme, host and perhaps port: `https://acme.amocrm.ru`, `http://127.0.0.1:8080`.
        allow_insecure_hosts: hosts, besides loopback, that plain http may be used with.

    Raises:
        ConfigurationError: it is not such a URL, or asks for plain http with another host.
    """
    shown = one_line(base_url, 80)
    allowed = _hosts(allow_insecure_hosts)
    try:
        parts = urlsplit(base_url.strip())
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(
            f"base_url {shown!r} cannot be read ({error}); give scheme, host and perhaps port"
        ) from None
    if "@" in parts.netloc:
        # Not shown: what stands before the @ is a password.
        raise ConfigurationError(
            "base_url holds a user name or password; remove it and give the token as `token`"
        )
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ConfigurationError(
            f"base_url {shown!r} is not an https:// URL; give it in full, like https://acme.kommo.com"
        )
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ConfigurationError(
            f"base_url {shown!r} has a path, query or fragment; give only scheme, host and perhaps port"
        )
    host = _host(parts, shown)
    if parts.scheme == "http" and not (is_loopback(host) or host in allowed):
        raise ConfigurationError(
            f"base_url {shown!r} would send the token unencrypted; use https://, or name the host in "
            f"allow_insecure_hosts=[{host!r}] if the network between is your own"
        )
    return Address(parts.scheme, host, port or _PORTS[parts.scheme])


def is_loopback(host: str) -> bool:
    """Tell whether `host` can only be this machine: `localhost` or a loopback IP address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _hosts(names: Any) -> set[str]:
    """Host names that a caller gave. Raises ConfigurationError when they are no list of them, but one name perhaps."""
    several = isinstance(names, Iterable) and not isinstance(names, str | bytes)
    given: list[Any] = [*names] if several else [names]
    if not several or not all(isinstance(name, str) for name in given):
        raise ConfigurationError(
            f"allow_insecure_hosts={one_line(repr(names), 80)}: give a list of host names, like ['mock']"
        )
    return {name.strip().lower() for name in given}


def _host(parts: SplitResult, shown: str) -> str:
    host = (parts.hostname or "").lower()
    if ":" in host:
        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError:
            pass
    elif re.fullmatch(_HOST_NAME, host, re.ASCII) and len(host) <= 253:
        return host
    raise ConfigurationError(
        f"base_url {shown!r} has no valid host name; give one of letters, digits, '-' and '.'"
    )
