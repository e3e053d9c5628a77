"""The commands `harness serve` and `harness smoke`: the two ends of the pipe."""

from __future__ import annotations

import os
import sys

import click

from harness.cli_output import stdout_alone
from harness.errors import UsageError


@click.command()
@click.argument("implementation")
def serve(implementation: str) -> int:
    """Answer the harness over stdin and stdout for IMPLEMENTATION: a name, module, file or object, as in replay."""
    import faulthandler  # noqa: PLC0415

    from harness.serve import serve_implementation  # noqa: PLC0415

    with stdout_alone() as stdout:
        try:
            requests, replies = os.dup(sys.stdin.fileno()), os.dup(stdout.fileno())
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, sys.stdin.fileno())  # whoever reads stdin from now on finds it empty
            os.close(nothing)
        except (AttributeError, OSError, ValueError) as error:
            raise UsageError("no stdin and stdout to speak over") from error
        faulthandler.enable()  # a segfault then says where
        return serve_implementation(implementation, requests, replies)
