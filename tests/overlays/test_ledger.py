"""Every contradiction of the vendor's documents is accounted for, and every place the ledger names exists."""

from importlib.util import find_spec

from kommo.mock.field_types import DOCUMENTED, NEWER
from kommo.mock.quirks import QUIRKS
from kommo.spec.bundle import resolve
from kommo.spec.documents import load_mapping
from kommo.spec.project import EVIDENCE

GRADES = {"vendor-page", "recorded-response", "client-code", "issue-thread", "inferred"}
DISPOSITIONS = {"overlay", "base", "mock", "none"}
KEYS = {
    "id",
    "places",
    "issue",
    "truth",
    "evidence",
    "sources",
    "disposition",
    "overlay",
    "base",
    "mock",
    "why",
}


def test_ledger_has_every_entry_once(ledger):
    numbers = {"V2": [*range(1, 25), *range(30, 51)], "V4": range(1, 66)}
    wanted = [f"{version}-{number:02}" for version, each in numbers.items() for number in each]
    assert [entry["id"] for entry in ledger] == wanted
    assert len(wanted) == 110


def test_entries_are_complete(ledger, sources):
    for entry in ledger:
        assert entry.keys() <= KEYS, entry["id"]
        assert entry["issue"].endswith("."), entry["id"]
        assert entry["truth"].endswith("."), entry["id"]
        assert entry["evidence"] in GRADES, entry["id"]
        assert set(entry.get("sources", ())) <= sources.keys(), entry["id"]


def test_every_disposition_says_where(ledger):
    for entry in ledger:
        disposition = entry["disposition"]
        assert disposition in DISPOSITIONS, entry["id"]
        assert entry.get("why" if disposition == "none" else disposition), entry["id"]
        assert disposition != "none" or not entry.keys() & {"overlay", "base", "mock"}, entry["id"]


def test_places_are_lines_of_vendor_documents(ledger, sources):
    for entry in ledger:
        assert entry["places"], entry["id"]
        for place in entry["places"]:
            source = sources[place["source"]]
            assert source["kind"] == "vendor-document", entry["id"]
            assert 1 <= place["line"] <= source["lines"], entry["id"]
            assert 0 < len(place["quote"]) <= 80, entry["id"]


def test_overlays_of_the_ledger_exist_and_each_is_in_it(ledger, overlays):
    named = [quirk for entry in ledger for quirk in entry.get("overlay", ())]
    assert set(named) == overlays.keys()


def test_overlays_name_the_entries_that_name_them(ledger, overlays):
    named = {
        quirk: sorted(entry["id"] for entry in ledger if quirk in entry.get("overlay", ()))
        for quirk in overlays
    }
    assert named == {quirk: sorted(overlay.info["x-quirk"]["ledger"]) for quirk, overlay in overlays.items()}


def test_base_pointers_resolve(ledger, base):
    for entry in ledger:
        for ref in entry.get("base", ()):
            assert ref.startswith("#/"), entry["id"]
            try:
                resolve(base, ref)
            except KeyError:
                raise AssertionError(f"{entry['id']}: {ref} is not in the contract") from None


def test_mock_names_exist(ledger):
    for entry in ledger:
        for name in entry.get("mock", ()):
            assert name in QUIRKS or find_spec(name) is not None, entry["id"]


def test_field_type_matrix_is_the_mocks(root):
    """What one of the two platforms has at least, the mock has."""
    matrix = load_mapping(root / EVIDENCE / "field-types.yaml", "the field type matrix")
    for documented, known in ((True, DOCUMENTED), (False, NEWER)):
        types = {
            name: {*row["entities"], *matrix["kommo"].get(name, {}).get("entities", ())}
            for name, row in matrix["types"].items()
            if row["documented"] is documented
        }
        assert types == {name: set(entities) for name, entities in known.items()}
    assert len(DOCUMENTED) == 18
