"""Columns as other programs see them: type, unit, Chinese alias, and a name of ten letters for Shapefile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from atlas.data.declaration import Column, ColumnType, LayerSpec

__all__ = ["Field", "fields_of_frame", "fields_of_layer", "short_names"]

#: Chinese alias of every column that the atlas writes.
ALIASES: dict[str, str] = {
    "id": "编号",
    "name_zh": "中文名",
    "name_en": "英文名",
    "kind": "类别",
    "status": "状态",
    "status_as_of": "状态截至日期",
    "checked_on": "核对日期",
    "opened": "开通日期",
    "expected_open": "预计开通年份",
    "opens_basis": "开通年份依据",
    "opens_year": "计入年份",
    "plan_ids": "规划条目编号",
    "city": "所在城市",
    "source": "数据来源",
    "source_note": "来源说明",
    "confidence": "可信度",
    "geometry_quality": "几何质量",
    "position_error_m": "位置误差(米)",
    "design_speed_kmh": "设计时速(公里/小时)",
    "operating_speed_kmh": "运营时速(公里/小时)",
    "passenger": "是否客运",
    "station_ids": "车站编号",
    "published_length_km": "公布里程(公里)",
    "drawn_length_km": "图上里程(公里)",
    "in_network": "是否纳入路网",
    "drawn_by": "由何要素绘出",
    "elapsed_min": "累计用时(分钟)",
    "elapsed_min_low": "累计用时下限(分钟)",
    "elapsed_min_high": "累计用时上限(分钟)",
    "trains_per_day": "每日列车数",
    "trains_recent": "平日列车数",
    "line_ids": "线路编号",
    "category": "车次类别",
    "train_numbers": "车次",
    "ref": "道路编号",
    "speed_limit_kmh": "限速(公里/小时)",
    "lanes": "车道数",
    "toll": "是否收费",
    "oneway": "单行方向",
    "node_ids": "节点编号",
    "structure": "结构",
    "no_connect": "不相连说明",
    "exit": "可否出入",
    "course": "走向依据",
    "upgrades": "改扩建对象",
    "service": "服务类别",
    "side_a_city": "甲端城市",
    "side_b_city": "乙端城市",
    "travellers": "可通行旅客",
    "vehicles": "可通行车辆",
    "hours": "开放时间",
    "port": "所属港口",
    "port_of_entry": "所属口岸",
    "unlocode": "联合国港口代码",
    "iata": "国际航协代码",
    "icao": "国际民航代码",
    "level": "行政级别",
    "adcode": "行政区划代码",
    "parent": "上级代码",
    "population": "人口",
    "pop_year": "人口年份",
    "area_km2": "面积(平方公里)",
    "aliases": "别名",
    "node_id": "节点编号",
    "mode": "方式",
    "layer": "图层",
    "feature_id": "要素编号",
    "side": "边界侧",
    "edge_id": "边编号",
    "from_id": "起点编号",
    "to_id": "终点编号",
    "role": "作用",
    "speed_class": "速度等级",
    "length_km": "长度(公里)",
    "run_min": "运行时间(分钟)",
    "run_min_low": "运行时间下限(分钟)",
    "run_min_high": "运行时间上限(分钟)",
    "from_point": "起点要素",
    "to_point": "终点要素",
    "minutes_low": "用时下限(分钟)",
    "minutes": "用时(分钟)",
    "minutes_high": "用时上限(分钟)",
    "departures_per_day": "每日班次(单向)",
    "trains_ordinary": "普通日列车数",
    "service_ordinary": "普通日车次数",
    "target": "对象",
    "travel_time_min": "出行时间(分钟)",
    "cutoff_min": "时限(分钟)",
    "band_min": "时限(分钟)",
    "via_edge_id": "经由边编号",
    "from_min": "起点时刻(分钟)",
    "to_min": "终点时刻(分钟)",
    "scenario": "情景",
    "access_min": "起点接驳时间(分钟)",
    "wait_min": "候车时间(分钟)",
    "in_vehicle_min": "车内时间(分钟)",
    "transfer_min": "换乘时间(分钟)",
    "border_min": "通关时间(分钟)",
    "egress_min": "终点接驳时间(分钟)",
    "lon": "经度",
    "lat": "纬度",
    "origin": "出发地",
    "name": "名称",
    "value": "取值",
    "low": "低值",
    "central": "中值",
    "high": "高值",
    "unit": "单位",
    "note": "备注",
    "hash": "校验码",
}

#: Shapefile names where cutting at ten letters would be unclear or would clash.
SHORT_NAMES: dict[str, str] = {
    "status_as_of": "status_dat",
    "checked_on": "checked_on",
    "expected_open": "exp_open",
    "opens_basis": "open_basis",
    "opens_year": "open_year",
    "source_note": "src_note",
    "geometry_quality": "geom_qual",
    "position_error_m": "pos_err_m",
    "design_speed_kmh": "v_design",
    "operating_speed_kmh": "v_operate",
    "station_ids": "stations",
    "published_length_km": "len_pub_km",
    "drawn_length_km": "len_drw_km",
    "elapsed_min": "el_min",
    "elapsed_min_low": "el_min_low",
    "elapsed_min_high": "el_min_hi",
    "trains_per_day": "trains_day",
    "trains_recent": "trains_rec",
    "train_numbers": "train_nos",
    "speed_limit_kmh": "v_limit",
    "run_min_low": "run_low",
    "run_min_high": "run_high",
    "minutes_low": "min_low",
    "minutes_high": "min_high",
    "departures_per_day": "deps_day",
    "side_a_city": "a_city",
    "side_b_city": "b_city",
    "travel_time_min": "time_min",
    "in_vehicle_min": "ride_min",
    "trains_ordinary": "trains_ord",
    "service_ordinary": "serv_ord",
}
_WIDTH = 10


@dataclass(frozen=True)
class Field:
    """A column: name, type, unit, what it holds, its Chinese alias."""

    name: str
    type: ColumnType
    unit: str = ""
    about: str = ""
    alias: str = ""
    allowed: tuple[str, ...] = ()


def fields_of_layer(spec: LayerSpec, frame: pd.DataFrame) -> tuple[Field, ...]:
    """Return the fields of a layer: as declared, then whatever else its frame holds."""
    declared = {column.name: _declared(column) for column in spec.columns}
    found = fields_of_frame(frame)
    return tuple(declared.get(field.name, field) for field in found)


def _declared(column: Column) -> Field:
    alias = ALIASES.get(column.name, column.name)
    return Field(column.name, column.type, column.unit, column.about, alias, column.allowed)


def fields_of_frame(frame: pd.DataFrame) -> tuple[Field, ...]:
    """Return the fields of any frame, typed by its columns' dtypes; the unit is read off the name's end."""
    names = [str(name) for name in frame.columns if not _is_geometry(frame[name])]
    return tuple(Field(name, _type_of(frame[name]), _unit_of(name), "", ALIASES.get(name, name)) for name in names)


def _is_geometry(series: pd.Series[Any]) -> bool:
    return str(series.dtype) == "geometry"


def _type_of(series: pd.Series[Any]) -> ColumnType:
    if pd.api.types.is_bool_dtype(series.dtype):
        return "boolean"
    if pd.api.types.is_integer_dtype(series.dtype):
        return "integer"
    return "float" if pd.api.types.is_float_dtype(series.dtype) else "string"


def _unit_of(name: str) -> str:
    for end, unit in (("_kmh", "km/h"), ("_km2", "km2"), ("_km", "km"), ("_min", "min"), ("_m", "m")):
        if name.endswith(end):
            return unit
    return ""


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Return an ASCII name of at most ten letters for each of `names`, all different without regard to case.

    Names that do not fit come from :data:`SHORT_NAMES`, or are cut and numbered.
    """
    short: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign == "_") else "_" for sign in name)
        wish = plain if len(plain) <= _WIDTH else SHORT_NAMES.get(name, plain[:_WIDTH])
        chosen, number = wish, 0
        while chosen.lower() in taken:
            number += 1
            chosen = wish[: _WIDTH - len(str(number))] + str(number)
        taken.add(chosen.lower())
        short[name] = chosen
    return short
