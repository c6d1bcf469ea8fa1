"""Lines of one road or railway as a graph to find the way along them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from atlas.base.geodesy import KM_A_DEGREE, Bools, Floats, distances_km

__all__ = ["WayGraph"]

#: A vertex this much farther than the nearest is tried too: the other carriageway.
_BESIDE_KM = 0.1
#: Segments longer than this get points between their ends.
_LONGEST_KM = 0.2


@dataclass(frozen=True)
class WayGraph:
    """Vertices (lon, lat) of lines, joined along the lines in both directions.

    Attributes
    ----------
    xy
        (n, 2) distinct vertices, and further points on long segments.
    drawn
        Which of them are vertices.
    links
        Sparse (n, n) matrix of kilometres.
    part
        Connected part each vertex belongs to.
    """

    xy: Floats
    drawn: Bools
    links: csr_array
    part: NDArray[np.int32]
    tree: cKDTree
    scale: Floats

    @classmethod
    def of(cls, lines: Sequence[Floats]) -> WayGraph | None:
        """Make the graph of lines given as (k, 2) arrays; they join where they share a vertex. None for none."""
        if not lines:
            return None
        dense = [_dense(line) for line in lines]
        xy, row = np.unique(np.vstack([line for line, _ in dense]), axis=0, return_inverse=True)
        row = row.reshape(-1)
        drawn = np.zeros(len(xy), dtype=bool)
        drawn[row[np.concatenate([own for _, own in dense])]] = True
        ends = np.cumsum([len(line) for line, _ in dense])
        inner = np.ones(len(row) - 1, dtype=bool)
        inner[ends[:-1] - 1] = False
        a, b = row[:-1][inner], row[1:][inner]
        km = distances_km(xy[a, 0], xy[a, 1], xy[b, 0], xy[b, 1])
        # Of two lines between the same vertices the matrix must hold one, not their sum.
        pairs = np.unique(np.column_stack([np.minimum(a, b), np.maximum(a, b)]), axis=0, return_index=True)[1]
        a, b, km = a[pairs], b[pairs], np.maximum(km[pairs], 1e-6)
        links = csr_array((np.r_[km, km], (np.r_[a, b], np.r_[b, a])), shape=(len(xy), len(xy)))
        scale = np.array([np.cos(np.radians(float(xy[:, 1].mean()))), 1.0]) * KM_A_DEGREE
        _, part = connected_components(links, directed=False)
        return cls(xy, drawn, links, part, cKDTree(xy * scale), scale)

    def nearest(self, at: Floats) -> tuple[float, int]:
        """Return distance in km and row of the vertex nearest to (lon, lat)."""
        km, row = self.tree.query(at * self.scale)
        return float(km), int(row)

    def _beside(self, at: Floats, reach_km: float) -> list[int]:
        """The nearest vertex of each connected part, as far as it is no farther off than the nearest of all."""
        km, _ = self.nearest(at)
        if km > reach_km:
            return []
        rows = np.array(sorted(self.tree.query_ball_point(at * self.scale, km + _BESIDE_KM)), dtype=np.int64)
        off = np.hypot(*((self.xy[rows] - at) * self.scale).T)
        best: dict[int, int] = {}
        for place in np.argsort(off, kind="stable").tolist():
            best.setdefault(int(self.part[rows[place]]), int(rows[place]))
        return list(best.values())

    def path(self, a: Floats, b: Floats, *, reach_km: float) -> Floats | None:
        """Return the shortest way from near `a` to near `b`, beginning and ending at these very points.

        Parameters
        ----------
        a, b
            lon, lat.
        reach_km
            How far off the lines the points may stand.

        Returns
        -------
        (n, 2) array, or None when a point is too far off, no way joins the two, or the way is more than
        twice as long as the straight line and a kilometre more.
        """
        starts, ends = self._beside(a, reach_km), self._beside(b, reach_km)
        best: tuple[float, int, int] | None = None
        straight = float(distances_km(a[0], a[1], b[0], b[1]))
        for start in starts:
            for end in ends:
                if self.part[start] != self.part[end]:
                    continue
                off = float(
                    np.hypot(*((self.xy[start] - a) * self.scale)) + np.hypot(*((self.xy[end] - b) * self.scale))
                )
                if best is None or off < best[0]:
                    best = (off, start, end)
        if best is None:
            return None
        _, start, end = best
        limit = 2.0 * straight + 1.0
        km, before = (
            found[0]
            for found in dijkstra(
                self.links, directed=False, indices=np.array([start]), return_predecessors=True, limit=limit
            )
        )
        if not np.isfinite(km[end]):
            return None
        rows = [end]
        while rows[-1] != start:
            rows.append(int(before[rows[-1]]))
        # The points themselves take the place of the vertices they are joined by: a line that went there and
        # back would cross itself.
        inner = np.array(rows[-2:0:-1], dtype=np.int64)
        line = np.vstack([a, self.xy[inner[self.drawn[inner]]], b])
        moved = np.concatenate([[True], np.any(np.diff(line, axis=0) != 0, axis=1)])
        line = line[moved]
        return line if len(line) >= 2 and shapely.LineString(line).is_simple else None


def _dense(line: Floats) -> tuple[Floats, Bools]:
    """Put points on long segments, so that what is near a line is near one of its points; which are its own."""
    km = distances_km(line[:-1, 0], line[:-1, 1], line[1:, 0], line[1:, 1])
    pieces = np.maximum(np.ceil(km / _LONGEST_KM).astype(np.int64), 1)
    of = np.repeat(np.arange(len(pieces)), pieces)
    step = np.concatenate([np.arange(count) for count in pieces])
    share = (step / pieces[of])[:, None]
    points = np.vstack([line[of] * (1.0 - share) + line[of + 1] * share, line[-1:]])
    return np.round(points, 6), np.concatenate([step == 0, [True]])
