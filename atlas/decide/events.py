"""Closures that come together: typhoons as they were, fog, a border shut; and who drops out.

An event is a TOML file of ``data/events``: what closed, from when until when, by whose word. Nothing closes that no
source names; what a source names and the layers do not hold is kept as ``unmapped`` and told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import pandas as pd
import shapely

from atlas.base.doors import Door, as_written, did_you_mean, name_fault
from atlas.base.errors import PlanError, only_known
from atlas.base.geodesy import Bools
from atlas.base.tables import is_iso_date, iso_time, listed
from atlas.base.words import Words
from atlas.data.scenario import Scenario
from atlas.data.stamp import stamp
from atlas.decide.board import Opened
from atlas.decide.critical import Circle, Losses, Watch
from atlas.decide.homes import minutes_to
from atlas.land.ground import Ground
from atlas.network.build import Network
from atlas.ways.heap import TOLERANCE_MIN

__all__ = ["Event", "read_event", "read_events", "run_event"]

COUNTY_COLUMNS = (
    "county", "name_zh", "name_en", "city", "people", "inside_before", "inside_after", "dropped", "cut",
    "minutes_before", "minutes_after",
)  # fmt: skip
PLACE_COLUMNS = (
    "place", "name_zh", "name_en", "city", "centre", "centre_zh", "before_min", "after_min", "change", "lon", "lat",
)  # fmt: skip
CLOSED_COLUMNS = (
    "what_zh",
    "what_en",
    "from",
    "until",
    "feature",
    "name_zh",
    "name_en",
    "edges",
    "source",
    "confidence",
)
_EVENT_KEYS = {"id", "kind", "basis", "name_zh", "name_en", "from", "until", "note", "closure"}
_CLOSURE_KEYS = {
    "what_zh", "what_en", "from", "until", "close", "layers", "classes", "city", "area", "source", "confidence", "note",
    "unmapped",
}  # fmt: skip
BASES = ("recorded", "assumed")
#: What clocks of the region show.
_CLOCK = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class Happening:
    """One thing that closed.

    Attributes
    ----------
    start, until
        ISO 8601 local time; empty where no source tells.
    close
        Ids of features, lines or crossings; empty: all of `layers`.
    layers, classes, city
        Only edges of these layers and speed classes, and with an end in this city; empty: any.
    area
        Only edges that meet this polygon, lon, lat; None: anywhere.
    unmapped
        What the source names beside and the layers do not hold, in Chinese or as ``Chinese / English``.
    """

    what_zh: str
    what_en: str
    start: str
    until: str
    close: tuple[str, ...]
    layers: tuple[str, ...]
    classes: tuple[str, ...]
    city: str
    area: shapely.Polygon | None
    source: str
    confidence: str
    note: str
    unmapped: tuple[str, ...]

    def edges(self, network: Network) -> Bools:
        """(m,) which edges close.

        Raises
        ------
        PlanError
            An id that the network does not hold.
        """
        arrays = network.arrays
        for name in self.close:
            if name not in arrays.rows_by_id:
                hint = did_you_mean(name, arrays.rows_by_id)
                raise PlanError(f"the event closes {as_written(name)}, which is no feature of the network{hint}")
        hit = arrays.named(self.close) if self.close else np.ones(len(arrays.tail), dtype=bool)
        if self.layers:
            hit = hit & np.isin(arrays.links[1], self.layers)
        if self.classes:
            hit = hit & np.isin(arrays.speed_class, self.classes)
        if self.city:
            inside = (network.nodes["city"] == self.city).to_numpy(dtype=bool)
            hit = hit & (inside[arrays.tail] | inside[arrays.head])
        if self.area is not None:
            lines = network.edges.geometry.to_numpy()
            near = np.nonzero(hit & ~shapely.is_missing(lines))[0]
            met = np.zeros(len(hit), dtype=bool)
            met[near] = shapely.intersects(lines[near], self.area)
            hit = met
        return arrays.closing(np.asarray(hit, dtype=bool))

    def missing(self) -> tuple[Words, ...]:
        """Return `unmapped` in both languages; in Chinese for both where the file gives no other."""
        parts = (name.partition(" / ") for name in self.unmapped)
        return tuple(Words(zh, en or zh) for zh, _, en in parts)

    def holds(self, hour: str) -> bool:
        """Return whether this is closed at `hour` (ISO 8601)."""
        return (not self.start or self.start <= hour) and (not self.until or hour < self.until)


@dataclass(frozen=True)
class Event:
    """Closures that come together.

    Attributes
    ----------
    basis
        ``recorded`` (each closure has a source) or ``assumed`` (a question).
    """

    id: str
    kind: str
    basis: str
    name_zh: str
    name_en: str
    start: str
    until: str
    note: str
    happenings: tuple[Happening, ...]

    def shut(self, network: Network, hour: str = "") -> Bools:
        """(m,) which edges are closed: at `hour`, or for an empty one all that closed at any time.

        Raises
        ------
        PlanError
            An id that the network does not hold, or an `hour` that is no time.
        """
        if hour:
            hour = _time(hour, "the time")
        closed = np.zeros(len(network.arrays.tail), dtype=bool)
        for one in self.happenings:
            if not hour or one.holds(hour):
                closed |= one.edges(network)
        return closed


@dataclass(frozen=True)
class Outcome:
    """What an event does to a scenario.

    Attributes
    ----------
    losses
        See :class:`atlas.decide.critical.Losses`.
    counties : DataFrame
        :data:`COUNTY_COLUMNS`, of the four cities, most dropped first: residents within the limit of a centre (the
        nearest) before and after, who drops out, who has no way to any centre, and the people-weighted mean minutes
        to the nearest centre of those with a way both before and after.
    places : DataFrame
        :data:`PLACE_COLUMNS`: seats and towns of the four cities that drop out of the limit of a centre (``lost``) or
        have no way to it any more (``cut``).
    closed : DataFrame
        :data:`CLOSED_COLUMNS`: what closed, by feature, with its source.
    absent
        Ids that the event closes and the scenario has not open anyway.
    """

    event: Event
    scenario: Scenario
    mode: str
    limit_min: float
    losses: Losses
    counties: pd.DataFrame
    places: pd.DataFrame
    closed: pd.DataFrame
    absent: tuple[str, ...]
    hash: str


def read_events(folder: str | Path) -> tuple[Event, ...]:
    """Read all events of a folder, in the order of their ids.

    Raises
    ------
    PlanError
        There is none, one has another id than its file has a name, or a file cannot be read.
    """
    found = []
    for path in sorted(Path(folder).glob("*.toml")):
        event = read_event(path)
        if event.id != path.stem:
            raise PlanError(
                f"{path} has the event {as_written(event.id)}; name the file {event.id}.toml, or correct id"
            )
        found.append(event)
    if not found:
        raise PlanError(f"{folder} holds no event; an event is a TOML file, see docs/decisions.md")
    return tuple(sorted(found, key=lambda event: event.id))


def read_event(path: str | Path) -> Event:
    """Read one event.

    Parameters
    ----------
    path
        A TOML file as those of ``data/events``.

    Returns
    -------
    Event
        With its closures, those that no layer holds among them.

    Raises
    ------
    PlanError
        The file is missing or no TOML, a key is unknown or missing, or a recorded closure has no source.

    Examples
    --------
    >>> event = read_event(catalog.root / "data" / "events" / "border-shut.toml")
    >>> event.basis
    'assumed'
    """
    door = Door(Path(path), PlanError, ", an event,", largest_mb=1)
    raw = door.toml()
    _only(path, raw, _EVENT_KEYS)
    named = {name: str(door.entry(raw, name, str)) for name in ("id", "kind", "name_zh", "name_en")}
    for name, text in named.items():
        if fault := name_fault(text):
            raise PlanError(f"{path}: {name} = {as_written(text)} {fault}")
    basis = str(door.entry(raw, "basis", str))
    if basis not in BASES:
        raise PlanError(f"{path}: basis must be {' or '.join(BASES)}, is {as_written(basis)}")
    closures = door.entry(raw, "closure", list)
    happenings = tuple(_happening(door, path, one, basis) for one in closures)
    if not happenings:
        raise PlanError(f"{path}: an event needs at least one [[closure]]")
    texts = {name: str(door.entry(raw, name, str, "")) for name in ("from", "until", "note")}
    start, until = _times(path, texts["from"], texts["until"])
    return Event(**named, basis=basis, start=start, until=until, note=texts["note"], happenings=happenings)


def _only(path: str | Path, raw: Mapping[str, Any], known: set[str]) -> None:
    for key in raw:
        if key not in known:
            raise PlanError(
                f"{path}: unknown key {as_written(key)}{did_you_mean(key, known)}; keys are {', '.join(sorted(known))}"
            )


def _happening(door: Door, path: str | Path, raw: object, basis: str) -> Happening:
    if not isinstance(raw, dict):
        raise PlanError(f"{path}: closures are tables, [[closure]]")
    _only(path, raw, _CLOSURE_KEYS)
    text = {
        name: str(door.entry(raw, name, str, ""))
        for name in ("what_zh", "what_en", "from", "until", "city", "source", "confidence", "note")
    }
    if basis == "recorded" and not (text["source"] and text["from"]):
        raise PlanError(
            f"{path}: the closure {as_written(text['what_en'])} needs a source and a time from which it held"
        )
    lists = {name: door.texts(raw, name, ()) for name in ("close", "layers", "classes", "unmapped")}
    if not (lists["close"] or lists["layers"]):
        raise PlanError(
            f"{path}: the closure {as_written(text['what_en'])} closes nothing; name ids in close, or layers"
        )
    start, until = _times(path, text["from"], text["until"])
    return Happening(
        text["what_zh"], text["what_en"], start, until, lists["close"], lists["layers"],
        lists["classes"], text["city"], _area(path, raw.get("area")), text["source"], text["confidence"],
        text["note"], lists["unmapped"],
    )  # fmt: skip


def _time(text: str, told: str, *, whole_day: bool = False) -> str:
    """Return a time as events compare it, ``2025-09-24T12:00`` by the clocks of China.

    With `whole_day` a year, a month or a day stands for its beginning: a source may know no more.
    """
    if whole_day and is_iso_date(text):
        return text
    when = iso_time(text)
    if when is None:
        reason = "a day without an hour" if is_iso_date(text) else "no time"
        raise PlanError(f"{told} is {as_written(text)}, which is {reason}; give it as 2025-09-24T12:00")
    return (when if when.tzinfo is None else when.astimezone(_CLOCK)).strftime("%Y-%m-%dT%H:%M")


def _times(path: str | Path, start: str, until: str) -> tuple[str, str]:
    """Return both ends of a closure as :func:`_time` has them, empty where no source tells."""
    start, until = (
        _time(text, f"{path}: {key}", whole_day=True) if text else ""
        for key, text in (("from", start), ("until", until))
    )
    if start and until and until <= start:
        raise PlanError(f"{path}: until {until} is not after from {start}")
    return start, until


def _area(path: str | Path, raw: object) -> shapely.Polygon | None:
    if raw is None:
        return None
    try:
        area = shapely.Polygon(np.array(raw, dtype=np.float64))
    except (TypeError, ValueError) as reason:
        raise PlanError(f"{path}: area must be a list of three or more [lon, lat]: {reason}") from reason
    west, south, east, north = area.bounds if not area.is_empty else (0.0, 0.0, 0.0, 0.0)
    if not area.is_valid or area.area == 0 or not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise PlanError(f"{path}: area is no valid polygon of [lon, lat]")
    return area


def run_event(
    network: Network,
    event: Event,
    scenario: Scenario,
    ground: Ground,
    *,
    hour: str = "",
    watch: Watch | None = None,
    **circle: Unpack[Circle],
) -> Outcome:
    """Return what an event does to a scenario, and who drops out.

    Parameters
    ----------
    network, scenario
        What is open before.
    event
        From :func:`read_event`.
    ground
        Land cells and people, from :func:`atlas.ground`.
    hour
        Only what is closed at this time (ISO 8601); empty: all that closed at any time of the event.
    watch
        From :meth:`Watch.of` with the same arguments, for many events of one scenario; None makes it.
    **circle
        ``mode``, ``limit_min`` and ``centres``: see :class:`atlas.decide.critical.Circle`.

    Returns
    -------
    Outcome
        Losses, counties, places and closures.

    Raises
    ------
    PlanError
        The event names a link that the network does not hold, or nothing of it closes at `hour`.
    UnknownPlaceError
        A centre that no place answers to.

    Examples
    --------
    >>> from atlas.data.region import find_root
    >>> event = atlas.read_event(find_root() / "data" / "events" / "wipha-2025.toml")
    >>> outcome = atlas.run_event(network, event, now, atlas.ground(network), mode="drive")
    >>> outcome.losses.people_lost > 0
    True
    """
    only_known(circle, Circle)
    if watch is None:
        watch = Watch.of(network, scenario, ground, **circle)
    shut = event.shut(network, hour)
    if not shut.any():
        raise PlanError(f"nothing of {event.id} is closed at {hour}; it began {event.start or 'at no known time'}")
    opened = watch.board.opened(shut)
    present = network.arrays.open_in(scenario)
    absent = tuple(
        name for one in event.happenings for name in one.close if not (network.arrays.named([name]) & present).any()
    )
    return Outcome(
        event, scenario, watch.board.mode, watch.limit_min, watch.losses(opened), _counties(watch, opened),
        _places(watch, opened), _closed(network, event, present, hour), tuple(dict.fromkeys(absent)),
        stamp(network.hash, [scenario]),
    )  # fmt: skip


def _counties(watch: Watch, opened: Opened) -> pd.DataFrame:
    """Residents by county within the limit of the nearest centre, before and after."""
    homes, limit = watch.homes, watch.limit_min + TOLERANCE_MIN
    before = np.min(watch.home_minutes, axis=0)
    after = np.min([homes.minutes(minutes_to(opened, node)) for node in watch.centres], axis=0)
    both = np.isfinite(before) & np.isfinite(after)
    rows = []
    for i, unit in enumerate(homes.units.to_dict("records")):
        if unit["city"] not in watch.board.network.region.core_cities:
            continue
        mine = homes.unit == i
        people = homes.people * mine
        kept = people * both
        inside = [float(people[minutes <= limit].sum()) for minutes in (before, after)]
        mean = [
            float((kept[both] * some[both]).sum() / kept.sum()) if kept.sum() else np.nan for some in (before, after)
        ]
        rows.append(
            {
                "county": unit["id"], "name_zh": unit["name_zh"], "name_en": unit["name_en"], "city": unit["city"],
                "people": float(people.sum()), "inside_before": inside[0], "inside_after": inside[1],
                "dropped": float(people[(before <= limit) & (after > limit)].sum()),
                "cut": float(people[np.isfinite(before) & ~np.isfinite(after)].sum()), "minutes_before": mean[0],
                "minutes_after": mean[1],
            }
        )  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(COUNTY_COLUMNS))
    return frame.sort_values(["dropped", "cut"], ascending=False, kind="stable").reset_index(drop=True)


def _places(watch: Watch, opened: Opened) -> pd.DataFrame:
    network, limit = watch.board.network, watch.limit_min + TOLERANCE_MIN
    frame = network.place_layer.frame
    own = frame[frame["city"].isin(network.region.core_cities) & (frame["level"] != "zone")]
    rows = []
    whole = watch.board.opened()
    for node in watch.centres:
        before, after = minutes_to(whole, node), minutes_to(opened, node)
        centre = str(network.nodes["node_id"].iloc[node]).removeprefix("place/")
        for place in own.itertuples():
            row = network.row_of[f"place/{place.id}"]
            cut = np.isfinite(before[row]) and not np.isfinite(after[row])
            if cut or (before[row] <= limit < after[row]):
                rows.append(
                    {
                        "place": place.id, "name_zh": place.name_zh, "name_en": place.name_en, "city": place.city,
                        "centre": centre, "centre_zh": network.node_names[node], "before_min": float(before[row]),
                        "after_min": float(after[row]), "change": "cut" if cut else "lost", "lon": place.geometry.x,
                        "lat": place.geometry.y,
                    }
                )  # fmt: skip
    return pd.DataFrame(rows, columns=list(PLACE_COLUMNS))


def _closed(network: Network, event: Event, present: Bools, hour: str) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    columns = network.edge_columns
    for one in event.happenings:
        if hour and not one.holds(hour):
            continue
        hit = np.nonzero(one.edges(network) & present)[0].tolist()
        features: dict[str, int] = {}
        for row in hit:
            lines = [f"railways/{line}" for line in listed(str(columns["line_ids"][row]))]
            named = [line for line in lines if line in one.close] or [
                f"{columns['layer'][row]}/{columns['feature_id'][row]}"
            ]
            for name in named:
                features[name] = features.get(name, 0) + 1
        for name, count in features.items():
            zh, en = network.names_of(*name.split("/", 1))
            rows.append(
                {
                    "what_zh": one.what_zh, "what_en": one.what_en, "from": one.start, "until": one.until,
                    "feature": name, "name_zh": zh, "name_en": en, "edges": count, "source": one.source,
                    "confidence": one.confidence,
                }
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(CLOSED_COLUMNS))
