"""One call through the client beside the same call by bare httpx and json, against the mock in a process of its own.

Limit: 1.15 x. The rate limit is off on both sides; everything else is as shipped.
"""

from __future__ import annotations

import json
import multiprocessing
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import httpx
from table import show

from kommo import Kommo, models
from kommo.mock import MockConfig, MockServer

LIMIT = 1.15
PATH = "/api/v4/leads/custom_fields"


def _serve(pipe: Connection) -> None:
    with MockServer(MockConfig(token="demo", seed="large")) as server:
        pipe.send(server.url)
        pipe.recv()


def _medians(functions: dict[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """Wall-clock medians, interleaved: the server works in another process and counts, too."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for number in range(runs + 20):
        for name, function in functions.items():
            began = time.perf_counter()
            function()
            if number >= 20:
                times[name].append(time.perf_counter() - began)
    return {name: statistics.median(values) for name, values in times.items()}


def main(runs: int = 300) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    url = ours.recv()
    crm = Kommo(base_url=url, token="demo", limiter=None)
    bare = httpx.Client(base_url=url, headers={"Authorization": "Bearer demo"})
    with crm, bare:
        field = crm.leads_custom_fields.list(limit=1).items[0].id
        for size in (1, 50, 250):
            times = _medians(
                {
                    "httpx and json": lambda size=size: json.loads(
                        bare.get(PATH, params={"limit": size}).content
                    ),
                    "list": lambda size=size: crm.leads_custom_fields.list(limit=size),
                },
                runs,
            )
            show(
                f"A page of {size}", times, "httpx and json", dict.fromkeys(("list", "get", "update"), LIMIT)
            )
        times = _medians(
            {
                "httpx and json": lambda: json.loads(bare.get(f"{PATH}/{field}").content),
                "get": lambda: crm.leads_custom_fields.get(field),
            },
            runs,
        )
        show("One field", times, "httpx and json", dict.fromkeys(("list", "get", "update"), LIMIT))
        change = {"name": "Budget", "sort": 10}
        times = _medians(
            {
                "httpx and json": lambda: json.loads(
                    bare.patch(
                        f"{PATH}/{field}",
                        content=json.dumps(change),
                        headers={"Content-Type": "application/json"},
                    ).content
                ),
                "update": lambda: crm.leads_custom_fields.update(field, models.CustomFieldUpdate(**change)),
            },
            runs,
        )
        show("One change", times, "httpx and json", dict.fromkeys(("list", "get", "update"), LIMIT))
    ours.send(None)
    process.join(5)


if __name__ == "__main__":
    main()
