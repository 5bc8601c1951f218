"""Values of fields without a server: built, read, and sent back.

python examples/values_offline.py
"""

import json
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from kommo import values as v

ACCOUNT_ZONE = ZoneInfo("Europe/Moscow")

lead = {
    "name": "A lead",
    "custom_fields_values": [
        v.text(3, "In a hurry"),
        v.numeric(103, Decimal("1.5")),
        v.checkbox(5, True),
        v.date(9, date(2020, 1, 1), tz=ACCOUNT_ZONE),
        v.select(11, "Red"),
        v.multiselect(111, enum_ids=[17, 19]),
        v.smart_address(13, city="Moscow", zip="109004", country="RU"),
        v.multitext("PHONE", v.phone("+79121234567"), v.phone("+74991234567", "HOME")),
        v.legal_entity(25, v.LegalEntity(name="Horns and Hooves", vat_id="123123123")),
        v.clear(404),
    ],
}
print(json.dumps(lead, ensure_ascii=False, indent=2))

answer = [
    {
        "field_id": 9,
        "field_name": "Delivery",
        "field_code": None,
        "field_type": "date",
        "values": [{"value": 1577826000}],
    },
    {
        "field_id": 11,
        "field_name": "Colour",
        "field_type": "select",
        "values": [{"value": "Red", "enum_id": 5, "enum_code": None}],
    },
]
filled = v.Values(answer, tz=ACCOUNT_ZONE)
delivery = filled.value(9, v.date)
print(delivery.date() if delivery else "no date", filled[11].value)
print(filled.entries())

try:
    v.numeric(103, "a lot")
except v.FieldValueError as error:
    print(error)
