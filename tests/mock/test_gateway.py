"""Faults, the limit of requests, tokens, accounts, the clock: what stands around the API."""

from __future__ import annotations

import pytest

from kommo.mock.gateway import Limiter, Limits
from kommo.mock.http.sending import ConnectionDropped

LEADS = "/api/v4/leads/custom_fields"
FIELD = [{"name": "f", "type": "text"}]


def ask(api, method, path, json=...):
    """A control over HTTP; it needs no token."""
    return api(method, f"/_mock{path}", json, token=None)


@pytest.mark.parametrize("path", [LEADS, "/api/v2/catalogs", "/api/v4/nothing", f"{LEADS}/abc", "/"])
@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer no"}, {"authorization": "Basic ZGVtbzpkZW1v"}]
)
def test_without_a_valid_token_nothing_else_is_said(api, path, headers):
    for method in ("GET", "POST", "PUT"):
        answer = api(method, path, {"bad": "body"}, token=None, headers=headers)
        assert (answer.status, answer.data["detail"]) == (401, "Invalid user name or password")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_user_reads_and_does_not_write(make_api):
    api = make_api(seed="documented")
    user = {"token": "demo-user"}
    assert api("GET", LEADS, **user).status == 200
    assert api("GET", "/api/v2/catalogs", **user).status == 200
    for method, path, body in [
        ("POST", LEADS, FIELD),
        ("PATCH", LEADS, [{"id": 4439091}]),
        ("PATCH", f"{LEADS}/4439091", {"name": "x"}),
        ("DELETE", f"{LEADS}/4439091", ...),
        ("POST", f"{LEADS}/groups", [{"name": "g", "sort": 1}]),
        ("DELETE", f"{LEADS}/groups/leads_2745", ...),
        ("POST", "/api/v2/catalogs", {"delete": [4220]}),
    ]:
        answer = api(method, path, body, **user)
        assert (answer.status, answer.headers["content-type"]) == (403, "application/problem+json"), path
    ask(api, "POST", "/tokens", {"token": "lists", "admin": False, "lists": True})
    assert api("POST", "/api/v2/catalogs", {"delete": [4220]}, token="lists").status == 200
    assert api("POST", LEADS, FIELD, token="lists").status == 403


def test_methods_that_are_not_there(api):
    answer = api("PUT", LEADS, FIELD)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST, PATCH, HEAD, OPTIONS")
    assert answer.headers["content-type"] == "application/problem+json"
    options = api("OPTIONS", f"{LEADS}/5", token=None)
    assert (options.status, options.headers["allow"]) == (204, "GET, PATCH, DELETE, HEAD, OPTIONS")
    head = api("HEAD", f"{LEADS}/groups")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) == len(api("GET", f"{LEADS}/groups").body)


def test_accounts_by_token_and_by_host(make_api):
    from kommo.mock import AccountConfig

    api = make_api(accounts=(AccountConfig("beta", token="beta-token"),))
    api("POST", LEADS, FIELD)
    assert len(api("GET", LEADS).fields) == 1
    assert api("GET", LEADS, token="beta-token").status == 204
    field = api("POST", LEADS, FIELD, token="beta-token").fields[0]
    assert field["account_id"] != api("GET", LEADS).fields[0]["account_id"]
    beta = {"host": "beta.kommo.com"}
    assert (
        api("GET", LEADS, token="beta-token", headers=beta)
        .fields[0]["_links"]["self"]["href"]
        .startswith("http://beta.kommo.com/api/v4/leads/custom_fields/")
    )
    assert api("GET", LEADS, headers=beta).status == 401
    assert api("GET", LEADS, headers={"host": "demo.amocrm.ru"}).status == 200


def test_a_host_that_is_no_host_never_reaches_a_link(api):
    api("POST", LEADS, FIELD)
    href = api("GET", LEADS, headers={"host": 'x"><script>'}).fields[0]["_links"]["self"]["href"]
    assert href.startswith("http://127.0.0.1:8080/")
    assert (
        api("GET", LEADS, headers={"host": "[::1]:99"})
        .data["_links"]["self"]["href"]
        .startswith("http://[::1]:99/")
    )


