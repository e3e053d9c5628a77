"""Random operators: what an implementation drew, read back or derived, and the laws that its draws must keep.

The operator's law is the function in training with its noise given by name. It is handed in as an Implementation that
takes noise (the built-in `numpy`, which is itself judged against torch's goldens with torch's noise injected).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from harness.bound import Run, derive_expected
from harness.errors import Unsupported
from harness.model import Array, Arrays, Call, Expected, NoiseMode, Outputs, Stage

#: the chance that a correct implementation fails one statistical law
FALSE_ALARM = 1e-9


class NotTheLaw(Exception):
    """The noise that an implementation drew is no noise of this operator."""


def expected_under(call: Call, noise: Arrays, law: Run) -> dict[Stage, dict[str, Expected]]:
    """Return what the operator's law gives under `noise`, with bounds as for any golden."""
    given = replace(call, noise=noise)
    return derive_expected(given, law(given), law)


# -- what was drawn


def drawn_noise(call: Call, outputs: Outputs, recorded: Arrays, law: Run) -> dict[str, Array]:
    """Return the noise under which `outputs` came about, with the shapes and dtypes of the `recorded` noise.

    It is what the implementation exposes, or else a mask derived from its answer. Raises `NotTheLaw` for noise of a
    shape or with values that the operator's noise never has.
    """
    if outputs.noise_mode is NoiseMode.READ_BACK:
        return {name: _exposed(name, outputs.noise[name], call, array) for name, array in recorded.items()}
    if len(recorded) != 1:
        raise Unsupported("it does not expose its noise, and several arrays of noise cannot be derived")
    name, array = next(iter(recorded.items()))
    if array.dtype != np.bool_:
        raise Unsupported(f"it does not expose its {name!r}, and noise that is no mask cannot be derived")
    return {name: _derive_mask(name, call, outputs, array.shape, law)}


def _exposed(name: str, exposed: Array, call: Call, recorded: Array) -> Array:
    """Return exposed noise as the operator's own: a mask as booleans, numbers in their dtype."""
    if recorded.dtype == np.bool_:
        return _as_mask(name, exposed, call, recorded.shape)
    if exposed.shape != recorded.shape:
        raise NotTheLaw(f"the exposed {name!r} has shape {exposed.shape}; expected {recorded.shape}")
    return exposed.astype(recorded.dtype)


def _as_mask(name: str, exposed: Array, call: Call, shape: tuple[int, ...]) -> Array:
    """Return an exposed mask as booleans in the operator's noise shape, whatever it broadcasts to the input."""
    values = exposed.astype(np.float64)
    if values.size and not np.isin(values, (0.0, values.max())).all():
        raise NotTheLaw(f"the exposed {name!r} has other values than kept and dropped: {np.unique(values)[:4]}")
    if values.shape == shape:
        return np.asarray(values != 0)
    full = next(iter(call.inputs.values())).shape
    try:
        kept = np.broadcast_to(values != 0, full)
    except ValueError:
        raise NotTheLaw(f"the exposed {name!r} has shape {exposed.shape}; expected {shape}") from None
    return _shrink(name, kept, shape)


def _shrink(name: str, kept: Array, shape: tuple[int, ...]) -> Array:
    """Return `kept` in the noise's shape: constant along every axis that the noise does not have."""
    axes = tuple(axis for axis, size in enumerate(shape) if size == 1 and kept.shape[axis] != 1)
    small = np.asarray(kept.any(axis=axes, keepdims=True)) if kept.size else np.ones(shape, dtype=np.bool_)
    if kept.size and not np.array_equal(np.broadcast_to(small, kept.shape), kept):
        raise NotTheLaw(f"{name!r} is not constant over a channel: elements are dropped one by one; expected {shape}")
    return small


def _derive_mask(name: str, call: Call, outputs: Outputs, shape: tuple[int, ...], law: Run) -> Array:
    """Return the mask that explains the answer best: per element, all kept or all dropped, whichever lies nearer.

    Where forward cannot tell (an input of zero), the gradient does; where neither can, both answers are the same.
    """
    every_other = np.arange(np.prod(shape, dtype=int)).reshape(shape) % 2 == 0
    kept, dropped, mixed = (
        law(replace(call, noise={name: mask})) for mask in (every_other | True, every_other & False, every_other)
    )
    answers = [next(iter(each.stages[Stage.FORWARD].values())) for each in (kept, dropped, mixed)]
    if not _falls_on(every_other, *answers):
        raise Unsupported(f"it does not expose its {name!r}, which does not fall on single elements of the answer")
    evidence = np.zeros(shape)
    for stage in (Stage.FORWARD, Stage.BACKWARD):
        arrays = outputs.stages.get(stage, {})
        for key, array in arrays.items():
            told = kept.stages.get(stage, {}).get(key)
            if told is None or not answers[0].shape == array.shape == told.shape:
                continue
            nearer = _gap(array, dropped.stages[stage][key]) - _gap(array, kept.stages[stage][key])
            summed = _sum_to(np.sign(nearer), shape)
            evidence = np.where(evidence == 0, summed, evidence)
    mask: Array = evidence >= 0
    return mask


def _falls_on(mask: Array, kept: Array, dropped: Array, mixed: Array) -> bool:
    """Tell whether a mask decides each element of the answer, or each channel of them, by itself."""
    if mask.ndim != kept.ndim or any(size not in (1, full) for size, full in zip(mask.shape, kept.shape, strict=True)):
        return False
    return np.array_equal(np.where(mask, kept, dropped), mixed, equal_nan=True)


