"""`kommo models`: write a typed module of an account's own fields, or tell how it differs from the account."""

from __future__ import annotations

import keyword
import os
import re
import shlex
import shutil
import stat
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kommo import Kommo, KommoError
from kommo.account_models.account import EntityFound, parse_entities, read_entity
from kommo.account_models.changes import changes
from kommo.account_models.earlier import read_module, sealed
from kommo.account_models.plan import Module, plan
from kommo.account_models.render import escaped, render
from kommo.account_models.source import Source
from kommo.command import CommandError, replacing
from kommo.errors import ConfigurationError

SUMMARY: Final = "write a typed module of an account's own fields"

SAME: Final = 0
DIFFERS: Final = 1

# What a module imports; of the same name and in the way, it would import itself.
_IMPORTED: Final = sys.stdlib_module_names | {"attr", "attrs", "httpx", "kommo", "kommo_client"}
# Arguments of Python in the words of the command line.
_OPTIONS: Final = (
    (re.compile(r"\ballow_insecure_hosts=\['([^']*)'\]"), r"--allow-insecure-host \1"),
    (re.compile(r"\bbase_url\b=?"), "--base-url"),
    (re.compile(r"\b(token|subdomain)="), r"--\1"),
)
#: A line about a change shows so many characters at most; a field may be called as long as a book.
_LONGEST_LINE: Final = 300
_WRITABLE: Final = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--entity",
        metavar="NAMES",
        help="whose fields: leads,contacts,companies,customers,customers_segments,catalogs:ID; "
        "by default those that the file has",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the module, such as my_crm.py"
    )
    parser.add_argument(
        "--tz",
        metavar="ZONE",
        help="time zone of the account, such as Europe/Moscow; by default the file's, or UTC",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 when the account differs from the file"
    )
    parser.add_argument(
        "--subdomain", help="the account, ACME of ACME.kommo.com; by default $KOMMO_SUBDOMAIN"
    )
    parser.add_argument("--domain", help="kommo.com or amocrm.ru; by default $KOMMO_DOMAIN, else kommo.com")
    parser.add_argument("--base-url", metavar="URL", help="the whole address instead, of a mock for instance")
    parser.add_argument(
        "--allow-insecure-host",
        action="append",
        default=[],
        metavar="HOST",
        help="a host, beside this machine, that plain http may be used with; may be repeated",
    )
    parser.add_argument("--token", help="its long-lived token; by default $KOMMO_TOKEN")


def run(args: Namespace) -> int:
    """Write the module, or check it; 0 when it is as the account is.

    Raises:
        CommandError: the file is not ours or cannot be written, the account cannot be read, or an argument is wrong.
    """
    path = _place(args.out)
    earlier = read_module(path)
    old = earlier.module if earlier else Module()
    sources = (
        parse_entities(args.entity) if args.entity is not None else [each.source for each in old.classes]
    )
    if not sources:
        raise CommandError("say whose fields with --entity, for instance --entity leads,contacts")
    zone = _zone(args.tz if args.tz is not None else old.zone)
    new = plan(_read(args, sources), old, zone)
    words = ["kommo", "models", "--entity", ",".join(map(str, sources)), *(["--tz", zone] if zone else [])]
    whole = sealed(render(new), escaped(shlex.join([*words, "--out", path.name])))
    if earlier is None:
        return _begin(args.check, path, whole, new)
    lines = changes(old, new)
    if not lines:
        if not args.check and not earlier.is_same(whole):
            _write(path, whole)
        print(f"{path}: is as the account is")
        return SAME
    print(f"{path}: {len(lines)} {'change' if len(lines) == 1 else 'changes'} for users of the module")
    for line in lines:
        print(f"  {_shown(line)}")
    if args.check:
        return DIFFERS
    sys.stdout.flush()
    _write(path, whole)
    return SAME


def _place(path: Path) -> Path:
    """Where the module goes, before anything is asked.

    Raises:
        CommandError: nothing could be imported from there, or nothing can be written there.
    """
    if path.suffix != ".py" or not path.stem.isidentifier() or keyword.iskeyword(path.stem):
        raise CommandError(f"--out {path}: cannot be imported; give a name like my_crm.py")
    if path.stem in _IMPORTED and not path.with_name("__init__.py").exists():
        raise CommandError(f"--out {path}: would hide the module {path.stem}; give a name like my_crm.py")
    if not path.parent.is_dir():
        raise CommandError(f"--out {path}: there is no directory {path.parent}; make it first")
    return path


def _begin(check: bool, path: Path, text: str, module: Module) -> int:
    if check:
        print(f"{path}: is not there yet; run this without --check")
        return DIFFERS
    _write(path, text)
    for each in module.classes:
        fields = sum(bool(attribute.kind) for attribute in each.attributes)
        print(f"{path}: {each.name}, {fields} {'field' if fields == 1 else 'fields'}")
    return SAME


def _read(args: Namespace, sources: list[Source]) -> list[EntityFound]:
    try:
        with Kommo(
            args.subdomain,
            domain=args.domain,
            base_url=args.base_url,
            token=args.token,
            allow_insecure_hosts=args.allow_insecure_host,
        ) as crm:
            return [read_entity(crm, source) for source in sources]
    except ConfigurationError as error:
        message = str(error)
        for argument, option in _OPTIONS:
            message = argument.sub(option, message)
        raise CommandError(message) from None
    except KommoError as error:
        raise CommandError(str(error)) from None


def _zone(name: str | None) -> str | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CommandError(f"--tz {name!r} is no time zone; give one like Europe/Moscow") from None


def _write(path: Path, text: str) -> None:
    """Put the whole file in place, or leave what is there."""
    # Of a link, what it leads to.
    place = Path(os.path.realpath(path))
    with replacing(place, named=path) as part:
        old = place.stat() if place.exists() else None
        if old is not None and not old.st_mode & _WRITABLE:
            raise CommandError(
                f"{path}: is read-only, and left alone; make it writable or give another --out"
            )
        part.write_text(text, encoding="utf-8", newline="\n")
        if old is not None:
            shutil.copymode(place, part)


def _shown(line: str) -> str:
    """Names of an account on a terminal: nothing that moves the cursor, nothing that its encoding lacks."""
    if len(line) > _LONGEST_LINE:
        line = f"{line[:_LONGEST_LINE]}..."
    visible = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in line)
    encoding = sys.stdout.encoding or "utf-8"
    return visible.encode(encoding, "backslashreplace").decode(encoding)
