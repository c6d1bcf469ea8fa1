"""`atlas route`: the fastest way between two places, leg by leg."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from atlas.cli.options import format_options, mode_option, scenario_options, session_option, talk_options
from atlas.cli.output import Answer, Column, Sink, emit, say
from atlas.cli.session import Choice, Session

if TYPE_CHECKING:
    from atlas.reach import Journey, Leg
    from atlas.scenario import Scenario

__all__ = ["command"]

_COLUMNS = (
    Column("role", "leg"),
    Column("name_zh", "road or line"),
    Column("from_name", "from"),
    Column("to_name", "to"),
    Column("length_km", "km"),
    Column("minutes", "min"),
    Column("wait_min", "wait"),
    Column("border_min", "border"),
)
_DETAIL = Column("detail", "stops")


@click.command(name="route")
@click.argument("origin", metavar="FROM")
@click.argument("destination", metavar="TO")
@mode_option
@click.option("--explain", is_flag=True, help="Add stops, the parts of the time, and the parameters in force.")
@scenario_options
@format_options("table", "json", "csv", "geojson")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    origin: str,
    destination: str,
    mode: str,
    explain: bool,
    choice: Choice,
    sink: Sink,
) -> None:
    """Show the fastest way FROM one place TO another.

    Each leg has its kilometres and minutes; waiting and border minutes are inside the leg's minutes.
    Exit code 1 means there is no way.

    \b
    Example:
      atlas route Zhuhai 阳江 --mode drive
      atlas route 广州 江门 --mode rail --explain
      atlas route 珠海 澳门 --format json
    """
    from atlas.reach import route

    chosen = session.scenario(choice)
    journey = route(session.network, origin, destination, chosen, mode=mode)
    if not journey.found:
        say(f"{journey.origin} → {journey.destination}: no way by {mode} in {chosen.name}")
        click.get_current_context().exit(1)
    say(
        f"{journey.origin} → {journey.destination}, {mode}, {chosen.name}: "
        f"{journey.minutes:.0f} min, {journey.length_km:.0f} km"
    )
    answer = Answer(
        columns=(*_COLUMNS, _DETAIL) if explain else _COLUMNS,
        rows=[_row(leg) for leg in journey.legs],
        about=_about(journey, chosen, explain=explain),
        key="legs",
        features=_features(journey),
    )
    emit(answer, sink)
    if explain:
        say("parts: " + ", ".join(f"{name} {value:.1f} min" for name, value in journey.parts if value))
        say(f"parameters ({chosen.parameters.name}): " + _parameters(chosen))


def _row(leg: Leg) -> dict[str, Any]:
    return {
        "role": leg.role,
        "mode": leg.mode,
        "name_zh": leg.name_zh,
        "name_en": leg.name_en,
        "from_name": leg.from_name,
        "to_name": leg.to_name,
        "length_km": leg.length_km,
        "minutes": leg.minutes,
        "wait_min": leg.wait_min,
        "border_min": leg.border_min,
        "layer": leg.layer,
        "feature_id": leg.feature_id,
        "plan_ids": leg.plan_ids,
        "detail": leg.detail,
    }


def _about(journey: Journey, scenario: Scenario, *, explain: bool) -> dict[str, Any]:
    from atlas.stamp import stamp

    about: dict[str, Any] = {
        "origin": journey.origin,
        "destination": journey.destination,
        "mode": journey.mode,
        "scenario": scenario.name,
        "hash": stamp(journey.network.hash, [scenario]),
        "travel_time_min": journey.minutes,
        "length_km": journey.length_km,
        "parts_min": dict(journey.parts),
    }
    return about | {"parameters": dict(scenario.parameters.values)} if explain else about


def _parameters(scenario: Scenario) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in scenario.parameters.values)


def _features(journey: Journey) -> list[dict[str, Any]]:
    properties = {
        "origin": journey.origin,
        "destination": journey.destination,
        "mode": journey.mode,
        "travel_time_min": journey.minutes,
        "length_km": journey.length_km,
    }
    return [{"type": "Feature", "geometry": journey.geometry.__geo_interface__, "properties": properties}]
