"""The plan's items as pages are given them: status, year and its basis, how they count, features, other names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from pypinyin import lazy_pinyin

from atlas.base.tables import listed
from atlas.data.layer import Layer
from atlas.data.register import PlanItem, Register, item_table

__all__ = ["axes_of", "corridors_of", "pack_items", "spelling"]

_BRACKETS = re.compile(r"[(（][^)）]*[)）]")
_SIGNS = re.compile(r"[()（）·—–/]")
#: Up to this many features an item is also called what they are called; beyond, they are parts and not the thing.
_FEW = 3
#: A year counts as one in which something opens where it rests on one of these.
_DATED = ("fact", "announced", "assumed")


def spelling(name: str) -> str:
    """Return the pinyin of a name, whole and by initials.

    Examples
    --------
    >>> spelling("珠海")
    'zhuhai zh'
    """
    syllables = lazy_pinyin(name)
    return "".join(syllables) + " " + "".join(syllable[:1] for syllable in syllables)


def item_names(item: PlanItem) -> list[str]:
    """Return what an item is called beside its two names: its aliases, its names without brackets and signs."""
    names = [*item.aliases]
    for name in (item.name_zh, item.name_en):
        names += [_BRACKETS.sub("", name), _SIGNS.sub("", name)]
    return [name for name in dict.fromkeys(names) if name and name not in (item.name_zh, item.name_en)]


def _part_names(item: PlanItem, features: Sequence[Mapping[Any, Any]]) -> list[str]:
    """Return names of parts of an item: what its name is put together of, and its features where they are few."""
    names = [part for name in (item.name_zh, item.name_en) for part in re.split("—| – ", name)]
    if len(features) <= _FEW and item.kind != "corridor":
        names += [str(row[key]) for row in features for key in ("name_zh", "name_en", "ref") if _told(row.get(key))]
    return [name for name in dict.fromkeys(names) if name and name not in (item.name_zh, item.name_en)]


def _told(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def pack_items(plan: Register, layers: Mapping[str, Layer]) -> dict[str, dict[str, Any]]:
    """Return the items by id as :class:`atlas.maps.payload.PlanItem`.

    Parameters
    ----------
    plan
        The register.
    layers
        Layers by key: cities, years and features that are not in them are left out.
    """
    frames = {key: layer.frame for key, layer in layers.items()}
    rows = {
        (key, str(row["id"])): row
        for key in {link.layer for link in plan.links} & set(frames)
        for row in frames[key].to_dict("records")
    }
    packed: dict[str, dict[str, Any]] = {}
    for item, row in zip(plan, item_table(plan, frames).to_dict("records"), strict=True):
        links = [(link.layer, link.feature_id) for link in plan.links_of(item.id)]
        held = [link for link in links if link in rows]
        dated = row["opens_basis"] in _DATED and not pd.isna(row["opens_year"])
        packed[item.id] = {
            "n": [item.name_zh, item.name_en], "s": [item.section, plan.translated(item.section)],
            "w": item.wording, "k": item.kind,
            "t": str(row["status"]), "d": str(row["status_date"]), "q": str(row["source"]),
            "y": int(row["opens_year"]) if dated else None, "b": str(row["opens_basis"]) if dated else "unknown",
            "c": str(row["counts"]), "cy": None if pd.isna(row["counts_from"]) else int(row["counts_from"]),
            "x": str(row["course"]), "ct": list(listed(str(row["cities"]))),
            "f": [f"{layer}/{feature}" for layer, feature in held],
            "r": [plan.translated(item.reason), item.reason], "a": [*item_names(item), spelling(item.name_zh)],
            "v": _part_names(item, [rows[link] for link in held]),
        }  # fmt: skip
    return packed


def corridors_of(plan: Register) -> dict[str, list[str]]:
    """Return the features of each corridor as ``layer/id``."""
    corridors = {
        item.id: sorted(f"{link.layer}/{link.feature_id}" for link in plan.links_of(item.id))
        for item in plan
        if item.kind == "corridor"
    }
    return {key: ids for key, ids in corridors.items() if ids}


def axes_of(plan: Register) -> list[list[Any]]:
    """Return the axes of development: id, Chinese and English name, the plan's words, features as ``layer/id``."""
    return [
        [
            axis.id,
            axis.name_zh,
            axis.name_en,
            axis.wording,
            sorted({f"{link.layer}/{link.feature_id}" for item in axis.plan_ids for link in plan.links_of(item)}),
        ]
        for axis in plan.axes
    ]
