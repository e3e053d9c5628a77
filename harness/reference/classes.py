"""Torch classes as functions of tensors: modules, optimizers and schedulers, called with all of their arguments."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn


def as_function(reference: Any) -> Callable[..., Any] | None:
    """Return the function that a class of torch stands for, None where `reference` is no such class."""
    if not inspect.isclass(reference):
        return None
    if issubclass(reference, nn.Module):
        return partial(_run_module, reference)
    if issubclass(reference, torch.optim.Optimizer):
        return partial(_trajectory, reference)
    if reference.__module__ == "torch.optim.lr_scheduler":
        return partial(_rates, reference)
    return None


# -- modules


def _run_module(module_class: type[nn.Module], *, training: bool, **arguments: Any) -> Any:
    """Make a module from the params, give it the tensors that are named like its weights, and call it with the others.

    A weight is an entry of `state_dict`, the dots of its name written as underscores. Raises `ValueError` for a module
    that has a floating weight which is not given: it would be drawn at random.
    """
    tensors = {name: value for name, value in arguments.items() if isinstance(value, (Tensor, tuple))}
    params = {name: value for name, value in arguments.items() if name not in tensors}
    module = module_class(**params)
    for name, tensor in module.state_dict(keep_vars=True).items():
        given = tensors.pop(name.replace(".", "_"), None)
        if given is not None:
            _place(module, name, given)
        elif tensor.is_floating_point():
            msg = f"{module_class.__name__} has the weight {name!r}, which is no input of the case"
            raise ValueError(msg)
    return module.train(training)(**tensors)


def _place(module: nn.Module, name: str, tensor: Tensor) -> None:
    """Put a plain tensor where a module has a parameter or buffer, so that autograd sees through to it."""
    *path, leaf = name.split(".")
    owner = module
    for part in path:
        owner = getattr(owner, part)
    if leaf in owner._buffers:  # noqa: SLF001 - in place, so that what the module writes is seen
        owner._buffers[leaf] = tensor  # noqa: SLF001
        return
    delattr(owner, leaf)
    setattr(owner, leaf, tensor)


# -- optimizers and schedulers


def _trajectory(
    optimizer_class: type[torch.optim.Optimizer], *, param: Tensor, grads: Tensor, **options: Any
) -> dict[str, Tensor]:
    """Step once with each row of `grads`: `param` and every tensor of the optimizer's state, one row a step."""
    leaf = param.detach().clone().requires_grad_()
    plain = {"foreach": False} if "foreach" in inspect.signature(optimizer_class).parameters else {}
    optimizer = optimizer_class([leaf], **plain, **options)
    rows: dict[str, list[Tensor]] = defaultdict(list)
    for grad in grads.detach():
        leaf.grad = grad.clone()
        optimizer.step()
        rows["param"].append(leaf.detach().clone())
        for name, value in optimizer.state[leaf].items():
            if name != "step" and isinstance(value, Tensor):
                rows[name].append(value.clone())
    return {name: torch.stack(steps) for name, steps in rows.items()}


def _rates(scheduler_class: Any, *, lr: Tensor, steps: int, **options: Any) -> Tensor:
    """Return the learning rate in force in each of `steps` steps, (steps,) in the dtype of `lr`."""
    leaf = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([leaf], lr=float(lr))
    scheduler = scheduler_class(optimizer, **options)
    rates = []
    for _ in range(steps):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return torch.tensor(rates, dtype=torch.float64).to(lr.dtype)
