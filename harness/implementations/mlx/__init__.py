"""MLX as an Implementation: mlx.core, mlx.nn and mlx.optimizers on the CPU, gradients by `mlx.core.vjp`."""
