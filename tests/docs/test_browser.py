"""The page of the reference in a real browser: opened from a file, and served by a mock."""

import re
import shutil
from itertools import pairwise

import pytest
from playwright.sync_api import expect, sync_playwright

from kommo.mock import MockConfig, MockServer
from kommo.published import reference_path

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
expect.set_options(timeout=20_000)
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def demo():
    """A mock with the contents of a small shop."""
    with MockServer(MockConfig(token="demo", seed="demo")) as server:
        yield server


@pytest.fixture
def visit(browser):
    """Opens the page; in the end it holds that nothing went wrong and nothing was asked of another host."""
    contexts, problems, requests = [], [], []
    # The browser itself reports a status like 401 as an error; a test may ask for one.
    expected = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d ")

    def open_page(fragment="", base=None, **options):
        context = browser.new_context(**{"viewport": DESK, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto((base or reference_path().as_uri()) + fragment)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [problem for problem in problems if not expected.match(problem)] == []
    allowed = re.compile(r"file://|data:|http://127\.0\.0\.1:")
    assert [url for url in requests if not allowed.match(url)] == []


def in_view(page, selector):
    """Whether the top of an element is within the window."""
    return page.locator(selector).evaluate(
        "(node) => { const y = node.getBoundingClientRect().top; return y >= 0 && y < innerHeight; }"
    )


def test_search_finds_by_keyboard(visit):
    page = visit()
    page.keyboard.press("/")
    page.keyboard.type("create leads")
    expect(page.locator("#results [aria-selected=true]")).to_contain_text("Create custom fields of leads")
    page.keyboard.press("Enter")
    page.wait_for_url("**#create_leads_custom_fields")
    expect(page.locator("#search")).to_be_hidden()
    assert in_view(page, "#create_leads_custom_fields h3")


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("EnumValueWrite", "EnumValueWrite"),
        ("v4-code-null", "A field without a code has a null code"),
        ("/api/v2/catalogs post", "Add, change and delete lists"),
        ("parent_request_id", "NestedValueWrite"),
        ("paging batch", "Limits"),
    ],
)
def test_search_finds_schemas_quirks_paths_properties_and_pages(visit, words, title):
    page = visit()
    page.locator("#find").click()
    page.locator("#query").fill(words)
    expect(page.locator("#results [role=option]").first).to_contain_text(title)


def test_search_chooses_with_arrows_and_says_when_there_is_nothing(visit):
    page = visit()
    page.keyboard.press("/")
    page.locator("#query").fill("group")
    options = page.locator("#results [role=option]")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.locator("#query").fill("xyzzy")
    expect(page.locator("#results")).to_have_text("Nothing found.")
    page.keyboard.press("Escape")
    expect(page.locator("#search")).to_be_hidden()


@pytest.mark.parametrize(
    "target",
    [
        "delete_catalogs_custom_fields",
        "schema-LeadsCustomFieldCreate",
        "quirk-v4-list-empty-204",
        "source-DOC-CF",
    ],
)
def test_deep_link_leads_there_and_opens_what_is_folded(visit, target):
    page = visit(f"#{target}")
    expect(page.locator(f"#{target}")).to_be_visible()
    assert in_view(page, f"#{target}")


@pytest.mark.parametrize(
    "size", [PHONE, {"width": 768, "height": 1024}, DESK], ids=["phone", "tablet", "desk"]
)
def test_page_never_scrolls_sideways(visit, size):
    page = visit(viewport=size)
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= size["width"]
    outside = page.evaluate(
        "[...document.querySelectorAll('main :is(h1,h2,h3,h4,p,li,dd,table,button,summary)')]"
        ".filter((node) => !node.closest('pre') && node.getBoundingClientRect().right > innerWidth + 1)"
        ".map((node) => node.outerHTML.slice(0, 120))"
    )
    assert outside == []


def test_contents_are_a_drawer_on_a_phone(visit):
    page = visit(viewport=PHONE)
    entry = page.locator("#contents a[href='#quirks']")
    expect(entry).to_be_hidden()
    page.locator("#menu").click()
    entry.click()
    expect(entry).to_be_hidden()
    assert in_view(page, "#quirks h2")


def test_language_is_chosen_once_for_the_whole_page(visit, demo):
    """And for the next visit, where the browser keeps such things: it need not for a file."""
    page = visit("#write_v2_catalogs", f"{demo.url}/_mock/docs")
    samples = page.locator("#write_v2_catalogs .samples")
    samples.get_by_role("button", name="Python").click()
    expect(samples.locator("pre:visible")).to_contain_text("crm.v2_catalogs.write(")
    samples.locator("select").select_option("2")
    expect(samples.locator("pre:visible")).to_contain_text("update=")
    other = page.locator("#list_leads_custom_fields .samples pre:visible")
    expect(other).to_contain_text("crm.leads_custom_fields.list(")
    page.reload()
    expect(other).to_contain_text("crm.leads_custom_fields.list(")


def test_chip_tells_about_the_quirk(visit):
    page = visit("#schema-CustomField")
    page.locator("#schema-CustomField .chip", has_text="v4-code-null").first.click()
    about = page.locator("#about-v4-code-null")
    expect(about).to_be_visible()
    expect(about).to_contain_text("Documented")
    expect(about).to_contain_text("recorded-response")
    about.get_by_role("link", name="In the index of quirks").click()
    expect(about).to_be_hidden()
    assert in_view(page, "#quirk-v4-code-null")


