"""What a layer declares of itself: title, geometry, columns, role in the network.

One ``layers/<key>.toml`` a layer. The columns every layer carries are :data:`CONTRACT`; the file
names only those that the layer adds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from atlas.base.doors import Door
from atlas.base.errors import LayerError
from atlas.data.region import ANYWHERE, Region, read_region

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CONTRACT",
    "EXPRESSWAYS",
    "GEOMETRIES",
    "QUALITIES",
    "SEATS",
    "STATUSES",
    "Column",
    "ColumnType",
    "LayerSpec",
    "counted_units",
    "fitted",
    "read_spec",
    "read_specs",
    "seats_of",
    "values_by_column",
]

ColumnType = Literal["string", "float", "integer", "boolean"]
STATUSES = (
    "operating",
    "under_construction",
    "preliminary",
    "study",
    "concept",
    "reserved",
    "planned",
    "unknown",
)
GEOMETRIES = ("Point", "LineString", "Polygon")
#: Levels of places that are seats of government, and those of them that no other holds: counties and districts.
SEATS = ("prefecture", "district", "county", "county_city", "sar")
COUNTIES = ("district", "county", "county_city", "sar")
#: Most places that stand for a region without seats of government.
_MOST_SEATS = 40
#: How true the course of a road or railway is, best first.
QUALITIES = ("surveyed", "traced", "sketched", "indicative")
#: Kinds of roads that are expressways.
EXPRESSWAYS = ("expressway", "expressway_bridge")
_TYPES = ("string", "float", "integer", "boolean")


@dataclass(frozen=True)
class Column:
    """One column: its type, unit, the values allowed (empty: any) and whether null may stand.

    ``low`` and ``high`` bound a number (None: open); ``zero`` is false where 0 can only stand for "missing".
    """

    name: str
    type: ColumnType
    about: str
    unit: str = ""
    allowed: tuple[str, ...] = ()
    null: bool = False
    low: float | None = None
    high: float | None = None
    zero: bool = True


def _text(name: str, about: str, *, null: bool = False, allowed: tuple[str, ...] = ()) -> Column:
    return Column(name, "string", about, allowed=allowed, null=null)


CONTRACT: tuple[Column, ...] = (
    _text("id", "stable slug, unique in its layer"),
    _text("name_zh", "Chinese name", null=True),
    _text("name_en", "English name", null=True),
    _text("kind", "what it is; the values are listed in the layer's declaration"),
    _text("status", "how far it has come", allowed=STATUSES),
    _text("status_as_of", "ISO date at which its source knew the status; null: no dated source", null=True),
    _text("checked_on", "ISO date on which it was last checked against a source; null: never", null=True),
    _text("opened", "ISO 8601 date, month or year of opening; null: not open or not known", null=True),
    Column("expected_open", "integer", "year announced or assumed; null: none", null=True, low=1000, high=2200),
    _text("opens_basis", "what the year rests on", allowed=("fact", "announced", "assumed", "unknown")),
    Column(
        "opens_year",
        "integer",
        "year from which a scenario counts it; null: only in `full`",
        null=True,
        low=1000,
        high=2200,
    ),
    _text("plan_ids", "ids of data/plan/register.csv joined by ;"),
    _text("city", "city it lies in", null=True),
    _text("source", "key of data/sources.csv"),
    _text("source_note", "the fact table's own words on its source", null=True),
    _text("confidence", "how far it can be trusted", allowed=("high", "medium", "low", "none")),
    _text("geometry_quality", "where the geometry is from", allowed=("surveyed", "traced", "schematic")),
    Column("position_error_m", "float", "how far the position may be off", unit="m", low=0, high=200_000),
)


@dataclass(frozen=True)
class LayerSpec:
    """A layer's declaration.

    Attributes
    ----------
    key
        Name of the layer, of its TOML file and of its GeoJSON file.
    geometry
        ``Point``, ``LineString`` or ``Polygon`` (a ``MultiPolygon`` counts as polygon).
    role
        What the network makes of it: ``rail_line``, ``rail_service``, ``rail_stop``, ``road``,
        ``road_node``, ``border``, ``service``, ``terminal``, ``place`` or ``backdrop``.
    access
        How one gets onto it, in words.
    kinds
        Values the column ``kind`` may take.
    own_columns
        Columns besides :data:`CONTRACT`.
    region
        The region of the atlas that declares the layer.
    """

    key: str
    title_zh: str
    title_en: str
    about: str
    geometry: str
    role: str
    access: str
    group: str
    order: int
    kinds: tuple[str, ...]
    sources: tuple[str, ...]
    own_columns: tuple[Column, ...]
    region: Region = ANYWHERE

    def __repr__(self) -> str:
        """Return what it is of, in a line."""
        return f"<LayerSpec {self.key}: {self.geometry}, {len(self.columns)} columns>"

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns in file order: the contract's first, then the layer's own."""
        return CONTRACT + self.own_columns

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of :attr:`columns`."""
        return tuple(column.name for column in self.columns)


def _column(door: Door, raw: Any) -> Column:
    name, kind = door.entry(raw, "name", str), door.entry(raw, "type", str)
    unknown = set(raw) - {"name", "type", "about", "unit", "allowed", "null", "low", "high", "zero"}
    if unknown or kind not in _TYPES:
        raise LayerError(f"{door.path}: column {name} needs name, type ({', '.join(_TYPES)}) and about")
    low, high = (door.entry(raw, end, (int, float), None) for end in ("low", "high"))
    if (low is not None or high is not None) and kind not in ("float", "integer"):
        raise LayerError(f"{door.path}: column {name} is a {kind} and has no low or high; take them out")
    return Column(
        name=name,
        type=cast(ColumnType, kind),
        about=door.entry(raw, "about", str),
        unit=door.entry(raw, "unit", str, ""),
        allowed=door.texts(raw, "allowed", ()),
        null=door.entry(raw, "null", bool, False),
        low=None if low is None else float(low),
        high=None if high is None else float(high),
        zero=door.entry(raw, "zero", bool, True),
    )


def read_spec(path: str | Path, region: Region = ANYWHERE) -> LayerSpec:
    """Read one ``layers/<key>.toml``.

    Raises
    ------
    LayerError
        The file is not TOML, lacks an entry, or names another layer than the file does.
    """
    path = Path(path)
    door = Door(path, LayerError, ", a layer's declaration,", largest_mb=1)
    raw = door.toml()
    texts = ("key", "title_zh", "title_en", "about", "geometry", "role", "access", "group")
    spec = LayerSpec(
        **{name: door.entry(raw, name, str) for name in texts},
        order=door.entry(raw, "order", int),
        kinds=door.texts(raw, "kinds"),
        sources=door.texts(raw, "sources"),
        own_columns=tuple(_column(door, column) for column in door.entry(raw, "columns", list, ())),
        region=region,
    )
    names = [column.name for column in spec.columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise LayerError(f"{path}: the column {', '.join(twice)} stands twice; take one out")
    if spec.key != path.stem:
        raise LayerError(f"{path} declares the layer {spec.key!r}; name the file {spec.key}.toml")
    if spec.geometry not in GEOMETRIES:
        raise LayerError(f"{path}: geometry {spec.geometry!r} is none of {', '.join(GEOMETRIES)}")
    return spec


def read_specs(folder: str | Path) -> dict[str, LayerSpec]:
    """Read every declaration in `folder`, ``layers/`` of an atlas, in order of ``order``, then of key."""
    region = read_region(Path(folder).parent)
    specs = [read_spec(path, region) for path in sorted(Path(folder).glob("*.toml"))]
    if not specs:
        raise LayerError(f"{folder} holds no layer declaration (*.toml)")
    return {spec.key: spec for spec in sorted(specs, key=lambda spec: (spec.order, spec.key))}


def seats_of(places: pd.DataFrame) -> tuple[str, ...]:
    """Return the ids of all places that are a seat of government.

    Where there are not two of them, towns count too, and where these are none either, all places: the most populous,
    in the order of the layer.

    Parameters
    ----------
    places
        Frame of the layer ``places``.
    """
    for levels in (SEATS, (*SEATS, "town"), tuple(places["level"].unique())):
        chosen = places[places["level"].isin(levels)]
        if len(chosen) > 1:
            break
    if levels != SEATS and len(chosen) > _MOST_SEATS:
        people = chosen["population"].fillna(-1.0).tolist()
        first = sorted(range(len(people)), key=lambda i: (-people[i], i))[:_MOST_SEATS]
        chosen = chosen.iloc[sorted(first)]
    return tuple(chosen["id"].astype(str))


def counted_units(places: pd.DataFrame) -> pd.DataFrame:
    """Return the places whose residents together count everybody once, as far as they are known.

    Districts, counties and county-level cities count; a prefecture where the layer has none of its counties; and a town
    or village that belongs to no unit above it.

    Parameters
    ----------
    places
        Frame of the layer ``places``.
    """
    level, told = places["level"], places["population"].notna()
    parts = level.isin(COUNTIES)
    whole = (level == "prefecture") & ~places["adcode"].isin(set(places.loc[parts, "parent"].dropna()))
    alone = level.isin(("town", "village")) & places["parent"].isna()
    rows = [i for chosen in (parts, whole, alone) for i in (chosen & told).to_numpy().nonzero()[0].tolist()]
    return places.iloc[rows].reset_index(drop=True)


#: What Python reads of a JSON value of each type of column.
_KINDS: dict[str, set[type]] = {"string": {str}, "float": {float, int}, "integer": {int}, "boolean": {bool}}

#: Texts of a column are forgotten when there are so many that few can stand twice.
_MOST_KNOWN = 1 << 16


def values_by_column(records: Sequence[Mapping[str, Any]], spec: LayerSpec) -> list[tuple[Any, ...]]:
    """Return the values of every column of `spec`; a record is looked at once for all, for there may be very many.

    Raises
    ------
    KeyError
        A record lacks a column.
    """
    names = [column.name for column in spec.columns]
    read = itemgetter(*names) if len(names) > 1 else lambda record: tuple(record[name] for name in names)
    return list(zip(*map(read, records), strict=True)) or [()] * len(names)


def all_fit(values: Sequence[Any], column: Column) -> bool:
    """Return whether `values` are all of the column's type as they stand, null where null may stand."""
    nothing = {type(None)} if column.null or column.type == "float" else set()
    if not set(map(type, values)) <= _KINDS[column.type] | nothing:
        return False
    if column.type != "integer":
        return True
    numbers = [value for value in values if value is not None]
    return max(numbers, default=0) < 2**63 and min(numbers, default=0) > -(2**63)


