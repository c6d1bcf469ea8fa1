"""Small drawn worlds: frames with the contract columns, a few features each."""

from __future__ import annotations

import itertools
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import shapely

from atlas.data.region import find_root, read_region

#: Drawn worlds lie in the region of the atlas at hand.
#: Made-up towns stand where no border is: sides follow their cities.
REGION = replace(read_region(find_root()), territories=())
CONTRACT: dict[str, Any] = {
    "name_en": "",
    "kind": "",
    "status": "operating",
    "status_as_of": "2026-11-23",
    "checked_on": None,
    "opened": "2000",
    "expected_open": None,
    "opens_basis": "fact",
    "opens_year": 2000,
    "plan_ids": "",
    "city": "珠海",
    "source": "drawn",
    "source_note": "",
    "confidence": "high",
    "geometry_quality": "surveyed",
    "position_error_m": 0.0,
    "in_network": True,
}
EXTRA: dict[str, dict[str, Any]] = {
    "highways": {
        "kind": "national_road", "ref": "", "speed_limit_kmh": 60.0, "lanes": "", "toll": False, "node_ids": "",
        "structure": "surface", "published_length_km": None, "oneway": False,
    },
    "ordinary_roads": {"kind": "country_road", "speed_limit_kmh": 70.0, "drawn_length_km": None},
    "interchanges": {"kind": "town", "exit": True},
    "railways": {
        "kind": "intercity", "design_speed_kmh": 200.0, "operating_speed_kmh": None, "passenger": True,
        "station_ids": "", "published_length_km": None,
    },
    "stations": {"kind": "passenger", "line_ids": "", "trains_per_day": 20.0, "passenger": True},
    "rail_services": {
        "kind": "train_service", "station_ids": "", "elapsed_min": "", "trains_per_day": 10.0, "trains_recent": 10.0,
        "line_ids": "",
    },
    "places": {
        "kind": "place", "level": "town", "adcode": "", "parent": "", "population": None, "pop_year": None,
        "area_km2": None, "aliases": "",
    },
    "cross_border_links": {"kind": "border_crossing", "side_a_city": "珠海", "side_b_city": "澳门"},
    "ferries": {
        "kind": "ferry", "from_point": None, "to_point": None, "minutes_low": None, "minutes": None,
        "minutes_high": None, "departures_per_day": None,
    },
}  # fmt: skip


def layer(key: str, *rows: dict[str, Any]) -> Any:
    """A layer of `rows`, each with at least ``id`` and ``geometry``; the contract fills the rest."""
    full = [CONTRACT | EXTRA.get(key, {}) | {"name_zh": row["id"]} | row for row in rows]
    columns = [*CONTRACT, *EXTRA.get(key, {}), "id", "name_zh", "geometry"]
    frame = gpd.GeoDataFrame(full, columns=list(dict.fromkeys(columns)), geometry="geometry", crs="EPSG:4326")
    return SimpleNamespace(key=key, frame=frame, hash="", spec=SimpleNamespace(region=REGION))


def line_world(
    *, kinds: tuple[str, ...] = ("national_road", "national_road"), towns: int = 3, **road: Any
) -> dict[str, Any]:
    """Towns a, b, c … 0.1° apart on the parallel 22.5° N, one road between neighbours, one place a town.

    ::

        a ──r0── b ──r1── c
    """
    names = "abcdefghij"[:towns]
    xy = {name: (113.0 + 0.1 * i, 22.5) for i, name in enumerate(names)}
    roads = [
        {
            "id": f"r{i}",
            "kind": kinds[i] if i < len(kinds) else "national_road",
            "node_ids": f"{u};{v}",
            "geometry": shapely.LineString([xy[u], xy[v]]),
            **road,
        }
        for i, (u, v) in enumerate(itertools.pairwise(names))
    ]
    junctions = [{"id": name, "geometry": shapely.Point(at)} for name, at in xy.items()]
    places = [{"id": f"p{name}", "geometry": shapely.Point(at)} for name, at in xy.items()]
    return {
        "highways": layer("highways", *roads),
        "interchanges": layer("interchanges", *junctions),
        "railways": layer("railways"),
        "stations": layer("stations"),
        "places": layer("places", *places),
    }


def rail_world(*services: dict[str, Any], **line: Any) -> dict[str, Any]:
    """The line world with stations A, B, C at the towns a, b, c and one railway through them."""
    world = line_world()
    xy = {name.upper(): (113.0 + 0.1 * i, 22.5) for i, name in enumerate("abc")}
    world["stations"] = layer("stations", *({"id": n, "geometry": shapely.Point(at)} for n, at in xy.items()))
    track = shapely.LineString(list(xy.values()))
    world["railways"] = layer("railways", {"id": "line", "station_ids": "A;B;C", "geometry": track, **line})
    rows = [{"line_ids": "line", "geometry": track, **service} for service in services]
    if rows:
        world["rail_services"] = layer("rail_services", *rows)
    return world
