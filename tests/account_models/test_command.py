"""`kommo models`: what it writes, what it says when the account has changed, what it refuses."""

from __future__ import annotations

import ast
import stat
import subprocess
import sys

import pytest

from kommo import Kommo, cli, models
from kommo import values as v
from tests.values.exercise_types import OPTIONS

ENVIRONMENT = {"KOMMO_TOKEN": "demo"}


@pytest.fixture
def fields(crm):
    """Fields of leads: id 1001 a number, 1002 a colour with options 1001 and 1002, 1003 a note."""
    crm.leads_custom_fields.create(
        [
            models.CustomFieldCreate(name="Бюджет", type="numeric", code="BUDGET"),
            models.CustomFieldCreate(name="Цвет", type="select", enums=OPTIONS),
            models.CustomFieldCreate(name="Note", type="textarea"),
        ]
    )
    return crm.leads_custom_fields


def test_first_run_writes_the_module(fields, make, out, capsys):
    assert make("--entity", "leads", "--check") == 1
    assert not out.exists()
    assert make("--entity", "leads") == 0
    text = out.read_text(encoding="utf-8")
    assert text.startswith("# Made by: kommo models --entity leads --out my_crm.py\n")
    assert (
        '    byudzhet: Decimal | None = field(1001, v.numeric)\n    """Field 1001 (numeric, BUDGET): Бюджет."""'
        in text
    )
    assert '    RED = 1001, "Red"\n' in text
    said = capsys.readouterr()
    assert said.out == f"{out}: is not there yet; run this without --check\n{out}: Lead, 3 fields\n"
    assert said.err == ""


def test_nothing_changed(fields, make, out, capsys):
    make("--entity", "leads")
    before, inode = out.read_bytes(), out.stat().st_ino
    for arguments in ((), ("--check",), ("--entity", "leads")):
        assert make(*arguments) == 0
        assert capsys.readouterr().out.endswith("is as the account is\n")
    assert (out.read_bytes(), out.stat().st_ino) == (before, inode)


def test_an_account_that_changed(fields, make, out, capsys):
    make("--entity", "leads")
    colour = fields.get(1002)
    fields.update(1001, models.CustomFieldUpdate(name="Стоимость"))
    fields.update(
        1002,
        models.CustomFieldUpdate(
            enums=[
                models.EnumValueWrite(value="Green", sort=0),
                models.EnumValueWrite(id=colour.enums[0].id, value="Crimson", sort=1),
            ]
        ),
    )
    fields.delete(1003)
    fields.create(
        [
            models.CustomFieldCreate(name="Note", type="numeric"),
            models.CustomFieldCreate(name="note", type="url"),
        ]
    )
    capsys.readouterr()
    before = out.read_bytes()
    expected = [
        "~ Lead.byudzhet: was 'Field 1001 (numeric, BUDGET): Бюджет', is 'Field 1001 (numeric, BUDGET): Стоимость'",
        "~ LeadTsvet.RED: was 'Red', is 'Crimson'",
        "- LeadTsvet.BLUE: option 1002, 'Blue'",
        "+ LeadTsvet.GREEN: option 1003, 'Green'",
        "- Lead.note: str | None  (Field 1003 (textarea): Note)",
        "+ Lead.note: Decimal | None  (Field 1004 (numeric): Note)",
        "+ Lead.note_1005: str | None  (Field 1005 (url): note)",
    ]
    assert make("--check") == 1
    said = capsys.readouterr().out
    assert said == "\n  ".join([f"{out}: 7 changes for users of the module", *expected]) + "\n"
    assert out.read_bytes() == before
    assert make() == 0
    assert capsys.readouterr().out == said
    assert make("--check") == 0
    text = out.read_text(encoding="utf-8")
    assert "    byudzhet: Decimal | None = field(1001, v.numeric)\n" in text
    assert '    GREEN = 1003, "Green"\n    RED = 1001, "Crimson"\n' in text


