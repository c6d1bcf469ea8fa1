"""`atlas reach`: what can be reached from a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

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
    from atlas.travel.reach import Reach

__all__ = ["command"]

_COLUMNS = (
    Column("name_zh", "place"),
    Column("name_en", "name"),
    Column("level", "level"),
    Column("city", "city"),
    Column("travel_time_min", "min"),
    Column("band_min", "within", decimals=0),
)


@click.command(name="reach")
@click.argument("origin", type=PLACE_NAME)
@within_option
@to_here_option
@mode_option
@scenario_options
@format_options("table", "json", "csv", "geojson", "geojsonseq")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    origin: str,
    within: tuple[float, ...],
    to_here: bool,
    mode: str,
    choice: Choice,
    sink: Sink,
) -> None:
    """List the places within reach of ORIGIN, or with --to-here those from which it is.

    ORIGIN is a Chinese, English or pinyin name, an alias, an administrative code, or lon,lat.
    GeoJSON gives the places and the network travelled, cut where time runs out.

    \b
    Example:
      atlas reach 珠海 --within 60,120
      atlas reach Yangjiang --mode rail --year 2035 --format csv
      atlas reach 113.55,22.22 --format geojson -o zhuhai.geojson
    """
    from atlas.face.answers import reach_about, reach_features
    from atlas.travel.reach import reach_from

    chosen = session.scenario(choice)
    found = reach_from(session.network, origin, chosen, mode=mode, cutoffs_min=within, towards=to_here)
    places = found.place_rows()
    by = both(f"mode.{mode}")
    said = "answer.reach_to" if to_here else "answer.reach"
    tell(said, origin=found.origin_name, mode=by, scenario=chosen.name, counts=_counts(found))
    answer = Answer(
        columns=[column for column in _COLUMNS if not places or column.key in places[0]],
        rows=places,
        about=reach_about(found),
        key="places",
        features=reach_features(found, edges=not to_here),
    )
    emit(answer, sink)
    if all(row["id"] == found.origin.removeprefix("place/") for row in places):
        tell("answer.nothing")
        click.get_current_context().exit(1)


def _counts(found: Reach) -> Words:
    minutes = [row["travel_time_min"] for row in found.place_rows()]
    counts = [(cut, sum(one <= cut + 1e-6 for one in minutes)) for cut in found.cutoffs_min]
    return joined([both("answer.inside", places=places, minutes=cut) for cut, places in counts])
