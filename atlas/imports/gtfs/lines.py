"""Lines that services run along: the atlas's railways, else lines drawn of a feed's shapes or stops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from atlas.base.geodesy import Floats, length_km
from atlas.base.tables import listed, listing
from atlas.data.layer import Layer
from atlas.data.scenario import BASE_YEAR
from atlas.data.sources import Source
from atlas.imports.gtfs.feed import Pattern, is_metro, text
from atlas.imports.gtfs.stops import Stops, common, slug
from atlas.imports.osm.tags import clean
from atlas.imports.systems import shifted
from atlas.network.lines import cut_line

__all__ = ["Lines", "Shapes"]

Record = dict[str, Any]
#: How far off its shape a stop may stand: platforms lie beside the middle of a station.
_BESIDE_KM = 0.3


@dataclass(frozen=True)
class Shapes:
    """Shapes of a feed by id: (n, 2) lon, lat."""

    lines: Mapping[str, Floats]

    @classmethod
    def of(cls, feed: Any, shift: str | None) -> Shapes:
        """Read shapes.txt; `shift` as in :func:`atlas.imports.systems.shifted`."""
        table = getattr(feed, "shapes", None)
        if table is None or not {"shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"} <= set(table):
            return cls({})
        table = table.dropna(subset=["shape_pt_lat", "shape_pt_lon"]).sort_values(["shape_id", "shape_pt_sequence"])
        lines = {}
        for name, rows in table.groupby("shape_id", sort=True):
            xy = np.round(rows[["shape_pt_lon", "shape_pt_lat"]].to_numpy(dtype=np.float64), 6)
            moved = np.concatenate([[True], np.any(np.diff(xy, axis=0) != 0, axis=1)])
            if moved.sum() >= 2:
                lines[text(name)] = xy[moved]
        if shift:
            lines = {
                name: shapely.get_coordinates(shifted(np.array([shapely.LineString(xy)], dtype=object), shift))
                for name, xy in lines.items()
            }
        return cls(lines)

    def through(self, name: str, places: Sequence[tuple[float, float]]) -> shapely.LineString | None:
        """Return a shape led through stops, which stand beside it in its order or the other way round.

        None where there is no such shape, a stop stands off it, or the line would cross itself.

        >>> shapes = Shapes({"a": np.array([[7.0, 43.0], [7.1, 43.05], [7.2, 43.0]])})
        >>> shapes.through("a", [(7.0, 43.0), (7.2, 43.0)]).wkt
        'LINESTRING (7 43, 7.1 43.05, 7.2 43)'
        """
        if name not in self.lines:
            return None
        stretches = cut_line(self.lines[name], np.array(places), tolerance_km=_BESIDE_KM)
        if stretches is None:
            return None
        line = shapely.LineString(np.vstack([stretches[0][:1], *(stretch[1:] for stretch in stretches)]))
        return line if line.is_simple and line.length > 0 else None


@dataclass
class Lines:
    """The atlas's railways as a graph of stations, and the lines drawn where it has none."""

    graph: nx.Graph
    opens: dict[str, int | None]
    fresh: tuple[list[Record], list[BaseGeometry]]
    shapes: Shapes

    @classmethod
    def of(cls, layers: Mapping[str, Layer], shapes: Shapes) -> Lines:
        graph = nx.Graph()
        opens: dict[str, int | None] = {}
        rows = layers["railways"].frame.to_dict("records") if "railways" in layers else []
        for row in rows:
            names = list(listed(str(row["station_ids"] or "")))
            if not row["in_network"] or row["status"] != "operating":
                continue
            opens[row["id"]] = None if pd.isna(row["opens_year"]) else int(row["opens_year"])
            each = float(row["drawn_length_km"]) / max(len(names) - 1, 1)
            for a, b in pairwise(names):
                if not graph.has_edge(a, b) or graph.edges[a, b]["km"] > each:
                    graph.add_edge(a, b, km=each, line=row["id"])
        return cls(graph, opens, ([], []), shapes)

    def through(self, stops: Sequence[str]) -> list[str] | None:
        """Return the lines ridden, in order; None where there is no track between two stops."""
        ridden: list[str] = []
        for a, b in pairwise(stops):
            if a not in self.graph or b not in self.graph or not nx.has_path(self.graph, a, b):
                return None
            path = nx.shortest_path(self.graph, a, b, weight="km")
            ridden += [self.graph.edges[u, v]["line"] for u, v in pairwise(path)]
        return list(dict.fromkeys(ridden))

    def draw(self, pattern: Pattern, route: Record, stops: Stops, source: Source) -> list[str]:
        """Draw a line through the stops of a service, along its shape if it has one, once for all with these stops."""
        ends = min(pattern.stops, pattern.stops[::-1])
        name = slug("gtfs-line", "-".join(ends))
        if name not in self.opens:
            shape = self.shapes.through(pattern.shape, [stops.places[halt] for halt in ends])
            how = "along its shape" if shape is not None else "straight"
            quality = "schematic" if shape is None else "traced"
            shape = shape or shapely.LineString([stops.places[halt] for halt in ends])
            title = clean(text(route.get("route_long_name")) or text(route.get("route_short_name")))
            kind = "metro" if is_metro(route) else "conventional"
            record = common(name, title, kind, source, f"drawn {how} through the stops of route {pattern.route}")
            self.fresh[0].append(
                record
                | {
                    "geometry_quality": quality, "design_speed_kmh": None, "operating_speed_kmh": None,
                    "passenger": True,
                    "station_ids": listing(ends), "published_length_km": None,
                    "drawn_length_km": round(length_km(shape), 3), "in_network": True,
                    "course": "known", "upgrades": "",
                }
            )  # fmt: skip
            self.fresh[1].append(shape)
            self.opens[name] = BASE_YEAR
        return [name]
