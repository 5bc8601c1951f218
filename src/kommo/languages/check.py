"""The proof: every generator, stage by stage, and the importers; told as a table."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from time import monotonic

from kommo.command import CommandError
from kommo.languages.clients import CLIENTS, Client
from kommo.languages.shapes import faults, models, operation_ids
from kommo.languages.tools import PROGRAMS, NotAtHand, Tools, run
from kommo.mock import MockConfig, MockServer
from kommo.published import bundle_path, load_bundle

STAGES = ("generated", "types", "compiled", "run")


class State(Enum):
    """How a stage ended."""

    OK = "ok"
    LEFT_OUT = "left out"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Cell:
    """One cell of the table: how a stage ended, a figure or a word, and the whole reason when it did not go well."""

    state: State
    text: str = ""
    reason: str = ""


@dataclass
class Row:
    """What was seen of one generator; a stage after a failed one is not tried."""

    name: str
    language: str
    cells: dict[str, Cell] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether a stage went wrong."""
        return any(cell.state is State.FAILED for cell in self.cells.values())

    @property
    def left_out(self) -> bool:
        """Whether a stage was not tried because a tool is not at hand."""
        return any(cell.state is State.LEFT_OUT for cell in self.cells.values())


def check_client(name: str, root: Path, work: Path, tools: Tools) -> Row:
    """Generate, hold to the contract, compile and run one client.

    Args:
        name: The generator.
        root: The checkout.
        work: A folder for the client; what lies there of an earlier run is removed.
        tools: Where the tools are.

    Returns:
        A row of the table; failures are in it and not raised.
    """
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    client = CLIENTS[name](root, work, tools)
    row = Row(name, client.generator.language)
    stages: dict[str, Callable[[], str]] = {
        "generated": lambda: _generated(client),
        "types": lambda: _types(client),
        "compiled": client.compile,
        "run": lambda: _run(client),
    }
    for stage, action in stages.items():
        row.cells[stage] = _cell(action)
        if row.cells[stage].state is not State.OK:
            break
    return row


def _cell(action: Callable[[], str]) -> Cell:
    try:
        return Cell(State.OK, action())
    except NotAtHand as reason:
        return Cell(State.LEFT_OUT, reason=str(reason))
    except CommandError as error:
        return Cell(State.FAILED, reason=str(error))


def _generated(client: Client) -> str:
    started = monotonic()
    client.generate()
    return f"{monotonic() - started:.0f} s"


def _types(client: Client) -> str:
    ids = operation_ids(client.document)
    wrong = [f"{name}: no method" for name in client.reader.missing_operations(client.client, ids)]
    wrong += [f"{name}: an empty type" for name in client.reader.empty_types(client.client)]
    wrong += faults(client.document, client.declared(), client.reader.untyped)
    if wrong:
        more = f" (and {len(wrong) - 3} more)" if len(wrong) > 3 else ""
        raise CommandError("; ".join(wrong[:3]) + more)
    count = sum(1 for _ in models(client.document))
    return f"{len(ids)} operations, {count} models"


def _run(client: Client) -> str:
    with MockServer(MockConfig(token="demo", seed="empty")) as server:
        output = client.run(server.url)
    if "listed, created, read, updated, deleted" not in output:
        raise CommandError(f"the program ended early: {output.strip()!r}")
    return "list to delete"


def check_importers(work: Path, tools: Tools) -> Iterator[tuple[str, Cell]]:
    """Hand the bundle to the importers of Postman, Bruno and Insomnia.

    Yields:
        The name of the program, and how many requests it made of the operations.
    """
    work.mkdir(parents=True, exist_ok=True)
    expected = len(operation_ids(load_bundle()))
    collection = work / "kommo.postman_collection.json"
    try:
        command: list[str | Path] = [tools.node, PROGRAMS / "importers.cjs", bundle_path(), collection]
        environment = os.environ | {"NODE_PATH": str(tools.node_modules)}
        counts: dict[str, int] = json.loads(run(command, work, environment).splitlines()[0])
    except NotAtHand as reason:
        yield "importers", Cell(State.LEFT_OUT, reason=str(reason))
        return
    except (CommandError, ValueError, IndexError) as error:
        yield "importers", Cell(State.FAILED, reason=str(error))
        return
    for name, count in counts.items():
        state = State.OK if count == expected else State.FAILED
        yield name, Cell(state, f"{count} requests", "" if state is State.OK else f"{expected} operations")


def table(rows: Sequence[Row]) -> str:
    """The table, with a line for each reason below it."""
    head = ["generator", "language", *STAGES]
    lines = [
        head,
        *([row.name, row.language, *(_shown(row.cells.get(stage)) for stage in STAGES)] for row in rows),
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    text += [
        f"{row.name}: {stage} {cell.state.value}: {cell.reason}"
        for row in rows
        for stage, cell in row.cells.items()
        if cell.reason
    ]
    return "\n".join(text)


def _shown(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    return cell.text if cell.state is State.OK else cell.state.value
