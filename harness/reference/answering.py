"""How torch answers a question: the function that a case names, backward with autograd.

Any torch from 1.1 on, and so Python 3.7: with NumPy, `harness.errors`, `harness.worker` and this package are all that
it takes. `python -m harness.worker harness.reference.answering:TORCH` speaks for a torch of another environment.
"""

from __future__ import annotations

import importlib
import inspect
import platform
import warnings
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from harness.errors import RecordError, Unsupported, nearest
from harness.reference.classes import as_function
from harness.reference.noisy import Noisy
from harness.worker import KNOWN, Answer, gathered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.worker import Array, Arrays, Asked

#: where torch keeps its functions of tensors in C++, beside those without a home
_BUILTIN = ("torch._C._fft", "torch._C._linalg", "torch._C._nn", "torch._C._special")
#: functions without a home that read files
_FILES = ("from_file",)
#: modules of torch whose functions can be seen beside those of tensors
_NOT_OF_TENSORS = ("torch.serialization", "torch.hub", "torch.random", "torch.overrides", "torch._utils")
#: how torch and Python word that there is no CPU kernel for a dtype, or no such param
_NOT_OFFERED = ("not implemented for", "unexpected keyword argument")
#: None without ml_dtypes: no such array comes then
_BFLOAT16 = KNOWN.get("BF16")


class Torch:
    """The torch of this Python, as `harness.worker` serves it and as `implementations.torch` has it."""

    name = "torch"

    @property
    def version(self) -> str:
        """Torch's version without its build, such as 2.13.0."""
        return str(torch.__version__).partition("+")[0]

    def provenance(self) -> dict[str, Any]:
        """Return what of this build and processor decides the bits."""
        return {
            "torch": str(torch.__version__),
            "git": str(torch.version.git_version),
            "cpu_capability": _capability(),
            "cpu_vendor": _cpu_vendor(),
            "threads": 1,
            "mkl": _library("Math Kernel Library Version"),
            "mkldnn": _library("MKL-DNN v"),
            "numpy": np.__version__,
            "python": platform.python_version(),
        }

    def run(self, call: Asked) -> Answer:
        """Answer a call on one thread; what torch draws for a random operator is in `noise`.

        Raises `Unsupported` for an operator that this torch lacks, or has no kernel for in this dtype.
        """
        reference = resolve(call.reference)
        with _one_thread(), _default_dtype(call), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return _Run(call, reference).answer()
            except (RuntimeError, TypeError) as error:
                if any(words in str(error) for words in _NOT_OFFERED):
                    raise Unsupported(f"torch {self.version}: {' '.join(str(error).split())}") from error
                raise


TORCH = Torch()


def resolve(dotted: str) -> Any:
    """Return what a dotted name of a case file means: a function of tensors, a `Noisy`, or a class as a function.

    The schema says in which modules it may stand; here what stands there and is no function of tensors is refused:
    what torch imports for itself, and what reads files or compiles. Raises `Unsupported` for a name that this torch
    lacks, with the nearest one that there is, and `RecordError` for one that is refused.
    """
    place, _, name = dotted.rpartition(".")
    try:
        home = importlib.import_module(place)
    except ModuleNotFoundError as error:
        raise Unsupported(f"reference {dotted!r}: there is no module {error.name!r}") from error
    found = getattr(home, name, None)
    if found is None:
        hint = nearest(name, (known for known in dir(home) if not known.startswith("_")))
        raise Unsupported(f"reference {dotted!r}: {place} has no {name!r}; {hint}".rstrip("; "))
    if isinstance(found, Noisy):
        return found
    if not callable(found):
        raise RecordError(f"reference {dotted!r} is a {type(found).__name__}, expected a function")
    if not _of_tensors(found):
        raise RecordError(f"reference {dotted!r} is no function of tensors", hint="name one that computes")
    return as_function(found) or found


def _of_tensors(function: Any) -> bool:
    """Tell whether a callable of torch, or of ours, computes on tensors."""
    module = getattr(function, "__module__", None) or ""
    if inspect.isbuiltin(function):
        return module in _BUILTIN or (function.__self__ is None and function.__name__ not in _FILES)
    return module.startswith(("torch.", "harness.reference.")) and module not in _NOT_OF_TENSORS


