"""The command as a whole: what it prints, how it ends, and what it does not load."""

import importlib.util

import pytest

from kommo import cli
from kommo.command import CommandError
from kommo.version import __version__

HEAVY = {"yaml", "jsonschema", "httpx", "starlette", "schemathesis", "jsonpath", "kommo.spec", "kommo.mock"}


def test_version(kommo):
    assert kommo("--version") == (0, f"kommo {__version__}\n", "")


def test_help_lists_every_command_without_loading_one(command):
    code = (
        f"import sys\nfrom kommo.cli import main\nmain(['--help'])\nprint(sorted(set(sys.modules) & {HEAVY}))"
    )
    done = command(code=code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("[]\n")
    assert all(name in done.stdout for name in cli.COMMANDS)


def test_no_command_prints_the_help_and_is_bad_usage(kommo):
    code, out, _ = kommo()
    assert code == 2
    assert "commands:" in out


def test_unknown_command_is_named(kommo):
    code, _, err = kommo("speck")
    assert code == 2
    assert "speck" in err


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_summary_in_the_table_is_the_module_s_own(name):
    entry = cli.COMMANDS[name]
    assert importlib.util.find_spec(entry.module) is not None
    module = importlib.import_module(entry.module)
    assert entry.summary == module.SUMMARY


class _Module:
    SUMMARY = "a command that ends in one way"

    def __init__(self, end):
        self.end = end

    def configure(self, parser):
        parser.add_argument("--flag", action="store_true")

    def run(self, args):
        if isinstance(self.end, BaseException):
            raise self.end
        return self.end


@pytest.mark.parametrize(
    ("end", "code", "err"),
    [
        (0, 0, ""),
        (1, 1, ""),
        (CommandError("no such thing; mend it"), 2, "kommo spec: no such thing; mend it\n"),
        (CommandError("broken", exit_code=1), 1, "kommo spec: broken\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
    ids=["done", "no", "mistake", "check", "ctrl-c"],
)
def test_how_a_command_ends(kommo, monkeypatch, end, code, err):
    monkeypatch.setattr(cli, "_load", lambda entry: _Module(end))
    assert kommo("spec", "--flag") == (code, "", err)


def test_missing_extra_is_one_line_that_says_what_to_install(command):
    code = (
        "import sys\nsys.modules['jsonpath'] = None\nfrom kommo.cli import main\n"
        "sys.exit(main(['spec', 'overlay', 'a.yaml', 'b.yaml']))"
    )
    done = command(code=code)
    assert done.returncode == 2
    assert done.stderr == (
        "kommo: the spec command needs the package 'jsonpath'; install it with: pip install 'kommo[spec]'\n"
    )


def test_reader_that_goes_away_is_no_error(command, tmp_path):
    (tmp_path / "d.yaml").write_text("info: {}\nlong: [" + "xxxxxxxx, " * 20000 + "x]\n")
    (tmp_path / "o.yaml").write_text(
        "overlay: 1.0.0\ninfo: {title: t, version: '1'}\nactions: [{target: $.info, update: {a: 1}}]\n"
    )
    code = (
        "import os, sys\nfrom kommo.cli import main\nread, write = os.pipe()\nos.dup2(write, 1)\nos.close(read)\n"
        "sys.exit(main(['spec', 'overlay', 'd.yaml', 'o.yaml']))"
    )
    done = command(code=code)
    assert (done.returncode, done.stderr) == (0, "")
