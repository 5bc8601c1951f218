"""What was asked for is read over."""

from __future__ import annotations

from typing import Final

from attrs import evolve

from kommo.contract.faults.base import Effect, Fault
from kommo.contract.faults.editing import request
from kommo.contract.faults.semantics.effects import forget

_SPEC: Final[tuple[tuple[str, str, Effect, str], ...]] = (
    (
        "filter-ignored",
        "filters of fields are read over",
        request(
            lambda c: c.method == "GET" and c.fields and "filter" in c.query,
            lambda c: evolve(c, query="limit=250"),
        ),
        "",
    ),
    (
        "order-ignored",
        "the order of fields is read over",
        request(
            lambda c: c.method == "GET" and "order" in c.query,
            lambda c: evolve(c, query="&".join(p for p in c.query.split("&") if not p.startswith("order"))),
        ),
        "",
    ),
    (
        "group-rename-ignored",
        "a new name of a group is not stored",
        forget("name", lambda c: c.groups and c.method == "PATCH" and b"sort" in c.body),
        "",
    ),
)

FAULTS: Final = tuple(Fault(id_, "semantics", summary, effect, code) for id_, summary, effect, code in _SPEC)
