"""The text of a case file, and the cases that its entries stand for: the matrix of each expanded into stable names."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from harness import yamltext
from harness.errors import CaseFileError, nearest
from harness.yamltext import Document

#: cases from one entry: a product of axes beyond this is a mistake
MAX_EXPANSION = 10_000
#: the key of a line, looked for where the keys of an entry stand
_KEY = re.compile(r"([a-z_]+):")
_AXIS = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)\Z")


def read_text(path: Path) -> str:
    """Return the characters of a case file as they stand, whatever its line ends.

    Raises `CaseFileError` when it cannot be read.
    """
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise CaseFileError(f"not UTF-8 at byte {error.start}", where=str(path), hint="save it as UTF-8") from error
    except OSError as error:
        raise CaseFileError(f"cannot be read: {error.strerror}", where=str(path)) from error


def read_case_names(path: Path) -> list[str]:
    """Return the names of the cases in a file, without a look at what they are.

    Raises `CaseFileError` for a file that is no YAML.
    """
    text = read_text(path)
    try:
        document = yamltext.parse(_outline(text), str(path), wanted=_names_only)
    except CaseFileError:  # not laid out in lines as the outline takes it: the whole text tells
        document = yamltext.parse(text, str(path), wanted=_names_only)
    entries = document.value.get("cases") if isinstance(document.value, dict) else None
    return [name for entry in (entries if isinstance(entries, list) else []) for name in case_names(entry)]


def _outline(text: str) -> str:
    """Return a case file without the lines that do not say how its cases are called; the whole if laid out otherwise.

    Reading YAML takes a third of a second for the whole catalogue; four fifths of it are inputs and transcripts.
    """
    kept = ["cases:"]
    wanted = False
    for line in text.partition("\ncases:\n")[2].splitlines():
        first, key = line[:4] == "  - ", _KEY.match(line, 4)
        if first or (key and line[:4] == "    "):
            wanted = key is not None and key[1] in ("name", "matrix")
            if first and not wanted:
                return text
        elif line[:5].strip() and line.lstrip()[:1] != "#":
            return text
        if wanted and line.strip():
            kept.append(line)
    return "\n".join(kept) if len(kept) > 1 else text


def _names_only(path: yamltext.Path) -> bool:
    """Tell whether a value says how cases are called: `cases`, and of each `name` and `matrix`."""
    return path[0] == "cases" and (len(path) != _OF_A_CASE or path[-1] in ("name", "matrix"))


#: parts of the path of a key of a case: cases, its number, the key
_OF_A_CASE = 3


def fail(document: Document, path: yamltext.Path, problem: str, hint: str = "", *, key: bool = False) -> NoReturn:
    """Raise `CaseFileError` at the place of `path` in the text."""
    raise CaseFileError(problem, where=str(document.locate(path, key=key)), hint=hint)


def expand(entry: dict[str, Any], document: Document, path: yamltext.Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and body of every case that `entry` stands for."""
    matrix = entry.get("matrix")
    if not isinstance(entry.get("name"), str):
        yield "", entry  # the schema refuses it
        return
    if matrix is None:
        _refuse_axes(entry, document, path)
        yield entry["name"], entry
        return
    if not _is_matrix(matrix):
        fail(document, (*path, "matrix"), "a matrix maps each axis to a list of values, or to labels and values")
    if "transcript" in entry:
        fail(document, (*path, "transcript"), "a case with a matrix has no transcript", "give one case its own entry")
    count = _count(matrix)
    if count > MAX_EXPANSION:
        fail(document, (*path, "matrix"), f"the matrix has {count} cases, the limit is {MAX_EXPANSION}")
    body = {key: value for key, value in entry.items() if key != "matrix"}
    axes_below = {key: _axes_in(value, document, (*path, key), known=matrix) for key, value in body.items()}
    used = set().union(*axes_below.values())
    for axis in matrix:
        if axis not in used:
            fail(
                document, (*path, "matrix", axis), f"axis {axis!r} is not used", f"write ${axis} in the case", key=True
            )
    moving = {key: value for key, value in body.items() if axes_below[key]}
    for name, values in _combinations(entry["name"], matrix):
        yield name, {**body, **_substitute(moving, values), "name": name}


def case_names(entry: Any) -> list[str]:
    """Return the names of the cases that an entry stands for; of an entry that cannot be read, none.

    Only `name` and `matrix` of the entry are looked at.
    """
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        return []
    matrix = entry.get("matrix")
    if not matrix:
        return [entry["name"]]
    if not _is_matrix(matrix) or _count(matrix) > MAX_EXPANSION:
        return []
    return [name for name, _ in _combinations(entry["name"], matrix)]


def _is_matrix(matrix: Any) -> bool:
    return isinstance(matrix, dict) and all(isinstance(axis, list | dict) and axis for axis in matrix.values())


def _count(matrix: Mapping[str, Any]) -> int:
    return math.prod(len(axis) for axis in matrix.values())


def _combinations(name: str, matrix: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and axis values of every combination, in the order of the axes."""
    axes = [_labelled(axis, values) for axis, values in matrix.items()]
    for combination in itertools.product(*axes):
        values = {axis: value for axis, (_, value) in zip(matrix, combination, strict=True)}
        yield "-".join([name, *(label for label, _ in combination)]), values


def _labelled(axis: str, values: list[Any] | dict[str, Any]) -> list[tuple[str, Any]]:
    if isinstance(values, dict):
        return list(values.items())
    return [(_label(axis, value), value) for value in values]


def _label(axis: str, value: Any) -> str:
    """Return the part of an id that names `value`: stable, and never its position.

    >>> _label("p", 0.5), _label("shape", [3, 7]), _label("shape", []), _label("nesterov", True)
    ('p0_5', '3x7', 'scalar', 'nesterov_true')
    """
    if isinstance(value, str):
        return re.sub(r"[^A-Za-z0-9_-]", "_", value)
    if isinstance(value, bool) or value is None:
        return f"{axis}_{str(value).lower()}"
    if isinstance(value, list):
        text = "x".join(re.sub(r"[^A-Za-z0-9_]", "_", str(item).replace("-", "m")) for item in value) or "scalar"
        return text if axis == "shape" else f"{axis}{text}"
    return axis + str(value).replace("-", "m").replace(".", "_").replace("+", "")


def _axes_in(value: Any, document: Document, path: yamltext.Path, *, known: Mapping[str, Any]) -> set[str]:
    """Return the axes that `value` refers to; one that `known` lacks is an error at its place."""
    if isinstance(value, dict):
        return set().union(*(_axes_in(item, document, (*path, key), known=known) for key, item in value.items()))
    if isinstance(value, list):
        return set().union(*(_axes_in(item, document, (*path, i), known=known) for i, item in enumerate(value)))
    match = _AXIS.match(value) if isinstance(value, str) else None
    if match is None:
        return set()
    if match[1] not in known:
        hint = nearest(match[1], known) if known else "give the case a matrix with that axis"
        fail(document, path, f"{value!r} is no axis of this case's matrix", hint)
    return {match[1]}


def _refuse_axes(entry: dict[str, Any], document: Document, path: yamltext.Path) -> None:
    _axes_in(entry, document, path, known={})


def _substitute(value: Any, axes: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _substitute(item, axes) for key, item in value.items()}
    if isinstance(value, list):
        return [_substitute(item, axes) for item in value]
    match = _AXIS.match(value) if isinstance(value, str) else None
    return axes[match[1]] if match else value
