"""Reading and writing a page of 250 custom fields, beside plain `json` of the same bytes.

Limits: bytes to models 1.3 x json.loads, models to bytes 1.2 x json.dumps.
"""

from __future__ import annotations

import json

import httpx
import msgspec
from kommo_client.api.leads_custom_fields import _LIST_LEADS_CUSTOM_FIELDS
from kommo_client.models import CustomFieldPage
from kommo_client.types import UNSET, read
from page import PAGE_BYTES
from table import medians, show

from kommo.payload import result


def main() -> None:
    plain = json.loads(PAGE_BYTES)
    page = read(CustomFieldPage, msgspec.json.decode(PAGE_BYTES))
    assert page.to_dict() == plain
    assert json.loads(msgspec.json.encode(page.to_dict())) == plain

    # What a call does with the bytes of its answer, from the first to the last step.
    answer = httpx.Response(200, content=PAGE_BYTES)

    def parsed() -> CustomFieldPage:
        return result(_LIST_LEADS_CUSTOM_FIELDS, answer, UNSET)

    def used() -> list[object]:
        fields = parsed().items
        return [
            (field.id, field.name, field.type, field.code, field.enums, field.links.self_.href)
            for field in fields
        ]

    times = medians(
        {
            "json.loads": lambda: json.loads(PAGE_BYTES),
            "msgspec decode, no models": lambda: msgspec.json.decode(PAGE_BYTES),
            "bytes to models": parsed,
            "bytes to models, six attributes of each read": used,
        }
    )
    show(f"Reading 250 fields, {len(PAGE_BYTES):,} bytes", times, "json.loads", {"bytes to models": 1.3})
    times = medians(
        {
            "json.dumps": lambda: json.dumps(plain),
            "models to dict": page.to_dict,
            "models to bytes": lambda: msgspec.json.encode(page.to_dict()),
        }
    )
    show("Writing the same", times, "json.dumps", {"models to bytes": 1.2})


if __name__ == "__main__":
    main()
