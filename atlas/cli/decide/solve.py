"""`atlas solve`: what a trip, or a promise, needs to be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from atlas.base.errors import PlanError
from atlas.base.words import Words, both
from atlas.cli.decide.shared import targets_of
from atlas.cli.names import PLACE_NAME
from atlas.cli.options import format_options, mode_option, scenario_options, session_option, talk_options
from atlas.cli.output import Answer, Column, Sink, emit, rows_of, tell, tell_assumed
from atlas.cli.session import Choice, Session
from atlas.decide import LEVERS

if TYPE_CHECKING:
    from atlas.decide.players import Player

__all__ = ["command"]

_COLUMNS = (
    Column("by", "by"),
    Column("name_zh", "name"),
    Column("other_zh", "with"),
    Column("before", "before", decimals=2),
    Column("needed", "needed", decimals=2),
    Column("unit", "unit"),
    Column("other_needed", "needed of the second", decimals=2),
    Column("change", "change", decimals=3),
    Column("minutes", "min"),
    Column("best_min", "at its best"),
    Column("possible", "possible"),
)


@click.command(name="solve")
@click.argument("places", type=PLACE_NAME, nargs=-1)
@click.option("--target", metavar="ID", help="A whole target in place of two places.")
@click.option("--reading", metavar="ID", help="Another reading of the target than the default.")
@click.option(
    "--within", "limit_min", type=float, default=60.0, show_default=True, help="The limit in minutes, inclusive."
)
@click.option("--by", "kinds", type=click.Choice(LEVERS), multiple=True, help="What may change. Default: anything.")
@click.option("--top", type=click.IntRange(min=0), default=20, show_default=True, help="So many rows; 0 for all.")
@mode_option
@scenario_options
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    /,
    places: tuple[str, ...],
    target: str | None,
    reading: str | None,
    limit_min: float,
    kinds: tuple[str, ...],
    top: int,
    mode: str,
    choice: Choice,
    sink: Sink,
) -> None:
    """Say what brings the trip between two PLACES within a limit: the least change of one thing, or of two.

    Speed of one road or line, trains a day, border minutes, access, minutes in stations, or a project of the plan that
    the year does not have. With --target, all trips of a promise, each within its own limit. Each answer is put back in
    and computed again. Where nothing does it, the part that decides is named, and the exit code is 1.

    \b
    Example:
      atlas solve 阳江 珠海 --within 120
      atlas solve 珠海 香港 --within 105 --by border
      atlas solve --target circle-two-hours --year 2030
    """
    from atlas.data.register import read_register
    from atlas.decide.needs import solve, solve_trips
    from atlas.decide.players import plan_players

    scenario = session.scenario(choice)
    projects: tuple[Player, ...] = ()
    if "project" in kinds or not kinds:
        whole = scenario.but(name="full", year=None)
        if (session.network.arrays.open_in(whole) & ~session.network.arrays.open_in(scenario)).any():
            register = read_register(session.folder / "data" / "plan")
            projects = plan_players(session.network, register, scenario, whole)
    about: dict[str, Any] = {"mode": mode, "by": list(kinds)}
    if target is not None:
        if places:
            raise PlanError("give two places or --target, not both")
        chosen = next(iter(targets_of(session, [target])))
        readings = chosen.chosen([reading] if reading else [])
        trips = [(start, ends, chosen.limit_min) for start, ends in readings[0].trips()]
        found = solve_trips(session.network, trips, scenario, mode=mode, by=kinds, projects=projects)
        about |= {"target": target, "reading": readings[0].id}
    elif len(places) == 2:
        found = solve(session.network, *places, scenario, limit_min=limit_min, mode=mode, by=kinds, projects=projects)
    else:
        raise PlanError(f"name two places, or a target with --target; {len(places)} were named")
    trip = {"start": found.origin, "end": found.destination, "limit": found.limit_min, "minutes": found.minutes}
    tell("decide.trip", year=scenario.name, mode=both(f"mode.{mode}"), **trip)
    if found.met:
        tell("decide.met", spare=-found.over_min)
    elif not found.solved:
        left = max(found.least_left.legs, key=lambda leg: leg.minutes, default=None)
        if left is None:
            tell("decide.no_way")
        else:
            name = Words(left.name_zh, left.name_en or left.name_zh)
            facts = {"least": found.least_left.minutes, "name": name, "part": left.minutes}
            tell("decide.cannot", start=left.from_name, end=left.to_name, **facts)
    tell("decide.solve_how")
    assumed = session.assumed(scenario)
    tell_assumed(assumed)
    about |= {
        "from": found.origin, "to": found.destination, "limit_min": found.limit_min, "minutes": found.minutes,
        "over_min": found.over_min, "least_left_min": found.least_left.minutes, "scenario": scenario.name,
        "met": found.met, "solved": found.solved, "assumed_features": assumed, "hash": found.hash,
    }  # fmt: skip
    rows = rows_of(found.options)
    emit(Answer(_COLUMNS, rows[:top] if top else rows, about, "options"), sink)
    if not (found.met or found.solved):
        click.get_current_context().exit(1)
