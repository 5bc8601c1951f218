"""Reading JSON and YAML documents: one data model, strict, with places for messages.

A document is what JSON can say: mappings with string keys, lists, strings, numbers, booleans, null. YAML is
read by the YAML 1.2 core rules, so `on`, `yes` and dates stay strings and `200:` is the key "200".
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from kommo.command import CommandError
from kommo.spec.yaml_core import BOOL, FLOAT, INT, MAP, NULL, SEQ, STR, CoreLoader


class DocumentError(CommandError):
    """A document that cannot be used; the message starts with `file:line: pointer:` as far as known."""


_DEEPEST = 200  # levels of nesting; real documents have some 30
_BRACKETS = re.compile(r"[\[\]{}]")
_INDENTS = re.compile(r"^[ \-?]*", re.MULTILINE)


def pointer(parts: Iterable[str | int]) -> str:
    """Write a JSON pointer (RFC 6901) from its parts."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def pointer_parts(text: str) -> list[str]:
    """Read a JSON pointer: "" is the whole document, "/a~1b/0" is ["a/b", "0"]."""
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def nearest(word: str, known: Iterable[str]) -> str:
    """Name the known word that `word` was probably meant to be: "; did you mean 'x'?" or ""."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def shown(path: Path) -> str:
    """A path as a message names it: relative to the working directory when it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


_cache: dict[Path, tuple[tuple[int, int], Any]] = {}


def load(path: Path) -> Any:
    """Read a document; a file that did not change is parsed once per process.

    Args:
        path: A file whose name ends in .json (JSON) or anything else (YAML).

    Returns:
        Plain dicts, lists and scalars. The object is shared between callers: read it, never change it.

    Raises:
        DocumentError: The file is missing, unreadable, or not one well-formed document.
    """
    key = path.resolve()
    try:
        state = key.stat()
        stamp = (state.st_mtime_ns, state.st_size)
        cached = _cache.get(key)
        if cached is not None and cached[0] == stamp:
            return cached[1]
        text = read_text(path)
    except OSError as error:
        raise unreadable(path, error) from error
    value = parse(text, path)
    _cache[key] = (stamp, value)
    return value


def read_text(path: Path) -> str:
    """Read a UTF-8 file, with or without a byte order mark.

    Raises:
        DocumentError: The file cannot be read or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"{shown(path)}: not UTF-8 (byte {error.start}); save the file as UTF-8"
        ) from error


def unreadable(path: Path, error: OSError) -> DocumentError:
    """The error for a file that the system does not give."""
    return DocumentError(f"{shown(path)}: {error.strerror or error}; check the path")


def is_json(path: Path) -> bool:
    """Whether a file's name says that it holds JSON."""
    return path.suffix.lower() == ".json"


def parse(text: str, path: Path) -> Any:
    """Read a document from its text; `path` names it in messages and tells JSON from YAML.

    Raises:
        DocumentError: Not one well-formed document, a key twice, or something JSON cannot say.
    """
    return _parse_json(text, path) if is_json(path) else _construct(compose(text, path), path)


def load_mapping(path: Path, what: str) -> dict[str, Any]:
    """Read a document whose root must be a mapping; `what` names it in the message ("an overlay").

    Raises:
        DocumentError: As `load`, and when the root is something else.
    """
    value = load(path)
    if not isinstance(value, dict):
        raise DocumentError(f"{shown(path)}:1: {what} must be a mapping, this is {kind(value)}")
    return value


