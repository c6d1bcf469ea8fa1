"""`atlas coverage`: who and what lies within reach."""

from __future__ import annotations

import click

from atlas.cli.names import PLACE_NAME
from atlas.cli.options import (
    MODES,
    format_options,
    scenarios_options,
    session_option,
    talk_options,
    to_here_option,
    within_option,
)
from atlas.cli.output import Answer, Column, Sink, emit, rows_of, tell
from atlas.cli.session import Choice, Session

__all__ = ["command"]

_COLUMNS = (
    Column("origin_zh", "origin"),
    Column("scenario", "year"),
    Column("mode", "mode"),
    Column("cutoff_min", "within", decimals=0),
    Column("name_zh", "of"),
    Column("people", "people", decimals=0),
    Column("people_low", "low", decimals=0),
    Column("people_high", "high", decimals=0),
    Column("percent", "%"),
    Column("area_km2", "km²", decimals=0),
    Column("places", "places"),
)


@click.command(name="coverage")
@click.argument("origins", type=PLACE_NAME, nargs=-1, required=True, metavar="ORIGIN...")
@within_option
@click.option("--mode", "modes", type=click.Choice(MODES), multiple=True, help="May be repeated. Default multimodal.")
@scenarios_options()
@to_here_option
@click.option(
    "--combine",
    type=click.Choice(["each", "union", "intersection", "nearest"]),
    default="each",
    show_default=True,
    help="Several origins apart, or what any, all or the nearest of them reach.",
)
@click.option("--counties", is_flag=True, help="Each county too.")
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    origins: tuple[str, ...],
    within: tuple[float, ...],
    modes: tuple[str, ...],
    choices: tuple[Choice, ...],
    to_here: bool,
    combine: str,
    counties: bool,
    sink: Sink,
) -> None:
    """Count the people, land and places within reach of ORIGIN, with bounds.

    People are residents of the census year in the layer places, spread over the land by a stated rule; low and high
    are the least and the most that other rules give (docs/people.md). GDP is not given: no source holds it by county.

    \b
    Example:
      atlas coverage 珠海 --within 60,120
      atlas coverage 珠海 江门 --combine intersection --within 60
      atlas coverage 江门 阳江 --year 2023 --year 2035 --mode drive --mode rail --format csv
    """
    import pandas as pd

    from atlas.data.stamp import stamp
    from atlas.land.coverage import coverage
    from atlas.land.surface import surface_from, together

    scenarios = [session.scenario(choice) for choice in choices]
    asked = [(scenario, mode) for scenario in scenarios for mode in modes or ("multimodal",)]
    surfaces = {
        (origin, one): surface_from(
            session.network, origin, asked[one][0], session.access, mode=asked[one][1], towards=to_here
        )
        for origin in origins
        for one in range(len(asked))
    }
    if combine == "each":
        counted = list(surfaces.values())
    else:
        alike = ([surfaces[origin, one] for origin in origins] for one in range(len(asked)))
        counted = [surface for some in alike for surface in together(some, combine)]
    tables = [coverage(one, session.population, within, by_county=counties) for one in counted]
    frame = pd.concat(tables, ignore_index=True)
    frame["percent"] = 100.0 * frame["share"]
    tell("answer.people", source=session.population.source)
    about = {
        "towards": to_here,
        "combine": combine,
        "hash": stamp(session.network.hash, scenarios),
        "people_source": session.population.source,
    }
    emit(Answer(_COLUMNS, rows_of(frame), about if sink.chosen != "csv" else {}, "coverage"), sink)
