"""What can be made faster, and by how much: the levers of :mod:`atlas.decide.needs`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from atlas.base.geodesy import Bools, Floats
from atlas.base.tables import listed
from atlas.base.words import both, parameter_words
from atlas.decide.board import Board

__all__ = ["Lever", "all_off", "levers_of"]

#: The fastest trains: an average speed beyond it is called not possible.
FASTEST_RAIL_KMH = 350.0


@dataclass(frozen=True, eq=False)
class Lever:
    """Something that can be made faster.

    Attributes
    ----------
    kind, id
        One of :data:`KINDS`; the feature or parameter.
    parameter
        The parameter whose value says the same, empty for the speed of one road or line.
    unit, before
        What is turned, and its value now.
    inverse
        Whether the value rises as the minutes fall (a speed) or falls with them.
    first_off, later_off
        (m,) minutes the lever can take off each edge, before and after the first train.
    most
        The greatest (speeds) or least (minutes) value that is possible.
    """

    kind: str
    id: str
    name_zh: str
    name_en: str
    parameter: str
    unit: str
    before: float
    inverse: bool
    first_off: Floats
    later_off: Floats
    most: float

    def value(self, share: float) -> float:
        """Return the value that leaves `share` of the minutes."""
        return self.before / share if self.inverse and share > 0 else self.before * share

    def possible(self, share: float) -> bool:
        """Return whether that value can be had."""
        value = self.value(share)
        return share > 0 and value <= self.most + 1e-9 if self.inverse else value >= self.most - 1e-9

    @property
    def least_share(self) -> float:
        """The share of the minutes left when all that is possible is done."""
        if self.inverse:
            return min(self.before / self.most, 1.0) if np.isfinite(self.most) else 0.0
        return min(self.most / self.before, 1.0)


def levers_of(board: Board) -> list[Lever]:
    """Return all levers of a board but projects: speeds of each road and line, waits, borders, and parameters."""
    return [*_speeds(board), *_classes(board), *_headways(board), *_parameters(board)]


def _masked(board: Board, mask: Bools) -> tuple[Floats, Floats]:
    """The minutes of the edges of `mask`, none elsewhere."""
    first, later = (np.where(mask, minutes, 0.0) for minutes in board.minutes)
    return first, later


def _speeds(board: Board) -> Iterator[Lever]:
    """The average speed of each road, and of the trains that run over each line."""
    network, arrays, columns = board.network, board.network.arrays, board.network.edge_columns
    first = board.minutes[0]
    open_ = arrays.standing(board.present) & arrays.in_mode[board.mode]
    groups: dict[str, list[int]] = {}
    for row in np.nonzero(open_ & np.isin(arrays.role, ("run", "ride")))[0].tolist():
        if arrays.role[row] == "run":
            groups.setdefault(f"{columns['layer'][row]}/{columns['feature_id'][row]}", []).append(row)
        else:
            for line in listed(str(columns["line_ids"][row])):
                groups.setdefault(f"railways/{line}", []).append(row)
    factors = _factors(board)
    for name, rows in groups.items():
        km, minutes = float(arrays.length_km[rows].sum()), float(first[rows].sum())
        layer, _, feature = name.partition("/")
        if km <= 0 or minutes <= 0:
            continue
        zh, en = network.names_of(layer, feature)
        rail = layer == "railways"
        most = FASTEST_RAIL_KMH if rail else km / float((first[rows] * factors[rows]).sum()) * 60.0
        mask = np.zeros(len(first), dtype=bool)
        mask[rows] = True
        yield Lever("speed", name, zh, en, "", "km/h", km / minutes * 60.0, True, *_masked(board, mask), most)


def _factors(board: Board) -> Floats:
    """(m,) share of the limit at which roads run."""
    arrays, period = board.network.arrays, board.scenario.period
    found = np.full(len(arrays.tail), np.nan)
    for name, mask in _class_masks(board).items():
        found[mask] = board.scenario.value(f"road_factor_{period}_{name}")
    return found


def _class_masks(board: Board) -> dict[str, Bools]:
    arrays = board.network.arrays
    runs = arrays.role == "run"
    urban = arrays.speed_class == "urban_expressway"
    return {
        "expressway": np.asarray(runs & arrays.expressway, dtype=bool),
        "urban_expressway": np.asarray(runs & urban, dtype=bool),
        "ordinary": np.asarray(runs & ~arrays.expressway & ~urban, dtype=bool),
    }


def _named(board: Board, kind: str, parameter: str, mask: Bools, *, inverse: bool, unit: str) -> Lever | None:
    """The lever of a parameter, as far as its range goes; None where nothing is left to gain."""
    words, scenario = parameter_words(parameter), board.scenario
    before = scenario.value(parameter)
    most = before if scenario.table is None else scenario.table[parameter].value("favourable")
    if before <= 0 or not mask.any():
        return None
    most = max(most, before) if inverse else min(most, before)
    return Lever(kind, parameter, *words, parameter, unit, before, inverse, *_masked(board, mask), most)


def _classes(board: Board) -> Iterator[Lever]:
    for name, mask in _class_masks(board).items():
        parameter = f"road_factor_{board.scenario.period}_{name}"
        lever = _named(board, "speed", parameter, mask, inverse=True, unit="share of the limit")
        if lever is not None:
            yield lever


def _parameters(board: Board) -> Iterator[Lever]:
    """Borders, local travel, and minutes in stations: what a parameter says alone."""
    arrays, first = board.network.arrays, board.minutes[0]
    local = np.asarray(arrays.mode == "local", dtype=bool)
    stepping = np.asarray((arrays.role == "board") & ~arrays.changing, dtype=bool)
    found: list[Lever | None] = [_named(board, "access", "local_speed_kmh", local, inverse=True, unit="km/h")]
    borders = np.asarray((arrays.role == "border") & (first > 0), dtype=bool)
    ways = {f"border_{arrays.feature_id[row]}_{arrays.speed_class[row]}_min" for row in np.nonzero(borders)[0]}
    for name in sorted(ways):
        crossing, way = name.removeprefix("border_").removesuffix("_min").rsplit("_", 1)
        mask = borders & (arrays.feature_id == crossing) & (arrays.speed_class == way)
        found.append(_named(board, "border", name, np.asarray(mask, dtype=bool), inverse=False, unit="min"))
    for name, mask in (
        ("rail_station_exit_min", arrays.role == "alight"),
        ("rail_transfer_min", arrays.role == "transfer"),
    ):
        found.append(_named(board, "departure", name, np.asarray(mask, dtype=bool), inverse=False, unit="min"))
    entry = _named(board, "departure", "rail_station_entry_min", stepping, inverse=False, unit="min")
    if entry is not None:
        minutes = np.where(stepping, entry.before, 0.0)
        found.append(replace(entry, first_off=minutes, later_off=minutes))
    yield from (lever for lever in found if lever is not None)
    if board.scenario.boarding != "planned":
        wait = _waits(board)[0] * stepping
        words = both("decide.first_wait")
        yield Lever(
            "departure", "boarding", words.zh, words.en, "boarding", "share of the first wait", 1.0, False, wait,
            np.zeros(len(wait)), 0.0,
        )  # fmt: skip


def _waits(board: Board) -> tuple[Floats, Floats]:
    """(m,) minutes waited at boarding, entry to the station apart."""
    arrays = board.network.arrays
    boards = np.asarray(arrays.role == "board", dtype=bool)
    entry = np.where(arrays.changing, 0.0, board.scenario.value("rail_station_entry_min"))
    first, later = (np.where(boards, minutes - entry, 0.0) for minutes in board.minutes)
    return np.maximum(first, 0.0), np.maximum(later, 0.0)


def _headways(board: Board) -> Iterator[Lever]:
    """The number of trains of each line: waits shrink as it grows."""
    network, arrays = board.network, board.network.arrays
    first, later = _waits(board)
    open_ = arrays.standing(board.present) & arrays.in_mode[board.mode] & (arrays.role == "board")
    lines = {line for row in np.nonzero(open_)[0] for line in listed(str(arrays.links[3][row]))}
    for line in sorted(lines):
        mask = arrays.named([f"railways/{line}"]) & open_
        zh, en = network.names_of("railways", line)
        yield Lever(
            "headway", f"railways/{line}", zh, en, "", "× trains", 1.0, True, first * mask, later * mask, np.inf
        )


def all_off(board: Board, levers: Sequence[Lever]) -> tuple[Floats, Floats]:
    """(m,) minutes that all levers together can take off: of each edge what the strongest of them can."""
    nothing = np.zeros(len(board.present))
    first, later = nothing, nothing
    for lever in levers:
        part = 1.0 - lever.least_share
        first, later = np.maximum(first, lever.first_off * part), np.maximum(later, lever.later_off * part)
    return first, later
