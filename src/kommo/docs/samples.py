"""One request in several languages.

The samples read the token, and for Python the account, from the environment: nobody pastes a secret into code.
"""

from __future__ import annotations

import json
import keyword
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from kommo.command import CommandError
from kommo.docs.quirk_places import resolve
from kommo.docs.requests import Request

_WIDTH: Final = 84
_SEPARATOR: Final = "# ---- next sample ----"


def samples_of(requests: Sequence[Request], codegen: Mapping[str, Any]) -> list[dict[str, str]]:
    """The text of each request in each language: language -> text, in the order in which languages are offered.

    Args:
        requests: what to send.
        codegen: the document that the client is generated from; it names the models.

    Raises:
        CommandError: the formatter for Python is not installed.
    """
    formatted = _formatted([python(request, codegen) for request in requests])
    return [
        {"curl": curl(request), "Python": text, "JavaScript": javascript(request), "PHP": php(request)}
        for request, text in zip(requests, formatted, strict=True)
    ]


def curl(request: Request) -> str:
    """The request as a curl command; the token comes from the environment."""
    method = "" if request.method == "GET" else f"-X {request.method} "
    lines = [f'curl {method}"{request.url}"', '  -H "Authorization: Bearer $KOMMO_TOKEN"']
    if request.body is not None:
        quoted = _json(request.body).replace("'", "'\\''")
        lines += ['  -H "Content-Type: application/json"', f"  -d '{quoted}'"]
    return " \\\n".join(lines)


def javascript(request: Request) -> str:
    """The request with fetch, for Node 18 or newer and browsers."""
    headers = ["    Authorization: `Bearer ${process.env.KOMMO_TOKEN}`,"]
    options = []
    if request.method != "GET":
        options.append(f'  method: "{request.method}",')
    if request.body is not None:
        headers.append('    "Content-Type": "application/json",')
    options += ["  headers: {", *headers, "  },"]
    if request.body is not None:
        options.append(f"  body: JSON.stringify({_json(request.body, '  ')}),")
    return "\n".join(
        [
            f'const response = await fetch("{request.url}", {{',
            *options,
            "});",
            "console.log(response.status, await response.text());",
        ]
    )


def php(request: Request) -> str:
    """The request with PHP's curl extension."""
    headers = ["'Authorization: Bearer ' . getenv('KOMMO_TOKEN'),"]
    options = ["    CURLOPT_RETURNTRANSFER => true,"]
    if request.method != "GET":
        options.append(f"    CURLOPT_CUSTOMREQUEST => '{request.method}',")
    if request.body is not None:
        headers.append("'Content-Type: application/json',")
        options.append(f"    CURLOPT_POSTFIELDS => json_encode({_php(request.body, '    ')}),")
    options += ["    CURLOPT_HTTPHEADER => [", *(f"        {header}" for header in headers), "    ],"]
    return "\n".join(
        [
            "<?php",
            f"$request = curl_init('{request.url}');",
            "curl_setopt_array($request, [",
            *options,
            "]);",
            "$answer = curl_exec($request);",
            "echo curl_getinfo($request, CURLINFO_RESPONSE_CODE), ' ', $answer, PHP_EOL;",
        ]
    )


def python(request: Request, codegen: Mapping[str, Any]) -> str:
    """The request through the client, not yet formatted.

    Args:
        request: what to send.
        codegen: the document that the client is generated from; it names the models.
    """
    verb = request.operation_id.removesuffix(f"_{request.tag}")
    writer = _PythonWriter(codegen)
    arguments = [repr(value) for value in request.path_values.values()]
    arguments += [f"{_identifier(name)}={value!r}" for name, value in request.query.items()]
    if request.body is not None:
        arguments.append(writer.literal(request.body, request.body_schema))
    call = f"crm.{request.tag}.{verb}({', '.join(arguments)})"
    names = "Kommo, models" if writer.uses_models else "Kommo"
    use = f"    {call}" if request.method == "DELETE" else f"    answer = {call}\n    print(answer)"
    return "\n".join([f"from kommo import {names}", "", "with Kommo() as crm:", use])


