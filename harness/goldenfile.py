"""Golden files as they lie in one folder: one safetensors file an operator, and MANIFEST.

Keys are `<case>/<part>/<name>`, where part is inputs, grad_outputs, noise, a stage, or for a floating output also
`truth/<stage>` and `bound/<stage>`. `truth` is left out where it equals the golden. MANIFEST holds one line an array
(key, dtype, shape, sha256), in which an output answers for its truth and bound too, and one a case (`case`: the digest
of its text; `absent`: that version cannot do it). In a version's folder one line an operator, of the key `*`, holds the
digests of what its cases stand on (`base`: the reference's lines about each). What MANIFEST does not vouch for is
corrupt.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import safetensors
import safetensors.numpy

from harness.errors import GoldenError
from harness.inputs import digest, dtype_of
from harness.model import Array

MANIFEST = "MANIFEST"
_NOTES = ("case", "base", "absent")
#: the key of the line that is about every case of an operator
_EVERY = "*"
#: parts that are derived from an output and share its line, in the order in which they enter its digest
DERIVED = ("truth", "bound")
_NAMES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "BOOL": "bool",
    "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8",
}  # fmt: skip
_DTYPES = {name: dtype_of(dtype) for name, dtype in _NAMES.items()}


class Line(NamedTuple):
    """One line of MANIFEST: an array, or with dtype `case`, `base` or `absent` a note about a case."""

    key: str
    dtype: str
    shape: str
    sha256: str

    def __str__(self) -> str:
        """Return the line as it stands in the file."""
        return f"{self.key} {self.dtype} {self.shape} {self.sha256}"

    @property
    def is_array(self) -> bool:
        """True for an array, False for a note about a case."""
        return self.dtype not in _NOTES


def array_line(key: str, array: Array, *derived: Array) -> Line:
    """Return the MANIFEST line of an array and of what is derived from it; a scalar's shape is written `()`."""
    return Line(key=key, dtype=_dtype_name(array.dtype), shape=_shape_text(array.shape), sha256=digest(array, *derived))


def array_lines(arrays: Mapping[str, Array]) -> list[Line]:
    """Return the lines of arrays by their keys below the operator: one for each that is not derived from another."""
    return [array_line(key, array, *derived(key, arrays)) for key, array in arrays.items() if owner(key) == key]


def owner(key: str) -> str:
    """Return the key of the array in whose line that of `key` is: an output's for its truth and bound.

    >>> owner("small/bound/forward/output"), owner("small/inputs/input")
    ('small/forward/output', 'small/inputs/input')
    """
    case, part, *rest = key.split("/")
    return "/".join([case, *rest]) if part in DERIVED else key


def derived(key: str, arrays: Mapping[str, Array]) -> list[Array]:
    """Return the truth and the bound of an output, where it has them."""
    case, _, rest = key.partition("/")
    keys = (f"{case}/{part}/{rest}" for part in DERIVED)
    return [arrays[each] for each in keys if each in arrays]


@functools.lru_cache(maxsize=64)
def _dtype_name(dtype: np.dtype[Any]) -> str:
    return dtype.name  # NumPy puts the name together anew each time it is asked


