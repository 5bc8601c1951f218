"""Cases per second of the contract suite's schemathesis layers against plain schemathesis.

Both drive the same do-nothing ASGI application (it answers 404 to everything) over the same operations, with the same
seed and phases; plain schemathesis has its own checks alone, the suite adds its own judgements. Run: bench_contract.py
"""

from __future__ import annotations

import copy
import time

import schemathesis
from schemathesis.engine import events, from_schema

from kommo.contract import Options, run
from kommo.contract.layers.schema import configuration
from kommo.published import load_bundle

PHASES = ("examples", "coverage", "fuzzing", "stateful")
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
ROUNDS = 3


async def nothing(scope, receive, send):
    if scope["type"] == "http":
        headers = [(b"content-type", b"application/problem+json")]
        await send({"type": "http.response.start", "status": 404, "headers": headers})
        await send({"type": "http.response.body", "body": BODY})


def plain(document):
    options = Options(document=document, app=nothing, max_examples=5)
    schema = schemathesis.openapi.from_dict(copy.deepcopy(document), config=configuration(options, PHASES))
    schema.app = nothing
    cases = 0
    for event in from_schema(schema.include(operation_id=OPERATIONS)).execute():
        if isinstance(event, events.ScenarioFinished):
            cases += len(event.recorder.interactions)
    return cases


def suite(document):
    options = Options(document=document, app=nothing, max_examples=5, operations=OPERATIONS, phases=PHASES)
    return run(options).cases.total()


def rate(work, document):
    started = time.process_time()
    cases = work(document)
    return cases, cases / (time.process_time() - started)


def main():
    document = load_bundle()
    best = {}
    for _ in range(ROUNDS):  # interleaved, so that other load meets both alike
        for name, work in (("plain", plain), ("suite", suite)):
            cases, speed = rate(work, document)
            if speed > best.get(name, (0, 0.0))[1]:
                best[name] = (cases, speed)
    print(f"{'':<8} {'cases':>6} {'cases per CPU second':>22}")
    for name, (cases, speed) in best.items():
        print(f"{name:<8} {cases:>6} {speed:>22.0f}")
    print(f"suite / plain: {best['suite'][1] / best['plain'][1]:.2f}")


if __name__ == "__main__":
    main()
