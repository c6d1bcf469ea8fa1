"""The *OD matrix* page: minutes between the seats as a heat table, by year and mode, with the route of each cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from atlas.base.style import TIME_RAMP, tokens
from atlas.base.words import Words, both
from atlas.data.scenario import MODES, Scenario
from atlas.data.stamp import stamp
from atlas.maps.document import fill, year
from atlas.maps.packing import pack_integers
from atlas.maps.page import embed_json
from atlas.network.build import Network
from atlas.travel.comparison import seats
from atlas.travel.journey import journey_on
from atlas.travel.reach import locate
from atlas.travel.trip import Trip

__all__ = ["draw_matrix"]

_ROLES = ("access", "road", "train", "ferry", "coach", "border", "transfer", "egress")


@dataclass(frozen=True)
class _Group:
    """Buttons of which one is pressed: what they choose, the key of their label, their names."""

    key: str
    words: str
    names: Sequence[Words]

    @property
    def label(self) -> Words:
        """The label, for those who listen."""
        return both(self.words)


def draw_matrix(
    network: Network,
    scenarios: Sequence[Scenario],
    *,
    modes: Sequence[str] = MODES,
    places: Sequence[str] | None = None,
    title: tuple[str, str] | None = None,
    lang: str = "zh",
    home: bool = True,
) -> str:
    """Return the page.

    Parameters
    ----------
    network, scenarios, modes
        What to switch between.
    places
        Ids or names; None: all seats of government.
    title, lang
        Chinese and English title; the language the page opens in.
    home
        Whether to link back to the start page.
    """
    nodes = []
    for place in places or seats(network):
        network, node_id = locate(network, place)
        nodes.append(network.row_of[node_id])
    texts: dict[str, int] = {}
    legs: dict[tuple[int, ...], int] = {}
    routes: list[list[int]] = []
    minutes: list[int] = []

    def text(words: str) -> int:
        return texts.setdefault(words, len(texts))

    for scenario in scenarios:
        for mode in modes:
            trip = Trip(network, scenario, mode)
            for start in nodes:
                tree = trip.tree(start)
                for end, value in zip(nodes, tree.node_minutes[nodes].tolist(), strict=True):
                    minutes.append(int(np.ceil(value * 1000 - 1e-3)) if np.isfinite(value) else -1)
                    journey = journey_on(trip, tree, end)
                    route = []
                    for leg in journey.legs:
                        row = (
                            text(leg.role), text(leg.name_zh), text(leg.name_en), text(leg.from_name),
                            text(leg.to_name), round(leg.length_km * 10), round(leg.minutes * 10),
                        )  # fmt: skip
                        route.append(legs.setdefault(row, len(legs)))
                    routes.append(route)
    names, english = network.nodes["name_en"].to_list(), network.english_names
    content: dict[str, Any] = {
        "tokens": tokens(),
        "words": {role: list(both(f"ui.{role}")) for role in (*_ROLES, "minutes", "km", "no_way")}
        | {key: list(both(f"matrix.{key}")) for key in ("caption", "colon")},
        "matrix": {
            "places": [[network.node_names[node], names[node]] for node in nodes],
            "scenarios": [scenario.name for scenario in scenarios],
            "modes": list(modes),
            "minutes": pack_integers(minutes),
            "routes": routes,
            "legs": [list(row) for row in legs],
            "texts": list(texts),
            "english": {words: english[words] for words in sorted(texts) if words in english},
        },
    }
    groups = [
        _Group("s", "matrix.year", [year(scenario.name) for scenario in scenarios]),
        _Group("m", "matrix.mode", [both(f"ui.{mode}") for mode in modes]),
    ]
    return fill(
        "matrix.html",
        title=title or both("matrix.title"),
        lang=lang,
        hash=stamp(network.hash, scenarios),
        home=home,
        groups=groups,
        bands=[
            f"{band.from_min:.0f}–{band.to_min:.0f}" if band.from_min else f"≤ {band.to_min:.0f}" for band in TIME_RAMP
        ],
        beyond=f"{TIME_RAMP[-1].to_min:.0f}",
        data=Markup(embed_json(content)),
    )
