"""Writing documents: stable text, whole files or none."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from kommo.command import CommandError
from kommo.spec.documents import shown

WIDTH = 110


class _Dumper(yaml.CSafeDumper):  # type: ignore[misc]
    """Block style, no aliases, literal blocks for text of several lines."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value.strip("\n") and not re.search(r"[ \t]\n|^\s", value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)
# Read as numbers by YAML 1.2, as strings by the 1.1 rules of the library: quoted, so that both agree.
_Dumper.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^0o[0-7]+$"), ["0"])
_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+$"),
    list("-+.0123456789"),
)


def to_yaml(value: Any) -> str:
    """Write a document as YAML; keys keep their order."""
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)
    assert isinstance(text, str)
    return text


def to_json(value: Any) -> str:
    """Write a document as JSON with two spaces of indent and a final newline; keys keep their order."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_text(path: Path, text: str) -> bool:
    """Put a whole file in place, or leave what is there.

    The text goes to a temporary file in the same folder, which then takes the name: a reader, a crash or a
    full disk never shows half a file. A file that already holds the text is not touched.

    Args:
        path: The file; its folder is created when missing.
        text: The content, written as UTF-8 with `\\n` line ends.

    Returns:
        Whether the file changed.

    Raises:
        CommandError: The place cannot be written.
    """
    data = text.encode("utf-8")
    try:
        if path.is_file() and path.read_bytes() == data:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        # Through a link, the file it names is replaced and the link stays.
        target = path.resolve()
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            os.chmod(name, target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
            os.replace(name, target)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise CommandError(
            f"{shown(path)}: cannot write: {error.strerror or error}; check the place"
        ) from error
    return True


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
