"""The *plan list* page: every item of the plan with filters, clause, status, year and its basis, and how it counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from atlas.base.words import both, simple_pairs, word_table
from atlas.data.layer import Layer, region_of
from atlas.data.register import Register
from atlas.data.stamp import layers_hash, stamp
from atlas.maps.document import fill
from atlas.maps.page import embed_json
from atlas.maps.sheets.items import pack_items

__all__ = ["draw_plan"]

_TABLES = ("plan_list", "item_kind", "status", "item_status", "plan_basis", "counts", "count_course", "kinds")


def draw_plan(
    plan: Register,
    layers: Mapping[str, Layer],
    *,
    atlas_page: str = "",
    title: tuple[str, str] | None = None,
    lang: str = "zh",
    home: bool = True,
) -> str:
    """Return the page.

    Parameters
    ----------
    plan, layers
        The register, and the layers that hold what its items stand for.
    atlas_page
        Address of the atlas page on which an item or feature is shown; empty for none.
    title, lang
        Chinese and English title; the language the page opens in.
    home
        Whether to link back to the start page.
    """
    items = pack_items(plan, layers)
    titles = {key: [layer.spec.title_zh, layer.spec.title_en] for key, layer in layers.items()}
    names: dict[str, list[str]] = {}
    for key in sorted({link.layer for link in plan.links} & set(layers)):
        frame = layers[key].frame
        for ident, zh, en in zip(frame["id"], frame["name_zh"], frame["name_en"], strict=True):
            names[f"{key}/{ident}"] = [zh if isinstance(zh, str) else "", en if isinstance(en, str) else ""]
    wanted = {feature for item in items.values() for feature in item["f"]}
    cities = {zh: [zh, en] for zh, en in region_of(layers).cities.items()}
    tables = {table: {key: list(pair) for key, pair in word_table(table).items()} for table in _TABLES}
    content: dict[str, Any] = {
        "words": {**tables, "cities": cities},
        "items": items,
        "features": {key: names[key] for key in sorted(wanted)},
        "layers": titles,
        "simple": simple_pairs(text for item in items.values() for text in (*item["n"], *item["a"], *item["v"])),
        "atlas": atlas_page,
    }
    return fill(
        "plan.html",
        title=title or both("plan_list.title"),
        lang=lang,
        hash=stamp(layers_hash(layers)),
        home=home,
        count=len(items),
        styles=["plan.css"],
        data=Markup(embed_json(content)),
    )
