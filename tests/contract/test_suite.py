"""The suite on sound servers: it finds nothing, and it reaches everything."""

from __future__ import annotations

import pytest

from kommo.contract import LAYERS, CannotRun, Options, run
from kommo.contract.document import Contract
from kommo.contract.options import SCHEMATHESIS
from kommo.mock import MockConfig, MockServer, create_app

OWN = tuple(name for name in LAYERS if name not in SCHEMATHESIS)
#: The near misses of all quirks are sent by the tests of the overlays; here they stand for the documents alone.
COMBINATIONS = [
    ("base", "documented", "documented", OWN),
    ("all", "observed", "demo", tuple(name for name in OWN if name != "nearmiss")),
    ("all", "lenient", "empty", tuple(name for name in OWN if name != "nearmiss")),
]
FEW = [
    "list_leads_custom_fields",
    "create_leads_custom_fields",
    "get_leads_custom_fields",
    "update_leads_custom_fields",
    "delete_leads_custom_fields",
    "write_v2_catalogs",
    "list_v2_catalogs",
]


@pytest.mark.parametrize(("overlays", "profile", "state", "layers"), COMBINATIONS)
def test_the_own_layers_find_nothing_and_reach_every_operation(
    overlays, profile, state, layers, document, base_document
):
    app = create_app(MockConfig(token="demo", seed=state, profile=profile))
    judged_by = document if overlays == "all" else base_document
    result = run(Options(document=judged_by, app=app, phases=layers, max_examples=2))
    assert result.findings == []
    assert result.operations == set(Contract(judged_by).operations)


@pytest.mark.parametrize("over", ["process", "HTTP"])
def test_schemathesis_finds_nothing(over, document, app, server):
    where = {"app": app} if over == "process" else {"base_url": server.url}
    operations = FEW if over == "process" else FEW[:3]
    result = run(
        Options(
            document=document, operations=operations, phases=SCHEMATHESIS, max_examples=2, seed=3, **where
        )
    )
    assert result.findings == []
    assert set(result.cases) == set(SCHEMATHESIS)


def test_the_same_seed_makes_the_same_requests(document):
    made = []
    for _ in range(2):
        requests: list[tuple[str, str, bytes]] = []
        run(
            Options(
                document=document,
                app=create_app(MockConfig(token="demo", seed="demo")),
                operations=FEW[:3],
                phases=("walk", "media", "model", "coverage", "fuzzing"),
                max_examples=2,
                seed=7,
                on_exchange=lambda e, _, out=requests: out.append((e.method, e.url, e.request_body)),
            )
        )
        made.append(requests)
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"phases": ("no_such_layer",)}, "no layer no_such_layer"),
        ({"user_token": "demo", "phases": ("walk",)}, "is the token itself"),
        ({"token": "t\n", "phases": ("walk",)}, r"the token \(--token, \$KOMMO_TOKEN\) cannot be sent"),
        ({"token": "", "phases": ("examples",)}, "cannot be sent: it is empty"),
        ({"user_token": "ü", "phases": ("walk",)}, r"\$KOMMO_USER_TOKEN\) cannot be sent"),
        ({"operations": ["list_everything"]}, "no operation list_everything"),
        ({"base_url": "http://127.0.0.1:9", "phases": ("walk",)}, "http://127.0.0.1:9: no answer"),
    ],
)
def test_what_cannot_run_says_why(options, said, document, app):
    where = {} if "base_url" in options else {"app": app}
    with pytest.raises(CannotRun, match=said):
        run(Options(document=document, **where, **options))


def test_a_token_of_one_character_will_do(document):
    with MockServer(MockConfig(token="t", seed="demo")) as server:
        options = Options(
            document=document, base_url=server.url, token="t", phases=("walk",), operations=FEW[:5]
        )
        assert run(options).findings == []


@pytest.mark.parametrize("operations", [None, ["create_catalogs_custom_fields"], ["write_v2_catalogs"]])
@pytest.mark.parametrize("layer", LAYERS)
def test_a_wrong_token_is_told_as_one(layer, operations, document, app):
    """Also where its 401s halt nothing, so that the run would end well, and where they are all that was found."""
    if operations is None and layer in ("coverage", "fuzzing"):
        operations = FEW[:1]  # all of them take minutes
    options = Options(
        document=document, app=app, token="wrong", phases=(layer,), operations=operations, max_examples=1
    )
    try:
        said = f"{run(options).cases.total()} requests"
    except CannotRun as error:
        said = str(error)
    refused = "answers 401 to everything; check the token and its rights (--token, $KOMMO_TOKEN)"
    assert said.endswith(refused) or said == "0 requests"


def test_a_ban_is_not_put_down_to_the_token(document):
    async def banning(scope, receive, send):
        headers = [(b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": b"<html>"})

    with pytest.raises(CannotRun, match=r"bans the suite: .* 403$"):
        run(Options(document=document, app=banning, phases=("leaks",)))
