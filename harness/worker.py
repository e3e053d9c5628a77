"""Answers the golden harness over stdin and stdout for a Python module whose attributes are named after operators.

    python worker.py my_ops.py

This file stands alone: Python 3.7, the standard library and NumPy are enough (bfloat16 needs ml_dtypes too). It holds
what the harness and its programs share: how a message is written (docs/protocol.md), and how a namespace of functions
and classes answers a call (docs/plugging-in.md). What a plug-in prints goes to stderr.
"""

# ruff: noqa: B905 - Python 3.7 knows no zip(strict=)

from __future__ import annotations

import faulthandler
import functools
import importlib
import importlib.util
import inspect
import json
import os
import struct
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

try:
    import ml_dtypes
except ImportError:  # bfloat16 is then not among the dtypes of the hello
    ml_dtypes = None

if TYPE_CHECKING:
    from typing import TypeVar

    Array = np.ndarray[Any, np.dtype[Any]]
    Arrays = Mapping[str, Array]
    Message = dict[str, Any]
    Asked = Any  #: a `Question`, or the harness's own `Call`, which has the same fields
    T = TypeVar("T")

PROTOCOL = 1
#: a header longer than this is a lie
HEADER_LIMIT = 1 << 24
#: more axes than any array has
_AXES = 64
#: frames of a traceback that an error shows
_FRAMES = 6
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Unsupported(Exception):
    """What a plug-in raises for what it does not offer; any exception class of this name will do."""


def is_refusal(error: BaseException) -> bool:
    """Tell whether an exception says that something is not offered: its class, or one above it, is `Unsupported`."""
    return any(kind.__name__ == "Unsupported" for kind in type(error).__mro__)


# -- a message: its length, the length of a JSON header, the header, the arrays (safetensors)

#: safetensors' name of a dtype -> NumPy's
DTYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U64": "uint64", "U32": "uint32", "U16": "uint16", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip
#: the dtypes that can be had here: without ml_dtypes there is no bfloat16
KNOWN = {
    code: np.dtype(name if name != "bfloat16" else ml_dtypes.bfloat16)
    for code, name in DTYPES.items()
    if name != "bfloat16" or ml_dtypes is not None
}
_CODES = {dtype: code for code, dtype in KNOWN.items()}
_LENGTHS = struct.Struct("<QQ")
_to_text = json.JSONEncoder(separators=(",", ":")).encode
#: bytes up to which a message is written in one piece
_SMALL = 1 << 16
#: buffers that the system takes at once
_PIECES = 512


class BadMessage(Exception):
    """A message that is none, or lies about itself; the words say how."""


def encode(message: Mapping[str, Any], tensors: Arrays) -> list[Any]:
    """Return a message as the buffers to be written one after the other.

    Raises `TypeError` for an array of a dtype that safetensors does not know.
    """
    header: dict[str, Any] = {"__metadata__": {"message": _to_text(message)}}
    # wide numbers first, so that every array lies where its dtype wants it
    items = sorted(tensors.items(), key=_width) if len(tensors) > 1 else tensors.items()
    end = 0
    for name, array in items:
        code = _CODES.get(array.dtype)
        if code is None:
            raise TypeError(f"{name} is an array of dtype {array.dtype}; expected numbers")
        start, end = end, end + array.nbytes
        header[name] = {"dtype": code, "shape": array.shape, "data_offsets": (start, end)}
    text = _to_text(header).encode()
    text += b" " * (-len(text) % 8)
    head = _LENGTHS.pack(8 + len(text) + end, len(text)) + text
    if end <= _SMALL:
        return [b"".join([head] + [array.tobytes() for _, array in items])]
    return [head] + [_bytes_of(array) for _, array in items if array.size]


def _width(item: tuple[str, Array]) -> int:
    return -item[1].dtype.itemsize


