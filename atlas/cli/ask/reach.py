"""`atlas reach`: what can be reached from a place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from atlas.base.tables import listing
from atlas.base.words import Words, both, joined
from atlas.cli.names import PLACE_NAME
from atlas.cli.options import (
    format_options,
    mode_option,
    scenario_options,
    session_option,
    talk_options,
    to_here_option,
    within_option,
)
from atlas.cli.output import Answer, Column, Sink, emit, tell
from atlas.cli.session import Choice, Session

if TYPE_CHECKING:
    from atlas.data.scenario import Scenario
    from atlas.travel.reach import Reach
    from atlas.ways.kept import KeptReach

__all__ = ["command"]

_COLUMNS = (
    Column("name_zh", "place"),
    Column("name_en", "name"),
    Column("level", "level"),
    Column("city", "city"),
    Column("travel_time_min", "min"),
    Column("band_min", "within", decimals=0),
    Column("origin_zh", "origin"),
)


@click.command(name="reach")
@click.argument("origins", nargs=-1, required=True, metavar="ORIGIN...", type=PLACE_NAME)
@within_option
@click.option(
    "--combine",
    type=click.Choice(["union", "intersection"]),
    default="union",
    show_default=True,
    help="Of several origins: places that any or that all reach.",
)
@to_here_option
@mode_option
@scenario_options
@format_options("table", "json", "csv", "geojson", "geojsonseq")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    origins: tuple[str, ...],
    within: tuple[float, ...],
    combine: str,
    to_here: bool,
    mode: str,
    choice: Choice,
    sink: Sink,
) -> None:
    """List the places within reach of ORIGIN, or with --to-here those from which it is.

    Of several origins each place has the minutes of the nearest, or of the farthest where all are to reach it.
    ORIGIN is a Chinese, English or pinyin name, an alias, an administrative code, or lon,lat.
    GeoJSON gives the places and the network travelled, cut where time runs out.

    \b
    Example:
      atlas reach 珠海 --within 60,120
      atlas reach Yangjiang --mode rail --year 2035 --format csv
      atlas reach 珠海 江门 --combine intersection --within 60
      atlas reach 113.55,22.22 --format geojson -o zhuhai.geojson
    """
    from atlas.face.answers import joint_rows, place_features, reach_about, reach_features

    chosen = session.scenario(choice)
    drawn = sink.chosen in ("geojson", "geojsonseq")
    listed = () if drawn or to_here else _in_lists(session, origins, chosen, mode, within)
    whole = () if listed else _whole(session, origins, chosen, mode, within, towards=to_here)
    reaches: Sequence[Reach | KeptReach] = listed or whole
    found, about = reaches[0], reach_about(reaches[0])
    if len(reaches) == 1:
        places = found.place_rows()
        features = reach_features(whole[0], edges=not to_here) if drawn else ()
    else:
        places = joint_rows(reaches, combine)
        features = place_features(places)
        about |= {
            "origin": listing(one.origin for one in reaches),
            "origin_zh": listing(one.origin_name for one in reaches),
            "combine": combine,
        }
    by = both(f"mode.{mode}")
    said = "answer.reach_to" if to_here else "answer.reach"
    tell(said, origin=about["origin_zh"], mode=by, scenario=chosen.name, counts=_counts(places, found.cutoffs_min))
    answer = Answer(
        columns=[column for column in _COLUMNS if not places or column.key in places[0]],
        rows=places,
        about=about,
        key="places",
        features=features,
    )
    emit(answer, sink)
    starts = {one.origin.removeprefix("place/") for one in reaches}
    if all(row["id"] in starts for row in places):
        tell("answer.nothing")
        click.get_current_context().exit(1)


def _in_lists(
    session: Session, origins: Sequence[str], scenario: Scenario, mode: str, within: Sequence[float]
) -> Sequence[KeptReach]:
    """Return the reaches of a kept trip, in plain lists; none where there is no such trip or it lacks an origin."""
    from atlas.ways.kept import KeptReach
    from atlas.ways.told import in_order

    trip = session.kept_trip(scenario, mode, len(origins))
    nodes = None if trip is None else trip.nodes_of(origins)
    if trip is None or nodes is None:
        return ()
    return [KeptReach(trip, node, in_order(within)) for node in nodes]


def _whole(
    session: Session, origins: Sequence[str], scenario: Scenario, mode: str, within: Sequence[float], *, towards: bool
) -> Sequence[Reach]:
    from atlas.travel.reach import reach_from

    network = session.network
    return [reach_from(network, one, scenario, mode=mode, cutoffs_min=within, towards=towards) for one in origins]


def _counts(places: Sequence[dict[str, Any]], cutoffs_min: Sequence[float]) -> Words:
    from atlas.ways.heap import TOLERANCE_MIN

    minutes = [row["travel_time_min"] for row in places]
    counts = [(cut, sum(one <= cut + TOLERANCE_MIN for one in minutes)) for cut in cutoffs_min]
    return joined([both("answer.inside", places=places, minutes=cut) for cut, places in counts])
