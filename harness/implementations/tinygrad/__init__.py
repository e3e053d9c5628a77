"""tinygrad as an Implementation: methods of Tensor and modules of tinygrad.nn, gradients by `Tensor.gradient`."""
