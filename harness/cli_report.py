"""The command `harness report`: JSON reports of replays, side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from harness.errors import UsageError


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="RESULTS.jsonl...", type=click.Path(path_type=Path))
@click.option("--operators", is_flag=True, help="A row for each operator, not for each family.")
@click.option("--markdown", "form", flag_value="markdown", help="Print Markdown.")
@click.option("--json", "form", flag_value="json", help="Print JSON, with the counts of every operator.")
def report(files: tuple[Path, ...], operators: bool, form: str | None) -> int:
    """Print what each implementation offers and where it deviates, from reports of `harness replay NAME --json FILE`.

    Reports of one version of an implementation against the same goldens share a column.
    """
    from harness.report.table import FAMILY_LEGEND, OPERATOR_LEGEND, Table, aligned, markdown  # noqa: PLC0415

    table = Table()
    for file in files:
        table.add(_lines(file), str(file))
    if form == "json":
        click.echo(json.dumps(table.as_json(), indent=1, ensure_ascii=False))
        return 0
    rows = table.of_operators() if operators else table.of_families()
    legend = "; ".join(OPERATOR_LEGEND if operators else FAMILY_LEGEND)
    notes = [f"note: {note}" for note in table.notes]
    if form == "markdown":
        click.echo("\n\n".join([markdown(rows), legend.replace("*", "\\*") + ".", *notes]))
    else:
        click.echo("\n".join([aligned(rows), "", legend, *notes]))
    return 0


def _lines(file: Path) -> Iterator[str]:
    try:
        with file.open(encoding="utf-8") as lines:
            yield from lines
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(file)) from error
    except UnicodeDecodeError as error:
        raise UsageError("not UTF-8: no report", where=str(file)) from error
