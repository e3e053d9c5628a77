"""Implementations of the regularization family that lie, one fault each, and some that are right in another way.

The first line of each docstring says how it lies. What replay must make of it stands in `ANIMALS`, at the end.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt

from harness.errors import Unsupported
from harness.implementations import numpy as right
from harness.model import Verdict

Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Animal:
    """One small implementation of one operator, and what replay must make of it."""

    family: str = "regularization"
    operator: str
    build: Callable[..., Any]  #: what answers for the operator: a class or a function
    expects: Verdict  #: of the telling cases; PASS means of every case
    case: str = "*"  #: a glob over the names of the cases that may tell
    says: str = ""  #: what the report must say of one of them

    @property
    def name(self) -> str:
        """`<operator>-<class or function>`."""
        return f"{self.operator}-{self.build.__name__}"

    @property
    def lie(self) -> str:
        """The docstring's first line."""
        return (self.build.__doc__ or "").partition("\n")[0]


def wrong(of: str, *rows: tuple[Callable[..., Any], str, str]) -> tuple[Animal, ...]:
    """Return animals that fail, of `family/operator`, from rows of (build, telling cases, what the report says)."""
    family, _, operator = of.partition("/")
    return tuple(
        Animal(family=family, operator=operator, build=build, expects=Verdict.FAIL, case=case, says=says)
        for build, case, says in rows
    )


def passing(of: str, *builds: Callable[..., Any]) -> tuple[Animal, ...]:
    """Return animals that pass, of `family/operator`."""
    family, _, operator = of.partition("/")
    return tuple(Animal(family=family, operator=operator, build=build, expects=Verdict.PASS) for build in builds)


class ForwardOnly:
    """Refuses the gradient: of an implementation whose answer has another shape."""

    def backward(self, *args: Any, **kwargs: Any) -> Any:
        raise Unsupported("no gradient")


# -- dropout under a given mask


class NoRescaling(right.Dropout):
    """It does not rescale what it keeps."""

    scale = 1.0


class ScaledByP(right.Dropout):
    """It scales what it keeps by p."""

    @property
    def scale(self) -> float:
        return self.p


class SwappedP(right.Dropout):
    """It takes p for the probability of keeping when it scales."""

    @property
    def scale(self) -> float:
        return 1.0 / self.p if self.p else 0.0


class ScaledTwice(right.Dropout):
    """It scales what it keeps by 1 / (1 - p)^2."""

    @property
    def scale(self) -> float:
        return super().scale ** 2


class NanAtOne(right.Dropout):
    """It computes 0 * inf at p = 1."""

    @property
    def scale(self) -> float:
        return 1.0 / (1.0 - self.p) if self.p < 1 else np.inf


class DividesByZero(right.Dropout):
    """It raises ZeroDivisionError at p = 1."""

    @property
    def scale(self) -> float:
        return 1.0 / (1.0 - self.p)


class InvertedMask(right.Dropout):
    """It drops where the mask says keep."""

    def forward(self, input: Array, mask: Array | None = None) -> Array:
        return super().forward(input, None if mask is None else ~mask)


class TooClean(right.Dropout):
    """It selects instead of multiplying, so that a dropped inf or nan is 0."""

    def forward(self, input: Array, mask: Array | None = None) -> Array:
        output = super().forward(input, mask)
        return np.where(self.mask, output, np.zeros_like(output))


class RescaledInEval(right.Dropout):
    """It scales in eval once more."""

    def eval(self, input: Array) -> Array:
        return (input * (1.0 - self.p)).astype(input.dtype)


class DropsInEval(right.Dropout):
    """It drops in eval too."""

    def eval(self, input: Array) -> Array:
        return self.forward(input)


class MasklessBackward(right.Dropout):
    """It passes every gradient back, dropped or not."""

    def backward(self, grad_output: Array) -> Array:
        self.mask = np.ones_like(self.mask)
        return super().backward(grad_output)


class RedrawnBackward(right.Dropout):
    """It draws another mask in backward."""

    def backward(self, grad_output: Array) -> Array:
        self.mask = self.rng.random(grad_output.shape) >= self.p
        return super().backward(grad_output)


class UnscaledBackward(right.Dropout):
    """It masks the gradient and does not scale it."""

    def backward(self, grad_output: Array) -> Array:
        return (grad_output * self.mask).astype(grad_output.dtype)


class GuessedBackward(right.Dropout):
    """It guesses the gradient's factor as output / input, which is 0 / 0 where the input is 0."""

    def forward(self, input: Array, mask: Array | None = None) -> Array:
        self.factor = super().forward(input, mask) / input
        return super().forward(input, self.mask)

    def backward(self, grad_output: Array) -> Array:
        return (grad_output * self.factor).astype(grad_output.dtype)


class NonzeroIsKept(right.Dropout):
    """It guesses in backward that what is not 0 was kept."""

    def forward(self, input: Array, mask: Array | None = None) -> Array:
        output = super().forward(input, mask)
        self.mask = np.asarray(output != 0)
        return output


class PositiveIsKept(right.Dropout):
    """It takes dropout for a ReLU: backward passes where the output is above 0."""

    def forward(self, input: Array, mask: Array | None = None) -> Array:
        output = super().forward(input, mask)
        self.mask = np.asarray(output > 0)
        return output


class SelectsInBackward(right.Dropout):
    """It selects in backward instead of multiplying, so that a dropped inf or nan is 0."""

    def backward(self, grad_output: Array) -> Array:
        gradient = super().backward(grad_output)
        return np.where(self.mask, gradient, np.zeros_like(gradient))


class SecondGradient(right.Dropout):
    """It returns the gradient of the mask's complement as well: two outputs for one input."""

    def backward(self, grad_output: Array) -> tuple[Array, Array]:  # type: ignore[override]
        gradient = super().backward(grad_output)
        return gradient, grad_output - gradient


# -- dropout under a mask of its own: right where the mask is given, so that the laws alone can tell


class _Drawing(right.Dropout):
    """Draws by `draw`, which is what its kind gets wrong."""

    def draw(self, shape: tuple[int, ...]) -> Array:
        return self.rng.random(shape) >= self.p

    def forward(self, input: Array, mask: Array | None = None) -> Array:
        return super().forward(input, self.draw(input.shape) if mask is None else mask)


class GreaterThanP(_Drawing):
    """It keeps where u > p, not u >= p, so that p = 0 drops u = 0. Its u is 0 at once, not once in 2^53 draws."""

    def draw(self, shape: tuple[int, ...]) -> Array:
        u = self.rng.random(shape)
        u.flat[:1] = 0.0
        return u > self.p


