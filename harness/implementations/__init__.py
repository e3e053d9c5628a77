"""Implementations that come with the harness; each knows only the protocol in `harness.model`."""
