"""All that decides about the plan, gathered once for pages and papers: worth, needs, closures, events, corridors.

Each number is that of one command (``atlas value``, ``solve``, ``critical``, ``event``, ``gaps``, ``hinterland``,
``corridors``) with its default options but for those named in :class:`Decisions`. What is gathered is plain: it goes
into a file of the store and comes back the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from atlas.base.values import plain
from atlas.data.catalog import Catalog
from atlas.data.parameters import ParameterTable
from atlas.data.scenario import Scenario, load_scenario
from atlas.data.stamp import stamp
from atlas.decide.access import fairness, hinterland, switches
from atlas.decide.board import Board
from atlas.decide.corridors import corridor_cards
from atlas.decide.critical import Watch, breaks, critical_links
from atlas.decide.events import Event, read_events, run_event
from atlas.decide.gaps import gaps
from atlas.decide.homes import cities_of
from atlas.decide.measures import SITES, Minutes, make_measure
from atlas.decide.needs import Needs, solve_trips
from atlas.decide.players import Player, plan_players
from atlas.decide.value import project_values, target_values
from atlas.land.ground import Ground
from atlas.network.build import Network
from atlas.plan.promises import Target, Targets
from atlas.plan.summary import link_spans

__all__ = ["STEPS", "Asked", "Decisions", "Row", "gather_decisions"]

Row = Mapping[str, Any]
#: What is gathered, in this order; the names of the steps that are told.
STEPS = ("value", "minutes", "targets", "needs", "sites", "gaps", "critical", "events", "corridors")
Progress = Callable[[str, int, int], None]
#: Rows kept of each list.
_OPTIONS, _BREAKS, _LINKS, _CARD_LINKS = 6, 8, 15, 5


@dataclass(frozen=True)
class Decisions:
    """What was gathered, as rows of plain values.

    Attributes
    ----------
    facts
        ``since`` and ``weighed_in`` (projects of the one year that the other has not), ``judged_in`` (needs, breaks),
        ``critical_in``, ``event_in`` (years by name), ``limit_min``, ``mode``, ``orders``, ``seed``, ``hash``; of the
        worth by people ``before``, ``after``, ``joint``, ``method``.
    projects, cities, interactions
        Of :func:`atlas.decide.value.project_values` with the measure ``people``.
    city_minutes
        The split by city of the measure ``minutes``; ``facts["city_share"]`` is each city's share of the pairs.
    targets
        Of :func:`atlas.decide.value.target_values`.
    needs, options
        By target what :func:`atlas.decide.needs.solve_trips` finds for its default reading: a row a target, and its
        options in their order.
    breaks
        By target, of :func:`atlas.decide.critical.breaks`.
    sites
        By project and kind of site: residents that come within the limit of one, by the project alone (``first_in``)
        and as the last one missing (``last_in``).
    switches, gaps, links
        Of :func:`atlas.decide.access.switches`, :func:`atlas.decide.gaps.gaps` and
        :func:`atlas.decide.critical.critical_links` (the worst of each year).
    events
        A row an event: its names and times, its losses, and lists ``counties``, ``places``, ``closed``, ``unmapped``.
    cards, by_year, card_links
        Of :func:`atlas.decide.corridors.corridor_cards`, cards with the names of their ports and airports in both
        languages.
    fairness, curve
        Of :func:`atlas.decide.access.fairness` for the years named above, to the nearest of the centres; nothing
        where no core city is named or nobody is counted.
    """

    facts: Row
    projects: tuple[Row, ...] = ()
    cities: tuple[Row, ...] = ()
    interactions: tuple[Row, ...] = ()
    city_minutes: tuple[Row, ...] = ()
    targets: tuple[Row, ...] = ()
    needs: tuple[Row, ...] = ()
    options: tuple[Row, ...] = ()
    breaks: tuple[Row, ...] = ()
    sites: tuple[Row, ...] = ()
    switches: tuple[Row, ...] = ()
    gaps: tuple[Row, ...] = ()
    links: tuple[Row, ...] = ()
    events: tuple[Row, ...] = ()
    cards: tuple[Row, ...] = ()
    by_year: tuple[Row, ...] = ()
    card_links: tuple[Row, ...] = ()
    fairness: tuple[Row, ...] = ()
    curve: tuple[Row, ...] = ()

    def of(self, rows: Iterable[Row], key: str, value: object) -> list[Row]:
        """Return those of `rows` whose `key` is `value`."""
        return [row for row in rows if row[key] == value]

    def packed(self) -> dict[str, Any]:
        """Return everything as JSON knows it."""
        return {name: list(rows) if isinstance(rows, tuple) else dict(rows) for name, rows in vars(self).items()}

    @classmethod
    def unpacked(cls, packed: Mapping[str, Any]) -> Decisions:
        """Return what :meth:`packed` gave."""
        facts = packed["facts"]
        return cls(facts, **{name: tuple(rows) for name, rows in packed.items() if name != "facts"})


@dataclass(frozen=True)
class Asked:
    """What is decided about: the years, and how projects are weighed.

    Attributes
    ----------
    since, weighed_in
        Projects are those of the later year that the earlier has not.
    judged_in
        The year in which targets are to be met: what they need then, and what breaks them.
    critical_in, event_in
        Years whose links are ranked, and the network under which events come.
    limit_min, mode, orders, seed
        See :func:`atlas.decide.value.project_values`.
    """

    since: str = "2023"
    weighed_in: str = "2035"
    judged_in: str = "2030"
    critical_in: Sequence[str] = ("2026", "2035")
    event_in: str = "2026"
    limit_min: float = 60.0
    mode: str = "multimodal"
    orders: int = 100
    seed: int = 1

    def years(self, table: ParameterTable) -> dict[str, Scenario]:
        """Return every year asked about, by its name."""
        names = {self.since, self.weighed_in, self.judged_in, self.event_in, *self.critical_in}
        return {name: load_scenario(name, table=table) for name in names}


def gather_decisions(
    catalog: Catalog,
    network: Network,
    ground: Ground,
    targets: Targets,
    asked: Asked = Asked(),
    *,
    events: Sequence[Event] | None = None,
    progress: Progress | None = None,
) -> Decisions:
    """Compute everything once.

    Parameters
    ----------
    catalog, network, ground, targets
        The plan, the network made of its layers, cells and people, and the promises.
    asked
        About which years, and how it is weighed.
    events
        None: all of ``data/events``.
    progress
        Called with the name of the step (:data:`STEPS`), what is done of it and how much there is.

    Raises
    ------
    PlanError
        No project lies between the two years, or an event cannot be read.
    """
    limit_min, mode, orders, seed = asked.limit_min, asked.mode, asked.orders, asked.seed
    years = asked.years(catalog.parameters)
    before, after, judged = years[asked.since], years[asked.weighed_in], years[asked.judged_in]
    register = catalog.plan
    players = plan_players(network, register, before, after)
    frames = {key: layer.frame for key, layer in catalog.layers().items()}

    def steps(name: str) -> Callable[[int, int], None]:
        return lambda done, total: progress(name, done, total) if progress is not None else None

    found = project_values(
        network, players, after, mode=mode, limit_min=limit_min, ground=ground, orders=orders, seed=seed,
        progress=steps("value"),
    )  # fmt: skip
    slower = project_values(
        network, players, after, measure="minutes", mode=mode, orders=orders, seed=seed, interactions=False,
        progress=steps("minutes"),
    )  # fmt: skip
    by_target = target_values(
        network, players, after, targets, mode=mode, orders=orders, seed=seed, progress=steps("targets")
    )
    later = _still_to_come(network, catalog, judged)
    needs, options, broken = _needs(network, later, judged, targets, mode, steps("needs"))
    near = _sites(network, players, after, ground, limit_min, mode, steps("sites"))
    reached = hinterland(network, [before, after], ground, mode=mode, limit_min=limit_min)
    spread, curve = pd.DataFrame({"centre": []}), pd.DataFrame({"centre": []})
    if network.region.core_cities and ground.people.people[0].any():
        some = [years[name] for name in sorted({asked.since, asked.event_in, asked.judged_in, asked.weighed_in})]
        spread, curve = fairness(network, some, ground, mode=mode, limit_min=limit_min)
    missing = gaps(network, catalog.layers(), before, after, targets, mode=mode, progress=steps("gaps"))
    links = critical_links(
        network, [years[name] for name in asked.critical_in], ground, mode=mode, limit_min=limit_min,
        progress=steps("critical"),
    )  # fmt: skip
    folder = catalog.root / "data" / "events"
    known = events if events is not None else read_events(folder) if folder.is_dir() else ()
    happened = _events(network, known, years[asked.event_in], ground, limit_min, mode, steps("events"))
    cards = corridor_cards(
        network, frames, register, before, after, ground, mode=mode, limit_min=limit_min, progress=steps("corridors")
    )
    shown: list[Mapping[Any, Any]] = [
        *broken,
        *(row for some in (links[links["rank"] <= _LINKS], cards.critical) for row in some.to_dict("records")),
    ]
    spans = link_spans(network, {str(row["link"]): str(row["name_zh"]) for row in shown})
    facts = {
        "since": asked.since, "weighed_in": asked.weighed_in, "judged_in": asked.judged_in,
        "critical_in": list(asked.critical_in), "event_in": asked.event_in, "limit_min": limit_min, "mode": mode,
        "orders": found.orders, "seed": seed,
        "before": found.before, "after": found.after, "joint": found.joint, "method": found.method,
        "city_share": dict(zip(cities_of(network), Minutes.of(network).share.tolist(), strict=True)),
        "spans": spans,
        "english": {name: network.english_names.get(name, name) for ends in spans.values() for name in ends},
        "features": {player.id: list(player.features) for player in players},
        "hash": stamp(network.hash, [years[name] for name in sorted(years)]),
    }  # fmt: skip
    gathered: dict[str, pd.DataFrame | Sequence[Row]] = {
        "projects": found.projects, "cities": found.cities, "interactions": found.interactions,
        "city_minutes": slower.cities, "targets": by_target,
        "needs": needs, "options": options, "breaks": broken, "sites": near,
        "switches": switches(reached, asked.since, asked.weighed_in, limit_min=limit_min), "gaps": missing,
        "links": links[links["rank"] <= _LINKS], "events": happened, "cards": cards.cards,
        "by_year": cards.by_year, "fairness": spread[spread["centre"] == "nearest"],
        "curve": curve[curve["centre"] == "nearest"],
        "card_links": cards.critical[cards.critical["rank"] <= _CARD_LINKS],
    }  # fmt: skip
    return Decisions(plain(facts), **{name: _rows(rows) for name, rows in gathered.items()})


def _still_to_come(network: Network, catalog: Catalog, scenario: Scenario) -> tuple[Player, ...]:
    """Return the plan's projects that `scenario` has not; none where it has them all."""
    whole = scenario.but(name="full", year=None)
    arrays = network.arrays
    if not (arrays.open_in(whole) & ~arrays.open_in(scenario)).any():
        return ()
    return plan_players(network, catalog.plan, scenario, whole)


