"""`atlas critical`: what breaks the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from atlas.base.errors import PlanError
from atlas.base.words import Words, both
from atlas.cli.decide.shared import centres_option, ground_of, limit_option, steps, targets_of
from atlas.cli.names import PLACE_NAME
from atlas.cli.options import format_options, mode_option, scenarios_options, session_option, talk_options
from atlas.cli.output import Answer, Column, Row, Sink, emit, rows_of, tell, tell_assumed
from atlas.cli.session import Choice, Session

if TYPE_CHECKING:
    from atlas.data.scenario import Scenario

__all__ = ["command"]

_LOSSES = (
    Column("people_lost", "people lost", decimals=0),
    Column("people_cut", "people cut off", decimals=0),
    Column("people_delayed", "people delayed", decimals=0),
    Column("person_hours", "person-hours", decimals=0),
    Column("pairs_lost", "pairs lost"),
    Column("pairs_cut", "pairs cut off"),
    Column("pairs_delayed", "pairs delayed"),
    Column("worst_delay_min", "worst delay"),
)
_LINKS = (
    Column("scenario", "year"),
    Column("rank", "rank"),
    Column("name_zh", "name"),
    Column("from_zh", "from"),
    Column("to_zh", "to"),
    *_LOSSES,
)
_PAIRS = (Column("scenario", "year"), Column("name_zh", "name"), Column("other_zh", "with"), *_LOSSES)
_DIVIDEND = (
    Column("scenario", "year"),
    Column("name_zh", "closed"),
    Column("people_with", "people with it", decimals=0),
    Column("people_without", "without it", decimals=0),
    Column("worth", "worth", decimals=0),
)
_BREAKS = (
    Column("scenario", "year"),
    Column("rank", "rank"),
    Column("name_zh", "name"),
    Column("trips_lost", "trips lost"),
    Column("trips_cut", "trips cut off"),
    Column("later_min", "later"),
    Column("start", "from"),
    Column("end", "to"),
    Column("before_min", "before"),
    Column("after_min", "after"),
)
_ROUTES = (
    Column("k", "rank"),
    Column("minutes", "min"),
    Column("later_min", "later"),
    Column("length_km", "km"),
    Column("by", "by way of"),
)


@click.command(name="critical")
@click.argument("places", type=PLACE_NAME, nargs=-1)
@click.option(
    "--by", type=click.Choice(["feature", "link"]), default="feature", show_default=True, help="What closes as one."
)
@click.option("--rank", type=click.Choice(["people", "pairs"]), default="people", show_default=True, help="What ranks.")
@centres_option
@limit_option
@click.option("--top", type=click.IntRange(min=0), default=20, show_default=True, help="So many rows; 0 for all.")
@click.option("--two", type=click.IntRange(min=2), help="Close two at once, of so many worst.")
@click.option("--target", metavar="ID", help="What breaks this target of the plan, by its default reading.")
@click.option("--dividend", metavar="ID", help="Worth of this link on fair days and when each of the worst closes.")
@click.option(
    "--near",
    type=click.FloatRange(min=0),
    default=15.0,
    show_default=True,
    help="Minutes later that an alternative may be.",
)
@mode_option
@scenarios_options()
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    /,
    places: tuple[str, ...],
    by: str,
    rank: str,
    centres: tuple[str, ...],
    limit_min: float,
    top: int,
    two: int | None,
    target: str | None,
    dividend: str | None,
    near: float,
    mode: str,
    choices: tuple[Choice, ...],
    sink: Sink,
) -> None:
    """Rank roads and lines by what is lost when one closes; with two PLACES, the ways apart between them.

    People who drop out of the limit of a centre, people cut off, people delayed by 5 minutes or more, and the same for
    pairs from the seats of the four cities to all seats and to their towns; cut off and delayed are told apart.
    --by link closes single stretches of road between two junctions. --two closes two of the worst at once. --dividend
    gives the worth of a link on fair days and on closure days. --target ranks by the trips of a promise that drop out
    of their limit, and by how much later the one that loses most arrives. Method: docs/decisions.md.

    \b
    Example:
      atlas critical --year 2035 --top 5
      atlas critical --two 4
      atlas critical --dividend hmh
      atlas critical --target circle-one-hour --year 2030
      atlas critical 珠海 阳江 --mode drive
    """
    scenarios = [session.scenario(choice) for choice in choices]
    if target is not None:
        if places:
            raise PlanError("give two places or --target, not both")
        _breaks(session, target, scenarios, by, mode, top, sink)
        return
    if places:
        if len(places) != 2:
            raise PlanError(f"name two places, or none for the ranking; {len(places)} were named")
        _routes(session, places, scenarios, mode, near, top, sink)
        return
    from atlas.data.stamp import stamp
    from atlas.decide.board import closures
    from atlas.decide.critical import NOTICED_MIN, Watch, critical_links, worst_pairs
    from atlas.decide.critical import dividend as dividends
    from atlas.plan.summary import told_apart

    ground = ground_of(session)
    if dividend:
        session.check_ids([dividend], session.known_ids)
    frame = critical_links(
        session.network, scenarios, ground, by=by, mode=mode, limit_min=limit_min, centres=centres, rank=rank,
        progress=steps(),
    )  # fmt: skip
    if by == "feature":
        frame = told_apart(session.network, frame, "link")
    rows: list[Row] = rows_of(frame if top == 0 else frame[frame["rank"] <= top])
    columns, key = (_LINKS if by == "link" else tuple(c for c in _LINKS if c.key not in ("from_zh", "to_zh"))), "links"
    if two or dividend:
        rows, columns, key = [], (_DIVIDEND if dividend else _PAIRS), ("dividend" if dividend else "couples")
        for scenario in scenarios:
            worst = frame[(frame["scenario"] == scenario.name) & (frame["rank"] <= (two or 8))]["link"].tolist()
            known = {one.id: one for one in closures(session.network, scenario, by=by)}
            chosen = [known[name] for name in worst]
            watch = Watch.of(session.network, scenario, ground, mode=mode, limit_min=limit_min, centres=centres)
            if dividend:
                rows += [{"scenario": scenario.name, **row} for row in rows_of(dividends(watch, [dividend], chosen))]
            else:
                rows += rows_of(worst_pairs(watch, chosen, rank=rank, progress=steps()))
        fair = both("decide.fair")
        rows = [{**row, "name_zh": fair.zh, "name_en": fair.en} if row.get("closed") == "" else row for row in rows]
    for scenario in scenarios:
        first = frame[frame["scenario"] == scenario.name].iloc[0]
        name = Words(str(first["name_zh"]), str(first["name_en"]))
        facts = {key: first[key] for key in ("people_lost", "people_cut", "pairs_lost", "pairs_cut")}
        tell("decide.worst", year=scenario.name, name=name, limit=limit_min, **facts)
    tell("decide.critical_how", noticed=NOTICED_MIN, mode=both(f"mode.{mode}"))
    assumed = session.assumed(*scenarios)
    tell_assumed(assumed)
    about = {
        "scenarios": [scenario.name for scenario in scenarios], "by": by, "rank": rank, "mode": mode,
        "limit_min": limit_min, "noticed_min": NOTICED_MIN, "assumed_features": assumed,
        "hash": stamp(session.network.hash, scenarios),
    }  # fmt: skip
    emit(Answer(columns, rows, about, key), sink)


def _breaks(
    session: Session, target: str, scenarios: Sequence[Scenario], by: str, mode: str, top: int, sink: Sink
) -> None:
    from atlas.data.stamp import stamp
    from atlas.decide.critical import breaks

    chosen = next(iter(targets_of(session, [target])))
    trips = [(start, ends, chosen.limit_min) for start, ends in chosen.default.trips()]
    rows: list[Row] = []
    for scenario in scenarios:
        frame = breaks(session.network, trips, scenario, by=by, mode=mode)
        rows += rows_of(frame.head(top) if top else frame)
        title = Words(chosen.title_zh, chosen.title_en)
        tell(
            "decide.breaks",
            year=scenario.name,
            title=title,
            count=len(frame),
            lost=int((frame["trips_lost"] > 0).sum()),
        )
    assumed = session.assumed(*scenarios)
    tell_assumed(assumed)
    about = {
        "scenarios": [scenario.name for scenario in scenarios], "target": target, "reading": chosen.default.id,
        "by": by, "mode": mode, "assumed_features": assumed, "hash": stamp(session.network.hash, scenarios),
    }  # fmt: skip
    emit(Answer(_BREAKS, rows, about, "links"), sink)


def _routes(
    session: Session,
    places: tuple[str, ...],
    scenarios: Sequence[Scenario],
    mode: str,
    near: float,
    top: int,
    sink: Sink,
) -> None:
    from atlas.travel.apart import redundancy

    if len(scenarios) != 1:
        raise PlanError("ways apart are those of one scenario; give one year or file")
    found = redundancy(
        session.network, places[0], places[1], scenarios[0], mode=mode, most=min(top, 5) if top else 5, within_min=near
    )
    tell("decide.routes", count=len(found.routes), start=found.origin, end=found.destination, more=found.alternatives,
         near=near, year=found.scenario.name)  # fmt: skip
    if found.exhausted:
        tell("decide.exhausted")
    about = {
        "from": found.origin, "to": found.destination, "scenario": found.scenario.name, "mode": mode,
        "within_min": near, "alternatives": found.alternatives, "exhausted": found.exhausted, "hash": found.hash,
    }  # fmt: skip
    emit(Answer(_ROUTES, rows_of(found.routes), about, "routes"), sink)
    if len(found.routes) == 0:
        click.get_current_context().exit(1)
