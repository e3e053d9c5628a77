"""A program's manners, before it is judged: whether it keeps the protocol, one check after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from harness.answer import NoAnswer, ask
from harness.errors import Unsupported, message_of
from harness.inputs import dtype_of
from harness.model import Array, Call, Stage
from harness.wire import Program
from harness.worker import DTYPES

#: operators of one input that nearly everybody has, with what they make of it
SIMPLE: Mapping[str, Callable[[Array], Array]] = {
    "relu": lambda x: np.maximum(x, x.dtype.type(0)),
    "neg": np.negative,
    "abs": np.abs,
    "square": np.square,
}
_LARGE = 16 << 20
_NOWHERE = "no_such_operator"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that a program must do, and what it did instead: '' where it did it."""

    name: str
    problem: str = ""
    note: str = ""  #: what could not be looked at, and why


class _Wrong(Exception):
    """What a program did instead of what it should have done; the words say what to do about it."""


class _Skipped(Exception):
    """A check that this program gives no handle for."""


def smoke(program: Program) -> Iterator[Check]:
    """Yield the checks of a program that has said hello. It is ended by the last of them."""
    yield Check(name="says hello", note=f"{program.name} {program.version}".strip())
    yield _check("an operator that it lacks is unsupported", lambda: _lacks(program))
    yield _check("keys that it does not know are left alone", lambda: _strange_keys(program))
    yield _check("a type of message that it does not know is an error", lambda: _strange_type(program))
    yield _check("params that JSON does not have (inf, -inf, nan) can be read", lambda: _strange_params(program))
    echo = _echoes(program)
    simple = _simple(program)
    for name, array in _arrays(program):
        yield _check(f"{name} comes back", partial(_back, program, array, echo=echo, simple=simple))
    yield _check("a question that cannot be answered is an error, and it goes on", lambda: _errs(program, simple))
    yield _check("says nothing that it was not asked for", lambda: _quiet(program))
    yield _check("bye ends it with exit code 0", lambda: _ends(program))


def _check(name: str, work: Callable[[], None]) -> Check:
    try:
        work()
    except _Skipped as reason:
        return Check(name=name, note=f"not looked at: {reason}")
    except _Wrong as wrong:
        return Check(name=name, problem=str(wrong))
    except Unsupported as refusal:
        return Check(name=name, problem=f"it answered unsupported: {message_of(refusal)}")
    except NoAnswer as fault:
        return Check(name=name, problem=str(fault))
    return Check(name=name)


def _call(operator: str, array: Array, params: Mapping[str, Any] | None = None) -> Call:
    return Call(
        operator=operator, reference=f"torch.{operator}", dtype=array.dtype.name, params=params or {},
        inputs={"input": array}, noise={}, noise_names=(), noise_seed=0, grad_outputs={}, stages=(Stage.FORWARD,),
        outputs=("output",),
    )  # fmt: skip


def _known(program: Program) -> Array:
    """Return a small array of a dtype that the program takes."""
    names = program.dtypes or ("float32",)
    return np.array([-1, 0, 2]).astype(dtype_of("float32" if "float32" in names else names[0]))


def _lacks(program: Program) -> None:
    try:
        program.run(_call(_NOWHERE, _known(program)))
    except Unsupported:
        return
    except NoAnswer as fault:
        hint = 'answer {"type": "unsupported", "reason": "..."} for an operator that is not there'
        raise _Wrong(f"{hint}\n{fault}") from fault
    raise _Wrong(f"it answered outputs for {_NOWHERE!r}; answer unsupported")


def _run_message(**more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"params": {}, "sequences": {}}
    lists = ("inputs", "noise", "noise_names", "grad_outputs", "differentiable", "updates", "complex")
    return {
        "type": "run", "operator": _NOWHERE, "reference": "torch.none", "dtype": "float32", "noise_seed": 0,
        "stages": ["forward"], "outputs": ["output"], **{name: [] for name in lists}, **empty, **more,
    }  # fmt: skip


def _expect(program: Program, message: dict[str, Any], kinds: tuple[str, ...], hint: str) -> None:
    reply, _ = program.ask(message, {})
    if reply["type"] not in kinds:
        raise _Wrong(f"it answered {reply['type']!r}; expected {' or '.join(kinds)}: {hint}")


def _strange_keys(program: Program) -> None:
    message = _run_message(a_key_of_a_later_version=[{"deep": 1}])
    _expect(program, message, ("unsupported",), "leave keys alone that you do not know")


