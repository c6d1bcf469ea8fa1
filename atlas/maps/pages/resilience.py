"""The page of resilience: what breaks the network, who drops out in a storm, and the corridors of the plan."""

from __future__ import annotations

from collections.abc import Mapping

from atlas.base.words import both
from atlas.data.layer import Layer
from atlas.data.scenario import load_scenario
from atlas.face.decisions import Decisions
from atlas.maps.document import fill
from atlas.maps.pictures import land_picture, roads_picture
from atlas.maps.sheets.decided import Decided, resilience_finding
from atlas.network.build import Network

__all__ = ["draw_resilience"]


def draw_resilience(
    found: Decisions, shown: Decided, network: Network, layers: Mapping[str, Layer], *, lang: str = "zh"
) -> str:
    """Return the page.

    Parameters
    ----------
    found, shown
        What was gathered, and its figures from :func:`atlas.maps.sheets.decided.decided`.
    network, layers
        What the maps of the events stand on.
    lang
        Language the page opens in.
    """
    return fill(
        "resilience.html",
        title=both("resilience.title"),
        lang=lang,
        hash=str(found.facts["hash"]),
        styles=("charts.css",),
        ground=land_picture(layers),
        roads=roads_picture(network, load_scenario(str(found.facts["event_in"]))),
        finding=resilience_finding(found),
        one=shown,
    )
