"""The validation page: measured against modelled minutes, the errors, and the ten worst with a reason."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
import pandas as pd

from atlas.base.style import TIME_RAMP, symbol_of
from atlas.evidence.accuracy import Validation, summary, worst
from atlas.maps.document import cell, document, paragraph, section, table, two

__all__ = ["draw_validation"]

_TITLE = ("模型检验", "Validation of the model")
_CHECKS = {
    "rail as ridden": ("铁路：按时刻表乘坐", "Rail: as ridden by timetable"),
    "rail with a change": ("铁路：需换乘的站对", "Rail: pairs with a change"),
    "rail fastest train": ("铁路：最快车次", "Rail: fastest train"),
    "rail formula, service held out": ("铁路：公式预测未参与拟合的车次", "Rail: formula on services held out"),
    "rail formula, pair held out": ("铁路：公式预测未参与拟合的站对", "Rail: formula on pairs held out"),
    "road": ("公路：实测行程", "Road: measured drives"),
    "road, fitted on the other rows": ("公路：系数由其余各行拟合", "Road: factors fitted on the other rows"),
}
#: What the plot shows: ink, radius and opacity of each check.
_DOTS = {
    "rail formula, service held out": (TIME_RAMP[2].color, 2.6, 0.55),
    "rail as ridden": (symbol_of("railways").color, 3.0, 0.7),
    "road": (symbol_of("highways", "expressway").color, 5.5, 0.85),
}
_SIZE, _MARGIN = 520, 52


def draw_validation(found: Validation, *, hash: str, lang: str = "zh") -> str:
    """Return the page."""
    body = [
        paragraph(
            "模型与标定表比较。相对误差为“模型/实测－1”；偏差为其中位数，正值表示模型偏慢。",
            "The model beside the calibration tables. The relative error is modelled over measured less one; the bias "
            "is its median, positive where the model is slow.",
        ),
        _finding(found.errors),
        _summary_table(found.errors),
        f'<figure class="plot">{_plot(found.errors)}<figcaption>{_plot_legend(found.errors)}</figcaption></figure>',
        section(
            "误差最大的十项",
            "The ten worst",
            [_worst_table(found.errors)],
        ),
        section("公路：逐行", "Roads: row by row", [_fit_paragraph(found), _road_table(found.errors)]),
        section(
            "逐线留出",
            "Leaving out one line at a time",
            [
                paragraph(
                    "公式的三个数在其余线路上拟合，再预测留出线路上各站间的运行时间。",
                    "The formula's three numbers, fitted on the other lines, predict the runs of the line left out.",
                ),
                _line_table(found.lines),
            ],
        ),
        paragraph(f"校验码 {hash}", f"Hash {hash}", kind="foot"),
    ]
    return document(_TITLE, body, lang=lang, hash=hash)


def _finding(errors: pd.DataFrame) -> str:
    """Say in a sentence how far the model is off."""
    by_check = summary(errors).set_index("check")
    rail, road = (dict(by_check.loc[name]) for name in ("rail as ridden", "road, fitted on the other rows"))

    def parts(row: dict[Any, Any]) -> tuple[str, str, str]:
        return f"{100 * row['median_error']:.0f} %", f"{100 * row['p90_error']:.0f} %", f"{row['pairs']:.0f}"

    (rail_half, rail_most, rails), (road_half, road_most, roads) = parts(rail), parts(road)
    return paragraph(
        f"列车用时半数误差在 {rail_half} 以内，九成在 {rail_most} 以内（{rails} 个站对）；"
        f"驾车用时半数在 {road_half} 以内，九成在 {road_most} 以内（{roads} 段，逐段留出）。",
        f"Half of the train times are within {rail_half} and nine in ten within {rail_most} ({rails} pairs of "
        f"stations); half of the drives within {road_half} and nine in ten within {road_most} ({roads} drives, "
        "each left out of the fit).",
        kind="lead",
    )


def _percent(value: float, *, sign: bool = False) -> str:
    text = f"{100 * value:{'+' if sign else ''}.1f} %"
    return cell("0.0 %" if text[1:] == "0.0 %" else text.replace("-", "−"), kind="number")


def _summary_table(errors: pd.DataFrame) -> str:
    rows = [
        [
            cell(two(*_CHECKS[row["check"]]), head=True),
            cell(str(row["pairs"]), kind="number"),
            cell(f"{row['median_error_min']:.1f}", kind="number"),
            cell(f"{row['p90_error_min']:.1f}", kind="number"),
            _percent(row["median_error"]),
            _percent(row["p90_error"]),
            _percent(row["bias"], sign=True),
        ]
        for row in summary(errors).to_dict("records")
    ]
    heads = [
        ("检验", "Check"),
        ("项数", "Pairs"),
        ("绝对误差中位数，分钟", "Median error, min"),
        ("九成以内，分钟", "90 % within, min"),
        ("相对误差中位数", "Median error"),
        ("九成以内", "90 % within"),
        ("偏差", "Bias"),
    ]
    return table(heads, rows, caption=("误差汇总", "Errors in sum"))


def _worst_table(errors: pd.DataFrame) -> str:
    rows = [
        [
            cell(two(*_CHECKS[row["check"]]), head=True),
            cell(html.escape(f"{row['from_zh']} → {row['to_zh']}")),
            cell(f"{row['measured_min']:.0f}", kind="number"),
            cell(f"{row['modelled_min']:.0f}", kind="number"),
            _percent(row["error"], sign=True),
            cell(two(row["why_zh"], row["why"])),
        ]
        for row in worst(errors).to_dict("records")
    ]
    heads = [
        ("检验", "Check"),
        ("行程", "Trip"),
        ("实测", "Measured"),
        ("模型", "Modelled"),
        ("误差", "Error"),
        ("原因", "Reason"),
    ]
    return table(heads, rows, caption=("分钟", "Minutes"))


def _fit_paragraph(found: Validation) -> str:
    values = list(found.road_factors.values())
    zh = "、".join(f"{value:.2f}" for value in values)
    en = ", ".join(f"{value:.2f}" for value in values)
    return paragraph(
        f"平常时段的三个速度系数（高速、城市快速路、普通公路）由实测行程拟合，先验亦计入：{zh}。"
        "留出列为不用该行拟合时的误差；自由流一行只比较，不拟合。",
        f"The three speed factors of the typical period (expressways, urban expressways, ordinary roads) are fitted "
        f"on the drives, with what was expected before counted in: {en}. The column left out has the error when the "
        "row takes no part in the fit; the row in free flow is compared and not fitted.",
    )


def _road_table(errors: pd.DataFrame) -> str:
    shipped = errors[errors["check"] == "road"]
    held = errors[errors["check"] == "road, fitted on the other rows"]
    left = {(row["from_zh"], row["to_zh"], row["measured_min"]): row["error"] for row in held.to_dict("records")}
    rows = []
    for row in shipped.to_dict("records"):
        low, high = row["measured_low_min"], row["measured_high_min"]
        without = left.get((row["from_zh"], row["to_zh"], row["measured_min"]))
        rows.append(
            [
                cell(html.escape(f"{row['from_zh']} → {row['to_zh']}"), head=True),
                cell(f"{low:.0f}" if low == high else f"{low:.0f}–{high:.0f}", kind="number"),
                cell(f"{row['modelled_min']:.0f}", kind="number"),
                _percent(row["error"], sign=True),
                cell("–", kind="number") if without is None else _percent(without, sign=True),
                cell(two(row["why_zh"], row["why"])),
            ]
        )
    heads = [
        ("行程", "Trip"),
        ("实测", "Measured"),
        ("模型", "Modelled"),
        ("误差", "Error"),
        ("留出", "Left out"),
        ("说明", "Reading"),
    ]
    return table(heads, rows, caption=("分钟", "Minutes"))


def _line_table(lines: pd.DataFrame) -> str:
    rows = [
        [
            cell(two(row["line_zh"], row["line_en"]), head=True),
            cell(str(row["runs"]), kind="number"),
            _percent(row["median_error"]),
            _percent(row["p90_error"]),
            _percent(row["bias"], sign=True),
            cell(f"{row['speed_factor']:.2f}", kind="number"),
            cell(f"{row['acceleration_ms2']:.2f}", kind="number"),
            cell(f"{row['dwell_min']:.1f}", kind="number"),
        ]
        for row in lines.to_dict("records")
    ]
    heads = [
        ("留出的线路", "Line left out"),
        ("区间数", "Runs"),
        ("误差中位数", "Median error"),
        ("九成以内", "90 % within"),
        ("偏差", "Bias"),
        ("速度系数", "Speed factor"),
        ("加速度 m/s²", "Acceleration, m/s²"),
        ("停站 分钟", "Dwell, min"),
    ]
    return table(
        heads, rows, caption=("各车次在该线上的分钟数的误差", "Errors of the minutes each service spends on the line")
    )


def _plot(errors: pd.DataFrame) -> str:
    """Return measured against modelled minutes as inline SVG, both axes logarithmic."""
    # roads are drawn last: they are few
    shown = errors[errors["check"].isin(_DOTS)].sort_values("check", key=lambda checks: checks.map(list(_DOTS).index))
    both = shown[["measured_min", "modelled_min"]].to_numpy(dtype=np.float64)
    low, high = 0.8 * both.min(), 1.2 * both.max()

    def place(minutes: float) -> float:
        return float(np.log(minutes / low) / np.log(high / low)) * (_SIZE - 2 * _MARGIN)

    parts = [
        f'<svg viewBox="0 0 {_SIZE} {_SIZE}" width="{_SIZE}" height="{_SIZE}" role="img" '
        'aria-label="Measured and modelled minutes" style="max-width:100%;height:auto">'
    ]
    top = _SIZE - 2 * _MARGIN
    parts.append(f'<rect x="{_MARGIN}" y="{_MARGIN}" width="{top}" height="{top}" fill="none" stroke="var(--edge)"/>')
    for tick in (5, 10, 20, 50, 100, 200):
        if low < tick < high:
            x, y = _MARGIN + place(tick), _SIZE - _MARGIN - place(tick) + 4
            below = f'y="{_SIZE - _MARGIN + 16}" font-size="11" text-anchor="middle"'
            beside = f'x="{_MARGIN - 6}" font-size="11" text-anchor="end"'
            parts.append(f'<text x="{x:.1f}" {below}>{tick}</text><text y="{y:.1f}" {beside}>{tick}</text>')
    for factor, dash in ((1.0, ""), (1.15, "4 4"), (1 / 1.15, "4 4")):
        a, b = max(low, low / factor), min(high, high / factor)
        parts.append(
            f'<line x1="{_MARGIN + place(a):.1f}" y1="{_SIZE - _MARGIN - place(a * factor):.1f}" '
            f'x2="{_MARGIN + place(b):.1f}" y2="{_SIZE - _MARGIN - place(b * factor):.1f}" stroke="var(--secondary)" '
            f'stroke-dasharray="{dash}"/>'
        )
    for check, measured, modelled in zip(shown["check"], both[:, 0], both[:, 1], strict=True):
        colour, radius, alpha = _DOTS[str(check)]
        parts.append(
            f'<circle cx="{_MARGIN + place(measured):.1f}" cy="{_SIZE - _MARGIN - place(modelled):.1f}" r="{radius}" '
            f'fill="{colour}" fill-opacity="{alpha}"/>'
        )
    middle = _SIZE / 2
    for words, attributes in (
        (("实测，分钟", "Measured, min"), f'x="{middle}" y="{_SIZE - 12}"'),
        (("模型，分钟", "Modelled, min"), f'x="14" y="{middle}" transform="rotate(-90 14 {middle})"'),
    ):
        for lang, text in zip(("zh-CN", "en"), words, strict=True):
            parts.append(f'<text lang="{lang}" {attributes} font-size="12" text-anchor="middle">{text}</text>')
    return "".join([*parts, "</svg>"])


def _plot_legend(errors: pd.DataFrame) -> str:
    counts = errors["check"].value_counts()
    items = [
        f'<li><span class="spot" style="background:{colour}"></span>'
        f"{two(*_CHECKS[check])} ({counts.get(check, 0)})</li>"
        for check, (colour, *_) in _DOTS.items()
    ]
    line = two("实线：模型与实测相等；虚线：±15 %", "Line: modelled equals measured; dashed: ±15 %")
    return f'<ul class="key">{"".join(items)}<li>{line}</li></ul>'
