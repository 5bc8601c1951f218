"""The page at `/_mock/`, in a real browser."""

from __future__ import annotations

import shutil

import httpx
import pytest

from kommo.mock import MockConfig, MockServer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
LEADS = "/api/v4/leads/custom_fields"


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def server():
    with MockServer(MockConfig(seed="demo")) as server:
        yield server


@pytest.fixture
def page(browser, server):
    page = browser.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on(
        "request", lambda request: problems.append(request.url) if server.url not in request.url else None
    )
    page.goto(f"{server.url}/_mock/")
    page.get_by_text("list 4101 Products").wait_for()
    yield page
    page.close()
    assert problems == []


def test_it_shows_what_is_stored(page):
    page.get_by_text("list 4101 Products: 6 fields, 4 elements").click()
    page.get_by_text("Oak table").wait_for()
    page.locator("#contents").get_by_text("linked_entity").wait_for()
    page.get_by_text("leads: ").click()
    page.get_by_text("Table for the lobby").wait_for()
    page.locator("#contents").get_by_text("Delivery: Carrier").wait_for()
    page.get_by_text("contacts: ").click()
    page.get_by_text("WORK, WORKDD, MOB, FAX, HOME, OTHER").wait_for()
    page.get_by_text("segments: 1 field, 1 record", exact=True).click()
    tables = page.locator("#contents table")
    heads = {tuple(tables.nth(index).locator("th").all_inner_texts()) for index in range(tables.count())}
    assert heads == {("id", "type", "name", "code", "options"), ("id", "name", "values")}
    assert "1 company, 1 customer, 1 segment, " in page.locator("#health").inner_text()
    assert "`" not in page.locator("#quirks").inner_text()


def test_it_shows_requests_as_they_happen_and_what_they_change(page, server):
    httpx.post(
        f"{server.url}{LEADS}",
        json=[{"name": "From a test", "type": "text"}],
        headers={"Authorization": "Bearer demo"},
    )
    page.get_by_text(f"POST {LEADS} → 201").click()
    page.locator("#journal pre").get_by_text("From a test").first.wait_for()
    page.get_by_text("leads: ").click()
    page.locator("#contents").get_by_text("From a test").wait_for()
    assert "Bearer" not in page.content()


def test_it_sets_faults_quirks_limits_clock_and_contents(page, server):
    page.get_by_role("button", name="Add", exact=True).click()
    page.locator("#faults code").wait_for()
    assert httpx.get(f"{server.url}{LEADS}").status_code == 503
    page.get_by_text("fault 1").wait_for()
    page.get_by_role("button", name="Remove").click()
    page.locator("#faults code").wait_for(state="detached")
    page.locator("#quirk-v4-code-null").uncheck()
    page.wait_for_function(
        "fetch('/_mock/quirks').then(a => a.text()).then(t => t.includes('\"v4-code-null\",\"on\":false'))"
    )
    page.locator("#profile").select_option("documented")
    page.wait_for_function("!document.getElementById('quirk-v2-paging').checked")
    assert server.control.quirks == frozenset()
    page.locator("#rate").fill("7")
    page.get_by_role("button", name="Set", exact=True).click()
    page.wait_for_function("fetch('/_mock/limits').then(a => a.json()).then(l => l.rate === 7)")
    before = server.control.store.now()
    page.get_by_role("button", name="Advance clock").click()
    page.wait_for_function(f"fetch('/_mock/clock').then(a => a.json()).then(c => c.now >= {before + 86400})")
    page.locator("#seed").select_option("documented")
    page.get_by_role("button", name="Reset").click()
    page.get_by_text("list 4220 Stationery").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_on_a_telephone(browser, server, scheme):
    server.control.add_fault(status=503, path="/api/v4/" + "long/" * 20)
    headers = {"Authorization": "Bearer demo"}
    httpx.post(f"{server.url}{LEADS}", json=[{"name": "x" * 200, "type": "text"}], headers=headers)
    page = browser.new_page(viewport={"width": 390, "height": 800}, color_scheme=scheme)
    page.goto(f"{server.url}/_mock/")
    page.get_by_text("list 4101 Products").click()
    page.get_by_text("leads: ").click()
    page.get_by_text("x" * 200).wait_for()
    page.locator("#journal summary").click()
    page.locator("#journal pre").wait_for()
    too_wide = """[...document.querySelectorAll("body, section, header")]
        .filter(part => part.scrollWidth > part.clientWidth).map(part => part.innerText)"""
    assert page.evaluate(too_wide) == []
    page.close()
