"""Wrong implementations of an operator, made for one case: answers that nobody computed, and other questions.

A wrong answer is a golden's stage with something in it changed. A wrong call is the case's own call with something in
it changed: what the right implementation answers to it is what a wrong one would have answered to the case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from typing import Any

import numpy as np

from harness.inputs import finfo
from harness.model import Array, Arrays, Call, Golden, Stage, is_floating, read_only

#: a floating input is moved by this share of itself, or by so many roundings where those are more
_SHARE = 0.04
_ROUNDINGS = 64.0
#: a zero becomes this share of the share
_AT_ZERO = 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class WrongAnswer:
    """What a wrong implementation might answer in one stage."""

    name: str
    stage: Stage
    arrays: Arrays


@dataclass(frozen=True, kw_only=True, slots=True)
class WrongCall:
    """A mutation of a call, in several ways: those that the implementation refuses are passed over."""

    name: str
    calls: Iterator[Call]


# -- answers


def wrong_answers(call: Call, golden: Golden) -> Iterator[WrongAnswer]:
    """Yield the golden of each stage with one array changed, and one stage's for another's; nothing where empty."""
    stages = _stages(call, golden)
    for stage, arrays in stages.items():
        for name, array in arrays.items():
            for mutation, changed in _changed(call, stage, name, array) if array.size else ():
                yield WrongAnswer(name=mutation, stage=stage, arrays={**arrays, name: changed})
    for source, target in permutations(stages, 2):
        if _fits(stages[source], stages[target]):
            yield WrongAnswer(name=f"stage:{source} answers {target}", stage=target, arrays=stages[source])


def ruled_out(call: Call, golden: Golden) -> Iterator[str]:
    """Yield the `identity` mutations that no implementation survives here: the input has another shape."""
    for stage, arrays in _stages(call, golden).items():
        for name, array in arrays.items():
            for key, given in _given(call, stage):
                if given.shape != array.shape:
                    yield f"identity:{stage}/{name}={key}"


def _stages(call: Call, golden: Golden) -> dict[Stage, dict[str, Array]]:
    return {
        stage: {name: array.golden for name, array in golden.expected[stage].items()}
        for stage in call.stages
        if stage in golden.expected
    }


def _changed(call: Call, stage: Stage, name: str, array: Array) -> Iterator[tuple[str, Array]]:
    """Yield an output's wrong versions by the name of the mutation."""
    for kind, change in _CHANGES.items():
        changed = change(array)
        if changed is not None:
            yield f"{kind}:{stage}/{name}", changed
    for key, given in _given(call, stage):
        if _alike(given, array):
            yield f"identity:{stage}/{name}={key}", given


def _given(call: Call, stage: Stage) -> Iterator[tuple[str, Array]]:
    """Yield what a stage is given, by its key: inputs, or for backward the upstream gradients."""
    part, given = ("grad_outputs", call.grad_outputs) if stage is Stage.BACKWARD else ("inputs", call.inputs)
    yield from ((f"{part}/{name}", array) for name, array in given.items())


def _negated(array: Array) -> Array | None:
    """Return -array; None where that is no other array."""
    signed = array.dtype.kind == "i" or is_floating(array.dtype)
    return np.asarray(-array) if signed and np.any((array != 0) & (array == array)) else None  # noqa: PLR0124 - nan is not itself


def _through_float16(array: Array) -> Array | None:
    """Return a float32 or float64 array as float16 would have kept it; None for others, or without a number in it."""
    if array.dtype.kind != "f" or array.itemsize < np.dtype(np.float32).itemsize:
        return None
    if not np.any(np.isfinite(array) & (array != 0)):
        return None
    return array.astype(np.float16).astype(array.dtype)


_CHANGES: Mapping[str, Callable[[Array], Array | None]] = {
    "zeros": np.zeros_like,
    "ones": np.ones_like,
    "sign": _negated,
    "float16": _through_float16,
}


def _fits(source: Arrays, target: Arrays) -> bool:
    """Tell whether one stage's arrays could stand for another's."""
    if set(source) != set(target) or not any(array.size for array in target.values()):
        return False
    return all(_alike(source[name], array) for name, array in target.items())


def _alike(one: Array, other: Array) -> bool:
    return one.shape == other.shape and one.dtype == other.dtype


# -- calls