def _bytes_of(array: Array) -> memoryview:
    """Return the bytes of an array without copying one that is contiguous."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def check_lengths(head: bytes, limit: int) -> tuple[int, int]:
    """Return the length of a message behind its own eight bytes, and that of its header, from its first 17 bytes.

    Raises `BadMessage` where they cannot be, so that nothing is allocated or waited for that a lie asks for. The first
    eight bytes are enough to tell a message that is too long.
    """
    total, length = int.from_bytes(head[:8], "little"), int.from_bytes(head[8:16], "little")
    if total > limit:
        raise BadMessage(f"a message of {total} bytes; at most {limit} are taken here")
    if length > total - 8 or length > HEADER_LIMIT or length < 2:  # noqa: PLR2004 - {} is the shortest header
        raise BadMessage(f"a message of {total} bytes with a header of {length}")
    if head[16:17] != b"{":
        raise BadMessage("a header that is no JSON object")
    return total, length


def decode(header: bytes, data: Any) -> tuple[Message, dict[str, Array]]:
    """Return message and arrays, which are read-only views of `data`. Raises `BadMessage` for a header that lies."""
    try:
        entries = json.loads(header.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadMessage(f"a header that is no JSON: {error}") from None
    if not isinstance(entries, dict):
        raise BadMessage("a header that is no JSON object")
    message = _message(entries.pop("__metadata__", None))
    tensors = {}
    spans = []
    for name, entry in entries.items():
        begin, end, tensors[name] = _tensor(name, entry, data)
        if end > begin:
            spans.append((begin, end))
    reached = 0
    for begin, end in sorted(spans):
        if begin != reached:
            problem = "overlap" if begin < reached else "leave a gap"
            raise BadMessage(f"tensors that {problem} at byte {min(begin, reached)} of the data")
        reached = end
    if reached != len(data):
        raise BadMessage(f"tensors of {reached} bytes, and {len(data)} bytes of data")
    return message, tensors


def _message(metadata: Any) -> Message:
    text = metadata.get("message") if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        raise BadMessage('a header without "__metadata__": {"message": "<JSON>"}')
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadMessage(f"a message that is no JSON: {error}") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise BadMessage('a message without a "type"')
    return message


def _tensor(name: str, entry: Any, data: Any) -> tuple[int, int, Array]:
    """Return where a tensor begins and ends in the data, and the tensor."""
    try:
        code, shape = entry["dtype"], entry["shape"]
        begin, end = entry["data_offsets"]
        dtype = KNOWN[code]
    except (KeyError, TypeError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"
        raise BadMessage(f"tensor {name!r} is described wrongly: {problem}") from None
    counts = (
        type(shape) is list and len(shape) <= _AXES and all(type(n) is int and n >= 0 for n in [*shape, begin, end])
    )
    if not counts:
        raise BadMessage(f"tensor {name!r} is described wrongly: its shape or offsets are no counts")
    size = dtype.itemsize
    for n in shape:
        size *= n
    if not begin <= end <= len(data) or end - begin != size:
        found = f"{code} {shape} at {begin}:{end} of {len(data)} bytes"
        raise BadMessage(f"tensor {name!r} is described wrongly: {found}")
    try:
        array: Array = np.ndarray(shape, dtype, data, begin)
    except ValueError as error:  # more axes, or longer ones, than NumPy has
        raise BadMessage(f"tensor {name!r} is described wrongly: {error}") from None
    if code == "BOOL" and array.view(np.uint8).max(initial=0) > 1:
        raise BadMessage(f"tensor {name!r} is of booleans and holds a byte that is neither 0 nor 1")
    array.flags.writeable = False
    return begin, end, array


def write_all(descriptor: int, buffers: Sequence[Any]) -> None:
    """Write buffers one after the other to a descriptor that blocks."""
    left = [memoryview(buffer) for buffer in buffers]
    while left:
        left = left_over(left, os.writev(descriptor, left[:_PIECES]))


def left_over(buffers: list[memoryview], written: int) -> list[memoryview]:
    """Return what is left to be written of buffers of which the first `written` bytes are."""
    for i, buffer in enumerate(buffers):
        if written < len(buffer):
            return [buffer[written:], *buffers[i + 1 :]]
        written -= len(buffer)
    return []


def read_message(stream: BinaryIO) -> tuple[Message, dict[str, Array]]:
    """Read one message from a stream that blocks. Raises `EOFError` at its end, `BadMessage` for rubbish."""
    total, length = check_lengths(_read(stream, 17), sys.maxsize)
    header = b"{" + _read(stream, length - 1)
    return decode(header, _read(stream, total - 8 - length))


def _read(stream: BinaryIO, count: int) -> bytes:
    found = stream.read(count)  # bytes, which no plug-in can write into
    if len(found) < count:
        raise EOFError
    return found


_NOT_JSON = {"inf": float("inf"), "-inf": float("-inf"), "nan": float("nan")}


def to_json(value: Any) -> Any:
    """Return a param as JSON has it: what is no number there as {"float": "inf"}, a tuple as a list.

    >>> to_json([1, float("-inf")])
    [1, {'float': '-inf'}]
    """
    if isinstance(value, float) and not -_NOT_JSON["inf"] < value < _NOT_JSON["inf"]:
        return {"float": repr(float(value))}
    if isinstance(value, (list, tuple)):
        return [to_json(each) for each in value]
    return value


def from_json(value: Any) -> Any:
    """Return a param from what `to_json` made of it."""
    if isinstance(value, dict):
        return _NOT_JSON[value["float"]]
    if isinstance(value, list):
        return [from_json(each) for each in value]
    return value


# -- a question


class Form:
    """What an operator does with its arrays, beyond taking each by its name."""

    def __init__(self, message: Message) -> None:
        """Take it from a message."""
        self.updates: tuple[str, ...] = tuple(message.get("updates", ()))
        self.complex: tuple[str, ...] = tuple(message.get("complex", ()))
        sequences = message.get("sequences", {})
        self.sequences: Mapping[str, tuple[str, ...]] = {name: tuple(names) for name, names in sequences.items()}


class Question:
    """A message of type `run` with its arrays: what is asked of an operator."""

    def __init__(self, message: Message, tensors: Arrays) -> None:
        """Take message and tensors apart; keys that this version does not know are left alone."""
        self.operator: str = message["operator"]
        self.reference: str = message.get("reference", "")
        self.dtype: str = message.get("dtype", "")
        self.params: Mapping[str, Any] = {name: from_json(value) for name, value in message["params"].items()}
        self.inputs = {name: tensors["inputs/" + name] for name in message["inputs"]}
        self.noise = {name: tensors["noise/" + name] for name in message.get("noise", ())}
        self.noise_names: tuple[str, ...] = tuple(message.get("noise_names", ()))
        self.noise_seed: int = message.get("noise_seed", 0)
        self.grad_outputs = {name: tensors["grad_outputs/" + name] for name in message.get("grad_outputs", ())}
        self.differentiable: tuple[str, ...] = tuple(message.get("differentiable", ()))
        self.stages: tuple[str, ...] = tuple(message["stages"])
        self.outputs: tuple[str, ...] = tuple(message["outputs"])
        self.widest: bool = bool(message.get("widest", False))
        self.form = Form(message)

    def returned(self, stage: str) -> tuple[str, ...]:
        """Return names for the elements of a tuple that a stage returns: in training also what it updates."""
        return self.outputs + self.form.updates if stage == "forward" else self.outputs


def gathered(arrays: Mapping[str, T], sequences: Mapping[str, tuple[str, ...]]) -> dict[str, T | tuple[T, ...]]:
    """Return arrays by argument: those of a sequence in one tuple, where its first one stood."""
    home = {name: argument for argument, names in sequences.items() for name in names}
    taken: dict[str, Any] = {}
    for name, array in arrays.items():
        argument = home.get(name)
        if argument is None:
            taken[name] = array
        elif argument not in taken:
            taken[argument] = tuple(arrays[each] for each in sequences[argument])
    return taken


class Answer:
    """What the operators of a namespace answered."""

    __slots__ = ("noise", "noise_mode", "stages", "unsupported")

    def __init__(
        self, stages: Mapping[Any, Arrays], unsupported: Mapping[Any, str], noise_mode: str, noise: Arrays
    ) -> None:
        """Hold arrays by stage and name, why a stage is not offered, and how it came by its noise."""
        self.stages = stages
        self.unsupported = unsupported
        self.noise_mode = noise_mode
        self.noise = noise


# -- a namespace that answers


class Operators:
    """The operators of a namespace: its attributes.

    One is a function (forward only), or a class: made with the params, then `forward(inputs, noise by name)`,
    `backward(grad_outputs)` and `eval(inputs)`. What is missing is `Unsupported`, never an error.
    """

    def __init__(self, namespace: Any, name: str) -> None:
        """Take operators from the attributes of `namespace`."""
        self.name = name
        self.version = str(getattr(namespace, "__version__", ""))
        self._namespace = namespace

    def run(self, call: Asked) -> Answer:
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


def _run_function(function: Callable[..., Any], call: Asked) -> Answer:
    arguments = _arguments(call)
    params = _accepted_params(function, call, taken=[*arguments, *call.noise_names, "seed"])
    extra, mode = _noise_arguments(function, call)
    answer = _call(function, arguments, {**params, **extra})
    stages = {}
    missing = {}
    for stage in call.stages:
        if stage == "forward":
            stages[stage] = named_outputs(answer, call.returned(stage))
        else:
            missing[stage] = "a function offers forward only"
    return Answer(stages, missing, mode, {})


def _run_class(operator: type, call: Asked) -> Answer:
    seeded = {"seed": call.noise_seed} if call.noise_names and _takes(operator, "seed") else {}
    instance = operator(**_accepted_params(operator, call, taken=["seed"]), **seeded)
    stages: dict[Any, Arrays] = {}
    missing: dict[Any, str] = {}
    mode = "none"
    drawn: Arrays = {}
    for stage in call.stages:
        method = getattr(instance, str(stage), None)
        if method is None:
            missing[stage] = f"{operator.__name__} has no {str(stage)!r}"
            continue
        extra: Mapping[str, Any] = {}
        if stage == "forward":
            extra, mode = _noise_arguments(method, call)
        try:
            stages[stage] = _run_stage(stage, method, call, extra)
        except Exception as refusal:
            if stage == "forward" or not is_refusal(refusal):
                raise
            missing[stage] = str(refusal)
        if stage == "forward" and mode == "derived":
            drawn = _exposed(instance, call.noise_names)
            mode = "read-back" if drawn else "derived"
    return Answer(stages, missing, mode, drawn)


def _run_stage(stage: Any, method: Callable[..., Any], call: Asked, extra: Mapping[str, Any]) -> Arrays:
    if stage == "backward":
        upstream = _complex_where_named(call, call.grad_outputs)
        return named_gradients(method(*upstream.values()), call.differentiable)
    return named_outputs(_call(method, _arguments(call), extra), call.returned(stage))


def _arguments(call: Asked) -> Any:
    """Return the inputs as the operator takes them: complex ones as such, those of a list in one tuple."""
    if not call.form.complex and not call.form.sequences:
        return call.inputs
    return gathered(_complex_where_named(call, call.inputs), call.form.sequences)


def _complex_where_named(call: Asked, arrays: Arrays) -> Arrays:
    named = call.form.complex
    return {name: complex_of(array) if name in named else array for name, array in arrays.items()} if named else arrays


def complex_of(pairs: Array) -> Array:
    """Return complex numbers from pairs (real, imaginary) in a last axis of 2: float32 or float64, read-only.

    Raises `ValueError` for an array that holds no such pairs.
    """
    if pairs.ndim == 0 or pairs.shape[-1] != 2 or pairs.dtype.name not in ("float32", "float64"):  # noqa: PLR2004
        raise ValueError(f"complex numbers are float32 or float64 pairs, found {pairs.dtype} {pairs.shape}")
    return _read_only(np.ascontiguousarray(pairs).view(np.result_type(pairs.dtype, np.complex64))[..., 0])


def pairs_of(array: Array) -> Array:
    """Return complex numbers as pairs in a last axis of 2; any other array as it is."""
    if array.dtype.kind != "c":
        return array
    return np.stack([array.real, array.imag], axis=-1)


def _noise_arguments(function: Callable[..., Any], call: Asked) -> tuple[Any, str]:
    """Return what of noise and seed to pass by name, and how the implementation comes by its noise."""
    if not call.noise_names:
        return {}, "none"
    takes = [name for name in call.noise_names if _takes(function, name)]
    if call.noise and len(takes) == len(call.noise_names):
        return call.noise, "inject"
    required = [name for name in takes if _parameters(function)[name].default is inspect.Parameter.empty]
    if required:
        raise Unsupported(f"it draws no {required[0]!r} of its own")
    return ({"seed": call.noise_seed} if _takes(function, "seed") else {}), "derived"


def _exposed(instance: object, names: Sequence[str]) -> Arrays:
    """Return the noise that the instance holds as attributes of numbers, {} unless it holds all of it."""
    held = {name: getattr(instance, name, None) for name in names}
    arrays = {name: np.array(value) for name, value in held.items() if not (value is None or callable(value))}
    numeric = all(array.dtype.kind in "biuf" or array.dtype.name == "bfloat16" for array in arrays.values())
    return {name: _read_only(array) for name, array in arrays.items()} if numeric and len(arrays) == len(held) else {}


def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """Return the parameters that a caller of `function` fills; {} for a builtin that does not tell."""
    if inspect.ismethod(function):
        return _parameters_behind(function.__func__, True)
    return _parameters_behind(function, False)


@functools.lru_cache(maxsize=1024)
def _parameters_behind(function: Callable[..., Any], bound: bool) -> Mapping[str, inspect.Parameter]:
    """Return a function's parameters without `self`; kept, because asking costs more than a small operator."""
    try:
        parameters = list(inspect.signature(function).parameters.items())
    except ValueError:
        return {}
    return dict(parameters[1:] if bound else parameters)


