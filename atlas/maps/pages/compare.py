"""The *Compare* page: two scenarios side by side in step, and one picture of what is gained, kept and lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import pandas as pd

from atlas.base.words import both
from atlas.data.layer import Layer
from atlas.data.scenario import MODES, Scenario
from atlas.data.stamp import stamp
from atlas.land.ground import Ground
from atlas.maps.basemaps import displayed, placed
from atlas.maps.document import year
from atlas.maps.imprint import Around, around
from atlas.maps.page import Page
from atlas.maps.pages.layers import STYLES, common_data, opening_view
from atlas.maps.pages.reach import Choices, reach_data
from atlas.network.build import Network
from atlas.travel.comparison import compare
from atlas.travel.status import open_features

__all__ = ["draw_compare"]

_DRAWN = ("highways", "railways")


def draw_compare(
    network: Network,
    before: Scenario,
    after: Scenario,
    layers: Mapping[str, Layer],
    *,
    origins: Sequence[str],
    modes: Sequence[str] = MODES,
    ground: Ground | None = None,
    **given: Unpack[Around],
) -> Page:
    """Draw what changes from one scenario to another.

    Parameters
    ----------
    network, before, after
        The network and the scenarios.
    layers
        ``places`` is needed; ``highways`` and ``railways`` show what opens between the two.
    origins
        Places to switch between.
    modes
        Modes to switch between.
    ground
        As for :func:`atlas.maps.pages.reach.draw_reach`.
    **given
        What stands round the map, as for :func:`atlas.maps.pages.layers.draw_layers`.

    Raises
    ------
    UnknownPlaceError, NetworkError, ScenarioError, MapError
        As for :func:`atlas.maps.pages.reach.draw_reach`.
    """
    imprint, backdrop = around(given)
    shift = placed(layers, backdrop.basemap)
    places = layers["places"].frame
    reaches = [
        reach_data(
            network, origin, [before, after], places, Choices(modes, ["central"], (after.name, modes[-1], "central")),
            ground=ground, shift=shift,
        )
        for origin in origins
    ]  # fmt: skip
    shown = {key: layers[key] for key in layers if key not in _DRAWN} | _opened(network, before, after, layers)
    drawn = ["places", *(key for key in _DRAWN if key in shown)]
    data = common_data(displayed(shown, backdrop.basemap), drawn, imprint, backdrop.boundaries)
    data["reaches"] = reaches
    data["compare"] = {
        "scenarios": [before.name, after.name],
        "projects": [
            {**row, "origin": i}
            for mode in modes
            for i, origin in enumerate(origins)
            for row in _projects(network, before, after, origin, mode)
        ],
    }
    default = both("map.compare", before=year(before.name), after=year(after.name))
    return Page(
        "compare",
        data,
        imprint,
        title=imprint.titled(default),
        styles=STYLES,
        bounds=backdrop.bounds or opening_view(layers),
        hash=stamp(network.hash, [before, after]),
        basemap=backdrop.basemap,
    )


def _opened(network: Network, before: Scenario, after: Scenario, layers: Mapping[str, Layer]) -> dict[str, Layer]:
    """Return the roads and railways that only one of the scenarios has."""
    known = [set(zip(t["layer"], t["feature_id"], strict=True)) for t in map(_open(network), (before, after))]
    differ = known[0] ^ known[1]
    found = {}
    for key in _DRAWN:
        if key in layers:
            frame = layers[key].frame
            chosen = frame["id"].astype(str).isin({feature for layer, feature in differ if layer == key})
            found[key] = Layer(layers[key].spec, frame[chosen].reset_index(drop=True))
    return found


def _open(network: Network) -> Any:
    def table(scenario: Scenario) -> pd.DataFrame:
        return open_features(network, scenario)

    return table


def _projects(network: Network, before: Scenario, after: Scenario, origin: str, mode: str) -> list[dict[str, Any]]:
    """Return the projects on the new routes of one origin, those that matter most first."""
    frame = compare(network, before, after, [origin], mode=mode).projects
    return [
        {
            "mode": mode,
            "name": [str(row["name_zh"]), str(row["name_en"])],
            "year": None if pd.isna(row["opens_year"]) else int(row["opens_year"]),
            "basis": str(row["opens_basis"]),
            "pairs": int(row["pairs_slower_without"]),
        }
        for row in frame.to_dict("records")
    ]
