"""Regional infrastructure atlas of the Pearl River West Bank metropolitan area.

The public names are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "open_catalog": "atlas.catalog",
    "build_network": "atlas.network",
    "load_scenario": "atlas.scenario",
    "reach_from": "atlas.reach",
    "route": "atlas.reach",
    "od_matrix": "atlas.reach",
    "od_minutes": "atlas.times",
    "check_claims": "atlas.claims",
    "compare": "atlas.compare",
    "draw_layers": "atlas.maps.layers",
    "draw_reach": "atlas.maps.reach",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'atlas' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
