"""`kommo spec overlay`: overlays applied to anybody's document, JSON or YAML."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from kommo.command import CommandError
from kommo.spec.documents import is_json, parse, read_text, shown
from kommo.spec.output import to_json, to_yaml, write_text
from kommo.spec.overlay import apply
from kommo.spec.overlay_file import load_overlay
from kommo.spec.yamledit import rewrite


def overlay_document(document: Path, overlays: Sequence[Path], out: Path | None, *, lenient: bool) -> None:
    """Apply overlays to a document and write the result.

    Args:
        document: The document; its name tells JSON (`.json`) from YAML.
        overlays: In the order of application.
        out: The file to write; its name tells the format. None prints in the document's own format. A YAML
            document written as YAML keeps its comments.
        lenient: Let actions that match or change nothing pass with a note.

    Raises:
        CommandError: With exit code 1 when an overlay does not apply or is malformed; nothing is written.
    """
    try:
        text = read_text(document)
        source = parse(text, document)
        loaded = [load_overlay(path) for path in overlays]
        result = apply(source, loaded, lenient=lenient, document_path=document, note=_note)
    except CommandError as error:
        raise CommandError(str(error), exit_code=1) from error
    kept = True
    if is_json(out or document):
        written = to_json(result)
    elif is_json(document):
        written = to_yaml(result)
    else:
        written, kept = rewrite(text, result, document)
    if not kept:
        _note(f"{shown(document)}: its aliases or layout cannot be edited in place; comments are lost")
    if out is None:
        sys.stdout.write(written)
    else:
        write_text(out, written)


def _note(text: str) -> None:
    print(f"kommo spec: note: {text}", file=sys.stderr)
