"""QGIS styles from the palette of the maps: QML as `layer_styles` and projects hold it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass

from atlas.base.style import GROUND, STATUS_FORM, STATUS_WORDS, TIME_RAMP, LineForm, Symbol, status_form, symbol_of
from atlas.data.declaration import SEATS
from atlas.exports.tables.bundle import Table

__all__ = ["HIDDEN", "LabelRule", "Rule", "label_rules", "qml", "rules_of", "symbology", "time_of"]

_MM = 0.26458  # a CSS pixel
_MARKERS = {
    "dot": "circle", "ring": "circle", "anchor": "diamond", "plane": "triangle", "square": "square",
    "diamond": "pentagon", "drop": "equilateral_triangle", "cross": "cross_fill",
}  # fmt: skip
_TIMES = ("travel_time_min", "cutoff_min")
#: Denominator of the scale up to which a layer's names are shown.
_LABELLED = {"airports": 1_500_000, "ports": 750_000, "stations": 500_000}
_NEAR = 300_000
#: Tables that are there in a project but not shown when it opens.
HIDDEN = {"rail_services"}


@dataclass(frozen=True)
class Rule:
    """One rule: which features, their legend and symbol.

    Attributes
    ----------
    where
        A QGIS expression; empty: all features.
    kinds
        The same as pairs of kind and status; empty where a rule is not by them.
    band
        The same as minutes, above the one and up to the other.
    """

    where: str
    label: str
    symbol: Symbol
    form: LineForm
    kinds: tuple[tuple[str, str], ...] = ()
    band: tuple[float, float] | None = None


def rules_of(table: Table) -> tuple[Rule, ...]:
    """Return the rules of a table: by minutes where it has them, else by kind and form of status."""
    frame = table.frame
    time = time_of(table)
    solid = status_form("operating")
    if time is not None:
        return tuple(
            Rule(
                f'"{time}" > {band.from_min:g} AND "{time}" <= {band.to_min:g}',
                f"{band.from_min:g}-{band.to_min:g} min",
                Symbol(band.color, band.width, "plain", 0.0, 0.75),
                solid,
                band=(band.from_min, band.to_min),
            )
            for band in TIME_RAMP
        )
    if not {"kind", "status"} <= set(frame.columns):
        return (Rule("", table.title_zh, symbol_of(table.name), solid),)
    rules = []
    for kind in sorted(frame["kind"].dropna().unique()):
        statuses = set(frame.loc[frame["kind"] == kind, "status"])
        for form, names in _forms(statuses):
            listed = ", ".join(f"'{name}'" for name in names)
            words = "、".join(STATUS_WORDS.get(name, (name, name))[0] for name in names)
            quoted = str(kind).replace("'", "''")
            where = f'"kind" = \'{quoted}\' AND "status" IN ({listed})'
            pairs = tuple((str(kind), name) for name in names)
            rules.append(Rule(where, f"{kind} · {words}", symbol_of(table.name, str(kind)), form, pairs))
    return tuple(rules)


def time_of(table: Table) -> str | None:
    """Return the column of minutes that a table is coloured by; None where it has none."""
    return next((name for name in _TIMES if name in table.frame.columns), None)


def _forms(statuses: Iterable[str]) -> list[tuple[LineForm, list[str]]]:
    known = [name for name in STATUS_FORM if name in set(statuses)]
    forms = dict.fromkeys(STATUS_FORM[name] for name in known)
    return [(form, [name for name in known if STATUS_FORM[name] == form]) for form in forms]


def symbology(table: Table) -> tuple[ET.Element, ET.Element | None]:
    """Return the elements ``renderer-v2`` and ``labeling`` of a table; no labels for areas and edges."""
    renderer = ET.Element("renderer-v2", type="RuleRenderer", forceraster="0", symbollevels="0", enableorderby="0")
    top = ET.SubElement(renderer, "rules", key="root")
    symbols = ET.Element("symbols")
    for number, rule in enumerate(rules_of(table)):
        attributes = {"key": f"r{number}", "symbol": str(number), "label": rule.label}
        if rule.where:
            attributes["filter"] = rule.where
        ET.SubElement(top, "rule", attributes)
        symbols.append(_symbol(table, rule, number))
    renderer.append(symbols)
    return renderer, _labels(table)


def qml(table: Table) -> str:
    """Return a table's style as a QML document."""
    renderer, labels = symbology(table)
    root = ET.Element("qgis", version="3.22.0", styleCategories="Symbology|Labeling", labelsEnabled=_flag(labels))
    root.append(renderer)
    if labels is not None:
        root.append(labels)
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ET.tostring(root, encoding="unicode")


def _flag(labels: ET.Element | None) -> str:
    return "0" if labels is None else "1"


def _symbol(table: Table, rule: Rule, number: int) -> ET.Element:
    kind = {"Point": "marker", "LineString": "line", "Polygon": "fill"}[table.geometry]
    alpha = f"{rule.symbol.alpha:g}"
    symbol = ET.Element("symbol", type=kind, name=str(number), alpha=alpha, clip_to_extent="1", force_rhr="0")
    makers = {"marker": _marker, "line": _line, "fill": _fill}
    makers[kind](symbol, rule)
    return symbol


