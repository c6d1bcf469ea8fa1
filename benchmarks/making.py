"""Making the network of many road segments: GeoJSON layers → frames → network → search, by step.

A grid of streets is drawn with a stated number of segments, written as layers of an atlas of its own, and read back;
each step is timed in its own process memory. ``python benchmarks/making.py 10000 50000 100000`` prints one JSON line a
size; ``--profile`` prints where the time of the last size goes.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import multiprocessing
import pstats
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import atlas.data.layer
from atlas.data.catalog import open_catalog
from atlas.data.scenario import load_scenario
from atlas.network.build import build_network
from atlas.travel.trip import Trip

_STEP_DEGREES = 0.01


def draw_grid(folder: Path, segments: int) -> Path:
    """Write an atlas whose highways are the streets of a square grid with about `segments` segments."""
    side = max(3, round((segments / 2) ** 0.5) + 1)
    home = open_catalog().root
    (folder / "data" / "geojson").mkdir(parents=True)
    (folder / "layers").symlink_to(home / "layers")
    for name in ("sources.csv", "parameters.csv", "region.toml"):
        if (home / "data" / name).is_file():
            (folder / "data" / name).symlink_to(home / "data" / name)
    common = {
        "name_zh": "街", "name_en": "street", "status": "operating", "status_as_of": "2026-01-01",
        "checked_on": None, "opened": None,
        "expected_open": None, "opens_basis": "unknown", "opens_year": 2023, "plan_ids": "", "city": "珠海",
        "source": "drawn", "source_note": "", "confidence": "high", "geometry_quality": "surveyed",
        "position_error_m": 5.0,
    }  # fmt: skip
    x, y = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    lon, lat = 111.2 + x * 3.0 / side, 21.5 + y * 1.8 / side
    at = np.stack([lon, lat], axis=-1)

    def feature(name: str, kind: str, shape: str, coordinates: object, more: dict[str, object]) -> str:
        row = {**common, "id": name, "kind": kind, **more}
        return json.dumps(
            {"type": "Feature", "geometry": {"type": shape, "coordinates": coordinates}, "properties": row}
        )

    rng = np.random.default_rng(0)
    at = at.round(6)
    shifts = rng.normal(0, 1e-4, (2 * side * side, 2)).tolist()
    limits = rng.choice([40.0, 60.0, 80.0], 2 * side * side).tolist()
    roads, exits, number = [], [], 0
    road = {
        "ref": "", "lanes": None, "toll": False, "structure": "surface", "published_length_km": None,
        "drawn_length_km": 1.0, "in_network": True, "no_connect": "", "oneway": False, "course": "known",
        "upgrades": "",
    }  # fmt: skip
    for i in range(side):
        for j in range(side):
            exits.append(feature(f"n{i}-{j}", "town", "Point", at[i, j].tolist(), {"exit": True}))
            for k, m in ((i + 1, j), (i, j + 1)):
                if k < side and m < side:
                    # a bend in the middle, and one of three limits
                    (ax, ay), (bx, by) = at[i, j].tolist(), at[k, m].tolist()
                    dx, dy = shifts[number]
                    line = [[ax, ay], [round((ax + bx) / 2 + dx, 6), round((ay + by) / 2 + dy, 6)], [bx, by]]
                    limit = limits[number]
                    ends = {"node_ids": f"n{i}-{j};n{k}-{m}", "speed_limit_kmh": limit}
                    roads.append(feature(f"r{number}", "arterial", "LineString", line, {**road, **ends}))
                    number += 1
    town = {"level": "town", "adcode": "", "parent": "", "population": None, "pop_year": None, "area_km2": None}
    towns = [
        feature(f"p{k}", "town", "Point", (at[k, k] + 0.001).round(6).tolist(), {**town, "aliases": ""})
        for k in range(0, side, max(1, side // 30))
    ]
    whole = {"highways": roads, "interchanges": exits, "places": towns, "railways": [], "stations": []}
    for key, features in whole.items():
        text = '{"type":"FeatureCollection","features":[' + ",\n".join(features) + "]}"
        (folder / "data" / "geojson" / f"{key}.geojson").write_text(text, "utf-8")
    return folder


def measure(segments: int) -> dict[str, float]:
    """Return seconds by step for a grid of about `segments` segments."""
    with tempfile.TemporaryDirectory() as name:
        # drawn in a process of its own: the peak of this one is that of the making
        folder = Path(name)
        drawing = multiprocessing.get_context("spawn").Process(target=draw_grid, args=(folder, segments))
        drawing.start()
        drawing.join()
        if drawing.exitcode:
            raise SystemExit(f"the grid of {segments} segments could not be drawn")
        # a million segments are a file larger than a layer may be
        atlas.data.layer.LARGEST_FILE_MB = 2048
        at, busy = [time.perf_counter()], time.process_time()
        catalog = open_catalog(folder)
        layers = {key: catalog.layer(key) for key in ("highways", "interchanges", "places", "railways", "stations")}
        at.append(time.perf_counter())
        network = build_network(layers)
        at.append(time.perf_counter())
        graph = Trip(network, load_scenario("2026"), "drive").graph
        at.append(time.perf_counter())
        tree = Trip(network, load_scenario("2026"), "drive").tree(0)
        at.append(time.perf_counter())
        busy = time.process_time() - busy
        steps = dict(zip(("read", "build", "compile", "search"), np.diff(at).round(2).tolist(), strict=True))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
        reached = int(np.isfinite(tree.node_minutes).sum())
        return {
            "segments": int((network.edges["role"] == "run").sum() // 2), "nodes": graph.size, "reached": reached,
            **steps, "whole_s": round(at[-1] - at[0], 2), "processor_s": round(busy, 2), "peak_mb": round(peak),
        }  # fmt: skip


def main() -> int:
    """Measure the sizes asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("segments", nargs="*", type=int, default=[10_000, 50_000, 100_000])
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    for segments in options.segments:
        profile = cProfile.Profile() if options.profile else None
        if profile is not None:
            profile.enable()
        print(json.dumps(measure(segments)), flush=True)
        if profile is not None:
            profile.disable()
            pstats.Stats(profile).sort_stats("cumulative").print_stats(30)
    return 0


if __name__ == "__main__":
    sys.exit(main())
