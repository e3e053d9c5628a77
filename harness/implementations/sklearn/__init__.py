"""scikit-learn and SciPy as an Implementation: what of the catalogue their users call, forward only."""