def test_bodies_over_the_limit_and_too_deep_ones(make_api):
    api = make_api(max_body=1000)
    assert api("POST", LEADS, content=b" " * 1001, headers={"content-type": "application/json"}).status == 413
    import gzip

    bomb = gzip.compress(b" " * 100_000)
    assert len(bomb) < 1000
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    assert api("POST", LEADS, content=bomb, headers=headers).status == 413
    assert api("POST", LEADS, content=bomb[:20], headers=headers).status == 400
    headers["content-encoding"] = "br"
    assert api("POST", LEADS, content=b"x", headers=headers).status == 415
    for depth, opening, closing in [(65, b"[", b"]"), (300, b'{"a":', b"}")]:
        content = opening * depth + b"1" + closing * depth
        answer = make_api()("POST", LEADS, content=content, headers={"content-type": "application/json"})
        assert (answer.status, "deep" in answer.data["detail"]) == (400, True)


def test_faults_happen_where_and_as_often_as_asked(api):
    made = ask(
        api, "POST", "/faults", {"method": "POST", "path": "/api/v4/*", "status": 503, "times": 2, "skip": 1}
    )
    assert made.data["id"] == 1
    statuses = [api("POST", LEADS, FIELD).status for _ in range(4)]
    assert statuses == [201, 503, 503, 201]
    assert api("GET", LEADS).status == 200
    journal = ask(api, "GET", "/journal").data["entries"]
    assert [entry["fault"] for entry in journal] == [None, 1, 1, None, None]
    assert ask(api, "DELETE", "/faults").data == {"removed": 1}


@pytest.mark.parametrize(
    ("fault", "status", "kind", "wait"),
    [
        ({"status": 429, "body": "html"}, 429, "text/html; charset=UTF-8", None),
        ({"status": 429, "retry_after": 3}, 429, "application/problem+json", "3"),
        ({"status": 502, "body": "empty"}, 502, "text/html; charset=UTF-8", None),
        ({"status": 204}, 204, None, None),
        ({"status": 200, "body": "html"}, 200, "text/html; charset=UTF-8", None),
    ],
)
def test_answers_of_faults(api, fault, status, kind, wait):
    api.control.add_fault(**fault)
    answer = api("GET", LEADS)
    assert (answer.status, answer.headers.get("content-type")) == (status, kind)
    assert answer.headers.get("retry-after") == wait
    api.control.remove_faults()
    assert api("GET", LEADS).status == 204


def test_a_fault_does_not_lift_the_limit_of_bodies(make_api):
    api = make_api(max_body=10, faults=[{"status": 503}])
    assert api("POST", LEADS, content=b" " * 10).status == 503
    assert api("POST", LEADS, content=b" " * 11).status == 413


def test_an_answer_can_be_lost_after_the_request_was_served(api):
    api.control.add_fault(drop=True, after=True, times=1)
    with pytest.raises(ConnectionDropped):
        api("POST", LEADS, FIELD)
    assert len(api("GET", LEADS).fields) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"status": 99},
        {"status": "x"},
        {"latency": -1},
        {"times": -1, "drop": True},
        {"what": 1},
        {"path": 5, "drop": True},
    ],
)
def test_faults_that_cannot_be(api, fault):
    answer = ask(api, "POST", "/faults", fault)
    assert answer.status == 400
    assert "fault" in answer.data["error"]
    assert ask(api, "GET", "/faults").data == {"faults": []}


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_seven_requests_in_any_second_then_a_ban():
    time = Time()
    limiter = Limiter(time)
    limits = Limits(rate=7, ban_after=2, ban_seconds=10)
    verdicts = []
    for _ in range(7):
        verdicts.append(limiter.judge("a", limits))
        time.now += 0.1
    assert verdicts == ["pass"] * 7
    assert limiter.judge("a", limits) == "limited"
    assert limiter.judge("b", limits) == "pass"
    time.now = 101.05  # the first request is more than a second ago
    assert limiter.judge("a", limits) == "pass"
    assert [limiter.judge("a", limits) for _ in range(3)] == ["limited", "limited", "banned"]
    time.now += 9
    assert limiter.judge("a", limits) == "banned"
    time.now += 1.1
    assert limiter.judge("a", limits) == "pass"


