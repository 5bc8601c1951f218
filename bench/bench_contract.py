"""CPU time for a case: the layers of the contract suite that schemathesis runs, beside plain schemathesis.

Limit: at least 0.8 x as many cases per CPU second, that is 1.25 x the time for a case. Both drive the same do-nothing
ASGI application (it answers 404 to everything) over the same operations, with the same seed, phases and examples. Plain
schemathesis has its own checks alone, the suite adds its own judgements; reading the contract counts on both sides.
"""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import schemathesis
from schemathesis.engine import events, from_schema
from table import show

from kommo.contract import Options, run
from kommo.contract.layers.schema import configuration
from kommo.contract.options import SCHEMATHESIS
from kommo.published import load_bundle

LIMIT = 1 / 0.8
EXAMPLES = 5
OPERATIONS = [
    "list_leads_custom_fields",
    "create_leads_custom_fields",
    "get_leads_custom_fields",
    "update_leads_custom_fields",
    "delete_leads_custom_fields",
    "list_leads_custom_field_groups",
    "create_leads_custom_field_groups",
]
BODY = b'{"title":"Not Found","type":"https://httpstatus.es/404","status":404,"detail":"nothing here"}'


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """Answer 404."""
    if scope["type"] == "http":
        headers = [(b"content-type", b"application/problem+json")]
        await send({"type": "http.response.start", "status": 404, "headers": headers})
        await send({"type": "http.response.body", "body": BODY})


def plain(options: Options) -> int:
    """Run schemathesis alone; return the number of its cases."""
    config = configuration(options, options.phases, EXAMPLES)
    schema = schemathesis.openapi.from_dict(copy.deepcopy(dict(options.document or {})), config=config)
    schema.app = options.app
    chosen = schema.include(operation_id=list(options.operations or ()))
    return sum(
        len(event.recorder.interactions)
        for event in from_schema(chosen).execute()
        if isinstance(event, events.ScenarioFinished)
    )


def suite(options: Options) -> int:
    """Run the same layers of the suite; return the number of their cases."""
    return run(options).cases.total()


SIDES: Mapping[str, Callable[[Options], int]] = {"plain schemathesis": plain, "suite": suite}


def main(runs: int = 5) -> None:
    """Run both sides in turn and print the medians."""
    options = Options(
        document=load_bundle(),
        app=nothing,
        max_examples=EXAMPLES,
        operations=OPERATIONS,
        phases=SCHEMATHESIS,
    )
    times: dict[str, list[float]] = {name: [] for name in SIDES}
    cases = dict.fromkeys(SIDES, 0)
    for number in range(runs + 1):
        for name, side in SIDES.items():
            began = time.process_time()
            cases[name] = side(options)
            if number:  # the first one reads what is kept for the next ones
                times[name].append((time.process_time() - began) / cases[name])
    medians = {name: statistics.median(values) for name, values in times.items()}
    show("CPU time for a case", medians, "plain schemathesis", {"suite": LIMIT})
    for name, seconds in medians.items():
        print(f"{name}: {cases[name]} cases, {1 / seconds:.0f} per CPU second")


if __name__ == "__main__":
    main()
