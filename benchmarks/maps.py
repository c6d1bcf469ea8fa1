"""The atlas page against folium's own way of drawing the same layers: seconds to make it, and its size.

    .venv/bin/python benchmarks/maps.py

The peer adds one ``folium.GeoJson`` a layer with a popup of the same columns to a bare ``folium.Map``; it has no
search, years, legend, print or second language. One JSON line; ``noise`` as in ``run.py``.
"""

from __future__ import annotations

import json

import folium
from run import paired

from atlas.catalog import open_catalog
from atlas.maps.layers import BACKDROP, draw_layers

COLUMNS = ("name_zh", "name_en", "kind", "status", "status_as_of", "opens_year", "plan_ids", "source")


def main() -> None:
    """Print the ratios."""
    catalog = open_catalog()
    layers = catalog.layers()

    def ours() -> str:
        return draw_layers(layers, plan=catalog.plan, sources=catalog.sources).html()

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
    result = {
        "benchmark": "maps",
        "case": "atlas page",
        "peer": "folium.GeoJson",
        "features": sum(map(len, layers.values())),
    }
    result |= {"ours_bytes": sizes[0], "peer_bytes": sizes[1], "peer_over_ours_bytes": round(sizes[1] / sizes[0], 2)}
    print(json.dumps(result | paired(ours, peer, 5), ensure_ascii=False))


if __name__ == "__main__":
    main()
