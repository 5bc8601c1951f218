"""The token goes to the address given and nowhere else, so what is not plainly an account's address is refused."""

import re

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kommo.address import account_address, base_address
from kommo.environment import resolve_address, resolve_token
from kommo.errors import ConfigurationError


@given(st.text(), st.sampled_from(["kommo.com", "amocrm.ru"]))
def test_a_subdomain_is_one_host_label_or_refused(subdomain, domain):
    try:
        address = account_address(subdomain, domain)
    except ConfigurationError:
        assert not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", subdomain)
        return
    url = httpx.URL(address.base_url)
    assert (url.scheme, url.host) == ("https", f"{subdomain.strip().lower()}.{domain}")
    assert url.host.count(".") == 2
    assert not url.userinfo


@given(st.text(max_size=60) | st.from_regex(r"https?://[\w.@:\[\]%-]*/?[?#]?", fullmatch=True))
def test_a_base_url_is_a_safe_origin_or_refused(base_url):
    try:
        address = base_address(base_url)
    except ConfigurationError as error:
        message = str(error)
        assert "\n" not in message
        return
    url = httpx.URL(address.base_url)
    assert address.owns(url)
    assert not url.userinfo
    assert url.path == "/"
    assert url.scheme == "https" or url.host in ("localhost", "::1") or url.host.startswith("127.")


@pytest.mark.parametrize(
    ("base_url", "says"),
    [
        ("http://acme.kommo.com", "unencrypted"),
        ("http://127.0.0.1.evil.org", "unencrypted"),
        ("http://localhost.evil.org", "unencrypted"),
        ("https://user:hunter2@acme.kommo.com", "user name or password"),
        ("https://acme.kommo.com/api/v4", "path"),
        ("https://acme.kommo.com?x=1", "query"),
        ("ftp://acme.kommo.com", "https://"),
        ("acme.kommo.com", "https://"),
        ("https://", "https://"),
        ("https://acme.kommo.com:99999", "cannot be read"),
        ("https://ac me.kommo.com", "host name"),
        ("https://acme.kommo.com\\@evil.org", "user name"),
    ],
)
def test_a_refusal_says_why_and_shows_no_password(base_url, says):
    with pytest.raises(ConfigurationError, match=re.escape(says)) as raised:
        base_address(base_url)

    assert "hunter2" not in str(raised.value)


def test_plain_http_is_possible_by_name():
    assert base_address("http://mock:8080", allow_insecure_hosts=["mock"]).base_url == "http://mock:8080"


@pytest.mark.parametrize(
    ("url", "owned"),
    [
        ("https://acme.kommo.com/api", True),
        ("https://ACME.kommo.com:443/api", True),
        ("https://acme.kommo.com:444/api", False),
        ("http://acme.kommo.com/api", False),
        ("https://acme.kommo.com.evil.org/", False),
        ("https://evil.org/acme.kommo.com", False),
        ("https://user@acme.kommo.com/", True),
    ],
)
def test_ownership_is_the_whole_origin(url, owned):
    assert account_address("acme").owns(httpx.URL(url)) is owned


def test_the_environment_fills_in():
    environ = {"KOMMO_SUBDOMAIN": "acme", "KOMMO_DOMAIN": "amocrm.ru", "KOMMO_TOKEN": " secret\n"}

    assert resolve_address(environ=environ).base_url == "https://acme.amocrm.ru"
    assert resolve_address("other", domain="kommo.com", environ=environ).base_url == "https://other.kommo.com"
    assert (
        resolve_address(base_url="https://proxy.example", environ=environ).base_url == "https://proxy.example"
    )
    assert resolve_token(None, environ=environ).reveal() == "secret"


@given(st.text(max_size=12))
def test_a_domain_that_is_given_is_taken_or_refused_and_never_replaced(domain):
    """The token goes to the account that was meant, or nowhere."""
    for environ in ({}, {"KOMMO_DOMAIN": "amocrm.ru"}):
        try:
            address = resolve_address("acme", domain=domain, environ=environ)
        except ConfigurationError as error:
            message = str(error)
            assert message.startswith("domain ")
        else:
            assert address.host == f"acme.{domain.strip().lower()}"


@given(
    st.none()
    | st.integers()
    | st.just("mock")
    | st.binary()
    | st.lists(st.sampled_from(["mock", " Mock ", "other"]) | st.none() | st.integers() | st.binary())
)
def test_hosts_for_plain_http_are_a_list_of_names_or_refused(hosts):
    try:
        address = base_address("http://mock:8080", allow_insecure_hosts=hosts)
    except ConfigurationError as error:
        message = str(error)
        assert "allow_insecure_hosts=" in message
        names = isinstance(hosts, list) and all(isinstance(host, str) for host in hosts)
        assert ("would send the token unencrypted" in message) == names
    else:
        assert address.host in [host.strip().lower() for host in hosts]


@pytest.mark.parametrize("arguments", [{}, {"base_url": "https://x.y", "subdomain": "acme"}])
def test_contradictory_or_missing_addresses_are_refused(arguments):
    with pytest.raises(ConfigurationError):
        resolve_address(**arguments, environ={})


@given(st.text())
def test_a_token_is_sendable_or_refused_unseen(token):
    try:
        secret = resolve_token(token, environ={})
    except ConfigurationError as error:
        message = str(error)
        assert len(token.strip()) < 4 or token.strip() not in message
        return
    httpx.Headers({"Authorization": f"Bearer {secret.reveal()}"})
    assert token.strip() not in repr(secret) or token.strip() in "Secret('[secret]')"