def _takes(function: Callable[..., Any], name: str) -> bool:
    parameters = _parameters(function)
    return name in parameters and parameters[name].kind in _NAMED


def _accepted_params(function: Callable[..., Any], call: Asked, taken: Sequence[str]) -> Any:
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


def named_outputs(answer: Any, names: Sequence[str]) -> dict[str, Array]:
    """Return an answer's arrays by name: a mapping as it is, a tuple by `names`, a single array as the first name.

    Arrays are copied: a later stage may write into the buffer behind a view. Raises `TypeError` for what is no array.
    """
    if isinstance(answer, Mapping):
        return {str(name): own_array(array, str(name)) for name, array in answer.items()}
    if isinstance(answer, tuple):
        fields: Sequence[str] = getattr(answer, "_fields", None) or names
        if len(fields) < len(answer):
            fields = [*fields, *(f"output{i}" for i in range(len(fields), len(answer)))]
        return {name: own_array(array, name) for name, array in zip(fields, answer)}
    return {names[0]: own_array(answer, names[0])}


def named_gradients(answer: Any, inputs: Sequence[str]) -> dict[str, Array]:
    """Return gradients as `grad_<input>`: a mapping by input, a tuple in the order of the floating inputs."""
    if isinstance(answer, Mapping):
        arrays = {str(name): array for name, array in answer.items()}
        return {n if n.startswith("grad_") else "grad_" + n: own_array(a, n) for n, a in arrays.items()}
    answers = answer if isinstance(answer, tuple) else (answer,)
    names = ["grad_" + name for name in inputs]
    names += [f"grad{i}" for i in range(len(names), len(answers))]
    return {name: own_array(array, name) for name, array in zip(names, answers)}