def _strange_type(program: Program) -> None:
    _expect(program, {"type": "no_such_type"}, ("error", "unsupported"), "answer error, and wait for the next message")


def _strange_params(program: Program) -> None:
    params = {"a": {"float": "inf"}, "b": [{"float": "-inf"}, {"float": "nan"}]}
    _expect(program, _run_message(params=params), ("unsupported",), 'such a param is {"float": "inf"}')


def _echoes(program: Program) -> bool:
    try:
        reply, _ = program.ask({"type": "echo"}, {})
    except NoAnswer:
        return False
    return bool(reply["type"] == "echo")


def _simple(program: Program) -> str:
    """Return an operator that the program offers, '' where it offers none of the simple ones."""
    for operator in SIMPLE:
        try:
            program.run(_call(operator, _known(program)))
        except (Unsupported, NoAnswer):
            continue
        return operator
    return ""


def _arrays(program: Program) -> Iterator[tuple[str, Array]]:
    small = _known(program)
    yield "an array without elements", small[:0]
    yield "an array without elements, of three axes", np.zeros((2, 0, 3), small.dtype)
    yield "a scalar", small[2:].reshape(())
    yield "an array of five axes", np.arange(48).astype(small.dtype).reshape(2, 3, 2, 2, 2)
    for name in program.dtypes or DTYPES.values():
        yield f"an array of {name}", np.array([[1, 0, 1], [0, 0, 1]]).astype(dtype_of(name))
    yield f"an array of {_LARGE >> 20} MiB", np.resize(small, _LARGE // small.dtype.itemsize)


def _back(program: Program, array: Array, *, echo: bool, simple: str) -> None:
    if echo:
        reply, tensors = program.ask({"type": "echo"}, {"inputs/input": array}, limit=2 * array.nbytes + (1 << 20))
        if reply["type"] != "echo":
            raise _Wrong(f"it answered {reply['type']!r} to echo; send the tensors back under their names")
        _same("inputs/input", array, tensors)
    elif simple:
        try:
            found = ask(program, _call(simple, array)).stages.get(Stage.FORWARD, {})
        except Unsupported as refusal:
            raise _Skipped(f"{simple} is not offered for it ({message_of(refusal)})") from refusal
        with np.errstate(all="ignore"):
            _same("output", SIMPLE[simple](array), found)
    else:
        raise _Skipped(f"it offers none of {', '.join(SIMPLE)}, and no echo")


def _same(name: str, wanted: Array, found: Mapping[str, Array]) -> None:
    array = found.get(name)
    if array is None:
        raise _Wrong(f"it sent back {', '.join(found) or 'nothing'}; expected {name!r}")
    if (array.dtype, array.shape) != (wanted.dtype, wanted.shape):
        raise _Wrong(f"it sent back {array.dtype} {array.shape}; expected {wanted.dtype} {wanted.shape}")
    if not np.array_equal(array, wanted):
        first = np.unravel_index(int(np.argmax(array != wanted)), wanted.shape)
        index = ", ".join(map(str, first))
        raise _Wrong(
            f"at [{index}] it sent back {array[first]}; expected {wanted[first]}: is it little-endian, row-major?"
        )


def _errs(program: Program, simple: str) -> None:
    """Ask an operator with an input that no operator takes, then something that it can answer."""
    if not simple:
        raise _Skipped(f"it offers none of {', '.join(SIMPLE)}")
    starts = program.starts
    reply, _ = program.ask(_run_message(operator=simple, inputs=["input"]), {})  # names a tensor that is not there
    if reply["type"] not in ("error", "unsupported"):
        raise _Wrong(f"it answered {reply['type']!r} to a question whose tensor is missing; answer error")
    program.run(_call(simple, _known(program)))
    if program.starts != starts:
        raise _Wrong("it ended after an error; answer error and wait for the next message")


def _quiet(program: Program) -> None:
    if not program.runs:
        raise _Skipped("the check before ended it")
    if not program.is_quiet():
        raise _Wrong("it wrote to stdout between two messages, or ended; write one answer to each question")


def _ends(program: Program) -> None:
    program.start()
    code = program.close()
    if code is None:
        raise _Wrong("it did not end within 2 s; end when a message of type bye comes, and at the end of stdin")
    if code != 0:
        raise _Wrong(f"it ended with {code}; expected exit code 0")
