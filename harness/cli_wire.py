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


@click.command()
@click.argument("implementation")
@click.option("--timeout", "seconds", type=click.FloatRange(0, min_open=True), default=20.0, show_default=True,
              metavar="SECONDS", help="For each answer.")  # fmt: skip
def smoke(implementation: str, seconds: float) -> int:
    """Check that a program keeps the protocol, before it is judged: one line a check, exit code 1 when one is wrong.

    IMPLEMENTATION is a program ('exec:./my_program --flag'), or any other name, which is then served in a process.
    """
    from harness.implementation import load_implementation  # noqa: PLC0415
    from harness.model import Limits  # noqa: PLC0415
    from harness.smoke import smoke as checks_of  # noqa: PLC0415
    from harness.wire import Program  # noqa: PLC0415

    program = load_implementation(implementation, Limits(isolate=True, seconds=seconds))
    assert isinstance(program, Program)  # noqa: S101 - what is isolated is one
    wrong = 0
    for check in checks_of(program):
        wrong += bool(check.problem)
        problem = check.problem.replace("\n", "\n       ")
        words = f"WRONG  {check.name}: {problem}" if problem else f"ok     {check.name}"
        click.echo(f"{words}{f' ({check.note})' if check.note else ''}")
    click.echo(f"{wrong} wrong" if wrong else "it keeps the protocol")
    return 1 if wrong else 0
