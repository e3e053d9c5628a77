"""HIPS autograd as an Implementation: autograd.numpy and autograd.scipy, gradients by `make_vjp`."""
