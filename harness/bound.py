"""The error bound of a golden: derived per element, not guessed.

A floating output in dtype d is judged against `truth`, the reference in float64 on the same inputs, and

    bound = ulp_d(truth) + spread + rounding + own

where `spread` is how far one rounding of the inputs moves the answer (backward error: Higham, Accuracy and Stability of
Numerical Algorithms, 2nd ed., section 1.5), `rounding` how far one after every operation on the way does, and `own`
what the reference itself lost in dtype d. The error ratio of an implementation is max |actual - truth| / bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, TypeAlias

import numpy as np

from harness.errors import RecordError
from harness.inputs import finfo
from harness.model import Array, Arrays, Call, Expected, Outputs, Stage, is_floating

#: the largest error ratio that conforms
LIMIT = 8.0
#: perturbed runs of the reference, K in docs/design.md
RUNS = 8
#: and of those with roundings on the way
ROUNDED_RUNS = 8
#: roundings on the way are no smaller, so that float64's own do not cover them; what they move is scaled down
_SMALLEST_UNIT = 2.0**-36
#: a jump is looked for where a perturbation moves an answer by more than this many ulp
_JUMP_ULPS = 64.0
#: and by more than this share of the largest number of the stage: below is float64's own rounding noise, as in a
#: gradient that is zero analytically
_NOISE = 2.0**-40
#: the smaller step of the jump test, as a share of the larger
_STEP = 2.0**-8

Run: TypeAlias = Callable[[Call], Outputs]
Key: TypeAlias = tuple[Stage, str]
Wide: TypeAlias = dict[Key, Array]


class Rounded(Protocol):
    """A run of the reference in which every operation rounds its result up or down by `unit`, at random."""

    def __call__(self, call: Call, *, unit: float, seed: int) -> Outputs:
        """Answer a call in float64."""


def ulp(values: Array, dtype: np.dtype[Any]) -> Array:
    """Return the spacing of `dtype` at |values| as float64; 0 where a value is not finite.

    At and below the smallest normal number this is the smallest denormal.
    """
    limits = finfo(dtype)
    exponent = np.frexp(np.where(np.isfinite(values), values, 1.0))[1] - 1
    exponent = np.clip(exponent, int(limits.minexp), int(limits.maxexp) - 1)
    lowest = int(limits.minexp)
    exponent = np.where(values == 0, lowest, exponent)
    return np.where(np.isfinite(values), np.ldexp(1.0, exponent - int(limits.nmant)), 0.0)


def derive_expected(
    call: Call,
    golden: Outputs,
    run: Run,
    *,
    rounded: Rounded | None = None,
    exact: bool = False,
    normwise: bool = False,
) -> dict[Stage, dict[str, Expected]]:
    """Return truth and bound for every array of `golden`, the answer of a reference to `call`.

    `run` is that reference, and `rounded` it with roundings on the way, where it can do so; `call` carries the noise
    under which it answered. With `exact` no rounding of the inputs is allowed for, so that ties may stand. Raises
    `RecordError` for an answer that is ill-posed (one rounding of an input flips it) or that the reference lost
    altogether. With `normwise` one rounding of the largest number of an output is allowed in each: the error of a fast
    Fourier transform is bounded beside the norm of its result alone (Higham, theorem 24.2), so that a number that is
    small, or zero by symmetry, may be off by as much as the largest.
    """
    dtype = np.dtype(next(iter(_floating(golden).values())).dtype) if _floating(golden) else np.dtype(np.float64)
    truth = _wide(run(_cast(call, np.dtype(np.float64))))
    spread = {key: np.zeros(array.shape) for key, array in truth.items()} if exact else _spread(call, truth, dtype, run)
    if rounded is not None:
        spread = {key: moved + spread[key] for key, moved in _rounding_spread(call, truth, dtype, rounded).items()}
    if normwise:
        eps = float(finfo(dtype).eps)
        spread = {key: array + eps * _largest(truth[key]) for key, array in spread.items()}
    own = _own_loss(call, golden, truth, run)
    expected: dict[Stage, dict[str, Expected]] = {}
    for stage, arrays in golden.stages.items():
        expected[stage] = {}
        for name, array in arrays.items():
            key = (stage, name)
            expected[stage][name] = (
                _expected(key, array, truth[key], spread[key], own[key])
                if is_floating(array.dtype)
                else Expected(golden=array, truth=array, bound=np.zeros(array.shape))
            )
    return expected


def answered_by_another(golden: Array, reference: Expected) -> Expected:
    """Return how another version's answer to the same question is judged: what it lost stands for what was lost there.

    Truth and spread belong to the question. In float64, where the loss is float32's scaled, the bound stays as it is.
    """
    bound = reference.bound
    if golden.dtype != np.float64:
        lost = _largest_gap(reference.golden, reference.truth)
        least = ulp(reference.truth, golden.dtype)
        own = _largest_gap(golden, reference.truth)
        bound = np.where(bound > 0, np.maximum(bound - lost, least) + own, 0.0)
    return Expected(golden=golden, truth=reference.truth, bound=bound)


def _expected(key: Key, golden: Array, truth: Array, spread: Array, own: float) -> Expected:
    wide = golden.astype(np.float64)
    lost = np.isfinite(truth) & ~np.isfinite(wide) & (np.abs(truth) <= float(finfo(golden.dtype).max))
    lost |= ~np.isfinite(truth) & np.isfinite(wide)
    if lost.any():
        index = _first(lost)
        msg = f"{_words(key, index)}: the reference gives {wide[index]} in {golden.dtype} and {truth[index]} in float64"
        raise RecordError(msg, hint="choose inputs that do not overflow on the way")
    finite = np.isfinite(truth) & np.isfinite(wide)
    beyond = finite & _too_large(truth, golden.dtype)
    truth, spread = np.where(beyond, wide, truth), np.where(beyond, 0.0, spread)
    bound = np.where(finite, ulp(truth, golden.dtype) + spread + own, 0.0)
    return Expected(golden=golden, truth=truth, bound=bound)


def _first(mask: Array) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(mask)), mask.shape))


def _words(key: Key, index: tuple[int, ...]) -> str:
    return f"{key[0]}/{key[1]}[{', '.join(map(str, index))}]"


# -- the runs of the reference


def _floating(outputs: Outputs) -> Wide:
    return {
        (stage, name): array
        for stage, arrays in outputs.stages.items()
        for name, array in arrays.items()
        if is_floating(array.dtype)
    }


def _wide(outputs: Outputs) -> Wide:
    """Flatten to one mapping; floating arrays in float64, the others as they are."""
    return {
        (stage, name): array.astype(np.float64) if is_floating(array.dtype) else array
        for stage, arrays in outputs.stages.items()
        for name, array in arrays.items()
    }


def _map_floating(arrays: Arrays, change: Callable[[Array], Array]) -> dict[str, Array]:
    return {name: change(array) if is_floating(array.dtype) else array for name, array in arrays.items()}


def _cast(call: Call, dtype: np.dtype[Any]) -> Call:
    """Return the same call with its floating arrays in `dtype`."""
    with np.errstate(over="ignore"):
        inputs = _map_floating(call.inputs, lambda array: array.astype(dtype))
        grads = _map_floating(call.grad_outputs, lambda array: array.astype(dtype))
    return replace(call, inputs=inputs, grad_outputs=grads, dtype=dtype.name, widest=dtype == np.float64)


def _perturbed(call: Call, eps: float, signs: Callable[[Array], Array]) -> Call:
    """Return the call in float64, every floating element x moved to x (1 + eps s). Zeros stay zeros."""
    wide = _cast(call, np.dtype(np.float64))

    def move(array: Array) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            return array * (1.0 + eps * signs(array))

    return replace(wide, inputs=_map_floating(wide.inputs, move), grad_outputs=_map_floating(wide.grad_outputs, move))


def _directions(seed: int) -> Iterator[Callable[[Array], Array]]:
    """Yield ways to choose signs: random ones, their opposites, all smaller, all larger in magnitude.

    The later ones stand in where a perturbed input leaves the function's domain.
    """
    for sign in (1.0, -1.0):
        yield partial(_random_signs, sign, np.random.RandomState(seed))
    yield lambda array: np.full(array.shape, -1.0)
    yield lambda array: np.full(array.shape, 1.0)


def _random_signs(sign: float, stream: np.random.RandomState, array: Array) -> Array:
    return sign * (2.0 * np.asarray(stream.randint(0, 2, size=array.shape)) - 1.0)


def _spread(call: Call, truth: Wide, dtype: np.dtype[Any], run: Run) -> Wide:
    """Return how far one rounding of the inputs moves each floating element, and refuse what flips."""
    eps = float(finfo(dtype).eps)
    spread = {key: np.zeros(array.shape) for key, array in truth.items()}
    noise = _noise_floor(call, truth)
    for seed in range(RUNS):
        pending = {key: np.isfinite(array) for key, array in truth.items() if is_floating(array.dtype)}
        for direction, signs in enumerate(_directions(seed)):
            moved = _try_run(run, _perturbed(call, eps, signs))
            if moved is None:
                continue
            near = None
            for key, array in truth.items():
                if key not in pending:
                    _refuse_flip(key, array, moved[key])
                    continue
                step, missing = _movement(moved[key], array, pending[key])
                spread[key] = np.maximum(spread[key], step)
                pending[key] = missing
                suspects = step > np.maximum(_JUMP_ULPS * ulp(array, dtype), noise[key[0]])
                if suspects.any() and dtype != np.float64:
                    near = near or _try_run(run, _perturbed(call, eps * _STEP, list(_directions(seed))[direction]))
                    if near is not None:
                        _refuse_jump(key, array, step, near[key], suspects)
            if not any(missing.any() for missing in pending.values()):
                break
    return spread


def _rounding_spread(call: Call, truth: Wide, dtype: np.dtype[Any], rounded: Rounded) -> Wide:
    """Return how far roundings on the way move each floating element; what they make jump, or no number, is left out.

    The inputs are what they are here: a tie that only roundings break says nothing against them.
    """
    wide, unit = _cast(call, np.dtype(np.float64)), float(finfo(dtype).eps) / 2
    step = max(unit, _SMALLEST_UNIT)
    spread = {key: np.zeros(array.shape) for key, array in truth.items()}
    noise = _noise_floor(call, truth)
    for seed in range(ROUNDED_RUNS):
        moved = _try_run(partial(rounded, unit=step, seed=seed), wide) or {}
        near: Wide | None = None
        for key, array in truth.items():
            if not is_floating(array.dtype) or key not in moved or moved[key].shape != array.shape:
                continue
            far, _ = _movement(moved[key], array, np.isfinite(array))
            suspects = far > np.maximum(_JUMP_ULPS * step / unit * ulp(array, dtype), noise[key[0]])
            if suspects.any():
                near = near or _try_run(partial(rounded, unit=step * _STEP, seed=seed), wide) or moved
                if near[key].shape != array.shape:
                    continue
                close, _ = _movement(near[key], array, np.isfinite(array))
                far = np.where(suspects & _jumps(close, far), 0.0, far)
            spread[key] = np.maximum(spread[key], far * (unit / step))
        if moved and all(np.array_equal(moved[key], array, equal_nan=True) for key, array in truth.items()):
            break  # nothing on the way is rounded
    return spread


def _noise_floor(call: Call, truth: Wide) -> dict[Stage, float]:
    """Return by stage how much of a movement is rounding in float64 and no answer.

    Gradients that are all zero analytically are the rounding of what came down.
    """
    upstream = [_largest(array) for array in call.grad_outputs.values()]
    floor = {Stage.BACKWARD: max(upstream, default=0.0) * _NOISE}
    for (stage, _), array in truth.items():
        if is_floating(array.dtype):
            floor[stage] = max(floor.get(stage, 0.0), _largest(array) * _NOISE)
    return floor


def _try_run(run: Run, call: Call) -> Wide | None:
    """Run on perturbed inputs; None when they left the function's domain and the reference raised."""
    try:
        return _wide(run(call))
    except Exception:  # noqa: BLE001 - whatever the reference raises outside its domain
        return None


