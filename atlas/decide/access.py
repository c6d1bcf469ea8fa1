"""Who reaches what, and how evenly: the nearest port, airport and hub, and the spread of minutes over people.

Spread is told by quantiles, the Gini coefficient and a Palma ratio of minutes (the mean of the tenth of people who are
farthest over the mean of the four tenths who are nearest, after J. G. Palma, *Homogeneous middles vs. heterogeneous
tails*, Development and Change 42, 2011, who takes it of incomes).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from atlas.base.errors import PlanError
from atlas.base.geodesy import Bools, Floats, Ints
from atlas.base.tables import slots
from atlas.data.scenario import Scenario
from atlas.data.stamp import stamp
from atlas.decide.board import Board
from atlas.decide.homes import Homes, minutes_to
from atlas.decide.measures import SITES, centre_rows, site_rows
from atlas.land.ground import Ground
from atlas.network.build import Network
from atlas.travel.comparison import seats
from atlas.ways.heap import TOLERANCE_MIN

__all__ = ["fairness", "hinterland", "platform_access", "spread_of", "switches"]

HINTERLAND_COLUMNS = (
    "scenario", "mode", "kind_of_site", "county", "name_zh", "name_en", "city", "site", "site_zh", "site_en",
    "seat_min", "people", "people_within", "mean_min", "main_site", "main_zh", "main_share", "hash",
)  # fmt: skip
PLATFORM_COLUMNS = (
    "scenario", "mode", "kind_of_site", "platform", "name_zh", "name_en", "kind", "city", "position",
    "position_error_m", "site", "site_zh", "site_en", "minutes", "least_min", "most_min", "hash",
)  # fmt: skip
SWITCH_COLUMNS = (
    "kind_of_site", "county", "name_zh", "name_en", "city", "before_zh", "before_en", "after_zh", "after_en",
    "before_min", "after_min", "saved_min", "crossing",
)  # fmt: skip
FAIRNESS_COLUMNS = (
    "scenario", "mode", "centre", "centre_zh", "people", "no_way", "within", "mean_min", "p10", "p25", "p50", "p75",
    "p90", "p95", "palma", "gini", "worst_county", "worst_zh", "worst_en", "worst_min", "worst_seat", "worst_seat_zh",
    "worst_seat_min", "core_min", "edge_min", "gap_min", "hash",
)  # fmt: skip
CURVE_COLUMNS = ("scenario", "centre", "share_of_people", "share_of_minutes", "minutes")
_QUANTILES = (10, 25, 50, 75, 90, 95)


def hinterland(
    network: Network,
    scenarios: Sequence[Scenario],
    ground: Ground,
    *,
    sites: Sequence[str] = SITES,
    mode: str = "multimodal",
    limit_min: float = 60.0,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Return the nearest port, airport and hub of each county of the four cities, by its seat and by its people.

    Parameters
    ----------
    network, scenarios, mode
        What is open, and how it is travelled.
    ground
        Land cells and people, from :func:`atlas.ground`.
    sites
        Kinds: ``port``, ``airport`` (of civil aviation), ``hub`` (high-speed and intercity stations).
    limit_min
        Within how many minutes ``people_within`` are.
    progress
        Called with combinations done and their number.

    Returns
    -------
    DataFrame
        :data:`HINTERLAND_COLUMNS`. ``site`` is the one nearest to the seat: each county has exactly one a kind, or none
        where there is no way. ``main_site`` is the one nearest to most residents, ``main_share`` their share;
        ``mean_min`` the residents' mean minutes to their nearest.

    Raises
    ------
    PlanError
        Another kind.

    Examples
    --------
    >>> table = atlas.hinterland(network, [now], atlas.ground(network), sites=["airport"], mode="drive")
    >>> table.set_index("county").loc["doumen-district", "site"]
    'zuh'
    """
    rows = []
    places = network.place_layer.frame.set_index("id")
    done = 0
    for scenario in scenarios:
        board = Board(network, scenario, mode)
        homes = Homes.of(board, ground)
        whole = board.opened()
        mark = stamp(network.hash, [scenario])
        for kind in sites:
            minutes, which = whole.nearest(site_rows(network, kind))
            cell_min, cell_site = homes.nearest(minutes, which)
            for i, unit in enumerate(homes.units.to_dict("records")):
                if unit["city"] not in network.region.core_cities or unit["id"] not in places.index:
                    continue
                seat = network.row_of[f"place/{unit['id']}"]
                mine = (homes.unit == i) & np.isfinite(cell_min)
                people = homes.people[mine]
                total = float(homes.people[homes.unit == i].sum())
                near, main, share = which[seat], -1, float("nan")
                if people.sum() > 0:
                    codes, at = np.unique(cell_site[mine], return_inverse=True)
                    heads = np.bincount(at, people)
                    main, share = int(codes[heads.argmax()]), float(heads.max() / total)
                rows.append(
                    {
                        "scenario": scenario.name, "mode": mode, "kind_of_site": kind, "county": unit["id"],
                        "name_zh": unit["name_zh"], "name_en": unit["name_en"], "city": unit["city"],
                        **_site(network, "site", int(near)),
                        "seat_min": float(minutes[seat]) if near >= 0 else float("nan"), "people": total,
                        "people_within": float(people[cell_min[mine] <= limit_min + TOLERANCE_MIN].sum()),
                        "mean_min": float((cell_min[mine] * people).sum() / people.sum()) if people.sum() else np.nan,
                        "main_site": _site(network, "main", main)["main"],
                        "main_zh": _site(network, "main", main)["main_zh"],
                        "main_share": share, "hash": mark,
                    }
                )  # fmt: skip
            done += 1
            if progress is not None:
                progress(done, len(scenarios) * len(sites))
    return pd.DataFrame(rows, columns=list(HINTERLAND_COLUMNS))