def test_theme_follows_the_system_and_the_button(visit, demo):
    page = visit(base=f"{demo.url}/_mock/docs", color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.locator("#theme").click()
    light = page.evaluate(background)
    assert dark != light
    page.reload()
    assert page.evaluate(background) == light


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background(visit, scheme):
    """WCAG AA: at least 4.5 to 1 for every text, the larger ones included."""
    page = visit(color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    weak = page.evaluate(CONTRAST)
    assert weak == []


CONTRAST = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = (colour) => {
    if (!known.has(colour)) {
      canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
      known.set(colour, [...canvas.getImageData(0, 0, 1, 1).data]);
    }
    return known.get(colour);
  };
  const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const weak = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility() || node.closest("script, style")) continue;
    const [one, two] = [light(rgba(getComputedStyle(node).color)), light(behind(node))];
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (ratio < 4.5) weak.add(`${node.tagName}.${node.className} ${ratio.toFixed(2)}`);
  }
  return [...weak];
}"""


def test_every_control_has_a_name_and_headings_descend_step_by_step(visit):
    page = visit()
    nameless = page.evaluate(
        "[...document.querySelectorAll('button, input, select, textarea, a')].filter((node) =>"
        " !(node.textContent.trim() || node.ariaLabel || node.labels?.length)).map((node) => node.outerHTML)"
    )
    assert nameless == []
    levels = page.evaluate(
        "[...document.querySelectorAll('main :is(h1,h2,h3,h4)')].map((node) => +node.tagName[1])"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.locator("header, nav, main").count() == 3


def test_keyboard_reaches_the_content_first(visit):
    page = visit()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_print_leaves_out_what_paper_cannot_do(visit):
    page = visit(viewport={"width": 700, "height": 1000})
    page.emulate_media(media="print")
    for selector in (".top", "#contents", ".bar", "#search"):
        expect(page.locator(selector).first).to_be_hidden()
    sample = page.locator("#create_leads_custom_fields .samples pre:visible").first
    assert sample.evaluate("(node) => node.scrollWidth <= node.clientWidth + 1")
    assert (
        sample.evaluate("(node) => getComputedStyle(node.closest('.samples')).backgroundColor")
        == "rgb(255, 255, 255)"
    )
    # What is folded on the screen is open on paper.
    assert (
        page.locator("details.inner .rows").first.evaluate("(node) => node.getBoundingClientRect().height")
        > 0
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 700


def test_file_has_no_forms(visit):
    page = visit("#list_leads_custom_fields")
    expect(page.locator(".try")).to_have_count(0)
    expect(page.locator(".live")).to_be_hidden()


def test_page_works_without_scripts(visit):
    page = visit("#list_leads_custom_fields", java_script_enabled=False)
    expect(page.locator("#list_leads_custom_fields h3")).to_be_visible()
    expect(page.locator("#find")).to_be_hidden()
    samples = page.locator("#list_leads_custom_fields .samples pre")
    assert samples.count() == samples.locator("visible=true").count() == 4


def test_try_it_reaches_the_mock(visit, demo):
    page = visit("#list_leads_custom_fields", f"{demo.url}/_mock/docs")
    operation = page.locator("#list_leads_custom_fields")
    expect(page.locator(".live")).to_be_visible()
    operation.locator(".try summary").click()
    operation.get_by_role("button", name="Send GET").click()
    answer = operation.locator("output")
    expect(answer.locator(".status")).to_have_text("200 OK")
    expect(answer.locator("pre")).to_contain_text("content-type: application/hal+json")
    expect(answer.locator("pre")).to_contain_text('"custom_fields": [')
    operation.locator("input[name=token]").fill("wrong")
    operation.get_by_role("button", name="Send GET").click()
    expect(answer.locator(".status")).to_have_text("401 Unauthorized")


@pytest.mark.parametrize(
    "operation",
    [
        "create_leads_custom_fields",
        "get_contacts_custom_fields",
        "update_companies_custom_fields",
        "update_batch_catalogs_custom_fields",
        "list_v2_catalog_elements",
        "write_v2_catalogs",
        "update_leads_custom_field_groups",
    ],
)
def test_forms_work_as_they_stand(visit, demo, operation):
    """The ids in a form are those of the mock's contents, so that the first click succeeds."""
    page = visit(f"#{operation}", f"{demo.url}/_mock/docs")
    section = page.locator(f"#{operation}")
    with page.expect_response("**/_mock/contents"):
        section.locator(".try summary").click()
    section.locator(".try .send").click()
    expect(section.locator("output .status")).to_have_text(re.compile(r"20[01] "))


def test_samples_on_the_mock_s_page_talk_to_the_mock(visit, demo):
    page = visit("#list_leads_custom_fields", f"{demo.url}/_mock/docs")
    samples = page.locator("#list_leads_custom_fields .samples")
    expect(samples.locator("pre:visible")).to_contain_text(f"{demo.url}/api/v4/leads/custom_fields")
    samples.get_by_role("button", name="Python").click()
    expect(samples.locator("pre:visible")).to_contain_text(f'Kommo(base_url="{demo.url}", token="demo")')