def fitted(
    columns: Sequence[Sequence[Any]],
    records: Sequence[Mapping[str, Any]],
    spec: LayerSpec,
    known: Sequence[dict[Any, Any]],
) -> list[Sequence[Any]]:
    """Return the values by column, each of its column's type; a text that stands in many features is one object.

    Parameters
    ----------
    columns
        From :func:`values_by_column`.
    records
        What they are from; where a value does not fit as it stands, each is looked at by itself.
    known
        By column the texts met so far, by themselves; those of these records are put in.

    Raises
    ------
    LayerError
        A value is not of its column's type, or null where null may not stand.
    """
    return [
        _fitted(values, records, column, spec, met)
        for values, column, met in zip(columns, spec.columns, known, strict=True)
    ]


def _fitted(
    values: Sequence[Any], records: Sequence[Mapping[str, Any]], column: Column, spec: LayerSpec, known: dict[Any, Any]
) -> Sequence[Any]:
    if column.type == "string":
        with suppress(KeyError, TypeError):  # TypeError: a list or table, of which none is known
            return list(map(known.__getitem__, values))
    if not all_fit(values, column):  # one at least is to be looked at by itself
        return [declared_value(record, column, spec, place) for place, record in enumerate(records)]
    if column.type != "string":
        return values
    if len(known) > _MOST_KNOWN:
        known.clear()
    return list(map(known.setdefault, values, values))


def declared_value(record: Mapping[str, Any], column: Column, spec: LayerSpec, place: int) -> Any:
    """Return the value of a column of one feature, the one in `place`.

    Raises
    ------
    LayerError
        It is not of the column's type, or null where null may not stand.
    """
    value = record[column.name]
    if value is None:
        if column.null:
            return None
        if column.type == "float":
            return math.nan
    elif _fits(value, column):
        return int(value) if column.type == "integer" else value
    raise LayerError(
        f"layer {spec.key}: feature {record.get('id', place)!r} has {column.name} = {str(value)[:60]!r}; "
        f"it must be {column.type}{' or null' if column.null else ''}"
    )


def _fits(value: Any, column: Column) -> bool:
    if column.type == "string":
        return isinstance(value, str)
    if column.type == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return column.type == "float" or (abs(value) < 2**63 and float(value).is_integer())
