"""Roads from OpenStreetMap ways: cut at shared nodes, never where they only cross.

A node is a junction where a way ends or where two ways share it. Each way becomes one feature whose
``node_ids`` are its junctions in order; a way that closes on itself or crosses itself is cut into simple
pieces at its own nodes, which adds junctions and joins nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from atlas.base.geodesy import Bools, Floats, Ints, length_km
from atlas.base.tables import listing, slots
from atlas.imports.osm.hindrances import Places, cut_at, hindered, through, turns_left
from atlas.imports.osm.read import Extract, Positions, Ways
from atlas.imports.osm.tags import (
    TRAFFIC,
    Tags,
    car_access,
    clean,
    common,
    direction,
    number,
    opening,
    road_kind,
    speed_kmh,
    structure,
)

__all__ = ["Piece", "pieces_of", "roads_of"]

Record = dict[str, Any]
#: City of each point, by (n, 2) lon, lat; None where none is known.
Cities = Callable[[Floats], list[str | None]]
_DIRECT = {"national_road", "provincial_road", "arterial"}


@dataclass(frozen=True)
class Piece:
    """A connected, simple stretch of a way: rows into the positions, in the order of travel or drawing."""

    way: int
    part: int
    parts: int
    rows: Ints
    tags: Tags

    @property
    def element(self) -> str:
        """Name of the feature made of it."""
        return f"osm-w{self.way}" + (f"-{self.part}" if self.parts > 1 else "")


@dataclass
class Roads:
    """Records and geometries of highways and interchanges, and what was noticed."""

    roads: list[Record]
    lines: list[BaseGeometry]
    junctions: list[Record]
    points: list[BaseGeometry]
    notes: list[str]


def pieces_of(ways: Ways, positions: Positions, area: BaseGeometry | None, notes: list[str]) -> list[Piece]:
    """Return the usable pieces of ways: with positions, in the area, simple, not closed.

    Parameters
    ----------
    ways, positions
        As read.
    area
        Ways with a node inside are taken whole; None: all.
    notes
        What was left out is added here.
    """
    found: list[Piece] = []
    broken = gone = 0
    for way, refs, tags in ways:
        rows = positions.rows(refs)
        runs = [run for run in np.split(rows, np.nonzero(rows < 0)[0]) if len(run)]
        runs = [run[run >= 0] for run in runs]
        runs = [run for run in (_distinct(run, positions) for run in runs) if len(run) >= 2]
        broken += bool((rows < 0).any())
        gone += not runs
        if area is not None and runs and not _touches(area, runs, positions):
            continue
        simple = [part for run in runs for part in _simple(run, positions)]
        found += [Piece(way, i, len(simple), part, tags) for i, part in enumerate(simple, start=1)]
    if broken:
        notes.append(f"ways that lack the position of some node, drawn as far as it is known: {broken}")
    if gone:
        notes.append(f"ways of fewer than two places, left out: {gone}")
    return found


def _distinct(rows: Ints, positions: Positions) -> Ints:
    """Drop nodes that stand where the one before stands."""
    moved = (np.diff(positions.lon[rows]) != 0) | (np.diff(positions.lat[rows]) != 0)
    return rows[np.concatenate([[True], moved])] if len(rows) else rows


def _touches(area: BaseGeometry, runs: Sequence[Ints], positions: Positions) -> bool:
    rows = np.concatenate(runs)
    return bool(shapely.intersects_xy(area, positions.lon[rows], positions.lat[rows]).any())


def _simple(rows: Ints, positions: Positions) -> Iterator[Ints]:
    """Cut a run where it meets a node again, in half where it closes, and until no part crosses itself."""
    values, counts = np.unique(rows, return_counts=True)
    again = set(values[counts > 1].tolist())
    cuts = [i for i in range(1, len(rows) - 1) if int(rows[i]) in again]
    bounds = [0, *cuts, len(rows) - 1]
    for a, b in pairwise(bounds):
        yield from _uncrossed(rows[a : b + 1], positions)


def _uncrossed(rows: Ints, positions: Positions) -> Iterator[Ints]:
    closed = len(rows) > 2 and rows[0] == rows[-1]
    if len(rows) > 2 and (closed or not _line(rows, positions).is_simple):
        middle = len(rows) // 2
        yield from _uncrossed(rows[: middle + 1], positions)
        yield from _uncrossed(rows[middle:], positions)
    elif not closed and rows[0] != rows[-1]:
        yield rows


def _line(rows: Ints, positions: Positions) -> shapely.LineString:
    return shapely.LineString(np.column_stack([positions.lon[rows], positions.lat[rows]]))


def roads_of(
    extract: Extract,
    area: BaseGeometry | None,
    cities: Cities,
    *,
    source: str,
    as_of: str,
) -> Roads:
    """Make highways and interchanges of an extract.

    Parameters
    ----------
    extract
        As :func:`atlas.imports.osm.read.read_extract` gives it.
    area
        What to take; None: everything.
    cities
        Names the city of points.
    source, as_of
        Key of the ledger, and the ISO date of the extract.
    """
    notes = hindered(extract)
    pieces = pieces_of(extract.roads, extract.positions, area, notes)
    pieces, places, cut = cut_at([_as_travelled(piece) for piece in pieces], extract.positions, extract.barriers)
    where = places.at
    joined = _junctions(pieces, len(where.number))
    out, kept_out = through(pieces, joined)
    notes += [note for note in (cut, kept_out, turns_left(extract.turns, pieces, places), _hours(pieces)) if note]
    used = np.nonzero(joined)[0]
    seats = cities(np.column_stack([where.lon[used], where.lat[used]]))
    city = dict(zip(used.tolist(), seats, strict=True))
    made = Roads([], [], [], [], notes)
    touching = _Touching.of([p for k, p in enumerate(pieces) if k not in out], joined, len(where.number))
    for place, piece in enumerate(pieces):
        made.roads.append(_road(piece, joined, places, city, source, as_of))
        if place in out:
            made.roads[-1] |= {"in_network": False, "no_connect": f"no way through: {car_access(piece.tags)[1]} only"}
        made.lines.append(_line(piece.rows, where))
        made.roads[-1]["drawn_length_km"] = round(length_km(made.lines[-1]), 3)
    told, about = _told(extract), {"source": source, "as_of": as_of}
    opens = _first_open(pieces, made.roads, joined)
    for row in used.tolist():
        node = int(where.number[row])
        tags = told.get(node, {})
        made.junctions.append(_junction(places.name(row), node, row, tags, touching, city[row], opens[row], about))
        made.points.append(shapely.Point(where.lon[row], where.lat[row]))
    untold = sum(piece.tags.get("toll") is None for piece in pieces)
    if untold:
        notes.append(f"road pieces that do not say whether they are tolled, taken as free: {untold} of {len(pieces)}")
    return made


def _hours(pieces: Sequence[Piece]) -> str:
    some = sum(any(f"{name}:conditional" in piece.tags for name in TRAFFIC) for piece in pieces)
    return f"road pieces shut or open to cars at certain hours, which is not read: {some}" if some else ""


def _as_travelled(piece: Piece) -> Piece:
    """Turn a way that is travelled against its drawing."""
    if direction(piece.tags) < 0:
        return Piece(piece.way, piece.part, piece.parts, piece.rows[::-1], piece.tags)
    return piece


def _junctions(pieces: Sequence[Piece], nodes: int) -> Bools:
    """Which nodes are junctions: an end of a piece, or part of two."""
    count = np.zeros(nodes, dtype=np.int32)
    for piece in pieces:
        count[piece.rows] += 1
        count[piece.rows[[0, -1]]] += 1
    return count > 1


@dataclass(frozen=True)
class _Touching:
    """What meets at each node, as flags by row."""

    direct: Bools
    link: Bools
    main: Bools
    carried: Bools
    ends: NDArray[np.int32]

    @classmethod
    def of(cls, pieces: Sequence[Piece], joined: Bools, nodes: int) -> _Touching:
        flags = [np.zeros(nodes, dtype=bool) for _ in range(4)]
        ends = np.zeros(nodes, dtype=np.int32)
        for piece in pieces:
            rows = piece.rows[joined[piece.rows]]
            kind = road_kind(piece.tags)
            link = piece.tags.get("highway", "").endswith("_link")
            surface = structure(piece.tags) == "surface"
            flags[0][rows] |= surface and (kind in _DIRECT or (kind == "access" and not link))
            flags[1][rows] |= link
            flags[2][rows] |= not link
            flags[3][rows] |= not surface
            ends[rows] += 1
        return cls(flags[0], flags[1], flags[2], flags[3], ends)


def _first_open(pieces: Sequence[Piece], roads: Sequence[Record], joined: Bools) -> dict[int, Record]:
    """Status and opening of the first road through each junction; a dated one is not taken as the node's date."""
    first: dict[int, Record] = {}
    for piece, road in zip(pieces, roads, strict=True):
        for row in piece.rows[joined[piece.rows]].tolist():
            if row not in first or _rank(road) < _rank(first[row]):
                first[row] = road
    return first