def kind(value: object) -> str:
    """Name a value's JSON kind with its article."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, bool):
        return "a boolean"
    return "null" if value is None else "a number"


def place(path: Path, parts: Iterable[str | int]) -> str:
    """Say where something stands: `file:line: pointer` (the deepest part that exists gives the line)."""
    parts = list(parts)
    return f"{shown(path)}:{line_of(path, parts)}: {pointer(parts) or '/'}"


def line_of(path: Path, parts: Iterable[str | int]) -> int:
    """Find the line (1-based) of a JSON pointer in a file by composing it anew; 1 when it cannot be found.

    Lines are needed only for messages, so nothing carries them through the program.
    """
    try:
        # Every JSON document is also YAML, so one composer finds lines in both.
        node = compose(read_text(path), path)
    except DocumentError:
        return 1
    line = int(node.start_mark.line)
    for part in parts:
        following: Node | None = None
        if isinstance(node, MappingNode):
            for name, value in node.value:
                if name.value == str(part):
                    line, following = int(name.start_mark.line), value
        elif isinstance(node, SequenceNode) and str(part).isdigit() and int(part) < len(node.value):
            item = node.value[int(part)]
            line, following = int(item.start_mark.line), item
        if following is None:
            break
        node = following
    return line + 1


def compose(text: str, path: Path) -> Node:
    """Compose the nodes of a YAML document, with their places in the text.

    Raises:
        DocumentError: Not one well-formed document.
    """
    _refuse_deep(text, path)
    loader = CoreLoader(text)
    try:
        node = loader.get_single_node()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        context = getattr(error, "context", None)
        if problem == "but found another document":
            raise DocumentError(
                f"{shown(path)}:{line}: more than one YAML document; keep one per file (no second `---`)"
            ) from error
        detail = f"{problem} {context}" if context else problem
        raise DocumentError(
            f"{shown(path)}:{line}: not valid YAML: {detail}; mend the syntax there"
        ) from error
    finally:
        loader.dispose()
    if node is None:
        raise DocumentError(f"{shown(path)}:1: the file is empty; a document is expected")
    assert isinstance(node, Node)
    return node


def _refuse_deep(text: str, path: Path) -> None:
    """Refuse a document that is nested deeper than `_DEEPEST`, before libyaml's recursion ends the process.

    The depth is first bounded by counting brackets and indents, which costs next to nothing; only a text that
    may be too deep is parsed for it.
    """
    depth = deepest = 0
    for match in _BRACKETS.finditer(text):
        depth += 1 if match[0] in "[{" else -1
        deepest = max(deepest, depth)
    indent = max((len(match[0]) for match in _INDENTS.finditer(text)), default=0)
    if deepest + 2 * (indent + 1) <= _DEEPEST:
        return
    depth = 0
    try:
        for event in yaml.parse(text, Loader=CoreLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                line = event.start_mark.line + 1
                raise DocumentError(f"{shown(path)}:{line}: nested deeper than {_DEEPEST} levels; flatten it")
    except yaml.YAMLError:
        return  # the composer meets the same error, and says where


def _construct(root: Node, path: Path) -> Any:
    open_nodes: set[int] = set()  # containers being built: meeting one again is a cycle

    def fail(node: Node, parts: list[str | int], problem: str) -> DocumentError:
        return DocumentError(f"{shown(path)}:{node.start_mark.line + 1}: {pointer(parts) or '/'}: {problem}")

    def build(node: Node, parts: list[str | int]) -> Any:
        if isinstance(node, ScalarNode):
            return scalar(node, parts)
        if id(node) in open_nodes:
            raise fail(node, parts, "the alias refers to a node that contains it; write a $ref instead")
        if node.tag not in (MAP, SEQ):
            raise fail(node, parts, f"the tag {node.tag} has no JSON counterpart; remove it")
        open_nodes.add(id(node))
        try:
            if isinstance(node, SequenceNode):
                return [build(item, [*parts, index]) for index, item in enumerate(node.value)]
            result: dict[str, Any] = {}
            for key_node, value_node in node.value:
                if not isinstance(key_node, ScalarNode):
                    raise fail(key_node, parts, "a key must be a plain string; JSON has no other keys")
                key = key_node.value
                if key == "<<" and key_node.style is None:
                    raise fail(
                        key_node, parts, "`<<` merge keys are not YAML 1.2; write the keys out or use $ref"
                    )
                if key in result:
                    raise fail(key_node, [*parts, key], f"the key {key!r} stands twice; keep one")
                result[key] = build(value_node, [*parts, key])
            return result
        finally:
            open_nodes.discard(id(node))

    def scalar(node: ScalarNode, parts: list[str | int]) -> Any:
        tag, text = node.tag, node.value
        if tag == STR:
            return text
        if tag == NULL:
            return None
        if tag == BOOL:
            return text.lower() == "true"
        try:
            if tag == INT:
                return int(text, 0) if text.startswith(("0o", "0x")) else int(text)
            if tag == FLOAT:
                number = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
                if math.isfinite(number):
                    return number
                raise fail(
                    node, parts, f"{text} is a number that JSON cannot say; quote it or use another value"
                )
        except (ValueError, OverflowError) as error:
            raise fail(node, parts, f"{text!r} is not a number: {error}") from error
        raise fail(node, parts, f"the tag {tag} has no JSON counterpart; remove it")

    return build(root, [])


def _parse_json(text: str, path: Path) -> Any:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(items)
        if len(result) != len(items):
            names = [name for name, _ in items]
            twice = next(name for name in names if names.count(name) > 1)
            raise DocumentError(
                f"{shown(path)}:{_second(text, twice)}: the key {twice!r} stands twice; keep one"
            )
        return result

    def constant(name: str) -> Any:
        raise DocumentError(f"{shown(path)}: {name} is not JSON; use null or a number")

    def finite(number: str) -> float:
        value = float(number)
        if not math.isfinite(value):
            raise DocumentError(f"{shown(path)}: the number {number} is too large; use a smaller one")
        return value

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=constant, parse_float=finite)
    except json.JSONDecodeError as error:
        raise DocumentError(
            f"{shown(path)}:{error.lineno}: not valid JSON: {error.msg} "
            f"(column {error.colno}); mend the syntax there"
        ) from error
    except RecursionError as error:
        raise DocumentError(f"{shown(path)}: nested deeper than {_DEEPEST} levels; flatten it") from error
    level, depth = [value], 0
    while level := [
        child
        for node in level
        if isinstance(node, dict | list)
        for child in (node.values() if isinstance(node, dict) else node)
    ]:
        depth += 1
        if depth > _DEEPEST:
            raise DocumentError(f"{shown(path)}: nested deeper than {_DEEPEST} levels; flatten it")
    return value


def _second(text: str, key: str) -> int:
    """The line of a key's second appearance: near enough for a message about a double key."""
    hits = [
        match.start() for match in re.finditer(re.escape(json.dumps(key, ensure_ascii=False)) + r"\s*:", text)
    ]
    return text.count("\n", 0, hits[1] if len(hits) > 1 else 0) + 1
