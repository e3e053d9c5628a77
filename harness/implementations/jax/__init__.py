"""JAX as an Implementation: jax.numpy, jax.nn and jax.lax on the CPU, gradients by `jax.vjp`."""
