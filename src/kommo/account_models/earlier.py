"""A module that was made before: whether it is still as it was made, and what it says. It is never run."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import re
import tokenize
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from kommo.account_models.plan import Attribute, Class, Member, Module, Options
from kommo.command import CommandError

_MADE: Final = "# Made by: {command}\n"
_SEAL: Final = "# Do not edit; run that again. Contents, format 1: {digest}\n# ruff: noqa\n\n"
_HEADER: Final = re.compile(
    r"# Made by: (?P<command>kommo models .*)\r?\n# Do not edit; run that again\. "
    r"Contents, format (?P<format>[0-9]+): (?P<digest>[0-9a-f]+)\r?\n(# ruff: noqa\r?\n)?"
)
# What another version of Python adds to the tree, or leaves out when it is empty.
_NOISE: Final = frozenset({"ctx", "kind", "type_comment", "type_ignores", "type_params"})
_EMPTY: Final[tuple[Any, ...]] = (None, [])


def sealed(body: str, command: str) -> str:
    """The whole module: the text with a header that says what made it and seals it."""
    return _MADE.format(command=command) + _SEAL.format(digest=_digest(body)) + body


@frozen
class Earlier:
    """A module that was made before.

    Attributes:
        module: what it says.
        digest: of its contents.
    """

    module: Module
    digest: str

    def is_same(self, text: str) -> bool:
        """Whether a whole module has these contents."""
        header = _HEADER.match(text)
        return header is not None and header["digest"] == self.digest


def read_module(path: Path) -> Earlier | None:
    """What a module says; None when there is no file.

    Raises:
        CommandError: the file cannot be read, was not made by this command, or was changed since.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        text = ""
    except OSError as error:
        raise CommandError(f"{path}: cannot be read: {error.strerror or error}; give another --out") from None
    header = _HEADER.match(text)
    if header is None:
        raise CommandError(f"{path}: was not made by kommo models and is left alone; give another --out")
    if header["format"] != "1":
        raise CommandError(f"{path}: was made by a newer kommo; update with: pip install -U 'kommo[models]'")
    body = text[header.end() :]
    try:
        whole = _digest(body) == header["digest"]
        tree = ast.parse(body)
    except (SyntaxError, tokenize.TokenError, ValueError):
        whole, tree = False, ast.Module([], [])
    if not whole:
        raise CommandError(
            f"{path}: was edited since kommo models made it, and is left alone; take the edit back (what is yours "
            "goes into a subclass elsewhere), or delete the file, with the names it remembers, and run this again"
        )
    return Earlier(_module(tree), header["digest"])


def _digest(body: str) -> str:
    """A digest of code and comments that no formatter changes, and that is the same under every Python.

    Raises:
        SyntaxError: it is no Python.
    """
    tokens = tokenize.generate_tokens(io.StringIO(body).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    contents = json.dumps([_shape(ast.parse(body)), comments], default=repr)
    return hashlib.sha256(contents.encode("ascii")).hexdigest()[:32]


def _shape(node: Any) -> Any:
    """Code without what a formatter or another version of Python writes otherwise."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return [_said(node)]
    if isinstance(node, ast.AST):
        parts = (
            (name, value)
            for name, value in ast.iter_fields(node)
            if name not in _NOISE and value not in _EMPTY
        )
        return [type(node).__name__, *([name, _shape(value)] for name, value in parts)]
    return [_shape(each) for each in node] if isinstance(node, list) else node


def _module(tree: ast.Module) -> Module:
    """The structure of a module whose text is as `render` wrote it."""
    enums: dict[str, Options] = {}
    classes: list[Class] = []
    zone = None
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            if isinstance(node.bases[0], ast.Name):
                enums[node.name] = _options(node)
            else:
                classes.append(_class(node, enums))
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            zone = _constant(node.value.args[0])
    return Module(tuple(classes), zone)


def _options(node: ast.ClassDef) -> Options:
    members = []
    for line in node.body:
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Tuple):
            id_, text, *code = (_constant(part) for part in line.value.elts)
            members.append(Member(ast.unparse(line.targets[0]), id_, text, code[0] if code else None))
    return Options(node.name, _said(node.body[0]), tuple(members))


def _class(node: ast.ClassDef, enums: dict[str, Options]) -> Class:
    arguments: list[Any] = []
    attributes: list[Attribute] = []
    for line, following in zip(node.body, [*node.body[1:], ast.Pass()], strict=True):
        if not isinstance(line, ast.AnnAssign) or not isinstance(line.value, ast.Call):
            continue
        name, called = ast.unparse(line.target), ast.unparse(line.value.func)
        if called == "Source":
            arguments = [_constant(each) for each in line.value.args]
            continue
        key = _constant(line.value.args[0])
        annotation = ast.unparse(line.annotation)
        if called == "own":
            attributes.append(Attribute(name, annotation, key))
            continue
        kind, *options = line.value.args[1:]
        of = kind.attr if isinstance(kind, ast.Attribute) else _constant(kind)
        enum = enums[ast.unparse(options[0])] if options else None
        attributes.append(Attribute(name, annotation, key, of, enum, _said(following)))
    entity, *catalog_id = arguments
    model = ast.unparse(node.bases[0]).removeprefix("Record[models.").removesuffix("]")
    return Class(
        node.name,
        entity,
        catalog_id[0] if catalog_id else None,
        model,
        _said(node.body[0]),
        tuple(attributes),
    )


def _constant(node: ast.expr) -> Any:
    return ast.literal_eval(node)


def _said(node: ast.stmt) -> str:
    """What a docstring says, on one line and without its full stop."""
    text = node.value.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) else ""
    return " ".join(str(text).split()).removesuffix(".")