def test_the_limiter_answers_as_the_quirks_say(make_api):
    api = make_api(rate_limit=1)
    ask(api, "POST", "/limits", {"ban_after": 1, "retry_after": 2})
    assert api("GET", LEADS).status == 204
    limited, banned = api("GET", LEADS), api("GET", LEADS)
    assert (limited.status, banned.status) == (429, 403)
    assert limited.headers["content-type"] == banned.headers["content-type"] == "text/html; charset=UTF-8"
    assert limited.headers["retry-after"] == "2"
    ask(api, "POST", "/quirks", {"profile": "documented"})
    ask(api, "POST", "/limits", {"rate": 1})
    assert api("GET", LEADS).status == 200
    problem = api("GET", LEADS)
    assert (problem.status, problem.data["retry_after"]) == (429, 2)
    assert api("GET", LEADS).data["status"] == 403
    ask(api, "POST", "/limits", {"rate": None})
    assert api("GET", LEADS).status == 200


def test_tokens_are_exchanged_once_and_expire_by_the_clock(make_api):
    api = make_api(client_id="app", client_secret="secret", authorization_code="code-1")

    def exchange(**values):
        body = {
            "client_id": "app",
            "client_secret": "secret",
            "redirect_uri": "https://example.test/",
            **values,
        }
        return api("POST", "/oauth2/access_token", body, token=None)

    first = exchange(grant_type="authorization_code", code="code-1")
    assert first.status == 200
    assert (first.data["token_type"], first.data["expires_in"]) == ("Bearer", 86400)
    token = first.data["access_token"]
    assert token.count(".") == 2
    assert api("GET", LEADS, token=token).status == 204
    assert exchange(grant_type="authorization_code", code="code-1").status == 400
    ask(api, "POST", "/clock", {"advance": 86400})
    assert api("GET", LEADS, token=token).status == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": first.data["refresh_token"]}
    assert exchange(**{**refresh, "client_secret": "no"}).status == 400
    second = exchange(**refresh)
    assert api("GET", LEADS, token=second.data["access_token"]).status == 204
    again = exchange(**refresh)
    assert (again.status, again.headers["content-type"]) == (400, "application/json")
    assert "used" in again.data["hint"]
    ask(api, "POST", "/clock", {"advance": 91 * 86400})
    late = exchange(grant_type="refresh_token", refresh_token=second.data["refresh_token"])
    assert "expired" in late.data["hint"]
    for body in (None, [], {}, {"grant_type": "password"}, {"grant_type": "refresh_token"}):
        assert api("POST", "/oauth2/access_token", body, token=None).status == 400
    shown = str(ask(api, "GET", "/journal").data)
    assert token not in shown
    assert "secret" not in shown


def test_the_legacy_login_opens_v2_for_fifteen_minutes(api):
    login = {"USER_LOGIN": "a@example.test", "USER_HASH": "demo"}
    answer = api("POST", "/private/api/auth.php", login, token=None)
    cookie = answer.headers["set-cookie"].partition(";")[0]
    assert api("GET", "/api/v2/catalogs", token=None, headers={"cookie": f"a=b; {cookie}"}).status == 204
    assert api("GET", LEADS, token=None, headers={"cookie": cookie}).status == 401
    api.control.set_clock(advance=15 * 60)
    assert api("GET", "/api/v2/catalogs", token=None, headers={"cookie": cookie}).status == 401
    assert api("POST", "/private/api/auth.php", {**login, "USER_HASH": "no"}, token=None).status == 401


def test_the_clock_is_fixed_stepped_or_real(make_api):
    api = make_api()
    times = [api("POST", "/api/v2/catalogs", {"add": [{"name": "a"}]}) for _ in range(3)]
    assert all(answer.status == 200 for answer in times)
    created = [item["created_at"] for item in api("GET", "/api/v2/catalogs").items]
    assert created == [1767225600, 1767225601, 1767225602]
    assert ask(api, "POST", "/clock", {"mode": "fixed", "now": 5}).data == {
        "mode": "fixed",
        "now": 5,
        "step": 1,
    }
    for _ in range(2):
        api("POST", "/api/v2/catalogs", {"add": [{"name": "a"}]})
    assert [item["created_at"] for item in api("GET", "/api/v2/catalogs").items][3:] == [5, 5]
    real = ask(api, "POST", "/clock", {"mode": "real"}).data["now"]
    assert ask(api, "POST", "/clock", {"advance": 1000}).data["now"] >= real + 1000
    for bad in ({"mode": "no"}, {"now": -1}, {"advance": 2**62}, {"now": "x"}, {"wat": 1}):
        assert ask(api, "POST", "/clock", bad).status == 400


