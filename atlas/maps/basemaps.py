"""What lies under the map: the built-in backdrop, tiles of a service that the reader's own net must reach, or tiles of
an archive that go into the page."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from atlas.base.errors import MapError
from atlas.base.geodesy import Floats, Texts, wgs84_to_gcj02
from atlas.base.style import BASEMAPS
from atlas.base.words import both
from atlas.data.layer import Layer, require_placed
from atlas.maps.courses import courses_of, smoothed
from atlas.maps.tiles import read_tiles

__all__ = ["Basemap", "basemap_of", "displayed", "placed"]

#: Names a user may ask for; ``builtin`` is land and water from the page itself.
_WGS84, _CGCS2000, _GCJ02 = (both(f"basemap.{name}") for name in ("wgs84", "cgcs2000", "gcj02"))


_Shapes = Texts


@dataclass(frozen=True)
class Basemap:
    """Tiles under a map.

    Attributes
    ----------
    name
        One of :data:`BASEMAPS`.
    url
        Template with ``{z}``, ``{x}``, ``{y}`` and perhaps ``{s}``; empty where the tiles are in the page.
    subdomains
        Values of ``{s}``.
    note, datum
        Chinese and English: whose tiles under which licence; in which datum they are.
    shifted
        Whether the display is shifted to GCJ-02.
    embedded
        Tiles that go into the page, from :func:`atlas.maps.tiles.read_tiles`.
    """

    name: str
    url: str
    subdomains: str
    note: tuple[str, str]
    datum: tuple[str, str]
    shifted: bool = False
    embedded: Mapping[str, Any] = field(default_factory=dict)

    @property
    def hosts(self) -> list[str]:
        """Hosts the page must be allowed to ask for images."""
        if not self.url:
            return []
        host = urllib.parse.urlsplit(self.url.replace("{s}", "*")).netloc
        return [host.replace(host.split(".")[0], "*", 1) if "*" in host else host]

    def page_data(self) -> dict[str, Any]:
        """Return what the page is given."""
        return {
            "url": self.url,
            "subdomains": self.subdomains,
            "note": list(self.note),
            "datum": list(self.datum),
            **self.embedded,
        }


def basemap_of(
    name: str, *, key: str = "", url: str = "", box: tuple[float, float, float, float] | None = None
) -> Basemap | None:
    """Return the basemap called `name`; None for the built-in backdrop.

    Parameters
    ----------
    name
        One of :data:`BASEMAPS`.
    key
        The user's own key, needed for ``tianditu``.
    url
        The tile template, needed for ``xyz``; the file's path, needed for ``pmtiles``.
    box
        West, south, east, north in degrees: of which area ``pmtiles``, which need it, are taken into the page.

    Raises
    ------
    MapError
        Unknown name; a key, template or file that is missing or cannot be one.
    """
    if name == "builtin":
        return None
    if name == "osm":
        note = both("basemap.osm")
        return Basemap(name, "https://tile.openstreetmap.org/{z}/{x}/{y}.png", "", note, _WGS84)
    if name == "tianditu":
        if not key.isalnum():
            raise MapError("the basemap tianditu needs your own key: get one at tianditu.gov.cn and give it with --key")
        template = "https://t{s}.tianditu.gov.cn/DataServer?T=vec_w&x={x}&y={y}&l={z}&tk=" + urllib.parse.quote(
            key, safe=""
        )
        note = both("basemap.tianditu")
        return Basemap(name, template, "01234567", note, _CGCS2000)
    if name == "amap":
        template = "https://webrd0{s}.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scale=1&style=8&x={x}&y={y}&z={z}"
        return Basemap(name, template, "1234", both("basemap.amap"), _GCJ02, shifted=True)
    if name == "xyz":
        parts = urllib.parse.urlsplit(url)
        if (
            parts.scheme != "https"
            or not re.fullmatch(r"[A-Za-z0-9.{}-]+(:\d+)?", parts.netloc)
            or not all(f"{{{k}}}" in url for k in "xyz")
        ):
            raise MapError("the basemap xyz needs a template such as https://tiles.example.org/{z}/{x}/{y}.png")
        note = both("basemap.own", name=parts.netloc)
        return Basemap(name, url, "abc", note, _WGS84)
    if name == "pmtiles":
        if not url:
            raise MapError("the basemap pmtiles needs a file of yours: name it with --tiles FILE.pmtiles")
        if box is None:
            raise MapError("the basemap pmtiles needs the area that is taken into the page: give it with --bbox")
        path = Path(url)
        embedded, whose = read_tiles(path, box)
        note = both("basemap.tiles", name=path.name, whose=whose or both("basemap.no_source"))
        return Basemap(name, "", "", note, _WGS84, embedded=embedded)
    raise MapError(f"unknown basemap {name!r}; choose one of {', '.join(BASEMAPS)}")


def displayed(layers: Mapping[str, Layer], basemap: Basemap | None) -> dict[str, Layer]:
    """Return the layers as they are to be shown: smooth, and shifted where the tiles are.

    What is stored stays as it is.

    Raises
    ------
    LayerError
        A feature is nowhere on Earth.
    """
    require_placed(layers)
    shown = smoothed(layers)
    if basemap is None or not basemap.shifted:
        return shown
    return {key: replace(layer, frame=layer.frame.set_geometry(_shifted(layer))) for key, layer in shown.items()}


def placed(layers: Mapping[str, Layer], basemap: Basemap | None) -> Callable[[Texts], Texts]:
    """Return what does with other geometries, such as edges of the network, what :func:`displayed` does with layers."""
    courses = courses_of(layers)
    if basemap is None or not basemap.shifted:
        return courses.drawn
    return lambda shapes: shift_shapes(courses.drawn(shapes))


def _shifted(layer: Layer) -> Texts:
    return shift_shapes(layer.frame.geometry.to_numpy())


def shift_shapes(shapes: Texts) -> Texts:
    """Return geometries moved from WGS 84 to GCJ-02."""

    def move(points: Floats) -> Floats:
        return np.column_stack(wgs84_to_gcj02(points[:, 0], points[:, 1]))

    return np.asarray(shapely.transform(shapes, move), dtype=object)