@functools.lru_cache(maxsize=1024)
def _shape_text(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "()"


def vouched(line: Line, array: Array, *derived: Array) -> bool:
    """Tell whether `array`, with what is derived from it, is the one that a line of MANIFEST names."""
    return (
        digest(array, *derived) == line.sha256
        and _shape_text(array.shape) == line.shape
        and _dtype_name(array.dtype) == line.dtype
    )


# -- one operator's arrays, as they lie in a folder


@dataclass(frozen=True, kw_only=True)
class OperatorFile:
    """The arrays of one operator in one folder, checked against MANIFEST when they are taken."""

    path: Path
    lines: Mapping[str, Line]  #: key below the operator -> line, arrays and notes apart
    notes: Mapping[str, Mapping[str, str]]  #: case -> note -> digest
    arrays: Mapping[str, Array]
    bases: frozenset[str] = frozenset()  #: digests of the reference's lines about each case that was recorded over them
    _vouched: set[str] = field(default_factory=set, repr=False, compare=False)

    def take(self, key: str) -> Array | None:
        """Return the array of `key`, or None where there is none.

        Raises `GoldenError` naming the array when its bytes are not what MANIFEST says.
        """
        array = self.arrays.get(key)
        of = owner(key)
        if of not in self._vouched:
            line = self.lines.get(of)
            if line is None and array is None:
                return None
            self.output(of)
            self._vouched.add(of)
        return array

    def output(self, key: str) -> tuple[Array, Array | None, Array | None]:
        """Return an output with its truth and its bound, None where it has none.

        Raises `GoldenError` as `take` does.
        """
        case, _, rest = key.partition("/")
        truth, bound = (self.arrays.get(f"{case}/{part}/{rest}") for part in DERIVED)
        array = self.arrays.get(key)
        line = self.lines.get(key)
        beside = [each for each in (truth, bound) if each is not None]
        if line is None or array is None or not vouched(line, array, *beside):
            found = "is missing" if array is None else "is not the array that MANIFEST names"
            raise GoldenError(f"array {key!r} {found}", where=str(self.path), hint="restore the file or record it anew")
        return array, truth, bound

    def lines_of(self, case: str) -> Iterator[Line]:
        """Yield the lines of MANIFEST about one case, arrays and notes."""
        yield from (self.lines[f"{case}/{key}"] for key in self.keys_of(case) if f"{case}/{key}" in self.lines)
        for note, sha256 in self.notes.get(case, {}).items():
            yield Line(key=case, dtype=note, shape="-", sha256=sha256)

    def keys_of(self, case: str) -> list[str]:
        """Return the keys of one case's arrays below the case, sorted as in MANIFEST."""
        return self._keys.get(case, [])

    @cached_property
    def _keys(self) -> dict[str, list[str]]:
        keys: dict[str, list[str]] = {}
        for key in sorted({*self.lines, *self.arrays}):
            case, _, rest = key.partition("/")
            keys.setdefault(case, []).append(rest)
        return keys


def read_manifest(folder: Path) -> str:
    """Return the text of a folder's MANIFEST, '' when there is none."""
    try:
        return _text((folder / MANIFEST).read_bytes(), folder)
    except FileNotFoundError:
        return ""


def _text(rows: bytes, folder: Path) -> str:
    try:
        return rows.decode()
    except UnicodeDecodeError as error:
        raise GoldenError(f"not UTF-8: {error}", where=str(folder / MANIFEST), hint="restore the file") from error


def read_operator_manifest(folder: Path, operator: str) -> str:
    """Return the lines of MANIFEST about one operator, found by bisection: the whole of it is never held."""
    prefix = f"{operator}/".encode()
    try:
        with (folder / MANIFEST).open("rb") as file:
            low, high = 0, file.seek(0, os.SEEK_END)
            while low < high:
                middle = (low + high) // 2
                _seek_line(file, middle)
                row = file.readline()
                low, high = (middle + 1, high) if row and row < prefix else (low, middle)
            _seek_line(file, low)
            return _text(b"".join(itertools.takewhile(lambda row: bytes(row).startswith(prefix), file)), folder)
    except FileNotFoundError:
        return ""


def _seek_line(file: BinaryIO, offset: int) -> None:
    """Go to the first line that begins at `offset` or behind it."""
    file.seek(max(offset - 1, 0))
    if offset:
        file.readline()


def read_operator(folder: Path, operator: str, manifest: str) -> OperatorFile:
    """Read the arrays of `<family>/<operator>` below `folder`; `manifest` is the folder's MANIFEST.

    Raises `GoldenError` when the file is no safetensors file, or MANIFEST cannot be read.
    """
    path = folder / f"{operator}.safetensors"
    lines, notes = _parse_manifest(manifest, operator, folder)
    bases = frozenset(notes.pop(_EVERY, {}).get("base", "").split(","))
    try:
        blob = path.read_bytes()
    except FileNotFoundError:
        blob = b""
    arrays = _read_arrays(blob, path) if blob else {}
    return OperatorFile(path=path, lines=lines, notes=notes, arrays=arrays, bases=bases - {""})


def _read_arrays(blob: bytes, path: Path) -> dict[str, Array]:
    """Return the arrays of a safetensors file as views: eight bytes of length, a JSON header, the data.

    The library that wrote the file copies each array, which takes a replay of small cases twice as long as reading the
    header here; MANIFEST vouches for every array that is taken. Raises `GoldenError`, naming the array where one is
    described wrongly.
    """
    start = 8 + int.from_bytes(blob[:8], "little")
    key = ""
    arrays: dict[str, Array] = {}
    try:
        data = memoryview(blob)[start:]
        for key, entry in json.loads(blob[8:start]).items():
            if key != "__metadata__":
                begin, end = entry["data_offsets"]
                flat = np.frombuffer(data[begin:end], dtype=_DTYPES[entry["dtype"]])
                arrays[key] = flat.reshape(entry["shape"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        found = f"array {key!r} is described wrongly: " if key else ""
        problem = f"not a golden file: {found}{type(error).__name__}: {error}"
        raise GoldenError(problem, where=str(path), hint="restore the file or record it anew") from error
    return arrays


def _parse_manifest(text: str, operator: str, folder: Path) -> tuple[dict[str, Line], dict[str, dict[str, str]]]:
    """Return the array lines and the notes of one operator; MANIFEST is sorted, so they stand together."""
    lines: dict[str, Line] = {}
    notes: dict[str, dict[str, str]] = {}
    prefix = f"{operator}/"
    for row in _rows(text, prefix):
        try:
            key, dtype, shape, sha256 = row[len(prefix) :].split(" ")
        except ValueError as error:
            raise GoldenError(f"cannot read the line {row!r}", where=str(folder / MANIFEST)) from error
        if dtype in _NOTES:
            notes.setdefault(key, {})[dtype] = sha256
        else:
            lines[key] = Line(key, dtype, shape, sha256)
    return lines, notes


def _rows(text: str, prefix: str) -> list[str]:
    """Return the lines that begin with `prefix`; they stand together, so only they are read."""
    start = 0 if text.startswith(prefix) else text.find(f"\n{prefix}") + 1
    if not text.startswith(prefix, start):
        return []
    last = max(text.rfind(f"\n{prefix}") + 1, start)
    end = text.find("\n", last)
    return text[start : end if end >= 0 else len(text)].split("\n")


def save_operator(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write a golden file, and read it back to see that it holds what was meant.

    Arrays are written contiguous: safetensors 0.8 writes strided ones wrongly without a word.
    """
    solid = {key: np.ascontiguousarray(arrays[key]).reshape(arrays[key].shape) for key in sorted(arrays)}
    blob = safetensors.numpy.save(solid, metadata={"format": "golden-harness 1"})
    for key, view in safetensors.deserialize(blob):  # type: ignore[no-untyped-call]
        back = np.frombuffer(view["data"], dtype=_DTYPES[view["dtype"]]).reshape(view["shape"])
        if array_line(key, back) != array_line(key, solid[key]):
            raise GoldenError(f"array {key!r} did not survive writing", where=str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(blob)


def base_lines(digests: Iterable[str]) -> list[Line]:
    """Return the line that names what the cases of an operator stand on, [] when there is nothing."""
    text = ",".join(sorted(digests))
    return [Line(key=_EVERY, dtype="base", shape="-", sha256=text)] if text else []


def write_manifest(path: Path, lines: Mapping[str, Iterable[Line]]) -> None:
    """Write MANIFEST from the lines of each operator, sorted."""
    rows = sorted(f"{operator}/{line}" for operator, group in lines.items() for line in group)
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
