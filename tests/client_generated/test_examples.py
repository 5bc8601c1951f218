"""Documented examples survive the models, and the mock takes those of requests through the client."""

import time

import pytest
from kommo_client.models import CustomFieldCreate, FieldType
from kommo_client.types import plain

from kommo import Kommo

from .contract_cases import Example, body_of, bundle, examples, operations, reached, verb_and_tag

ANSWERS = [example for example in examples() if example.status]
REQUESTS = [example for example in examples() if not example.status]
OPERATIONS = {operation["operationId"]: operation for _, _, operation in operations(bundle())}


def test_there_are_examples() -> None:
    assert len(ANSWERS) > 10
    assert len(REQUESTS) > 20


@pytest.mark.parametrize("example", ANSWERS, ids=str)
def test_an_answer_is_written_as_it_was_read(example: Example) -> None:
    answer = reached()[example.operation].answer
    assert answer is not None
    assert answer().from_dict(example.value).to_dict() == example.value


@pytest.mark.parametrize("example", REQUESTS, ids=str)
def test_a_request_is_written_as_it_was_read(example: Example) -> None:
    assert plain(body_of(example.operation, example.value)) == example.value


@pytest.mark.parametrize("example", REQUESTS, ids=str)
def test_the_mock_takes_a_request_through_the_client(crm: Kommo, example: Example) -> None:
    verb, tag = verb_and_tag(OPERATIONS[example.operation])
    resource = getattr(crm, tag)
    body = body_of(example.operation, example.value)
    path = (
        [_catalog_with(crm, body)]
        if tag.startswith("catalogs_")
        else [4220]
        if tag == "catalog_elements"
        else []
    )
    if verb.startswith("update"):
        there = [thing.id for thing in resource.list(*path).items]
        if len(there) < (len(body) if isinstance(body, list) else 1):
            made = resource.create(
                *path, [CustomFieldCreate(name=f"Field {number}", type=FieldType.TEXT) for number in range(9)]
            )
            there += [field.id for field in made.items]
        if verb == "update":
            path.append(there[-1])
        else:
            # An example names fields of one entity; elsewhere others take their places.
            for change, other in zip(body, reversed(there), strict=False):
                change.id = change.id if change.id in there else other
    for number, change in enumerate(getattr(body, "update", None) or ()):
        # The example is from 2018, and the server refuses what is older than what it holds.
        if hasattr(change, "updated_at"):
            change.updated_at = int(time.time()) + number
    answer = getattr(resource, verb)(*path, body)
    if hasattr(answer, "items"):
        sent = (
            body
            if isinstance(body, list)
            else [*(body.add or ()), *(body.update or ()), *(body.delete or ())]
        )
        assert len(answer.items) == len(sent)


def _catalog_with(crm: Kommo, body: object) -> int:
    """The list that has the fields that a request names, else any."""
    wanted = _names(body)
    lists = [found.id for found in crm.v2_catalogs.list().items]
    return next(
        (
            found
            for found in lists
            if wanted & {field.id for field in crm.catalogs_custom_fields.iterate(found)}
        ),
        lists[0],
    )


def _names(body: object) -> set[object]:
    return {getattr(change, "id", None) for change in body} if isinstance(body, list) else set()
