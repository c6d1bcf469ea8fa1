"""A card for each corridor of the plan: kilometres, gains, what may not fail, ports and airports it serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Unpack

import geopandas as gpd
import numpy as np
import pandas as pd

from atlas.base.tables import listing
from atlas.data.register import Register
from atlas.data.scenario import Scenario
from atlas.data.stamp import stamp
from atlas.decide.board import Board, closures
from atlas.decide.critical import Circle, Watch
from atlas.decide.measures import make_measure, site_rows
from atlas.decide.players import plan_players
from atlas.land.ground import Ground
from atlas.network.build import Network
from atlas.plan.lengths import corridor_kilometres, stretches
from atlas.ways.heap import TOLERANCE_MIN

__all__ = ["SERVED_MIN", "corridor_cards"]

#: A port or airport this near to a junction or station of a corridor is served by it.
SERVED_MIN = 30.0
CARD_COLUMNS = (
    "corridor", "name_zh", "name_en", "km", "km_in_use", "km_rail", "km_road", "projects", "people_gain", "pairs_gain",
    "minutes_gain", "critical", "critical_zh", "critical_en", "critical_people", "ports", "ports_zh", "ports_en",
    "airports", "airports_zh", "airports_en", "hash",
)  # fmt: skip


@dataclass(frozen=True)
class Cards:
    """The corridors of the plan.

    Attributes
    ----------
    cards : DataFrame
        :data:`CARD_COLUMNS`, a row a corridor. Gains are what `after` loses without all of the corridor's projects
        together: people within the limit of the centres, pairs within it, and minutes of the average trip between
        counties; corridors share projects, so gains are not to be added. ``critical`` is the road or line of the
        corridor whose closure loses most people; ``ports`` and ``airports`` (ids, joined by ``;``) lie within
        :data:`SERVED_MIN` of one of its junctions or stations.
    kilometres : DataFrame
        ``corridor``, ``mode``, ``status``, ``km``: counted once each, see :mod:`atlas.plan.lengths`.
    by_year : DataFrame
        ``corridor``, ``year``, ``mode``, ``km``: open by the end of each year.
    critical : DataFrame
        ``corridor``, ``rank``, ``link``, names and losses of its roads and lines, the worst first.
    """

    cards: pd.DataFrame
    kilometres: pd.DataFrame
    by_year: pd.DataFrame
    critical: pd.DataFrame
    hash: str


def corridor_cards(
    network: Network,
    frames: Mapping[str, gpd.GeoDataFrame],
    register: Register,
    before: Scenario,
    after: Scenario,
    ground: Ground,
    *,
    years: Sequence[int] = (2023, 2026, 2030, 2035),
    progress: Callable[[int, int], None] | None = None,
    **circle: Unpack[Circle],
) -> Cards:
    """Return the card of each corridor.

    Parameters
    ----------
    network, frames
        The network, and the frames of its layers by key, for kilometres.
    register
        The plan.
    before, after
        The scenario without the plan's projects, and the one with them.
    ground
        Land cells and people.
    years
        For kilometres open by then.
    progress
        Called with corridors done and their number.
    **circle
        ``mode``, ``limit_min`` and ``centres``: see :class:`atlas.decide.critical.Circle`.

    Returns
    -------
    Cards
        The cards, kilometres by year and critical links.

    Raises
    ------
    PlanError
        `after` has no project of the plan that `before` has not.

    Examples
    --------
    >>> frames = {key: layer.frame for key, layer in catalog.layers().items()}
    >>> from atlas.data.register import read_register
    >>> found = atlas.corridor_cards(network, frames, read_register("data/plan"), atlas.load_scenario("2023"), now,
    ...     atlas.ground(network), mode="drive")
    >>> len(found.cards)
    6
    """
    items = [item for item in register if item.kind == "corridor"]
    cut = stretches(frames)
    counted = cut[cut["counted"]]
    held = {item.id: {f"{link.layer}/{link.feature_id}" for link in register.links_of(item.id)} for item in items}
    watch = Watch.of(network, after, ground, **circle)
    board = watch.board
    known = {one.id: one for one in closures(network, after)}
    players = plan_players(network, register, before, after)
    english = {one.id: one.name_en for one in known.values()}
    mark = stamp(network.hash, [before, after])
    cards: list[dict[str, Any]] = []
    years_rows: list[dict[str, Any]] = []
    worst_rows: list[dict[str, Any]] = []
    for step, item in enumerate(items, start=1):
        own = held[item.id]
        mine = counted[(counted["layer"] + "/" + counted["feature_id"]).isin(own)]
        projects = [player for player in players if own & set(player.features)]
        ids = [feature for player in projects for feature in player.features if feature in own]
        gains = _gains(board, ids, ground, watch.limit_min, circle.get("centres", ()))
        losses = sorted(
            ((known[name], watch.closed(known[name])) for name in sorted(own & set(known))),
            key=lambda one: [-x for x in one[1].order("people")],
        )
        for rank, (one, lost) in enumerate(losses, start=1):
            names = {"link": one.id, "name_zh": one.name_zh, "name_en": one.name_en}
            worst_rows.append({"corridor": item.id, "rank": rank, **names, **lost.__dict__})
        years_rows += [
            {"corridor": item.id, "year": year, "mode": kind, "km": float(some["km"].sum())}
            for year in years
            for kind, some in mine[mine["opens_year"].fillna(9999) <= year].groupby("mode")
        ]
        worst = losses[0] if losses else None
        ports, airports = (_served_sites(board, own, kind) for kind in ("port", "airport"))
        in_use = mine[mine["opens_year"].fillna(9999) <= (after.year or 9998)]
        cards.append(
            {
                "corridor": item.id, "name_zh": item.name_zh, "name_en": item.name_en, "km": float(mine["km"].sum()),
                "km_in_use": float(in_use["km"].sum()), "km_rail": float(mine.loc[mine["mode"] == "rail", "km"].sum()),
                "km_road": float(mine.loc[mine["mode"] != "rail", "km"].sum()),
                "projects": listing(player.id for player in projects), **gains,
                "critical": worst[0].id if worst else "", "critical_zh": worst[0].name_zh if worst else "",
                "critical_en": english[worst[0].id] if worst else "",
                "critical_people": worst[1].people_lost if worst else 0.0, "ports": listing(ports),
                "ports_zh": "、".join(zh for zh, _ in ports.values()),
                "ports_en": ", ".join(en for _, en in ports.values()), "airports": listing(airports),
                "airports_zh": "、".join(zh for zh, _ in airports.values()),
                "airports_en": ", ".join(en for _, en in airports.values()), "hash": mark,
            }
        )  # fmt: skip
        if progress is not None:
            progress(step, len(items))
    return Cards(
        pd.DataFrame(cards, columns=list(CARD_COLUMNS)), corridor_kilometres(cut, register),
        pd.DataFrame(years_rows, columns=["corridor", "year", "mode", "km"]), pd.DataFrame(worst_rows), mark,
    )  # fmt: skip


def _gains(
    board: Board, ids: Sequence[str], ground: Ground, limit_min: float, centres: Sequence[str]
) -> dict[str, float]:
    whole, without = board.opened(), board.without(ids)
    found = {}
    for name in ("people", "pairs", "minutes"):
        measure = make_measure(name, board, without, limit_min=limit_min, centres=centres, ground=ground)
        found[f"{name}_gain"] = float((measure.at(whole) - measure.at(without)).sum()) if ids else 0.0
    return found


def _served_sites(board: Board, own: set[str], kind: str) -> dict[str, tuple[str, str]]:
    """Ids, and Chinese and English names, of the ports or airports within reach of a node of the corridor."""
    network = board.network
    arrays = network.arrays
    on_it = arrays.named(own) & arrays.open_in(board.scenario) & np.isin(arrays.role, ("run", "ride"))
    ends = arrays.head[on_it]
    outside = np.unique(ends[~arrays.rail_node[ends]])
    ridden = ends[arrays.rail_node[ends]]
    # a train's own node is inside; its station is where it is left
    leaving = np.isin(arrays.tail, ridden) & (arrays.role == "alight")
    nodes = np.unique(np.concatenate([outside, arrays.head[leaving]])).astype(np.int64)
    if not len(nodes):
        return {}
    minutes = board.opened().nearest(nodes)[0]
    sites = site_rows(network, kind)
    near = sites[minutes[sites] <= SERVED_MIN + TOLERANCE_MIN]
    ids, zh, en = (network.node_column(name)[near] for name in ("feature_id", "name_zh", "name_en"))
    return {str(name): (str(a), str(b) or str(a)) for name, a, b in zip(ids, zh, en, strict=True)}
