"""Changing a YAML text as little as possible: every line that says the same thing stays as it is.

The overlay engine works on plain data. Here its result is written back into the text it came from: only the
entries that differ are rewritten, so comments, quotes, indents and the order of keys survive. What is
written is always read back and compared with the result; should an unusual text defeat the editing, the
whole document is written anew, without its comments.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from yaml import MappingNode, Node, ScalarNode, SequenceNode  # type: ignore[import-untyped]

from kommo.spec.documents import DocumentError, compose, parse
from kommo.spec.output import to_yaml

Edit = tuple[int, int, str]  # replace text[start:end]


def rewrite(text: str, new: Any, path: Path) -> tuple[str, bool]:
    """Make a YAML text say something else.

    Args:
        text: A well-formed document.
        new: What it shall say, as plain data.
        path: Where the text was read, for messages.

    Returns:
        The new text, and whether its comments were kept.
    """
    old = parse(text, path)
    root = compose(text, path)
    if not _shared(root):
        editor = _Editor(text)
        edits = editor.change(root, old, new)
        if edits is not None:
            result = editor.applied(edits)
            if _says(result, new, path):
                return result, True
    return to_yaml(new), "#" not in text


def _says(text: str, value: Any, path: Path) -> bool:
    try:
        return _canonical(parse(text, path)) == _canonical(value)
    except DocumentError:
        return False


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _shared(root: Node) -> bool:
    """Whether an alias makes one node stand in two places: then its lines are not one place to edit."""
    seen: set[int] = set()

    def visit(node: Node) -> bool:
        if id(node) in seen:
            return True
        seen.add(id(node))
        return any(visit(child) for child in _children(node))

    return visit(root)


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, SequenceNode):
        yield from node.value


class _Editor:
    def __init__(self, text: str) -> None:
        self.text = text if text.endswith("\n") else text + "\n"
        self.lines = self.text.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))

    def applied(self, edits: list[Edit]) -> str:
        text = self.text
        # From the end to the beginning, so that no place moves before it is used; of several insertions at
        # one place the last planned comes first, because each later one is put before it.
        order = sorted(range(len(edits)), key=lambda index: (*edits[index][:2], index), reverse=True)
        for start, end, new in (edits[index] for index in order):
            text = text[:start] + new + text[end:]
        return text

    def change(self, node: Node, old: Any, new: Any) -> list[Edit] | None:
        """Plan the edits that turn a node's text from `old` into `new`; None: rewrite the entry around it."""
        if _canonical(old) == _canonical(new):
            return []
        if isinstance(node, MappingNode) and not node.flow_style and isinstance(new, dict):
            return self.change_mapping(node, old, new)
        if isinstance(node, SequenceNode) and not node.flow_style and isinstance(new, list):
            return self.change_sequence(node, old, new)
        if isinstance(node, ScalarNode) and node.style not in ("|", ">") and not isinstance(new, dict | list):
            written = to_yaml([new]).removeprefix("- ").rstrip("\n")
            if "\n" not in written:
                start, end = self.at(node.start_mark), self.at(node.end_mark)
                return [(start, end, written if start < end else f" {written}")]
        return None

    def change_mapping(
        self, node: MappingNode, old: dict[str, Any], new: dict[str, Any]
    ) -> list[Edit] | None:
        if not any(key in new for key in old):
            return None
        column = node.start_mark.column
        edits: list[Edit] = []
        for key_node, value_node in node.value:
            key = key_node.value
            if key not in new:
                cut = self.cut(key_node.start_mark.line, column, value_node)
                if cut is None:
                    return None
                edits.append(cut)
                continue
            inner = self.change(value_node, old[key], new[key])
            if inner is None:
                text = _indented(to_yaml({"": new[key]}).removeprefix("''"), column)
                name = self.text[self.at(key_node.start_mark) : self.at(key_node.end_mark)]
                inner = [
                    (
                        self.at(key_node.start_mark),
                        self.starts[self.last(value_node) + 1],
                        name + text.lstrip(" "),
                    )
                ]
            edits += inner
        added = {key: value for key, value in new.items() if key not in old}
        if added:
            place = self.starts[self.last(node) + 1]
            edits.append((place, place, _indented(to_yaml(added), column)))
        return edits

    def change_sequence(self, node: SequenceNode, old: list[Any], new: list[Any]) -> list[Edit] | None:
        if not new:
            return None
        column = node.start_mark.column
        edits: list[Edit] = []
        matcher = SequenceMatcher(
            None, [_canonical(i) for i in old], [_canonical(i) for i in new], autojunk=False
        )
        for verb, start, end, new_start, new_end in matcher.get_opcodes():
            if verb == "equal":
                continue
            both = min(end - start, new_end - new_start)
            for offset in range(both):
                item, value = node.value[start + offset], new[new_start + offset]
                inner = self.change(item, old[start + offset], value)
                if inner is None:
                    text = _indented(to_yaml([value]), column)[column:]
                    first = self.starts[self.dash(item, column)] + column
                    inner = [(first, self.starts[self.last(item) + 1], text)]
                edits += inner
            for item in node.value[start + both : end]:
                cut = self.cut(self.dash(item, column), column, item)
                if cut is None:
                    return None
                edits.append(cut)
            added = new[new_start + both : new_end]
            if added:
                before = start + both
                if before > 0:
                    line = self.last(node.value[before - 1]) + 1
                else:
                    line = self.dash(node.value[0], column)
                    if self.lines[line][:column].strip():
                        return None
                edits.append((self.starts[line], self.starts[line], _indented(to_yaml(added), column)))
        return edits

    def cut(self, first: int, column: int, node: Node) -> Edit | None:
        """The edit that takes an entry's lines out; None when its first line also holds what is around it."""
        if self.lines[first][:column].strip():
            return None
        return self.starts[first], self.starts[self.last(node) + 1], ""

    def last(self, node: Node) -> int:
        """The last line of a node's own text (a block's end mark lies behind the comments that follow it)."""
        if isinstance(node, ScalarNode):
            line = int(node.end_mark.line)
            if node.style not in ("|", ">"):
                return line
            line -= 1
            head = self.lines[node.start_mark.line][node.start_mark.column :].partition("#")[0]
            keeps_breaks = "+" in head
            while line > node.start_mark.line and not keeps_breaks and not self.lines[line].strip():
                line -= 1
            return line
        children = list(_children(node))
        if getattr(node, "flow_style", False) or not children:
            return int(node.end_mark.line)
        return self.last(children[-1])

    def dash(self, item: Node, column: int) -> int:
        """The line of the dash before an item of a block sequence."""
        line = int(item.start_mark.line)
        while line > 0 and not (
            self.lines[line][column : column + 1] == "-" and not self.lines[line][:column].strip(" -")
        ):
            line -= 1
        return line

    def at(self, mark: Any) -> int:
        return self.starts[int(mark.line)] + int(mark.column)


def _indented(text: str, column: int) -> str:
    """Shift a block to the right; lines of nothing stay so."""
    return "".join(" " * column + line if line.strip() else line for line in text.splitlines(keepends=True))
