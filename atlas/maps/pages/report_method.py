"""The last chapters of the report: how minutes are made, with all parameters, and what the data rest on."""

from __future__ import annotations

import html

from atlas.maps.document import cell, paragraph, table
from atlas.plan.summary import Report

__all__ = ["method_parts", "source_parts"]


def method_parts(report: Report) -> list[str]:
    """Return the chapter on the method."""
    told = [
        (
            "公路：里程÷（限速×系数），系数随道路等级和时段；进出收费网另加固定分钟。"
            "地点与路网之间按直线×绕行系数、本地车速计，不跨水。",
            "Roads: length over limit times a factor by class and period; joining and leaving the tolled network take "
            "fixed minutes. Between a place and the network: straight line times a detour factor at local speed, over "
            "land only.",
        ),
        (
            "铁路：有公布运行时间的用公布值，否则按设计速度、加减速和停站的公式；另计进出站、候车与换乘。"
            "每日列车数不足时换乘等待更长。",
            "Rail: published run times where known, else a formula from design speed, acceleration and dwell; entering "
            "and leaving the station, boarding and transfers are added. Transfers wait the longer, the fewer "
            "trains run.",
        ),
        (
            "口岸：按口岸与方向的固定分钟。港澳只经口岸可达。",
            "Borders: fixed minutes by crossing and direction. Hong Kong and Macau are reached through a crossing "
            "only.",
        ),
        (
            "分钟数是估算：多数线路为示意走向，位置误差逐条注明；一天中的时刻、拥堵事件和票务未计。"
            "结论因此带三组参数的稳定性，临界带内的差别不应作为依据。",
            "Minutes are estimates: most lines are drawn schematically, with their position error stated one by one; "
            "time of day, incidents and ticketing are not modelled. Verdicts therefore carry their stability under "
            "three parameter sets, and differences within the borderline band should carry no decision.",
        ),
        (
            "没有公布走向的条目以虚线画在所名两端之间，不进入网络，也不影响任何分钟数。",
            "Items without a published alignment are drawn dashed between the ends they name; they are no part of the "
            "network and change no minutes.",
        ),
    ]
    rows = [
        [
            cell(f"<code>{html.escape(row.name)}</code>", head=True),
            *(cell(f"{value:g}", kind="number") for value in (row.low, row.central, row.high)),
            cell(html.escape(row.unit)),
            cell(html.escape(row.source)),
        ]
        for row in report.parameters
    ]
    heads = [
        ("参数", "Parameter"),
        ("低", "Low"),
        ("中", "Central"),
        ("高", "High"),
        ("单位", "Unit"),
        ("来源", "Source"),
    ]
    return [
        *(paragraph(*words) for words in told),
        table(heads, rows, caption=("全部参数", "All parameters")),
    ]


def source_parts(report: Report) -> list[str]:
    """Return the chapter on sources and licences."""
    rows = [
        [
            cell(html.escape(source.title), head=True),
            cell(html.escape(source.publisher)),
            cell(html.escape(source.retrieved), kind="number"),
            cell(html.escape(source.licence)),
        ]
        for source in report.sources.values()
    ]
    heads = [("来源", "Source"), ("发布者", "Publisher"), ("取得", "Retrieved"), ("许可", "Licence")]
    return [
        paragraph(
            "© OpenStreetMap 贡献者（ODbL）；GeoNames（CC BY 4.0）。行政区划界线不在图集中。"
            "公开使用地图前请按规定办理审核。",
            "© OpenStreetMap contributors (ODbL); GeoNames (CC BY 4.0). Administrative boundaries are no part of the "
            "atlas. Have maps reviewed as the rules require before publishing them.",
        ),
        table(heads, rows, caption=("资料来源", "Sources of data")),
    ]
