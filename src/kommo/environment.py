"""Arguments of a client that may come from the environment instead: its subdomain, domain and token."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

from kommo.address import DEFAULT_DOMAIN, Address, account_address, base_address
from kommo.errors import ConfigurationError
from kommo.redaction import Secret, as_secret


def resolve_address(
    subdomain: str | None = None,
    *,
    domain: str | None = None,
    base_url: str | None = None,
    allow_insecure_hosts: Iterable[str] = (),
    environ: Mapping[str, str] = os.environ,
) -> Address:
    """Return the account's address from arguments, else from KOMMO_SUBDOMAIN and KOMMO_DOMAIN.

    Args:
        subdomain: `acme` of `acme.kommo.com`.
        domain: `kommo.com` unless given here or in the environment.
        base_url: the whole address instead of subdomain and domain.
        allow_insecure_hosts: hosts, besides loopback, that plain http may be used with.
        environ: the variables to read.

    Raises:
        ConfigurationError: nothing names the account, both ways are used at once, or the address is not
            valid.
    """
    in_environment = environ.get("KOMMO_SUBDOMAIN"), environ.get("KOMMO_DOMAIN")
    # It holds the token, and the variables of a frame show up in tracebacks.
    del environ
    for name, given in (("subdomain", subdomain), ("domain", domain), ("base_url", base_url)):
        if not isinstance(given, str | None):
            raise ConfigurationError(f"{name} is {type(given).__name__}, not text; give it as a string")
    if base_url is not None:
        if subdomain is not None or domain is not None:
            raise ConfigurationError("base_url and subdomain/domain name the account twice; give one of them")
        return base_address(base_url, allow_insecure_hosts=allow_insecure_hosts)
    subdomain = subdomain if subdomain is not None else in_environment[0]
    if subdomain is None:
        raise ConfigurationError("no account named; give subdomain= or base_url=, or set KOMMO_SUBDOMAIN")
    # An argument that is empty was meant to say something: the token must not go to another account in its place.
    domain = domain if domain is not None else in_environment[1] or DEFAULT_DOMAIN
    return account_address(subdomain, domain)


def resolve_token(token: str | Secret | None, *, environ: Mapping[str, str] = os.environ) -> Secret:
    """Return the long-lived token from the argument, else from KOMMO_TOKEN.

    Raises:
        ConfigurationError: there is none, or it cannot be a token. The message never shows it.
    """
    source = "token" if token is not None else "KOMMO_TOKEN"
    secret = as_secret(token if token is not None else environ.get("KOMMO_TOKEN"))
    # The variables of a frame show up in tracebacks.
    del token, environ
    if secret is None:
        raise ConfigurationError("no token; give token= or set KOMMO_TOKEN")
    if not isinstance(secret, Secret):
        raise ConfigurationError(f"{source} is {type(secret).__name__}, not text; give it as a string")
    secret = Secret(secret.reveal().strip())
    fault = _fault(secret)
    if fault is not None:
        raise ConfigurationError(f"{source} {fault}")
    return secret


def _fault(token: Secret) -> str | None:
    """Say why that cannot be a token and what to do, None when it can. Raises nothing: the frame holds the text."""
    text = token.reveal()
    if not text:
        return "is empty; give the account's long-lived token"
    if text.lower().startswith("bearer "):
        return "begins with 'Bearer'; give the token alone"
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        return "holds blanks, line breaks or characters outside ASCII; copy the token again, whole"
    return None
