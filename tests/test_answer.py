"""Whatever an implementation does, the harness gets an answer or words."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from harness.answer import NoAnswer, ask, lacks_seed
from harness.errors import Unsupported
from harness.model import Call, NoiseMode, Outputs, Stage
from harness.namespace import Namespace

X = np.array([1.0, 2.0], dtype=np.float32)
PLAIN = Outputs(stages={Stage.FORWARD: {"output": X}})


def call_of(noise_names: tuple[str, ...] = ()) -> Call:
    return Call(
        operator="my_op", reference="torch.my_op", dtype="float32", params={}, inputs={"input": X}, noise={},
        noise_names=noise_names, noise_seed=7, grad_outputs={}, stages=(Stage.FORWARD,), outputs=("output",),
    )  # fmt: skip


class Answers:
    name, version = "own", "1"

    def __init__(self, returned: Any) -> None:
        self.returned = returned

    def run(self, call: Call) -> Any:
        return self.returned


class Raises:
    name, version = "own", "1"

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def run(self, call: Call) -> Outputs:
        raise self.error


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def complaint(implementation: Any, noise_names: tuple[str, ...] = ()) -> str:
    with pytest.raises(NoAnswer) as caught:
        ask(implementation, call_of(noise_names))
    return str(caught.value)


def outputs(**fields: Any) -> Any:
    return Outputs(**{"stages": {Stage.FORWARD: {"output": X}}, **fields})


# -- what is an answer


def test_an_answer_is_passed_on_as_it_is() -> None:
    found = ask(Answers(PLAIN), call_of())
    assert found.stages[Stage.FORWARD]["output"] is X
    assert (found.unsupported, found.noise_mode, found.noise) == ({}, NoiseMode.NONE, {})


def test_stages_and_modes_may_be_plain_words() -> None:
    given = outputs(stages={"forward": {"output": X}}, unsupported={"eval": "no"}, noise_mode="inject")
    found = ask(Answers(given), call_of(("mask",)))
    assert [type(stage) for stage in (*found.stages, *found.unsupported)] == [Stage, Stage]
    assert found.noise_mode is NoiseMode.INJECT


@pytest.mark.parametrize("value", [np.float32(2), np.array(True), X.astype(ml_dtypes.bfloat16), X.astype(np.complex64)])
def test_arrays_and_scalars_of_any_numbers_are_answers(value: Any) -> None:
    found = ask(Answers(outputs(stages={Stage.FORWARD: {"output": value}})), call_of())
    assert isinstance(found.stages[Stage.FORWARD]["output"], np.ndarray)
    assert found.stages[Stage.FORWARD]["output"].dtype == value.dtype


# -- what is none, in words


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "`run` returned None; expected harness.model.Outputs"),
        ({"forward": X}, "`run` returned a dict; expected harness.model.Outputs"),
        (outputs(stages=None), "Outputs.stages is None; expected a mapping"),
        (outputs(stages={"backward": None}), "backward is None; expected a mapping"),
        (outputs(stages={"fwd": {"output": X}}), "Outputs.stages names 'fwd'; expected forward, backward, eval"),
        (outputs(stages={"forward": {"output": [1.0]}}), "forward/output is a list; expected a NumPy array"),
        (outputs(stages={"forward": {"output": 1.0}}), "forward/output is a float; expected a NumPy array"),
        (outputs(stages={"forward": {3: X}}), "forward names an array by 3; expected a string"),
        (
            outputs(stages={"forward": {"output": np.array(["a"])}}),
            "forward/output is an array of dtype <U1; expected numbers",
        ),
        (
            outputs(stages={"forward": {"output": np.array([None])}}),
            "forward/output is an array of dtype object; expected numbers",
        ),
        (outputs(unsupported=["eval"]), "Outputs.unsupported is a list; expected a mapping"),
        (outputs(unsupported={"evil": ""}), "Outputs.unsupported names 'evil'; expected forward, backward, eval"),
        (
            outputs(noise_mode="guess"),
            "Outputs.noise_mode is 'guess'; expected none, inject, read-back, derived",
        ),
        (outputs(noise_mode="derived"), "Outputs.noise_mode is 'derived', and my_op has no noise"),
        (outputs(noise={"mask": [1]}), "noise/mask is a list; expected a NumPy array"),
    ],
)  # fmt: skip
def test_what_is_no_answer_says_what_is_wrong(returned: Any, words: str) -> None:
    assert complaint(Answers(returned)) == words


def test_noise_that_is_said_to_be_exposed_must_be_there() -> None:
    words = "Outputs.noise lacks 'mask', which 'read-back' says that it exposes"
    assert complaint(Answers(outputs(noise_mode=NoiseMode.READ_BACK)), ("mask",)) == words


@pytest.mark.parametrize("answer", [np.array(["a", "b"]), np.array([None, {}])])
def test_a_function_that_returns_no_numbers(answer: Any) -> None:
    space = Namespace(SimpleNamespace(my_op=lambda x: answer), name="mine")
    assert complaint(space).startswith("forward/output is an array of dtype ")


# -- what it raises


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("no"), "ValueError: no"),
        (SystemExit(0), "SystemExit: 0"),
        (GeneratorExit(), "GeneratorExit: "),
        (BaseException("bare"), "BaseException: bare"),
        (StopIteration(3), "StopIteration: 3"),
        (Mute(), "Mute: (its message cannot be had: `__str__` raised RuntimeError)"),
        (ValueError("half \ud800"), "ValueError: half \\ud800"),
    ],
)
def test_whatever_it_raises_is_told_with_the_line(error: BaseException, words: str) -> None:
    first, second = complaint(Raises(error)).splitlines()
    assert first == words
    assert second.startswith(f"  at {__file__}:")


def test_only_an_interrupt_ends_the_run() -> None:
    with pytest.raises(KeyboardInterrupt):
        ask(Raises(KeyboardInterrupt()), call_of())


def test_a_refusal_stays_one() -> None:
    with pytest.raises(Unsupported, match="not written"):
        ask(Raises(Unsupported("not written")), call_of())


def test_a_namespace_that_cannot_be_asked() -> None:
    class Odd:
        def __getattr__(self, name: str) -> object:
            if name == "__version__":
                raise AttributeError(name)
            raise KeyError(name)

    assert complaint(Namespace(Odd(), name="odd")).startswith("KeyError: 'my_op'")


# -- seeds


def told_of_seeds(takes_seed: Callable[[str], bool]) -> Any:
    return SimpleNamespace(name="own", version="", run=lambda call: PLAIN, takes_seed=takes_seed)


def test_who_does_not_say_may_take_a_seed() -> None:
    assert not lacks_seed(Answers(PLAIN), "my_op")


def test_who_says_is_believed() -> None:
    assert lacks_seed(told_of_seeds(lambda operator: False), "my_op")
    assert not lacks_seed(told_of_seeds(lambda operator: True), "my_op")


def test_who_raises_when_asked_gives_no_answer() -> None:
    with pytest.raises(NoAnswer, match="ZeroDivisionError"):
        lacks_seed(told_of_seeds(lambda operator: 1 // 0 == 1), "my_op")
