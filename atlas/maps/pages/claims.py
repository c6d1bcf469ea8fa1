"""The claims page: every promise of travel time, what it is taken to mean, and what comes out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pandas as pd

from atlas.maps.document import cell, document, paragraph, section, table, two
from atlas.maps.pages.start import verdict_cell
from atlas.plan.promises import Targets

__all__ = ["claim_introduction", "claim_sections", "draw_claims"]

_TITLE = ("规划承诺核算", "The plan's promises, computed")
_MODES = {"drive": ("驾车", "by car"), "rail": ("铁路", "by rail"), "multimodal": ("快者", "faster of both")}
_MEASURES = {"door": ("门到门", "door to door"), "station": ("站到站", "station to station")}
_STABLE = {
    "robust inside": ("稳定达到", "robust inside"),
    "borderline": ("随参数而变", "not robust"),
    "robust outside": ("稳定未达到", "robust outside"),
}


def draw_claims(
    summary: pd.DataFrame,
    targets: Targets,
    *,
    scenarios: Sequence[str],
    hash: str,
    lang: str = "zh",
    english: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return the page of :func:`atlas.plan.promises.summarise_claims`; `english` names places by their Chinese ones."""
    body = [
        *claim_introduction(targets),
        *claim_sections(summary, targets, scenarios=scenarios, english=english),
        paragraph(f"校验码 {hash}", f"Hash {hash}", kind="foot"),
    ]
    return document(_TITLE, body, lang=lang, hash=hash)


def claim_introduction(targets: Targets) -> list[str]:
    """Return the paragraphs that say how a verdict comes about."""
    return [
        paragraph(
            f"规划未定义其“圈”，每条承诺写明所用定义。结论按最慢一程：余量在 ±{targets.band_min:.0f} 分钟内，"
            "或有利、居中、不利三组参数结论不一，为“临界”。余量＝限值－居中参数的分钟数。",
            "The plan does not define its circles, so each promise states the definition used. A verdict is that of "
            f"the worst trip; it is borderline where the margin lies within ±{targets.band_min:.0f} min, or where the "
            "favourable, central and adverse parameters disagree. Margin: limit less minutes under central parameters.",
        )
    ]


def claim_sections(
    summary: pd.DataFrame,
    targets: Targets,
    *,
    scenarios: Sequence[str],
    english: Mapping[str, str] = MappingProxyType({}),
) -> list[str]:
    """Return one section a promise and reading: wording, definition, and one line a mode and measure."""
    wording = {target.id: target for target in targets}
    sections = []
    for (name, reading), group in summary.groupby(["target_id", "reading"], sort=False):
        first, target = group.iloc[0], wording[str(name)]
        limit_zh = f"{first['limit_min']:.0f} 分钟（{target.limit_basis_zh}）"
        limit_en = f"{first['limit_min']:.0f} min ({first['limit_basis']})"
        rows = []
        for (mode, measure), part in group.groupby(["mode", "measure"], sort=False):
            years = part.set_index("scenario")
            last = years.loc[scenarios[-1]]
            ends = [str(last[name]) for name in ("worst_from_zh", "worst_to_zh")]
            mode_zh, mode_en = _MODES[str(mode)]
            measure_zh, measure_en = _MEASURES[str(measure)]
            rows.append(
                [
                    cell(two(f"{mode_zh}，{measure_zh}", f"{mode_en}, {measure_en}"), head=True),
                    *(_year_cell(dict(years.loc[year])) for year in scenarios),
                    cell(two(" → ".join(ends), " → ".join(english.get(name, name) for name in ends))),
                ]
            )
        heads = [("方式", "Mode"), *((y, y) if y != "full" else ("全部规划", "full plan") for y in scenarios)]
        heads.append(("最慢一程（末年）", "Worst trip, last year"))
        sections.append(
            section(
                str(first["title_zh"]),
                str(first["title_en"]),
                [
                    f'<blockquote lang="zh-CN" class="quote">{two(target.wording, target.wording)}</blockquote>',
                    paragraph(
                        f"定义（{reading}）：{first['definition_zh']}；{limit_zh}；规划第 {target.section} 节。",
                        f"Definition ({reading}): {first['definition']}; {limit_en}; plan section {target.section}.",
                    ),
                    table(
                        heads,
                        rows,
                        caption=(
                            "最慢一程：结论、分钟数、余量、三组参数下是否稳定",
                            "Worst trip: verdict, minutes, margin, stability over the three parameter sets",
                        ),
                    ),
                ],
                name=str(name),
            )
        )
    return sections


def _year_cell(row: Mapping[Any, Any]) -> str:
    """Return the cell of one year: verdict and minutes, beneath them margin and stability."""
    zh, en = _STABLE[str(row["stability"])]
    margin = float(row["margin_min"])
    signed = "" if math.isnan(margin) else f"{margin:+.0f} · ".replace("-", "−")
    beneath = signed + two(zh, en)
    return verdict_cell(row).removesuffix("</td>") + f'<span class="more">{beneath}</span></td>'
