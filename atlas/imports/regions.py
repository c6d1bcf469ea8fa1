"""What makes a folder an atlas of another region: ``data/region.toml``, and parameters by its country."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from atlas.base.tables import read_table
from atlas.data.layer import Layer

__all__ = ["Founding", "parameters_text", "region_text"]

Box = tuple[float, float, float, float]
#: How far beyond all that an atlas holds a feature may lie, degrees, before it is taken for a mistake.
_BEYOND = 0.1
#: Clearance at the shipped region's crossings: named after crossings that no other atlas has.
_CROSSINGS = "border_bc_"


@dataclass(frozen=True)
class Founding:
    """What an atlas of another region is of.

    Attributes
    ----------
    name_zh, name_en
        Of the region.
    box
        West, south, east, north of what it covers, degrees.
    core
        Cities it is about: name in the column ``city``, English name, and the place that is its centre.
    limits
        Speed limits of its country by kind of road, km/h and the law; empty: those of the atlas at hand stay.
    """

    name_zh: str
    name_en: str
    box: Box
    core: Sequence[tuple[str, str, str]] = ()
    limits: Mapping[str, tuple[float, str]] = field(default_factory=dict)


def region_text(founding: Founding, layers: Mapping[str, Layer]) -> str:
    """Return ``data/region.toml`` of an atlas that holds `layers`.

    Examples
    --------
    >>> print(region_text(Founding("双镇", "Twin Towns", (7.0, 43.0, 8.0, 44.0)), {}).splitlines()[1])
    name_zh = "双镇"
    """
    seats = set(layers["places"].frame["id"]) if "places" in layers else set()
    core = [one for one in founding.core if one[2] in seats]
    west, south, east, north = founding.box
    bounds = [west, south, east, north]
    for layer in layers.values():
        if len(layer.frame):
            told = layer.frame.total_bounds
            bounds = [
                min(bounds[0], told[0]),
                min(bounds[1], told[1]),
                max(bounds[2], told[2]),
                max(bounds[3], told[3]),
            ]
    limits = [
        max(bounds[0] - _BEYOND, -180.0), max(bounds[1] - _BEYOND, -90.0),
        min(bounds[2] + _BEYOND, 180.0), min(bounds[3] + _BEYOND, 90.0),
    ]  # fmt: skip
    titles = {"name_zh": founding.name_zh, "name_en": founding.name_en, **_titles(founding)}
    lines = [
        "# The region this atlas is of; see docs/howto/region.md. Degrees are longitude, then latitude.",
        *(f"{key} = {json.dumps(text, ensure_ascii=False)}" for key, text in titles.items()), "",
        "# What a layer may hold, where land is divided into cells, and the middle of the planar system.",
        f"bounds = {_numbers(limits)}", f"box = {_numbers(founding.box)}",
        f"centre = {_numbers([(west + east) / 2, (south + north) / 2])}",
    ]  # fmt: skip
    for city, _, seat in core:
        lines += ["", "[[core]]", f"city = {json.dumps(city, ensure_ascii=False)}", f"seat = {json.dumps(seat)}"]
    if core:
        lines += ["", "[cities]"]
        lines += [f"{json.dumps(a, ensure_ascii=False)} = {json.dumps(b, ensure_ascii=False)}" for a, b, _ in core]
    return "\n".join(lines) + "\n"


def _titles(founding: Founding) -> dict[str, str]:
    return {"title_zh": f"{founding.name_zh}交通图集", "title_en": f"Atlas of {founding.name_en}"}


def _numbers(values: Sequence[float]) -> str:
    return "[" + ", ".join(f"{float(value):.6f}".rstrip("0").rstrip(".") for value in values) + "]"


def parameters_text(path: str | Path, limits: Mapping[str, tuple[float, str]]) -> str:
    """Return the parameter table at `path` for another region: its country's limits, and no crossings of this one.

    Roads that carry no limit are assumed between what the law allows in and out of built-up areas.
    """
    table = read_table(path, ("name", "low", "central", "high", "source"))
    told = {row["name"]: dict(row) for row in table if not row["name"].startswith(_CROSSINGS)}
    if {"urban", "rural"} <= set(limits):
        (urban, law), (rural, further) = limits["urban"], limits["rural"]
        laws = law if law == further else f"{law}; {further}"
        central = round((urban + rural) / 2.0)
        told["road_limit_default_kmh"] |= {
            "low": f"{min(urban, rural):g}", "central": f"{central:g}", "high": f"{max(urban, rural):g}",
            "source": f"{laws}: limits in and out of built-up areas, and the middle between them",
        }  # fmt: skip
    if "motorway" in limits:
        kmh, law = limits["motorway"]
        least = min(kmh, limits.get("rural", (kmh, ""))[0])
        told["road_limit_default_expressway_kmh"] |= {
            "low": f"{least:g}", "central": f"{kmh:g}", "high": f"{kmh:g}", "source": f"{law}: limit of motorways",
        }  # fmt: skip
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([table.columns, *(row.values() for row in told.values())])
    return text.getvalue()
