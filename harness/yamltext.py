"""YAML 1.2 (core schema) on PyYAML's C parser: plain values, and where each of them stands.

PyYAML resolves YAML 1.1, where `1e-5` is a string and `no` is false, and keeps no positions. Here its parser only gives
events; scalars are resolved by the core schema (https://yaml.org/spec/1.2.2/#103-core-schema), and aliases, tags and
duplicate keys are refused.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from harness.errors import CaseFileError
from harness.model import Location

#: keys and list positions from the root of the document
Path: TypeAlias = tuple[str | int, ...]

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
_INT = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_SPECIAL = re.compile(r"([-+]?)\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
#: deeper nesting than any case needs; Python's own recursion limit is no message for a user
_MAX_DEPTH = 50
_MAX_DIGITS = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Where a value stands: line and column from 1, and its characters [start, end) in the text."""

    line: int
    column: int
    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A parsed YAML text: the value, and where every value and key in it stands."""

    file: str
    value: Any
    ends: dict[Path, tuple[Any, Any]]  #: the parser's events at which each value begins and ends
    keys: dict[Path, Any]  #: the event of each key

    def mark(self, path: Path) -> Mark:
        """Return where the value of `path` stands."""
        return _mark(*self.ends[path])

    def mark_of_key(self, path: Path) -> Mark:
        """Return where the key of `path` stands."""
        return _mark(self.keys[path], self.keys[path])

    def locate(self, path: Path, *, key: bool = False) -> Location:
        """Return where `path` stands, or its nearest ancestor that stands in the text."""
        if key and path in self.keys:
            mark = self.mark_of_key(path)
        else:
            while path not in self.ends:
                path = path[:-1]
            mark = self.mark(path)
        return Location(file=self.file, line=mark.line, column=mark.column)


def parse(
    text: str, file: str, *, wanted: Callable[[Path], bool] | None = None, empty: str = "see docs/case-files.md"
) -> Document:
    """Parse one YAML document. `file` is the name that errors and locations carry.

    A value of a mapping is left out when `wanted` says no to its path; `empty` is what to do about an empty file.

    Raises `CaseFileError` for broken YAML, tabs in indentation, several documents, anchors, aliases, tags and duplicate
    keys.

    >>> parse("p: [1e-5, no, 0x1F]", "x.yaml").value
    {'p': [1e-05, 'no', 31]}
    """
    if text.startswith("\ufeff"):  # libyaml does not count it: every character would be off by one
        problem = "the file begins with a byte order mark"
        raise CaseFileError(problem, where=f"{file}:1:1", hint="save it as UTF-8 without one")
    try:
        return _Reader(file, wanted, empty).read(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        tab = mark is not None and text[mark.index : mark.index + 1] == "\t"
        hint = "indent with blanks, not with tabs" if tab else ""
        raise CaseFileError(f"not YAML: {error.problem}", where=where, hint=hint) from error
    except yaml.YAMLError as error:
        raise CaseFileError(f"not YAML: {' '.join(str(error).split())}", where=file) from error


@dataclass(slots=True)
class _Reader:
    """Builds values from the parser's events, one method a node kind."""

    file: str
    wanted: Callable[[Path], bool] | None = None
    empty: str = ""
    ends: dict[Path, tuple[Any, Any]] = field(default_factory=dict)
    keys: dict[Path, Any] = field(default_factory=dict)
    events: Any = None

    def read(self, text: str) -> Document:
        self.events = iter(yaml.parse(text, Loader=_LOADER))
        value: Any = None
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self.error(event, "a second document in one file", "keep one document in each file")
                value = self.node(next(self.events), ())
        if not documents:
            raise CaseFileError("the file is empty", where=f"{self.file}:1:1", hint=self.empty)
        return Document(file=self.file, value=value, ends=self.ends, keys=self.keys)

    def error(self, event: Any, problem: str, hint: str = "") -> CaseFileError:
        mark = event.start_mark
        return CaseFileError(problem, where=f"{self.file}:{mark.line + 1}:{mark.column + 1}", hint=hint)

    def node(self, event: Any, path: Path) -> Any:
        if isinstance(event, yaml.AliasEvent):
            raise self.error(event, f"alias *{event.anchor} is not allowed", "write the value out, or use a matrix")
        self.refuse_properties(event)
        if len(path) > _MAX_DEPTH:
            raise self.error(event, f"nested deeper than {_MAX_DEPTH} levels")
        value: Any
        last = event
        if isinstance(event, yaml.MappingStartEvent):
            value, last = self.mapping(path)
        elif isinstance(event, yaml.SequenceStartEvent):
            value, last = self.sequence(path)
        else:
            value = self.scalar(event)
        self.ends[path] = (event, last)
        return value

    def refuse_properties(self, event: Any) -> None:
        if event.anchor is not None:
            raise self.error(event, f"anchor &{event.anchor} is not allowed", "write the value out, or use a matrix")
        if event.tag is not None and event.tag != "!":
            raise self.error(event, f"tag {event.tag!r} is not allowed", "write a plain value")

    def mapping(self, path: Path) -> tuple[dict[str, Any], Any]:
        result: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self.error(event, "a key must be a plain word")
            self.refuse_properties(event)
            key = event.value
            if key in result:
                line = self.keys[(*path, key)].start_mark.line + 1
                place = ".".join(map(str, (*path, key)))
                raise self.error(event, f"duplicate key {key!r} ({place}): it stands in line {line} already")
            below = (*path, key)
            if self.wanted is not None and not self.wanted(below):
                self.skip()
                continue
            self.keys[below] = event
            result[key] = self.node(next(self.events), below)
        return result, event

    def skip(self) -> None:
        """Pass over the next node, whatever it holds."""
        depth = 0
        for event in self.events:
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if not depth:
                return

    def sequence(self, path: Path) -> tuple[list[Any], Any]:
        result: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            result.append(self.node(event, (*path, len(result))))
        return result, event

    def scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.style:  # quoted or a block: always text
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INT.match(text):
            return int(text, 0) if text[:2] in ("0o", "0x") else self.integer(event, text)
        if _FLOAT.match(text):
            return float(text)
        if special := _SPECIAL.match(text):
            return math.nan if special[3] else float(f"{special[1]}inf")
        return text

    def integer(self, event: Any, text: str) -> int:
        if len(text) > _MAX_DIGITS:
            raise self.error(event, f"an integer of {len(text)} digits", "write a float such as 1e30")
        return int(text)


