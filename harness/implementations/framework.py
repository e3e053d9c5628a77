"""What the adapters of frameworks share: an operator is a function of the framework's own arrays.

An adapter is a `Framework` with a table from the operator's name to such a function. It takes inputs and params by
torch's names (or inputs by position), `training` where the operator has a mode, the noise by name where it can be
given, and `seed` where it draws its own. Gradients come from the framework's own differentiation, never from a formula
here.
"""

from __future__ import annotations

import functools
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import numpy as np

from harness.errors import Unsupported
from harness.model import Array, Arrays, Call, NoiseMode, Outputs, Stage, read_only
from harness.worker import gathered

#: takes inputs and params, returns an array of the framework, a tuple, a mapping by name, or `Drawn`
Operator = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """The answer of a random operator that drew its own noise and can say which."""

    answer: Any
    noise: Mapping[str, Any] = field(default_factory=dict)  #: in the framework's arrays


class Framework(ABC):
    """An Implementation over a table of functions; a subclass knows the framework's arrays and differentiation."""

    name: str
    package: str  #: the distribution whose version is judged
    #: exceptions by which the framework says that it has no such kernel
    refusals: tuple[type[Exception], ...] = (NotImplementedError,)

    def __init__(self, operators: Mapping[str, Operator]) -> None:
        """Take the operators by name."""
        self.operators = operators

    @property
    def version(self) -> str:
        """The installed version."""
        return metadata.version(self.package)

    @abstractmethod
    def to_own(self, array: Array) -> Any:
        """Return an array of the framework with the same dtype. Raises `Unsupported` for a dtype that it lacks."""

    @abstractmethod
    def to_numpy(self, value: Any) -> Array:
        """Return an array of the framework as NumPy's, bfloat16 as ml_dtypes has it."""

    def vjp(
        self, function: Callable[..., tuple[Any, ...]], primals: Sequence[Any], upstream: Callable[[int], Any]
    ) -> tuple[tuple[Any, ...], Sequence[Any]]:
        """Return the outputs of `function(*primals)`, and the gradient of each primal.

        `upstream(i)` is the upstream gradient of output i, None for one that has none. The gradient of a primal that
        no output depends on may be None: it is zero.
        """
        del function, primals, upstream
        raise Unsupported(f"{self.name} does not differentiate")

    def as_complex(self, pairs: Any) -> Any:
        """Return complex numbers from pairs in the last axis."""
        del pairs
        raise Unsupported(f"{self.name} takes no complex numbers")

    def as_pairs(self, value: Any) -> Any:
        """Return `value`, complex numbers as pairs in a last axis of 2."""
        return value

    def refused(self, error: Exception) -> str:
        """Return why the framework refuses a call, '' when the exception says something else."""
        return f"{type(error).__name__}: {error}" if isinstance(error, self.refusals) else ""

    def takes_seed(self, operator: str) -> bool:
        """Tell whether an operator can be told the seed of the noise that it draws."""
        return "seed" in _names(self._find(operator))

    def run(self, call: Call) -> Outputs:
        """Answer a call. Raises `Unsupported` for an operator, param or dtype that the framework lacks."""
        return self._told(lambda: _Run(self, self._find(call.operator), call).outputs())

    def _find(self, operator: str) -> Operator:
        found = self.operators.get(operator)
        if found is None:
            raise Unsupported(f"{self.name} has no such operator")
        return found

    def _told(self, work: Callable[[], Outputs]) -> Outputs:
        try:
            return work()
        except Unsupported:
            raise
        except Exception as error:
            reason = self.refused(error)
            if reason:
                raise Unsupported(" ".join(f"{self.name}: {reason}".split())) from error
            raise


