"""Memory and time of importing a province-size extract: at least five million nodes, drawn by rule.

    python benchmarks/osm_import.py [--million 5]

The extract is a grid of roads in the proportions of a province (about one node in eight on a road of class
secondary or higher, one in four on a smaller street, the others on buildings and land use). The import runs
in a process of its own, whose peak memory is what the system counts.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WEST, SOUTH, STEP = 110.2, 21.2, 0.0005
CLASSES = ("motorway", "trunk", "primary", "secondary")
LENGTH = 12

IMPORT = """
import sys, time, resource
from pathlib import Path
from atlas.data.catalog import open_catalog
from atlas.imports.osm.layers import osm_layers
from atlas.imports.run import Destination, take_in
start = time.perf_counter()
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
def say(text): print(f"  {time.perf_counter() - start:6.1f} s {peak():6.0f} MB  {text}", flush=True)
say("started")
home = open_catalog()
found = osm_layers(Path(sys.argv[1]), home.specs, progress=say)
say("layers made")
outcome = take_in(found.layers, [found.source], home, Destination(out=Path(sys.argv[2])))
say("checked and written: " + ", ".join(f"{c.taken} {c.layer}" for c in outcome.counts if c.taken))
"""


def draw(path: Path, million: float) -> tuple[int, int]:
    """Write the extract; return how many nodes and ways it has."""
    import osmium
    from osmium.osm.mutable import Node, Way

    across = 4000
    rows = int(million * 1e6) // across
    writer = osmium.SimpleWriter(str(path), overwrite=True)
    for number in range(rows * across):
        row, column = divmod(number, across)
        writer.add_node(
            Node(id=number + 1, version=1, timestamp="2026-01-02T00:00:00Z",
                 location=(WEST + column * STEP, SOUTH + row * STEP))
        )  # fmt: skip
    ways = 0
    for row in range(rows):
        for start in range(0, across - LENGTH, LENGTH - 1):
            ways += 1
            refs = [row * across + start + i + 1 for i in range(LENGTH)]
            writer.add_way(Way(id=ways, version=1, timestamp="2026-01-02T00:00:00Z", nodes=refs, tags=_tags(row, ways)))
    # Roads across, which share a node with every road along.
    for column in range(0, across, 200):
        for start in range(0, rows - LENGTH, LENGTH - 1):
            ways += 1
            refs = [(start + i) * across + column + 1 for i in range(LENGTH)]
            writer.add_way(
                Way(id=ways, version=1, timestamp="2026-01-02T00:00:00Z", nodes=refs,
                    tags={"highway": "primary", "name": f"纵{column}路"})
            )  # fmt: skip
    writer.close()
    return rows * across, ways


def _tags(row: int, way: int) -> dict[str, str]:
    if row % 8 == 0:
        kind = CLASSES[(row // 8) % len(CLASSES)]
        return {"highway": kind, "name": f"横{row}路", "ref": f"S{100 + row % 800}", "maxspeed": "80"}
    if row % 4 == 1:
        return {"highway": "residential", "name": f"街{row}"}
    return {"building": "yes"} if way % 2 else {"landuse": "farmland"}


def main() -> int:
    """Draw, import tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--million", type=float, default=5.0, help="millions of nodes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "province.osm.pbf"
        start = time.perf_counter()
        nodes, ways = draw(path, options.million)
        print(
            f"{nodes} nodes, {ways} ways, {path.stat().st_size / 1e6:.0f} MB, "
            f"drawn in {time.perf_counter() - start:.0f} s"
        )
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", IMPORT, str(path), str(Path(folder) / "own")], check=True)
        peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"imported in {time.perf_counter() - start:.0f} s, peak memory {peak_mb:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
