"""`atlas params`: the numbers of the model, with their ranges and sources."""

from __future__ import annotations

import click

from atlas.cli.options import format_options, scenario_options, session_option, talk_options
from atlas.cli.output import Answer, Column, Sink, emit
from atlas.cli.session import Choice, Session

__all__ = ["command"]

_COLUMNS = (
    Column("name", "parameter"),
    Column("low", "low", decimals=2),
    Column("central", "central", decimals=2),
    Column("high", "high", decimals=2),
    Column("in_force", "in force", decimals=2),
    Column("unit", "unit"),
    Column("source", "source"),
)


@click.command(name="params")
@scenario_options
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    choice: Choice,
    sink: Sink,
) -> None:
    """Print the parameters: low, central, high, and the value in force, with unit and source.

    JSON and CSV add the note on where each number is from.

    \b
    Example:
      atlas params
      atlas params --parameters adverse --format csv
    """
    chosen = session.scenario(choice)
    from atlas.data.parameters import read_parameters

    rows = [
        {
            "name": row.name,
            "low": row.low,
            "central": row.central,
            "high": row.high,
            "in_force": chosen.value(row.name),
            "unit": row.unit,
            "source": row.source,
            "note": row.note,
        }
        for row in read_parameters(session.folder / "data" / "parameters.csv")
    ]
    about = {"scenario": chosen.name, "parameter_set": chosen.parameter_set, "hash": chosen.parameters.hash}
    emit(Answer(_COLUMNS, rows, about, "parameters"), sink)