class _Run:
    """One call to one function of a framework."""

    def __init__(self, framework: Framework, function: Operator, call: Call) -> None:
        self.framework = framework
        self.call = call
        self.function = function
        self.inputs = {name: framework.to_own(array) for name, array in call.inputs.items()}
        self.mode, self.extra = _noise_arguments(framework, function, call)
        self.drawn: Mapping[str, Any] = {}
        _check_params(function, call)

    def outputs(self) -> Outputs:
        call = self.call
        stages: dict[Stage, Arrays] = {}
        missing: dict[Stage, str] = {}
        if Stage.BACKWARD in call.stages:
            try:
                forward, gradients = self.differentiated()
                stages = {Stage.FORWARD: forward, Stage.BACKWARD: gradients}
            except Unsupported as refusal:
                missing[Stage.BACKWARD] = str(refusal)
            except self.framework.refusals as refusal:
                missing[Stage.BACKWARD] = " ".join(f"{type(refusal).__name__}: {refusal}".split())
        if Stage.FORWARD in call.stages and Stage.FORWARD not in stages:
            stages[Stage.FORWARD] = self.arrays(self.evaluate(self.inputs, training=True))
        if Stage.EVAL in call.stages:
            if "training" in _names(self.function):
                stages[Stage.EVAL] = self.arrays(self.evaluate(self.inputs, training=False))
            else:
                missing[Stage.EVAL] = "it has no mode"
        noise = self.arrays(self.drawn)
        wanted = {stage: stages[stage] for stage in call.stages if stage in stages}
        return Outputs(stages=wanted, unsupported=missing, noise_mode=self.mode, noise=noise)

    def evaluate(self, inputs: Mapping[str, Any], *, training: bool) -> dict[str, Any]:
        """Return the operator's outputs by name, in the framework's arrays, complex ones as pairs."""
        named = self.call.form.complex
        own = {n: self.framework.as_complex(x) if n in named else x for n, x in inputs.items()}
        names = _names(self.function)
        mode = {"training": training} if "training" in names else {}
        arguments = gathered(own, self.call.form.sequences)
        extra = {**self.call.params, **mode, **(self.extra if training else _none_of(self.extra, self.call))}
        by_name = all(name in names for name in arguments)
        if not by_name and len(arguments) > _places(names):
            if not _takes_any(names):
                raise Unsupported(f"it takes no input {next(name for name in arguments if name not in names)!r}")
            by_name = True
        answer = self.function(**arguments, **extra) if by_name else self.function(*arguments.values(), **extra)
        if isinstance(answer, Drawn):
            answer = self._with_noise(answer, training=training)
        stage = Stage.FORWARD if training else Stage.EVAL
        return {n: self.framework.as_pairs(x) for n, x in _by_name(answer, self.call.returned(stage)).items()}

    def _with_noise(self, drawn: Drawn, *, training: bool) -> Any:
        if training and drawn.noise:
            self.mode, self.drawn = NoiseMode.READ_BACK, drawn.noise
        return drawn.answer

    def differentiated(self) -> tuple[Arrays, Arrays]:
        """Return the outputs in training, and the gradient of every floating input."""
        wanted = self.call.differentiable
        names: list[str] = []

        def function(*primals: Any) -> tuple[Any, ...]:
            given = dict(zip(wanted, primals, strict=True))
            answer = self.evaluate({n: given.get(n, x) for n, x in self.inputs.items()}, training=True)
            names[:] = answer
            return tuple(answer.values())

        def upstream(i: int) -> Any:
            array = self.call.grad_outputs.get(names[i])
            return None if array is None else self.framework.to_own(array)

        primals = [self.inputs[name] for name in wanted]
        values, gradients = self.framework.vjp(function, primals, upstream)
        grads = {
            f"grad_{name}": np.zeros_like(self.call.inputs[name]) if g is None else self.framework.to_numpy(g)
            for name, g in zip(wanted, gradients, strict=True)
        }
        return self.arrays(dict(zip(names, values, strict=True))), {n: read_only(g) for n, g in grads.items()}

    def arrays(self, values: Mapping[str, Any]) -> Arrays:
        return {name: read_only(self.framework.to_numpy(value)) for name, value in values.items()}


def _none_of(extra: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Return the arguments of evaluation, in which there is no noise: only those that are no noise."""
    return {name: value for name, value in extra.items() if name not in call.noise_names}


def _noise_arguments(framework: Framework, function: Operator, call: Call) -> tuple[NoiseMode, dict[str, Any]]:
    """Return how the operator comes by its noise, and what of noise and seed it is passed."""
    if not call.noise_names:
        return NoiseMode.NONE, {}
    names = _names(function)
    if all(name in names for name in call.noise_names):
        if call.noise:
            return NoiseMode.INJECT, {name: framework.to_own(array) for name, array in call.noise.items()}
        if any(names[name].default is inspect.Parameter.empty for name in call.noise_names):
            raise Unsupported(f"it draws no {call.noise_names[0]!r} of its own")
    return NoiseMode.DERIVED, {"seed": call.noise_seed} if "seed" in names else {}


def _check_params(function: Operator, call: Call) -> None:
    names = _names(function)
    if _takes_any(names):
        return
    for name in call.params:
        if name not in names:
            raise Unsupported(f"it takes no param {name!r}")


def _takes_any(names: Mapping[str, inspect.Parameter]) -> bool:
    """Tell whether a function takes arguments of any name."""
    return any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in names.values())


def _places(names: Mapping[str, inspect.Parameter]) -> float:
    """Return how many arguments a function takes by position; one that does not tell takes any number."""
    kinds = [parameter.kind for parameter in names.values()]
    if not kinds or inspect.Parameter.VAR_POSITIONAL in kinds:
        return float("inf")
    return sum(kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD) for kind in kinds)


@functools.lru_cache(maxsize=1024)
def _names(function: Operator) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function).parameters
    except ValueError:  # a builtin that does not tell: inputs by position, no params
        return {}


def _by_name(answer: Any, names: Sequence[str]) -> dict[str, Any]:
    """Return the arrays of an answer by name: a mapping as it is, what tuples nest by position."""
    if isinstance(answer, Mapping):
        return dict(answer)
    flat = list(_flat(answer))
    if len(flat) > len(names):
        names = [*names, *(f"output{i}" for i in range(len(names), len(flat)))]
    return dict(zip(names, flat, strict=False))


def _flat(answer: Any) -> list[Any]:
    if isinstance(answer, tuple | list):
        return [part for each in answer for part in _flat(each)]
    return [answer]
