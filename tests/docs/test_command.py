"""`kommo docs`."""

import webbrowser

import pytest

from kommo import cli
from kommo.docs import command
from kommo.published import reference_path


def test_writes_the_page(tmp_path, capsys):
    target = tmp_path / "reference.html"
    target.write_text("old")
    assert cli.main(["docs", "-o", str(target)]) == 0
    assert target.read_bytes() == reference_path().read_bytes()
    assert capsys.readouterr() == (f"{target}\n", "")
    assert [path.name for path in tmp_path.iterdir()] == ["reference.html"]


def test_writes_into_a_folder(tmp_path):
    assert cli.main(["docs", "-o", str(tmp_path)]) == 0
    assert (tmp_path / "api.html").read_bytes() == reference_path().read_bytes()


def test_place_that_cannot_be_written_is_one_line(tmp_path, capsys):
    target = tmp_path / "missing" / "reference.html"
    assert cli.main(["docs", "-o", str(target)]) == 2
    assert capsys.readouterr().err == (
        f"kommo docs: {target}: cannot be written: No such file or directory; check the place\n"
    )


@pytest.mark.parametrize(("opened", "code"), [(True, 0), (False, 2)])
def test_opens_the_page_in_the_browser(monkeypatch, capsys, opened, code):
    urls = []
    monkeypatch.setattr(webbrowser, "open", lambda url: urls.append(url) or opened)
    assert cli.main(["docs"]) == code
    assert urls == [reference_path().as_uri()]
    out, err = capsys.readouterr()
    assert out == f"{reference_path()}\n"
    assert err == (
        ""
        if opened
        else f"kommo docs: no browser was found; open {reference_path()} yourself, or say where to write it "
        "with -o FILE\n"
    )


def test_missing_page_is_one_line(monkeypatch, capsys):
    def missing():
        raise FileNotFoundError("no api.html in here; run: make reference")

    monkeypatch.setattr(command, "reference_path", missing)
    assert cli.main(["docs"]) == 2
    assert capsys.readouterr().err == "kommo docs: no api.html in here; run: make reference\n"