def _site(network: Network, name: str, row: int) -> dict[str, str]:
    if row < 0:
        return {name: "", f"{name}_zh": "", f"{name}_en": ""}
    node = network.nodes.iloc[row]
    return {
        name: str(node["feature_id"]), f"{name}_zh": str(node["name_zh"]),
        f"{name}_en": str(node["name_en"] or node["name_zh"]),
    }  # fmt: skip


def platform_access(
    network: Network,
    scenarios: Sequence[Scenario],
    platforms: pd.DataFrame,
    *,
    sites: Sequence[str] = SITES,
    mode: str = "multimodal",
) -> pd.DataFrame:
    """Return the nearest port, airport and hub of each industrial platform, and how far that can be trusted.

    Parameters
    ----------
    network, scenarios, mode
        What is open, and how it is travelled.
    platforms
        Frame of a layer of points with the columns ``position`` and ``at``, such as ``platforms``.
    sites
        Kinds: ``port``, ``airport`` (of civil aviation), ``hub`` (high-speed and intercity stations).

    Returns
    -------
    DataFrame
        :data:`PLATFORM_COLUMNS`. ``minutes`` are those of the point. Where the point stands for a county or a city,
        ``least_min`` and ``most_min`` are those of its towns, nearest and farthest: the platform lies somewhere among
        them. Of a site or a town all three are one number.

    Raises
    ------
    PlanError
        Another kind of site.

    Examples
    --------
    >>> parks = catalog.layer("platforms").frame
    >>> table = atlas.platform_access(network, [now], parks[parks["kind"] == "zone"], sites=["port"], mode="drive")
    >>> bool((table["least_min"] <= table["most_min"]).all())
    True
    """
    rows = platforms.to_dict("records")
    for row in rows:
        if row["position"] == "site":
            network = network.with_place(f"platform-{row['id']}", row["geometry"].x, row["geometry"].y)
    among = [_nodes_among(network, row) for row in rows]
    found = []
    for scenario in scenarios:
        whole = Board(network, scenario, mode).opened()
        mark = stamp(network.hash, [scenario])
        for kind in sites:
            minutes, which = whole.nearest(site_rows(network, kind))
            for row, nodes in zip(rows, among, strict=True):
                there = minutes[nodes]
                there = there[np.isfinite(there)]
                near = int(which[nodes[0]])
                found.append(
                    {
                        "scenario": scenario.name, "mode": mode, "kind_of_site": kind, "platform": row["id"],
                        **{name: row[name] for name in ("name_zh", "name_en", "kind", "city", "position")},
                        "position_error_m": row["position_error_m"], **_site(network, "site", near),
                        "minutes": float(minutes[nodes[0]]) if near >= 0 else float("nan"),
                        "least_min": float(there.min()) if len(there) else float("nan"),
                        "most_min": float(there.max()) if len(there) else float("nan"), "hash": mark,
                    }
                )  # fmt: skip
    return pd.DataFrame(found, columns=list(PLATFORM_COLUMNS))


