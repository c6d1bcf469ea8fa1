"""`atlas network`: what the network is made of, whether it holds together, and its files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from atlas.cli.options import (
    EXPORTS,
    Place,
    ending_option,
    format_options,
    mode_option,
    overwrite_option,
    scenario_options,
    session_option,
    talk_options,
)
from atlas.cli.output import Answer, Column, Row, Sink, emit, rows_of, tell
from atlas.cli.session import Choice, Session

if TYPE_CHECKING:
    from atlas.travel.check import NetworkReport

__all__ = ["command"]

_COLUMNS = (
    Column("what", "what"),
    Column("name", "name"),
    Column("number", "number", decimals=0),
    Column("length_km", "km"),
)


@click.group(name="network", invoke_without_command=True)
@click.option("--check", is_flag=True, help="Exit code 1 when the network is broken anywhere.")
@scenario_options
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_context
def command(ctx: click.Context, check: bool, choice: Choice, sink: Sink) -> None:
    """Count, check or export the network.

    Without a sub-command: counts, components, islands, dead ends, near misses and breaks. A break is a
    seat, or a station with trains, outside the main component, or an edge that takes no time.

    \b
    Example:
      atlas network
      atlas network --check --year 2035
      atlas network export -o network.graphml
    """
    if ctx.invoked_subcommand is not None:
        return
    from atlas.data.stamp import stamp
    from atlas.travel.check import check_network

    session: Session = ctx.obj
    scenario = session.scenario(choice)
    report = check_network(session.network, scenario)
    about = {"scenario": scenario.name, "hash": stamp(session.network.hash, [scenario])}
    emit(Answer(_COLUMNS, _rows(report), about, "report"), sink)
    tell(f"answer.breaks_{min(len(report.breaks), 2)}", scenario=scenario.name, count=len(report.breaks))
    if check and report.breaks:
        ctx.exit(1)


def _rows(report: NetworkReport) -> list[Row]:
    counts = rows_of(report.counts)
    near = rows_of(report.near_misses)
    links = rows_of(report.longest_links)
    return [
        *(_row("edges", f"{r['mode']} {r['role']}", r["edges"], r["length_km"]) for r in counts),
        *(_row("component", str(rank), size) for rank, size in enumerate(report.components, start=1)),
        *(_row("island", name) for name in report.islands),
        *(_row("dead end", name) for name in report.dead_ends),
        *(_row("drawn through another side", name, None, km) for name, km in report.strays),
        *(_row("near miss", f"{r['feature_id']} - {r['target']}", None, r["length_km"]) for r in near),
        *(_row("longest link", f"{r['feature_id']} - {r['target']}", None, r["length_km"]) for r in links),
        *(_row("break", text) for text in report.breaks),
    ]


def _row(what: str, name: str, number: int | None = None, length_km: float | None = None) -> Row:
    return {"what": what, "name": name, "number": number, "length_km": length_km}


@command.command()
@click.option(
    "-o",
    "--output",
    required=True,
    type=Place(path_type=Path),
    help="The ending decides: .graphml, .json (node-link), .csv (pairs, with the nodes beside), or as `atlas export`.",
)
@ending_option("graphml", "json", *(form for form in EXPORTS if form != "gtfs"))
@overwrite_option
@mode_option
@scenario_options
@session_option
@talk_options
@click.pass_obj
def export(session: Session, output: Path | str, form: str | None, overwrite: bool, mode: str, choice: Choice) -> None:
    """Write the nodes and edges open in a scenario, with minutes, for networkx, Gephi or a GIS.

    \b
    Example:
      atlas network export -o network.graphml
      atlas network export -o network.gpkg --year 2035 --mode drive
    """
    from atlas.exports.write import write_network

    scenario = session.scenario(choice)
    for path in write_network(session.network, output, scenario, mode=mode, form=form, overwrite=overwrite):
        tell("answer.wrote", path=path)
