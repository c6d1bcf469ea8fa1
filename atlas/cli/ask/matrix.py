"""`atlas matrix`: travel times between many places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from atlas.base.doors import Door
from atlas.base.errors import AtlasError, ImportDataError
from atlas.base.tables import parse_table
from atlas.cli.names import PLACE_NAME
from atlas.cli.options import (
    MODES,
    format_options,
    parameters_option,
    scenarios_options,
    session_option,
    talk_options,
)
from atlas.cli.output import Answer, Column, Row, Sink, emit, tell
from atlas.cli.session import Choice, Session
from atlas.data.declaration import seats_of

if TYPE_CHECKING:
    from atlas.data.scenario import Scenario

__all__ = ["command"]

#: Of a list of pairs: bytes read, pairs taken.
_LARGEST_BYTES, _MOST_PAIRS = 16_000_000, 100_000


#: Columns of times by scenario and mode, how many features each scenario opens by an assumed year, hash of the layers.
_Told = tuple[list[dict[str, list[Any]]], dict[str, int], str]
#: More places than these take long enough to say what is being done.
_MANY = 200


@click.command(name="matrix")
@click.option("--from", "origins", multiple=True, type=PLACE_NAME, help="An origin; may be repeated.")
@click.option("--to", "destinations", multiple=True, type=PLACE_NAME, help="A destination; may be repeated.")
@click.option(
    "--pairs",
    "--csv",
    "pairs",
    type=click.File("rb"),
    help="CSV of pairs with the columns from and to; - reads stdin.",
)
@click.option("--mode", "modes", type=click.Choice(MODES), multiple=True, help="May be repeated. Default multimodal.")
@scenarios_options()
@parameters_option
@click.option("--draws", type=click.IntRange(1, 10_000), help="Add P5, P50 and P95 over so many random draws.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the random draws.")
@format_options("table", "json", "csv")
@session_option
@talk_options
@click.pass_obj
def command(
    session: Session,
    origins: tuple[str, ...],
    destinations: tuple[str, ...],
    pairs: BinaryIO | None,
    modes: tuple[str, ...],
    choices: tuple[Choice, ...],
    parameter_set: str | None,
    draws: int | None,
    seed: int,
    sink: Sink,
) -> None:
    """Give the travel times between places, with their parts.

    Without --from, --to or --pairs: between the seats of all cities, districts and counties. A pair that
    cannot be travelled has an empty time. The table shows minutes from each row to each column.

    \b
    Example:
      atlas matrix --format csv
      atlas matrix --from 珠海 --from 中山 --to 江门 --to 阳江 --mode drive --mode rail
      atlas matrix --from 珠海 --to 阳江 --draws 200 --format csv
      atlas matrix --pairs pairs.csv --year 2026 --year 2035 --format json
    """
    from atlas.face.answers import matrix_about

    wanted = _read_pairs(pairs) if pairs is not None else None
    if wanted is not None and (origins or destinations):
        raise click.UsageError("give either --pairs or --from and --to")
    starts, ends = _ends(session, origins, destinations, wanted)
    scenarios = [session.scenario(replace(one, parameter_set=parameter_set)) for one in choices]
    chosen_modes = modes or ("multimodal",)
    many = len(starts) + len(ends) > _MANY
    if many:
        tell("answer.joining", count=len(starts) + len(ends))
    asked = [(scenario, mode) for scenario in scenarios for mode in chosen_modes]
    blocks, assumed, layers = _in_lists(session, starts, ends, asked) or _in_arrays(
        session, starts, ends, asked, many=many
    )
    table = {name: [value for block in blocks for value in block[name]] for name in blocks[0]}
    if draws is not None:
        table |= _quantiles(session, starts, ends, scenarios, chosen_modes, draws, seed)
    rows: list[Row] = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    if wanted is not None:
        rows = _only(rows, starts, ends, wanted)
    reached = sum(row["travel_time_min"] == row["travel_time_min"] for row in rows)
    tell("answer.times", times=len(rows), reached=reached)
    columns, rows = _grid(rows) if sink.chosen == "table" and wanted is None else (_LONG, rows)
    about = matrix_about(layers, scenarios, chosen_modes, assumed)
    emit(Answer(columns, rows, about, "times"), sink)
    if not reached:
        click.get_current_context().exit(1)


def _in_lists(
    session: Session, starts: Sequence[str], ends: Sequence[str], asked: Sequence[tuple[Scenario, str]]
) -> _Told | None:
    """Return the times by kept trips, in plain lists; None where one of them lacks a place or the work is large."""
    from atlas.ways.told import time_columns

    found, assumed, layers = [], {}, ""
    for scenario, mode in asked:
        trip = session.kept_trip(scenario, mode, len(starts) * len(asked))
        nodes = None if trip is None else trip.nodes_of((*starts, *ends))
        if trip is None or nodes is None:
            return None
        at, to = nodes[: len(starts)], nodes[len(starts) :]
        trees = [trip.tree(start, ends=to) for start in at]
        found.append(time_columns(trip, trees, at, to, (scenario.name, mode)))
        assumed[scenario.name], layers = trip.assumed, trip.hash
    return found, assumed, layers


def _in_arrays(
    session: Session, starts: Sequence[str], ends: Sequence[str], asked: Sequence[tuple[Scenario, str]], *, many: bool
) -> _Told:
    from atlas.travel.reach import locate_all, matrix_columns
    from atlas.travel.trip import Trip

    network, at, to = locate_all(session.network, starts, ends)
    found = []
    for scenario, mode in asked:
        if many:
            tell("answer.searching", mode=mode, scenario=scenario.name, count=len(starts))
        found.append(matrix_columns(Trip(network, scenario, mode), at, to))
    return found, session.assumed(*(scenario for scenario, _ in asked)), network.hash


def _quantiles(
    session: Session,
    starts: Sequence[str],
    ends: Sequence[str],
    scenarios: Sequence[Scenario],
    modes: Sequence[str],
    draws: int,
    seed: int,
) -> dict[str, list[float]]:
    """Return the 5th, 50th and 95th percentile over random draws of the parameters and positions."""
    import numpy as np

    from atlas.evidence.draws import spread

    found = [
        spread(session.network, starts, ends, scenario, mode=mode, draws=draws, seed=seed)
        for scenario in scenarios
        for mode in modes
    ]
    names = {"p5_min": 0.05, "p50_min": 0.5, "p95_min": 0.95}
    return {
        name: np.concatenate([one.quantile(share).ravel() for one in found]).tolist() for name, share in names.items()
    }


_LONG = (
    Column("from_zh", "from"),
    Column("to_zh", "to"),
    Column("scenario", "scenario"),
    Column("mode", "mode"),
    Column("travel_time_min", "min"),
    Column("access_min", "access"),
    Column("wait_min", "wait"),
    Column("in_vehicle_min", "ride"),
    Column("transfer_min", "transfer"),
    Column("border_min", "border"),
    Column("egress_min", "egress"),
)


def _ends(
    session: Session,
    origins: Sequence[str],
    destinations: Sequence[str],
    wanted: Sequence[tuple[str, str]] | None,
) -> tuple[list[str], list[str]]:
    if wanted is not None:
        return list(dict.fromkeys(a for a, _ in wanted)), list(dict.fromkeys(b for _, b in wanted))
    if origins and destinations:
        return list(origins), list(destinations)
    places = session.catalog.layer("places").frame
    seats = list(seats_of(places))
    return list(origins) or seats, list(destinations) or seats


def _read_pairs(handle: BinaryIO) -> list[tuple[str, str]]:
    door = Door(
        Path(str(getattr(handle, "name", "stdin"))),
        ImportDataError,
        ", the list of pairs,",
    )
    text = door.decoded(handle.read(_LARGEST_BYTES), chinese=True)
    table = parse_table(text, ("from", "to"), where=f"{door.path}", error=ImportDataError, most_rows=_MOST_PAIRS)
    if not len(table):
        raise ImportDataError(f"{door.path}: holds no pair; write one a line, from and to")
    return [(row.needed("from"), row.needed("to")) for row in table]


def _only(
    rows: Sequence[Row], starts: Sequence[str], ends: Sequence[str], wanted: Sequence[tuple[str, str]]
) -> list[Row]:
    """Keep the rows of the pairs wanted, in their order, for each scenario and mode."""
    width = len(starts) * len(ends)
    if len(rows) % width:
        raise AtlasError("the matrix has not one row a pair, scenario and mode")
    at = [starts.index(a) * len(ends) + ends.index(b) for a, b in wanted]
    return [rows[block + row] for block in range(0, len(rows), width) for row in at]


def _grid(rows: Sequence[Row]) -> tuple[list[Column], list[Row]]:
    """One line an origin, scenario and mode; one column a destination."""
    ends = {row["to_id"]: Column(row["to_id"], row["to_zh"], decimals=0) for row in rows}
    lines: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = (row["scenario"], row["mode"], row["from_id"])
        line = lines.setdefault(key, {"from": row["from_zh"], "scenario": row["scenario"], "mode": row["mode"]})
        line[row["to_id"]] = row["travel_time_min"]
    heads = [Column("from", "from"), Column("scenario", "scenario"), Column("mode", "mode")]
    return [*heads, *ends.values()], list(lines.values())
