"""The built-in NumPy implementation: every operator of the case files, written to be read beside the paper."""

from harness.implementations.numpy.dropout import (
    AlphaDropout,
    Dropout,
    Dropout1d,
    Dropout2d,
    Dropout3d,
    FeatureAlphaDropout,
    HintonDropout,
)
from harness.implementations.numpy.norms import Renorm, clip_grad_norm, clip_grad_value
from harness.implementations.numpy.optimizers import adam, adamw, sgd
from harness.implementations.numpy.penalties import (
    ElasticNetPenalty,
    L1Penalty,
    L2Penalty,
    LinearMseElasticNet,
    LinearMseL1,
    LinearMseL2,
)

__all__ = [
    "AlphaDropout",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "ElasticNetPenalty",
    "FeatureAlphaDropout",
    "HintonDropout",
    "L1Penalty",
    "L2Penalty",
    "LinearMseElasticNet",
    "LinearMseL1",
    "LinearMseL2",
    "Renorm",
    "adam",
    "adamw",
    "clip_grad_norm",
    "clip_grad_value",
    "sgd",
]
