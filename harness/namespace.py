"""A module or object whose attributes are named after operators, as an Implementation.

An attribute is a function (forward only), or a class: made with the params, then `forward(inputs, noise by name)`,
`backward(grad_outputs)` and `eval(inputs)`. What is missing is `Unsupported`, never an error.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from harness.errors import Unsupported
from harness.inputs import complex_of, pairs_of
from harness.model import Array, Arrays, Call, NoiseMode, Outputs, Stage, is_floating, read_only

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Namespace:
    """The implementation that a plain Python namespace is."""

    def __init__(self, namespace: object, *, name: str) -> None:
        """Take operators from the attributes of `namespace`."""
        self.name = name
        self.version = str(getattr(namespace, "__version__", ""))
        self._namespace = namespace

    def run(self, call: Call) -> Outputs:
        """Answer a call. Raises `Unsupported` when the namespace lacks the operator or a param."""
        operator = self._find(call.operator)
        if inspect.isclass(operator):
            return _run_class(operator, call)
        return _run_function(operator, call)

    def takes_seed(self, operator: str) -> bool:
        """Tell whether an operator can be told the seed of the noise that it draws."""
        found = self._find(operator)
        return any(_takes(part, "seed") for part in (found, getattr(found, "forward", None)) if part is not None)

    def _find(self, operator: str) -> Any:
        """Return the attribute of an operator: a submodule of that name is none."""
        for name in (operator, camel_case(operator)):
            found = getattr(self._namespace, name, None)
            if callable(found):
                return found
        raise Unsupported(f"{self.name} has no such operator")


def camel_case(operator: str) -> str:
    """Return the class name of an operator.

    >>> camel_case("alpha_dropout"), camel_case("l1_penalty")
    ('AlphaDropout', 'L1Penalty')
    """
    return "".join(part[:1].upper() + part[1:] for part in operator.split("_"))


def _run_function(function: Callable[..., Any], call: Call) -> Outputs:
    arguments = _arguments(call)
    params = _accepted_params(function, call, taken=[*arguments, *call.noise_names, "seed"])
    extra, mode = _noise_arguments(function, call)
    answer = _call(function, arguments, {**params, **extra})
    names = call.returned(Stage.FORWARD)
    stages = {Stage.FORWARD: named_outputs(answer, names)} if Stage.FORWARD in call.stages else {}
    missing: dict[Stage, str] = {
        stage: "a function offers forward only" for stage in call.stages if stage is not Stage.FORWARD
    }
    return Outputs(stages=stages, unsupported=missing, noise_mode=mode)


def _run_class(operator: type, call: Call) -> Outputs:
    seeded = {"seed": call.noise_seed} if call.noise_names and _takes(operator, "seed") else {}
    instance = operator(**_accepted_params(operator, call, taken=["seed"]), **seeded)
    stages: dict[Stage, Arrays] = {}
    missing: dict[Stage, str] = {}
    mode, drawn = NoiseMode.NONE, {}
    for stage in call.stages:
        method = getattr(instance, stage.value, None)
        if method is None:
            missing[stage] = f"{operator.__name__} has no {stage.value!r}"
            continue
        extra: dict[str, Any] = {}
        if stage is Stage.FORWARD:
            extra, mode = _noise_arguments(method, call)
        try:
            stages[stage] = _run_stage(stage, method, call, extra)
        except Unsupported as refusal:
            if stage is Stage.FORWARD:
                raise
            missing[stage] = str(refusal)
        if stage is Stage.FORWARD and mode is NoiseMode.DERIVED:
            drawn = _exposed(instance, call.noise_names)
            mode = NoiseMode.READ_BACK if drawn else NoiseMode.DERIVED
    return Outputs(stages=stages, unsupported=missing, noise_mode=mode, noise=drawn)


def _run_stage(stage: Stage, method: Callable[..., Any], call: Call, extra: Mapping[str, Any]) -> Arrays:
    if stage is Stage.BACKWARD:
        upstream = _complex_where_named(call, call.grad_outputs)
        return named_gradients(method(*upstream.values()), call.differentiable)
    return named_outputs(_call(method, _arguments(call), extra), call.returned(stage))


def _arguments(call: Call) -> Mapping[str, Any]:
    """Return the inputs as the operator takes them: complex ones as such, those of a list in one tuple."""
    if not call.form.complex and not call.form.sequences:
        return call.inputs
    return call.arguments(_complex_where_named(call, call.inputs))


def _complex_where_named(call: Call, arrays: Arrays) -> Arrays:
    named = call.form.complex
    return {name: complex_of(array) if name in named else array for name, array in arrays.items()} if named else arrays


def _noise_arguments(function: Callable[..., Any], call: Call) -> tuple[dict[str, Any], NoiseMode]:
    """Return what of noise and seed to pass by name, and how the implementation comes by its noise."""
    if not call.noise_names:
        return {}, NoiseMode.NONE
    takes = [name for name in call.noise_names if _takes(function, name)]
    if call.noise and len(takes) == len(call.noise_names):
        return dict(call.noise), NoiseMode.INJECT
    required = [name for name in takes if _parameters(function)[name].default is inspect.Parameter.empty]
    if required:
        raise Unsupported(f"it draws no {required[0]!r} of its own")
    return ({"seed": call.noise_seed} if _takes(function, "seed") else {}), NoiseMode.DERIVED


def _exposed(instance: object, names: Sequence[str]) -> dict[str, Array]:
    """Return the noise that the instance holds as attributes of numbers, {} unless it holds all of it."""
    held = {name: getattr(instance, name, None) for name in names}
    arrays = {name: np.array(value) for name, value in held.items() if not (value is None or callable(value))}
    numeric = all(array.dtype.kind in "biuf" or is_floating(array.dtype) for array in arrays.values())
    return {name: read_only(array) for name, array in arrays.items()} if numeric and len(arrays) == len(held) else {}


def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """Return the parameters that a caller of `function` fills; {} for a builtin that does not tell."""
    if inspect.ismethod(function):
        return _parameters_behind(function.__func__, bound=True)
    return _parameters_behind(function, bound=False)


@functools.lru_cache(maxsize=1024)
def _parameters_behind(function: Callable[..., Any], *, bound: bool) -> Mapping[str, inspect.Parameter]:
    """Return a function's parameters without `self`; kept, because asking costs more than a small operator."""
    try:
        parameters = list(inspect.signature(function).parameters.items())
    except ValueError:
        return {}
    return dict(parameters[1:] if bound else parameters)


