"""A value outside its column's range is found by the validator, kept out of imports, and makes no network."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from shapely.geometry import Point

from atlas.base.errors import LayerError
from atlas.data.catalog import open_catalog
from atlas.data.layer import Layer, out_of_range, require_usable
from atlas.imports.admit import admit

LAYERS = open_catalog().layers()


def changed(key: str, column: str, value: object) -> Layer:
    layer = LAYERS[key]
    frame = layer.frame.copy()
    frame[column] = frame[column].astype(object) if isinstance(value, str) else frame[column]
    frame.loc[frame.index[0], column] = value
    return replace(layer, frame=frame)


@pytest.mark.parametrize("key", list(LAYERS))
def test_the_layers_of_the_atlas_are_within_their_ranges(key: str) -> None:
    assert list(out_of_range(LAYERS[key])) == []


@pytest.mark.parametrize(
    ("key", "column", "value", "words"),
    [
        ("highways", "speed_limit_kmh", 0.0, "does 0 stand for not known"),
        ("highways", "speed_limit_kmh", -5.0, "outside 5 to 160"),
        ("highways", "speed_limit_kmh", math.inf, "infinite"),
        ("highways", "published_length_km", 0.0, "does 0 stand for not known"),
        ("highways", "lanes", -2, "outside 1 to 32"),
        ("railways", "operating_speed_kmh", 0.0, "does 0 stand for not known"),
        ("stations", "trains_per_day", -5.0, "outside 0 to 5000"),
        ("ports", "position_error_m", -1.0, "outside 0 to"),
        ("rail_services", "elapsed_min", "a;b", "'a', which is no number"),
        ("rail_services", "elapsed_min", "0;5;3;9", "does not rise"),
        ("rail_services", "elapsed_min", "0;" + "9" * 5000, "outside 0 to"),
    ],
)
def test_a_value_no_road_or_train_can_have_makes_no_network(key: str, column: str, value: object, words: str) -> None:
    layer = changed(key, column, value)
    first = str(LAYERS[key].frame["id"].iloc[0])
    with pytest.raises(LayerError, match=rf"{key}/{first}: .*{words}"):
        require_usable({**LAYERS, key: layer})


@pytest.mark.parametrize("shape", [Point(), Point(math.inf, 22.0), Point(113.0, math.nan)])
def test_a_place_without_finite_coordinates_makes_no_network(shape: Point) -> None:
    layer = LAYERS["ports"]
    shapes = layer.frame.geometry.to_numpy().copy()
    shapes[0] = shape
    with pytest.raises(LayerError, match=r"ports/.*(no geometry|NaN or infinite)"):
        require_usable({"ports": replace(layer, frame=layer.frame.set_geometry(shapes, crs=4326))})


def test_an_import_keeps_such_a_feature_out_and_says_why() -> None:
    layer = changed("stations", "trains_per_day", -5.0)
    taken = admit({"stations": layer}, LAYERS, register_ids=open_catalog().register_ids(), source_keys=None)
    first = layer.frame["id"].iloc[0]
    assert {one.rule for one in taken.refused if one.feature_id == first} == {"range"}
    assert first not in set(taken.layers["stations"].frame["id"])
    assert np.isfinite(taken.layers["stations"].frame["position_error_m"]).all()


def test_two_features_of_one_id_make_no_network() -> None:
    layer = LAYERS["ports"]
    frame = layer.frame.copy()
    frame.loc[frame.index[1], "id"] = first = str(frame["id"].iloc[0])
    with pytest.raises(LayerError, match=f"ports/{first}: two features have this id; give each"):
        require_usable({"ports": replace(layer, frame=frame)})