def own_array(value: Any, name: str) -> Array:
    """Return a read-only copy of an array or NumPy scalar, complex numbers as pairs.

    Raises `TypeError` for anything else, such as a list.
    """
    if isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "__array__"):
        return _read_only(np.array(pairs_of(np.asarray(value)), order="C"))
    raise TypeError(f"{name!r} is a {type(value).__name__}; expected a NumPy array")


def _read_only(array: Array) -> Array:
    array.flags.writeable = False
    return array


# -- the loop


def hello(name: str, version: str) -> Message:
    """Return the first answer of a program: who it is, and which dtypes it knows."""
    return {
        "type": "hello", "protocol": PROTOCOL, "name": name, "version": version, "dtypes": [d.name for d in _CODES],
    }  # fmt: skip


def serve(greeting: Message, run: Callable[[Question], tuple[Message, Arrays]], requests: int, replies: int) -> int:
    """Answer the messages on the descriptor `requests` until `bye`, or its end, and return the exit code.

    `run` answers a question; what it raises is an `unsupported` or an `error`.
    """
    with os.fdopen(requests, "rb", _SMALL) as stream:
        while True:
            try:
                message, tensors = read_message(stream)
            except EOFError:
                return 0
            if message["type"] == "bye":
                return 0
            reply, arrays = _reply(greeting, run, message, tensors)
            if "id" in message:
                reply["id"] = message["id"]
            try:
                buffers = encode(reply, arrays)
            except TypeError as error:  # an array of words or objects
                buffers = encode({"type": "error", "message": str(error), "id": message.get("id")}, {})
            write_all(replies, buffers)


