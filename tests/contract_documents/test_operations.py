"""The operations are those that the documents name and the further ones listed here, each with statuses and names."""

from typing import Any

import pytest

FIELD_PATHS = {
    "leads": "/api/v4/leads/custom_fields",
    "contacts": "/api/v4/contacts/custom_fields",
    "companies": "/api/v4/companies/custom_fields",
    "customers": "/api/v4/customers/custom_fields",
    "customers_segments": "/api/v4/customers/segments/custom_fields",
    "catalogs": "/api/v4/catalogs/{catalog_id}/custom_fields",
}
WITH_GROUPS = ("leads", "contacts", "companies", "customers")

# verb -> (method, what follows the path, statuses); statuses by the documents and the general error page
FIELDS = {
    "list": ("get", "", "200 400 401 422 429"),
    "create": ("post", "", "201 400 401 403 422 429"),
    "update_batch": ("patch", "", "201 400 401 403 422 429"),
    "get": ("get", "/{id}", "200 400 401 404 422 429"),
    "update": ("patch", "/{id}", "201 400 401 403 404 422 429"),
    "delete": ("delete", "/{id}", "204 400 401 403 404 429"),
}
GROUPS = {
    "list": ("get", "", "200 400 401 429"),
    "create": ("post", "", "201 400 401 403 422 429"),
    "get": ("get", "/{id}", "200 401 404 429"),
    "update": ("patch", "/{id}", "200 400 401 403 404 429"),
    "delete": ("delete", "/{id}", "204 400 401 403 404 429"),
}
V2 = {
    "list": ("get", "200 204 400 401 403 404 429"),
    "write": ("post", "200 204 400 401 403 404 422 429"),
}


# Beyond the four documents: tag -> (path, statuses by verb, grade by verb where it is not vendor-page). Statuses by the
# pages of the tag, the general error page, and what is inferred of unknown ids.
_BATCH = "200 400 401 403 422 429"
_CARD = {
    "list": "200 400 401 422 429",
    "create": _BATCH,
    "update_batch": _BATCH,
    "get": "200 204 400 401 429",
    "update": "200 400 401 403 404 422 429",
}
_SEGMENT = {
    "list": "200 400 401 422 429",
    "create": _BATCH,
    "get": "200 400 401 404 422 429",
    "update": "200 400 401 403 404 422 429",
}
_LISTED = {**_CARD, "get": "200 400 401 404 429"}
_ELEMENT = {verb: " ".join(sorted({*statuses.split(), "404"})) for verb, statuses in _LISTED.items()}
_GROUP = {verb: " ".join(sorted({*statuses.split(), "404"})) for verb, (_, _, statuses) in GROUPS.items()}
FURTHER: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "leads": ("/api/v4/leads", _CARD, {}),
    "contacts": ("/api/v4/contacts", _CARD, {}),
    "companies": ("/api/v4/companies", _CARD, {}),
    "customers": ("/api/v4/customers", _CARD, {}),
    "customers_segments": ("/api/v4/customers/segments", _SEGMENT, {}),
    "catalogs": ("/api/v4/catalogs", _LISTED, {}),
    "catalog_elements": ("/api/v4/catalogs/{catalog_id}/elements", _ELEMENT, {"create": "recorded-response"}),
    "catalogs_custom_field_groups": ("/api/v4/catalogs/{catalog_id}/custom_fields/groups", _GROUP, {}),
}
_METHODS = {
    "list": "get",
    "create": "post",
    "update_batch": "patch",
    "get": "get",
    "update": "patch",
    "delete": "delete",
}
_OF_ONE = ("get", "update", "delete")


def further() -> dict[tuple[str, str], tuple[str, set[str], str]]:
    """(path, method) -> (operationId, statuses, grade)."""
    table = {}
    for tag, (path, verbs, grades) in FURTHER.items():
        # One name for one position: the id of a list is `catalog_id` wherever it stands.
        one = "/{catalog_id}" if tag == "catalogs" else "/{id}"
        for verb, statuses in verbs.items():
            place = path + (one if verb in _OF_ONE else "")
            table[place, _METHODS[verb]] = (
                f"{verb}_{tag}",
                set(statuses.split()),
                grades.get(verb, "vendor-page"),
            )
    return table


def documented() -> dict[tuple[str, str], tuple[str, set[str]]]:
    """(path, method) -> (operationId, statuses)."""
    table: dict[tuple[str, str], tuple[str, set[str]]] = {}
    for resource in ("catalogs", "catalog_elements"):
        for verb, (method, statuses) in V2.items():
            table[f"/api/v2/{resource}", method] = (f"{verb}_v2_{resource}", set(statuses.split()))
    for entity, path in FIELD_PATHS.items():
        for verb, (method, rest, statuses) in FIELDS.items():
            known = set(statuses.split())
            if entity == "catalogs":
                known.add("404")  # the list itself may be unknown
            table[path + rest, method] = (f"{verb}_{entity}_custom_fields", known)
    for entity in WITH_GROUPS:
        for verb, (method, rest, statuses) in GROUPS.items():
            path = f"{FIELD_PATHS[entity]}/groups{rest}"
            table[path, method] = (f"{verb}_{entity}_custom_field_groups", set(statuses.split()))
    return table


def test_the_contract_has_exactly_these_operations(operations):
    found = {
        (path, method): (operation["operationId"], set(operation["responses"]))
        for path, method, operation in operations
    }
    others = {place: (name, statuses) for place, (name, statuses, _) in further().items()}
    assert (len(documented()), len(others)) == (60, 39)
    assert documented().items() <= found.items()
    assert found == documented() | others


