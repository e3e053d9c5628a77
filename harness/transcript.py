"""Arrays -> the printed text of a case, and back to values.

A layout is text with placeholders such as `{forward/output}` or `{eval/output|nonzero}`; an array is printed as NumPy
prints it. Trailing blanks are no part of a transcript.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np

from harness.bound import ulp
from harness.errors import UsageError, nearest
from harness.model import Array, Stage, is_floating

#: NumPy's own
_PRECISION = 8
_PLACEHOLDER = re.compile(r"\{([a-z_]+/[A-Za-z0-9_/]+)(\|nonzero)?\}")


def standard_layout(arrays: Mapping[str, Array]) -> str:
    """Return a layout that shows inputs, noise and every stage of `arrays`, in this order."""
    parts = ("inputs", "grad_outputs", "noise", *Stage)
    names = [name for part in parts for name in arrays if name.startswith(f"{part}/")]
    return "\n".join(f"{name} :\n {{{name}}}" for name in names)


def render(layout: str, arrays: Mapping[str, Array], options: Mapping[str, Any]) -> str:
    """Return the text of `layout` with each placeholder replaced by its array, without trailing blanks.

    Raises `UsageError` for a placeholder that names no array.
    """

    def printed(match: re.Match[str]) -> str:
        return _print(_lookup(match, arrays), options)

    return trimmed(_PLACEHOLDER.sub(printed, layout))


def trimmed(text: str) -> str:
    """Return `text` without trailing blanks on its lines and blank lines around it."""
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def _lookup(match: re.Match[str], arrays: Mapping[str, Array]) -> Array:
    name = match[1]
    if name not in arrays:
        raise UsageError(f"the transcript names no array of this case: {match[0]!r}", hint=nearest(name, arrays))
    return arrays[name] != 0 if match[2] else arrays[name]


def _print(array: Array, options: Mapping[str, Any]) -> str:
    if array.dtype == np.bool_:
        array = array.astype(np.int64)
    elif is_floating(array.dtype) and array.dtype.itemsize < 4:  # noqa: PLR2004 - the half-width types
        array = array.astype(np.float32)
    if array.dtype.kind == "f":
        array = array + 0.0  # -0.0 prints as 0.0: they are equal to the verdict rule too
    return np.array2string(
        array,
        precision=options.get("precision", _PRECISION),
        suppress_small=options.get("suppress", False),
        max_line_width=options.get("linewidth", 75),
        threshold=sys.maxsize,
        separator=" ",
        floatmode="maxprec",
    )


def compare_text(expect: str, layout: str, arrays: Mapping[str, Array], options: Mapping[str, Any]) -> tuple[str, str]:
    """Compare the printed text with the expected one: by value at the printed precision.

    Returns `("", "")` when the texts are the same, `("", note)` when only the text differs, and `(problem, "")` when a
    value does: a printed number is right when it lies within one unit of its last printed digit.
    """
    actual = render(layout, arrays, options)
    expect = trimmed(expect)
    if actual == expect:
        return "", ""
    texts = _placed(expect, layout)
    if texts is None:
        return f"the words around the arrays differ\n{_first_other_line(expect, actual)}", ""
    for match, text in zip(_PLACEHOLDER.finditer(layout), texts, strict=True):
        problem = _compare_numbers(text, _lookup(match, arrays), options.get("precision", _PRECISION))
        if problem:
            return f"{match[1]}: {problem}", ""
    note = "the transcript's text differs; its values agree to one unit of the last printed digit"
    return "", f"{note}\n{_first_other_line(expect, actual)}"


def _placed(expect: str, layout: str) -> list[str] | None:
    """Return the text that stands at each placeholder, or None when the words around them differ."""
    words = _PLACEHOLDER.split(trimmed(_PLACEHOLDER.sub(lambda match: match[0], layout)))[::3]
    pattern = "(.*?)".join(r"\s+".join(map(re.escape, re.split(r"\s+", word))) for word in words)
    match = re.fullmatch(pattern, expect, re.DOTALL)
    return list(match.groups()) if match else None


def _compare_numbers(text: str, array: Array, precision: int) -> str:
    tokens = re.sub(r"[\[\]]", " ", text).split()
    values = array.reshape(-1)
    if len(tokens) != values.size:
        return f"{len(tokens)} numbers are printed, the array has {values.size}"
    floating = is_floating(array.dtype)
    slack = 2.0 * ulp(values.astype(np.float64), array.dtype) if floating else np.zeros(values.size)
    for position, (token, value) in enumerate(zip(tokens, values.tolist(), strict=True)):
        if not _agrees(token, value, precision, float(slack[position])):
            index = [int(i) for i in np.unravel_index(position, array.shape)]
            return f"element {index} is {float(value):.17g}, the transcript says {token}"
    return ""


def _agrees(token: str, value: float, precision: int, slack: float) -> bool:
    """Tell whether a printed number is `value`, to one unit of its last digit; exactly where `slack` is 0.

    NumPy leaves trailing zeros out (0.5 at precision 6 says 0.500000), and prints no more digits than tell a number
    from its neighbours (`slack` is that distance).
    """
    if token in ("True", "False"):
        return (token == "True") == bool(value)
    try:
        printed = Decimal(token)
    except InvalidOperation:
        return False
    if printed.is_nan() or printed.is_infinite() or not math.isfinite(value):
        return str(float(printed)) == str(float(value))
    last = Decimal(1).scaleb(int(printed.as_tuple().exponent))
    power = int(token.lower().partition("e")[2] or 0)
    unit = min(last, max(Decimal(1).scaleb(power - precision), Decimal(slack))) if slack else Decimal(0)
    return abs(Decimal(value) - printed) <= unit


def _first_other_line(expect: str, actual: str) -> str:
    old, new = expect.splitlines(), actual.splitlines()
    for number in range(max(len(old), len(new))):
        wanted = old[number] if number < len(old) else "(nothing)"
        found = new[number] if number < len(new) else "(nothing)"
        if wanted != found:
            return f"  line {number + 1} expected: {wanted}\n  line {number + 1} printed:  {found}"
    return ""