def _rows(table: pd.DataFrame | Sequence[Row]) -> tuple[Row, ...]:
    rows = table.to_dict("records") if isinstance(table, pd.DataFrame) else table
    return tuple(plain(_plain(row)) for row in rows)


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in row.items()}


def _needs(
    network: Network,
    projects: Sequence[Player],
    scenario: Scenario,
    targets: Targets,
    mode: str,
    progress: Callable[[int, int], None],
) -> tuple[list[Row], list[Row], list[Row]]:
    """What each target needs and what breaks it."""
    needs: list[Row] = []
    options: list[Row] = []
    broken: list[Row] = []
    every = list(targets)
    for step, target in enumerate(every, start=1):
        trips = [(start, ends, target.limit_min) for start, ends in target.default.trips()]
        found = solve_trips(network, trips, scenario, mode=mode, projects=projects)
        needs.append(_need(target, found))
        rows = found.options.head(_OPTIONS).to_dict("records")
        options += [{"target": target.id, "rank": rank, **_plain(row)} for rank, row in enumerate(rows, start=1)]
        table = breaks(network, trips, scenario, mode=mode)
        broken += [{"target": target.id, **_plain(row)} for row in table.head(_BREAKS).to_dict("records")]
        progress(step, len(every))
    return needs, options, broken