def _largest(array: Array) -> float:
    """Return the largest finite magnitude in a floating array, 0 for any other."""
    return float(np.max(np.abs(array), initial=0.0, where=np.isfinite(array))) if is_floating(array.dtype) else 0.0


def _movement(moved: Array, truth: Array, pending: Array) -> tuple[Array, Array]:
    """Return |moved - truth| where it is pending and finite, and which elements are still pending."""
    with np.errstate(invalid="ignore", over="ignore"):
        step = np.abs(moved - truth)
    usable = pending & np.isfinite(step)
    return np.where(usable, step, 0.0), pending & ~usable


def _refuse_flip(key: Key, truth: Array, moved: Array) -> None:
    if truth.shape == moved.shape and not np.array_equal(truth, moved):
        index = _first(truth != moved)
        msg = f"{_words(key, index)} is ill-posed: it flips from {truth[index]} to {moved[index]}"
        raise RecordError(f"{msg} when the inputs move by one rounding", hint="move the inputs away from ties")


def _refuse_jump(key: Key, truth: Array, step: Array, near: Array, suspects: Array) -> None:
    """Refuse an element whose movement does not shrink with the step, or all but vanishes: it jumped."""
    with np.errstate(invalid="ignore"):
        closer = np.abs(near - truth)
    jumped = suspects & _jumps(closer, step)
    if jumped.any():
        index = _first(jumped)
        msg = f"{_words(key, index)} is ill-posed: it jumps by {step[index]:.3g} when the inputs move by one rounding"
        raise RecordError(msg, hint="move the inputs away from the discontinuity")


