"""Pages against folium's own way of drawing the same layers: seconds to make them, and their size.

    .venv/bin/python benchmarks/maps.py

The peer adds one ``folium.GeoJson`` a layer with a popup of the same columns to a bare ``folium.Map``; it has no
search, years, legend, print or second language. The cases: all layers of the atlas, where most of our page is what
every page holds (program, backdrop, the plan's wording), and roads repeated to 5,000 and 20,000, where the features
count. One JSON line a case; ``noise`` as in ``run.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import folium
import numpy as np
import pandas as pd
from run import paired
from shapely.affinity import translate

from atlas.data.catalog import open_catalog
from atlas.data.layer import Layer
from atlas.maps.page import Page
from atlas.maps.pages.layers import BACKDROP, draw_layers

COLUMNS = ("name_zh", "name_en", "kind", "status", "status_as_of", "opens_year", "plan_ids", "source")


def many_roads(layers: Mapping[str, Layer], count: int) -> dict[str, Layer]:
    """Return the roads of the atlas again and again, each time a little to the side, until there are `count`."""
    roads = layers["highways"]
    frame = pd.concat([roads.frame] * (count // len(roads.frame) + 1), ignore_index=True).iloc[:count]
    aside = 0.0007 * (np.arange(count) // len(roads.frame))
    moved = [translate(line, step, step) for line, step in zip(frame.geometry, aside, strict=True)]
    frame = frame.assign(id=[f"{name}-{i}" for i, name in enumerate(frame["id"])], geometry=moved)
    return {"highways": replace(roads, frame=frame)}


def main() -> None:
    """Print the ratios."""
    catalog = open_catalog()
    layers = catalog.layers()
    compare("atlas page", layers, partial(draw_layers, layers, plan=catalog.plan, sources=catalog.sources), 5)
    for count in (5_000, 20_000):
        roads = many_roads(layers, count)
        compare(f"{count} roads", roads, partial(draw_layers, roads), 3)


def compare(case: str, layers: Mapping[str, Layer], draw: Callable[[], Page], runs: int) -> None:
    """Print one line."""

    def ours() -> str:
        return draw().html()

    def peer() -> str:
        page = folium.Map(location=[22.3, 112.8], zoom_start=9)
        for key, layer in layers.items():
            columns = () if key in BACKDROP else COLUMNS
            frame = layer.frame[[*columns, "geometry"]].astype(dict.fromkeys(columns, str))
            popup = folium.GeoJsonPopup(fields=list(columns)) if columns else None
            folium.GeoJson(frame, name=key, popup=popup).add_to(page)
        text: str = page.get_root().render()
        return text

    sizes = [len(make().encode()) for make in (ours, peer)]
    result = {"benchmark": "maps", "case": case, "peer": "folium.GeoJson", "features": sum(map(len, layers.values()))}
    result |= {"ours_bytes": sizes[0], "peer_bytes": sizes[1], "peer_over_ours_bytes": round(sizes[1] / sizes[0], 2)}
    print(json.dumps(result | paired(ours, peer, runs), ensure_ascii=False))


if __name__ == "__main__":
    main()