class KeepsOneAtOne(_Drawing):
    """It keeps where u <= 1 - p, so that p = 1 keeps u = 0. Its u is 0 at once; p = 1 scales by 1."""

    scale = property(lambda self: 1.0 / (1.0 - self.p) if self.p < 1 else 1.0)

    def draw(self, shape: tuple[int, ...]) -> Array:
        u = self.rng.random(shape)
        u.flat[:1] = 0.0
        return u <= 1.0 - self.p


class OneMaskForAllRows(_Drawing):
    """It draws one row of the mask and uses it for each."""

    def draw(self, shape: tuple[int, ...]) -> Array:
        return np.broadcast_to(super().draw(shape[-1:]), shape)


class DropsRows(_Drawing):
    """It drops whole rows instead of elements."""

    def draw(self, shape: tuple[int, ...]) -> Array:
        return np.broadcast_to(super().draw((*shape[:-1], 1)), shape)


class RepeatedRows(_Drawing):
    """It draws every other row of the mask and repeats it in the next."""

    def draw(self, shape: tuple[int, ...]) -> Array:
        mask = super().draw(shape)
        mask[1::2] = mask[0::2][: len(mask[1::2])]
        return mask


class WrongKeepRate(_Drawing):
    """It keeps with probability p."""

    def draw(self, shape: tuple[int, ...]) -> Array:
        drawn = self.rng.random(shape)
        return drawn < self.p if 0 < self.p < 1 else drawn >= self.p


class FixedSeed(right.Dropout):
    """It has a seed of its own inside, so that every call draws the same mask."""

    def __init__(self, p: float = 0.5, seed: int | None = None) -> None:
        del seed
        super().__init__(p, seed=0)


class IgnoresSeed(right.Dropout):
    """It takes a seed and does not use it."""

    def __init__(self, p: float = 0.5, seed: int | None = None) -> None:
        del seed
        super().__init__(p)


class EmptyLie(right.Dropout):
    """It exposes another mask than the one that it used."""

    def forward(self, input: Array) -> Array:  # type: ignore[override]
        output = super().forward(input)
        self.mask = ~self.mask
        return output


class NeverDrops(right.Dropout):
    """It keeps everything and scales it all the same."""

    def forward(self, input: Array) -> Array:  # type: ignore[override]
        return super().forward(input, np.ones(input.shape, dtype=bool))


class NoiseInEval(right.Dropout):
    """It draws the mask itself, and eval is off by one part in a thousand."""

    def eval(self, input: Array) -> Array:
        return (input * 1.001).astype(input.dtype)


# -- dropout of the other kinds


class ElementsNotChannels(right.Dropout2d):
    """It drops elements where whole channels belong together."""

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape


class HiddenElements(right.Dropout2d):
    """It drops elements instead of channels and hides its mask."""

    def forward(self, input: Array) -> Array:  # type: ignore[override]
        kept = self.rng.random(input.shape) >= self.p
        output = super().forward(input, kept)
        self._kept, self.mask = self.mask, None  # type: ignore[assignment]
        return output

    def backward(self, grad_output: Array) -> Array:
        self.mask = self._kept
        return super().backward(grad_output)


class PositionsNotChannels(right.Dropout1d):
    """It drops positions of all channels instead of channels."""

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return (*shape[:-2], 1, *shape[-1:])


class WholeSamples(right.Dropout3d):
    """It drops whole samples instead of channels."""

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return (shape[0],) + (1,) * (len(shape) - 1)


class UnscaledChannels(right.Dropout3d):
    """It drops channels and does not rescale the others."""

    scale = 1.0


class HintonScaledInTraining(right.HintonDropout):
    """It scales in training, as inverted dropout does, and in eval as well."""

    scale = right.Dropout.scale


class HintonPlainEval(right.HintonDropout):
    """It does not scale in eval."""

    def eval(self, input: Array) -> Array:
        return input


class HintonEvalByP(right.HintonDropout):
    """It scales in eval by the probability of dropping."""

    def eval(self, input: Array) -> Array:
        return (input * self.p).astype(input.dtype)


class AlphaZero(right.AlphaDropout):
    """It sets what it drops to 0 before the affine map, not to -alpha'."""

    def shift(self, kept: Array) -> Array | float:
        return 0.0 * kept + self.scale * self.alpha * self.p


class AlphaWithoutAffine(right.AlphaDropout):
    """It sets what it drops to -alpha' and leaves out the affine map."""

    scale = 1.0

    def shift(self, kept: Array) -> Array | float:
        return self.alpha * (kept - 1.0)


class AlphaOfElu(right.AlphaDropout):
    """It takes SELU's alpha for alpha', without the factor 1.0507."""

    alpha = 1.6732632423543772


class FeatureAlphaElements(right.FeatureAlphaDropout):
    """It drops elements instead of channels."""

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape


# -- penalties


class L1GradientOneAtZero(right.L1Penalty):
    """Its gradient is lambd at 0."""

    def slope(self, weight: Array) -> Array:
        return self.lambd * np.where(weight >= 0, 1, -1).astype(weight.dtype)


class L1Mean(right.L1Penalty):
    """It takes the mean for the sum."""

    def value(self, weight: Array) -> Array:
        return super().value(weight) / weight.size


class L1IgnoresGradOutput(right.L1Penalty):
    """It takes the gradient that comes down for 1."""

    def backward(self, grad_output: Array) -> Array:
        return super().backward(np.ones_like(grad_output))


class L1InHalf(right.L1Penalty):
    """It accumulates in the dtype of its input, which stalls in half precision."""

    def forward(self, weight: Array) -> Array:
        self.weight = weight
        total = np.add.accumulate(np.abs(weight).ravel(), dtype=weight.dtype)[-1:].sum()
        return np.asarray(self.lambd * np.asarray(total), dtype=weight.dtype)


class L1Vector(right.L1Penalty):
    """It returns an array of one element for a scalar."""

    def forward(self, weight: Array) -> Array:
        return super().forward(weight).reshape(1)


class L1PythonFloat(right.L1Penalty):
    """It returns a Python float."""

    def forward(self, weight: Array) -> float:  # type: ignore[override]
        return float(super().forward(weight))


class L2GradientTwice(right.L2Penalty):
    """Its gradient is 2 * lambd * w, that of lambd * sum w^2."""

    def slope(self, weight: Array) -> Array:
        return 2.0 * super().slope(weight)


class L2WithoutHalf(right.L2Penalty):
    """It leaves out the half: lambd * sum w^2."""

    def value(self, weight: Array) -> Array:
        return 2.0 * super().value(weight)


