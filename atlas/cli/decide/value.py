"""`atlas value`: what each project is worth."""

from __future__ import annotations

from dataclasses import replace

import click

from atlas.base.errors import PlanError
from atlas.base.words import Words, both, joined
from atlas.cli.decide.shared import ground_of, measure_options, steps, targets_of
from atlas.cli.options import format_options, mode_option, scenario_options, session_option, talk_options
from atlas.cli.output import Answer, Column, Row, Sink, emit, rows_of, tell, tell_assumed
from atlas.cli.session import Choice, Session
from atlas.decide import MEASURES

__all__ = ["command"]

_NAME = (Column("project", "project"), Column("name_zh", "name"))
_PROJECTS = (
    *_NAME,
    Column("opens_year", "from"),
    Column("opens_basis", "basis"),
    Column("first_in", "alone"),
    Column("last_in", "lost without"),
    Column("value", "worth"),
    Column("standard_error", "± error"),
    Column("share", "share", decimals=3),
)
_CITIES = (
    *_NAME,
    Column("city", "city"),
    Column("first_in", "alone"),
    Column("last_in", "lost without"),
    Column("value", "worth"),
    Column("standard_error", "± error"),
)
_INTERACTIONS = (
    Column("name_zh", "name"),
    Column("other_zh", "with"),
    Column("together", "together"),
    Column("apart", "sum of each"),
    Column("interaction", "interaction"),
    Column("interaction_last", "with all others"),
)
_DELAYS = (
    *_NAME,
    Column("opens_year", "from"),
    Column("opens_basis", "basis"),
    Column("late_in", "missing in"),
    Column("lost", "lost"),
    Column("lost_share", "share", decimals=4),
    Column("most_hit", "most hit"),
)
#: Decimals of numbers in the unit of the measure.
_DECIMALS = {"people": 0, "pairs": 1, "minutes": 3, "promise": 2, "trips": 2, "hinterland": 0}
_IN_UNITS = (
    "first_in", "last_in", "value", "standard_error", "together", "apart", "interaction", "interaction_last", "lost",
)  # fmt: skip
_SHOWN = {"projects": _PROJECTS, "cities": _CITIES, "interactions": _INTERACTIONS, "delays": _DELAYS}


@click.command(name="value")
@measure_options(*MEASURES)
@click.option(
    "--project", "wanted", multiple=True, metavar="ID", help="Only this feature or plan item; may be repeated."
)
@click.option("--target", "targets", multiple=True, metavar="ID", help="Only this target; may be repeated.")
@click.option(
    "--site",
    "sites",
    type=click.Choice(["port", "airport", "hub"]),
    multiple=True,
    help="Only this kind, for hinterland; may be repeated.",
)
@click.option(
    "--since", default="2023", show_default=True, metavar="YEAR", help="Projects open by then are no projects."
)
@click.option("--orders", type=click.IntRange(min=2), default=100, show_default=True, help="Orders drawn.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of what is drawn.")
@click.option("--delay", type=click.IntRange(1, 100), default=3, show_default=True, help="Years of the delay test.")
@click.option("--show", type=click.Choice(list(_SHOWN)), default="projects", show_default=True, help="Which table.")
@mode_option
@scenario_options
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    /,
    measure: str,
    limit_min: float,
    centres: tuple[str, ...],
    wanted: tuple[str, ...],
    targets: tuple[str, ...],
    sites: tuple[str, ...],
    since: str,
    orders: int,
    seed: int,
    delay: int,
    show: str,
    mode: str,
    choice: Choice,
    sink: Sink,
) -> None:
    """Say what each project of the plan is worth: alone, as the last one missing, and on average.

    The averaged worth (Shapley value) is the mean of what a project adds over all orders of building; the worth of all
    projects adds up to what they bring together. Up to 12 projects it is exact, beyond that drawn, with its standard
    error. People are counted within the limit of each centre; pairs from seats to seats and towns; minutes of the
    average trip between counties; promise: trips of the plan's promises kept; trips: minutes of these trips, the
    average over targets; people near a port, airport and hub. With --project,
    or a scenario file whose `with` lists features, these are the projects. Default year 2035.
    Method: docs/decisions.md.

    \b
    Example:
      atlas value --measure people --within 60
      atlas value --measure promise --orders 20 --show interactions
      atlas value --project hmh --project szy --mode drive --format json
    """
    from atlas.data.register import read_register
    from atlas.decide.players import listed_players, plan_players
    from atlas.decide.value import project_values

    if choice.year is None and choice.scenario is None:
        choice = replace(choice, year="2035")
    scenario = session.scenario(choice)
    session.check_ids(wanted, session.known_ids)
    session.request(wanted)
    named = wanted or tuple(sorted(scenario.with_))
    plan = session.folder / "data" / "plan"
    register = read_register(plan) if plan.is_dir() else None
    if named:
        players = listed_players(session.network, named, register)
    else:
        before = scenario.but(name=since, year=session.scenario(Choice(year=since)).year)
        players = plan_players(session.network, register or read_register(plan), before, scenario)
    found = project_values(
        session.network,
        players,
        scenario,
        measure=measure,
        mode=mode,
        limit_min=limit_min,
        centres=centres,
        ground=ground_of(session) if measure in ("people", "hinterland") else None,
        targets=targets_of(session, targets) if measure in ("promise", "trips") else None,
        sites=sites or ("port", "airport", "hub"),
        orders=orders,
        seed=seed,
        progress=steps(),
    )
    tables: dict[str, list[Row]] = {
        name: rows_of(getattr(found, name)) for name in ("projects", "cities", "interactions")
    }
    if scenario.year is not None:
        tables["delays"] = rows_of(found.delayed(delay))
    elif show == "delays":
        raise PlanError("the delay test needs a year; choose one with --year")
    unit = both(f"decide.unit_{measure}", limit=limit_min)
    tell("decide.value", unit=unit, scenario=scenario.name, mode=both(f"mode.{mode}"), count=len(players))
    tell("decide.joint", before=found.before, after=found.after, joint=found.joint)
    tell("decide.exact" if found.method == "exact" else "decide.sampled", orders=found.orders, seed=seed)
    zero = [row for row in tables["projects"] if not any(row[key] for key in ("first_in", "last_in", "value"))]
    if zero:
        names = joined([Words(str(row["name_zh"]), str(row["name_en"])) for row in zero])
        tell("decide.zero", count=len(zero), names=names)
    assumed = session.assumed(scenario)
    tell_assumed(assumed)
    about = {
        "measure": measure, "unit": found.unit, "limit_min": limit_min, "scenario": scenario.name, "mode": mode,
        "before": found.before, "after": found.after, "joint": found.joint, "method": found.method,
        "orders": found.orders, "seed": seed, "delay_years": delay, "assumed_features": assumed, "hash": found.hash,
        **{name: rows for name, rows in tables.items() if name != show and sink.chosen == "json"},
    }  # fmt: skip
    columns = [
        replace(column, decimals=_DECIMALS[measure]) if column.key in _IN_UNITS else column for column in _SHOWN[show]
    ]
    emit(Answer(columns, tables[show], about, show), sink)
