"""The claims page: every promise of travel time, what it is taken to mean, and what comes out."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from atlas.claims import Targets
from atlas.maps.document import cell, document, paragraph, section, table, two
from atlas.maps.start import verdict_cell

__all__ = ["draw_claims"]

_TITLE = ("规划承诺核算", "The plan's promises, computed")
_MODES = {"drive": ("驾车", "by car"), "rail": ("铁路", "by rail"), "multimodal": ("快者", "faster of both")}
_MEASURES = {"door": ("门到门", "door to door"), "station": ("站到站", "station to station")}
_STABLE = {
    "robust inside": ("稳定达到", "robust inside"),
    "borderline": ("随参数而变", "depends on parameters"),
    "robust outside": ("稳定未达到", "robust outside"),
}


def draw_claims(
    summary: pd.DataFrame, targets: Targets, *, scenarios: Sequence[str], hash: str, lang: str = "zh"
) -> str:
    """Return the claims page from :func:`atlas.claims.summarise_claims`."""
    wording = {target.id: target for target in targets}
    body = [
        paragraph(
            f"结论按最慢一程：余量在 ±{targets.band_min:.0f} 分钟内为临界。稳定性比较有利、居中、不利三组参数。",
            f"A verdict is that of the worst trip; a margin within ±{targets.band_min:.0f} min is borderline. "
            "Stability compares the favourable, central and adverse parameters.",
        )
    ]
    for (name, reading), group in summary.groupby(["target_id", "reading"], sort=False):
        first, target = group.iloc[0], wording[str(name)]
        limit = f"{first['limit_min']:.0f} min ({first['limit_basis']})"
        rows = []
        for (mode, measure), part in group.groupby(["mode", "measure"], sort=False):
            years = part.set_index("scenario")
            cells = [verdict_cell(dict(years.loc[y])) for y in scenarios]
            last = years.loc[scenarios[-1]]
            mode_zh, mode_en = _MODES[str(mode)]
            measure_zh, measure_en = _MEASURES[str(measure)]
            rows.append(
                [
                    cell(two(f"{mode_zh}，{measure_zh}", f"{mode_en}, {measure_en}"), head=True),
                    *cells,
                    cell(two(*_STABLE[str(last["stability"])])),
                    cell(
                        two(
                            f"{last['worst_from_zh']}→{last['worst_to_zh']}",
                            f"{last['worst_from_zh']}→{last['worst_to_zh']}",
                        )
                    ),
                ]
            )
        heads = [("方式", "Mode"), *((y, y) if y != "full" else ("全部规划", "full plan") for y in scenarios)]
        heads += [("末年稳定性", "Stability, last year"), ("末年最慢一程", "Worst trip, last year")]
        body.append(
            section(
                str(first["title_zh"]),
                str(first["title_en"]),
                [
                    f'<blockquote lang="zh-CN" class="quote">{two(target.wording, target.wording)}</blockquote>',
                    paragraph(
                        f"定义（{reading}）：{first['definition_zh']}；{limit}；规划第 {target.section} 节。",
                        f"Definition ({reading}): {first['definition']}; {limit}; plan section {target.section}.",
                    ),
                    table(heads, rows, caption=("最慢一程的分钟数与结论", "Minutes of the worst trip, and verdict")),
                ],
                name=str(name),
            )
        )
    body.append(paragraph(f"校验码 {hash}", f"Hash {hash}", kind="foot"))
    return document(_TITLE, body, lang=lang, hash=hash)
