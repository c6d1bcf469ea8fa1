"""Regional infrastructure atlas of the Pearl River West Bank metropolitan area.

The public names are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atlas.catalog import open_catalog as open_catalog
    from atlas.claims import check_claims as check_claims
    from atlas.comparison import compare as compare
    from atlas.errors import AtlasError as AtlasError
    from atlas.explanation import explain as explain
    from atlas.exports.write import write as write
    from atlas.maps.layers import draw_layers as draw_layers
    from atlas.maps.reach import draw_reach as draw_reach
    from atlas.network import build_network as build_network
    from atlas.reach import od_matrix as od_matrix
    from atlas.reach import reach_from as reach_from
    from atlas.reach import route as route
    from atlas.scenario import load_scenario as load_scenario
    from atlas.surface import isochrones as isochrones
    from atlas.surface import surface_from as surface_from
    from atlas.times import od_minutes as od_minutes
    from atlas.uncertainty import spread as spread
    from atlas.validation import validate as validate

__version__ = "0.1.0"

_HOME = {
    "AtlasError": "atlas.errors",
    "open_catalog": "atlas.catalog",
    "build_network": "atlas.network",
    "load_scenario": "atlas.scenario",
    "reach_from": "atlas.reach",
    "route": "atlas.reach",
    "od_matrix": "atlas.reach",
    "od_minutes": "atlas.times",
    "explain": "atlas.explanation",
    "spread": "atlas.uncertainty",
    "surface_from": "atlas.surface",
    "isochrones": "atlas.surface",
    "check_claims": "atlas.claims",
    "compare": "atlas.comparison",
    "validate": "atlas.validation",
    "draw_layers": "atlas.maps.layers",
    "draw_reach": "atlas.maps.reach",
    "write": "atlas.exports.write",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'atlas' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
