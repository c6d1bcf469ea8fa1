"""`atlas hinterland`: the nearest port, airport and hub, and who switches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from atlas.base.errors import PlanError
from atlas.base.words import both
from atlas.cli.decide.shared import ground_of, limit_option, steps
from atlas.cli.options import format_options, mode_option, scenarios_options, session_option, talk_options
from atlas.cli.output import Answer, Column, Sink, emit, rows_of, tell, tell_assumed
from atlas.cli.session import Choice, Session

if TYPE_CHECKING:
    from atlas.data.scenario import Scenario

__all__ = ["command"]

_TABLE = (
    Column("scenario", "year"),
    Column("kind_of_site", "to"),
    Column("name_zh", "name"),
    Column("site_zh", "nearest to the seat"),
    Column("seat_min", "min"),
    Column("main_zh", "nearest to most"),
    Column("main_share", "share", decimals=2),
    Column("mean_min", "mean min"),
    Column("people_within", "people within", decimals=0),
)
_PLATFORMS = (
    Column("scenario", "year"),
    Column("kind_of_site", "to"),
    Column("name_zh", "name"),
    Column("city", "city"),
    Column("position", "point of"),
    Column("site_zh", "nearest"),
    Column("minutes", "min"),
    Column("least_min", "least"),
    Column("most_min", "most"),
)
_SWITCHES = (
    Column("kind_of_site", "to"),
    Column("name_zh", "name"),
    Column("before_zh", "before"),
    Column("before_min", "min before"),
    Column("after_zh", "after"),
    Column("after_min", "min after"),
    Column("saved_min", "saved"),
    Column("crossing", "crossing"),
)


@click.command(name="hinterland")
@click.option(
    "--site",
    "sites",
    type=click.Choice(["port", "airport", "hub"]),
    multiple=True,
    help="Ports, airports of civil aviation, stations of high-speed and intercity trains. Default: all.",
)
@limit_option
@click.option("--platforms", is_flag=True, help="Of the plan's industrial parks and platforms, not of counties.")
@click.option("--all", "whole", is_flag=True, help="Every county and year, not the switches only.")
@mode_option
@scenarios_options()
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    sites: tuple[str, ...],
    limit_min: float,
    platforms: bool,
    whole: bool,
    mode: str,
    choices: tuple[Choice, ...],
    sink: Sink,
) -> None:
    """Say which port, airport and hub is nearest to each county, and which counties switch.

    With two years or more: the counties whose nearest changes from the first to the last, or that cross the limit; with
    one, or with --all, every county: the nearest to its seat, and the nearest to most of its residents. Lorries are
    not told from cars. With --platforms: of each park or platform of the plan (chapter 4), by its point and, where that
    stands for a county or city, by the nearest and farthest town of it. Method: docs/decisions.md.

    \b
    Example:
      atlas hinterland --year 2023 --year 2035
      atlas hinterland --site port --year 2026 --mode drive
      atlas hinterland --platforms --site port --year 2030 --mode drive
    """
    from atlas.data.stamp import stamp
    from atlas.decide.access import hinterland, switches

    scenarios = [session.scenario(choice) for choice in choices]
    if platforms:
        _platforms(session, scenarios, sites, mode, sink)
        return
    table = hinterland(
        session.network, scenarios, ground_of(session), sites=sites or ("port", "airport", "hub"), mode=mode,
        limit_min=limit_min, progress=steps(),
    )  # fmt: skip
    changed = switches(table, scenarios[0].name, scenarios[-1].name, limit_min=limit_min)
    tell("decide.hinterland", mode=both(f"mode.{mode}"), limit=limit_min)
    if len(scenarios) > 1:
        tell("decide.switches", count=len(changed), first=scenarios[0].name, last=scenarios[-1].name)
    assumed = session.assumed(*scenarios)
    tell_assumed(assumed)
    about = {
        "scenarios": [scenario.name for scenario in scenarios], "mode": mode, "limit_min": limit_min,
        "assumed_features": assumed, "hash": stamp(session.network.hash, scenarios),
    }  # fmt: skip
    all_rows = whole or len(scenarios) == 1
    if sink.chosen == "json":
        about["switches" if all_rows else "hinterland"] = rows_of(changed if all_rows else table)
    columns, frame, key = (_TABLE, table, "hinterland") if all_rows else (_SWITCHES, changed, "switches")
    emit(Answer(columns, rows_of(frame), about, key), sink)


def _platforms(session: Session, scenarios: list[Scenario], sites: tuple[str, ...], mode: str, sink: Sink) -> None:
    from atlas.data.stamp import stamp
    from atlas.decide.access import platform_access

    if "platforms" not in session.catalog.specs:
        raise PlanError("this atlas has no layer platforms; leave out --platforms")
    frame = session.catalog.layer("platforms").frame
    table = platform_access(session.network, scenarios, frame, sites=sites or ("port", "airport", "hub"), mode=mode)
    whole = int((frame["position"].isin(["site", "town"])).sum())
    tell("decide.platforms", count=len(frame), known=whole, mode=both(f"mode.{mode}"))
    assumed = session.assumed(*scenarios)
    tell_assumed(assumed)
    about = {
        "scenarios": [scenario.name for scenario in scenarios], "mode": mode, "assumed_features": assumed,
        "hash": stamp(session.network.hash, scenarios),
    }  # fmt: skip
    emit(Answer(_PLATFORMS, rows_of(table), about, "platforms"), sink)