def _need(target: Target, found: Needs) -> Row:
    left = max(found.least_left.legs, key=lambda leg: leg.minutes, default=None)
    told = {"name_zh": left.name_zh, "name_en": left.name_en or left.name_zh, "part": left.minutes,
            "part_from": left.from_name, "part_to": left.to_name} if left is not None else {}  # fmt: skip
    return {
        "target": target.id, "from": found.origin, "to": found.destination, "limit_min": found.limit_min,
        "minutes": found.minutes, "over_min": found.over_min, "met": found.met, "solved": found.solved,
        "least_min": found.least_left.minutes, **told,
    }  # fmt: skip


def _sites(
    network: Network,
    players: Sequence[Player],
    scenario: Scenario,
    ground: Ground,
    limit_min: float,
    mode: str,
    progress: Callable[[int, int], None],
) -> list[Row]:
    """Residents near a port, an airport and a hub by project, alone and as the last one missing."""
    board = Board(network, scenario, mode)
    own = [board.closing(player.features) for player in players]
    every = np.any(own, axis=0)
    least, whole = board.opened(every), board.opened()
    measures = {
        kind: make_measure("hinterland", board, least, limit_min=limit_min, ground=ground, sites=(kind,))
        for kind in SITES
    }
    nothing, most = ({kind: one.at(some).sum() for kind, one in measures.items()} for some in (least, whole))
    rows: list[Row] = []
    for step, (player, mine) in enumerate(zip(players, own, strict=True), start=1):
        others = np.any([edges for edges in own if edges is not mine], axis=0)
        alone, without = board.opened(others & ~mine), board.opened(mine)
        for kind, one in measures.items():
            first, last = float(one.at(alone).sum() - nothing[kind]), float(most[kind] - one.at(without).sum())
            if max(abs(first), abs(last)) > 0.5:
                rows.append(
                    {
                        "project": player.id, "name_zh": player.name_zh, "name_en": player.name_en,
                        "kind_of_site": kind, "first_in": first, "last_in": last,
                    }
                )  # fmt: skip
        progress(step, len(players))
    return sorted(rows, key=lambda row: (SITES.index(row["kind_of_site"]), -row["last_in"], -row["first_in"]))


def _events(
    network: Network,
    events: Sequence[Event],
    scenario: Scenario,
    ground: Ground,
    limit_min: float,
    mode: str,
    progress: Callable[[int, int], None],
) -> list[Row]:
    watch = Watch.of(network, scenario, ground, mode=mode, limit_min=limit_min)
    rows: list[Row] = []
    for step, event in enumerate(events, start=1):
        found = run_event(network, event, scenario, ground, mode=mode, limit_min=limit_min, watch=watch)
        rows.append(
            {
                "id": event.id, "kind": event.kind, "basis": event.basis, "name_zh": event.name_zh,
                "name_en": event.name_en, "from": event.start, "until": event.until, "note": event.note,
                **found.losses.__dict__, "counties": found.counties.to_dict("records"),
                "places": found.places.to_dict("records"), "closed": found.closed.to_dict("records"),
                "unmapped": [list(name) for one in event.happenings for name in one.missing()],
            }
        )  # fmt: skip
        progress(step, len(events))
    return sorted(rows, key=lambda row: (-row["people_lost"], -row["people_cut"], row["id"]))
