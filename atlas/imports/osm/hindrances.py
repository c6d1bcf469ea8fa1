"""What keeps a car from driving on: barriers in the road, roads for those who have business there, turns forbidden."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from atlas.base.geodesy import Bools, Ints
from atlas.imports.osm.read import Extract, Positions, Turn
from atlas.imports.osm.tags import car_access, direction

__all__ = ["Places", "cut_at", "hindered", "through", "turns_left"]


@dataclass(frozen=True)
class Places:
    """Positions of nodes, and further places where a node was taken apart: its `names` tell them apart."""

    at: Positions
    names: Mapping[int, str]

    def name(self, row: int) -> str:
        """Return the id of the junction at a row."""
        return f"osm-n{int(self.at.number[row])}{self.names.get(row, '')}"


def words_of(counted: Mapping[str, int]) -> str:
    """Return counts as words, the largest first.

    >>> words_of({"no": 3, "private": 8})
    'private 8, no 3'
    """
    return ", ".join(f"{name} {count}" for name, count in sorted(counted.items(), key=lambda one: (-one[1], one[0])))


def hindered(extract: Extract) -> list[str]:
    """Return what is to be said of ways that were left out while reading."""
    shut = dict(extract.shut)
    areas = shut.pop("area", 0)
    notes = []
    if extract.others:
        told = words_of(extract.others)
        notes.append(f"ways of other classes of roads, left out: {sum(extract.others.values())} ({told})")
    if shut:
        notes.append(f"ways closed to cars, left out: {sum(shut.values())} ({words_of(shut)})")
    if areas:
        notes.append(f"ways that are areas driven on, no lines, left out: {areas}")
    return notes


def cut_at(pieces: Sequence[Any], positions: Positions, barriers: Mapping[int, str]) -> tuple[list[Any], Places, str]:
    """Cut pieces of road at the barriers that stand in them.

    Whatever meets at a barrier ends there, each at a place of its own, so that nothing leads past it.

    Parameters
    ----------
    pieces
        Frozen values with ``way``, ``part``, ``parts`` and ``rows``.
    positions
        Of nodes.
    barriers
        What stops cars, by node.

    Returns
    -------
    The pieces, the places they refer to, and a note; empty where nothing is cut.
    """
    plain = Places(positions, {})
    numbers = np.array(sorted(barriers), dtype=np.int64)
    rows = positions.rows(numbers) if len(numbers) else numbers
    shut = np.zeros(len(positions.number), dtype=bool)
    shut[rows[rows >= 0]] = True
    if not shut.any():
        return list(pieces), plain, ""
    taken: Counter[int] = Counter()
    copies: list[int] = []
    names: dict[int, str] = {}

    def own(row: int) -> int:
        """A place of its own for each end of road at a barrier: the first keeps the node."""
        taken[row] += 1
        if taken[row] == 1:
            return row
        copies.append(row)
        place = len(positions.number) + len(copies) - 1
        names[place] = f"-{taken[row]}"
        return place

    parts: dict[int, list[tuple[Any, Ints]]] = defaultdict(list)
    for piece in pieces:
        inside = [0, *(np.nonzero(shut[piece.rows[1:-1]])[0] + 1).tolist(), len(piece.rows) - 1]
        for a, b in pairwise(inside):
            part = piece.rows[a : b + 1].copy()
            for end in (0, -1):
                if shut[part[end]]:
                    part[end] = own(int(part[end]))
            parts[piece.way].append((piece, part))
    made = [
        replace(piece, part=i, parts=len(of_way), rows=part)
        for of_way in parts.values()
        for i, (piece, part) in enumerate(of_way, start=1)
    ]
    further = np.array(copies, dtype=np.int64)
    at = Positions(*(np.concatenate([one, one[further]]) for one in (positions.number, positions.lon, positions.lat)))
    cut = Counter(barriers[int(positions.number[row])] for row, count in taken.items() if count > 1)
    note = f"barriers that stop cars and cut the road: {sum(cut.values())} ({words_of(cut)})" if cut else ""
    return made, Places(at, names), note


def through(pieces: Sequence[Any], joined: Bools) -> tuple[set[int], str]:
    """Return which pieces must stay out of the network because only those with business there may use them.

    Roads for residents, customers or deliveries that hang on the others at one junction lead nowhere else: whoever is
    on them has business there, so they stay. Those between two junctions would be driven through.

    Returns
    -------
    Their places in `pieces`, and a note; empty where there are none.
    """
    told = {
        place: value
        for place, piece in enumerate(pieces)
        if piece.tags.get("highway") not in {"construction", "proposed"}
        for answer, value in [car_access(piece.tags)]
        if answer == "ends"
    }
    if not told:
        return set(), ""
    free = np.zeros(len(joined), dtype=bool)
    for place, piece in enumerate(pieces):
        if place not in told:
            free[piece.rows] = True
    rows = [pieces[place].rows[joined[pieces[place].rows]] for place in told]
    a = np.concatenate([row[:-1] for row in rows])
    b = np.concatenate([row[1:] for row in rows])
    links = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(len(joined), len(joined)))
    part = connected_components(links, directed=False)[1]
    used = np.unique(np.concatenate(rows))
    contacts = Counter(part[used[free[used]]].tolist())
    out = {place for place, row in zip(told, rows, strict=True) if contacts[int(part[row[0]])] > 1}
    ways = {pieces[place].way: value for place, value in told.items()}
    left = len({pieces[place].way for place in out})
    return out, (
        f"ways open only to those who have business there: {len(ways)} ({words_of(Counter(ways.values()))}); "
        f"lead nowhere else and are in the network: {len(ways) - left}, would be driven through and stay out: {left}"
    )


def turns_left(turns: Sequence[Turn], pieces: Sequence[Any], places: Places) -> str:
    """Return what is to be said of turn restrictions among `pieces`; empty where there are none.

    The network knows no turns. A restriction is held all the same where the directions of its roads already forbid what
    it forbids, and where it forbids to turn back onto the road one came by, which no quickest way does.
    """
    ends: dict[int, list[Any]] = defaultdict(list)
    for piece in pieces:
        ends[piece.way].append(piece)
    held, left = 0, Counter[str]()
    for turn in turns:
        if not all(way in ends for way in (*turn.origin, *turn.goal)):
            continue
        if turn.via and _moot(turn, ends, places):
            held += 1
        else:
            left[turn.kind] += 1
    if not held and not left:
        return ""
    return (
        f"turn restrictions: {held + sum(left.values())}; forbid what directions forbid, or turning back: {held}; "
        + (f"not held: {sum(left.values())} ({words_of(left)})" if left else "none is left")
    )


def _moot(turn: Turn, ends: Mapping[int, Collection[Any]], places: Places) -> bool:
    if turn.kind == "no_u_turn" and turn.origin == turn.goal:
        return True
    if not turn.kind.startswith("no_"):
        return False
    arrives = any(_meets(piece, turn.via, places, arriving=True) for way in turn.origin for piece in ends[way])
    leaves = any(_meets(piece, turn.via, places, arriving=False) for way in turn.goal for piece in ends[way])
    return not (arrives and leaves)


def _meets(piece: Any, node: int, places: Places, *, arriving: bool) -> bool:
    """Whether one can arrive at `node` on a piece, which lies in its direction of travel, or leave it."""
    at = np.nonzero(places.at.number[piece.rows] == node)[0]
    if not len(at):
        return False
    if direction(piece.tags) == 0:
        return True
    return bool(at.max() > 0) if arriving else bool(at.min() < len(piece.rows) - 1)
