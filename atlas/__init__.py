"""Regional infrastructure atlas of the Pearl River West Bank metropolitan area.

The public names are loaded on first use, so that importing the package costs nothing.

Examples
--------
The examples of the public names take these as given:

>>> import atlas
>>> catalog = atlas.open_catalog()
>>> network = atlas.build_network(catalog.layers())
>>> now = atlas.load_scenario("2026")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from atlas._version import __version__

if TYPE_CHECKING:
    from atlas.base.errors import AtlasError as AtlasError
    from atlas.data.catalog import open_catalog as open_catalog
    from atlas.data.scenario import load_scenario as load_scenario
    from atlas.decide.access import fairness as fairness
    from atlas.decide.access import hinterland as hinterland
    from atlas.decide.access import platform_access as platform_access
    from atlas.decide.corridors import corridor_cards as corridor_cards
    from atlas.decide.critical import critical_links as critical_links
    from atlas.decide.events import read_event as read_event
    from atlas.decide.events import run_event as run_event
    from atlas.decide.gaps import gaps as gaps
    from atlas.decide.needs import solve as solve
    from atlas.decide.players import listed_players as listed_players
    from atlas.decide.players import plan_players as plan_players
    from atlas.decide.value import project_values as project_values
    from atlas.evidence.accuracy import validate as validate
    from atlas.evidence.draws import spread as spread
    from atlas.evidence.explain import explain as explain
    from atlas.exports.write import write as write
    from atlas.face.reach import reach_from as reach_from
    from atlas.face.trip import trip as trip
    from atlas.land.drawn import with_links as with_links
    from atlas.land.ground import coarser as coarser
    from atlas.land.ground import ground as ground
    from atlas.land.surface import isochrones as isochrones
    from atlas.land.surface import surface_from as surface_from
    from atlas.maps.pages.layers import draw_layers as draw_layers
    from atlas.maps.pages.reach import draw_reach as draw_reach
    from atlas.network.build import build_network as build_network
    from atlas.plan.promises import check_claims as check_claims
    from atlas.plan.promises import read_targets as read_targets
    from atlas.travel.apart import redundancy as redundancy
    from atlas.travel.comparison import compare as compare
    from atlas.travel.matrix import od_minutes as od_minutes
    from atlas.travel.reach import od_matrix as od_matrix
    from atlas.travel.reach import route as route

_HOME = {
    "AtlasError": "atlas.base.errors",
    "open_catalog": "atlas.data.catalog",
    "build_network": "atlas.network.build",
    "load_scenario": "atlas.data.scenario",
    "trip": "atlas.face.trip",
    "reach_from": "atlas.face.reach",
    "route": "atlas.travel.reach",
    "od_matrix": "atlas.travel.reach",
    "od_minutes": "atlas.travel.matrix",
    "explain": "atlas.evidence.explain",
    "spread": "atlas.evidence.draws",
    "coarser": "atlas.land.ground",
    "ground": "atlas.land.ground",
    "with_links": "atlas.land.drawn",
    "surface_from": "atlas.land.surface",
    "isochrones": "atlas.land.surface",
    "read_targets": "atlas.plan.promises",
    "check_claims": "atlas.plan.promises",
    "compare": "atlas.travel.comparison",
    "plan_players": "atlas.decide.players",
    "listed_players": "atlas.decide.players",
    "project_values": "atlas.decide.value",
    "critical_links": "atlas.decide.critical",
    "solve": "atlas.decide.needs",
    "gaps": "atlas.decide.gaps",
    "read_event": "atlas.decide.events",
    "run_event": "atlas.decide.events",
    "fairness": "atlas.decide.access",
    "hinterland": "atlas.decide.access",
    "platform_access": "atlas.decide.access",
    "corridor_cards": "atlas.decide.corridors",
    "redundancy": "atlas.travel.apart",
    "validate": "atlas.evidence.accuracy",
    "draw_layers": "atlas.maps.pages.layers",
    "draw_reach": "atlas.maps.pages.reach",
    "write": "atlas.exports.write",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'atlas' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
