"""The command `harness`: parse, one call, render, exit code."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NoReturn

import click

from harness.cli_audit import audit
from harness.cli_goldens import accept, drift, record
from harness.cli_options import folder_options, limit_options, patterns_argument, version_name
from harness.cli_output import give_up_stdout, keep_stdout, stdout_alone
from harness.cli_replay import replay
from harness.cli_wire import serve, smoke
from harness.errors import HarnessError
from harness.model import Limits
from harness.selection import case_files, select_ids


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nExit codes: 0 all as expected; 1 something does not conform; 2 usage, or a case\nfile that cannot be "
    "read; 3 nothing was run; 4 a golden is missing, stale or corrupt.",
)
@click.version_option(package_name="golden-harness")
def harness() -> None:
    """Judge neural-network operators by golden files recorded from PyTorch."""


def main() -> NoReturn:
    """Run the command line; an error with an address is one message on stderr and its exit code."""
    keep_stdout()
    try:
        code = harness.main(standalone_mode=False)
        if sys.stdout is not None:  # a process may be started without one
            sys.stdout.flush()
    except HarnessError as error:
        click.echo(f"harness: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("harness: interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        click.echo(f"harness: {error.filename or 'the output'}: {error.strerror or error}", err=True)
        give_up_stdout()
        sys.exit(2)
    sys.exit(code if isinstance(code, int) else 0)


@harness.command("list")
@patterns_argument
@click.option("--count", "only_count", is_flag=True, help="Print only how many there are.")
@folder_options
def list_cases(patterns: tuple[str, ...], only_count: bool, cases_dir: Path, golden_dir: Path) -> int:
    """Print the ids of the cases that match globs such as 'regularization/dropout/*'."""
    del golden_dir
    count = 0
    operators = set()
    for file, ids in select_ids(cases_dir, patterns):
        if not only_count:
            click.echo("\n".join(ids))
        count += len(ids)
        operators.add(file.stem)
    numbers = ((len(operators), "operator"), (count, "case"))
    words = [f"{number} {noun}{'' if number == 1 else 's'}" for number, noun in numbers]
    click.echo(", ".join(words), err=not only_count)
    return 0


@harness.command()
@click.argument("case")
@click.option("--implementation", "-i", default="numpy", show_default=True, help="Whose arrays to print.")
@click.option("--golden", "version", help="Version of the goldens.")
@limit_options
@folder_options
def show(
    case: str, implementation: str, version: str | None, limits: Limits, cases_dir: Path, golden_dir: Path
) -> int:  # fmt: skip
    """Print what an implementation answers to CASE, laid out as its transcript."""
    from harness.show import show_case  # noqa: PLC0415 - `list` stays fast without it

    with stdout_alone() as stdout:
        shown = show_case(
            case, implementation=implementation, limits=limits, cases=cases_dir, goldens=golden_dir,
            version=version_name(version),
        )  # fmt: skip
        stdout.write(f"{shown.text}\n")
    if shown.note:
        click.echo(f"note: {shown.note}", err=True)
    return 0


@harness.command()
@click.option("--write", "folder", type=click.Path(path_type=Path), help="Write operators.md and operators/ there.")
@folder_options
def operators(folder: Path | None, cases_dir: Path, golden_dir: Path) -> int:
    """Print what each operator computes, takes and returns, as Markdown made from the case files."""
    from harness.casefile import read_operator  # noqa: PLC0415
    from harness.report.operators import operator_pages  # noqa: PLC0415

    del golden_dir
    pages = operator_pages([read_operator(file, cases_dir) for file in case_files(cases_dir)])
    for name, text in pages.items():
        if folder is None:
            click.echo(text)
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


@harness.command()
def schema() -> int:
    """Print the JSON Schema of case files, for editors."""
    from harness.schema import json_schema  # noqa: PLC0415

    click.echo(json.dumps(json_schema(), indent=2))
    return 0


harness.add_command(replay)
harness.add_command(record)
harness.add_command(accept)
harness.add_command(drift)
harness.add_command(audit)
harness.add_command(serve)
harness.add_command(smoke)