def test_a_type_that_changed(fields, make, out, capsys, server):
    """The vendor changes no types; a field that came back as another one under its id would be told."""
    make("--entity", "leads")
    server.control.reset()
    with Kommo(base_url=server.url, token="demo", limiter=None) as crm:
        crm.leads_custom_fields.create([models.CustomFieldCreate(name="Бюджет", type="date", code="BUDGET")])
    capsys.readouterr()
    assert make() == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  ! Lead.byudzhet: Decimal | None (numeric) is now datetime | None (date)"
        "  (Field 1001 (date, BUDGET): Бюджет)",
        "  - Lead.tsvet: LeadTsvet | None  (Field 1002 (select): Цвет)",
        "  - Lead.note: str | None  (Field 1003 (textarea): Note)",
    ]


def test_lists(crm, make, out, capsys, module):
    made = crm.catalogs.create(
        [models.CatalogCreate(name=name) for name in ("Товары", "Tovary!", "日本")]
    ).items
    first, second, third = (each.id for each in made)
    entities = f"leads,catalogs:{first},catalogs:{second},catalogs:{third}"
    text = module("--entity", entities, "--tz", "Europe/Moscow")
    assert {
        text.TovaryElement._source.catalog_id,
        getattr(text, f"TovaryElement{second}")._source.catalog_id,
    } == {
        first,
        second,
    }
    assert text.RibenElement._source.catalog_id == third
    assert text.Lead._source.tz == text.ZONE
    element = text.RibenElement(name="Oak")
    element.save(crm)
    assert crm.catalog_elements.get(third, element.id).name == "Oak"
    # The classes keep their names, also when only the second is left, and the lists are renamed.
    crm.catalogs.update(second, models.CatalogUpdate(name="Услуги"))
    capsys.readouterr()
    assert make("--entity", f"catalogs:{second}") == 0
    assert f"class TovaryElement{second}(" in out.read_text(encoding="utf-8")
    assert (
        f"~ TovaryElement{second}: was 'An element of the list {second}: Tovary!'" in capsys.readouterr().out
    )
    assert make("--tz", "UTC") == 0
    assert "! moments are in UTC, were in Europe/Moscow" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--entity", "catalogs"), "--entity catalogs needs the id of a list; it has none"),
        (("--entity", "leads:5"), "--entity leads:5: only lists are named by an id; say leads"),
        *(
            (
                ("--entity", name),
                f"--entity {name}: no records have such fields; give one of catalogs, companies, contacts, customers, "
                "customers_segments, leads\n",
            )
            for name in ("tasks", "raw", "segments", "lead", "catalog_elements:5")
        ),
        (("--entity", "v2_catalogs"), "--entity 'v2_catalogs' is no entity"),
        (("--entity", "leads,leads"), "--entity names leads twice; name it once"),
        (
            ("--entity", "Leads;"),
            "--entity 'Leads;' is no entity; give names like leads,contacts,catalogs:1234",
        ),
        (("--entity", "catalogs:0"), "--entity 'catalogs:0' is no entity"),
        (("--entity", ""), "--entity '' is no entity"),
        (("--entity", "catalogs:99"), "--entity catalogs:99: the account has no such list; it has none"),
        ((), "say whose fields with --entity, for instance --entity leads,contacts"),
        (("--entity", "leads", "--tz", "Mars"), "--tz 'Mars' is no time zone; give one like Europe/Moscow"),
        (("--entity", "leads", "--tz", "../x"), "--tz '../x' is no time zone"),
        (("--entity", "leads", "--token", "hush-hush"), "401 Unauthorized"),
        (
            ("--entity", "leads", "--subdomain", "acme"),
            "--base-url and subdomain/domain name the account twice",
        ),
        (
            ("--entity", "leads", "--out", "my-crm.py"),
            "--out my-crm.py: cannot be imported; give a name like my_crm.py",
        ),
        (("--entity", "leads", "--out", "class.py"), "--out class.py: cannot be imported"),
        (
            ("--entity", "leads", "--out", "nowhere/my_crm.py"),
            "--out nowhere/my_crm.py: there is no directory nowhere; make it first",
        ),
        (
            ("--entity", "leads", "--out", "kommo.py"),
            "--out kommo.py: would hide the module kommo; give a name like",
        ),
        (("--entity", "leads", "--out", "types.py"), "--out types.py: would hide the module types"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_mistakes_are_one_line(crm, make, out, capsys, monkeypatch, arguments, said):
    monkeypatch.chdir(out.parent)
    assert make(*arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("kommo models: ")
    assert said in output.err
    assert output.err.count("\n") == 1
    assert "hush" not in output.err
    assert list(out.parent.iterdir()) == []


def test_lists_are_named_for_who_does_not_know_their_ids(crm, make, capsys):
    names = ["Goods", "Long " * 50, "\x1b[31mred\u202e"]
    made = crm.catalogs.create([models.CatalogCreate(name=name) for name in names]).items
    first, second, third = (each.id for each in made)
    lists = f"catalogs:{first} (Goods) or catalogs:{second} ({('Long ' * 50)[:30]}...) or catalogs:{third} (?[31mred?)"
    assert make("--entity", "catalogs") == 2
    assert capsys.readouterr().err == (
        f"kommo models: --entity catalogs needs the id of a list; give {lists}\n"
    )
    assert make("--entity", "catalogs:7") == 2
    assert f"the account has no such list; give {lists}\n" in capsys.readouterr().err
    crm.catalogs.create([models.CatalogCreate(name="n")] * 3)
    assert make("--entity", "catalogs") == 2
    assert capsys.readouterr().err.endswith(" or another\n")


def test_arguments_are_called_as_on_the_command_line(server, out, monkeypatch, capsys):
    monkeypatch.delenv("KOMMO_TOKEN", raising=False)
    monkeypatch.delenv("KOMMO_SUBDOMAIN", raising=False)
    asked = ["models", "--entity", "leads", "--out", str(out)]
    for more, said in (
        (["--base-url", server.url], "no token; give --token or set KOMMO_TOKEN\n"),
        (["--token", "t"], "no account named; give --subdomain or --base-url, or set KOMMO_SUBDOMAIN\n"),
        (["--token", "t", "--base-url", "acme"], "--base-url 'acme' is not an https:// URL"),
        (["--token", "t", "--base-url", "http://mock"], "or name the host in --allow-insecure-host mock if"),
    ):
        assert cli.main([*asked, *more]) == 2
        assert said in capsys.readouterr().err
    host = "mock.invalid"
    allowed = ["--token", "t", "--base-url", f"http://{host}", "--allow-insecure-host", host]
    assert cli.main([*asked, *allowed]) == 2
    assert "cannot connect" in capsys.readouterr().err
    assert not out.exists()


def test_a_module_of_a_package_may_be_called_like_one_of_python(fields, make, out):
    place = out.with_name("types.py")
    place.with_name("__init__.py").touch()
    assert make("--entity", "leads", "--out", place) == 0
    assert place.exists()


def test_a_read_only_file_is_left_alone(fields, make, out, capsys):
    make("--entity", "leads")
    out.chmod(0o444)
    before = out.read_bytes()
    assert make() == 0  # nothing to write
    fields.delete(1003)
    capsys.readouterr()
    assert make() == 2
    assert capsys.readouterr().err == (
        f"kommo models: {out}: is read-only, and left alone; make it writable or give another --out\n"
    )
    assert out.read_bytes() == before


def test_a_link_stays_a_link_and_the_file_keeps_its_mode(fields, make, out):
    real = out.parent / "elsewhere" / "real.py"
    real.parent.mkdir()
    out.symlink_to(real)
    assert make("--entity", "leads") == 0
    real.chmod(0o640)
    fields.delete(1003)
    assert make() == 0
    assert out.is_symlink()
    assert "note" not in real.read_text(encoding="utf-8")
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_names_as_long_as_a_book(crm, make, out, capsys):
    crm.leads_custom_fields.create([models.CustomFieldCreate(name="Book " * 1000, type="text")])
    make("--entity", "leads")
    crm.leads_custom_fields.update(1001, models.CustomFieldUpdate(name="Tome " * 1000))
    capsys.readouterr()
    assert make() == 0
    assert max(map(len, capsys.readouterr().out.splitlines()[1:])) < 320


def test_a_foreign_or_edited_file_is_refused_and_left_alone(fields, make, out, capsys):
    out.write_text("print('mine')\n", encoding="utf-8")
    assert make("--entity", "leads") == 2
    assert capsys.readouterr().err == (
        f"kommo models: {out}: was not made by kommo models and is left alone; give another --out\n"
    )
    out.write_bytes(b"\xff\xfe\x00 no text")
    assert make("--entity", "leads") == 2
    assert "was not made by kommo models and is left alone" in capsys.readouterr().err
    out.unlink()
    make("--entity", "leads")
    edited = out.read_text(encoding="utf-8").replace("byudzhet", "budget")
    out.write_text(edited, encoding="utf-8")
    capsys.readouterr()
    for arguments in ((), ("--check",)):
        assert make(*arguments) == 2
        assert "was edited since kommo models made it" in capsys.readouterr().err
    assert out.read_text(encoding="utf-8") == edited


def test_the_module_is_an_ordinary_file(fields, make, out):
    make("--entity", "leads")
    other = out.with_name("other.py")
    other.write_text("")
    assert stat.S_IMODE(out.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)
    assert [path.name for path in out.parent.iterdir() if path.name.startswith(".")] == []
    ast.parse(out.read_text(encoding="utf-8"))


def test_the_account_and_the_token_come_from_the_environment(fields, server, out, monkeypatch, capsys):
    monkeypatch.setenv("KOMMO_TOKEN", "hush-hush")
    assert cli.main(["models", "--base-url", server.url, "--entity", "leads", "--out", str(out)]) == 2
    assert "hush" not in "".join(capsys.readouterr())
    monkeypatch.setenv("KOMMO_TOKEN", "demo")
    assert cli.main(["models", "--base-url", server.url, "--entity", "leads", "--out", str(out)]) == 0
    monkeypatch.delenv("KOMMO_SUBDOMAIN", raising=False)
    assert cli.main(["models", "--out", str(out)]) == 2
    assert "set KOMMO_SUBDOMAIN" in capsys.readouterr().err


def test_names_that_the_terminal_cannot_show(crm, server, out):
    crm.leads_custom_fields.create([models.CustomFieldCreate(name="Бюджет \u202e \x1b[31m", type="text")])
    command = [sys.executable, "-m", "kommo.cli", "models", "--base-url", server.url, "--token", "demo"]
    command += ["--entity", "leads", "--out", str(out)]
    subprocess.run(command, check=True)
    crm.leads_custom_fields.delete(1001)
    done = subprocess.run(command, check=True, capture_output=True, env={"PYTHONIOENCODING": "ascii"})
    assert b"- Lead.byudzhet" in done.stdout
    assert b"\x1b" not in done.stdout


def test_a_field_of_every_record_may_be_called_like_a_method(crm, module):
    names = [
        "save",
        "load",
        "answer",
        "id",
        "list",
        "str",
        "v",
        "field",
        "own",
        "self",
        "cls",
        "Name",
        "created at",
    ]
    crm.leads_custom_fields.create([models.CustomFieldCreate(name=name, type="text") for name in names])
    crm.leads_custom_fields.create(
        [models.CustomFieldCreate(name="extras", type="multiselect", enums=OPTIONS)]
    )
    made = module("--entity", "leads")
    attributes = ["save_", "load_", "answer_", "id_", "list_", "str_", "v_", "field_", "own_", "self_", "cls"]
    attributes += ["name_1012", "created_at_1013"]
    lead = made.Lead(name="Oak", **dict(zip(attributes, names, strict=True)))
    lead.save(crm)
    entries = v.Values(crm.leads.get(lead.id).custom_fields_values)
    assert [field.value for field in entries.fields()] == names