def _takes(function: Callable[..., Any], name: str) -> bool:
    parameters = _parameters(function)
    return name in parameters and parameters[name].kind in _NAMED


def _accepted_params(function: Callable[..., Any], call: Call, *, taken: Sequence[str]) -> Mapping[str, Any]:
    """Return the params of the call; `Unsupported` for one that `function` does not take."""
    parameters = _parameters(function)
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return call.params
    for name in call.params:
        if not _takes(function, name):
            offered = ", ".join(key for key in parameters if key not in taken) or "none"
            raise Unsupported(f"it takes no param {name!r} (it takes {offered})")
    return call.params


def _call(function: Callable[..., Any], inputs: Mapping[str, Any], extra: Mapping[str, Any]) -> Any:
    """Pass inputs by name where the function uses torch's names, else by position in the order of the case."""
    if all(_takes(function, name) for name in inputs) or _gathers(function, inputs, extra):
        return function(**inputs, **extra)
    return function(*inputs.values(), **extra)


def _gathers(function: Callable[..., Any], inputs: Mapping[str, Any], extra: Mapping[str, Any]) -> bool:
    """Tell whether `function` takes all inputs by name through a `**` parameter, nothing else being left over."""
    kinds = {parameter.kind for parameter in _parameters(function).values()}
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        return False
    try:
        inspect.signature(function).bind(**inputs, **extra)
    except TypeError:
        return False
    return True


# -- answers


def named_outputs(answer: Any, names: Sequence[str]) -> dict[str, Array]:
    """Return an answer's arrays by name: a mapping as it is, a tuple by `names`, a single array as the first name.

    Arrays are copied: a later stage may write into the buffer behind a view. Raises `TypeError` for what is no array.
    """
    if isinstance(answer, Mapping):
        return {str(name): own_array(array, str(name)) for name, array in answer.items()}
    if isinstance(answer, tuple):
        fields = getattr(answer, "_fields", None) or names
        if len(fields) < len(answer):
            fields = [*fields, *(f"output{i}" for i in range(len(fields), len(answer)))]
        return {name: own_array(array, name) for name, array in zip(fields, answer, strict=False)}
    return {names[0]: own_array(answer, names[0])}


def named_gradients(answer: Any, inputs: Sequence[str]) -> dict[str, Array]:
    """Return gradients as `grad_<input>`: a mapping by input, a tuple in the order of the floating inputs."""
    if isinstance(answer, Mapping):
        return {f"grad_{str(name).removeprefix('grad_')}": own_array(a, str(name)) for name, a in answer.items()}
    answers = answer if isinstance(answer, tuple) else (answer,)
    names = [f"grad_{name}" for name in inputs]
    names += [f"grad{i}" for i in range(len(names), len(answers))]
    return {name: own_array(array, name) for name, array in zip(names, answers, strict=False)}


def own_array(value: Any, name: str) -> Array:
    """Return a read-only copy of an array or NumPy scalar, complex numbers as pairs.

    Raises `TypeError` for anything else, such as a list.
    """
    if isinstance(value, np.ndarray | np.generic) or hasattr(value, "__array__"):
        return read_only(np.array(pairs_of(np.asarray(value)), order="C"))
    raise TypeError(f"{name!r} is a {type(value).__name__}; expected a NumPy array")
