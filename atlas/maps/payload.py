"""What the scripts of a page get from Python: one dictionary type a page, and the legs of a journey by name.

``scripts/bundle`` turns this module into ``assets/js/payload.d.ts``, by which the scripts are checked; docs/pages.md
says what stands in each member. ``tests/test_front_end.py`` holds what the builders give to these types.

A packed member (type :data:`Packed`) is text made by :func:`atlas.maps.packing.pack_integers`, read by ``integers()``.
"""

from __future__ import annotations

from typing import Any, NamedTuple, NotRequired, TypedDict

__all__ = ["ComparePage", "ExplorePage", "Leg", "MapPage", "MatrixPage", "Meta", "PlanPage", "ReachPage"]

#: Whole numbers as text.
Packed = str
#: Chinese and English.
Pair = list[str]
#: West, south, east, north, degrees.
Boxed = list[float]


class Leg(NamedTuple):
    """A leg of a journey as it stands in `ReachData.legs`, eleven whole numbers in this order.

    The first seven are rows of `ReachData.texts`.
    """

    role: int
    name_zh: int
    name_en: int
    from_name: int
    to_name: int
    calls: int
    plan_ids: int
    length_100m: int
    milliminutes: int
    wait_tenths_min: int
    border_tenths_min: int


class MatrixLeg(NamedTuple):
    """A leg of a journey as it stands in `MatrixData.legs`; the first five are rows of `MatrixData.texts`."""

    role: int
    name_zh: int
    name_en: int
    from_name: int
    to_name: int
    length_100m: int
    tenths_min: int


class Shapes(TypedDict):
    """Points, lines or areas: units a degree, steps from vertex to vertex, vertices a part, parts a feature."""

    scale: int
    c: Packed
    p: NotRequired[Packed]
    n: NotRequired[Packed]


class LayerData(TypedDict):
    """A layer: its columns by name, its symbols (colour, width, form, zoom from which, alpha) by kind."""

    key: str
    title: Pair
    group: str
    geometry: str
    on: bool
    count: int
    shapes: Shapes
    columns: dict[str, dict[str, Any]]
    symbols: dict[str, list[Any]]


class Backdrop(TypedDict):
    """Land, water, ordinary roads and boundaries, and the box within which they are drawn."""

    land: NotRequired[Shapes]
    water: NotRequired[Shapes]
    roads: NotRequired[Shapes]
    bounds: NotRequired[Shapes]
    box: NotRequired[Boxed]


class PlanItem(TypedDict):
    """An item of the plan, from :func:`atlas.maps.sheets.items.pack_items`.

    Name, section, wording, kind; status with its date and source; year it opens in and what that rests on; how it
    counts, from which year and on which course; cities, features as ``layer/id``, reason;
    other names, and names of parts.
    """

    n: Pair
    s: Pair
    w: str
    k: str
    t: str
    d: str
    q: str
    y: int | None
    b: str
    c: str
    cy: int | None
    x: str
    ct: list[str]
    f: list[str]
    r: Pair
    a: list[str]
    v: list[str]


class Plan(TypedDict):
    """Items by id, the features of each corridor as ``layer/id``, and the axes: id, names, words, features."""

    items: dict[str, PlanItem]
    corridors: dict[str, list[str]]
    axes: list[list[Any]]


class Meta(TypedDict):
    """Who made the map, when, its approval number and the number of the sheet."""

    author: str
    date: str
    approval: str
    number: str


class Common(TypedDict):
    """What every map page gets from its builder."""

    words: dict[str, dict[str, Any]]
    tokens: dict[str, Any]
    backdrop: Backdrop
    #: Names of seas and rivers: Chinese, English, lon, lat, zoom from which.
    waters: list[list[Any]]
    layers: list[LayerData]
    plan: Plan
    #: Traditional characters, and the simplified ones they stand for.
    simple: list[str]
    sources: dict[str, list[str]]
    years: list[int]
    #: The year the facts are of; None where no scenario has it.
    today: int | None
    meta: Meta


class MapPage(Common):
    """A map page: what its builder gives, and what :class:`atlas.maps.page.Page` adds. The atlas page has no more."""

    links: list[list[Any]]
    kind: str
    lang: str
    title: Pair
    bounds: Boxed
    hash: str
    basemap: NotRequired[dict[str, Any]]


class Header(TypedDict):
    """What a scenario rests on: how many features, how many of them assumed or announced, and its conventions."""

    features: int
    assumed: int
    announced: int
    boarding: str
    period: str
    timetable: str
    hash: str


class ReachData(TypedDict):
    """Minutes from one origin, by combination of scenario, mode and parameter set: ``(s * modes + m) * sets + p``."""

    origin: Pair
    at: list[float]
    own: str
    scenarios: list[str]
    headers: list[Header]
    modes: list[str]
    sets: list[str]
    opening: list[str]
    cutoffs: list[float]
    parameters: list[list[Any]]
    minutes: Packed
    shapes: Shapes
    kinds: Packed
    lines: list[Packed]
    runs: list[Packed]
    inside: list[list[list[float]]]
    texts: list[str]
    english: dict[str, str]
    legs: Packed
    lines_: Packed
    line_counts: Packed
    journeys: Packed
    journey_counts: Packed
    areas: NotRequired[list[Shapes]]


class ReachPage(MapPage):
    """The reach page."""

    reach: ReachData


class Project(TypedDict):
    """A project that makes a difference from one origin between two scenarios: to how many places it saves time."""

    mode: str
    #: Row of the origin.
    origin: int
    name: Pair
    year: int | None
    basis: str
    pairs: int


class CompareData(TypedDict):
    """Names of the two scenarios, and the projects between them."""

    scenarios: list[str]
    projects: list[Project]


class ComparePage(MapPage):
    """The compare page: a reach an origin, its scenarios the two that are compared."""

    reaches: list[ReachData]
    compare: CompareData


class ExploreData(TypedDict):
    """The packed model, and how its parts are called; see :func:`atlas.maps.pages.explore.explore_data`."""

    engine: dict[str, Any]
    shapes: Shapes
    forward: str
    nodes: list[list[int]]
    prefix: dict[str, str]
    names: str
    nodeNames: str
    sides: str
    parameters: list[list[Any]]
    main: list[str]
    linkClasses: list[list[Any]]
    targets: list[dict[str, Any]]
    bandMin: float
    opening: list[Any]


class ExplorePage(MapPage):
    """The explorer."""

    explore: ExploreData


class MatrixData(TypedDict):
    """Minutes between places, by scenario, mode, row and column."""

    places: list[Pair]
    scenarios: list[str]
    modes: list[str]
    minutes: Packed
    routes: list[list[int]]
    legs: list[list[int]]
    texts: list[str]
    english: dict[str, str]


class MatrixPage(TypedDict):
    """The matrix page."""

    tokens: dict[str, Any]
    words: dict[str, Pair]
    matrix: MatrixData


class PlanPage(TypedDict):
    """The plan list: words, items, names of their features and layers, and the address of the atlas page."""

    words: dict[str, dict[str, Pair]]
    items: dict[str, PlanItem]
    features: dict[str, Pair]
    layers: dict[str, Pair]
    simple: list[str]
    atlas: str