def _reply(
    greeting: Message, run: Callable[[Question], tuple[Message, Arrays]], message: Message, tensors: Arrays
) -> tuple[Message, Arrays]:
    kind = message["type"]
    if kind == "run":
        try:
            return run(Question(message, tensors))
        except BaseException as error:  # noqa: BLE001 - whatever a plug-in raises is its answer
            if is_refusal(error):
                return {"type": "unsupported", "reason": words(error)}, {}
            return {"type": "error", "message": error_text(error, _is_own)}, {}
    if kind == "hello":
        return dict(greeting), {}
    if kind == "echo":
        return {"type": "echo"}, tensors
    return {"type": "error", "message": f"unknown type of message {kind!r}"}, {}


def outputs_message(
    stages: Mapping[Any, Arrays], unsupported: Mapping[Any, str], noise_mode: str, noise: Arrays
) -> tuple[Message, dict[str, Array]]:
    """Return the message and the tensors that tell an answer."""
    message: Message = {"type": "outputs", "noise_mode": noise_mode}
    if unsupported:
        message["unsupported"] = unsupported
    tensors = {stage + "/" + name: array for stage, arrays in stages.items() for name, array in arrays.items()}
    for name, array in noise.items():
        tensors["noise/" + name] = array
    return message, tensors


def words(error: BaseException) -> str:
    """Return what an exception says; of one that cannot say it, that."""
    try:
        return str(error)
    except KeyboardInterrupt:
        raise
    except BaseException as failure:  # noqa: BLE001 - a message that cannot be had is no reason to stop
        return f"(its message cannot be had: `__str__` raised {type(failure).__name__})"


