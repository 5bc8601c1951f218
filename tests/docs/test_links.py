"""Links in hand-written and generated Markdown lead to a file that is there, and to a heading in it.

`make site` checks the same with mkdocs; this needs nothing installed and knows the files outside of docs/ too.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def headings(path):
    """The anchors of a page, as the site's and the usual viewers make them; of HTML, its ids."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        return set(re.findall(r'\bid="([^"]+)"', text))
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\s-]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    broken = []
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (anchor and anchor not in headings(path)):
            broken.append(target)
    assert broken == []


def test_every_guide_is_in_the_contents_and_on_the_first_page():
    contents = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    start = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    for page in sorted((ROOT / "docs").rglob("*.md")):
        name = page.relative_to(ROOT / "docs").as_posix()
        assert f" {name}\n" in contents, f"{name} is not in the nav of mkdocs.yml"
        assert name == "index.md" or f"({name})" in start, f"{name} is not linked from docs/index.md"
