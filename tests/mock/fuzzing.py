"""Arbitrary requests against a served mock: none may be answered 500, and the memory of the server stays bounded.

As a program: `python tests/mock/fuzzing.py --requests 1000000` serves a mock, fuzzes it, and prints what it saw.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from attrs import define, field

TOKEN = b"demo"
METHODS = [b"GET", b"POST", b"PATCH", b"DELETE", b"PUT", b"HEAD", b"OPTIONS"]
COLLECTIONS = [
    b"/api/v4/leads/custom_fields",
    b"/api/v4/contacts/custom_fields",
    b"/api/v4/customers/segments/custom_fields",
    b"/api/v4/catalogs/4101/custom_fields",
    b"/api/v4/leads/custom_fields/groups",
    b"/api/v4/catalogs/4101/custom_fields/groups",
    b"/api/v4/leads",
    b"/api/v4/contacts",
    b"/api/v4/companies",
    b"/api/v4/customers",
    b"/api/v4/customers/segments",
    b"/api/v4/catalogs",
    b"/api/v4/catalogs/4101/elements",
    b"/api/v4/catalogs/4103/elements",
    b"/api/v2/catalogs",
    b"/api/v2/catalog_elements",
]
OTHERS = [
    b"/api/v4/leads/custom_fields/410011",
    b"/api/v4/leads/custom_fields/groups/leads_100101",
    b"/api/v4/catalogs/4101/custom_fields/430104",
    b"/api/v4//customers%2Fsegments/custom_fields",
    b"/api/v4/leads/710101",
    b"/api/v4/companies/712101",
    b"/api/v4/customers/segments/714101",
    b"/api/v4/catalogs/4101/elements/730101",
    b"/api/v4/catalogs/4103/elements/730301?with=invoice_link",
    b"/oauth2/access_token",
    b"/private/api/auth.php",
    b"/_mock/faults",
    b"/_mock/limits",
    b"/_mock/journal?after=1",
    b"/_mock/snapshots",
    b"/_mock/health",
    b"/",
]
QUERIES = [
    b"limit=2&page=1",
    b"filter%5Btype%5D%5B0%5D=text&filter[id][]=410011",
    b"order[sort]=desc",
    b"catalog_id=4101&term=oak",
    b"limit_rows=3&limit_offset=1",
    b"id=730101&catalog_id=4101",
    b"query=ta&order[updated_at]=desc&limit=3",
    b"filter[custom_fields_values][410013][from]=10&filter[custom_fields_values][410011][]=510001",
    b"filter[created_at][to]=9e9&filter[name]=x&filter[price][from]=-1&page=99999999999999999",
]
KEYS = [
    "id", "name", "type", "code", "sort", "group_id", "enums", "nested", "value", "parent_id",
    "request_id", "parent_request_id", "required_statuses", "status_id", "pipeline_id", "settings",
    "remind", "is_required", "is_visible", "is_deletable", "is_api_only", "fields", "add", "update",
    "delete", "catalog_id", "custom_fields", "values", "enum", "subtype", "updated_at", "currency",
    "chained_lists", "search_in", "status", "latency", "drop", "custom_fields_values", "field_id", "field_code",
    "enum_id", "enum_code", "catalog_element_id", "entity_id", "entity_type", "price", "first_name", "color",
    "responsible_user_id", "created_at", "discount", "unit_price", "quantity", "hidden_statuses",
]  # fmt: skip
SCALARS = [
    0, 1, -1, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63), 1e30, -1e308, 0.5, 5.0, True, False, None, "", "a", "0",
    "4101", "410011", "730101", "text", "select", "category", "multiselect", "default", "never", "\u0000", "\ufffe",
    "\U0001f600", "x" * 300, "../..", "%s%n", "'; --", "430101", 430101, 430104, 610001, 510001, 4101, 730101,
]  # fmt: skip
STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")


@define
class Seen:
    """What came back.

    Attributes:
        statuses: how often each status was answered.
        closed: connections that ended without an answer.
        failures: the requests that were answered 500.
    """

    statuses: Counter[int] = field(factory=Counter)
    closed: int = 0
    failures: list[tuple[bytes, bytes]] = field(factory=list)


def json_value(rng: random.Random, depth: int = 0) -> object:
    """Some JSON value made of the keys and values of the API."""
    kind = rng.random()
    if depth > 4 or kind < 0.45:
        return rng.choice(SCALARS)
    if kind < 0.65:
        return [json_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {rng.choice(KEYS): json_value(rng, depth + 1) for _ in range(rng.randrange(6))}


def valid_body(rng: random.Random, path: bytes) -> object:
    """A body that could be right for a path."""
    name = f"fuzz {rng.randrange(10**6)}"
    if b"/v2/" in path:
        block = rng.choice(["add", "update", "delete"])
        if block == "delete":
            return {"delete": [rng.choice([4102, 730201, 99])]}
        item: dict[str, object] = {"name": name, "id": 730101} if block == "update" else {"name": name}
        if path.endswith(b"elements"):
            item["catalog_id"] = 4101
            item["custom_fields"] = [{"id": 430104, "values": [{"value": "Tables"}]}]
        return {block: [item]}
    if b"custom_fields" not in path and not path.endswith(b"/catalogs"):
        field = rng.choice(
            [410011, 410012, 410013, 410015, 410018, 410102, 411106, 411107, 430103, 430104, 430301]
        )
        value = rng.choice(SCALARS)
        record: dict[str, object] = {"name": name, "id": rng.choice([710101, 712101, 730101, 730301])}
        record["custom_fields_values"] = [
            {"field_id": field, "values": [{rng.choice(["value", "enum_id", "enum_code"]): value}]}
        ]
        return [record] if rng.random() < 0.8 else record
    item = {"name": name, "type": rng.choice(["text", "select", "category"]), "sort": rng.randrange(9)}
    if rng.random() < 0.3:
        item["enums"] = [{"value": "a"}, {"value": "b", "sort": 2}]
    if rng.random() < 0.3:
        item["nested"] = [{"value": "a", "request_id": "r"}, {"value": "b", "parent_request_id": "r"}]
    if rng.random() < 0.3:
        item["id"] = rng.choice([410011, 430104, 430101])
    return [item] if rng.random() < 0.8 else item


def body(rng: random.Random, path: bytes) -> tuple[bytes, list[bytes]]:
    """A body and the headers that go with it."""
    kind = rng.random()
    headers = [b"Content-Type: application/json"]
    if kind < 0.4:
        data = valid_body(rng, path)
        if rng.random() < 0.6:
            data = spoiled(rng, data)
        raw = json.dumps(data).encode()
    elif kind < 0.6:
        raw = json.dumps(json_value(rng)).encode()
    elif kind < 0.7:
        headers = [b"Content-Type: application/x-www-form-urlencoded"]
        raw = b"&".join(
            b"%b[%d][%b]=%b"
            % (
                rng.choice([b"add", b"update", b"delete"]),
                rng.randrange(3),
                rng.choice(KEYS).encode(),
                str(rng.choice(SCALARS)).encode("utf-8", "replace"),
            )
            for _ in range(rng.randrange(6))
        )
    elif kind < 0.8:
        raw = rng.randbytes(rng.randrange(200))
    elif kind < 0.85:
        depth = rng.choice([10, 63, 64, 65, 1000, 5000])
        raw = b"[" * depth + b"]" * depth if rng.random() < 0.5 else b'{"a":' * depth + b"1" + b"}" * depth
    elif kind < 0.9:
        raw = gzip.compress(json.dumps(valid_body(rng, path)).encode())
        if rng.random() < 0.5:
            raw = flipped(rng, raw)
        headers.append(b"Content-Encoding: gzip")
    elif kind < 0.901:
        raw = b" " * 9_000_000
    else:
        raw = b""
    if rng.random() < 0.1:
        raw = flipped(rng, raw)
    return raw, headers


def spoiled(rng: random.Random, data: object) -> object:
    """The same data with one value replaced."""
    if isinstance(data, dict) and data and rng.random() < 0.8:
        key = rng.choice(list(data))
        return {**data, key: spoiled(rng, data[key])}
    if isinstance(data, list) and data and rng.random() < 0.8:
        index = rng.randrange(len(data))
        return [*data[:index], spoiled(rng, data[index]), *data[index + 1 :]]
    return json_value(rng, 3)


def flipped(rng: random.Random, raw: bytes) -> bytes:
    """The same bytes with some of them changed."""
    changed = bytearray(raw)
    for _ in range(rng.randrange(1, 4)):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def request(rng: random.Random) -> bytes:
    """One request, anything from right to noise."""
    if rng.random() < 0.01:
        return rng.randbytes(rng.randrange(1, 300)) + b"\r\n\r\n"
    method = rng.choice(METHODS)
    path = rng.choice(COLLECTIONS if rng.random() < 0.8 else OTHERS)
    if rng.random() < 0.1:
        path += b"/" + rng.choice(
            [b"0", b"-1", b"9" * 30, b"abc", b"%00", b"%ff", b"..", b"%2F", b"1.0", b"groups"]
        )
    if rng.random() < 0.3:
        path += b"?" + rng.choice(QUERIES)
    if rng.random() < 0.1:
        path = flipped(rng, path)
    raw, headers = body(rng, path)
    headers += [b"Host: 127.0.0.1"]
    if rng.random() < 0.95:
        headers.append(b"Authorization: Bearer " + TOKEN)
    if rng.random() < 0.05:
        headers.append(
            rng.choice(
                [b"X: " + rng.randbytes(40), b"Host: " + rng.randbytes(9), b"Cookie: " + b"a" * 70_000]
            )
        )
    if rng.random() < 0.1:
        pieces = [raw[i : i + 50] for i in range(0, min(len(raw), 5000), 50)]
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        headers.append(b"Transfer-Encoding: chunked")
        raw = chunks
    else:
        headers.append(b"Content-Length: %d" % len(raw))
    message = b"\r\n".join([method + b" " + path + b" HTTP/1.1", *headers, b"", raw])
    return flipped(rng, message) if rng.random() < 0.05 else message


async def _answer(reader: asyncio.StreamReader, method: bytes) -> tuple[int, bool]:
    """Status of an answer, and whether the connection lives on. Raises when the server closes it."""
    head = await reader.readuntil(b"\r\n\r\n")
    match = STATUS.match(head)
    status = int(match[1]) if match else 0
    low = head.lower()
    length = re.search(rb"content-length: (\d+)", low)
    if method != b"HEAD" and status != 204:
        if length:
            await reader.readexactly(int(length[1]))
        elif b"transfer-encoding: chunked" in low:
            await reader.readuntil(b"0\r\n\r\n")
    return status, b"connection: close" not in low


async def _worker(port: int, rng: random.Random, count: int, seen: Seen) -> None:
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None
    for _ in range(count):
        message = request(rng)
        try:
            if reader is None or writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            kind = rng.random()
            if kind < 0.002:  # cut off in the middle
                writer.write(message[: rng.randrange(len(message))])
                writer.close()
                reader = writer = None
                seen.closed += 1
                continue
            if kind < 0.003:  # slow
                for start in range(0, min(len(message), 400), 100):
                    writer.write(message[start : start + 100])
                    await asyncio.sleep(0.01)
                writer.write(message[400:])
            else:
                writer.write(message)
            async with asyncio.timeout(2):
                status, alive = await _answer(reader, message.partition(b" ")[0])
            seen.statuses[status] += 1
            if status == 500:
                seen.failures.append((message[:600], b""))
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError, asyncio.LimitOverrunError):
            seen.closed += 1
            alive = False
        if not alive and writer is not None:
            writer.close()
            reader = writer = None
    if writer is not None:
        writer.close()


async def fuzz(port: int, count: int, seed: int, connections: int = 64) -> Seen:
    """Send this many requests over some connections."""
    seen = Seen()
    each = -(-count // connections)
    await asyncio.gather(
        *(_worker(port, random.Random(f"{seed} {index}"), each, seen) for index in range(connections))
    )
    return seen


def resident(pid: int) -> int:
    """Bytes of memory of a process that are in use now."""
    text = Path(f"/proc/{pid}/status").read_text()
    match = re.search(r"VmRSS:\s+(\d+) kB", text)
    return int(match[1]) * 1024 if match else 0


def main() -> int:
    """Fuzz a mock of its own, and print what came back."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    # As an interrupt does, so that the server ends too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    server = subprocess.Popen(
        [sys.executable, "-m", "kommo.cli", "mock", "--port", "0", "--seed", "demo"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        match = re.search(r":(\d+) ", server.stdout.readline())
        assert match is not None
        port, done, started = int(match[1]), 0, time.monotonic()
        print(f"port {port}, process {server.pid}", flush=True)
        total = Seen()
        memory: list[int] = []
        while done < args.requests:
            # The contents are put back now and then, or the accepted writes would be what grows.
            seen = asyncio.run(fuzz(port, min(50_000, args.requests - done), args.seed + done))
            done += 50_000
            total.statuses += seen.statuses
            total.closed += seen.closed
            total.failures += seen.failures
            memory.append(resident(server.pid))
            print(
                f"{min(done, args.requests)} requests, {time.monotonic() - started:.0f} s, "
                f"{memory[-1] / 2**20:.0f} MiB, {dict(sorted(total.statuses.items()))}, "
                f"{total.closed} closed, {len(total.failures)} answered 500",
                flush=True,
            )
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "kommo.cli",
                    "mock",
                    "--url",
                    f"http://127.0.0.1:{port}",
                    "--control",
                    "reset",
                ],
                check=True,
                stdout=subprocess.DEVNULL,
            )
        for message, _ in total.failures[:5]:
            print(message)
        print(f"memory of the server: {min(memory) / 2**20:.0f} to {max(memory) / 2**20:.0f} MiB")
        return 1 if total.failures or server.poll() is not None else 0
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