class L2Root(right.L2Penalty):
    """It takes the norm for its square."""

    def value(self, weight: Array) -> Array:
        return np.sqrt(super().value(weight))


class L2InSingle(right.L2Penalty):
    """It computes float64 in float32."""

    def value(self, weight: Array) -> Array:
        return super().value(weight.astype(np.float32))


class ElasticSwapped(right.ElasticNetPenalty):
    """It swaps the two strengths."""

    def __init__(self, lambd1: float, lambd2: float) -> None:
        super().__init__(lambd2, lambd1)


class ElasticForgetsL2(right.ElasticNetPenalty):
    """Its gradient is that of the L1 part alone."""

    def slope(self, weight: Array) -> Array:
        return self.l1.slope(weight)


class MseBiasPenalised(right.LinearMseL2):
    """It penalises the bias too."""

    def backward(self, grad_output: Array) -> tuple[Array, Array, Array, Array]:
        dx, dw, db, dt = super().backward(grad_output)
        return dx, dw, (db + grad_output * self.penalty.slope(self.bias)).astype(db.dtype), dt

    def forward(self, input: Array, weight: Array, bias: Array, target: Array) -> Array:
        self.bias = bias.astype(np.float64)
        loss = super().forward(input, weight, bias, target)
        return np.asarray(loss + self.penalty.value(self.bias), dtype=loss.dtype)


class MsePenaltyWithoutGradient(right.LinearMseL2):
    """It adds the penalty to the loss and not to the gradient."""

    def backward(self, grad_output: Array) -> tuple[Array, Array, Array, Array]:
        self.penalty = right.L2Penalty(0.0)
        return super().backward(grad_output)


class MseSum(right.LinearMseL1):
    """It takes the sum of the squares for their mean."""

    def forward(self, input: Array, weight: Array, bias: Array, target: Array) -> Array:
        loss = super().forward(input, weight, bias, target)
        penalty = self.penalty.value(self.w)
        return np.asarray((loss - penalty) * self.error.size + penalty, dtype=input.dtype)


class MseMeanOverBatch(right.LinearMseL1):
    """Its gradient is that of the mean over the batch alone, not over the outputs."""

    def backward(self, grad_output: Array) -> tuple[Array, Array, Array, Array]:
        many = np.asarray(self.error.shape[-1], dtype=self.error.dtype)
        whole = right.LinearMseL1(self.penalty.lambd / float(many))  # type: ignore[attr-defined]
        whole.x, whole.w, whole.error = self.x, self.w, self.error * many
        return whole.backward(grad_output)


class MseSwappedGradients(right.LinearMseElasticNet):
    """It returns the gradients of weight and input in each other's place."""

    def backward(self, grad_output: Array) -> tuple[Array, Array, Array, Array]:
        dx, dw, db, dt = super().backward(grad_output)
        return dw, dx, db, dt


class MseNoTargetGradient(right.LinearMseElasticNet):
    """It forgets the gradient of the target."""

    def backward(self, grad_output: Array) -> tuple[Array, ...]:  # type: ignore[override]
        return super().backward(grad_output)[:3]


# -- optimizers


def _sgd(
    param: Array, grads: Array, lr: float, momentum: float = 0.0, dampening: float = 0.0, weight_decay: float = 0.0,
    nesterov: bool = False, *, lie: str = "", store: np.dtype[Any] | None = None,
) -> dict[str, Array]:  # fmt: skip
    """Run SGD in float64, with one fault, or with its state rounded to `store` after each step."""
    w, v, rows = param.astype(np.float64), np.zeros(param.shape), []
    for t, grad in enumerate(grads.astype(np.float64)):
        g = grad + weight_decay * w if weight_decay and lie != "decay last" else grad
        damp = 1.0 - dampening if t or lie == "dampened at once" else 1.0
        v = momentum * v + damp * g if t else damp * g
        ahead = momentum * v if lie == "nesterov without gradient" else g + momentum * v
        ahead = g + v if lie == "nesterov without momentum" else ahead
        step = ahead if nesterov else v
        step = step + weight_decay * w if weight_decay and lie == "decay last" else step
        w = w - lr * step
        w, v = (w, v) if store is None else tuple(np.asarray(x, dtype=store).astype(np.float64) for x in (w, v))
        rows.append((w, v))
    names = ("param", "momentum_buffer") if momentum else ("param",)
    return {name: np.stack([row[i] for row in rows]).astype(param.dtype) for i, name in enumerate(names)}


def sgd_decay_last(param: Array, grads: Array, **options: Any) -> dict[str, Array]:
    """It applies the decay after the momentum."""
    return _sgd(param, grads, **options, lie="decay last")


def sgd_dampened_at_once(param: Array, grads: Array, **options: Any) -> dict[str, Array]:
    """It dampens the first step too."""
    return _sgd(param, grads, **options, lie="dampened at once")


def sgd_nesterov_plain(param: Array, grads: Array, **options: Any) -> dict[str, Array]:
    """It leaves the factor momentum out of nesterov's look ahead."""
    return _sgd(param, grads, **options, lie="nesterov without momentum")


def sgd_nesterov_without_gradient(param: Array, grads: Array, **options: Any) -> dict[str, Array]:
    """It leaves the gradient out of nesterov's look ahead."""
    return _sgd(param, grads, **options, lie="nesterov without gradient")


def sgd_climbs(param: Array, grads: Array, lr: float, **options: Any) -> dict[str, Array]:
    """It walks uphill."""
    return _sgd(param, grads, -lr, **options)


def sgd_no_state(param: Array, grads: Array, **options: Any) -> dict[str, Array]:
    """It returns no momentum buffer."""
    return {"param": _sgd(param, grads, **options)["param"]}


def sgd_extra_state(param: Array, grads: Array, **options: Any) -> dict[str, Array]:
    """It returns the gradients as well."""
    return {**_sgd(param, grads, **options), "grads": grads}


def sgd_last_step_only(param: Array, grads: Array, **options: Any) -> dict[str, Array]:
    """It returns the last step and not the trajectory."""
    return {name: steps[-1] for name, steps in _sgd(param, grads, **options).items()}


def sgd_in_half(param: Array, grads: Array, **options: Any) -> dict[str, Array]:
    """It rounds parameter and momentum to float16 after each step, whatever the dtype."""
    return _sgd(param, grads, **options, store=np.dtype(np.float16))