def _options(symbol: ET.Element, cls: str, values: dict[str, str]) -> None:
    layer = ET.SubElement(symbol, "layer", {"class": cls, "enabled": "1", "pass": "0", "locked": "0"})
    box = ET.SubElement(layer, "Option", type="Map")
    for name, value in values.items():
        ET.SubElement(box, "Option", type="QString", name=name, value=value)
    for name, value in values.items():
        ET.SubElement(layer, "prop", k=name, v=value)


def _rgba(color: str, alpha: int = 255) -> str:
    return ",".join(str(int(color[at : at + 2], 16)) for at in (1, 3, 5)) + f",{alpha}"


def _line(symbol: ET.Element, rule: Rule) -> None:
    width = rule.symbol.width * _MM
    if rule.symbol.form == "cased":
        _options(symbol, "SimpleLine", _stroke("#ffffff", width + 2 * _MM, status_form("operating")))
    _options(symbol, "SimpleLine", _stroke(rule.symbol.color, width, rule.form))


def _stroke(color: str, width: float, form: LineForm) -> dict[str, str]:
    values = {
        "line_color": _rgba(color),
        "line_width": f"{width:.3f}",
        "line_width_unit": "MM",
        "line_style": "solid",
        "capstyle": "round" if form.dash[:1] == (0.1,) else "flat",
        "joinstyle": "round",
        "use_custom_dash": "0",
    }
    if form.dash:
        dashes = ";".join(f"{part * width:.3f}" for part in form.dash)
        values |= {"use_custom_dash": "1", "customdash": dashes, "customdash_unit": "MM"}
    return values


def _marker(symbol: ET.Element, rule: Rule) -> None:
    filled = rule.form.filled and rule.symbol.form != "ring"
    _options(
        symbol,
        "SimpleMarker",
        {
            "name": _MARKERS.get(rule.symbol.form, "circle"),
            "color": _rgba(rule.symbol.color if filled else "#ffffff"),
            "outline_color": _rgba("#ffffff" if filled else rule.symbol.color),
            "outline_width": f"{(0.8 if filled else 1.4) * _MM:.3f}",
            "outline_width_unit": "MM",
            "outline_style": "solid",
            "size": f"{2 * rule.symbol.width * _MM:.3f}",
            "size_unit": "MM",
        },
    )


def _fill(symbol: ET.Element, rule: Rule) -> None:
    _options(
        symbol,
        "SimpleFill",
        {
            "color": _rgba(rule.symbol.color),
            "style": "solid",
            "outline_color": _rgba(GROUND["shore"]),
            "outline_width": f"{rule.symbol.width * _MM:.3f}",
            "outline_width_unit": "MM",
            "outline_style": "solid",
        },
    )


def _labels(table: Table) -> ET.Element | None:
    found = label_rules(table)
    if not found:
        return None
    labels = ET.Element("labeling", type="rule-based")
    rules = ET.SubElement(labels, "rules", key="labels")
    for number, one in enumerate(found):
        # QGIS: scalemindenom is the nearest view, scalemaxdenom the farthest
        rule = {"key": f"l{number}", "scalemindenom": "1", "scalemaxdenom": str(one.farthest)}
        rule |= {"filter": one.where} if one.where else {}
        ET.SubElement(rules, "rule", rule).append(_label_settings(one.size_pt, one.priority))
    return labels


@dataclass(frozen=True)
class LabelRule:
    """Which features are named (an SQL condition; empty: all), up to which scale, how large, how urgently (to 10)."""

    where: str
    farthest: int
    size_pt: int
    priority: int


def label_rules(table: Table) -> tuple[LabelRule, ...]:
    """Return the rules by which the points of a table are named; empty for lines, areas and what has no names."""
    if table.geometry != "Point" or "name_zh" not in table.frame.columns:
        return ()
    if table.name != "places" or "level" not in table.frame.columns:
        return (LabelRule("", _LABELLED.get(table.name, _NEAR), 8, 3),)
    seats = ", ".join(f"'{level}'" for level in SEATS)
    return (
        LabelRule("\"level\" IN ('prefecture', 'sar')", 6_000_000, 10, 10),
        LabelRule(f"\"level\" IN ({seats}) AND \"level\" NOT IN ('prefecture', 'sar')", 2_000_000, 8, 8),
        LabelRule(f'"level" NOT IN ({seats})', _NEAR, 8, 5),
    )


def _label_settings(size: int, weight: int) -> ET.Element:
    settings = ET.Element("settings", calloutType="simple")
    text = {
        "fieldName": "name_zh",
        "isExpression": "0",
        "fontFamily": "Noto Sans CJK SC",
        "fontSize": str(size),
        "fontSizeUnit": "Point",
        "textColor": _rgba(GROUND["text"]),
        "textOpacity": "1",
        "namedStyle": "Regular",
    }
    style = ET.SubElement(settings, "text-style", text)
    ET.SubElement(
        style, "text-buffer", bufferDraw="1", bufferSize="0.7", bufferSizeUnits="MM", bufferColor=_rgba("#ffffff")
    )
    ET.SubElement(settings, "placement", placement="6", priority=str(weight), dist="0.6", distUnits="MM")
    ET.SubElement(settings, "rendering", drawLabels="1", scaleVisibility="0", obstacle="1")
    return settings
