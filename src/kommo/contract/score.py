"""How much the suite sees: every seeded fault against every layer.

Each layer runs alone against a mock with one fault, until its first finding. A fault is detected when any layer finds
something; on the unfaulted mock none may.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Final

from attrs import frozen

from kommo.contract.faults import FAULTS, Faulty
from kommo.contract.options import LAYERS, SCHEMATHESIS, CannotRun, Options
from kommo.contract.run import run

#: One of each kind is enough: the faults know no entity, and the suite treats all alike.
TAGS: Final = (
    "v2_catalogs",
    "v2_catalog_elements",
    "leads_custom_fields",
    "leads_custom_field_groups",
    "contacts_custom_fields",
    "catalogs_custom_fields",
)
#: Layers of the suite's own, cheap enough to run against every fault.
OWN: Final = tuple(name for name in LAYERS if name not in SCHEMATHESIS)
#: The share of the faults that must be found; raised when the suite sees more, never lowered.
FLOOR: Final = 0.98
#: The name of the unfaulted server in a score.
SOUND: Final = "(sound)"


@frozen
class Verdict:
    """What one layer said about one fault.

    Attributes:
        fault: its id, or `SOUND`.
        layer: who looked.
        finding: the first finding, "" for none.
        seconds: of CPU time.
    """

    fault: str
    layer: str
    finding: str
    seconds: float


def judge(
    document: Mapping[str, Any], fault_id: str, layer: str, seed: int = 1, examples: int = 4
) -> Verdict:
    """Run one layer against one fault."""
    # Imported here: the worker processes need it, readers of scores do not.
    from kommo.mock import MockConfig, create_app

    app: Any = create_app(MockConfig(token="demo", seed="demo"))
    if fault_id != SOUND:
        app = Faulty(app, FAULTS[fault_id])
    operations = [
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict) and set(operation.get("tags", ())) & set(TAGS)
    ]
    options = Options(
        document=document,
        app=app,
        operations=operations,
        seed=seed,
        max_examples=examples,
        phases=(layer,),
        stop_at_first=True,
    )
    started = time.process_time()
    try:
        result = run(options)
        found = str(result.findings[0]) if result.findings else ""
    except CannotRun as error:
        # A server so broken that the layer has nothing to stand on does not go unnoticed: the run ends with code 2.
        found = f"could not run: {error}"
    return Verdict(fault_id, layer, found.partition("\n")[0][:200], time.process_time() - started)


def score(
    document: Mapping[str, Any],
    *,
    faults: Sequence[str] | None = None,
    layers: Iterable[str] = OWN,
    rest: Iterable[str] = (),
    seed: int = 1,
    jobs: int | None = None,
    on_verdict: Callable[[Verdict], None] | None = None,
) -> list[Verdict]:
    """Judge faults by layers.

    Args:
        document: the contract.
        faults: ids; None for all, and the sound server.
        layers: run against every fault.
        rest: run only against faults that none of `layers` detected.
        seed: of everything random.
        jobs: processes; None for one per core.
        on_verdict: called with every verdict as it falls.
    """
    chosen = [SOUND, *FAULTS] if faults is None else list(faults)
    context = multiprocessing.get_context("spawn")
    verdicts: list[Verdict] = []
    with ProcessPoolExecutor(jobs or os.cpu_count() or 1, mp_context=context) as pool:

        def collect(pairs: list[tuple[str, str]]) -> None:
            pending = [pool.submit(judge, document, fault, layer, seed) for fault, layer in pairs]
            for future in pending:
                verdict = future.result()
                verdicts.append(verdict)
                if on_verdict is not None:
                    on_verdict(verdict)

        collect([(fault, layer) for fault in chosen for layer in layers])
        seen = {verdict.fault for verdict in verdicts if verdict.finding}
        for layer in rest:
            collect([(fault, layer) for fault in chosen if fault not in seen])
            seen |= {verdict.fault for verdict in verdicts if verdict.finding}
    return verdicts


def table(verdicts: Sequence[Verdict]) -> str:
    """Return the detection by layer and by class of fault, and what was missed."""
    faults = {verdict.fault for verdict in verdicts} - {SOUND}
    seen = {verdict.fault for verdict in verdicts if verdict.finding} - {SOUND}
    lines = [f"{'layer':<12} {'faults':>7} {'found':>6} {'share':>7} {'CPU s':>7}"]
    for layer in [name for name in LAYERS if any(verdict.layer == name for verdict in verdicts)]:
        own = [verdict for verdict in verdicts if verdict.layer == layer and verdict.fault != SOUND]
        found = sum(bool(verdict.finding) for verdict in own)
        share = found / len(own) if own else 0.0
        seconds = sum(verdict.seconds for verdict in own)
        lines.append(f"{layer:<12} {len(own):>7} {found:>6} {share:>7.1%} {seconds:>7.0f}")
    lines.append("")
    for kind in ("shape", "semantics", "protocol", "robustness"):
        own_kind = {fault for fault in faults if FAULTS[fault].kind == kind}
        if own_kind:
            lines.append(
                f"{kind:<12} {len(own_kind):>7} {len(own_kind & seen):>6} {len(own_kind & seen) / len(own_kind):>7.1%}"
            )
    lines.append(f"{'all':<12} {len(faults):>7} {len(seen):>6} {detection(verdicts):>7.1%}")
    for fault in sorted(faults - seen):
        lines.append(f"missed: {fault} ({FAULTS[fault].summary})")
    for verdict in verdicts:
        if verdict.fault == SOUND and verdict.finding:
            lines.append(f"false alarm of {verdict.layer} on the sound server: {verdict.finding}")
    return "\n".join(lines)


def detection(verdicts: Sequence[Verdict]) -> float:
    """Return the share of faults that some layer detected, from 0 to 1."""
    faults = {verdict.fault for verdict in verdicts} - {SOUND}
    seen = {verdict.fault for verdict in verdicts if verdict.finding} - {SOUND}
    return len(seen) / len(faults) if faults else 0.0


def false_alarms(verdicts: Sequence[Verdict]) -> int:
    """Return how many layers found something on the sound server."""
    return sum(verdict.fault == SOUND and bool(verdict.finding) for verdict in verdicts)