def _adam(
    param: Array, grads: Array, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
    weight_decay: float = 0.0, amsgrad: bool = False, *, decoupled: bool = False, lie: str = "",
) -> dict[str, Array]:  # fmt: skip
    """Run Adam or AdamW in float64, with one fault."""
    w = param.astype(np.float64)
    m, v, largest, rows = np.zeros(w.shape), np.zeros(w.shape), np.zeros(w.shape), []
    for t, grad in enumerate(grads.astype(np.float64), start=1):
        if decoupled:
            w = w * (1.0 - (1.0 if lie == "decay without rate" else lr) * weight_decay)
        g = grad if decoupled or not weight_decay else grad + weight_decay * w
        m, v = betas[0] * m + (1.0 - betas[0]) * g, betas[1] * v + (1.0 - betas[1]) * g**2
        largest = v if lie == "no maximum" else np.maximum(largest, v)
        bias1, bias2 = (1.0, 1.0) if lie == "no correction" else (1.0 - betas[0] ** t, 1.0 - betas[1] ** t)
        scale = (largest if amsgrad else v) / bias2
        root = np.sqrt(scale + eps) if lie == "eps inside" else np.sqrt(scale) + eps
        root = (
            np.sqrt(largest if amsgrad else v) / np.sqrt(bias2) + eps / np.sqrt(bias2) if lie == "eps early" else root
        )
        w = w - lr / bias1 * m / root
        rows.append((w, m, v, largest))
    names = ("param", "exp_avg", "exp_avg_sq", *(("max_exp_avg_sq",) if amsgrad else ()))
    return {name: np.stack([row[i] for row in rows]).astype(param.dtype) for i, name in enumerate(names)}


def adam_eps_inside(param: Array, grads: Array, **options: Any) -> dict[str, Array]:
    """It adds eps inside the root."""
    return _adam(param, grads, **options, lie="eps inside")


def adam_eps_early(param: Array, grads: Array, **options: Any) -> dict[str, Array]:
    """It adds eps before the bias correction."""
    return _adam(param, grads, **options, lie="eps early")


def adam_no_correction(param: Array, grads: Array, **options: Any) -> dict[str, Array]:
    """It leaves out the bias correction."""
    return _adam(param, grads, **options, lie="no correction")


def adam_no_maximum(param: Array, grads: Array, **options: Any) -> dict[str, Array]:
    """It takes the last exp_avg_sq for the largest in amsgrad."""
    return _adam(param, grads, **options, lie="no maximum")


def adam_decoupled(param: Array, grads: Array, **options: Any) -> dict[str, Array]:
    """It decays as AdamW does."""
    return _adam(param, grads, **options, decoupled=True)


def adamw_l2(param: Array, grads: Array, weight_decay: float = 0.01, **options: Any) -> dict[str, Array]:
    """It decays as Adam does."""
    return _adam(param, grads, **options, weight_decay=weight_decay)


def adamw_decay_without_rate(
    param: Array, grads: Array, weight_decay: float = 0.01, **options: Any
) -> dict[str, Array]:
    """It leaves the learning rate out of the decay."""
    return _adam(param, grads, **options, weight_decay=weight_decay, decoupled=True, lie="decay without rate")


def adamw_without_default(param: Array, grads: Array, **options: Any) -> dict[str, Array]:
    """Its default decay is Adam's 0, not AdamW's 0.01."""
    return _adam(param, grads, **options, decoupled=True)


# -- keeping norms in bounds


class RenormOtherDim(right.Renorm):
    """It keeps the rows short where the columns are meant."""

    def __init__(self, p: float, dim: int, maxnorm: float) -> None:
        super().__init__(p, -1 - dim, maxnorm)


class RenormScalesUp(right.Renorm):
    """It scales short slices up to maxnorm."""

    def _factor(self) -> Array:
        return np.asarray(self.maxnorm / (self.norm + 1e-7), dtype=self.x.dtype)


class RenormConstantNorm(right.Renorm):
    """Its backward takes the norm for a constant."""

    def backward(self, grad_output: Array) -> Array:
        return (self._factor() * grad_output).astype(grad_output.dtype)


class RenormEuclidean(right.Renorm):
    """It takes the 2-norm whatever p is."""

    def __init__(self, p: float, dim: int, maxnorm: float) -> None:
        del p
        super().__init__(2.0, dim, maxnorm)


def clip_each_alone(max_norm: float, norm_type: float = 2.0, **grads: Array) -> dict[str, Array]:
    """It clips each gradient by its own norm."""
    clipped = {name: right.clip_grad_norm(max_norm, norm_type, grad=grad)["grad"] for name, grad in grads.items()}
    return {**right.clip_grad_norm(max_norm, norm_type, **grads), **clipped}


def clip_scales_up(max_norm: float, norm_type: float = 2.0, **grads: Array) -> dict[str, Array]:
    """It scales short gradients up to max_norm."""
    total = right.clip_grad_norm(max_norm, norm_type, **grads)["total_norm"]
    factor = max_norm / (total.astype(np.float64) + 1e-6)
    return {"total_norm": total, **{name: (grad * factor).astype(grad.dtype) for name, grad in grads.items()}}


def clip_norm_after(max_norm: float, norm_type: float = 2.0, **grads: Array) -> dict[str, Array]:
    """It returns the norm after clipping."""
    answer = right.clip_grad_norm(max_norm, norm_type, **grads)
    clipped = {name: answer[name] for name in grads}
    return {**clipped, "total_norm": right.clip_grad_norm(max_norm, norm_type, **clipped)["total_norm"]}


def clip_elements(max_norm: float, norm_type: float = 2.0, **grads: Array) -> dict[str, Array]:
    """It clamps each element to max_norm."""
    total = right.clip_grad_norm(max_norm, norm_type, **grads)["total_norm"]
    return {"total_norm": total, **right.clip_grad_value(max_norm, **grads)}


def clip_norm_in_half(max_norm: float, norm_type: float = 2.0, **grads: Array) -> dict[str, Array]:
    """It accumulates the norm in the dtype of the gradients, which stalls in half precision."""
    flat = np.concatenate([np.abs(grad).ravel() for grad in grads.values()])
    powers = (flat**norm_type).astype(flat.dtype) if np.isfinite(norm_type) else flat
    along = np.add if np.isfinite(norm_type) else np.maximum
    total = along.accumulate(powers, dtype=flat.dtype)[-1].astype(np.float64)
    total = total ** (1.0 / norm_type) if np.isfinite(norm_type) else total
    factor = np.minimum(1.0, max_norm / (total + 1e-6))
    clipped = {name: (grad * factor).astype(grad.dtype) for name, grad in grads.items()}
    return {"total_norm": np.asarray(total, dtype=flat.dtype), **clipped}


def clip_from_above(clip_value: float, **grads: Array) -> dict[str, Array]:
    """It clamps from above only."""
    return {name: np.minimum(grad, np.asarray(clip_value, dtype=grad.dtype)) for name, grad in grads.items()}