def _library(words: str) -> str:
    """Return the version that follows `words` in torch's own description of its build, 'none' without it."""
    _, found, rest = torch.__config__.show().partition(words)
    return rest.split()[0] if found else "none"


def _capability() -> str:
    get = getattr(torch.backends.cpu, "get_cpu_capability", None) if hasattr(torch.backends, "cpu") else None
    return str(get()) if get else "unknown"


def _cpu_vendor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or "unknown"
    vendors = (line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("vendor_id"))
    return next(vendors, "unknown")


@contextmanager
def _one_thread() -> Iterator[None]:
    """Run on one thread: a second one changes the order of sums in some operators."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _default_dtype(call: Asked) -> Iterator[None]:
    """Let integers become float64 where the call asks for it and has no floating input, and float32 elsewhere."""
    if not call.widest or any(_is_floating(array) for array in call.inputs.values()):
        yield
        return
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


class _Run:
    """One call: the reference in training, its gradients, and the reference in evaluation."""

    def __init__(self, call: Asked, reference: Any) -> None:
        self.call = call
        self.reference = reference
        self.inputs = {name: to_tensor(array) for name, array in call.inputs.items()}
        self.noise: Mapping[str, torch.Tensor] = {name: to_tensor(array) for name, array in call.noise.items()}
        self.mode = "none"

    def answer(self) -> Answer:
        stages: dict[str, Arrays] = {}
        if "backward" in self.call.stages:
            for name in self.call.differentiable:
                self.inputs[name].requires_grad_()
        updated = {name: self.inputs[name].clone() for name in self.call.form.updates if name in self.inputs}
        if "forward" in self.call.stages or "backward" in self.call.stages:
            answer = {**self.named(self.forward(self.arguments(updated))), **updated}
            if "forward" in self.call.stages:
                stages["forward"] = to_arrays(answer)
            if "backward" in self.call.stages:
                stages["backward"] = to_arrays(self.backward(answer))
        if "eval" in self.call.stages:
            with torch.no_grad():
                stages["eval"] = to_arrays(self.named(self.evaluate(self.arguments({}))))
        drawn = to_arrays(self.noise) if self.mode == "read-back" else {}
        return Answer(stages, {}, self.mode, drawn)

    def arguments(self, updated: Mapping[str, torch.Tensor]) -> dict[str, Any]:
        """Return the inputs as the reference takes them; `updated` holds copies of those that it writes into."""
        named = self.call.form.complex
        tensors = {
            name: torch.view_as_complex(tensor) if name in named else tensor
            for name, tensor in {**self.inputs, **updated}.items()
        }
        return gathered(tensors, self.call.form.sequences)

    def forward(self, arguments: Mapping[str, Any]) -> Any:
        params = self.call.params
        if not isinstance(self.reference, Noisy):
            return self.reference(**arguments, **params, **_training(self.reference, on=True))
        if self.noise:
            self.mode = "inject"
            return self.reference.law(**arguments, **self.noise, **params)
        self.mode = "read-back"
        torch.manual_seed(self.call.noise_seed)
        with torch.no_grad():
            self.noise = self.reference.draw(**arguments, **params)
        torch.manual_seed(self.call.noise_seed)
        return self.reference.native(**arguments, **params, training=True)

    def evaluate(self, arguments: Mapping[str, Any]) -> Any:
        if isinstance(self.reference, Noisy):
            return self.reference.native(**arguments, **self.call.params, training=False)
        return self.reference(**arguments, **self.call.params, **_training(self.reference, on=False))

    def named(self, answer: Any) -> dict[str, torch.Tensor]:
        """Return the tensors of an answer by name, complex ones as pairs; what it nests is laid out flat."""
        if isinstance(answer, Mapping):
            found = dict(answer)
        elif isinstance(answer, (tuple, list)) and hasattr(answer, "_fields"):
            found = dict(zip(answer._fields, answer))
        else:
            found = self.by_position(list(_flat(answer)))
        for name, value in found.items():
            if not isinstance(value, torch.Tensor):
                problem = f"output {name!r} of {self.call.reference} is a {type(value).__name__}, expected a tensor"
                raise RecordError(problem, hint="reference a function that returns tensors")
        return {name: _as_pairs(value) if torch.is_complex(value) else value for name, value in found.items()}

    def by_position(self, values: list[Any]) -> dict[str, Any]:
        names = self.call.outputs
        if len(values) > len(names):
            problem = f"{self.call.reference} returned {len(values)} tensors, 'outputs' names {len(names)}"
            raise RecordError(problem, hint="name each of them in the file's 'outputs'")
        return dict(zip(names, values))

    def backward(self, answer: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return the gradient for every floating input; one that the answer does not depend on is zero."""
        for name in self.call.grad_outputs:
            if name not in answer:
                raise RecordError(f"grad_outputs names no output: {name!r}", hint=nearest(name, answer))
            if not answer[name].requires_grad:
                raise RecordError(f"output {name!r} has no gradient", hint="leave 'backward' out of the stages")
        wanted = [self.inputs[name] for name in self.call.differentiable]
        gradients = torch.autograd.grad(
            [answer[name] for name in self.call.grad_outputs],
            wanted,
            [to_tensor(array) for array in self.call.grad_outputs.values()],
            allow_unused=True,
        )
        filled = [torch.zeros_like(x) if g is None else g for x, g in zip(wanted, gradients)]
        return {f"grad_{name}": gradient for name, gradient in zip(self.call.differentiable, filled)}