def test_documented_operations_cite_lines_and_the_others_a_grade(operations):
    grades = {
        (path, method): operation.get("x-evidence", {}).get("grade", "documented")
        for path, method, operation in operations
    }
    assert grades == dict.fromkeys(documented(), "documented") | {
        place: grade for place, (_, _, grade) in further().items()
    }


def test_every_operation_has_one_declared_tag_its_name_ends_in(contract, operations):
    declared = {tag["name"] for tag in contract["tags"]}
    assert len(declared) == 20
    for _, _, operation in operations:
        (tag,) = operation["tags"]
        assert tag in declared
        assert operation["operationId"].endswith(f"_{tag}")


def test_security_is_bearer_and_for_v2_also_the_session(operations):
    for path, _, operation in operations:
        wanted = [["bearer"], ["session"]] if path.startswith("/api/v2/") else [["bearer"]]
        assert [[*alternative] for alternative in operation["security"]] == wanted, path


def test_who_may_call_is_said_in_words_and_to_programs(operations):
    """The sentence of the vendor's page and the role behind the security scheme are the same statement."""
    said = {
        "administrator": "Only administrators of the account may call it.",
        "lists": "Only users who may see the lists may call it.",
        "user": "Every user of the account may call it.",
    }
    told = set()
    for path, method, operation in operations:
        roles = {role for one in operation["security"] for asked in one.values() for role in asked}
        for role in roles:
            assert said[role].lower() in operation["description"].lower(), (method, path)
        if not roles and method != "get":
            assert not any(text in operation["description"] for text in said.values()), (method, path)
        told |= roles
    assert told == set(said)


def resolve(contract: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        _, _, section, name = node["$ref"].split("/")
        node = contract["components"][section][name]
    return node


def test_success_is_hal_and_failure_is_a_problem(contract, operations):
    for _, _, operation in operations:
        for status, response in operation["responses"].items():
            content = resolve(contract, response).get("content", {})
            if status == "204":
                assert content == {}
            elif status.startswith("2"):
                assert list(content) == ["application/hal+json"]
            else:
                assert list(content) == ["application/problem+json"]
                assert content["application/problem+json"]["schema"] == {
                    "$ref": "#/components/schemas/Problem"
                }


def test_requests_are_json_and_required(contract, operations):
    bodies = 0
    for _, method, operation in operations:
        assert ("requestBody" in operation) == (method in ("post", "patch"))
        if "requestBody" in operation:
            body = resolve(contract, operation["requestBody"])
            assert body["required"] is True
            assert list(body["content"]) == ["application/json"]
            bodies += 1
    assert bodies == 50


@pytest.mark.parametrize(("entity", "path"), FIELD_PATHS.items())
def test_answers_about_fields_name_their_entity(contract, check, entity, path):
    answer = contract["paths"][f"{path}/{{id}}"]["get"]["responses"]["200"]
    schema = answer["content"]["application/hal+json"]["schema"]
    wire_name = "segments" if entity == "customers_segments" else entity
    field = {
        "id": 1,
        "name": "Colour",
        "sort": 500,
        "type": "text",
        "_links": {"self": {"href": "https://example.kommo.com/api/v4/x"}},
    }
    assert check(schema, {**field, "entity_type": wire_name}) == []
    other = "contacts" if wire_name != "contacts" else "leads"
    assert check(schema, {**field, "entity_type": other})


def links_of(contract: dict[str, Any], operation: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for response in operation["responses"].values():
        for link in resolve(contract, response).get("links", {}).values():
            found.append(resolve(contract, link))
    return found


def test_every_creation_links_to_what_can_be_done_with_the_created(contract, operations):
    names = {operation["operationId"] for _, _, operation in operations}
    creations = 0
    for path, _, operation in operations:
        targets = {link["operationId"] for link in links_of(contract, operation)}
        assert targets <= names
        verb, _, tag = operation["operationId"].partition("_")
        if verb == "create":
            creations += 1
            assert names & {f"get_{tag}", f"update_{tag}", f"delete_{tag}"} <= targets, path
        if verb == "write":
            assert {f"list_{tag}", f"write_{tag}"} <= targets, path
    assert creations == 18


def test_no_link_leads_from_reading_to_writing(contract, operations):
    """A checker that follows links changes only what it has just written itself."""
    methods = {operation["operationId"]: method for _, method, operation in operations}
    for path, method, operation in operations:
        if method == "get":
            for link in links_of(contract, operation):
                assert methods[link["operationId"]] == "get", (path, link)


def test_links_name_parameters_that_their_target_has(contract, operations):
    parameters = {
        operation["operationId"]: {
            resolve(contract, parameter)["name"]
            for parameter in (
                *contract["paths"][path].get("parameters", []),
                *operation.get("parameters", []),
            )
        }
        for path, _, operation in operations
    }
    required = {
        operation["operationId"]: {
            resolve(contract, parameter)["name"]
            for parameter in contract["paths"][path].get("parameters", [])
        }
        for path, _, operation in operations
    }
    for link in contract["components"]["links"].values():
        given = set(link.get("parameters", {}))
        assert required[link["operationId"]] <= given <= parameters[link["operationId"]], link


def test_all_path_parameters_are_declared(contract):
    for path, item in contract["paths"].items():
        declared = {resolve(contract, parameter)["name"] for parameter in item.get("parameters", [])}
        assert declared == {part[1:-1] for part in path.split("/") if part.startswith("{")}
