"""`atlas isochrone`: the areas within reach."""

from __future__ import annotations

import click

from atlas.cli.names import PLACE_NAME
from atlas.cli.options import (
    format_options,
    mode_option,
    scenario_options,
    session_option,
    talk_options,
    to_here_option,
    within_option,
)
from atlas.cli.output import Answer, Column, Sink, emit, tell
from atlas.cli.session import Choice, Session

__all__ = ["command"]

_COLUMNS = (
    Column("origin_zh", "origin"),
    Column("mode", "mode"),
    Column("scenario", "scenario"),
    Column("combine", "combine"),
    Column("count", "of at least"),
    Column("cutoff_min", "within", decimals=0),
    Column("area_km2", "km²", decimals=0),
)


@click.command(name="isochrone")
@click.argument("origins", type=PLACE_NAME, nargs=-1, required=True, metavar="ORIGIN...")
@within_option
@click.option(
    "--combine",
    type=click.Choice(["union", "intersection", "count", "nearest"]),
    default="union",
    show_default=True,
    help="Of several origins: any, all, at least k, or the nearest.",
)
@to_here_option
@mode_option
@scenario_options
@format_options("table", "json", "csv", "geojson", "geojsonseq")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    origins: tuple[str, ...],
    within: tuple[float, ...],
    combine: str,
    to_here: bool,
    mode: str,
    choice: Choice,
    sink: Sink,
) -> None:
    """Draw the areas within reach of ORIGIN, or of several together, over land only.

    The intersection of several is their circle: where all of them can be reached.

    \b
    Example:
      atlas isochrone 珠海 --within 60,120 -o zhuhai.geojson
      atlas isochrone 珠海 --to-here --close hzmb_zh --within 90 --format geojsonseq --precision 4
      atlas isochrone 珠海 中山 江门 阳江 --combine intersection --within 120 --format table
    """
    from atlas.face.answers import area_features, area_frame, area_rows
    from atlas.land.surface import surface_from

    scenario = session.scenario(choice)
    surfaces = [
        surface_from(session.network, name, scenario, session.access, mode=mode, towards=to_here) for name in origins
    ]
    frame = area_frame(surfaces, within, combine)
    rows, features = area_rows(frame), area_features(frame)
    for row in rows:
        tell("answer.area", origin=row["origin_zh"], minutes=row["cutoff_min"], km2=row["area_km2"])
    shown = [column for column in _COLUMNS if column.key in frame]
    about = {"mode": mode, "towards": to_here, "scenario": scenario.name, "hash": surfaces[0].hash}
    emit(Answer(shown, rows, about if sink.chosen != "csv" else {}, "isochrones", features), sink)
    if frame.geometry.is_empty.all():
        tell("answer.nothing_reached")
        click.get_current_context().exit(1)