def _as_pairs(value: torch.Tensor) -> torch.Tensor:
    """Return complex numbers as pairs; a conjugate that torch has only noted down is carried out first."""
    return torch.view_as_real(value.resolve_conj() if hasattr(value, "resolve_conj") else value)


def _flat(answer: Any) -> Iterator[Any]:
    """Yield what nested tuples hold, leaving out what is None."""
    if isinstance(answer, (tuple, list)):
        for part in answer:
            yield from _flat(part)
    elif answer is not None:
        yield answer


def _training(function: Callable[..., Any], *, on: bool) -> dict[str, bool]:
    """Return the `training` argument for a function that has a mode."""
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:  # a builtin of torch: none of those has a mode that is not also in torch.nn.functional
        return {}
    return {"training": on} if "training" in parameters else {}


def to_tensor(array: Array) -> torch.Tensor:
    """Return a tensor of its own memory with the array's dtype; bfloat16 goes by its bits, where torch takes them."""
    if array.dtype != _BFLOAT16:
        return torch.from_numpy(np.array(array))
    try:
        bits = torch.from_numpy(np.array(array).reshape(-1).view(np.int16))
        return bits.view(torch.bfloat16).reshape(array.shape)
    except TypeError:  # before 1.7 a view has no dtype; float32 holds every bfloat16
        return torch.from_numpy(np.asarray(array, np.float32)).to(torch.bfloat16)


def to_arrays(tensors: Mapping[str, Any]) -> dict[str, Array]:
    """Return read-only arrays, contiguous and of their own memory."""
    arrays = {name: _to_array(name, tensor) for name, tensor in tensors.items()}
    for array in arrays.values():
        array.flags.writeable = False
    return arrays


def _to_array(name: str, tensor: Any) -> Array:
    if not isinstance(tensor, torch.Tensor):
        raise RecordError(f"output {name!r} is a {type(tensor).__name__}, expected a tensor")
    plain = tensor.detach().cpu().contiguous()
    if str(plain.dtype) != "torch.bfloat16":
        return np.array(plain.numpy())
    try:
        bits = plain.reshape(-1).view(torch.int16).numpy().copy()
    except TypeError:  # as in `to_tensor`
        return np.asarray(plain.float().numpy(), _BFLOAT16)
    return np.asarray(bits.view(_BFLOAT16).reshape(tuple(plain.shape)))


def _is_floating(array: Array) -> bool:
    return array.dtype.kind == "f" or array.dtype == _BFLOAT16
