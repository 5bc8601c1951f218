"""docs/reference/api.html: the reference of the contract as one page that needs nothing else."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from kommo.docs.arrange import build_reference
from kommo.docs.model import Reference
from kommo.docs.quirk_places import locate
from kommo.spec.assemble import assemble, with_codegen
from kommo.spec.documents import load
from kommo.spec.project import EVIDENCE

_CITATION: Final = re.compile(r"([\w-]+)(?::(\d+)(?:-(\d+))?)?")
_LANGUAGES: Final = ("curl", "Python", "JavaScript", "PHP")
_INTRODUCTION: Final = ("authentication", "servers", "limits", "errors")
_BREAKS: Final = re.compile(r"(?<=[/_])(?=[\w{])")


def page(root: Path) -> str:
    """Make the page; see `kommo.spec.reference.Page`."""
    document = assemble(root)
    sources: dict[str, Any] = load(root / EVIDENCE / "sources.yaml")["sources"]
    return render(build_reference(document, with_codegen(root, document), locate(root), sources))


def render(reference: Reference) -> str:
    """Write a reference as HTML with its style and script inside; nothing is loaded from elsewhere."""
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    markdown = MarkdownIt("commonmark", {"html": False})

    def prose(text: str) -> Markup:
        # One line end parts paragraphs in descriptions of the bundle.
        return Markup(markdown.render(re.sub(r"\n+", "\n\n", text)))

    environment.filters |= {
        "prose": prose,
        "words": lambda text: Markup(markdown.renderInline(text)),
        "citation": lambda text: _citation(text, reference),
        "breakable": lambda text: Markup("<wbr>").join(_BREAKS.split(text)),
        "script": lambda text: Markup(text.replace("<", "\\u003c")),
    }
    template = environment.from_string(_text("template.html.jinja"))
    html = template.render(
        reference=reference,
        languages=_LANGUAGES,
        introduction=_INTRODUCTION,
        style=Markup(_text("style.css")),
        script=Markup(_text("page.js")),
    )
    return _without_blank_lines(html)


def _without_blank_lines(html: str) -> str:
    """The page without empty lines, except inside of <pre>, where they mean something."""
    parts = re.split(r"(<pre.*?</pre>)", html, flags=re.DOTALL)
    return "".join(
        part if index % 2 else re.sub(r"\n[ \t]*(?=\n)|^[ \t]+", "", part, flags=re.MULTILINE)
        for index, part in enumerate(parts)
    )


def _citation(text: str | list[str], reference: Reference) -> Markup:
    """The places that an `x-source` names, each a link to the index of sources."""
    text = text if isinstance(text, str) else ", ".join(text)
    found = [_CITATION.fullmatch(part) for part in text.replace(",", " ").split()]
    if not all(found):
        return Markup("{}").format(text)
    links = []
    for match in found:
        assert match is not None
        source, first, last = match.groups()
        place = (
            "" if first is None else f", line {first}" if last in (None, first) else f", lines {first}–{last}"
        )
        known = source in reference.sources
        links.append(Markup('<a href="#source-{0}">{0}</a>{1}' if known else "{0}{1}").format(source, place))
    return Markup("; ").join(links)


def _text(name: str) -> str:
    return files("kommo.docs").joinpath(name).read_text(encoding="utf-8")