def _nodes_among(network: Network, row: Mapping[Hashable, Any]) -> Ints:
    """Rows of the nodes a platform may lie at: first its point, then the towns of what it stands for."""
    if row["position"] == "site":
        return np.array([network.row_of[f"place/platform-{row['id']}"]], dtype=np.int64)
    places = network.place_layer.frame
    at = [name.removeprefix("places/") for name in slots(str(row["at"]))]
    held = list(at)
    for unit in places[places["id"].isin(at) & (places["level"] != "town")].to_dict("records"):
        code = str(unit["adcode"])
        mine = places["adcode"].astype(str).str.startswith(code[:4] if unit["level"] == "prefecture" else code)
        held += list(places.loc[mine & (places["level"] == "town"), "id"])
    known = [f"place/{name}" for name in dict.fromkeys(held)]
    return np.array([network.row_of[name] for name in known if name in network.row_of], dtype=np.int64)


def switches(table: pd.DataFrame, before: str, after: str, *, limit_min: float = 60.0) -> pd.DataFrame:
    """Return the counties whose nearest site is another in the scenario `after`, or that cross the limit.

    Parameters
    ----------
    table
        From :func:`hinterland`, with both scenarios.
    before, after
        Their names.
    limit_min
        Whose crossing is told.

    Returns
    -------
    DataFrame
        :data:`SWITCH_COLUMNS`; ``crossing`` is ``gained``, ``lost`` or empty.

    Examples
    --------
    >>> years = [atlas.load_scenario("2023"), atlas.load_scenario("2035")]
    >>> table = atlas.hinterland(network, years, atlas.ground(network), sites=["airport"], mode="drive")
    >>> switches(table, "2023", "2035").columns[0]
    'kind_of_site'
    """
    keys = ["kind_of_site", "county"]
    old, new = (table[table["scenario"] == name].set_index(keys) for name in (before, after))
    rows = []
    later = {(row["kind_of_site"], row["county"]): row for row in new.reset_index().to_dict("records")}
    for one in old.reset_index().to_dict("records"):
        key = str(one["kind_of_site"]), str(one["county"])
        other = later.get(key)
        if other is None:
            continue
        inside = [minutes <= limit_min + TOLERANCE_MIN for minutes in (one["seat_min"], other["seat_min"])]
        if one["site"] == other["site"] and inside[0] == inside[1]:
            continue
        rows.append(
            {
                "kind_of_site": key[0], "county": key[1],
                **{name: one[name] for name in ("name_zh", "name_en", "city")},
                "before_zh": one["site_zh"], "before_en": one["site_en"], "after_zh": other["site_zh"],
                "after_en": other["site_en"], "before_min": one["seat_min"], "after_min": other["seat_min"],
                "saved_min": one["seat_min"] - other["seat_min"],
                "crossing": "" if inside[0] == inside[1] else ("gained" if inside[1] else "lost"),
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(SWITCH_COLUMNS))


def spread_of(minutes: Floats, people: Floats) -> dict[str, float]:
    """Return mean, quantiles, Palma ratio and Gini coefficient of minutes over people; all finite.

    Examples
    --------
    >>> even = spread_of(np.full(4, 30.0), np.ones(4))
    >>> round(even["palma"], 6), even["gini"], even["p50"]
    (1.0, 0.0, 30.0)
    """
    order = np.argsort(minutes, kind="stable")
    minutes, people = minutes[order], people[order]
    total = people.sum()
    if not total > 0:
        return dict.fromkeys(("mean_min", *(f"p{q}" for q in _QUANTILES), "palma", "gini"), float("nan"))
    upto = np.cumsum(people)
    found = {"mean_min": float((minutes * people).sum() / total)}
    for q in _QUANTILES:
        found[f"p{q}"] = float(minutes[np.searchsorted(upto, q / 100.0 * total * (1.0 - 1e-12))])
    nearest, farthest = _mean_between(minutes, people, 0.0, 0.4), _mean_between(minutes, people, 0.9, 1.0)
    found["palma"] = farthest / nearest if nearest > 0 else float("nan")
    share, amount = np.append(0.0, upto / total), np.append(0.0, np.cumsum(minutes * people))
    lorenz = amount / amount[-1] if amount[-1] > 0 else share
    area = float((np.diff(share) * (lorenz[1:] + lorenz[:-1]) / 2.0).sum())
    found["gini"] = float(np.round(1.0 - 2.0 * area, 12)) + 0.0
    return found


def _mean_between(minutes: Floats, people: Floats, low: float, high: float) -> float:
    """Mean minutes of the people between two shares of them, the nearest first; a cell may be parted."""
    upto = np.cumsum(people)
    total = upto[-1]
    counted = np.minimum(upto, high * total) - np.maximum(upto - people, low * total)
    counted = np.maximum(counted, 0.0)
    return float((minutes * counted).sum() / counted.sum())


def fairness(
    network: Network,
    scenarios: Sequence[Scenario],
    ground: Ground,
    *,
    centres: Sequence[str] = (),
    mode: str = "multimodal",
    limit_min: float = 60.0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return how evenly minutes to the centres are spread over the residents of the four cities.

    Parameters
    ----------
    network, scenarios, mode
        What is open, and how it is travelled.
    ground
        Land cells and people, from :func:`atlas.ground`.
    centres
        Places by name or id; none: the seats of the four cities. One row each, and one for the nearest of them.
    limit_min
        Within how many minutes ``within`` are.

    Returns
    -------
    table, curve : DataFrame
        :data:`FAIRNESS_COLUMNS` and :data:`CURVE_COLUMNS`. ``centre`` is ``nearest`` or the id of one. ``no_way`` are
        residents without any way; they are in no mean. ``worst_county`` has the greatest mean of its residents;
        ``worst_seat`` is the farthest seat of a county. ``core_min`` and ``edge_min`` are means of residents of the
        counties that hold a centre and of all others. The Lorenz curve gives the share of all minutes that falls on the
        people nearest, and the minutes at that share, by steps of a twentieth.

    Raises
    ------
    PlanError, UnknownPlaceError
        A centre that is no place of the atlas; no centre, or nobody to be spread.

    Examples
    --------
    >>> table, curve = atlas.fairness(network, [now], atlas.ground(network), centres=["zhuhai"], mode="drive")
    >>> bool((table["p10"] <= table["p90"]).all() and (table["palma"] >= 1).all())
    True
    """
    rows, curve = [], []
    nodes = centre_rows(network, centres)
    if not len(nodes):
        raise PlanError(
            "this atlas is about no city: name centres (--to), or give data/region.toml its [[core]] cities"
        )
    if not ground.people.people[0].any():
        raise PlanError("no residents are known in this atlas; atlas import population brings them")
    names = [str(network.nodes["node_id"].iloc[node]).removeprefix("place/") for node in nodes]
    frame = network.place_layer.frame
    counties = frame[frame["city"].isin(network.region.core_cities) & frame["id"].isin(seats(network))]
    for scenario in scenarios:
        board = Board(network, scenario, mode)
        homes = Homes.of(board, ground)
        own = np.isin(homes.unit, np.nonzero(homes.units["city"].isin(network.region.core_cities).to_numpy())[0])
        core = np.isin(homes.unit, _core_units(homes, network, nodes))
        whole = board.opened()
        by_node = [minutes_to(whole, node) for node in nodes]
        asked = [("nearest", "", np.min(by_node, axis=0))] if len(nodes) > 1 else []
        asked += [(name, network.node_names[node], m) for name, node, m in zip(names, nodes, by_node, strict=True)]
        for name, zh, minutes in asked:
            cells = homes.minutes(minutes)
            kept = own & np.isfinite(cells)
            people = homes.people * kept
            known = np.where(kept, cells, 0.0)
            parts = [float((known * people * some).sum() / max((people * some).sum(), 1e-9)) for some in (core, ~core)]
            rows.append(
                {
                    "scenario": scenario.name, "mode": mode, "centre": name, "centre_zh": zh,
                    "people": float(homes.people[own].sum()), "no_way": float(homes.people[own & ~kept].sum()),
                    "within": float(people[known <= limit_min + TOLERANCE_MIN].sum()),
                    **spread_of(cells[kept], homes.people[kept]), **_worst(homes, cells, kept),
                    **_worst_seat(network, counties, minutes), "core_min": parts[0], "edge_min": parts[1],
                    "gap_min": parts[1] - parts[0], "hash": stamp(network.hash, [scenario]),
                }
            )  # fmt: skip
            curve += _curve(scenario.name, name, cells[kept], homes.people[kept])
    return pd.DataFrame(rows, columns=list(FAIRNESS_COLUMNS)), pd.DataFrame(curve, columns=list(CURVE_COLUMNS))


def _core_units(homes: Homes, network: Network, nodes: Sequence[int]) -> Ints:
    """Rows of the counties that hold a centre: those of the cells nearest to it."""
    found = []
    for node in nodes:
        point = network.nodes.geometry.iloc[node]
        away = np.hypot((homes.lonlat[:, 0] - point.x) * np.cos(np.radians(point.y)), homes.lonlat[:, 1] - point.y)
        found.append(int(homes.unit[int(np.argmin(away))]))
    return np.array(found, dtype=np.int64)


def _worst(homes: Homes, cells: Floats, kept: Bools) -> dict[str, object]:
    people, size = homes.people[kept], len(homes.units)
    unit = homes.unit[kept]
    heads = np.bincount(unit, people, minlength=size)
    mean = np.bincount(unit, people * cells[kept], minlength=size) / np.maximum(heads, 1e-9)
    worst = int(np.argmax(np.where(heads > 0, mean, -1.0)))
    row = homes.units.iloc[worst]
    return {
        "worst_county": str(row["id"]), "worst_zh": str(row["name_zh"]), "worst_en": str(row["name_en"]),
        "worst_min": float(mean[worst]),
    }  # fmt: skip


def _worst_seat(network: Network, counties: pd.DataFrame, minutes: Floats) -> dict[str, object]:
    rows = [network.row_of[f"place/{name}"] for name in counties["id"]]
    known = np.where(np.isfinite(minutes[rows]), minutes[rows], -1.0)
    worst = int(np.argmax(known))
    return {
        "worst_seat": str(counties["id"].iloc[worst]), "worst_seat_zh": str(counties["name_zh"].iloc[worst]),
        "worst_seat_min": float(known[worst]) if known[worst] >= 0 else float("nan"),
    }  # fmt: skip


def _curve(scenario: str, centre: str, minutes: Floats, people: Floats) -> list[dict[str, object]]:
    order = np.argsort(minutes, kind="stable")
    minutes, people = minutes[order], people[order]
    share = np.append(0.0, np.cumsum(people) / people.sum())
    amount = np.append(0.0, np.cumsum(minutes * people) / (minutes * people).sum())
    steps = np.linspace(0.0, 1.0, 21)
    at = np.searchsorted(share[1:], steps * (1.0 - 1e-12))
    return [
        {
            "scenario": scenario, "centre": centre, "share_of_people": float(step),
            "share_of_minutes": float(np.interp(step, share, amount)),
            "minutes": float(minutes[min(i, len(minutes) - 1)]),
        }
        for step, i in zip(steps, at, strict=True)
    ]  # fmt: skip