def _formatted(texts: Sequence[str]) -> list[str]:
    """The same code, formatted; all in one run of the formatter."""
    try:
        run = subprocess.run(
            [sys.executable, "-m", "ruff", "format", "--isolated", f"--line-length={_WIDTH}", "-"],
            input=f"\n\n{_SEPARATOR}\n\n".join(texts),
            capture_output=True,
            text=True,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        raise CommandError(
            f"the samples in Python cannot be formatted by ruff: {error.stderr.strip()}"
        ) from None
    return [text.strip() for text in run.stdout.split(_SEPARATOR)]


def _identifier(name: str) -> str:
    """The name that the generated client gives to a property or a parameter: `filter[id][]` is filter_id."""
    plain = re.sub(r"\W+", "_", name).strip("_")
    return f"{plain}_" if keyword.iskeyword(plain) or plain == "self" else plain


class _PythonWriter:
    """Writes a JSON body as calls of the models' constructors."""

    def __init__(self, codegen: Mapping[str, Any]) -> None:
        self._codegen = codegen
        self.uses_models = False

    def literal(self, value: Any, schema: Mapping[str, Any]) -> str:
        if isinstance(value, list):
            items = self._items(schema)
            return f"[{', '.join(self.literal(item, items) for item in value)}]"
        name, model = self._model(value, schema)
        if isinstance(value, dict) and name is not None:
            self.uses_models = True
            properties = self._properties(model)
            arguments = (
                f"{_identifier(key)}={self.literal(item, properties.get(key, {}))}"
                for key, item in value.items()
            )
            return f"models.{name}({', '.join(arguments)})"
        if isinstance(value, str) and name is not None:
            self.uses_models = True
            return f"models.{name}.{value.upper()}"
        return repr(value)

    def _model(self, value: Any, schema: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
        """The component that this value becomes a model or an enum of, if any."""
        if not isinstance(value, dict | str):
            return None, schema
        for candidate in self._forms(schema):
            if "$ref" not in candidate:
                continue
            target = resolve(candidate, self._codegen)
            known = self._properties(target)
            if "enum" in target if isinstance(value, str) else bool(known) and value.keys() <= known.keys():
                return candidate["$ref"].rpartition("/")[2], target
        return None, schema

    def _forms(self, schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        return [schema, *schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ())]

    def _items(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        for candidate in self._forms(schema):
            target = resolve(candidate, self._codegen)
            if "items" in target:
                items: Mapping[str, Any] = target["items"]
                return items
        return {}

    def _properties(self, schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for part in schema.get("allOf", ()):
            found |= self._properties(resolve(part, self._codegen))
        return found | dict(schema.get("properties", {}))


def _json(value: Any, indent: str = "") -> str:
    """JSON that keeps what is short on one line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= _WIDTH - 20 or not isinstance(value, dict | list) or not value:
        return line if not isinstance(value, dict) or not value else "{ " + line[1:-1] + " }"
    inner = indent + "  "
    if isinstance(value, dict):
        rows = [
            f"{inner}{json.dumps(key, ensure_ascii=False)}: {_json(item, inner)}"
            for key, item in value.items()
        ]
    else:
        rows = [inner + _json(item, inner) for item in value]
    first, last = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([first, ",\n".join(rows), indent + last])


def _php(value: Any, indent: str = "") -> str:
    """A PHP literal that keeps what is short on one line."""
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    if not isinstance(value, dict | list):
        return json.dumps(value)
    keys = [f"{_php(key)} => " for key in value] if isinstance(value, dict) else [""] * len(value)
    items = list(value.values()) if isinstance(value, dict) else value
    line = "[" + ", ".join(key + _php(item) for key, item in zip(keys, items, strict=True)) + "]"
    if "\n" not in line and len(indent) + len(line) <= _WIDTH - 20:
        return line
    inner = indent + "    "
    rows = [f"{inner}{key}{_php(item, inner)}," for key, item in zip(keys, items, strict=True)]
    return "\n".join(["[", *rows, f"{indent}]"])
