"""A network's edges as arrays of numbers, made once a network.

What depends on a scenario (which edges are open, how long they take, how the search runs) is computed from
these arrays, so that a change of scenario costs microseconds an edge and touches no frame.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atlas.data.declaration import EXPRESSWAYS
from atlas.data.scenario import Scenario

__all__ = ["SERVICE_WORDS", "EdgeArrays", "StateArcs", "arrays_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_INSIDE = ("platform", "concourse", "vessel")
#: Words that name all services of a kind of the layer ``ferries``; other kinds are asked for one by one.
SERVICE_WORDS = {"ferries": "ferry", "coaches": "coach"}


@dataclass(frozen=True, eq=False)
class StateArcs:
    """The arcs of the search graph, without minutes, in CSR order.

    Every street node stands twice, before and after the first train; nodes inside the railway stand once.
    State i < n is node i before the first train, n + i after it.

    Attributes
    ----------
    size
        Number of nodes n.
    tail, head
        (a,) states.
    edge
        (a,) the edge behind each arc.
    ridden
        (a,) whether the arc is taken after a first train.
    """

    size: int
    rail_node: Bools
    tail: Ints
    head: Ints
    edge: Ints
    ridden: Bools

    @classmethod
    def of(cls, size: int, tail: Ints, head: Ints, rail_node: Bools) -> StateArcs:
        """Return the arcs of the edges from `tail` to `head` (m nodes each)."""
        number = np.arange(len(tail))
        street_tail, street_head = ~rail_node[tail], ~rail_node[head]
        before = np.stack([tail, head + (~street_tail & street_head) * size])
        after = np.stack([tail + size, np.where(street_head, head + size, head)])[:, street_tail]
        ends = np.concatenate([before, after], axis=1)
        edge = np.concatenate([number, number[street_tail]])
        ridden = np.arange(len(edge)) >= len(number)
        order = np.lexsort((edge, ends[1], ends[0]))
        return cls(size, rail_node, ends[0][order], ends[1][order], edge[order], ridden[order])

    def weights(self, first: Floats, later: Floats) -> Floats:
        """(a,) minutes by arc from minutes by edge; NaN where the arc is not there."""
        minutes = np.where(self.ridden, later[self.edge], first[self.edge])
        minutes[self.tail == self.head] = np.nan
        return minutes


@dataclass(frozen=True, eq=False)
class EdgeArrays:
    """Edges in the order of ``Network.edges`` (m of them), nodes in that of ``Network.nodes`` (n).

    Attributes
    ----------
    tail, head
        (m,) rows of the nodes an edge leaves and enters.
    rail_node
        (n,) nodes inside a vehicle or a station: platforms, concourses, borders passed inside a train, ferries.
    twin
        (n,) for the tolled level of a road node its ordinary level, else the node itself.
    anchored
        (n,) nodes that are there only while something open passes or calls: junctions and stations.
    role, mode, speed_class, feature_id
        (m,) texts, see ``Network.edges``.
    opens_year, limit_kmh, run_min, run_min_low, run_min_high, trains, trains_ordinary, service_ordinary
        (m,) numbers, NaN where not known.
    length_km
        (m,) kilometres charged; `schematic` marks those that are drawn and not published.
    toll
        (m,) whether the edge is tolled.
    indicative
        (m,) whether only the ends of its line are known, not its course.
    links
        (feature, layer, plan ids, line ids) an edge, the last two joined by ``;``.
    """

    tail: Ints
    head: Ints
    rail_node: Bools
    twin: Ints
    anchored: Bools
    role: NDArray[np.object_]
    mode: NDArray[np.object_]
    speed_class: NDArray[np.object_]
    feature_id: NDArray[np.object_]
    changing: Bools
    toll: Bools
    indicative: Bools
    schematic: Bools
    length_km: Floats
    limit_kmh: Floats
    run_min: Floats
    run_min_low: Floats
    run_min_high: Floats
    trains: Floats
    trains_ordinary: Floats
    service_ordinary: Floats
    opens_year: Floats
    links: tuple[NDArray[np.object_], ...]

    def at(self, rows: Ints) -> EdgeArrays:
        """Return the edges `rows` alone; nodes stay as they are."""
        by_node = {"rail_node", "twin", "anchored", "links"}
        picked = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name not in by_node}
        return replace(self, **picked, links=tuple(text[rows] for text in self.links))

    @cached_property
    def arcs(self) -> StateArcs:
        """The arcs of the search graph."""
        return StateArcs.of(len(self.rail_node), self.tail, self.head, self.rail_node)

    @cached_property
    def by_role(self) -> dict[str, tuple[Ints, EdgeArrays]]:
        """Rows of the edges of each role and their own arrays; local travel, either way, is ``local``."""
        local = self.mode == "local"
        rows = {str(name): np.nonzero((self.role == name) & ~local)[0] for name in sorted(set(self.role.tolist()))}
        rows["local"] = np.nonzero(local)[0]
        return {name: (found, self.at(found)) for name, found in rows.items() if len(found)}

    @cached_property
    def expressway(self) -> Bools:
        """(m,) expressways and their bridges."""
        return np.isin(self.speed_class, EXPRESSWAYS)

    @cached_property
    def dependent(self) -> Bools:
        """(m,) ramps and local links, which exist only where something else is open."""
        return np.asarray((self.role == "ramp") | (self.mode == "local"), dtype=bool)

    @cached_property
    def in_mode(self) -> dict[str, Bools]:
        """(m,) which edges a mode may use.

        ``drive`` roads, ``rail`` all but tolled roads, the sketch of ordinary roads, ferries and the step between a
        station's gate and the street, ``multimodal`` all.
        """
        gate = np.asarray(self.speed_class == "gate", dtype=bool)
        not_rail = np.isin(self.links[1], ("ferries", "ordinary_roads"))
        return {
            "drive": np.asarray((self.mode == "road") | (self.speed_class == "local_road") | gate, dtype=bool),
            "rail": np.asarray(~(self.toll | self.expressway | gate | not_rail), dtype=bool),
            "multimodal": np.ones(len(self.tail), dtype=bool),
        }

    @cached_property
    def rows_by_id(self) -> dict[str, Ints]:
        """Rows by feature id, ``layer/feature``, plan id, line id, ``railways/line``, ``ferries`` and ``coaches``."""
        feature, layer, plans, lines = (pd.Series(text, dtype=object).astype(str) for text in self.links)
        full_lines = lines.where(lines == "", "railways/" + lines.str.replace(";", ";railways/"))
        found: dict[str, list[Ints]] = {}
        for texts in (feature, layer + "/" + feature, plans, lines, full_lines):
            codes, names = pd.factorize(texts)
            order = np.argsort(codes, kind="stable")
            bounds = np.searchsorted(codes[order], np.arange(len(names) + 1))
            for k, name in enumerate(names):
                rows = order[bounds[k] : bounds[k + 1]].astype(np.int64)
                for part in str(name).split(";"):
                    if part:
                        found.setdefault(part, []).append(rows)
        # a pier's link to its island belongs to a service: what names the service names it
        for word, kind in SERVICE_WORDS.items():
            of_kind = set(self.feature_id[(self.role == "sail") & (self.speed_class == kind)].tolist())
            if of_kind:
                found[word] = [np.nonzero((layer == "ferries") & feature.isin(of_kind))[0]]
        return {name: np.unique(np.concatenate(rows)) for name, rows in found.items()}

    def named(self, ids: Iterable[str]) -> Bools:
        """(m,) which edges belong to a feature, line or plan item among `ids`."""
        hit = np.zeros(len(self.tail), dtype=bool)
        for name in ids:
            hit[self.rows_by_id.get(name, np.zeros(0, dtype=np.int64))] = True
        return hit

    def _put_in(self, ids: Iterable[str]) -> Bools:
        """(m,) the edges of `ids`, and the platforms of the trains among them: a ride that none can board is none."""
        hit = self.named(ids)
        ridden = self.feature_id[hit & (self.role == "ride")]
        boards = np.isin(self.role, ("board", "alight", "transfer")) & np.isin(self.feature_id, ridden)
        return np.asarray(hit | boards, dtype=bool)

    def present_in(self, scenario: Scenario) -> Bools:
        """(m,) the edges `scenario` holds by themselves: opened by its year on a known course, put in, not left out."""
        present = ~np.isposinf(self.opens_year) if scenario.year is None else self.opens_year <= scenario.year
        if scenario.known_courses:
            present = present & ~self.indicative
        if scenario.with_:
            present = present | self._put_in(scenario.with_)
        if scenario.without or scenario.close:
            present = present & ~self.named(scenario.without | scenario.close)
        return np.asarray(present, dtype=bool)

    def standing(self, present: Bools) -> Bools:
        """(m,) what of the edges `present` can be used.

        Ramps and local links go where the junction or station they lead to has nothing open passing or calling.
        """
        passed = self._served(present)
        return np.asarray(present & (~self.dependent | (passed[self.tail] & passed[self.head])), dtype=bool)

    def open_in(self, scenario: Scenario) -> Bools:
        """(m,) which edges exist in `scenario`: :meth:`present_in` and :meth:`standing`."""
        return self.standing(self.present_in(scenario))

    def served(self, scenario: Scenario) -> Bools:
        """(n,) nodes where local travel can meet the network in `scenario`: something open passes or calls."""
        return self._served(self.open_in(scenario))

    def carried_by(self, year: int) -> Bools:
        """(n,) nodes that a road or train opened by `year` touches; for a road node, at either level."""
        touched = np.zeros(len(self.twin), dtype=bool)
        carries = (self.opens_year <= year) & ~self.dependent
        for ends in (self.tail[carries], self.head[carries]):
            touched[ends] = touched[self.twin[ends]] = True
        return touched

    def _served(self, present: Bools) -> Bools:
        touched = np.zeros(len(self.twin), dtype=bool)
        carries = present & ~self.dependent
        touched[self.tail[carries]] = True
        touched[self.head[carries]] = True
        passed = touched.copy()
        passed[self.twin[touched]] = True
        return np.asarray(passed | ~self.anchored, dtype=bool)


def arrays_of(nodes: gpd.GeoDataFrame, edges: gpd.GeoDataFrame) -> EdgeArrays:
    """Return the arrays of the frames ``Network.nodes`` and ``Network.edges``."""
    names = nodes["node_id"].to_numpy(dtype=object)
    position = {name: i for i, name in enumerate(names)}
    kind, mode = nodes["kind"], nodes["mode"]
    number = {
        column: edges[column].to_numpy(dtype=np.float64)
        for column in (
            "length_km", "drawn_length_km", "published_length_km", "speed_limit_kmh", "run_min", "trains_per_day",
            "trains_ordinary", "service_ordinary", "opens_year", "run_min_low", "run_min_high",
        )
    }  # fmt: skip
    text = {
        column: edges[column].fillna("").to_numpy(dtype=object)
        for column in ("role", "mode", "speed_class", "feature_id", "layer", "plan_ids", "line_ids")
    }
    drawn = number["length_km"] == number["drawn_length_km"]
    return EdgeArrays(
        tail=np.array([position[name] for name in edges["from_id"]], dtype=np.int64),
        head=np.array([position[name] for name in edges["to_id"]], dtype=np.int64),
        rail_node=(kind.isin(_INSIDE) | ((kind == "border") & (mode == "rail"))).to_numpy(dtype=bool),
        twin=np.array(
            [position.get(str(name).removesuffix("/toll"), i) for i, name in enumerate(names)], dtype=np.int64
        ),
        anchored=nodes["node_id"].str.startswith(("stn/", "road/")).to_numpy(dtype=bool),
        role=text["role"],
        mode=text["mode"],
        speed_class=text["speed_class"],
        feature_id=text["feature_id"],
        changing=edges["edge_id"].str.endswith("/change").to_numpy(dtype=bool),
        toll=edges["toll"].to_numpy(dtype=bool),
        indicative=(edges["course"] == "indicative").to_numpy(dtype=bool),
        schematic=np.isnan(number["published_length_km"]) & drawn,
        length_km=number["length_km"],
        limit_kmh=number["speed_limit_kmh"],
        run_min=number["run_min"],
        run_min_low=number["run_min_low"],
        run_min_high=number["run_min_high"],
        trains=number["trains_per_day"],
        trains_ordinary=number["trains_ordinary"],
        service_ordinary=number["service_ordinary"],
        opens_year=np.where(edges["opens_basis"] == "on_request", np.inf, number["opens_year"]),
        links=(text["feature_id"], text["layer"], text["plan_ids"], text["line_ids"]),
    )
