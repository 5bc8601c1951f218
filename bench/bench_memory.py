"""Memory while iterating 100,000 items, beside 1,000: it is to be flat.

The server is a process of its own that gives pages of 250 fields for as long as it is asked. What counts is the most
that Python's allocator held while the items passed by, and the largest size of the process.
"""

from __future__ import annotations

import asyncio
import gc
import json
import multiprocessing
import resource
import sys
import tracemalloc
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection as Pipe
from typing import Any
from urllib.parse import parse_qs, urlsplit

from page import PAGE_BYTES
from table import verdict

from kommo import AsyncKommo, Kommo

FEW, MANY = 1_000, 100_000
FLAT = 1.25


class _Pages(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    template: dict[str, Any] = json.loads(PAGE_BYTES)

    def do_GET(self) -> None:
        page = int(parse_qs(urlsplit(self.path).query).get("page", ["1"])[0])
        base = f"http://{self.headers['Host']}/api/v4/leads/custom_fields?limit=250&page="
        for place, field in enumerate(self.template["_embedded"]["custom_fields"]):
            field["id"] = page * 250 + place
        links = {"self": {"href": f"{base}{page}"}, "next": {"href": f"{base}{page + 1}"}}
        self.template |= {"_page": page, "_total_items": MANY, "_page_count": MANY // 250, "_links": links}
        body = json.dumps(self.template).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/hal+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def _serve(pipe: Pipe) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    pipe.send(f"http://127.0.0.1:{server.server_port}")
    server.serve_forever()


def _iterate(url: str, items: int) -> None:
    with Kommo(base_url=url, token="t", limiter=None) as crm:
        for number, _ in enumerate(crm.leads_custom_fields.iterate(), 1):
            if number == items:
                return


def _iterate_in_a_task(url: str, items: int) -> None:
    async def main() -> None:
        async with AsyncKommo(base_url=url, token="t", limiter=None) as crm:
            number = 0
            async for _ in crm.leads_custom_fields.iterate():
                number += 1
                if number == items:
                    return

    asyncio.run(main())


KINDS = {"sync": _iterate, "async": _iterate_in_a_task}


def _measure(pipe: Pipe, kind: str, url: str, items: int, traced: bool) -> None:
    KINDS[kind](url, 500)
    gc.collect()
    if traced:
        tracemalloc.start()
    KINDS[kind](url, items)
    peak = (
        tracemalloc.get_traced_memory()[1]
        if traced
        else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    )
    pipe.send(peak)


def main() -> None:
    context = multiprocessing.get_context("spawn")

    def start(function: Any, *arguments: Any) -> tuple[Any, Any]:
        ours, theirs = context.Pipe()
        process = context.Process(target=function, args=(theirs, *arguments), daemon=True)
        process.start()
        return process, ours.recv()

    server, url = start(_serve)
    print(f"Peak of memory, MB          {FEW:>9,}  {MANY:>9,}  ratio  limit")
    try:
        for kind in KINDS:
            for name, traced in (("allocated", True), ("process", False)):
                # Tracing every allocation is slow, so that a tenth of the items has to do.
                counts = (FEW, MANY // 10 if traced else MANY)
                few, many = (start(_measure, kind, url, items, traced)[1] for items in counts)
                title = f"{kind}, {name}" + (f" ({counts[1]:,})" if traced else "")
                ratio = many / few
                figures = f"{few / 1e6:9.2f}  {many / 1e6:9.2f}  {ratio:5.2f}  {FLAT:5.2f}"
                print(f"{title:27} {figures}  {verdict(ratio <= FLAT)}")
    finally:
        server.terminate()
        server.join(10)


if __name__ == "__main__":
    main()