def _mark(first: Any, last: Any) -> Mark:
    """Return the place of a node that stretches from one event to another."""
    start = first.start_mark
    return Mark(line=start.line + 1, column=start.column + 1, start=start.index, end=last.end_mark.index)


# -- writing


def scalar(text: str) -> str:
    """Return a text as a scalar of a block mapping: plain where it reads back as it is, else quoted.

    >>> scalar("dtype float64; expected float32"), scalar("a: b")
    ('dtype float64; expected float32', '"a: b"')
    """
    try:
        plain = parse(f"k: {text}\n", "").value == {"k": text}
    except CaseFileError:
        plain = False
    return text if plain else _quoted(text)


# -- editing in place


def replace_scalar(text: str, start: int, end: int, new: str, indent: int) -> str:
    """Return `text` with the scalar at [start, end) replaced by `new`, and every other character where it was.

    `new` becomes a literal block indented by `indent` columns; where that would not read back as `new` (inside a flow
    mapping, say, or before a comment that the block would swallow) a quoted string.
    """
    old = text[start:end]
    newline = "\r\n" if "\r\n" in text else "\n"
    if old[:1] in ("|", ">"):
        behind = _first_line(old).lstrip("|>-+0123456789")
        after = old[len(old.rstrip("\r\n")) :] + text[end:]
    else:
        behind = _first_line(text[end:])
        after = text[end + len(behind) :]
    lines = new.strip("\n").split("\n") if new.strip("\n") else []
    marker = "|2" if lines and lines[0][:1] in (" ", "\t") else "|"  # its indentation must be said
    body = "".join(f"{newline}{' ' * indent}{line}" if line else newline for line in lines)
    written = text[:start] + marker + behind + body + after
    read_back = _scalar_at(written, start)
    if read_back is not None and read_back.rstrip("\n") == "\n".join(lines):
        return written
    return text[:start] + _quoted(new) + behind + after


def _first_line(text: str) -> str:
    return re.split(r"\r?\n", text, maxsplit=1)[0]


def _scalar_at(text: str, start: int) -> str | None:
    """Return the scalar that starts at a character, or None where there is none or the text is not YAML."""
    events: Any = yaml.parse(text, Loader=_LOADER)
    try:
        return next((event.value for event in events if _mark(event, event).start == start and _is_scalar(event)), None)
    except yaml.YAMLError:
        return None


def _is_scalar(event: Any) -> bool:
    return isinstance(event, yaml.ScalarEvent)


def _quoted(text: str) -> str:
    """Return a double-quoted scalar: JSON's, with what YAML cannot hold or takes for a line break escaped too."""
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))
