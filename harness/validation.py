"""A value of a YAML text -> a pydantic model, every complaint in our words and at its place in the text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from harness import yamltext
from harness.errors import nearest
from harness.matrix import fail
from harness.schema import ONE, SEVERAL, Strict
from harness.yamltext import Document

#: characters of a value that an error shows
_SHOWN = 60
M = TypeVar("M", bound=Strict)


def validated(
    model: type[M], value: Any, document: Document, path: yamltext.Path, *, docs: str,
    below: Mapping[str, type[Strict]],
) -> M:  # fmt: skip
    """Return `value`, which stands at `path`, as a `model`.

    `docs` is the page that says what belongs there; `below` holds the model of what stands below a key, for naming the
    nearest valid key. Raises `CaseFileError` with file, line and column for the first thing that is wrong.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        _explain(error, model, document, path, docs=docs, below=below)


def _explain(
    error: ValidationError, model: type[Strict], document: Document, path: yamltext.Path, *, docs: str,
    below: Mapping[str, type[Strict]],
) -> NoReturn:  # fmt: skip
    """Raise the first of pydantic's complaints; a misspelt key comes first."""
    first = min(error.errors(), key=lambda complaint: complaint["type"] != "extra_forbidden")
    loc = tuple(part for part in first["loc"] if part not in ("[key]", ONE, SEVERAL))
    place = (*path, *loc)
    dotted = ".".join(map(str, loc)) or "the file"
    kind, found = first["type"], first["input"]
    if kind == "extra_forbidden":
        owner = next((below[str(part)] for part in reversed(loc[:-1]) if part in below), model)
        hint = nearest(str(loc[-1]), owner.model_fields)
        fail(document, place, f"unknown key {loc[-1]!r} ({dotted})", hint, key=True)
    if kind == "missing":
        fail(document, place[:-1], f"key {loc[-1]!r} is missing ({dotted})", f"see {docs}")
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", first["ctx"]["expected"])
        fail(document, place, f"unknown value {found!r} for {dotted}", nearest(str(found), allowed))
    if kind == "value_error":
        fail(document, place, f"{first['ctx']['error']} ({dotted})")
    fail(document, place, f"found {_short(found)} for {dotted}: {first['msg'][0].lower()}{first['msg'][1:]}")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