def _rank(road: Record) -> tuple[bool, bool, int]:
    return road["status"] != "operating", road["opens_year"] is None, road["opens_year"] or 0


def _told(extract: Extract) -> dict[int, Tags]:
    return {
        one.number: one.tags
        for one in extract.points
        if one.element == "node" and one.tags.get("highway") == "motorway_junction"
    }


def _road(
    piece: Piece, joined: Bools, places: Places, city: Mapping[int, str | None], source: str, as_of: str
) -> Record:
    tags = piece.tags
    nodes = piece.rows[joined[piece.rows]].tolist()
    through = dict.fromkeys(name for row in nodes if (name := city[row]))
    record = common(
        piece.element, tags, road_kind(tags), f"way/{piece.way}", source=source, as_of=as_of,
        city=listing(through) or None,
    ) | opening(tags, "highway")  # fmt: skip
    refs = [part.strip().upper() for part in slots(tags.get("ref") or "") if part.strip()]
    lanes = number(tags.get("lanes"))
    record["ref"] = listing(refs) or None
    record["name_zh"] = record["name_zh"] or record["ref"]
    return record | {
        "speed_limit_kmh": speed_kmh(tags),
        "lanes": int(lanes) if lanes and lanes.is_integer() else None,
        "toll": tags.get("toll") == "yes",
        "node_ids": listing(places.name(row) for row in nodes),
        "structure": structure(tags),
        "published_length_km": None,
        "in_network": True,
        "course": "known",
        "upgrades": "",
        "no_connect": None,
        "oneway": direction(tags) != 0,
    }


def _junction(
    name: str, node: int, row: int, tags: Tags, touching: _Touching, city: str | None, first: Record,
    about: Mapping[str, str],
) -> Record:  # fmt: skip
    named = bool(tags)
    kind = "exit" if named else "bridge_end" if touching.carried[row] else "junction"
    # Local travel joins ordinary roads on the ground; a ramp whose road was not asked for ends in it too,
    # and so does a named exit none of whose ramps were asked for.
    loose = touching.link[row] and not touching.main[row] and touching.ends[row] == 1
    bare = named and not touching.link[row]
    record = common(name, tags, kind, f"node/{node}", city=city, **about)
    number_told = clean(tags.get("ref"))
    record["name_zh"] = record["name_zh"] or number_told
    if number_told:
        record["source_note"] += f"; exit {number_told}"
    basis = first["opens_basis"] if first["opens_basis"] != "fact" else "assumed"
    return record | {
        "status": first["status"],
        "opened": None,
        "expected_open": first["expected_open"],
        "opens_basis": basis,
        "opens_year": first["opens_year"],
        "exit": bool(touching.direct[row] or loose or bare),
    }
