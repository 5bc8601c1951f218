"""The kinds of records: what each of them has beside a name, times, users and the values of its fields.

A row says all there is to know of one kind; the parts that read, write and find records are the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from .model import EntityName, Record

FIRST_PIPELINE: Final = 3142
"""The pipeline that leads begin in; the mock knows no others, and takes any."""
FIRST_STATUS: Final = 41221
"""The stage of the pipeline that leads begin in."""
FIRST_CUSTOMER_STATUS: Final = 4740028

Kind = Literal["integer", "id", "text", "colour", "ids", "flag"]


class Attribute(NamedTuple):
    """One thing that records of a kind have.

    Attributes:
        name: its key.
        kind: `id` a positive integer, `integer` any, `text`, `colour` six hexadecimal digits, `ids` a list of
            ids, `flag`.
        default: what it is until it is set. Where that is null, null can be sent.
        writable: whether requests set it; else it is read over.
        nullable: whether null can be sent although the default is something else.
    """

    name: str
    kind: Kind = "integer"
    default: Any = None
    writable: bool = True
    nullable: bool = False


RESPONSIBLE: Final = Attribute("responsible_user_id", "id", default=0)
"""The person who is responsible; by default the one who creates the record."""


class Entity(NamedTuple):
    """One kind of record.

    Attributes:
        name: the kind.
        sequence: the sequence that its ids are of.
        attributes: what it has beside the common parts, in the order of answers.
        name_required: whether there is none without a name.
        default_name: the name of one that was created without; `{id}` stands for its id.
        full_name: the name is put together of `first_name` and `last_name`.
        stamped: whether requests set who made and changed it and when; else that is read over.
    """

    name: EntityName
    sequence: str
    attributes: tuple[Attribute, ...] = ()
    name_required: bool = True
    default_name: str = ""
    full_name: bool = False
    stamped: bool = True


_GROUP: Final = Attribute("group_id", default=0, writable=False)
_TASK: Final = Attribute("closest_task_at", writable=False)
_DELETED: Final = Attribute("is_deleted", "flag", default=False, writable=False)

ENTITIES: Final[Mapping[EntityName, Entity]] = {
    entity.name: entity
    for entity in (
        Entity(
            "leads",
            "lead",
            (
                Attribute("price", default=0),
                RESPONSIBLE,
                _GROUP,
                Attribute("status_id", "id", default=FIRST_STATUS),
                Attribute("pipeline_id", "id", default=FIRST_PIPELINE),
                Attribute("loss_reason_id"),
                Attribute("source_id", writable=False),
                Attribute("closed_at"),
                _TASK,
                _DELETED,
                Attribute("score", writable=False),
                Attribute("labor_cost", writable=False),
            ),
            name_required=False,
            default_name="Lead #{id}",
        ),
        Entity(
            "contacts",
            "contact",
            (
                Attribute("first_name", "text", default=""),
                Attribute("last_name", "text", default=""),
                RESPONSIBLE,
                _GROUP,
                _TASK,
                _DELETED,
                Attribute("is_unsorted", "flag", default=False, writable=False),
            ),
            name_required=False,
            default_name="Contact #{id}",
            full_name=True,
        ),
        Entity(
            "companies",
            "company",
            (RESPONSIBLE, _GROUP, _TASK, _DELETED),
            name_required=False,
            default_name="Company #{id}",
        ),
        Entity(
            "customers",
            "customer",
            (
                Attribute("next_price", default=0),
                Attribute("next_date"),
                RESPONSIBLE,
                Attribute("status_id", "id", default=FIRST_CUSTOMER_STATUS, nullable=True),
                Attribute("periodicity", default=0),
                _TASK,
                _DELETED,
                Attribute("ltv", default=0, writable=False),
                Attribute("purchases_count", default=0, writable=False),
                Attribute("average_check", default=0, writable=False),
            ),
        ),
        Entity(
            "segments",
            "segment",
            (
                Attribute("color", "colour", default="10599d"),
                Attribute("available_products_price_types", "ids", default=()),
                Attribute("customers_count", default=0, writable=False),
            ),
            stamped=False,
        ),
        Entity("catalogs", "element", (_DELETED,), stamped=False),
    )
}
"""Every kind of record. Those of `catalogs` are the elements of lists."""

TIMES: Final = ("created_at", "updated_at")
USERS: Final = ("created_by", "updated_by")


def attribute_of(record: Record, attribute: Attribute) -> Any:
    """What a record has."""
    if attribute is RESPONSIBLE:
        return record.attributes.get(attribute.name, record.created_by)
    value = record.attributes.get(attribute.name, attribute.default)
    return list(value) if attribute.kind == "ids" else value