def wrong_calls(call: Call, used: Mapping[str, Sequence[Any]]) -> Iterator[WrongCall]:
    """Yield mutations of a call; `used` holds the values that the cases of the operator give to each param."""
    for one, other in combinations(call.inputs, 2):
        a, b = call.inputs[one], call.inputs[other]
        if a.size and _alike(a, b):
            swapped = replace(call, inputs={**call.inputs, one: b, other: a})
            yield WrongCall(name=f"swap:{one}/{other}", calls=iter([swapped]))
    if Stage.BACKWARD in call.stages and any(array.size for array in call.grad_outputs.values()):
        ones = {name: read_only(np.ones_like(array)) for name, array in call.grad_outputs.items()}
        yield WrongCall(name="grad_outputs:ones", calls=iter([replace(call, grad_outputs=ones)]))
    for name in call.params:
        yield WrongCall(name=f"param:{name}", calls=_with_param(call, name, used.get(name, ())))
        left = {key: value for key, value in call.params.items() if key != name}
        yield WrongCall(name=f"param:{name}:default", calls=iter([replace(call, params=left)]))
    for name, array in call.inputs.items():
        if array.size:
            yield WrongCall(name=f"input:{name}", calls=_with_input(call, name, array))
    for name, array in call.noise.items():
        if array.size:
            yield WrongCall(name=f"noise:{name}", calls=_with_noise(call, name, array))


def _with_param(call: Call, name: str, used: Sequence[Any]) -> Iterator[Call]:
    present = call.params[name]
    for value in (*used, *nearby(present)):
        if not same(value, present):
            yield replace(call, params={**call.params, name: value})


def _with_input(call: Call, name: str, array: Array) -> Iterator[Call]:
    for moved in perturbed(array):
        yield replace(call, inputs={**call.inputs, name: moved})


def _with_noise(call: Call, name: str, array: Array) -> Iterator[Call]:
    flipped = [_flipped(array)] if array.dtype == np.bool_ else []
    for moved in (*flipped, *_rolled(array)):
        yield replace(call, noise={**call.noise, name: moved})


# -- values


def same(one: Any, other: Any) -> bool:
    """Tell whether two values of a param are the same: 1 and 1.0 are, 1 and true are not.

    >>> same(1, 1.0), same(1, True), same([0.9, 0.99], [0.9, 0.99])
    (True, False, True)
    """
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def distinct(values: Sequence[Any]) -> list[Any]:
    """Return the different values of a param in their order.

    >>> distinct([0.5, "mean", 0.5, None])
    [0.5, 'mean', None]
    """
    found: list[Any] = []
    for value in values:
        if not any(same(value, before) for before in found):
            found.append(value)
    return found


def nearby(value: Any) -> Iterator[Any]:
    """Yield values of a param near `value`: what is not legal the implementation refuses.

    >>> list(nearby(True)), list(nearby(2)), list(nearby(0.0)), list(nearby([1, 3]))
    ([False, None], [3, 1, None], [0.5, None], [[2, 3], [0, 3], [1, 4], [1, 2], None])
    """
    yield from _beside(value)
    if value is not None:
        yield None


def _beside(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1)
    elif isinstance(value, float):
        yield from (value * 1.5, value * 0.5) if value and np.isfinite(value) else (0.5,)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from ([*value[:index], other, *value[index + 1 :]] for other in _beside(item))


def perturbed(array: Array) -> Iterator[Array]:
    """Yield arrays near `array` that differ from it: alternately larger and smaller, then all smaller, then all larger.

    Integers and booleans are rolled by one along the last axis, and if that changes nothing, as a whole.
    """
    if not is_floating(array.dtype):
        yield from _rolled(array)
        if array.dtype == np.bool_:
            yield _flipped(array)
        return
    share = max(_SHARE, _ROUNDINGS * float(finfo(array.dtype).eps))
    alternating = np.where(np.arange(array.size) % 2 == 0, 1.0, -1.0).reshape(array.shape)
    wide = array.astype(np.float64)
    for signs, at_zero in ((alternating, _AT_ZERO), (-1.0, 0.0), (1.0, _AT_ZERO)):
        moved = np.where(wide == 0, share * at_zero * signs, wide * (1.0 + share * signs)).astype(array.dtype)
        if not np.array_equal(moved, array, equal_nan=True):
            yield read_only(moved)


def _flipped(mask: Array) -> Array:
    return read_only(np.asarray(~mask))


def _rolled(array: Array) -> Iterator[Array]:
    for axis in (-1, None) if array.ndim else ():
        rolled = np.roll(array, 1, axis=axis)
        if not np.array_equal(rolled, array):
            yield read_only(rolled)