def clip_nan_to_zero(clip_value: float, **grads: Array) -> dict[str, Array]:
    """It makes 0 of a nan."""
    return {name: np.nan_to_num(grad, nan=0.0) for name, grad in right.clip_grad_value(clip_value, **grads).items()}


def clip_first_only(clip_value: float, **grads: Array) -> dict[str, Array]:
    """It clips the first gradient and hands back the others."""
    first = next(iter(grads))
    return {**grads, **right.clip_grad_value(clip_value, **{first: grads[first]})}


# -- answers that are no answers


class WrongDtype(right.Dropout):
    """It returns float64 whatever it is given."""

    def forward(self, input: Array, mask: Array | None = None) -> Array:
        return super().forward(input, mask).astype(np.float64)


class WrongShape(right.Dropout):
    """It returns one dimension too many."""

    def forward(self, input: Array, mask: Array | None = None) -> Array:
        return super().forward(input, mask)[np.newaxis]


class ExtraOutput(right.Dropout):
    """It returns the mask beside the output."""

    def forward(self, input: Array, mask: Array | None = None) -> tuple[Array, Array]:  # type: ignore[override]
        return super().forward(input, mask), self.mask


class WrongName(right.Dropout):
    """It calls its output `y`."""

    def forward(self, input: Array, mask: Array | None = None) -> dict[str, Array]:  # type: ignore[override]
        return {"y": super().forward(input, mask)}


class NoOutput(right.Dropout):
    """It returns an empty tuple."""

    def forward(self, input: Array, mask: Array | None = None) -> tuple[()]:  # type: ignore[override]
        super().forward(input, mask)
        return ()


class NanInOne(right.Dropout):
    """The last element is nan."""

    def forward(self, input: Array, mask: Array | None = None) -> Array:
        output = super().forward(input, mask)
        output.flat[output.size - 1 :] = np.nan
        return output


class SlightlyOff(right.Dropout):
    """Every element is 64 epsilons too large."""

    def forward(self, input: Array, mask: Array | None = None) -> Array:
        wide = np.finfo(np.float32) if input.dtype != np.float64 else np.finfo(np.float64)
        output = super().forward(input, mask)
        return (output.astype(np.float64) * (1.0 + 64.0 * float(wide.eps))).astype(input.dtype)


class InSingle(right.Dropout):
    """It computes float64 in float32."""

    def forward(self, input: Array, mask: Array | None = None) -> Array:
        return super().forward(input.astype(np.float32), mask).astype(input.dtype)


class ReturnsList(right.Dropout):
    """It returns nested lists."""

    def forward(self, input: Array, mask: Array | None = None) -> list[Any]:  # type: ignore[override]
        return [*super().forward(input, mask).tolist()] if input.ndim else []


class ReturnsNone(right.Dropout):
    """It returns None from backward."""

    def backward(self, grad_output: Array) -> None:  # type: ignore[override]
        """Return nothing."""


class Raises(right.Dropout):
    """It raises."""

    def forward(self, input: Array, mask: Array | None = None) -> NoReturn:
        msg = "the mask is on fire"
        raise RuntimeError(msg)


class Exits(right.Dropout):
    """It leaves the interpreter, with success."""

    def forward(self, input: Array, mask: Array | None = None) -> NoReturn:
        sys.exit(0)


class RaisesUnderLaws(_Drawing):
    """It raises when it draws a mask of its own at p = 1, which only a law asks of it."""

    def draw(self, shape: tuple[int, ...]) -> Array:
        return self.rng.random(shape) * (1.0 / (1.0 - self.p)) < 1.0


class WritesIntoInput(right.Dropout):
    """It works in place, in the caller's array."""

    def forward(self, input: Array, mask: Array | None = None) -> Array:
        np.multiply(input, super().forward(input, mask), out=input)
        return input


class BreaksTheLock(right.Dropout):
    """It makes the caller's array writable and writes into it."""

    def forward(self, input: Array, mask: Array | None = None) -> Array:
        output = super().forward(input, mask)
        input.flags.writeable = True
        input[...] = 7
        return output


class WritesIntoMask(right.Dropout):
    """It tries to make the mask of the golden writable, to write into it."""

    def forward(self, input: Array, mask: Array | None = None) -> Array:
        output = super().forward(input, mask)
        if mask is not None:
            self.mask = mask.copy()
            mask.flags.writeable = True
            mask[...] = ~mask
        return output


class WritesIntoGradient(right.Dropout):
    """It works in place, in the caller's gradient."""

    def backward(self, grad_output: Array) -> Array:
        grad_output *= self.mask
        return grad_output


class SupportsNothing:
    """It has neither forward nor backward nor eval."""

    def __init__(self, p: float) -> None:
        """Take the param, to no avail."""


class Refuses(right.Dropout):
    """It raises Unsupported."""

    def forward(self, input: Array, mask: Array | None = None) -> NoReturn:
        msg = "not today"
        raise Unsupported(msg)


class HidesBehindRefusal(right.Dropout):
    """Its forward is wrong, and its backward declines."""

    scale = 1.0

    def backward(self, grad_output: Array) -> NoReturn:
        msg = "no backward pass"
        raise Unsupported(msg)


def dropout_without_params(input: Array) -> Array:
    """It takes no p."""
    return input


# -- right in another way


class DividesLast(right.Dropout):
    """Right: it divides by 1 - p after it has dropped."""

    def forward(self, input: Array, mask: Array | None = None) -> Array:
        super().forward(input, mask)
        kept = input.astype(np.float32 if input.dtype.itemsize < 4 else input.dtype) * self.mask
        return (kept * 0.0 if self.p == 1 else kept / (1.0 - self.p)).astype(input.dtype)


class InDouble(right.Dropout):
    """Right: it computes in float64 and rounds once."""

    def forward(self, input: Array, mask: Array | None = None) -> Array:
        return super().forward(input.astype(np.float64), mask).astype(input.dtype)

    def backward(self, grad_output: Array) -> Array:
        return super().backward(grad_output.astype(np.float64)).astype(grad_output.dtype)


class InItsOwnDtype(right.Dropout):
    """Right: it rounds the factor to the dtype of the input, as torch itself does."""

    def forward(self, input: Array, mask: Array | None = None) -> Array:
        super().forward(input, mask)
        factor = self.mask.astype(input.dtype) * np.asarray(self.scale, dtype=input.dtype)
        return np.asarray(input * factor)


