"""An Implementation behind a pipe: the loop of `worker.serve` for whatever the harness can load."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from harness.answer import NoAnswer, ask
from harness.implementation import load_implementation
from harness.model import Array, Call, Form, Implementation, Stage, is_floating
from harness.worker import Question, hello, outputs_message, serve

if TYPE_CHECKING:
    from harness.worker import Message


def serve_implementation(name: str, requests: int, replies: int) -> int:
    """Answer the harness on two descriptors until it says bye. Raises `UsageError` for what cannot be loaded."""
    implementation = load_implementation(name)
    gc.freeze()  # as in a replay: what the imports made lives as long as the process
    gc.set_threshold(50_000)
    greeting = hello(name, implementation.version)

    def run(question: Question) -> tuple[Message, dict[str, Array]]:
        return _answer(implementation, question)

    return serve(greeting, run, requests, replies)


def _answer(implementation: Implementation, question: Question) -> tuple[Message, dict[str, Array]]:
    try:
        outputs = ask(implementation, _call(question))
    except NoAnswer as fault:
        return {"type": "error", "message": str(fault)}, {}
    message, tensors = outputs_message(outputs.stages, outputs.unsupported, outputs.noise_mode, outputs.noise)
    takes_seed = getattr(implementation, "takes_seed", None)
    if question.noise_names and callable(takes_seed):
        message["takes_seed"] = bool(takes_seed(question.operator))
    return message, tensors


def _call(question: Question) -> Call:
    gradients = question.differentiable
    constants = tuple(n for n, array in question.inputs.items() if is_floating(array.dtype) and n not in gradients)
    form = question.form
    return Call(
        operator=question.operator,
        reference=question.reference,
        dtype=question.dtype,
        params=question.params,
        inputs=question.inputs,
        noise=question.noise,
        noise_names=question.noise_names,
        noise_seed=question.noise_seed,
        grad_outputs=question.grad_outputs,
        stages=tuple(map(Stage, question.stages)),
        outputs=question.outputs,
        form=Form(constants=constants, updates=form.updates, complex=form.complex, sequences=form.sequences),
    )
