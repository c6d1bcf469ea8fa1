"""`atlas event`: closures that come together, and who drops out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from atlas.base.doors import did_you_mean
from atlas.base.errors import PlanError
from atlas.base.words import Words, both, joined
from atlas.cli.decide.shared import centres_option, ground_of, limit_option
from atlas.cli.options import format_options, mode_option, scenario_options, session_option, talk_options
from atlas.cli.output import Answer, Column, Row, Sink, emit, rows_of, tell, tell_assumed
from atlas.cli.session import Choice, Session

__all__ = ["command"]

_LIST = (
    Column("id", "event"),
    Column("name_zh", "name"),
    Column("from", "from"),
    Column("until", "until"),
    Column("event_basis", "basis"),
    Column("closures", "closures"),
)
_COUNTIES = (
    Column("name_zh", "name"),
    Column("city", "city"),
    Column("people", "people", decimals=0),
    Column("inside_before", "people before", decimals=0),
    Column("inside_after", "after", decimals=0),
    Column("dropped", "people lost", decimals=0),
    Column("cut", "people cut off", decimals=0),
    Column("minutes_before", "min before"),
    Column("minutes_after", "min after"),
)
_PLACES = (
    Column("name_zh", "place"),
    Column("city", "city"),
    Column("centre_zh", "to"),
    Column("before_min", "before"),
    Column("after_min", "after"),
    Column("change", "change"),
)
_CLOSED = (
    Column("what_zh", "what"),
    Column("from", "from"),
    Column("until", "until"),
    Column("name_zh", "name"),
    Column("feature", "feature"),
    Column("source", "source"),
)
_SHOWN = {"counties": _COUNTIES, "places": _PLACES, "closed": _CLOSED}


@click.group(name="event", invoke_without_command=True)
@session_option
@talk_options
@click.pass_context
def command(ctx: click.Context) -> None:
    """List events — typhoons as they were, fog, a border shut — or run one over a scenario.

    \b
    Example:
      atlas event
      atlas event run ragasa-2025
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_events)


@command.command(name="list")
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def list_events(session: Session, sink: Sink) -> None:
    """List the events of data/events with their times and on what they rest.

    \b
    Example:
      atlas event list --format json
    """
    from atlas.decide.events import read_events

    rows: list[Row] = [
        {
            "id": event.id, "kind": event.kind, "name_zh": event.name_zh, "name_en": event.name_en,
            "from": event.start, "until": event.until, "event_basis": event.basis, "closures": len(event.happenings),
            "note": event.note,
        }
        for event in read_events(session.folder / "data" / "events")
    ]  # fmt: skip
    emit(Answer(_LIST, rows, {}, "events"), sink)


@command.command()
@click.argument("name", metavar="EVENT")
@click.option("--at", "hour", default="", metavar="TIME", help="Only what is closed then, such as 2025-09-24T12:00.")
@centres_option
@limit_option
@click.option("--show", type=click.Choice(list(_SHOWN)), default="counties", show_default=True, help="Which table.")
@mode_option
@scenario_options
@format_options("table", "json", "csv", "geojson", "geojsonseq")
@session_option
@talk_options
@click.pass_obj
def run(
    session: Session,
    /,
    name: str,
    hour: str,
    centres: tuple[str, ...],
    limit_min: float,
    show: str,
    mode: str,
    choice: Choice,
    sink: Sink,
) -> None:
    """Close what EVENT closed and say who drops out: people by county, seats and towns, with the sources.

    EVENT is an id of `atlas event list`, or a TOML file of your own. GeoJSON gives the places that drop out, to be
    drawn on a map. The network is that of the year asked for, not of the day.

    \b
    Example:
      atlas event run ragasa-2025
      atlas event run ragasa-2025 --at 2025-09-24T12:00 --show places
      atlas event run wipha-2025 --year 2035 --to 中山 --format geojson -o wipha.geojson
    """
    from atlas.decide.events import read_event, read_events, run_event

    if Path(name).suffix == ".toml":
        event = read_event(name)
    else:
        known = {one.id: one for one in read_events(session.folder / "data" / "events")}
        if name not in known:
            raise PlanError(f"no event {name!r}{did_you_mean(name, known)}; `atlas event list` shows all")
        event = known[name]
    scenario = session.scenario(choice)
    found = run_event(
        session.network, event, scenario, ground_of(session), mode=mode, limit_min=limit_min, centres=centres, hour=hour
    )
    tables = {"counties": found.counties, "places": found.places, "closed": found.closed}
    told = Words(event.name_zh, event.name_en)
    losses = {key: getattr(found.losses, key) for key in ("people_lost", "people_cut", "pairs_lost", "pairs_cut")}
    tell("decide.event", name=told, year=scenario.name, mode=both(f"mode.{mode}"), limit=limit_min, **losses)
    if event.basis == "assumed":
        tell("decide.event_assumed")
    missing = [name for one in event.happenings for name in one.missing()]
    if missing:
        tell("decide.unmapped", names=joined(missing))
    if found.absent:
        tell("decide.absent", names=", ".join(found.absent), year=scenario.name)
    assumed = session.assumed(scenario)
    tell_assumed(assumed)
    about: dict[str, Any] = {
        "event": event.id, "event_zh": event.name_zh, "event_en": event.name_en, "basis": event.basis, "at": hour,
        "scenario": scenario.name, "mode": mode, "limit_min": limit_min, **found.losses.__dict__,
        "unmapped": [name.zh for name in missing], "not_open": list(found.absent), "note": event.note,
        "assumed_features": assumed,
        "hash": found.hash,
    }  # fmt: skip
    if sink.chosen == "json":
        about |= {key: rows_of(frame) for key, frame in tables.items() if key != show}
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [round(row["lon"], 6), round(row["lat"], 6)]},
            "properties": {key: value for key, value in row.items() if key not in ("lon", "lat")},
        }
        for row in rows_of(found.places)
    ]
    emit(Answer(_SHOWN[show], rows_of(tables[show]), about, show, features), sink)
