"""Areas cut at the shore by following rings: the same as an overlay gives, whatever land and area look like."""

from __future__ import annotations

import contourpy
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from atlas.land.shore import Shore


def drawn_land(random: np.random.Generator) -> BaseGeometry:
    """Islands with lakes and islands in them, on six decimals."""
    at = random.uniform((112.0, 22.0), (112.3, 22.3), (12, 2))
    bodies = shapely.buffer(shapely.points(at), random.uniform(0.01, 0.08, 12), quad_segs=4)
    land = shapely.union_all(bodies[:6])
    for lake, island in zip(bodies[6:9], bodies[9:], strict=True):
        land = shapely.union(shapely.difference(land, lake), shapely.intersection(lake, shapely.buffer(island, -0.005)))
    return shapely.set_precision(land, 1e-6)


def tiles(land: BaseGeometry, size: float = 0.1) -> NDArray[np.object_]:
    """What of land lies in each tile, as the barrier of a network holds it."""
    west, south = np.meshgrid(np.arange(111.8, 112.6, size), np.arange(21.8, 22.6, size))
    pieces = [
        shapely.clip_by_rect(land, x, y, x + size, y + size) for x, y in zip(west.ravel(), south.ravel(), strict=True)
    ]
    return np.array([piece for piece in pieces if not piece.is_empty], dtype=object)


def drawn_area(random: np.random.Generator, side: int) -> NDArray[np.object_]:
    """Where a field of hills is not above zero."""
    x, y = np.linspace(111.9, 112.4, side), np.linspace(21.9, 22.4, side)
    field = random.normal(size=(side, side)) + random.uniform(-0.5, 0.5)
    maker = contourpy.contour_generator(x, y, field, fill_type=contourpy.FillType.ChunkCombinedOffsetOffset)
    (points,), (rings,), (polygons,) = maker.filled(-99.0, 0.0)
    if points is None:  # hills everywhere
        return np.array([], dtype=object)
    found: NDArray[np.object_] = shapely.from_ragged_array(shapely.GeometryType.POLYGON, points, (rings, polygons))
    return found


def held(pieces: NDArray[np.object_]) -> BaseGeometry:
    """The land that tiles hold on six decimals: the corners at their seams are rounded too."""
    return shapely.union_all(shapely.transform(pieces, lambda corners: np.round(corners, 6)))


def overlay(polygons: NDArray[np.object_], land: BaseGeometry) -> BaseGeometry:
    return shapely.set_precision(shapely.intersection(shapely.union_all(polygons), land), 1e-6)


def assert_equal(found: BaseGeometry, truth: BaseGeometry) -> None:
    assert found.is_valid
    assert found.area == pytest.approx(truth.area, rel=1e-5, abs=1e-9)
    # a few centimetres along all edges
    assert shapely.symmetric_difference(found, truth).area <= 2e-6 * (truth.length + found.length)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1_000_000), side=st.integers(3, 40))
def test_what_is_cut_is_what_an_overlay_gives_on_every_drawn_land(seed: int, side: int) -> None:
    random = np.random.default_rng(seed)
    land, area = drawn_land(random), drawn_area(random, side)
    pieces = tiles(land)
    found = Shore(pieces).cut(area)
    assert_equal(found, overlay(area, held(pieces)))
    # never on water, but for what six decimals move
    assert found.difference(shapely.buffer(land, 2e-6)).area == 0.0
    assert np.array_equal(np.round(shapely.get_coordinates(found), 6), shapely.get_coordinates(found))


def test_tiles_of_land_are_one_again_so_that_no_seam_is_left() -> None:
    land = shapely.box(112.03, 22.03, 112.37, 22.37)
    found = Shore(tiles(land)).cut(np.array([shapely.box(112.0, 22.0, 112.4, 22.4)]))
    assert len(found.geoms) == 1
    assert found.area == pytest.approx(land.area, rel=1e-9)


@pytest.mark.parametrize(
    "area",
    [
        shapely.box(112.0, 22.0, 112.1, 22.1),  # the land itself
        shapely.box(112.05, 22.0, 112.2, 22.05),  # along its edge
        shapely.Polygon([(111.9, 21.9), (112.2, 22.2), (112.2, 21.9)]),  # through its corners
        shapely.box(112.1, 22.1, 112.2, 22.2),  # at a corner from without
        shapely.Polygon([(112.0, 22.05), (112.05, 22.0), (112.1, 22.05), (112.05, 22.1)]),  # from edge to edge within
    ],
)
def test_where_lines_only_touch_the_overlay_decides(area: BaseGeometry) -> None:
    land = shapely.box(112.0, 22.0, 112.1, 22.1)
    found = Shore(np.array([land])).cut(np.array([area]))
    truth = shapely.intersection(area, land)
    assert found.is_valid
    assert shapely.symmetric_difference(found, truth).area < 1e-12


def test_an_island_in_a_lake_of_an_island_keeps_its_lakes() -> None:
    discs = [shapely.Point(112.1, 22.1).buffer(radius) for radius in (0.08, 0.06, 0.04, 0.02)]
    land = shapely.union(discs[0].difference(discs[1]), discs[2].difference(discs[3]))
    found = Shore(np.array([land])).cut(np.array([shapely.box(112, 22, 112.2, 22.2)]))
    assert [len(part.interiors) for part in found.geoms] == [1, 1]
    half = Shore(np.array([land])).cut(np.array([shapely.box(112, 22, 112.1234567, 22.2)]))
    assert_equal(half, overlay(np.array([shapely.box(112, 22, 112.1234567, 22.2)]), land))


def test_nothing_stays_nothing() -> None:
    shore = Shore(np.array([shapely.box(112, 22, 112.1, 22.1)]))
    assert shore.cut(np.array([], dtype=object)).is_empty
    assert shore.cut(np.array([shapely.box(113, 22, 113.1, 22.1)])).is_empty
    assert Shore(np.array([], dtype=object)).cut(np.array([shapely.box(113, 22, 113.1, 22.1)])).is_empty
