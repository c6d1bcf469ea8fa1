"""The report: one page to read or to print on A4, with the same numbers as the library."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from atlas.base.style import STATUS_WORDS
from atlas.data.register import ISSUED, ITEM_STATUSES
from atlas.maps.document import cell, document, paragraph, section, table, two
from atlas.maps.pages.claims import claim_introduction, claim_sections
from atlas.maps.pages.report_method import method_parts, source_parts
from atlas.maps.pages.start import verdict_table
from atlas.plan.summary import MATRIX_MODES, Report, Step

__all__ = ["draw_report"]

Words = tuple[str, str]
_TITLE: Words = (
    "珠江口西岸都市圈规划交通评估报告",
    "Transport in the plan of the Pearl River West Bank metropolitan area: report",
)
_ITEM_KINDS: dict[str, Words] = {
    "corridor": ("通道", "Corridor"),
    "railway": ("铁路", "Railway"),
    "station": ("枢纽与车站", "Hub or station"),
    "highway": ("公路", "Road"),
    "cross_boundary_link": ("跨市通道", "Cross-boundary link"),
    "port": ("港口", "Port"),
    "waterway": ("航道", "Waterway"),
    "airport": ("机场", "Airport"),
    "heliport": ("直升机场", "Heliport"),
    "reachability_target": ("通达目标", "Target"),
}
_STATUS: dict[str, Words] = {**STATUS_WORDS, "partly_operating": ("部分运营", "Partly operating")}
_LINES: dict[str, Words] = {
    "railway": ("铁路", "Railway"),
    "expressway": ("高速公路", "Expressway"),
    "road": ("其他公路", "Other road"),
}
_MATRIX: dict[str, Words] = {"multimodal": ("公路与铁路取快者", "faster of road and rail"), "rail": ("铁路", "by rail")}
_BASES: dict[str, Words] = {
    "fact": ("事实", "fact"),
    "announced": ("公布", "announced"),
    "assumed": ("按规则假定", "assumed by rule"),
    "unknown": ("不明", "unknown"),
}
_RESOLUTIONS: dict[str, Words] = {
    "features": ("对应图上要素", "are features on the map"),
    "corridor": ("由要素组成的通道", "corridors made of features"),
    "target": ("作为承诺核算", "targets, computed"),
    "reason": ("无图形，写明理由", "without geometry, reason given"),
}
_FROM = ("zhuhai", "zhongshan", "jiangmen", "yangjiang")
_CITIES = {"珠海": "Zhuhai", "中山": "Zhongshan", "江门": "Jiangmen", "阳江": "Yangjiang"}
_ELSEWHERE: Words = ("其他", "Elsewhere")
_BY_CITY: Words = ("公里，按城市", "Kilometres by city")
_OPENED: Words = (
    "新开通的要素；港口和机场自路网可达时起计，连接道除外",
    "Features that open; ports and airports count once the road network reaches them; access links are left out",
)
_MOST = 14


def draw_report(report: Report, *, lang: str = "zh", home: bool = True) -> str:
    """Return the report as one HTML page.

    Parameters
    ----------
    report
        From :func:`atlas.plan.summary.make_report`.
    lang
        Language the page opens in, ``zh`` or ``en``; it holds both.
    home
        Whether to link back to the start page of the site.
    """
    names = [scenario.name for scenario in report.scenarios]
    chapters = [
        ("numbers", ("规划概览", "The plan in numbers"), _numbers(report)),
        ("status", ("进展", "Status"), _status(report)),
        ("kilometres", ("里程", "Kilometres"), _kilometres(report)),
        ("scenarios", ("情景与假定", "Scenarios and what they assume"), _scenarios(report)),
        ("promises", ("承诺核算", "The promises, computed"), _promises(report, names)),
        (
            "years",
            ("逐年变化", "Year by year"),
            [part for step in report.steps for part in _step(step, _english(report))],
        ),
        ("matrix", ("各政府驻地之间用时", "Minutes between all seats"), _matrices(report)),
        ("method", ("方法与局限", "Method and limits"), method_parts(report)),
        ("sources", ("来源与许可", "Sources and licences"), source_parts(report)),
    ]
    contents = "".join(f'<li><a href="#{name}">{two(*words)}</a></li>' for name, words, _ in chapters)
    body = [
        paragraph(*_finding(report), kind="lead"),
        paragraph(
            f"资料截至 {report.as_of}；校验码 {report.hash}。",
            f"Facts as of {report.as_of}; hash {report.hash}.",
            kind="small",
        ),
        f'<nav><ol class="contents">{contents}</ol></nav>',
        *(section(*words, parts, name=name) for name, words, parts in chapters),
        paragraph(f"校验码 {report.hash}", f"Hash {report.hash}", kind="foot"),
    ]
    return document(_TITLE, body, lang=lang, hash=report.hash, home=home, styles=("report.css",))


def _year(name: str) -> Words:
    return (name, name) if name != "full" else ("全部规划", "full plan")


def _number(value: float, *, decimals: int = 0) -> str:
    text = f"{value:,.{decimals}f}".replace("-", "−")
    return cell(text, kind="number zero" if not value else "number")


def _finding(report: Report) -> Words:
    """Say in one sentence how many promises hold in the first, a middle and the last year."""
    door = report.summary[(report.summary["mode"] == "multimodal") & (report.summary["measure"] == "door")]
    stated = door[door["limit_basis"].str.startswith("stated")]
    names = [scenario.name for scenario in report.scenarios]
    told_zh, told_en = [], []
    for name in dict.fromkeys((names[0], names[len(names) // 2], names[-1])):
        found = stated[stated["scenario"] == name]
        inside, near = (int((found["verdict"] == word).sum()) for word in ("inside", "borderline"))
        zh, en = _year(name)
        told_zh.append(f"{zh}：{inside} 项达到、{near} 项临界、{len(found) - inside - near} 项未达到")
        told_en.append(f"{en}: {inside} hold, {near} borderline, {len(found) - inside - near} fail")
    return (
        f"规划写明时限的 {stated['target_id'].nunique()} 项通达承诺，门到门、公路与铁路取快者——{'；'.join(told_zh)}。",
        f"Of the {stated['target_id'].nunique()} promises with minutes of the plan's own, door to door by the faster "
        f"of road and rail — {'; '.join(told_en)}.",
    )


def _facts(facts: Iterable[tuple[object, Words]]) -> str:
    items = "".join(f"<li><b>{html.escape(str(number))}</b>{two(*words)}</li>" for number, words in facts)
    return f'<ul class="facts">{items}</ul>'


def _numbers(report: Report) -> list[str]:
    counts = report.resolutions
    operating = report.kilometres[report.kilometres["status"] == "operating"].set_index("mode")["km"]
    facts: list[tuple[object, Words]] = [(len(report.register), ("规划条目", "items of the plan"))]
    facts += [(counts[name], words) for name, words in _RESOLUTIONS.items()]
    facts.append((len(report.changes), ("印发以来状态有变", "changed since the issue")))
    facts += [
        (f"{operating[mode]:,.0f} km", (f"运营{_LINES[mode][0]}", f"{_LINES[mode][1]} in use"))
        for mode in ("railway", "expressway")
        if mode in operating
    ]
    return [
        _facts(facts),
        paragraph(
            f"规划（粤府〔2023〕92 号，{ISSUED} 印发）点名的每一项都有编号、原文、本图集的读法、状态史和来源；"
            "每一项或对应图上要素，或为由要素组成的通道，或为被核算的目标，或写明为何没有图形，四数相加等于总数。",
            f"Each item the plan names (粤府〔2023〕92号 of {ISSUED}) has an id, the plan's words, this atlas's "
            "reading, a status history and sources. It is a feature on the map, a corridor made of features, a target "
            "that is computed, or has a written reason for having no geometry; the four counts add up to the total.",
        ),
    ]


def _status(report: Report) -> list[str]:
    parts = [_status_table(report, report.items, ("最新状态", "Latest known status"))]
    parts.append(_status_table(report, report.items_at_issue, (f"印发时（{ISSUED}）", f"At the issue ({ISSUED})")))
    rows = []
    for change in report.changes:
        item = report.register[change.item]
        before = two(*_STATUS[change.before.status]) if change.before else ""
        rows.append(
            [
                cell(two(item.name_zh, item.name_en), head=True),
                cell(f"<code>{html.escape(item.id)}</code>"),
                cell(before),
                cell(two(*_STATUS[change.after.status])),
                cell(html.escape(change.after.date), kind="number"),
            ]
        )
    heads = [
        ("条目", "Item"),
        ("编号", "Id"),
        ("印发时", "At the issue"),
        ("现在", "Now"),
        ("自", "Since"),
    ]
    parts.append(
        table(heads, rows, caption=("印发以来状态有变的条目", "Items whose status has changed since the issue"))
    )
    return parts


def _status_table(report: Report, items: pd.DataFrame, caption: Words) -> str:
    counts = report.status_by_kind(items)
    columns = [name for name in ITEM_STATUSES if name in counts]
    rows = [
        [
            cell(two(*_ITEM_KINDS[kind]), head=True),
            *(_number(float(counts[name].loc[kind])) for name in columns),
            _number(float(np.sum(counts.loc[kind].to_numpy()))),
        ]
        for kind in _ITEM_KINDS
        if kind in counts.index
    ]
    total = [_number(int(counts[name].sum())) for name in columns]
    rows.append([cell(two("合计", "All"), head=True), *total, _number(int(counts.to_numpy().sum()))])
    heads = [("类别", "Kind"), *(_STATUS[name] for name in columns), ("合计", "All")]
    return _keep(table(heads, rows, caption=caption))


def _keep(content: str, *, figures: bool = True) -> str:
    """Keep a short table on one sheet; `figures`: all columns but the first hold numbers."""
    return f'<div class="keep{" figures" * figures}">{content}</div>'


def _pivot(frame: pd.DataFrame, rows: Sequence[str], head: Words, names: Mapping[str, Words], caption: Words) -> str:
    """Return kilometres with one line for each value of the columns `rows`, one column a status."""
    columns = [name for name in ITEM_STATUSES if (frame["status"] == name).any()]
    wide = frame.pivot_table(index=list(rows), columns="status", values="km", aggfunc="sum", fill_value=0.0, sort=False)
    lines = []
    words = {**_LINES, **names}
    for key, row in wide.iterrows():
        parts = [words[str(part)] for part in (key if isinstance(key, tuple) else (key,))]
        label = two("，".join(zh for zh, _ in parts), ", ".join(en for _, en in parts))
        lines.append(
            [
                cell(label, head=True),
                *(_number(float(row[name])) for name in columns),
                _number(float(row.sum())),
            ]
        )
    heads = [head, *(_STATUS[name] for name in columns), ("合计", "All")]
    return _keep(table(heads, lines, caption=caption))


def _kilometres(report: Report) -> list[str]:
    lines = report.kilometres
    share = lines["published_km"].sum() / lines["km"].sum()
    corridors = {item.id: (item.name_zh, item.name_en) for item in report.register if item.kind == "corridor"}
    return [
        paragraph(
            "每段只计一次：共线的另一条不再计；无公布走向的线路和示意连接道不计。"
            f"{share:.0%} 的里程依据公布长度，其余为图上量得。两市之间的一段各计一半。",
            "Each stretch is counted once: a second line along it is not; lines without a published alignment and "
            f"schematic access links are left out. {share:.0%} of the kilometres rest on published lengths, the rest "
            "are measured on the map. A stretch between two cities counts half for each.",
        ),
        _pivot(lines, ["mode"], ("方式", "Mode"), {}, ("公里，按方式与状态", "Kilometres by mode and status")),
        _pivot(_own_cities(report.cities), ["city", "mode"], ("城市，方式", "City, mode"), _city_words(), _BY_CITY),
        _pivot(
            report.corridors,
            ["corridor", "mode"],
            ("通道，方式", "Corridor, mode"),
            corridors,
            (
                "公里，按规划通道；同一线路可属两条通道，不可相加",
                "Kilometres by corridor; a line may serve two corridors, so these are not to be added",
            ),
        ),
    ]


def _city_words() -> dict[str, Words]:
    return {zh: (zh, en) for zh, en in [*_CITIES.items(), _ELSEWHERE]}


def _own_cities(cities: pd.DataFrame) -> pd.DataFrame:
    """Put the four cities of the plan first and all others together."""
    named = cities.assign(city=cities["city"].where(cities["city"].isin(_CITIES), _ELSEWHERE[0]))
    order = named["city"].map({name: i for i, name in enumerate((*_CITIES, _ELSEWHERE[0]))})
    return named.assign(order=order).sort_values(["order", "mode"], kind="stable")


def _scenarios(report: Report) -> list[str]:
    rows = [
        [
            cell(two(*_year(header["name"])), head=True),
            *(_number(header[name]) for name in ("features", "announced", "assumed")),
            cell(f"<code>{header['hash']}</code>"),
        ]
        for header in report.headers
    ]
    heads: list[Words] = [
        ("情景", "Scenario"),
        ("开通要素", "Features open"),
        ("其中公布年份", "of an announced year"),
        ("其中假定年份", "of an assumed year"),
        ("校验码", "Hash"),
    ]
    assumed = [
        [
            cell(two(row["name_zh"], row["name_en"]), head=True),
            cell(f"<code>{html.escape(row['layer'])}/{html.escape(row['feature_id'])}</code>"),
            cell(two(*_STATUS[row["status"]])),
            cell(two(*_year("full")) if pd.isna(row["opens_year"]) else str(int(row["opens_year"])), kind="number"),
        ]
        for row in report.assumed.to_dict("records")
        if not str(row["feature_id"]).startswith("acc_")
    ]
    return [
        paragraph(
            "没有日期的要素按一条规则定年：在建 2030 年，前期工作 2035 年，其余只在“全部规划”中。此类年份标为“假定”。",
            "Features without a date get their year by one rule: under construction 2030, preliminary work 2035, all "
            "others only in the full plan. Such a year is marked as assumed.",
        ),
        _keep(table(heads, rows, caption=("各情景开通的要素", "What is open in each scenario")), figures=False),
        table(
            [("要素", "Feature"), ("编号", "Id"), ("状态", "Status"), ("自", "From")],
            assumed,
            caption=("开通年份为假定的要素", "Features whose opening year is assumed"),
        ),
    ]


def _promises(report: Report, names: Sequence[str]) -> list[str]:
    parts = claim_introduction(report.targets)
    parts.append(verdict_table(report.summary, mode="multimodal", measure="door", scenarios=names))
    told = claim_sections(report.summary, report.targets, scenarios=names, english=_english(report))
    detail = "\n".join(told)
    return [*parts, detail.replace("<h2>", "<h3>").replace("</h2>", "</h3>")]


def _english(report: Report) -> dict[str, str]:
    """English names of the seats by Chinese name."""
    return dict(zip(report.seats["name_zh"], report.seats["name_en"], strict=True))


def _step(step: Step, english: Mapping[str, str]) -> list[str]:
    before, after = (_year(scenario.name) for scenario in (step.before, step.after))
    rows = [
        [
            cell(two(row["name_zh"], row["name_en"]), head=True),
            cell(f"<code>{html.escape(row['name'])}</code>"),
            cell(two(*_year("full")) if pd.isna(row["opens_year"]) else str(int(row["opens_year"])), kind="number"),
            cell(two(*_BASES[row["opens_basis"]])),
        ]
        for row in step.opened.to_dict("records")
    ]
    heads = [("新开通", "Opens"), ("编号", "Id"), ("年份", "Year"), ("依据", "Basis")]
    parts = [f"<h3>{two(f'{before[0]} → {after[0]}', f'{before[1]} → {after[1]}')}</h3>"]
    parts.append(table(heads, rows, caption=_OPENED))
    for mode in MATRIX_MODES:
        parts += _changes(step, mode, english)
    return parts


def _changes(step: Step, mode: str, english: Mapping[str, str]) -> list[str]:
    change = step.changes[mode]
    zh, en = _MATRIX[mode]
    pairs = change.pairs
    crossing = {
        cutoff: int(pairs["crossing"].str.split(";").map(lambda found, c=cutoff: f"gained {c:g}" in found).sum())
        for cutoff in change.cutoffs_min
    }
    if not len(pairs):
        return [paragraph(f"{zh}：各驻地之间的用时均无变化。", f"{en.capitalize()}: no pair of seats changes.")]
    parts = [
        paragraph(
            f"{zh}：{len(pairs)} 对驻地变快，其中 "
            + "、".join(f"{count} 对进入 {cutoff:g} 分钟" for cutoff, count in crossing.items())
            + "。",
            f"{en.capitalize()}: pairs of seats that get faster: {len(pairs)}; "
            + "; ".join(f"that come within {cutoff:g} min: {count}" for cutoff, count in crossing.items())
            + ".",
        )
    ]
    projects = [
        [
            cell(two(row["name_zh"], row["name_en"]), head=True),
            _number(row["pairs"]),
            _number(row["minutes_lost_without"]),
            _number(row["crossings_lost_without"]),
        ]
        for row in change.projects.head(_MOST).to_dict("records")
    ]
    heads = [
        ("项目", "Project"),
        ("新路线经过的对数", "Pairs on it"),
        ("若无则多用分钟（合计）", "Minutes more without it, all pairs"),
        ("若无则失去的跨越", "Crossings lost without it"),
    ]
    parts.append(_keep(table(heads, projects, caption=(f"起作用的项目，{zh}", f"Projects that matter, {en}"))))
    people = [row for row in change.totals.to_dict("records") if row["from_id"] in _FROM and _differs(row)]
    if people:
        parts.append(_people(people, zh, en, english))
    return parts


def _differs(row: Mapping[Any, Any]) -> bool:
    return bool(row["places_before"] != row["places_after"] or row["people_before"] != row["people_after"])


def _people(rows: Sequence[Mapping[Any, Any]], zh: str, en: str, english: Mapping[str, str]) -> str:
    heads: list[Words] = [
        ("出发", "From"),
        ("以内，分钟", "Within, min"),
        ("地点，前", "Places before"),
        ("后", "after"),
        ("居民（万人），前", "Residents (10 000) before"),
        ("后", "after"),
    ]
    lines = [
        [
            cell(two(row["from_zh"], english.get(row["from_zh"], row["from_zh"])), head=True),
            _number(row["cutoff_min"]),
            _number(row["places_before"]),
            _number(row["places_after"]),
            _number(row["people_before"] / 1e4),
            _number(row["people_after"] / 1e4),
        ]
        for row in rows
    ]
    caption = (
        f"四市政府驻地可达的地点与居民，{zh}；居民按其政府驻地计",
        f"Places and residents within reach of the four seats, {en}; residents counted at their own seat",
    )
    return _keep(table(heads, lines, caption=caption))


def _matrices(report: Report) -> list[str]:
    notes = [
        paragraph(
            "门到门分钟，居中参数；行为出发地，列为到达地。",
            "Minutes door to door, central parameters; from the row to the column.",
        )
        + f'<p class="small"><span class="key hour">{two("60 分钟以内", "within 60 min")}</span> '
        f'<span class="key two">{two("120 分钟以内", "within 120 min")}</span></p>'
    ]
    parts: list[str] = []
    for k, mode in enumerate(MATRIX_MODES):
        zh, en = _MATRIX[mode]
        shown: dict[str, np.ndarray[Any, np.dtype[np.float64]]] = {}
        for i, scenario in enumerate(report.scenarios):
            year, minutes = _year(scenario.name), report.minutes[i, k]
            same = next((name for name, old in shown.items() if _same(old, minutes)), None)
            if same is not None:
                notes.append(
                    paragraph(
                        f"{year[0]}，{zh}：与 {same} 相同。", f"{year[1].capitalize()}, {en}: the same as {same}."
                    )
                )
                continue
            shown[scenario.name] = minutes
            parts.append(_matrix(report.seats, minutes, (f"{year[0]}，{zh}", f"{year[1].capitalize()}, {en}")))
    return [*notes, *parts]


def _same(a: np.ndarray[Any, np.dtype[np.float64]], b: np.ndarray[Any, np.dtype[np.float64]]) -> bool:
    return bool(np.allclose(a, b, rtol=0.0, atol=1e-6, equal_nan=True))


def _matrix(seats: pd.DataFrame, minutes: np.ndarray[Any, np.dtype[np.float64]], caption: Words) -> str:
    names = [(str(row.name_zh).removesuffix("特别行政区"), _short(str(row.name_en))) for row in seats.itertuples()]
    rows = []
    for i, name in enumerate(names):
        cells = [cell("—", kind="same") if i == j else _minutes(float(minutes[i, j])) for j in range(len(names))]
        rows.append([cell(two(*name), head=True), *cells])
    shown = table([("自 ╲ 至", "From ╲ to"), *names], rows, caption=caption)
    return f'<div class="matrix">{shown}</div>'


def _short(name: str) -> str:
    """Leave out what kind of unit a place is: the table is narrow and every place in it is a seat."""
    for ending in (" Special Administrative Region", " SAR", " District", " County", " City"):
        name = name.removesuffix(ending)
    return name


def _minutes(value: float) -> str:
    if math.isnan(value):
        return cell("", kind="none")
    return cell(f"{value:.0f}", kind="hour" if value <= 60.0 else "two" if value <= 120.0 else "")
