"""The start page: what this is, the promise and its verdicts, the maps, downloads, hash and date."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from atlas.data.layer import Layer
from atlas.maps.document import cell, document, paragraph, section, table, two

__all__ = ["VERDICTS", "Card", "as_of", "draw_start", "verdict_cell", "verdict_table"]

VERDICTS: dict[str, tuple[str, str]] = {
    "inside": ("达到", "inside"),
    "borderline": ("临界", "borderline"),
    "outside": ("未达到", "outside"),
}
_TITLE = ("珠江口西岸都市圈交通图集", "Atlas of the Pearl River West Bank metropolitan area")


@dataclass(frozen=True)
class Card:
    """A link to a page or a file: its address, (Chinese, English) name, what it holds, and an SVG of it or nothing."""

    address: str
    name: tuple[str, str]
    about: tuple[str, str]
    picture: str = ""


def as_of(layers: Mapping[str, Layer]) -> str:
    """Return the latest date at which the status of any feature was looked up."""
    dates = [str(date) for layer in layers.values() for date in layer.frame["status_as_of"] if isinstance(date, str)]
    return max(dates, default="")


def verdict_cell(row: Mapping[Any, Any]) -> str:
    """Return a cell with the verdict and the minutes of the worst trip of one row of the summary."""
    verdict, minutes = str(row["verdict"]), float(row["minutes"])
    text = two("无路线", "no way") if math.isnan(minutes) else f"{minutes:.0f} {two('分钟', 'min')}"
    shown = f'<span class="verdict {html.escape(verdict)}">{two(*VERDICTS[verdict])}</span>'
    return cell(f'{shown}<span class="dot"> · </span>{text}', kind="number")


def verdict_table(summary: pd.DataFrame, *, mode: str, measure: str, scenarios: Sequence[str]) -> str:
    """Return one line a target, one column a year, from :func:`atlas.plan.promises.summarise_claims`."""
    chosen = summary[(summary["mode"] == mode) & (summary["measure"] == measure)]
    rows = []
    for _, group in chosen.groupby(["target_id", "reading"], sort=False):
        by_year = group.set_index("scenario")
        first = group.iloc[0]
        rows.append(
            [
                cell(two(first["title_zh"], first["title_en"]), head=True),
                cell(two(first["definition_zh"], first["definition"])),
                cell(f"{first['limit_min']:.0f}", kind="number"),
                *(verdict_cell(dict(by_year.loc[name])) for name in scenarios),
            ]
        )
    years = [(name, name) if name != "full" else ("全部规划", "full plan") for name in scenarios]
    heads = [("承诺", "Promise"), ("所用定义", "Definition used"), ("分钟", "Limit, min"), *years]
    caption = (
        "最慢一程的分钟数与结论；门到门，公路与铁路取快者，居中参数",
        "Worst trip and verdict; door to door, faster of road and rail, central parameters",
    )
    return table(heads, rows, caption=caption)


def draw_start(
    summary: pd.DataFrame,
    maps: Sequence[Card],
    downloads: Sequence[Card],
    *,
    read: Sequence[Card] = (),
    ground: str = "",
    scenarios: Sequence[str],
    date: str,
    hash: str,
    assumed: Mapping[str, int],
    english: Mapping[str, str] | None = None,
    lang: str = "zh",
) -> str:
    """Return the start page.

    Parameters
    ----------
    summary
        From :func:`atlas.plan.promises.summarise_claims`; empty for an atlas that promises nothing.
    maps, downloads
        What the site holds.
    read
        Its pages that are read: the promises, the report, the validation.
    ground
        What the pictures of the cards stand on, from :func:`atlas.maps.pictures.land_picture`.
    scenarios
        The years of the verdicts, by name.
    date
        As-of date of the facts.
    hash
        Stamp of the layers and scenarios.
    assumed
        Number of features with an assumed year, by scenario.
    english
        English names of places by the Chinese ones.
    lang
        Language the page opens in.
    """
    counts_zh = "，".join(f"{name} 年 {count} 个" for name, count in assumed.items())
    counts_en = ", ".join(f"{count} in {name}" for name, count in assumed.items())
    body = [
        paragraph(
            "珠海、中山、江门、阳江四市 2023–2030 年发展规划（展望 2035 年）点名的铁路、公路、口岸、港口和机场，"
            "逐项可查、可看、可计时：任何年份一小时、两小时能到哪里，走哪条路，依据是什么。",
            "Every railway, road, crossing, port and airport named in the development plan of Zhuhai, Zhongshan, "
            "Jiangmen and Yangjiang for 2023–2030 (outlook 2035), to be found, seen and timed: where one gets in one "
            "and two hours in any year, by which way, and what that rests on.",
            kind="lead",
        ),
        *([] if summary.empty else [_tiles(summary, scenarios, english or {})]),
        section("地图", "Maps", [ground, _cards(maps, kind="cards pictures")], name="maps"),
        *([section("核算与检验", "Findings and checks", [_cards(read)], name="read")] if read else []),
        *([] if summary.empty else [_promise(summary, scenarios, counts_zh, counts_en)]),
        section("下载", "Downloads", [_cards(downloads)], name="downloads"),
        section(
            "说明",
            "About",
            [
                paragraph(
                    "用时为模型估算；多数线路为示意走向，逐条注明几何质量与来源。"
                    "陆地与水域 © OpenStreetMap 贡献者（ODbL）。不含国界。公开使用前请按规定办理地图审核。",
                    "Minutes are model estimates; most lines are schematic, and each states its quality and source. "
                    "Land and water © OpenStreetMap contributors (ODbL). No national boundary is drawn. Maps for "
                    "publication in mainland China need a map approval number.",
                ),
                paragraph(f"资料截至 {date}。校验码 {hash}", f"Facts as of {date}. Hash {hash}", kind="foot"),
            ],
        ),
    ]
    return document(_TITLE, body, lang=lang, hash=hash, home=False)


def _promise(summary: pd.DataFrame, scenarios: Sequence[str], counts_zh: str, counts_en: str) -> str:
    return section(
        "承诺与核算",
        "The promise, computed",
        [
            paragraph(
                "规划未给出“圈”的定义；下表写明所用定义。结论由模型算出，未为任何承诺调整参数。",
                "The plan does not define its circles; the definition used stands in the table. Verdicts are "
                "computed; nothing was tuned to make a claim come out true.",
            ),
            verdict_table(summary, mode="multimodal", measure="door", scenarios=scenarios),
            paragraph(
                f"按规则假定开通年份的要素：{counts_zh}。",
                f"Features whose opening year is assumed by rule: {counts_en}.",
                kind="small",
            ),
        ],
        name="promise",
    )


def _tiles(summary: pd.DataFrame, scenarios: Sequence[str], english: Mapping[str, str]) -> str:
    """Return one tile a promise whose minutes the plan states: the verdict now, in large, and the other years."""
    now = "2026" if "2026" in scenarios else scenarios[0]
    chosen = summary[(summary["mode"] == "multimodal") & (summary["measure"] == "door")]
    chosen = chosen[chosen["limit_basis"].str.startswith("stated")]
    tiles = []
    for _, group in chosen.groupby(["target_id", "reading"], sort=False):
        rows = {str(row["scenario"]): row for row in group.to_dict("records")}
        shown = rows[now]
        verdict = str(shown["verdict"])
        others = [(name, _short(rows[name])) for name in scenarios if name != now]
        zh, en = _other_years(_short(shown), others)
        tiles.append(
            f'<li><a class="{html.escape(verdict)}" href="claims.html">'
            f"<h3>{two(shown['title_zh'], shown['title_en'])}</h3>"
            f"<strong>{_short(shown)}</strong> / {shown['limit_min']:.0f} {two('分钟', 'min')} · "
            f'<span class="verdict {html.escape(verdict)}">{two(*VERDICTS[verdict])}</span>'
            f"<small>{two(*_trip(shown, english))}</small>"
            f"<small>{two(f'{now} 年最慢一程；{zh}', f'Worst trip in {now}; {en}')}</small></a></li>"
        )
    return f'<ul class="tiles">{"".join(tiles)}</ul>'


def _trip(row: Mapping[Any, Any], english: Mapping[str, str]) -> tuple[str, str]:
    ends = str(row["worst_from_zh"]), str(row["worst_to_zh"])
    return " → ".join(ends), " → ".join(english.get(end, end) for end in ends)


def _other_years(now: str, others: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Return the minutes of the other years in words, in Chinese and English; the same number is said once."""
    if all(minutes == now for _, minutes in others):
        return "2023 年至全部规划均同", "the same from 2023 to the full plan"
    zh = " · ".join(f"{'全部规划' if name == 'full' else name} {minutes}" for name, minutes in others)
    en = " · ".join(f"{'full plan' if name == 'full' else name} {minutes}" for name, minutes in others)
    return zh, en


def _short(row: Mapping[Any, Any]) -> str:
    minutes = float(row["minutes"])
    return "—" if math.isnan(minutes) else f"{minutes:.0f}"


def _cards(cards: Sequence[Card], *, kind: str = "cards") -> str:
    items = "".join(
        f'<li><a href="{html.escape(card.address)}">{card.picture}<b>{two(*card.name)}</b>'
        f'<span class="more">{two(*card.about)}</span></a></li>'
        for card in cards
    )
    return f'<ul class="{kind}">{items}</ul>'
