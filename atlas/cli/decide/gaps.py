"""`atlas gaps`: what the plan wants and does not build."""

from __future__ import annotations

from dataclasses import replace

import click

from atlas.base.words import both
from atlas.cli.decide.shared import steps, targets_of
from atlas.cli.options import format_options, mode_option, scenario_options, session_option, talk_options
from atlas.cli.output import Answer, Column, Sink, emit, rows_of, tell, tell_assumed
from atlas.cli.session import Choice, Session

__all__ = ["command"]

_COLUMNS = (
    Column("target_id", "target"),
    Column("from_zh", "from"),
    Column("to_zh", "to"),
    Column("limit_min", "limit", decimals=0),
    Column("before_min", "before"),
    Column("minutes", "min"),
    Column("improved", "improved"),
    Column("link", "new link"),
    Column("start_zh", "from"),
    Column("end_zh", "to"),
    Column("length_km", "km"),
    Column("water_km", "over water"),
    Column("strait", "strait"),
    Column("with_min", "min with it"),
)


@click.command(name="gaps")
@click.option("--target", "wanted", multiple=True, metavar="ID", help="Only this target; may be repeated.")
@click.option("--reading", "readings", multiple=True, metavar="ID", help="Another reading than the default; or all.")
@click.option(
    "--since", default="2023", show_default=True, metavar="YEAR", help="Projects open by then are no projects."
)
@click.option(
    "--link", "kinds", type=click.Choice(["road", "rail"]), multiple=True, help="Kind of new link. Default: both."
)
@mode_option
@scenario_options
@format_options("table", "json", "csv", "geojson", "geojsonseq")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    /,
    wanted: tuple[str, ...],
    readings: tuple[str, ...],
    since: str,
    kinds: tuple[str, ...],
    mode: str,
    choice: Choice,
    sink: Sink,
) -> None:
    """List the trips the plan promises that stay outside, and the shortest new road or railway that would do.

    A trip that the plan's projects do not make faster by half a minute is served by none of them. The new link joins
    two junctions or two stations, straight; it is built into the network and the trip computed again. It may cross a
    strait, which is said. It is a measure of what is missing, and no proposal. Default year 2035.

    \b
    Example:
      atlas gaps
      atlas gaps --target circle-two-hours --link rail --format geojson -o gap.geojson
    """
    from atlas.decide.gaps import LINK_KINDS, NEW_RAIL_KMH, NEW_ROAD_KMH, gaps

    if choice.year is None and choice.scenario is None:
        choice = replace(choice, year="2035")
    scenario = session.scenario(choice)
    before = scenario.but(name=since, year=session.scenario(Choice(year=since)).year)
    targets = targets_of(session, wanted)
    targets.check_readings(readings)
    frame = gaps(
        session.network, session.catalog.layers(), before, scenario, targets, readings=readings, mode=mode,
        kinds=kinds or LINK_KINDS, progress=steps(),
    )  # fmt: skip
    trips = frame.drop_duplicates(["target_id", "from_id", "to_id"])
    facts = {"count": len(trips), "none": int((~trips["improved"].astype(bool)).sum())}
    tell("decide.gaps", year=scenario.name, mode=both(f"mode.{mode}"), **facts)
    tell("decide.gaps_how", road=NEW_ROAD_KMH, rail=NEW_RAIL_KMH)
    assumed = session.assumed(scenario)
    tell_assumed(assumed)
    rows = rows_of(frame)
    about = {
        "scenario": scenario.name, "since": since, "mode": mode, "new_road_kmh": NEW_ROAD_KMH,
        "new_rail_kmh": NEW_RAIL_KMH, "assumed_features": assumed,
        "hash": frame["hash"].iloc[0] if len(frame) else "",
    }  # fmt: skip
    features = [
        {
            "type": "Feature",
            "geometry": {
                "type": "LineString",
                "coordinates": [[row["lon_a"], row["lat_a"]], [row["lon_b"], row["lat_b"]]],
            },
            "properties": {key: value for key, value in row.items() if not key.startswith(("lon_", "lat_"))},
        }
        for row in rows
        if row["start"]
    ]
    emit(Answer(_COLUMNS, rows, about, "gaps", features), sink)