class FloatMask(_Drawing):
    """Right: it draws and exposes a mask of 0.0 and 1.0."""

    def draw(self, shape: tuple[int, ...]) -> Array:
        return super().draw(shape).astype(np.float32)


class ByteMask(_Drawing):
    """Right: it draws and exposes a mask of bytes."""

    def draw(self, shape: tuple[int, ...]) -> Array:
        return super().draw(shape).astype(np.uint8)


class ScaledMask:
    """Right: it exposes its mask with the factor 1 / (1 - p) already in it, and takes none."""

    def __init__(self, p: float, seed: int) -> None:
        self.keep, self.rng = 1.0 - p, np.random.default_rng(seed)

    def forward(self, x: Array) -> Array:
        self.mask = (self.rng.random(x.shape) < self.keep) / (self.keep or 1.0)
        return (x * self.mask).astype(x.dtype)

    def backward(self, dy: Array) -> Array:
        return (dy * self.mask).astype(dy.dtype)

    def eval(self, x: Array) -> Array:
        return x


class Hidden:
    """Right: it draws a mask that nobody sees, under other names than torch's."""

    inner: type[right.Dropout] = right.Dropout

    def __init__(self, p: float, seed: int) -> None:
        self._inner = self.inner(p, seed)

    def forward(self, x: Array) -> Array:
        return self._inner.forward(x)

    def backward(self, dy: Array) -> Array:
        return self._inner.backward(dy)

    def eval(self, x: Array) -> Array:
        return self._inner.eval(x)


class HiddenDropout1d(Hidden):
    """Right: it hides its mask."""

    inner = right.Dropout1d


class HiddenDropout2d(Hidden):
    """Right: it hides its mask."""

    inner = right.Dropout2d


class HiddenDropout3d(Hidden):
    """Right: it hides its mask."""

    inner = right.Dropout3d


class HiddenAlpha(Hidden):
    """Right: it hides its mask."""

    inner = right.AlphaDropout


class HiddenFeatureAlpha(Hidden):
    """Right: it hides its mask."""

    inner = right.FeatureAlphaDropout


class HiddenHinton(Hidden):
    """Right: it hides its mask."""

    inner = right.HintonDropout


class MaskIsAMethod(Hidden):
    """Right: its `mask` is a method, not the noise."""

    def mask(self, shape: tuple[int, ...]) -> Array:
        return np.ones(shape, dtype=bool)


class Seedless(right.Dropout):
    """Right: it cannot be told a seed."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__(p)

    def forward(self, input: Array) -> Array:  # type: ignore[override]
        return super().forward(input)


class SeedPerCall(right.Dropout):
    """Right: it takes the seed with each forward, not when it is made."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__(p)

    def forward(self, input: Array, seed: int) -> Array:  # type: ignore[override]
        self.rng = np.random.default_rng(seed)
        return super().forward(input)


class WholeMask(right.Dropout2d):
    """Right: it exposes its mask in the shape of the input, a channel's elements all equal."""

    def forward(self, input: Array) -> Array:  # type: ignore[override]
        mask = self.rng.random(self.mask_shape(input.shape)) >= self.p
        return super().forward(input, np.broadcast_to(mask, input.shape))


class Views(right.Dropout):
    """Right: it returns views into one buffer that it uses again, in Fortran's order and backwards."""

    def _view(self, output: Array) -> Array:
        if getattr(self, "buffer", np.empty(0)).shape != output.shape:
            self.buffer = np.empty(output.shape, dtype=output.dtype, order="F")
        self.buffer[(slice(None, None, -1),) * output.ndim] = output
        return self.buffer[(slice(None, None, -1),) * output.ndim] if output.ndim else self.buffer[...]

    def forward(self, input: Array, mask: Array | None = None) -> Array:
        return self._view(super().forward(input, mask))

    def backward(self, grad_output: Array) -> Array:
        return self._view(super().backward(grad_output))

    def eval(self, input: Array) -> Array:
        return self._view(input)


def dropout_forward_only(input: Array, mask: Array, p: float) -> Array:
    """Right: a function, without backward and eval."""
    return right.Dropout(p).forward(input, mask)


class L1Scalar(right.L1Penalty):
    """Right: it returns a NumPy scalar, and takes its weight under another name."""

    def forward(self, w: Array) -> Any:
        super().forward(w)
        return w.dtype.type(self.lambd * float(np.abs(w.astype(np.float64)).ravel()[::-1].sum()))


class L1OneByOne(right.L1Penalty):
    """Right: it adds one element after the other, in float32 at least."""

    def value(self, weight: Array) -> Array:
        return np.asarray(self.lambd * np.add.accumulate(np.abs(weight).ravel())[-1:].sum())


class L2Dot(right.L2Penalty):
    """Right: it takes the dot product of the weight with itself, lambd first."""

    def value(self, weight: Array) -> Array:
        flat = weight.ravel()
        return np.asarray((0.5 * self.lambd * flat) @ flat)


class ElasticAtOnce(right.ElasticNetPenalty):
    """Right: it adds both parts element by element."""

    def value(self, weight: Array) -> Array:
        size = np.abs(weight)
        return np.asarray((size * (self.l1.lambd + self.l2.lambd / 2 * size)).sum())


class MseMapping(right.LinearMseL1):
    """Right: it returns the gradients by name, in no order."""

    def backward(self, grad_output: Array) -> dict[str, Array]:  # type: ignore[override]
        dx, dw, db, dt = super().backward(grad_output)
        return {"target": dt, "grad_bias": db, "weight": dw, "grad_input": dx}


class MseInDouble(right.LinearMseL2):
    """Right: it computes in float64 and rounds once."""

    def forward(self, input: Array, weight: Array, bias: Array, target: Array) -> Array:
        wide = (array.astype(np.float64) for array in (input, weight, bias, target))
        return super().forward(*wide).astype(input.dtype)


class MseOtherNames(right.LinearMseElasticNet):
    """Right: its arguments have other names than torch's."""

    def forward(self, x: Array, w: Array, b: Array, t: Array) -> Array:
        return super().forward(x, w, b, t)


def sgd_in_double(w: Array, g: Array, /, lr: float, **options: Any) -> dict[str, Array]:
    """Right: it computes in float64, and takes its inputs by position."""
    return _sgd(w, g, lr, **options)


def sgd_rounds_each_step(param: Array, grads: Array, **options: Any) -> dict[str, Array]:
    """Right: it keeps parameter and momentum in their own dtype between the steps, as torch does."""
    return _sgd(param, grads, **options, store=param.dtype)


def adam_in_double(param: Array, grads: Array, **options: Any) -> dict[str, Array]:
    """Right: it computes in float64, and divides the rate by the bias correction."""
    return _adam(param, grads, **options)


