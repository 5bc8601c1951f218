"""The text of a module, in a form that ruff and black leave as it is."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Final

from kommo.account_models.plan import Attribute, Class, Module, Options
from kommo.values import FIELD_TYPES

_WIDTH: Final = 88
# From here on a character may be two columns wide.
_WIDE: Final = "\u1100"


def render(module: Module) -> str:
    """The module's text after its header."""
    parts = [_opening(module)]
    for each in module.classes:
        parts += [_options(attribute.options) for attribute in each.attributes if attribute.options]
        parts.append(_class(each, module))
    return "\n\n\n".join(parts) + "\n"


def _opening(module: Module) -> str:
    attributes = [attribute for each in module.classes for attribute in each.attributes]
    annotations = " ".join(each.annotation for each in attributes)
    standard = ["from typing import ClassVar"]
    if "Decimal" in annotations:
        standard.insert(0, "from decimal import Decimal")
    if "datetime" in annotations:
        standard.insert(0, "from datetime import datetime")
    if module.zone is not None:
        standard.append("from zoneinfo import ZoneInfo")
    names = {"Option": any(each.options for each in attributes), "Record": True, "Source": True}
    names |= {
        "field": any(each.kind for each in attributes),
        "own": not all(each.kind for each in attributes),
    }
    others = ["from attrs import define", "from kommo import models"]
    if any(each.kind for each in attributes):
        others.append("from kommo import values as v")
    others.append(
        f"from kommo.account_models import {', '.join(name for name, used in names.items() if used)}"
    )
    blocks = [
        '"""An account\'s own fields, as classes. See kommo.account_models for what they can do."""',
        "from __future__ import annotations",
        "\n".join(standard),
        "\n".join(others),
    ]
    if module.zone is not None:
        blocks.append(f"ZONE = ZoneInfo({quoted(module.zone)})")
    return "\n\n".join(blocks)


def _options(options: Options) -> str:
    lines = [f"class {options.name}(Option):", *_doc(options.doc), ""]
    for each in options.members:
        parts = [str(each.id), quoted(each.text)]
        parts += [] if each.code is None else [quoted(each.code)]
        lines += _fitted(f"    {each.name} = ", "", parts) or [
            f"    {each.name} = (",
            *(f"        {part}," for part in parts),
            "    )",
        ]
    return "\n".join(lines)


def _class(each: Class, module: Module) -> str:
    arguments = [quoted(each.entity)]
    arguments += [] if each.catalog_id is None else [str(each.catalog_id)]
    arguments += [] if module.zone is None else ["tz=ZONE"]
    lines = [
        "@define(kw_only=True, repr=False)",
        f"class {each.name}(Record[models.{each.model}]):",
        *_doc(each.doc),
        "",
        f"    _source: ClassVar[Source] = Source({', '.join(arguments)})",
    ]
    own = [attribute for attribute in each.attributes if not attribute.kind]
    lines += [""] if own else []
    lines += [f"    {one.name}: {one.annotation} = own({quoted(str(one.key))})" for one in own]
    for attribute in each.attributes:
        if attribute.kind:
            lines += ["", *_field(attribute), *_doc(attribute.doc)]
    return "\n".join(lines)


def _field(attribute: Attribute) -> list[str]:
    known = attribute.kind in FIELD_TYPES
    parts = [str(attribute.key), f"v.{attribute.kind}" if known else quoted(attribute.kind)]
    parts += [attribute.options.name] if attribute.options else []
    begin = f"    {attribute.name}: {attribute.annotation} = field("
    return _fitted(begin, ")", parts) or [begin, *(f"        {part}," for part in parts), "    )"]


def _fitted(begin: str, end: str, parts: Iterable[str]) -> list[str]:
    """The parts on one line; nothing when they do not fit there. With a part a line, formatters leave them alone."""
    line = f"{begin}{', '.join(parts)}{end}"
    width = sum(1 if character < _WIDE else 2 for character in line)
    return [line] if width <= _WIDTH else []


def _doc(text: str) -> list[str]:
    """A docstring, indented; several lines where it is long."""
    shown = escaped(text).replace('"""', r"\"\"\"") + "."
    if len(shown) <= _WIDTH - 10:
        return [f'    """{shown}"""']
    first, *rest = textwrap.wrap(shown, _WIDTH - 8, break_long_words=False, break_on_hyphens=False)
    return [f'    """{first}', *(f"    {line}" for line in rest), '    """']


def escaped(text: str) -> str:
    """Text as it stands between quotes: what does not show, such as line breaks and marks of direction, escaped."""
    return "".join(
        each if each.isprintable() and each != "\\" else each.encode("unicode_escape").decode("ascii")
        for each in text
    )


def quoted(text: str) -> str:
    """Text as a literal, in the quotes that ruff and black choose."""
    mark = "'" if text.count('"') > text.count("'") else '"'
    return mark + escaped(text).replace(mark, f"\\{mark}") + mark
