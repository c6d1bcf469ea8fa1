"""`atlas route`: the fastest way between two places, leg by leg."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from atlas.base.words import Words, both, joined, parameter_words
from atlas.cli.names import PLACE_NAME
from atlas.cli.options import format_options, mode_option, scenario_options, session_option, talk_options
from atlas.cli.output import Answer, Column, Sink, emit, tell, tongue
from atlas.cli.session import Choice, Session

if TYPE_CHECKING:
    from atlas.data.scenario import Scenario
    from atlas.evidence.explain import Explanation, Ride
    from atlas.travel.journey import Journey

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
@click.argument("origin", type=PLACE_NAME, metavar="FROM")
@click.argument("destination", type=PLACE_NAME, metavar="TO")
@click.option("--to-here", is_flag=True, help="The way back: from TO to FROM.")
@mode_option
@click.option("--explain", is_flag=True, help="Add stops, parts, range, runner-up, waits and assumptions.")
@scenario_options
@format_options("table", "json", "csv", "geojson", "geojsonseq")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    origin: str,
    destination: str,
    to_here: bool,
    mode: str,
    explain: bool,
    choice: Choice,
    sink: Sink,
) -> None:
    """Show the fastest way FROM one place TO another.

    Stations, airports, ports and junctions answer too where no place does:
    广州南, 珠海站 (珠海 is the city), 珠海机场, ZUH, 大鳌出口.
    By rail one then boards and leaves at the very stations named.

    Each leg has its kilometres and minutes; waiting and border minutes are inside
    the leg's minutes. Exit code 1 means there is no way.

    \b
    Example:
      atlas route Zhuhai 阳江 --mode drive
      atlas route 广州 江门 --mode rail --explain
      atlas route 广州南 珠海站 --mode rail --explain
      atlas route 珠海 澳门 --format json
    """
    from atlas.face.answers import leg_row, route_about, route_features

    chosen = session.scenario(choice)
    if to_here:
        origin, destination = destination, origin
    told = None
    if explain:
        from atlas.evidence.explain import explain as explained

        told = explained(session.network, origin, destination, chosen, mode=mode)
    journey, assumed = _journey(session, origin, destination, chosen, mode, told)
    ends = {"start": journey.origin, "end": journey.destination}
    facts = {**ends, "mode": both(f"mode.{mode}"), "scenario": chosen.name}
    if not journey.found:
        tell("explain.no_way", **facts)
        click.get_current_context().exit(1)
    tell("explain.found", minutes=journey.minutes, km=journey.length_km, **facts)
    answer = Answer(
        columns=(*_COLUMNS, _DETAIL) if explain else _COLUMNS,
        rows=[leg_row(leg) for leg in journey.legs],
        about=route_about(journey, chosen) | {"assumed_features": assumed} | (_explained(told, chosen) if told else {}),
        key="legs",
        features=route_features(journey) if sink.chosen in ("geojson", "geojsonseq") else (),
    )
    emit(answer, sink)
    if told:
        _tell(told)


def _journey(
    session: Session, origin: str, destination: str, scenario: Scenario, mode: str, told: Explanation | None
) -> tuple[Journey, int]:
    """Return the journey, and how many features are open by an assumed year; where it can be, from a kept trip."""
    trip = None if told else session.kept_trip(scenario, mode, 1)
    ends = None if trip is None else trip.nodes_of((origin, destination))
    if trip is not None and ends is not None:
        from atlas.travel.journey import journey_on

        return journey_on(trip, trip.tree(ends[0], ends=ends[1:]), ends[1]), trip.assumed
    from atlas.travel.reach import route

    found = told.journey if told else route(session.network, origin, destination, scenario, mode=mode)
    return found, session.assumed(scenario)[scenario.name]


def _tell(told: Explanation) -> None:
    """Say on stderr what the time rests on."""
    parts = [
        both("explain.part", name=both(f"minutes_part.{name}"), minutes=value)
        for name, value in told.journey.parts
        if value
    ]
    tell("explain.parts", parts=joined(parts))
    if told.rides:
        tell("explain.station", station=told.journey.station_to_station_min, door=told.journey.minutes)
    sets = [both("explain.set", name=both(f"parameter_set.{name}"), minutes=minutes) for name, minutes in told.sets]
    low, middle, high = told.quantiles
    tell("explain.range", sets=joined(sets), low=low, middle=middle, high=high)
    if told.runner_up is None:
        tell("explain.no_runner_up")
    else:
        ridden = [leg for leg in told.runner_up.legs if leg.role in ("road", "train", "ferry", "coach")]
        via = joined([Words(leg.name_zh, leg.name_en or leg.name_zh) for leg in ridden])
        tell("explain.runner_up", minutes=told.runner_up.minutes, via=via)
    for ride in told.rides:
        tell("explain.ride", start=ride.start, end=ride.end, minutes=ride.ridden_min, others=_others(ride))
    for one in told.boardings:
        low, middle, high = one.wait_min
        frequency = {"station": one.station, "trains": one.trains_per_day, "headway": one.headway_min}
        tell("explain.boarding", low=low, middle=middle, high=high, **frequency)
    for sentence in _assumptions(told):
        tell("explain.assumed", text=sentence)
    for influence in told.influences:
        minutes = {"low": influence.favourable_min, "high": influence.adverse_min}
        tell("explain.influence", name=parameter_words(influence.parameter), **minutes)


def _assumptions(told: Explanation) -> list[Words]:
    """Return what the time rests on as sentences; settings are said in words."""
    return [
        both(
            f"assumption.{one.kind}",
            **{name: _fact(name, fact) for name, fact in one.facts.items()},
        )
        for one in told.assumptions
    ]


def _fact(name: str, fact: object) -> object:
    """Return a fact of an assumption as it is said: settings and parameters by their words."""
    if name in ("parameter_set", "period", "boarding", "timetable"):
        return both(f"{name}.{fact}")
    return parameter_words(str(fact)) if name == "parameter" else fact


def _others(ride: Ride) -> Words:
    direct = ride.direct
    if direct is None:
        return both("explain.no_timetable")
    if len(direct.runs) == 1 and direct.trains_per_day <= 1:
        return both("explain.one_train")
    minutes = {"fastest": direct.fastest_min, "slowest": direct.slowest_min, "typical": direct.typical_min}
    return both("explain.trains", count=direct.trains_per_day, **minutes)


def _explained(told: Explanation, scenario: Scenario) -> dict[str, Any]:
    from atlas.face.answers import leg_row

    low, middle, high = told.quantiles
    other = told.runner_up
    return {
        "range_min": dict(told.sets),
        "quantiles_min": {"p5": low, "p50": middle, "p95": high},
        "runner_up": None
        if other is None
        else {
            "travel_time_min": other.minutes,
            "length_km": other.length_km,
            "legs": [leg_row(leg) for leg in other.legs],
        },
        "trains": [
            {"from_name": ride.start, "to_name": ride.end, "ridden_min": ride.ridden_min}
            | (
                {}
                if ride.direct is None
                else {
                    "direct_per_day": ride.direct.trains_per_day,
                    "fastest_min": ride.direct.fastest_min,
                    "typical_min": ride.direct.typical_min,
                    "slowest_min": ride.direct.slowest_min,
                }
            )
            for ride in told.rides
        ],
        "boardings": [
            {
                "station": one.station,
                "trains_per_day": one.trains_per_day,
                "headway_min": one.headway_min,
                "wait_p5_min": one.wait_min[0],
                "wait_p50_min": one.wait_min[1],
                "wait_p95_min": one.wait_min[2],
            }
            for one in told.boardings
        ],
        "assumptions": [getattr(words, tongue()) for words in _assumptions(told)],
        "influences_min": {one.parameter: [one.favourable_min, one.adverse_min] for one in told.influences},
        "parameters": dict(scenario.parameters.values),
    }