def adamw_in_double(param: Array, grads: Array, weight_decay: float = 0.01, **options: Any) -> dict[str, Array]:
    """Right: it computes in float64, and divides the rate by the bias correction."""
    return _adam(param, grads, **options, weight_decay=weight_decay, decoupled=True)


class RenormInDouble(right.Renorm):
    """Right: it computes in float64 and rounds once."""

    def forward(self, input: Array) -> Array:
        return super().forward(input.astype(np.float64)).astype(input.dtype)


def clip_norm_at_once(max_norm: float, norm_type: float = 2.0, **grads: Array) -> dict[str, Array]:
    """Right: it takes one norm of all elements, in float64."""
    flat = np.concatenate([grad.astype(np.float64).ravel() for grad in grads.values()])
    total = np.linalg.norm(flat, norm_type)
    factor = np.minimum(1.0, max_norm / (total + 1e-6))
    first = next(iter(grads.values()))
    clipped = {name: (grad.astype(np.float64) * factor).astype(grad.dtype) for name, grad in grads.items()}
    return {**clipped, "total_norm": np.asarray(total, dtype=first.dtype)}


def clip_value_twice(clip_value: float, **grads: Array) -> dict[str, Array]:
    """Right: it clamps from above, then from below, and returns every other element of a buffer."""

    def clamp(grad: Array) -> Array:
        bound = np.asarray(clip_value, dtype=grad.dtype)
        buffer = np.zeros((2, *grad.shape), dtype=grad.dtype, order="F")
        buffer[0] = np.maximum(np.minimum(grad, bound), -bound)
        return np.asarray(buffer[0])

    return {name: clamp(grad) for name, grad in grads.items()}


# -- the registry


def _of(operator: str, expects: Verdict, rows: Iterable[tuple[Callable[..., Any], str, str]]) -> tuple[Animal, ...]:
    """Return animals of one operator from rows of (build, telling cases, what the report says)."""
    return tuple(Animal(operator=operator, build=b, expects=expects, case=case, says=says) for b, case, says in rows)


def _right(**builds: tuple[Callable[..., Any], ...]) -> tuple[Animal, ...]:
    """Return animals that pass."""
    return tuple(
        Animal(operator=operator, build=build, expects=Verdict.PASS)
        for operator, row in builds.items()
        for build in row
    )