def error_text(error: BaseException, is_own: Callable[[str], bool]) -> str:
    """Return the end of a traceback: the exception, and the frames in files that are not the harness's own."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not is_own(frame.filename)][-_FRAMES:]
    lines = [f"  at {frame.filename}:{frame.lineno} in {frame.name}: {frame.line}" for frame in frames]
    return "\n".join([f"{type(error).__name__}: {words(error)}", *lines])


def _is_own(file: str) -> bool:
    return Path(file).resolve() == Path(__file__).resolve()


def take_pipes() -> tuple[int, int]:
    """Take stdin and stdout for the protocol, and return their descriptors.

    Whoever reads stdin from now on finds it empty; what is printed, from native code and child processes too, goes to
    stderr.
    """
    requests, replies = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    faulthandler.enable()  # a segfault then says where
    return requests, replies


# -- the command line


def main(arguments: Sequence[str]) -> int:
    """Serve the module, file or object that the one argument names."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: worker.py MODULE | FILE.py | MODULE:OBJECT\n")
        return 2
    requests, replies = take_pipes()
    operators = _answering(_load(arguments[0]), arguments[0])
    greeting = hello(operators.name, operators.version)
    if hasattr(operators, "provenance"):
        greeting["provenance"] = operators.provenance()

    def run(question: Question) -> tuple[Message, Arrays]:
        found = operators.run(question)
        message, tensors = outputs_message(found.stages, found.unsupported, found.noise_mode, found.noise)
        if question.noise_names and hasattr(operators, "takes_seed"):
            message["takes_seed"] = operators.takes_seed(question.operator)
        return message, tensors

    return serve(greeting, run, requests, replies)


def _answering(found: Any, name: str) -> Any:
    """Return an object that answers questions itself (`run`, `name`, `version`), else the operators of a namespace."""
    if inspect.ismodule(found) or not all(hasattr(found, part) for part in ("run", "name", "version")):
        return Operators(found, name)
    return found


def _load(name: str) -> Any:
    """Return the module, or the object in it, that a name means; it is looked for from where one stands."""
    here = Path(__file__).resolve().parent
    sys.path[:] = [str(Path.cwd()), *(folder for folder in sys.path if Path(folder).resolve() != here)]
    home, _, attribute = (name, "", "") if name.endswith(".py") else name.partition(":")
    if home.endswith(".py"):
        sys.path.insert(0, str(Path(home).resolve().parent))
        spec = importlib.util.spec_from_file_location(Path(home).stem, home)
        assert spec is not None  # noqa: S101 - a name that ends in .py has one
        assert spec.loader is not None  # noqa: S101
        found: Any = importlib.util.module_from_spec(spec)
        sys.modules.setdefault(spec.name, found)
        spec.loader.exec_module(found)
    else:
        found = importlib.import_module(home)
    for part in attribute.split(".") if attribute else ():
        found = getattr(found, part)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
