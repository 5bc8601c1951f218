"""A hook of mkdocs: what is outside of the website is named there, not linked."""

from __future__ import annotations

import re
from typing import Any


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Turn links that lead out of docs/ into plain text; mkdocs calls it for every page.

    Pages also link to sources, such as overlays, which a reader of the checkout can follow.

    Args:
        markdown: the page's text.
        page: mkdocs' page; only the place of its file is used.
    """
    depth = page.file.src_uri.count("/")
    return re.sub(rf"\[([^\]]+)\]\((?:\.\./){{{depth + 1},}}[^)]*\)", r"\1", markdown)