#: one fault each
WRONG = (
    *_of("dropout", Verdict.FAIL, [
        (NoRescaling, "ratios-*", "forward/output: "),
        (ScaledByP, "ratios-*", "forward/output: "),
        (SwappedP, "ratios-*", "forward/output: "),
        (ScaledTwice, "document", "forward/output: "),
        (NanAtOne, "extremes-*1", "differ in nan or inf"),
        (InvertedMask, "document", "forward/output: "),
        (TooClean, "edges-*", "differ in nan or inf"),
        (RescaledInEval, "shapes-*", "eval/output: "),
        (DropsInEval, "document", "eval/output: "),
        (MasklessBackward, "document", "backward/grad_input: "),
        (RedrawnBackward, "document", "backward/grad_input: "),
        (UnscaledBackward, "document", "backward/grad_input: "),
        (GuessedBackward, "ties-*", "backward/grad_input: "),
        (NonzeroIsKept, "ties-*", "backward/grad_input: "),
        (PositiveIsKept, "ties-*", "backward/grad_input: "),
        (SelectsInBackward, "grad-edges-*", "differ in nan or inf"),
        (SecondGradient, "document", "backward: returned grad1, grad_input; expected grad_input"),
        (GreaterThanP, "laws", "law p_zero: p = 0 changes the input"),
        (KeepsOneAtOne, "laws", "law p_one: p = 1 keeps something"),
        (OneMaskForAllRows, "laws", "law independent: "),
        (DropsRows, "laws", "law independent: "),
        (RepeatedRows, "laws", "law independent: "),
        (WrongKeepRate, "laws", "law keep_rate: "),
        (FixedSeed, "laws", "law calls_differ: two calls draw the same noise"),
        (IgnoresSeed, "laws", "law seed_repeats: one seed draws two noises"),
        (EmptyLie, "laws", "judged under the noise that it drew and exposed"),
        (RaisesUnderLaws, "laws", "laws: ZeroDivisionError"),
        (NeverDrops, "laws", "law keep_rate: 'mask' keeps 1.0000 of 1536; expected 0.7000"),
        (NoiseInEval, "laws", "eval/output: "),
        (WrongDtype, "document|small", "forward/output: dtype float64; expected float32"),
        (WrongShape, "document", "forward/output: shape (1, 3, 7); expected (3, 7)"),
        (ExtraOutput, "document", "forward: returned output, output1; expected output"),
        (WrongName, "document", "forward: returned y; expected output"),
        (NoOutput, "document", "forward: returned nothing; expected output"),
        (NanInOne, "document", "1 of 21 elements differ in nan or inf"),
        (SlightlyOff, "document", "forward/output: "),
        (InSingle, "document", "forward/output: "),
        (HidesBehindRefusal, "document", "forward/output: "),
    ]),
    *_of("dropout", Verdict.ERROR, [
        (DividesByZero, "extremes-*1", "ZeroDivisionError"),
        (ReturnsList, "document", "'output' is a list; expected a NumPy array"),
        (ReturnsNone, "document", "'grad_input' is a NoneType; expected a NumPy array"),
        (Raises, "document", "RuntimeError: the mask is on fire"),
        (Exits, "document", "SystemExit"),
        (WritesIntoInput, "document", "read-only"),
        (BreaksTheLock, "document", "it wrote into its inputs/input"),
        (WritesIntoMask, "document", "cannot set WRITEABLE flag"),
        (WritesIntoGradient, "document", "read-only"),
    ]),
    *_of("dropout", Verdict.UNSUPPORTED, [
        (SupportsNothing, "*", "SupportsNothing has no 'forward'"),
        (Refuses, "*", "not today"),
        (dropout_without_params, "*", "it takes no param 'p'"),
    ]),
    *_of("dropout1d", Verdict.FAIL, [(PositionsNotChannels, "laws", "elements are dropped one by one")]),
    *_of("dropout2d", Verdict.FAIL, [
        (ElementsNotChannels, "laws", "elements are dropped one by one"),
        (HiddenElements, "laws", "forward/output: "),
    ]),
    *_of("dropout3d", Verdict.FAIL, [
        (WholeSamples, "laws", "law independent: "),
        (UnscaledChannels, "shapes-*", "forward/output: "),
    ]),
    *_of("hinton_dropout", Verdict.FAIL, [
        (HintonScaledInTraining, "ratios-*", "forward/output: "),
        (HintonPlainEval, "ratios-*", "eval/output: "),
        (HintonEvalByP, "ratios-*", "eval/output: "),
    ]),
    *_of("alpha_dropout", Verdict.FAIL, [
        (AlphaZero, "ratios-*", "forward/output: "),
        (AlphaWithoutAffine, "ratios-*", "forward/output: "),
        (AlphaOfElu, "ratios-*", "forward/output: "),
    ]),
    *_of("feature_alpha_dropout", Verdict.FAIL, [(FeatureAlphaElements, "laws", "elements are dropped one by one")]),
    *_of("l1_penalty", Verdict.FAIL, [
        (L1GradientOneAtZero, "zeros-*", "backward/grad_weight: "),
        (L1Mean, "shapes-*", "forward/output: "),
        (L1IgnoresGradOutput, "shapes-*", "backward/grad_weight: "),
        (L1InHalf, "long-sum-*", "forward/output: "),
        (L1Vector, "small", "forward/output: shape (1,); expected ()"),
    ]),
    *_of("l1_penalty", Verdict.ERROR, [(L1PythonFloat, "small", "'output' is a float; expected a NumPy array")]),
    *_of("l2_penalty", Verdict.FAIL, [
        (L2GradientTwice, "small", "backward/grad_weight: "),
        (L2WithoutHalf, "small", "forward/output: "),
        (L2Root, "small", "forward/output: "),
        (L2InSingle, "shapes-float64-*", "forward/output: "),
    ]),
    *_of("elastic_net_penalty", Verdict.FAIL, [
        (ElasticSwapped, "small", "forward/output: "),
        (ElasticForgetsL2, "small", "backward/grad_weight: "),
    ]),
    *_of("linear_mse_l1", Verdict.FAIL, [
        (MseSum, "batch-*", "forward/output: "),
        (MseMeanOverBatch, "batch-*", "backward/grad_weight: "),
    ]),
    *_of("linear_mse_l2", Verdict.FAIL, [
        (MseBiasPenalised, "bias-alone-*", "backward/grad_bias: "),
        (MsePenaltyWithoutGradient, "bias-alone-*", "backward/grad_weight: "),
    ]),
    *_of("linear_mse_elastic_net", Verdict.FAIL, [
        (MseSwappedGradients, "batch-*", "backward/grad_input: shape (2, 3); expected (5, 3)"),
        (MseNoTargetGradient, "batch-*", "backward: returned grad_bias, grad_input, grad_weight; expected "),
    ]),
    *_of("sgd", Verdict.FAIL, [
        (sgd_decay_last, "settings-*-decay_momentum", "forward/param: "),
        (sgd_dampened_at_once, "settings-*-dampening", "forward/momentum_buffer: "),
        (sgd_nesterov_plain, "settings-*-nesterov", "forward/param: "),
        (sgd_nesterov_without_gradient, "settings-*-nesterov", "forward/param: "),
        (sgd_climbs, "settings-*-plain", "forward/param: "),
        (sgd_no_state, "settings-*-momentum", "forward: returned param; expected momentum_buffer, param"),
        (sgd_extra_state, "settings-*-plain", "forward: returned grads, param; expected param"),
        (sgd_last_step_only, "small", "forward/param: shape (2,); expected (10, 2)"),
        (sgd_in_half, "settings-float32-momentum", "forward/param: "),
    ]),
    *_of("adam", Verdict.FAIL, [
        (adam_eps_inside, "settings-*-large_eps", "forward/param: "),
        (adam_eps_early, "settings-*-large_eps", "forward/param: "),
        (adam_no_correction, "defaults-*-bare", "forward/param: "),
        (adam_no_maximum, "amsgrad-fading-*", "forward/param: "),
        (adam_decoupled, "settings-*-decay", "forward/exp_avg: "),
    ]),
    *_of("adamw", Verdict.FAIL, [
        (adamw_l2, "settings-*-decay", "forward/exp_avg: "),
        (adamw_decay_without_rate, "settings-*-decay", "forward/param: "),
        (adamw_without_default, "defaults-*-bare", "forward/param: "),
    ]),
    *_of("renorm", Verdict.FAIL, [
        (RenormOtherDim, "rows-*", "forward/output: "),
        (RenormScalesUp, "rows-*", "forward/output: "),
        (RenormConstantNorm, "rows-*", "backward/grad_input: "),
        (RenormEuclidean, "norms-*", "forward/output: "),
    ]),
    *_of("clip_grad_norm", Verdict.FAIL, [
        (clip_each_alone, "together-*", "forward/grad_weight: "),
        (clip_scales_up, "norms-*-unclipped-*", "forward/grad_weight: "),
        (clip_norm_after, "norms-*-clipped-*", "forward/total_norm: "),
        (clip_elements, "norms-*-clipped-*", "forward/grad_weight: "),
        (clip_norm_in_half, "long-sum-*", "forward/total_norm: "),
    ]),
    *_of("clip_grad_value", Verdict.FAIL, [
        (clip_from_above, "values-*", "forward/grad_weight: "),
        (clip_nan_to_zero, "edges-*", "forward/grad_weight: 1 of 5 elements differ in nan or inf"),
        (clip_first_only, "values-*", "forward/grad_bias: "),
    ]),
)  # fmt: skip

#: correct, and none of them computes as the built-in `numpy` does
RIGHT = _right(
    dropout=(
        DividesLast, InDouble, InItsOwnDtype, FloatMask, ByteMask, ScaledMask, Hidden, MaskIsAMethod, Seedless,
        SeedPerCall, Views, dropout_forward_only,
    ),
    dropout1d=(HiddenDropout1d,),
    dropout2d=(HiddenDropout2d, WholeMask),
    dropout3d=(HiddenDropout3d,),
    alpha_dropout=(HiddenAlpha,),
    feature_alpha_dropout=(HiddenFeatureAlpha,),
    hinton_dropout=(HiddenHinton,),
    l1_penalty=(L1Scalar, L1OneByOne),
    l2_penalty=(L2Dot,),
    elastic_net_penalty=(ElasticAtOnce,),
    linear_mse_l1=(MseMapping,),
    linear_mse_l2=(MseInDouble,),
    linear_mse_elastic_net=(MseOtherNames,),
    sgd=(sgd_in_double, sgd_rounds_each_step),
    adam=(adam_in_double,),
    adamw=(adamw_in_double,),
    renorm=(RenormInDouble,),
    clip_grad_norm=(clip_norm_at_once,),
    clip_grad_value=(clip_value_twice,),
)  # fmt: skip
