"""Torch classes as references: modules, optimizers, schedulers; and what a reference must not be."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_cli import run

from harness.errors import RecordError
from harness.model import Array, Call, Form, Stage

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed"),
]
STREAM = np.random.RandomState(0)
X = STREAM.standard_normal((4, 2)).astype(np.float32)
TWO = STREAM.standard_normal(2).astype(np.float32)


def answer(
    reference: str, inputs: Mapping[str, Array], *, params: Mapping[str, Any] | None = None,
    outputs: tuple[str, ...] = ("output",), grad_outputs: Mapping[str, Array] | None = None, form: Form | None = None,
    stages: tuple[Stage, ...] = (Stage.FORWARD,),
) -> dict[str, Array]:  # fmt: skip
    """Return what torch answers, by `stage/name`."""
    from harness.implementations.torch import TorchImplementation  # noqa: PLC0415

    call = Call(
        operator="o", reference=reference, dtype="float32", params=params or {}, inputs=inputs, noise={},
        noise_names=(), noise_seed=0, grad_outputs=grad_outputs or {}, stages=stages, outputs=outputs,
        form=form or Form(),
    )  # fmt: skip
    found = TorchImplementation().run(call).stages
    return {f"{stage}/{name}": array for stage, arrays in found.items() for name, array in arrays.items()}


# -- modules


def test_a_module_is_the_function_of_its_weights() -> None:
    weights = {"running_mean": TWO, "running_var": np.abs(TWO) + 1, "weight": TWO + 2, "bias": TWO}
    form = Form(constants=("running_mean", "running_var"), updates=("running_mean", "running_var"))
    shared: dict[str, Any] = {"grad_outputs": {"output": X[::-1].copy()}, "form": form, "stages": tuple(Stage)}
    params = {"momentum": 0.25, "eps": 0.5}
    module = answer("torch.nn.BatchNorm1d", {"input": X, **weights}, params={"num_features": 2, **params}, **shared)
    function = answer("torch.nn.functional.batch_norm", {"input": X, **weights}, params=params, **shared)
    assert sorted(module) == sorted(function)
    assert "eval/running_mean" not in module
    for name, array in function.items():
        assert np.array_equal(module[name], array), name
    assert np.allclose(module["forward/running_mean"], 0.75 * TWO + 0.25 * X.mean(0))


def test_a_nested_weight_is_named_with_underscores_and_gets_a_gradient() -> None:
    weights = {
        "self_attn_in_proj_weight": (6, 2), "self_attn_in_proj_bias": (6,), "self_attn_out_proj_weight": (2, 2),
        "self_attn_out_proj_bias": (2,), "linear1_weight": (3, 2), "linear1_bias": (3,), "linear2_weight": (2, 3),
        "linear2_bias": (2,), "norm1_weight": (2,), "norm1_bias": (2,), "norm2_weight": (2,), "norm2_bias": (2,),
    }  # fmt: skip
    arrays = {name: STREAM.standard_normal(shape).astype(np.float32) for name, shape in weights.items()}
    found = answer(
        "torch.nn.TransformerEncoderLayer", {"src": X, **arrays},
        params={"d_model": 2, "nhead": 1, "dim_feedforward": 3, "dropout": 0.0}, grad_outputs={"output": X},
        stages=(Stage.FORWARD, Stage.BACKWARD),
    )  # fmt: skip
    assert {name for name in found if name.startswith("backward/")} == {f"backward/grad_{n}" for n in ("src", *arrays)}
    assert np.array_equal(found["backward/grad_norm2_bias"], X.sum(0))


def test_nested_outputs_are_laid_out_flat_and_a_list_is_one_argument() -> None:
    shapes = {"weight_ih_l0": (12, 2), "weight_hh_l0": (12, 3), "bias_ih_l0": (12,), "bias_hh_l0": (12,)}
    weights = {name: STREAM.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    state = STREAM.standard_normal((2, 1, 3)).astype(np.float32)
    found = answer(
        "torch.nn.LSTM", {"input": X, "hx_0": state[0], "hx_1": state[1], **weights},
        params={"input_size": 2, "hidden_size": 3}, outputs=("output", "h_n", "c_n"),
        form=Form(sequences={"hx": ("hx_0", "hx_1")}), grad_outputs={"c_n": state[0]},
        stages=(Stage.FORWARD, Stage.BACKWARD),
    )  # fmt: skip
    assert found["forward/output"].shape == (4, 3)
    assert np.array_equal(found["forward/output"][-1:], found["forward/h_n"])
    assert found["backward/grad_hx_1"].any()
    assert found["backward/grad_weight_ih_l0"].any()


def test_a_weight_that_is_not_given_is_refused() -> None:
    with pytest.raises(ValueError, match="Linear has the weight 'bias', which is no input of the case"):
        answer("torch.nn.Linear", {"input": X, "weight": X[:3]}, params={"in_features": 2, "out_features": 3})


# -- optimizers and schedulers


def test_an_optimizer_is_the_trajectory_of_its_parameter_and_state() -> None:
    found = answer("torch.optim.SGD", {"param": TWO, "grads": X}, params={"lr": 0.5, "momentum": 0.5})
    momentum, param = np.zeros(2), TWO.astype(np.float64)
    for step, grad in enumerate(X):
        momentum = 0.5 * momentum + grad
        param = param - 0.5 * momentum
        assert np.allclose(found["forward/momentum_buffer"][step], momentum, atol=1e-5)
        assert np.allclose(found["forward/param"][step], param, atol=1e-5)


def test_a_scheduler_is_the_rate_of_each_step() -> None:
    lr = np.asarray(0.5, dtype=np.float32)
    found = answer("torch.optim.lr_scheduler.StepLR", {"lr": lr}, params={"steps": 5, "step_size": 2, "gamma": 0.5})
    assert found["forward/output"].tolist() == [0.5, 0.5, 0.25, 0.25, 0.125]


# -- complex numbers


def test_complex_numbers_go_in_and_come_out_as_pairs() -> None:
    form = Form(complex=("input", "output"))
    found = answer(
        "torch.fft.fft", {"input": X}, form=form, grad_outputs={"output": X}, stages=(Stage.FORWARD, Stage.BACKWARD)
    )
    wanted = np.fft.fft(X[:, 0] + 1j * X[:, 1])
    assert np.allclose(found["forward/output"], np.stack([wanted.real, wanted.imag], -1), atol=1e-5)
    back = 4 * np.fft.ifft(X[:, 0] + 1j * X[:, 1])  # dL/dRe + i dL/dIm
    assert np.allclose(found["backward/grad_input"], np.stack([back.real, back.imag], -1), atol=1e-5)


# -- references that do not serve: each is named at its case, and recording goes on

GOOD = "  - name: good\n    inputs: {input: {randn: [3]}}\n"


def recorded(tmp_path: Path, *, head: str, case: str, stages: str = "[forward]") -> str:
    folder = tmp_path / "cases" / "family"
    folder.mkdir(parents=True)
    text = f"summary: A case that cannot be recorded.\n{head}\nstages: {stages}\ncases:\n  - name: bad\n{case}"
    (folder / "wrong.yaml").write_text(text)
    good = f"summary: A case that can be recorded.\nreference: torch.exp\nstages: [forward]\ncases:\n{GOOD}"
    (folder / "zzz.yaml").write_text(good)
    folders = ("--cases-dir", str(tmp_path / "cases"), "--golden-dir", str(tmp_path / "golden"))
    done = run("record", *folders)
    assert done.returncode == 1, done.stdout
    assert "2 arrays against" in done.stdout
    assert run("accept", *folders).returncode == 0
    assert run("replay", "torch", "family/zzz", *folders).returncode == 0
    (line,) = [row for row in done.stdout.splitlines() if row.startswith("not recorded: ")]
    assert f"{folder}/wrong.yaml:5:11: family/wrong/bad: " in line
    return line.partition("family/wrong/bad: ")[2]


INPUT = "    inputs: {input: {randn: [3]}}\n"


def test_a_param_that_the_function_does_not_take(tmp_path: Path) -> None:
    case = f"    params: {{approx: tanh}}\n{INPUT}"
    found = recorded(tmp_path, head="reference: torch.nn.functional.softsign", case=case)
    assert "got an unexpected keyword argument 'approx'; mend the reference, the params or the dtype" in found


def test_a_param_that_a_builtin_does_not_take(tmp_path: Path) -> None:
    found = recorded(tmp_path, head="reference: torch.exp", case=f"    params: {{base: 2}}\n{INPUT}")
    assert "unexpected keyword argument" in found or "invalid combination of arguments" in found
    assert "; mend the " in found


def test_an_input_whose_shape_it_refuses(tmp_path: Path) -> None:
    case = "    inputs: {input: {randn: [3, 2]}, mat2: {randn: [3, 2]}}\n"
    found = recorded(tmp_path, head="reference: torch.mm", case=case)
    assert found.startswith("torch.mm raised RuntimeError: mat1 and mat2 shapes cannot be multiplied (3x2 and 3x2)")
    assert found.endswith("; mend the inputs or params of the case")


def test_a_reference_that_returns_no_tensor(tmp_path: Path) -> None:
    found = recorded(tmp_path, head="reference: torch.is_floating_point", case=INPUT)
    problem = "output 'output' of torch.is_floating_point is a bool, expected a tensor"
    assert found == f"{problem}; reference a function that returns tensors"


def test_more_outputs_than_the_file_names(tmp_path: Path) -> None:
    found = recorded(tmp_path, head="reference: torch.frexp", case=INPUT)
    assert found == "torch.frexp returned 2 tensors, 'outputs' names 1; name each of them in the file's 'outputs'"


def test_a_gradient_of_what_is_not_differentiable(tmp_path: Path) -> None:
    case = f"{INPUT}    grad_outputs: {{output: {{randn: []}}}}\n"
    found = recorded(tmp_path, head="reference: torch.argmax", case=case, stages="[forward, backward]")
    assert found == "output 'output' has no gradient; leave 'backward' out of the stages"


def test_a_reference_that_is_no_function() -> None:
    with pytest.raises(RecordError, match=r"reference 'torch.pi' is a float, expected a function"):
        answer("torch.pi", {"input": X})
