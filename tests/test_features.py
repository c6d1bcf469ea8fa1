"""A collection read in parts is the one that is read whole, and what is wrong with it is told alike."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from geopandas.testing import assert_geodataframe_equal

from atlas.base.doors import Door
from atlas.base.errors import LayerError
from atlas.base.features import _PART, collection_in_parts
from atlas.data.catalog import open_catalog
from atlas.data.layer import read_layer

CATALOG = open_catalog()
HOSTILE = (
    '{"type": "FeatureCollection", "name": "\\"features\\":[", "features": [\n%s\n], "crs": null}',
    '{"features":[%s],"type":"FeatureCollection"}',
    '{"type":"FeatureCollection","a":{"features":[{},{}]},"features":[%s]}',
    '{"type":"FeatureCollection","features":[{"a":1},{"b":2}],"features":[%s]}',
    '{"features":5,"a":{"features":[%s]}}',
    '{"features":[%s],"bbox":[1,2,3,4]}',
)
SOUND = ('{"id":"珠海 ] }\\" , {"}', '{"id":1.50,"x":{"y":{}}}', '{"id":NaN,"n":[[1,2],[3,4]]}')
ODD = (
    '{"id":"},{","n":[{"a":[]},{"a":[1]}]}', "{}", "7", "null", "[{},{}]", '{"id":"\\u0000"}',
    '{"id":12345678901234567890}',
)  # fmt: skip


def texts(seed: int) -> Iterator[bytes]:
    """Collections of features, odd ones too, in odd surroundings; then with bytes gone, doubled or put in."""
    draw = random.Random(seed)
    for frame in HOSTILE:
        for count in (0, 1, 3, 8, 8):
            between = draw.choice([",", ", ", ",\n", "\n ,\t"])
            features = draw.choices(SOUND, k=count)
            yield (whole := (frame % between.join(features)).encode())
            yield (frame % between.join([*features, draw.choice(ODD), *features])).encode()
            for _ in range(12):
                at, length = draw.randrange(len(whole)), draw.randrange(1, 9)
                yield whole[:at] + draw.choice([b"", whole[at : at + length] * 2, b"},{", b"]"]) + whole[at + length :]


def test_what_is_read_in_parts_to_the_last_is_what_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atlas.base.features._PART", 8)
    door, parted = Door(Path("a.geojson"), LayerError), 0
    for text in (text for seed in range(5) for text in texts(seed)):
        try:
            found = collection_in_parts(door, text)
            parts = None if found is None else list(found[1])
        except LayerError:
            continue
        if found is not None and parts is not None:
            raw = door.parsed_json(door.decoded(text))
            features = [feature for part in parts for feature in part]
            # NaN is not itself
            assert repr(found[0] | {"features": features}) == repr(raw), text
            parted += len(parts) > 1
    assert parted > 50


@pytest.mark.parametrize("key", ["highways", "places", "ordinary_roads"])
def test_the_files_of_the_atlas_come_in_small_parts(key: str) -> None:
    content = CATALOG.path(key).read_bytes()
    found = collection_in_parts(Door(CATALOG.path(key), LayerError), content)
    assert found is not None
    parts = list(found[1])
    assert len(parts) > len(content) / (2 * _PART)
    assert sum(map(len, parts)) == len(CATALOG.layer(key))


def faulty(raw: dict[str, Any], place: int, **properties: Any) -> dict[str, Any]:
    raw["features"][place]["properties"] |= properties
    return raw


@pytest.mark.parametrize("fault", ["none", "cut", "column", "value", "geometry", "properties", "own", "crs", "digits"])
def test_a_layer_in_parts_is_the_layer_read_whole_and_is_refused_in_the_same_words(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw: dict[str, Any] = json.loads(CATALOG.path("highways").read_text("utf-8"))
    late = len(raw["features"]) - 3
    feature = raw["features"][late]
    if fault == "column":
        del feature["properties"]["toll"]
        del feature["properties"]["id"]
    elif fault == "value":
        faulty(faulty(raw, late, lanes="many"), 4, opens_year=2020.0)
    elif fault == "geometry":
        feature["geometry"] = {"type": "LineString", "coordinates": [[113.0, 22.0], [113.1, "x"]]}
    elif fault == "properties":
        raw["features"][late] = 7
    elif fault == "own":
        faulty(faulty(raw, late, paved=True), 2, lit={"since": 1})
    elif fault == "crs":
        raw["crs"] = {"type": "name", "properties": {"name": "EPSG:4547"}}
    text = json.dumps(raw, ensure_ascii=False)
    text = text.replace(": 2026,", f": {'2' * 60},", 1) if fault == "digits" else text
    path = tmp_path / "highways.geojson"
    path.write_text(text[: -len(text) // 9] if fault == "cut" else text, "utf-8")
    found = []
    monkeypatch.setattr("atlas.base.features._PART", 1 << 12)
    for whole in (False, True):
        if whole:
            monkeypatch.setattr("atlas.data.layer.collection_in_parts", lambda door, data: None)
        try:
            found.append(read_layer(path, CATALOG.specs["highways"]).frame)
        except LayerError as reason:
            found.append(str(reason))
    if fault in ("none", "own"):
        assert_geodataframe_equal(*found)
        assert ("paved" in found[0]) == (fault == "own")
    else:
        assert found[0] == found[1]
        assert str(path) in found[0]
