"""A network's edges as arrays of numbers, made once a network.

What depends on a scenario (which edges are open, how long they take, how the search runs) is computed from
these arrays, so that a change of scenario costs microseconds an edge and touches no frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlas.base.errors import NetworkError
from atlas.base.geodesy import Bools, Floats, Ints, Texts
from atlas.base.tables import listing, slots
from atlas.data.declaration import EXPRESSWAYS
from atlas.data.places import GATE
from atlas.data.scenario import Scenario
from atlas.kept.columns import KeptTable

__all__ = ["MESH", "EdgeArrays", "StateArcs", "arrays_of", "kept_arrays", "packed_arrays"]

#: The layer of ordinary roads, a sketch that names none.
MESH = "ordinary_roads"
#: Signs ``/`` in the id of a stretch of road: feature, number and direction.
_PARTS = 2
#: Gives a column of a table by its name.
ColumnOf = Callable[[str], NDArray[Any]]
_INSIDE = ("platform", "concourse", "vessel")
#: Words that name all services of a kind of the layer ``ferries``; other kinds are asked for one by one.
SERVICE_WORDS = {"ferries": "ferry", "coaches": "coach"}


@dataclass(frozen=True, eq=False)
class StateArcs:
    """The arcs of the search graph, without minutes, in CSR order.

    Every node stands twice, before and after the first ride; boarding is no ride, so that one who leaves where he
    boarded has not travelled by train. State i < n is node i before the first ride, n + i after it.

    Attributes
    ----------
    size
        Number of nodes n.
    tail, head
        (a,) states.
    edge
        (a,) the edge behind each arc.
    ridden
        (a,) whether the arc is taken from a street after a first train.
    copies
        Number of states beyond the 2n: the streets of one station each (:func:`atlas.travel.search.station_arcs`).
    """

    size: int
    rail_node: Bools
    tail: Ints
    head: Ints
    edge: Ints
    ridden: Bools
    copies: int = 0

    @property
    def states(self) -> int:
        """Number of states: 2n and the copies."""
        return 2 * self.size + self.copies

    @classmethod
    def of(
        cls,
        size: int,
        tail: Ints,
        head: Ints,
        rail_node: Bools,
        rides: Bools | None = None,
        passes: Bools | None = None,
    ) -> StateArcs:
        """Return the arcs of the edges from `tail` to `head` (m nodes each).

        Parameters
        ----------
        size
            Number of nodes n.
        tail, head
            (m,) rows of nodes.
        rail_node
            (n,) nodes inside a vehicle or a station.
        rides
            (m,) edges on which a vehicle moves; None: all that leave a node inside the railway.
        passes
            (m,) edges inside the railway that may come before a ride: a border in a station; None: none.
        """
        street = ~rail_node[tail]
        rides = ~street if rides is None else rides & ~street
        stays = street if passes is None else street | (passes & rail_node[head])
        early = np.nonzero(stays | rides)[0]
        number = np.arange(len(tail))
        ends = np.concatenate(
            [np.stack([tail[early], head[early] + rides[early] * size]), np.stack([tail, head]) + size], axis=1
        )
        edge = np.concatenate([early, number])
        ridden = np.concatenate([np.zeros(len(early), dtype=bool), street])
        order = np.lexsort((edge, ends[1], ends[0]))
        return cls(size, rail_node, ends[0][order], ends[1][order], edge[order], ridden[order])

    def weights(self, first: Floats, later: Floats) -> Floats:
        """(a,) minutes by arc from minutes by edge; NaN where the arc is not there."""
        minutes = np.where(self.ridden, later[self.edge], first[self.edge])
        own = (self.tail < 2 * self.size) & (self.head < 2 * self.size)
        minutes[own & (self.tail % self.size == self.head % self.size)] = np.nan
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
    wider
        (w, 2) rows among all edges: stretches that widen others, and those they widen.
    links
        (feature, layer, plan ids, line ids) an edge, the last two joined by ``;``.
    """

    tail: Ints
    head: Ints
    rail_node: Bools
    twin: Ints
    anchored: Bools
    role: Texts
    mode: Texts
    speed_class: Texts
    feature_id: Texts
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
    wider: Ints
    links: tuple[Texts, ...]

    def at(self, rows: Ints) -> EdgeArrays:
        """Return the edges `rows` alone; nodes stay as they are."""
        by_node = {"rail_node", "twin", "anchored", "wider", "links"}
        picked = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name not in by_node}
        return replace(self, **picked, links=tuple(text[rows] for text in self.links))

    @cached_property
    def by_stations(self) -> dict[object, StateArcs]:
        """Arcs about stations, made last, by what they are made of (see :func:`atlas.travel.search.arcs_in`)."""
        return {}

    @cached_property
    def arcs(self) -> StateArcs:
        """The arcs of the search graph."""
        rides, passes = np.isin(self.role, ("ride", "sail")), self.role == "border"
        return StateArcs.of(len(self.rail_node), self.tail, self.head, self.rail_node, rides, passes)

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

        ``drive`` roads, ``rail`` all but ferries and the step between a station's gate and the street (roads near a
        station only: :func:`atlas.travel.search.station_arcs`), ``multimodal`` all.
        """
        gate = np.asarray(self.speed_class == GATE, dtype=bool)
        return {
            "drive": np.asarray((self.mode == "road") | (self.speed_class == "local_road") | gate, dtype=bool),
            "rail": np.asarray(~(gate | (self.links[1] == "ferries")), dtype=bool),
            "multimodal": np.ones(len(self.tail), dtype=bool),
        }

    @cached_property
    def rows_by_id(self) -> dict[str, Ints]:
        """Rows by feature id, ``layer/feature``, plan id, line id, ``railways/line``, ``ferries`` and ``coaches``."""
        feature, layer, plans, lines = (list(map(str, text.tolist())) for text in self.links)
        full = [f"{of}/{name}" for of, name in zip(layer, feature, strict=True)]
        full_lines = [line and listing(f"railways/{name}" for name in slots(line)) for line in lines]
        found: dict[str, set[int]] = {}
        for texts in (feature, full, plans, lines, full_lines):
            rows: dict[str, list[int]] = {}
            for row, text in enumerate(texts):
                rows.setdefault(text, []).append(row)
            for text, some in rows.items():
                for part in slots(text):
                    if part:
                        found.setdefault(part, set()).update(some)
        # who closes a station closes its platforms: nobody boards, leaves or changes there
        for row, name in self._stations().items():
            for text in (name, f"stations/{name}"):
                found.setdefault(text, set()).add(row)
        # a pier's link to its island belongs to a service: what names the service names it
        for word, kind in SERVICE_WORDS.items():
            of_kind = set(self.feature_id[(self.role == "sail") & (self.speed_class == kind)].tolist())
            if of_kind:
                found[word] = {i for i, of in enumerate(layer) if of == "ferries" and feature[i] in of_kind}
        return {name: np.array(sorted(some), dtype=np.int64) for name, some in found.items()}

    def _stations(self) -> dict[int, str]:
        """The station at which each edge boards, leaves or changes, by row."""
        board, alight = self.role == "board", self.role == "alight"
        street = board & ~self.rail_node[self.tail]
        doors = {*self.tail[street].tolist(), *self.head[alight].tolist()}
        feature, layer = self.links[0], self.links[1]
        at: dict[int, str] = {}
        for row in np.nonzero((layer == "stations") & (self.mode == "local"))[0].tolist():
            for end in (int(self.tail[row]), int(self.head[row])):
                if end in doors:
                    at[end] = str(feature[row])
        stops = {int(self.head[row]): at.get(int(self.tail[row])) for row in np.nonzero(street)[0].tolist()}
        stops |= {int(self.tail[row]): at.get(int(self.head[row])) for row in np.nonzero(alight)[0].tolist()}
        ends = (
            *((row, int(self.head[row])) for row in np.nonzero(board)[0].tolist()),
            *((row, int(self.tail[row])) for row in np.nonzero(alight | (self.role == "transfer"))[0].tolist()),
        )
        return {row: name for row, stop in ends if (name := stops.get(stop))}

    def named(self, ids: Iterable[str]) -> Bools:
        """(m,) which edges belong to a feature, line or plan item among `ids`."""
        hit = np.zeros(len(self.tail), dtype=bool)
        for name in ids:
            hit[self.rows_by_id.get(name, np.zeros(0, dtype=np.int64))] = True
        return hit

    def closing(self, hit: Bools) -> Bools:
        """(m,) the edges `hit` and what widens them: lanes lie on the road that closes."""
        shut = hit.copy()
        wide, old = self.wider.T
        shut[wide] |= hit[old]
        return shut

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
        drawn = {link.id for link in scenario.links}
        if drawn and not drawn <= self.rows_by_id.keys():
            raise NetworkError(
                f"scenario {scenario.name} draws links of its own that this network lacks; "
                "take them in first: atlas.with_links(network, scenario.links)"
            )
        if scenario.with_ or drawn:
            present = present | self._put_in(scenario.with_ | drawn)
        if scenario.without or scenario.close:
            present = present & ~self.closing(self.named(scenario.without | scenario.close))
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


#: Arrays that are computed from more than one column, and kept beside the columns.
_COMPUTED = (
    "tail", "head", "rail_node", "twin", "anchored", "changing", "indicative", "schematic", "opens_year", "wider",
)  # fmt: skip
_NUMBERS = {
    "length_km": "length_km", "limit_kmh": "speed_limit_kmh", "run_min": "run_min", "run_min_low": "run_min_low",
    "run_min_high": "run_min_high", "trains": "trains_per_day", "trains_ordinary": "trains_ordinary",
    "service_ordinary": "service_ordinary",
}  # fmt: skip


def arrays_of(node: ColumnOf, edge: ColumnOf) -> EdgeArrays:
    """Return the arrays of the tables ``Network.nodes`` and ``Network.edges``, each given by its columns."""
    names = node("node_id").tolist()
    position = {name: i for i, name in enumerate(names)}
    kind, mode = node("kind"), node("mode")
    length, drawn, published = (
        edge(column).astype(np.float64, copy=False)
        for column in ("length_km", "drawn_length_km", "published_length_km")
    )
    inside = np.isin(kind, _INSIDE) | ((kind == "border") & (mode == "rail"))
    twin = _numbers(names, position)
    for i in np.nonzero([name.endswith("/toll") for name in names])[0].tolist():
        twin[i] = position.get(names[i].removesuffix("/toll"), i)
    years = edge("opens_year").astype(np.float64)
    return _of_columns(
        edge,
        lambda column: _texts(edge(column)),
        tail=_numbers(edge("from_id").tolist(), position),
        head=_numbers(edge("to_id").tolist(), position),
        rail_node=inside.astype(bool),
        twin=twin,
        anchored=np.array([name.startswith(("stn/", "road/")) for name in names], dtype=bool),
        changing=np.array([name.endswith("/change") for name in edge("edge_id").tolist()], dtype=bool),
        indicative=(edge("course") == "indicative").astype(bool),
        schematic=np.isnan(published) & (length == drawn),
        opens_year=np.where(edge("opens_basis") == "on_request", np.inf, years),
        wider=_widened_rows(edge("edge_id").tolist(), edge("feature_id").tolist()),
    )


def _numbers(names: list[Any], position: dict[Any, int]) -> Ints:
    return np.fromiter(map(position.__getitem__, names), dtype=np.int64, count=len(names))


def _widened_rows(edge_ids: Sequence[Any], feature_ids: Sequence[Any]) -> Ints:
    """Return the stretches that widen others, and those they widen.

    Parameters
    ----------
    edge_ids, feature_ids
        (m,) ids of edges, and of the features behind them; what widens another has its feature's id before the other's.

    Returns
    -------
    ndarray
        (w, 2) rows, the wider stretch first.

    Examples
    --------
    >>> _widened_rows(["old/0/f", "wide/old/0/f", "new/0/f"], ["old", "wide", "new"]).tolist()
    [[1, 0]]
    """
    below = {
        row: name.removeprefix(f"{feature_ids[row]}/") for row, name in enumerate(edge_ids) if name.count("/") > _PARTS
    }
    row_of = {name: row for row, name in enumerate(edge_ids)} if below else {}
    pairs = [(row, row_of[name]) for row, name in below.items() if name != edge_ids[row] and name in row_of]
    return np.array(pairs, dtype=np.int64).reshape(len(pairs), 2)


def packed_arrays(arrays: EdgeArrays) -> dict[str, NDArray[Any]]:
    """Return what :func:`kept_arrays` needs besides the columns of the edges, the arcs of the search included."""
    found = {f"arrays/{name}": getattr(arrays, name) for name in _COMPUTED}
    return found | {f"arrays/arc_{name}": getattr(arrays.arcs, name) for name in _ARCS}


_ARCS = ("tail", "head", "edge", "ridden")


def kept_arrays(edges: KeptTable, computed: KeptTable) -> EdgeArrays:
    """Return the arrays that :func:`arrays_of` made, from their kept file."""
    arrays = _of_columns(edges.column, edges.texts, **computed.columns(_COMPUTED))
    tail, head, edge, ridden = (computed.column(f"arc_{name}") for name in _ARCS)
    arrays.__dict__["arcs"] = StateArcs(len(arrays.rail_node), arrays.rail_node, tail, head, edge, ridden)
    return arrays


def _of_columns(edge: ColumnOf, texts: ColumnOf, **computed: NDArray[Any]) -> EdgeArrays:
    text: dict[str, NDArray[Any]] = {column: texts(column) for column in ("role", "mode", "speed_class", "feature_id")}
    links = (text["feature_id"], *(texts(column) for column in ("layer", "plan_ids", "line_ids")))
    numbers: dict[str, Any] = {name: edge(column).astype(np.float64, copy=False) for name, column in _NUMBERS.items()}
    return EdgeArrays(**computed, **text, **numbers, toll=edge("toll").astype(bool, copy=False), links=links)


def _texts(values: NDArray[Any]) -> Texts:
    """A column of texts, empty where one is missing."""
    listed = values.tolist()
    if set(map(type, listed)) <= {str}:
        return values
    return np.where([isinstance(value, str) for value in listed], values, "")