def _jumps(small: Array, large: Array) -> Array:
    """Tell where the movements of two steps, one 2^-8 of the other, are those of a jump.

    For a smooth function the movement scales with the step. A jump nearer than the smaller step leaves it as it was;
    one between the two leaves next to nothing.
    """
    return (small > large / 4) | (small < large * _STEP / 16)


def _own_loss(call: Call, golden: Outputs, truth: Wide, run: Run) -> Mapping[Key, float]:
    """Return per tensor the largest |golden - truth|; for float64, float32's loss scaled by 2^-29."""
    floating = _floating(golden)
    if not any(array.dtype == np.float64 for array in floating.values()):
        return {key: _largest_gap(array, truth[key]) for key, array in floating.items()}
    narrow = _cast(call, np.dtype(np.float32))
    wide = _wide(run(_cast(narrow, np.dtype(np.float64))))
    lossy = _wide(run(narrow))
    return {key: _largest_gap(lossy[key], wide[key]) * 2.0**-29 for key in floating}


def _largest_gap(array: Array, truth: Array) -> float:
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.abs(array.astype(np.float64) - truth)
    return float(np.max(gap, initial=0.0, where=np.isfinite(gap) & ~_too_large(truth, array.dtype)))


def _too_large(truth: Array, dtype: np.dtype[Any]) -> Array:
    """Tell where float64 goes beyond a dtype: an answer that is a number there all the same is meant for that dtype.

    The largest number that `nan_to_num` puts for inf is such an answer, and its own truth.
    """
    return np.abs(truth) > float(finfo(dtype).max)