def _gap(one: Array, other: Array) -> Array:
    """Return how far apart two arrays are; nan beside nan and inf beside inf are no distance."""
    a, b = one.astype(np.float64), other.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.abs(a - b)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.where(same, 0.0, np.where(np.isfinite(gap), gap, np.finfo(np.float64).max))


def _sum_to(values: Array, shape: tuple[int, ...]) -> Array:
    axes = tuple(axis for axis, size in enumerate(shape) if size == 1)
    return values.sum(axis=axes, keepdims=True) if axes and values.ndim == len(shape) else values


# -- laws


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a law looks at: the implementation, the call without noise, and how to tell what it drew."""

    run: Run
    call: Call
    outputs: Outputs
    noise: Arrays
    read_noise: Callable[[Call, Outputs], Arrays]

    def again(self, call: Call) -> Outputs:
        """Run the implementation once more. Raises `Unsupported` where it does not answer forward again."""
        outputs = self.run(call)
        if Stage.FORWARD not in outputs.stages:
            raise Unsupported(outputs.unsupported.get(Stage.FORWARD) or "it answers forward once only")
        return outputs

    def noise_of(self, call: Call) -> Arrays:
        """Run once more and return what was drawn."""
        return self.read_noise(call, self.again(call))

    def arrays(self) -> Iterable[tuple[str, Array]]:
        """Return the noise of this trial by name."""
        return self.noise.items()

    @property
    def keep(self) -> float:
        """The probability that an element is kept."""
        return 1.0 - float(self.call.params.get(self.dropped_by, 0.5))

    @property
    def dropped_by(self) -> str:
        """The param that is the probability of dropping: `dropout_p` in attention, `p` elsewhere."""
        return "dropout_p" if "dropout_p" in self.call.params else "p"


#: returns '' when the law holds, else what was found
Law: TypeAlias = Callable[[Trial], str]


def _with_p(trial: Trial, p: float, *, stages: tuple[Stage, ...]) -> Call:
    return replace(trial.call, params={**trial.call.params, trial.dropped_by: p}, stages=stages)


def _p_zero(trial: Trial) -> str:
    answer = trial.again(_with_p(trial, 0.0, stages=(Stage.FORWARD,))).stages[Stage.FORWARD]
    wanted = next(iter(trial.call.inputs.values()))
    return "" if all(np.array_equal(array, wanted) for array in answer.values()) else "p = 0 changes the input"


def _p_one(trial: Trial) -> str:
    answer = trial.again(_with_p(trial, 1.0, stages=(Stage.FORWARD,))).stages[Stage.FORWARD]
    return "" if all(not array.any() for array in answer.values()) else "p = 1 keeps something"


def _eval_identity(trial: Trial) -> str:
    answer = trial.outputs.stages.get(Stage.EVAL, {})
    wanted = next(iter(trial.call.inputs.values()))
    return "" if all(np.array_equal(array, wanted) for array in answer.values()) else "eval changes the input"


def _calls_differ(trial: Trial) -> str:
    other = trial.noise_of(replace(trial.call, noise_seed=(trial.call.noise_seed + 1) % 2**32))
    same = all(np.array_equal(array, other[name]) for name, array in trial.arrays())
    return "two calls draw the same noise" if same else ""


def _seed_repeats(trial: Trial) -> str:
    other = trial.noise_of(trial.call)
    same = all(np.array_equal(array, other[name]) for name, array in trial.arrays())
    return "" if same else "one seed draws two noises"


def _hoeffding(count: int) -> float:
    """Return how far a mean of `count` values in [0, 1] strays with probability FALSE_ALARM (Hoeffding 1963)."""
    return math.sqrt(math.log(2.0 / FALSE_ALARM) / (2.0 * count))


def _keep_rate(trial: Trial) -> str:
    for name, array in trial.arrays():
        rate, allowed = float(array.mean()), _hoeffding(array.size)
        if abs(rate - trial.keep) > allowed:
            return f"{name!r} keeps {rate:.4f} of {array.size}; expected {trial.keep:.4f} +- {allowed:.4f}"
    return ""


def _independent(trial: Trial) -> str:
    wanted = trial.keep**2 + (1.0 - trial.keep) ** 2
    for name, array in trial.arrays():
        for axis in range(array.ndim):
            pairs = array.shape[axis] // 2
            if not pairs:
                continue
            along = np.moveaxis(array, axis, 0)[: 2 * pairs]
            equal = along[0::2] == along[1::2]
            rate, allowed = float(equal.mean()), _hoeffding(equal.size)
            if abs(rate - wanted) > allowed:
                found = f"neighbours along axis {axis} of {name!r} are equal in {rate:.4f} of {equal.size} pairs"
                return f"{found}; expected {wanted:.4f} +- {allowed:.4f}"
    return ""


#: the laws that a case may name, in the order in which they are checked; the schema lists the same names
LAWS: Mapping[str, Law] = {
    "p_zero": _p_zero,
    "p_one": _p_one,
    "eval_identity": _eval_identity,
    "calls_differ": _calls_differ,
    "seed_repeats": _seed_repeats,
    "keep_rate": _keep_rate,
    "independent": _independent,
}


def broken_laws(names: Iterable[str], trial: Trial) -> tuple[list[str], list[str]]:
    """Return `law: what was found` for each named law that does not hold, and for each that is refused, why."""
    broken, refused = [], []
    for name in names:
        try:
            problem = LAWS[name](trial)
        except Unsupported as refusal:
            refused.append(f"law {name} not checked: {refusal}")
            continue
        broken += [f"law {name}: {problem}"] if problem else []
    return broken, refused
