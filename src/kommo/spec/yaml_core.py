"""YAML by the core schema of YAML 1.2, on libyaml: `on`, `yes` and dates are strings."""

from __future__ import annotations

import re

from yaml.cyaml import CParser  # type: ignore[import-untyped]
from yaml.resolver import BaseResolver  # type: ignore[import-untyped]


class CoreResolver(BaseResolver):  # type: ignore[misc]
    """The implicit tags of the YAML 1.2 core schema."""


NULL, BOOL, INT, FLOAT, STR = (
    f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str")
)
MAP, SEQ = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"
_CORE = (
    (NULL, r"null|Null|NULL|~|", ["n", "N", "~", ""]),
    (BOOL, r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    (INT, r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        FLOAT,
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
)
for _tag, _pattern, _first in _CORE:
    CoreResolver.add_implicit_resolver(_tag, re.compile(f"^(?:{_pattern})$"), _first)


class CoreLoader(CParser, CoreResolver):  # type: ignore[misc]
    """libyaml's composer with the core schema's tags."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        CoreResolver.__init__(self)