def test_contents_are_put_back(make_api):
    api = make_api(seed="demo")
    whole = api("GET", f"{LEADS}?limit=250").fields
    ask(api, "POST", "/snapshots", {"name": "before"})
    for field in whole:
        api("DELETE", f"{LEADS}/{field['id']}")
    made = api("POST", LEADS, FIELD).fields[0]["id"]
    assert ask(api, "POST", "/snapshots/before/restore").data["status"] == "ok"
    assert api("GET", f"{LEADS}?limit=250").fields == whole
    assert api("POST", LEADS, FIELD).fields[0]["id"] == made
    assert ask(api, "POST", "/snapshots/none/restore").status == 404
    assert ask(api, "POST", "/reset", {"seed": "documented"}).data["stored"]["catalogs"] == 11
    assert [field["id"] for field in api("GET", LEADS).fields] == [4439091, 4440043]
    assert ask(api, "POST", "/reset").data["seed"] == "demo"
    assert api("GET", f"{LEADS}?limit=250").fields == whole
    assert ask(api, "POST", "/reset", {"seed": "no"}).status == 400
    assert ask(api, "DELETE", "/snapshots/before").data == {"snapshots": []}


def test_the_same_requests_get_the_same_answers(make_api):
    def story(api):
        answers = [api("POST", LEADS, [{"name": "f", "type": "select", "enums": [{"value": "a"}]}]).body]
        answers.append(api("POST", f"{LEADS}/groups", [{"name": "g"}]).body)
        answers.append(api("POST", "/api/v2/catalogs", {"add": [{"name": "l"}]}).body)
        answers.append(api("GET", "/api/v2/catalogs").body)
        return answers

    api = make_api(seed="demo")
    first = story(api)
    api.control.reset()
    assert story(api) == first == story(make_api(seed="demo"))


def test_the_journal_shows_requests_without_secrets(api):
    api("POST", LEADS, FIELD)
    entries = ask(api, "GET", "/journal").data["entries"]
    assert [(entry["method"], entry["path"], entry["status"]) for entry in entries] == [("POST", LEADS, 201)]
    assert entries[0]["request_headers"]["authorization"] == "[hidden]"
    assert '"type": "text"' in entries[0]["request_body"]
    assert ask(api, "GET", f"/journal?after={entries[-1]['number']}").data == {"entries": []}
    assert ask(api, "GET", "/journal?after=x").status == 400
    ask(api, "DELETE", "/journal")
    api("GET", LEADS)
    assert ask(api, "GET", "/journal").data["entries"][0]["number"] == 2


@pytest.mark.parametrize(
    "path", ["/_mock/nothing", "/_mock/faults/x", "/_mockery", "/api/_mock/health", "/_mock//health"]
)
def test_controls_are_under_their_own_path_alone(api, path):
    assert api("GET", path, token=None).status in (401, 404)


def test_controls_answer_mistakes_with_one_line(api):
    for method, path, body in [
        ("POST", "/reset", {"seeds": "demo"}),
        ("POST", "/reset", []),
        ("POST", "/quirks", {"quirks": {"no": True}}),
        ("POST", "/quirks", {"profile": "no"}),
        ("POST", "/tokens", {"token": ""}),
        ("POST", "/tokens", {"token": "t", "subdomain": "no"}),
        ("POST", "/limits", {"rate": 0}),
        ("POST", "/codes", {}),
    ]:
        answer = ask(api, method, path, body)
        assert answer.status == 400, path
        assert "\n" not in answer.data["error"]
    assert api("POST", "/_mock/reset", content=b"{", token=None).status == 400
    assert ask(api, "PUT", "/reset").status == 405
