"""The *OD matrix* page: minutes between the seats as a heat table, by year and mode, with the route of each cell."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np

from atlas.base.style import TIME_RAMP, tokens
from atlas.data.scenario import Scenario
from atlas.data.stamp import stamp
from atlas.maps.document import document, paragraph, two
from atlas.maps.packing import pack_integers
from atlas.maps.page import asset, embed_json
from atlas.maps.words import WORDS
from atlas.network.build import Network
from atlas.travel.comparison import seats
from atlas.travel.journey import journey_on
from atlas.travel.minutes import MODES
from atlas.travel.reach import locate
from atlas.travel.trip import Trip

__all__ = ["draw_matrix"]

_TITLE = ("县市驻地间用时", "Minutes between the seats")
_ROLES = ("access", "road", "train", "ferry", "coach", "border", "transfer", "egress")


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
                for end in nodes:
                    value = float(tree.node_minutes[end])
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
        "words": {role: list(WORDS[role]) for role in _ROLES},
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
    choices = "".join(
        f'<div role="group" aria-label="{html.escape(label)}">{buttons}</div>'
        for label, buttons in (
            ("年份 year", "".join(_button("s", i, *_called(s.name)) for i, s in enumerate(scenarios))),
            ("方式 mode", "".join(_button("m", i, *WORDS[mode]) for i, mode in enumerate(modes))),
        )
    )
    body = [
        paragraph(
            "模型估算，居中参数；显示取整到分钟。",
            "Model estimates under the central parameters, shown to the minute.",
        ),
        f'<div class="choices">{choices}</div>',
        _key(),
        '<div class="wide" id="matrix" tabindex="0" role="region" aria-label="matrix 矩阵"></div>',
        '<section id="detail" aria-live="polite"></section>',
        f'<script type="application/json" id="atlas-data">{embed_json(content)}</script>',
    ]
    page = document(title or _TITLE, body, lang=lang, hash=stamp(network.hash, scenarios), home=home)
    return page.replace("</body>", f"<script>{asset('page_matrix.js')}</script>\n</body>")


def _key() -> str:
    """Return the legend: a band of minutes a colour, as on the maps."""
    bands = "".join(
        f'<span class="band{i}">{f"{band.from_min:.0f}–" if band.from_min else "≤ "}{band.to_min:.0f}</span>'
        for i, band in enumerate(TIME_RAMP)
    )
    return f'<p class="bands">{bands}<span class="none">&gt; {TIME_RAMP[-1].to_min:.0f}</span> {two("分钟", "min")}</p>'


def _called(name: str) -> tuple[str, str]:
    return WORDS["full"] if name == "full" else (name, name)


def _button(key: str, index: int, zh: str, en: str) -> str:
    return f'<button type="button" data-choice="{key}" data-index="{index}" aria-pressed="false">{two(zh, en)}</button>'
