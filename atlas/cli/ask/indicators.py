"""`atlas indicators`: accessibility of the seats of cities and counties."""

from __future__ import annotations

import click

from atlas.cli.options import MODES, format_options, scenarios_options, session_option, talk_options
from atlas.cli.output import Answer, Column, Sink, emit, rows_of, say
from atlas.cli.session import Choice, Session

__all__ = ["command"]

_COLUMNS = (
    Column("name_zh", "seat"),
    Column("scenario", "year"),
    Column("mode", "mode"),
    Column("people_60", "people ≤ 60", decimals=0),
    Column("people_120", "people ≤ 120", decimals=0),
    Column("potential", "potential", decimals=0),
    Column("self_potential", "own county", decimals=0),
    Column("mean_time_min", "mean min"),
    Column("performance_60", "performance", decimals=2),
    Column("port_min", "port"),
    Column("airport_min", "airport"),
    Column("general_airport_min", "airfield"),
    Column("hub_min", "station"),
)
_LEVELS = {"city": ("prefecture",), "county": ("prefecture", "district", "county", "county_city")}


@click.command(name="indicators")
@click.option("--by", type=click.Choice(["city", "county"]), default="county", show_default=True, help="Whose seats.")
@click.option("--mode", "modes", type=click.Choice(MODES), multiple=True, help="May be repeated. Default multimodal.")
@click.option(
    "--nth", type=click.IntRange(min=1), default=1, show_default=True, help="Nearest port, airport, station: the nth."
)
@scenarios_options()
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    by: str,
    modes: tuple[str, ...],
    nth: int,
    choices: tuple[Choice, ...],
    sink: Sink,
) -> None:
    """Give accessibility indicators of the seats of the four cities and their counties.

    People within one and two hours; potential accessibility (people weighted by a decay that halves every 35 minutes;
    the own county apart); mean minutes to the people of the four cities; transport performance (people within an
    hour over people within 60 km); minutes to the nearest (with --nth, the nth nearest) port, airport of civil
    aviation, airfield of general aviation and station. Definitions: docs/people.md.

    \b
    Example:
      atlas indicators --by city
      atlas indicators --by city --year 2023 --year 2035 --mode drive --format csv
    """
    from atlas.data.stamp import stamp
    from atlas.land.indicators import DECAY_PER_MIN, NEAR_KM, accessibility

    places = session.catalog.layer("places").frame
    chosen = places[places["level"].isin(_LEVELS[by]) & places["city"].isin(session.network.region.core_cities)]
    scenarios = [session.scenario(choice) for choice in choices]
    frame = accessibility(
        session.network,
        chosen["id"].astype(str).tolist(),
        scenarios,
        list(modes) or ["multimodal"],
        session.access,
        session.population,
        nth=nth,
        progress=lambda done, total: say(f"{done} of {total}") if done % 25 == 0 else None,
    )
    about = {
        "decay_per_min": DECAY_PER_MIN,
        "near_km": NEAR_KM,
        "nth": nth,
        "people_source": session.population.source,
        "hash": stamp(session.network.hash, scenarios),
    }
    emit(Answer(_COLUMNS, rows_of(frame), about if sink.chosen != "csv" else {}, "indicators"), sink)
