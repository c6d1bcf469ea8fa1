"""Two scenarios side by side: which pairs cross an hour or two, by which projects, and who gains or loses.

A project is *on the new route* when the later journey uses an edge that the earlier scenario does not have.
Whether it *matters* is tested: the later scenario is run again without it, and the pair's minutes compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from atlas.base.geodesy import Bools
from atlas.base.tables import SEPARATOR, listed, listing, slots
from atlas.base.words import Words, both, joined
from atlas.data.declaration import counted_units, seats_of
from atlas.data.scenario import Scenario
from atlas.data.stamp import stamp
from atlas.network.build import Network, open_edges
from atlas.travel.journey import journey_on
from atlas.travel.matrix import od_minutes
from atlas.travel.reach import locate
from atlas.travel.trip import Trip
from atlas.ways.heap import TOLERANCE_MIN

__all__ = ["Comparison", "compare", "people_units", "seats"]

PAIR_COLUMNS = (
    "from_id", "from_zh", "to_id", "to_zh", "mode", "before_min", "after_min", "saved_min", "crossing", "projects",
    "project_names", "plan_ids", "why_zh", "why_en",
)  # fmt: skip
PROJECT_COLUMNS = (
    "project", "name_zh", "name_en", "opens_year", "opens_basis", "plan_ids", "pairs", "pairs_slower_without",
    "minutes_lost_without", "crossings_lost_without",
)  # fmt: skip
Minutes = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Comparison:
    """What changes from one scenario to another.

    Attributes
    ----------
    pairs : DataFrame
        :data:`PAIR_COLUMNS`, one row a pair whose minutes differ or that crosses a cut-off, greatest saving
        first. ``crossing`` lists ``gained 60``, ``lost 120`` …, joined by ``;``; ``projects`` are
        ``layer/feature`` ids new on the later route, in order of travel.
    projects : DataFrame
        :data:`PROJECT_COLUMNS`, one row a project on any new route: on how many of `pairs` it lies, how many
        are slower without it and by how many minutes together, and how many gained cut-offs fall away.
    places : DataFrame
        One row an origin, cut-off and place that is inside before or after: ``change`` is ``gained``,
        ``kept`` or ``lost``; ``lon``, ``lat``; ``people`` of the unit whose seat it is (0: counted elsewhere).
    totals : DataFrame
        One row an origin and cut-off: places and people before, after, gained, lost.
    hash
        Of the layers and both scenarios.
    """

    before: Scenario
    after: Scenario
    mode: str
    cutoffs_min: tuple[float, ...]
    pairs: pd.DataFrame
    projects: pd.DataFrame
    places: pd.DataFrame
    totals: pd.DataFrame
    hash: str


def seats(network: Network) -> tuple[str, ...]:
    """Return the ids of the places that stand for the region: :func:`atlas.data.places.seats_of`."""
    return seats_of(network.place_layer.frame)


def people_units(network: Network) -> dict[str, float]:
    """Return residents by place id such that nobody is counted twice.

    See :func:`atlas.data.places.counted_units`. Units of unknown population are absent.
    """
    counted = counted_units(network.place_layer.frame)
    return dict(zip(counted["id"].astype(str), counted["population"].astype(float), strict=True))


def compare(
    network: Network,
    before: Scenario,
    after: Scenario,
    origins: Iterable[str] | None = None,
    *,
    destinations: Iterable[str] | None = None,
    mode: str = "multimodal",
    cutoffs_min: Sequence[float] = (60.0, 120.0),
    towards: bool = False,
) -> Comparison:
    """Compare the travel times of two scenarios.

    Parameters
    ----------
    network
        The network both run on.
    before, after
        The scenarios.
    origins, destinations
        Places by name or id; None: all seats of government.
    mode
        ``drive``, ``rail`` or ``multimodal``.
    cutoffs_min
        Minutes whose crossing is reported, inclusive.
    towards
        Whether trips run from `destinations` to `origins`; places and totals then count whence an origin is reached.

    Returns
    -------
    Comparison
        Pairs, places and projects, with what crossed a cut-off.

    Raises
    ------
    UnknownPlaceError
        A place that the network does not have.

    Examples
    --------
    >>> before, after = atlas.load_scenario("2023"), atlas.load_scenario("2030")
    >>> found = atlas.compare(network, before, after, ["珠海"], destinations=["阳江"], mode="rail")
    >>> bool((found.pairs["after_min"] < found.pairs["before_min"]).all())
    True
    """
    every = seats(network)
    network, starts = _located(network, every if origins is None else origins)
    network, ends = _located(network, every if destinations is None else destinations)
    cutoffs = tuple(sorted(float(cutoff) for cutoff in cutoffs_min))
    if towards:
        starts, ends = ends, starts
    old = _minutes(network, starts, ends, before, mode)
    new = _minutes(network, starts, ends, after, mode)
    book = _ProjectBook.of(network, before, after)
    names = dict(zip(network.nodes["node_id"], network.nodes["name_zh"], strict=True))
    rows: list[dict[str, Any]] = []
    trip = Trip(network, after, mode)
    for start in starts:
        changed = [end for end in ends if end != start and _differs(old[start, end], new[start, end])]
        if not changed:
            continue
        tree = trip.tree(network.row_of[start])
        for end in changed:
            journey = journey_on(trip, tree, network.row_of[end])
            projects = book.on(journey.edge_rows) if journey.found else ()
            rows.append(
                {
                    "from_id": start, "from_zh": names[start], "to_id": end, "to_zh": names[end], "mode": mode,
                    "before_min": old[start, end], "after_min": new[start, end],
                    "saved_min": old[start, end] - new[start, end],
                    "crossing": listing(_crossings(old[start, end], new[start, end], cutoffs)),
                    "projects": projects,
                }
            )  # fmt: skip
    projects_frame, without = _tested(network, after, rows, book, mode, new, cutoffs)
    pairs = _pair_frame(rows, book, without)
    if towards:
        starts, ends = ends, starts
        old, new = ({(b, a): minutes for (a, b), minutes in times.items()} for times in (old, new))
    places, totals = _places(network, starts, ends, old, new, cutoffs)
    return Comparison(
        before, after, mode, cutoffs, pairs, projects_frame, places, totals, stamp(network.hash, [before, after])
    )


def _located(network: Network, wanted: Iterable[str]) -> tuple[Network, list[str]]:
    found = []
    for place in wanted:
        network, node_id = locate(network, place)
        found.append(node_id)
    return network, list(dict.fromkeys(found))


def _minutes(network: Network, starts: Sequence[str], ends: Sequence[str], scenario: Scenario, mode: str) -> Minutes:
    """Minutes by (from node, to node); infinite where there is no way."""
    values = np.nan_to_num(od_minutes(network, starts, ends, [scenario], [mode])[0, 0], nan=np.inf)
    return {(a, b): float(values[i, j]) for i, a in enumerate(starts) for j, b in enumerate(ends)}


def _differs(old: float, new: float) -> bool:
    return old != new and not abs(old - new) <= TOLERANCE_MIN


def _inside(minutes: float, cutoff: float) -> bool:
    return minutes <= cutoff + TOLERANCE_MIN


def _crossings(old: float, new: float, cutoffs: Sequence[float]) -> list[str]:
    found = []
    for cutoff in cutoffs:
        if _inside(old, cutoff) != _inside(new, cutoff):
            found.append(f"{'gained' if _inside(new, cutoff) else 'lost'} {cutoff:g}")
    return found


@dataclass(frozen=True)
class _ProjectBook:
    """Which project each edge belongs to that `after` has and `before` has not."""

    owners: dict[int, tuple[str, ...]]
    facts: dict[str, dict[str, Any]]
    stops: dict[int, str]

    @classmethod
    def of(cls, network: Network, before: Scenario, after: Scenario) -> _ProjectBook:
        edges = network.edges
        fresh = open_edges(network, after) & ~open_edges(network, before)
        fresh &= edges["role"].isin(["run", "ride", "sail", "border"]).to_numpy()
        alone = _lines_alone(edges)
        owners: dict[int, tuple[str, ...]] = {}
        facts: dict[str, dict[str, Any]] = {}
        for place, row in _records(edges, fresh, (*_FACTS, "layer", "feature_id", "line_ids")):
            lines = list(listed(str(row["line_ids"])))
            keys = tuple(f"railways/{line}" for line in _new_lines(lines, alone, before))
            owners[place] = keys = keys or (f"{row['layer']}/{row['feature_id']}",)
            for key in keys:
                layer, _, feature = key.partition("/")
                zh, en = network.feature_names.get((layer, feature), (feature, feature))
                own = alone.get(feature, row) if layer == "railways" else row
                year = own["opens_year"]
                facts.setdefault(
                    key,
                    {
                        "project": key, "name_zh": zh, "name_en": en,
                        "opens_year": None if np.isnan(year) else int(year), "opens_basis": own["opens_basis"],
                        "plan_ids": own["plan_ids"],
                    },
                )  # fmt: skip
        stops = _new_stops(network, open_edges(network, after) & ~open_edges(network, before), facts)
        return cls(owners, facts, stops)

    def on(self, edge_rows: Sequence[int]) -> tuple[str, ...]:
        """Projects on a journey, each once, in order of travel; a stop where the train itself is not new."""
        found: list[str] = []
        for i, row in enumerate(edge_rows):
            found += self.owners.get(row, ())
            beside = edge_rows[max(i - 1, 0) : i + 2]
            if row in self.stops and not any(other in self.owners for other in beside):
                found.append(self.stops[row])
        return tuple(dict.fromkeys(found))


#: What an edge says of the project it belongs to.
_FACTS = ("opens_year", "opens_basis", "plan_ids")


def _records(frame: pd.DataFrame, chosen: Bools, columns: Sequence[str]) -> list[tuple[int, dict[str, Any]]]:
    """Rows that are chosen with their number, as dictionaries of some columns: a frame row by row is slow."""
    rows = np.nonzero(chosen)[0]
    texts = zip(*(frame[name].to_numpy()[rows].tolist() for name in columns), strict=True)
    return [(row, dict(zip(columns, text, strict=True))) for row, text in zip(rows.tolist(), texts, strict=True)]


def _new_stops(network: Network, fresh: Bools, facts: dict[str, dict[str, Any]]) -> dict[int, str]:
    """Rows of boarding and alighting that are new, with the station; what is known of it goes into `facts`."""
    edges = network.edges
    chosen = fresh & edges["role"].isin(["board", "alight"]).to_numpy()
    stops: dict[int, str] = {}
    names = ("node_id", "layer", "feature_id", "name_zh", "name_en")
    nodes = {row["node_id"]: row for _, row in _records(network.nodes, np.ones(len(network.nodes), dtype=bool), names)}
    for place, row in _records(edges, chosen, (*_FACTS, "role", "from_id", "to_id")):
        stop = nodes[row["from_id"] if row["role"] == "board" else row["to_id"]]
        if stop["layer"] != "stations":
            continue
        stops[place] = key = f"stations/{stop['feature_id']}"
        known = facts.get(key)
        year = None if np.isnan(row["opens_year"]) else int(row["opens_year"])
        if known is None or (year is not None and year < (known["opens_year"] or np.inf)):
            facts[key] = {
                "project": key, "name_zh": f"{stop['name_zh']}站", "name_en": f"{stop['name_en']} station",
                "opens_year": year, "opens_basis": row["opens_basis"], "plan_ids": "",
            }  # fmt: skip
    return stops


def _lines_alone(edges: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """The earliest ride along each railway line alone: what says when the line itself opened."""
    lines = edges["line_ids"].to_numpy(dtype=object)
    alone = (edges["role"] == "ride").to_numpy() & np.array(
        [bool(line) and SEPARATOR not in str(line) for line in lines]
    )
    rides = [row for _, row in _records(edges, alone, (*_FACTS, "line_ids"))]
    found: dict[str, dict[str, Any]] = {}
    for row in sorted(rides, key=lambda row: np.inf if np.isnan(row["opens_year"]) else row["opens_year"]):
        found.setdefault(str(row["line_ids"]), row)
    return found


def _new_lines(lines: Sequence[str], alone: Mapping[str, Mapping[str, Any]], before: Scenario) -> Sequence[str]:
    """Of the lines a ride runs along, those that opened after `before`; all, where none is known to have."""
    year = np.inf if before.year is None else before.year
    known = [line for line in lines if line in alone and not alone[line]["opens_year"] <= year]
    return known or [line for line in lines if line not in alone] or lines


def _tested(
    network: Network,
    after: Scenario,
    rows: Sequence[dict[str, Any]],
    book: _ProjectBook,
    mode: str,
    new: Minutes,
    cutoffs: Sequence[float],
) -> tuple[pd.DataFrame, dict[tuple[str, str, str], float]]:
    """Run `after` once without each project; return the project table and minutes by (project, from, to)."""
    used = list(dict.fromkeys(key for row in rows for key in row["projects"]))
    without: dict[tuple[str, str, str], float] = {}
    table = []
    for key in used:
        own = [row for row in rows if key in row["projects"]]
        starts = list(dict.fromkeys(row["from_id"] for row in own))
        ends = list(dict.fromkeys(row["to_id"] for row in own))
        times = _minutes(network, starts, ends, after.but(name=f"without {key}", without=[key]), mode)
        losses, lost = [], 0
        for row in own:
            pair = row["from_id"], row["to_id"]
            without[key, *pair] = times[pair]
            losses.append(times[pair] - new[pair])
            gained = [c for c in cutoffs if f"gained {c:g}" in slots(row["crossing"])]
            lost += sum(not _inside(times[pair], cutoff) for cutoff in gained)
        slower = [loss for loss in losses if loss > TOLERANCE_MIN]
        table.append(
            {
                **book.facts[key],
                "pairs": len(own),
                "pairs_slower_without": len(slower),
                "minutes_lost_without": float(sum(loss for loss in slower if np.isfinite(loss))),
                "crossings_lost_without": lost,
            }
        )
    frame = pd.DataFrame(table, columns=list(PROJECT_COLUMNS))
    frame["opens_year"] = frame["opens_year"].astype("Int64")
    order = ["crossings_lost_without", "minutes_lost_without", "pairs"]
    return frame.sort_values(order, ascending=False, kind="stable").reset_index(drop=True), without


def _pair_frame(
    rows: Sequence[dict[str, Any]], book: _ProjectBook, without: dict[tuple[str, str, str], float]
) -> pd.DataFrame:
    full = []
    for row in rows:
        facts = [book.facts[key] for key in row["projects"]]
        plan_ids = dict.fromkeys(x for fact in facts for x in listed(str(fact["plan_ids"])))
        full.append(
            {
                **row,
                "projects": listing(row["projects"]),
                "project_names": listing(fact["name_zh"] for fact in facts),
                "plan_ids": listing(plan_ids),
                **_why(row, facts, without),
                "from_id": row["from_id"].removeprefix("place/"),
                "to_id": row["to_id"].removeprefix("place/"),
            }
        )
    frame = pd.DataFrame(full, columns=list(PAIR_COLUMNS))
    return frame.sort_values("saved_min", ascending=False, kind="stable").reset_index(drop=True)


def _why(
    row: dict[str, Any], facts: Sequence[dict[str, Any]], without: dict[tuple[str, str, str], float]
) -> dict[str, str]:
    """Return the columns that name the projects on the new way, and what each is worth."""
    told = []
    for fact in facts:
        times = without[fact["project"], row["from_id"], row["to_id"]]
        name = Words(str(fact["name_zh"]), str(fact["name_en"]))
        if times > row["after_min"] + TOLERANCE_MIN:
            left = both("compare.minutes", minutes=times) if np.isfinite(times) else both("compare.cut")
            name = both("compare.without", name=name, left=left)
        told.append(name)
    why = both("compare.way", projects=joined(told)) if told else both("compare.none")
    return {"why_zh": why.zh, "why_en": why.en}


def _places(
    network: Network, starts: Sequence[str], ends: Sequence[str], old: Minutes, new: Minutes, cutoffs: Sequence[float]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    nodes = network.nodes.set_index("node_id")
    people = people_units(network)
    rows: list[dict[str, Any]] = []
    totals = []
    for start in starts:
        for cutoff in cutoffs:
            found = []
            for end in ends:
                was, is_now = _inside(old[start, end], cutoff), _inside(new[start, end], cutoff)
                if was or is_now:
                    point = nodes.at[end, "geometry"]
                    found.append(
                        {
                            "from_id": start.removeprefix("place/"), "from_zh": nodes.at[start, "name_zh"],
                            "cutoff_min": cutoff, "to_id": end.removeprefix("place/"),
                            "to_zh": nodes.at[end, "name_zh"],
                            "change": "kept" if was and is_now else ("gained" if is_now else "lost"),
                            "before_min": old[start, end], "after_min": new[start, end],
                            "people": people.get(str(nodes.at[end, "feature_id"]), 0.0),
                            "lon": point.x, "lat": point.y,
                        }
                    )  # fmt: skip
            rows += found
            totals.append(_total(start.removeprefix("place/"), str(nodes.at[start, "name_zh"]), cutoff, found))
    columns = (
        "from_id", "from_zh", "cutoff_min", "to_id", "to_zh", "change", "before_min", "after_min", "people", "lon",
        "lat",
    )  # fmt: skip
    return pd.DataFrame(rows, columns=list(columns)), pd.DataFrame(totals)


def _total(start: str, name: str, cutoff: float, found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    def count(*changes: str) -> tuple[int, float]:
        chosen = [row for row in found if row["change"] in changes]
        return len(chosen), float(sum(row["people"] for row in chosen))

    total: dict[str, Any] = {"from_id": start, "from_zh": name, "cutoff_min": cutoff}
    for label, changes in (
        ("before", ("kept", "lost")),
        ("after", ("kept", "gained")),
        ("gained", ("gained",)),
        ("lost", ("lost",)),
    ):
        total[f"places_{label}"], total[f"people_{label}"] = count(*changes)
    return total
