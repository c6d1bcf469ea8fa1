"""`atlas corridors`: a card for each corridor of the plan."""

from __future__ import annotations

from dataclasses import replace

import click

from atlas.base.words import both
from atlas.cli.decide.shared import centres_option, ground_of, limit_option, steps
from atlas.cli.options import format_options, mode_option, scenario_options, session_option, talk_options
from atlas.cli.output import Answer, Column, Sink, emit, rows_of, tell, tell_assumed
from atlas.cli.session import Choice, Session

__all__ = ["command"]

_CARDS = (
    Column("name_zh", "corridor"),
    Column("km", "km", decimals=0),
    Column("km_in_use", "km in use", decimals=0),
    Column("km_rail", "km of rail", decimals=0),
    Column("people_gain", "people gained", decimals=0),
    Column("pairs_gain", "pairs gained", decimals=0),
    Column("minutes_gain", "min saved", decimals=2),
    Column("critical_zh", "may not fail"),
    Column("critical_people", "people lost", decimals=0),
    Column("ports_zh", "ports"),
    Column("airports_zh", "airports"),
)
_YEARS = (Column("corridor", "corridor"), Column("year", "year"), Column("mode", "mode"), Column("km", "km"))
_KM = (Column("name_zh", "corridor"), Column("mode", "mode"), Column("status", "status"), Column("km", "km"))
_CRITICAL = (
    Column("corridor", "corridor"),
    Column("rank", "rank"),
    Column("name_zh", "name"),
    Column("people_lost", "people lost", decimals=0),
    Column("people_cut", "people cut off", decimals=0),
    Column("pairs_lost", "pairs lost"),
)
_SHOWN = {"cards": _CARDS, "by_year": _YEARS, "kilometres": _KM, "critical": _CRITICAL}


@click.command(name="corridors")
@centres_option
@limit_option
@click.option(
    "--since", default="2023", show_default=True, metavar="YEAR", help="Projects open by then are no projects."
)
@click.option("--show", type=click.Choice(list(_SHOWN)), default="cards", show_default=True, help="Which table.")
@mode_option
@scenario_options
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    /,
    centres: tuple[str, ...],
    limit_min: float,
    since: str,
    show: str,
    mode: str,
    choice: Choice,
    sink: Sink,
) -> None:
    """Give a card for each corridor of the plan: kilometres, gains, what may not fail, ports and airports.

    Kilometres count each stretch once, by status and year; gains are what the year loses without all projects of the
    corridor together, and are not to be added, since corridors share projects; ports and airports lie within 30
    minutes of a junction or station of the corridor. Default year 2035. Method: docs/decisions.md.

    \b
    Example:
      atlas corridors
      atlas corridors --show by_year --format csv
    """
    from atlas.data.register import read_register
    from atlas.decide.corridors import SERVED_MIN, corridor_cards

    if choice.year is None and choice.scenario is None:
        choice = replace(choice, year="2035")
    scenario = session.scenario(choice)
    before = scenario.but(name=since, year=session.scenario(Choice(year=since)).year)
    frames = {key: layer.frame for key, layer in session.catalog.layers().items()}
    found = corridor_cards(
        session.network, frames, read_register(session.folder / "data" / "plan"), before, scenario,
        ground_of(session), mode=mode, limit_min=limit_min, centres=centres, progress=steps(),
    )  # fmt: skip
    tables = {name: rows_of(getattr(found, name)) for name in _SHOWN}
    facts = {"year": scenario.name, "since": since, "limit": limit_min, "near": SERVED_MIN}
    tell("decide.corridors", mode=both(f"mode.{mode}"), **facts)
    assumed = session.assumed(scenario)
    tell_assumed(assumed)
    about = {
        "scenario": scenario.name, "since": since, "mode": mode, "limit_min": limit_min, "served_min": SERVED_MIN,
        "assumed_features": assumed, "hash": found.hash,
        **{name: rows for name, rows in tables.items() if name != show and sink.chosen == "json"},
    }  # fmt: skip
    emit(Answer(_SHOWN[show], tables[show], about, show), sink)
