"""An extract with the habits of OpenStreetMap, made of the atlas's courses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import shapely
from import_files import Place, WayRow, draw_pbf

from atlas.data.layer import Layer

__all__ = ["SKETCHED", "WAVE_DEG", "draw_region", "surveyed"]

#: How far a surveyed course swings beside the drawn one, and how far apart two carriageways lie, degrees.
WAVE_DEG, APART_DEG = 0.0006, 0.00015
#: So many of the sketched ordinary roads are in the extract.
SKETCHED = 3
#: A way of a map is rarely longer.
_NODES_A_WAY = 40


class _Sheet:
    """Nodes and ways numbered as they come."""

    def __init__(self) -> None:
        self.nodes: dict[int, Place] = {}
        self.ways: list[WayRow] = []
        self._at: dict[tuple[float, float], int] = {}

    def node(self, lon: float, lat: float, tags: dict[str, str] | None = None) -> int:
        at = round(lon, 6), round(lat, 6)
        number = self._at.setdefault(at, len(self.nodes) + 1)
        self.nodes[number] = (*at, tags) if tags else self.nodes.get(number, at)
        return number

    def way(self, xy: Iterable[tuple[float, float]], tags: dict[str, str]) -> None:
        refs = list(dict.fromkeys(self.node(*at) for at in xy))
        cuts = [*range(0, len(refs) - 1, _NODES_A_WAY), len(refs) - 1]
        for k, (a, b) in enumerate(pairwise(cuts)):
            bridge = {"bridge": "yes", "layer": "1"} if k % 5 == 3 else {}
            self.ways.append((len(self.ways) + 1, refs[a : b + 1], tags | bridge))


def surveyed(line: shapely.LineString) -> np.ndarray:
    """(n, 2) a course that swings to both sides of a drawn one and passes its vertices' neighbourhood."""
    xy = shapely.get_coordinates(shapely.segmentize(line, 0.003))
    ahead = np.gradient(xy, axis=0)
    aside = np.column_stack([-ahead[:, 1], ahead[:, 0]]) / np.maximum(np.hypot(*ahead.T), 1e-12)[:, None]
    swing = WAVE_DEG * np.sin(np.arange(len(xy)) * 0.9)
    return np.round(xy + aside * swing[:, None], 6)


def draw_region(path: Path, layers: Mapping[str, Layer], *, refs: Iterable[str] | None = None) -> Path:
    """Write the extract of the roads with these numbers (None: all), the railways and stations beside them.

    Expressways come as two carriageways, their number beside another (``G0425;S32``), their name in two languages;
    with ramps to ordinary roads at their nodes, a road of the same number far off, and town streets in a grid.
    """
    sheet = _Sheet()
    frame = layers["highways"].frame
    chosen = frame[frame["in_network"] & (frame["status"] == "operating") & (frame["upgrades"] == "")]
    if refs is not None:
        chosen = chosen[chosen["ref"].isin(list(refs))]
    for row in chosen.to_dict("records"):
        xy = surveyed(row["geometry"])
        name = f"{row['name_zh']} {row['name_en'] or 'Road'}"
        tags = {"name": name} | ({"ref": f"G9425;{row['ref']}"} if row["ref"] else {})
        if str(row["kind"]).startswith("expressway"):
            aside = np.array([0.0, APART_DEG])
            for way, side in ((xy, 1), (xy[::-1], -1)):
                sheet.way(map(tuple, way + side * aside), tags | {"highway": "motorway", "oneway": "yes"})
            for k in range(0, len(xy) - 1, 25):
                lon, lat = xy[k] + aside
                sheet.way([(lon, lat), (lon + 0.001, lat + 0.002), (lon + 0.002, lat + 0.006)],
                          {"highway": "motorway_link", "oneway": "yes"})  # fmt: skip
        else:
            sheet.way(map(tuple, xy), tags | {"highway": "trunk" if row["kind"] == "urban_expressway" else "primary"})
    _rails(sheet, layers, shapely.union_all(chosen.geometry.to_numpy()))
    first = chosen.iloc[0]
    # Somebody gave a lane elsewhere the number of an expressway.
    sheet.way([(111.5, 21.9), (111.52, 21.92)], {"highway": "secondary", "ref": str(first["ref"] or "S999")})
    for line in layers["ordinary_roads"].frame.geometry.head(SKETCHED):
        sheet.way(map(tuple, surveyed(line)), {"highway": "secondary", "name": "乡道"})
    lon, lat = shapely.get_coordinates(first["geometry"])[0]
    for k in range(6):
        for a, b in (((0, k), (5, k)), ((k, 0), (k, 5))):
            line = [
                (lon + 0.004 * (a[0] + t * (b[0] - a[0]) / 5), lat + 0.004 * (a[1] + t * (b[1] - a[1]) / 5))
                for t in range(6)
            ]
            street = {"highway": "residential" if k % 3 else "secondary", "name": f"{k}街"}
            sheet.way(line, street | ({"oneway": "yes"} if k == 1 else {}))
    return draw_pbf(path, dict(sorted(sheet.nodes.items())), sheet.ways)


def _rails(sheet: _Sheet, layers: Mapping[str, Layer], near: shapely.Geometry) -> None:
    rails = layers["railways"].frame
    for row in rails[rails["in_network"] & (rails["status"] == "operating")].to_dict("records"):
        if row["geometry"].distance(near) < 0.05:
            sheet.way(map(tuple, surveyed(row["geometry"])), {"railway": "rail", "name": row["name_zh"]})
    for row in layers["stations"].frame.to_dict("records"):
        if row["status"] == "operating" and row["geometry"].distance(near) < 0.05:
            at = row["geometry"]
            sheet.node(at.x + 0.0008, at.y, {"railway": "station", "name": f"{row['name_zh']}站"})
