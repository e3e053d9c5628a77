"""Implementation + Call -> Outputs that the harness can rely on: whatever a plug-in does, it is an answer or words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from harness.errors import GivenUp, Unsupported, message_of, speakable
from harness.model import Arrays, Call, Implementation, NoiseMode, Outputs, Stage, Verdict
from harness.worker import error_text as text_of
from harness.worker import is_refusal

_OWN_NOISE = (NoiseMode.READ_BACK, NoiseMode.DERIVED)
#: kinds of NumPy's own numbers, and NumPy's mark of those of another package, such as bfloat16
_NUMBERS = "fiubc"
_REGISTERED = 2
T = TypeVar("T")


class NoAnswer(Exception):
    """An implementation raised, or what it returned is no answer: the message says so to the user."""

    verdict = Verdict.ERROR


class Crashed(NoAnswer):
    """The process of an implementation died before it had answered."""

    verdict = Verdict.CRASH


class TimedOut(NoAnswer):
    """The process of an implementation did not answer in time."""

    verdict = Verdict.TIMEOUT


def ask(implementation: Implementation, call: Call) -> Outputs:
    """Return what an implementation answers, in plain mappings of arrays of numbers.

    Raises `Unsupported` for what it refuses, and `NoAnswer` for everything else that it can do wrong.
    """
    return _guarded(lambda: _parsed(implementation.run(call), call))


def lacks_seed(implementation: Implementation, operator: str) -> bool:
    """Tell whether an implementation says that an operator cannot be told the seed of its noise.

    Raises as `ask` does.
    """
    takes_seed = _guarded(lambda: getattr(implementation, "takes_seed", None))
    return callable(takes_seed) and not _guarded(lambda: takes_seed(operator))


def _guarded(work: Callable[[], T]) -> T:
    try:
        return work()
    except (Unsupported, NoAnswer, GivenUp, KeyboardInterrupt):
        raise
    except BaseException as error:  # whatever a plug-in raises is its ERROR and ends no run
        if is_refusal(error):
            raise Unsupported(message_of(error)) from error
        raise NoAnswer(error_text(error)) from error


def error_text(error: BaseException) -> str:
    """Return the end of a traceback: the plug-in's own frames and the exception."""
    return speakable(text_of(error, lambda file: Path(file).parent == Path(__file__).parent))


def _parsed(outputs: Any, call: Call) -> Outputs:
    if not isinstance(outputs, Outputs):
        raise NoAnswer(f"`run` returned {_kind(outputs)}; expected harness.model.Outputs")
    given = _mapping(outputs.stages, "Outputs.stages")
    refused = _mapping(outputs.unsupported, "Outputs.unsupported")
    mode = _noise_mode(outputs.noise_mode, call)
    noise = _arrays("noise", outputs.noise)
    if mode is NoiseMode.READ_BACK and (lost := [name for name in call.noise_names if name not in noise]):
        raise NoAnswer(f"Outputs.noise lacks {lost[0]!r}, which 'read-back' says that it exposes")
    return Outputs(
        stages={_stage(stage, "stages"): _arrays(stage, arrays) for stage, arrays in given.items()},
        unsupported={_stage(stage, "unsupported"): str(reason) for stage, reason in refused.items()},
        noise_mode=mode,
        noise=noise,
    )


def _mapping(value: Any, what: str) -> Mapping[Any, Any]:
    if type(value) is dict or isinstance(value, Mapping):  # nearly always a dict, which is quickly told
        return value
    raise NoAnswer(f"{what} is {_kind(value)}; expected a mapping")


def _stage(stage: Any, field: str) -> Stage:
    if type(stage) is Stage:
        return stage
    try:
        return Stage(stage)
    except ValueError:
        raise NoAnswer(f"Outputs.{field} names {stage!r}; expected {', '.join(Stage)}") from None


def _noise_mode(mode: Any, call: Call) -> NoiseMode:
    try:
        known = mode if type(mode) is NoiseMode else NoiseMode(mode)
    except ValueError:
        raise NoAnswer(f"Outputs.noise_mode is {mode!r}; expected {', '.join(NoiseMode)}") from None
    if known in _OWN_NOISE and not call.noise_names:
        raise NoAnswer(f"Outputs.noise_mode is '{known}', and {call.operator} has no noise")
    return known


def _arrays(part: str, arrays: Any) -> Arrays:
    """Return the arrays of a stage, or of the noise, by name."""
    found = {}
    for name, array in _mapping(arrays, part).items():
        if not isinstance(name, str):
            raise NoAnswer(f"{part} names an array by {name!r}; expected a string")
        if not isinstance(array, (np.ndarray, np.generic)):
            raise NoAnswer(f"{part}/{name} is {_kind(array)}; expected a NumPy array")
        if array.dtype.kind not in _NUMBERS and array.dtype.isbuiltin != _REGISTERED:
            raise NoAnswer(f"{part}/{name} is an array of dtype {array.dtype}; expected numbers")
        found[name] = array if type(array) is np.ndarray else np.asarray(array)
    return found


def _kind(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
