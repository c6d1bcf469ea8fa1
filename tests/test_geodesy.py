"""Lengths are geodesic, shifts can be undone, longitude stands first."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, Point

from atlas.base import geodesy

LON = st.floats(110.0, 114.8)
LAT = st.floats(21.0, 23.9)
CENTRES = {"珠海": (113.57169, 22.27373), "中山": (113.3873, 22.52033), "江门": (113.07645, 22.58143)}


def haversine_km(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Distance on a sphere: an oracle good to half a per cent."""
    phi_a, phi_b = math.radians(lat_a), math.radians(lat_b)
    half = math.sin((phi_b - phi_a) / 2) ** 2
    half += math.cos(phi_a) * math.cos(phi_b) * math.sin(math.radians(lon_b - lon_a) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(half))


@given(LON, LAT, LON, LAT)
def test_distances_agree_with_the_sphere_to_half_a_per_cent(a: float, b: float, c: float, d: float) -> None:
    assert geodesy.distance_km(a, b, c, d) == pytest.approx(haversine_km(a, b, c, d), rel=0.006, abs=1e-6)


def test_a_degree_of_the_meridian_is_110_8_km_here_not_the_119_km_of_web_mercator() -> None:
    line = LineString([(113.0, 22.0), (113.0, 23.0)])
    assert geodesy.length_km(line) == pytest.approx(110.75, abs=0.02)


def test_distances_of_arrays_are_those_of_their_elements() -> None:
    lons, lats = np.array([113.0, 112.5]), np.array([22.0, 22.5])
    found = geodesy.distances_km(lons, lats, 113.2, 22.2)
    expected = [geodesy.distance_km(x, y, 113.2, 22.2) for x, y in zip(lons, lats, strict=True)]
    assert found == pytest.approx(expected)


@given(LON, LAT)
def test_gcj02_and_bd09_can_be_undone_to_a_millimetre(lon: float, lat: float) -> None:
    for there, back in (
        (geodesy.wgs84_to_gcj02, geodesy.gcj02_to_wgs84),
        (geodesy.gcj02_to_bd09, geodesy.bd09_to_gcj02),
        (geodesy.wgs84_to_bd09, geodesy.bd09_to_wgs84),
    ):
        lon_back, lat_back = back(*there(lon, lat))
        assert geodesy.distance_km(lon, lat, float(lon_back), float(lat_back)) < 1e-6


@pytest.mark.parametrize("name", CENTRES)
def test_gcj02_stands_about_six_hundred_metres_off(name: str) -> None:
    lon, lat = CENTRES[name]
    shifted = geodesy.wgs84_to_gcj02(lon, lat)
    assert 600 < geodesy.distance_km(lon, lat, float(shifted[0]), float(shifted[1])) * 1000 < 640


def test_gcj02_agrees_with_the_published_example() -> None:
    # Tian'anmen as the eviltransform library's test has it.
    lon, lat = geodesy.wgs84_to_gcj02(116.391305, 39.907500)
    assert float(lon) == pytest.approx(116.39755, abs=2e-5)
    assert float(lat) == pytest.approx(39.90890, abs=2e-5)


@given(LON, LAT, st.floats(0.1, 30.0))
def test_the_rim_of_a_disc_is_its_radius_away(lon: float, lat: float, radius_km: float) -> None:
    for x, y in geodesy.disc(Point(lon, lat), radius_km).exterior.coords:
        assert geodesy.distance_km(lon, lat, x, y) == pytest.approx(radius_km, rel=1e-6)


def test_a_disc_has_the_area_of_its_radius_in_the_metric_system() -> None:
    area_km2 = (
        geodesy.reproject(geodesy.disc(Point(112.5, 22.3), 10.0, corners=720), 4326, geodesy.plane(112.7, 22.3)).area
        / 1e6
    )
    assert area_km2 == pytest.approx(math.pi * 100, rel=1e-3)


@given(LON, LAT)
def test_there_and_back_through_the_metric_system_is_the_same_to_a_centimetre(lon: float, lat: float) -> None:
    metric = geodesy.plane(112.7, 22.3)
    back = geodesy.reproject(geodesy.reproject(Point(lon, lat), 4326, metric), metric, 4326)
    assert geodesy.distance_km(lon, lat, back.x, back.y) * 1000 < 0.01


def test_systems_that_declare_northing_first_still_get_x_east() -> None:
    moved = geodesy.reproject(Point(113.5, 22.3), 4326, 4547)
    assert moved.x < 600_000 < 2_000_000 < moved.y


def test_points_along_a_line_are_no_further_apart_than_asked_and_keep_its_corners() -> None:
    line = LineString([(113.0, 22.0), (113.1, 22.0), (113.1, 22.3)])
    points = geodesy.points_along(line, every_km=2.0)
    steps = [geodesy.distance_km(*a, *b) for a, b in pairwise(points)]
    assert max(steps) <= 2.0 + 1e-9
    assert set(line.coords) <= set(points)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan")])
def test_a_radius_or_step_that_is_not_positive_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        geodesy.disc(Point(113, 22), bad)
    with pytest.raises(ValueError, match="must be positive"):
        geodesy.points_along(LineString([(113, 22), (113.1, 22)]), every_km=bad)
