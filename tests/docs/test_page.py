"""The page of the reference as text: whole, self-contained, and its links lead somewhere."""

import re
from html.parser import HTMLParser

import pytest

from kommo.docs.quirk_places import operations_of
from kommo.published import reference_path

MAX_BYTES_AN_OPERATION = 20_000  # its text, four samples, its share of the models
LOADING = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data"}


class Page(HTMLParser):
    """Collects what is tested of the page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loaded, self.buttons = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.links.append(found["href"])
        if tag in LOADING and found.get(LOADING[tag]):
            self.loaded.append(found[LOADING[tag]])
        if "popovertarget" in found:
            self.links.append("#" + found["popovertarget"])


@pytest.fixture(scope="module")
def text():
    return reference_path().read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_every_operation_schema_and_quirk_has_its_section(page, document):
    wanted = {operation["operationId"] for _, _, operation in operations_of(document)}
    wanted |= {f"schema-{name}" for name in document["components"]["schemas"]}
    wanted |= {f"quirk-{name}" for name in document["info"]["x-overlays"]}
    assert wanted <= set(page.ids)


def test_ids_are_unique_and_links_within_the_page_lead_somewhere(page):
    assert len(page.ids) == len(set(page.ids))
    assert {link for link in page.links if link.startswith("#")} - {f"#{name}" for name in page.ids} == set()


def test_nothing_is_loaded_from_elsewhere(page, text):
    assert [url for url in page.loaded if not url.startswith("data:")] == []
    assert re.findall(r"@import|url\(", text) == []


def test_page_is_light_enough(text, document):
    assert len(text.encode()) < MAX_BYTES_AN_OPERATION * len(list(operations_of(document)))


def test_every_operation_says_where_it_comes_from(text, document):
    for _, _, operation in operations_of(document):
        start = f'<section class="operation" id="{operation["operationId"]}"'
        section = text.partition(start)[2].partition("</section>")[0]
        for citation in operation["x-source"].split(", "):
            assert f'href="#source-{citation.partition(":")[0]}"' in section


def test_quirk_stands_where_it_applies(text):
    """At the property, at the status and at the parameter that the overlay changes."""
    schema = text.partition('id="schema-CustomField"')[2].partition("</section>")[0]
    code_row = schema.partition('<code class="name">code</code>')[2].partition("</li>")[0]
    assert "v4-code-null" in code_row
    assert "v4-code-null" not in schema.partition('<code class="name">sort</code>')[2].partition("</li>")[0]
    listing = text.partition('<section class="operation" id="list_leads_custom_fields"')[2].partition(
        "</section>"
    )[0]
    assert (
        "v4-list-empty-204" in listing.partition('<span class="status">204</span>')[2].partition("</li>")[0]
    )
    assert (
        "v4-list-empty-204"
        not in listing.partition('<span class="status">200</span>')[2].partition("</li>")[0]
    )
    elements = text.partition('id="list_v2_catalog_elements"')[2].partition("</section>")[0]
    assert (
        "v2-elements-catalog-id-optional"
        in elements.partition('<code class="name">catalog_id</code>')[2].partition("</li>")[0]
    )
