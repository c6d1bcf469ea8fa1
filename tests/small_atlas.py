"""A small atlas cut out of the shipped one: a window of each layer with whatever its features refer to."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pandas as pd

from atlas.data.catalog import open_catalog
from atlas.data.layer import Layer, layer_text

__all__ = ["draw_atlas", "promise", "small_layers"]

#: Around 中山: no border in it.
BOX = (113.25, 22.40, 113.45, 22.60)
_TABLES = ("sources.csv", "parameters.csv", "region.toml", "sides.geojson", "plan/register.csv", "plan/plan_links.csv",
           "plan/status.csv", "plan/sections.csv", "plan/targets.toml")  # fmt: skip


@cache
def small_layers() -> dict[str, bytes]:
    """GeoJSON of every layer within the window."""
    west, south, east, north = BOX
    layers = open_catalog().layers()
    frames = {key: layer.frame.cx[west:east, south:north] for key, layer in layers.items()}
    for key in ("land", "water"):
        frames[key] = frames[key].assign(geometry=frames[key].geometry.clip_by_rect(west, south, east, north).buffer(0))
        frames[key] = frames[key][frames[key].geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
    services = frames["rail_services"]
    frames["rail_services"] = services[services.station_ids.str.count(";") < 8].head(6)
    frames["highways"] = frames["highways"].head(25)
    frames["ferries"] = layers["ferries"].frame.head(0)
    for needed, users, column in (
        ("interchanges", ("highways", "cross_border_links"), "node_ids"),
        ("stations", ("railways", "rail_services"), "station_ids"),
    ):
        ids = {part for user in users for text in frames[user][column] for part in str(text or "").split(";")}
        whole = layers[needed].frame
        frames[needed] = whole[whole["id"].isin(ids)]
    known = set(frames["railways"]["id"])
    for key in ("stations", "rail_services"):
        kept = [";".join(p for p in str(text or "").split(";") if p in known) for text in frames[key]["line_ids"]]
        frames[key] = frames[key].assign(line_ids=kept)
    return {key: layer_text(Layer(layers[key].spec, frame)).encode() for key, frame in frames.items()}


#: A promise between places of the window, for pages that an atlas without targets has not.
_TARGET = """
[[target]]
id = "town-one-hour"
plan_id = "plan-tgt-01"
title_zh = "镇街 1 小时通达"
title_en = "Towns within an hour"
section = "1.1"
wording = "镇街 1 小时通达"
limit_min = 60.0
limit_basis = "stated"

  [[target.reading]]
  id = "mutual"
  default = true
  pairs = "each"
  from = ["zhongshan"]
  to = ["gangkou-town", "banfu-town"]
  about_zh = "市政府到两镇"
  about_en = "from the city government to two towns"
"""


def promise(root: Path) -> None:
    """Give the small atlas a promise of its own and times to compare, so that it has every page."""
    table = root / "data" / "plan" / "targets.toml"
    table.write_text(table.read_text("utf-8").partition("[[target]]")[0] + _TARGET, "utf-8")
    services, stations = (open_catalog(root).layer(key).frame for key in ("rail_services", "stations"))
    (train,) = services[services["opens_year"] <= 2026].head(1)["station_ids"]
    start, end = stations.set_index("id").loc[train.split(";")[:2], "name_zh"]
    towns = open_catalog(root).layer("places").frame["id"].iloc[1:8]
    rows = {
        "rail_times_calibration.csv": [{"from_station_zh": start, "to_station_zh": end}],
        "drive_times_calibration.csv": [{"from_node": "place/zhongshan", "to_node": f"place/{town}"} for town in towns],
        "road_priors.csv": [],
    }
    (root / "data" / "facts").mkdir()
    for name, changed in rows.items():
        known = pd.read_csv(open_catalog().root / "data" / "facts" / name, dtype=str, keep_default_na=False)
        if changed:
            known = known.head(len(changed)).assign(**pd.DataFrame(changed))
        known.to_csv(root / "data" / "facts" / name, index=False)


def draw_atlas(folder: Path) -> Path:
    """Write the small atlas and return its folder."""
    home = open_catalog().root
    shutil.copytree(home / "layers", folder / "layers")
    for name in _TABLES:
        (folder / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(home / "data" / name, folder / "data" / name)
    (folder / "data" / "geojson").mkdir()
    for key, data in small_layers().items():
        (folder / "data" / "geojson" / f"{key}.geojson").write_bytes(data)
    return folder
