"""What the tests of the documentation share: the contract, and a mock that holds what the samples name."""

import json
from pathlib import Path

import pytest

from kommo import Kommo, models
from kommo.docs.requests import EXAMPLE_IDS
from kommo.mock import MockConfig, MockServer
from kommo.published import load_bundle

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def document():
    """The published contract."""
    return load_bundle()


@pytest.fixture(scope="session")
def codegen():
    """The document that the client is generated from."""
    return json.loads((ROOT / "openapi/dist/kommo.codegen.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def mock():
    """A mock with everything that the vendor's examples refer to, and a field and a group for every entity."""
    with MockServer(MockConfig(token="demo", seed="documented")) as server:
        yield server


@pytest.fixture(scope="module")
def ids(mock):
    """Ids that exist on the mock: tag -> parameter -> value. A test may go back to the snapshot `ready`."""
    found = dict(EXAMPLE_IDS)  # records and lists are in the seed; fields and groups are made here
    new_group = models.CustomFieldGroupCreate(name="Delivery", sort=9)
    new_field = models.CustomFieldCreate(name="Colour", type=models.FieldType.TEXT)
    with Kommo(base_url=mock.url, token="demo", limiter=None) as crm:
        for entity in ("leads", "contacts", "companies", "customers", "customers_segments"):
            fields = getattr(crm, f"{entity}_custom_fields")
            found[f"{entity}_custom_fields"] = {"id": fields.create([new_field]).items[0].id}
            if entity != "customers_segments":
                groups = getattr(crm, f"{entity}_custom_field_groups")
                group = groups.create([new_group]).items[0]
                found[f"{entity}_custom_field_groups"] = {"id": group.id}
        field = crm.catalogs_custom_fields.create(1095, [new_field]).items[0]
        found["catalogs_custom_fields"] = {"catalog_id": 1095, "id": field.id}
        groups = crm.catalogs_custom_field_groups.create(
            4220, [models.CustomFieldGroupCreate(name="Measures", sort=9)]
        )
        found["catalogs_custom_field_groups"] = {"catalog_id": 4220, "id": groups.items[0].id}
    mock.control.snapshot("ready")
    return found
