"""The plan: what it names, what each item is in the layers, and how far it has come at any date.

Three tables in ``data/plan/``: ``register.csv`` (one row an item, the plan's own names), ``plan_links.csv``
(item → feature) and ``status.csv`` (dated status history, each row with its source). Dates may have reduced
precision (``2024``, ``2024-06``); such a date counts from its last day, when the statement is certain.

The plan is 粤府〔2023〕92号, signed 2023-10-25 and published 2023-12-20; the later date is used nowhere.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from atlas.base.doors import did_you_mean, nearest
from atlas.base.errors import PlanError
from atlas.base.tables import SEPARATOR, Table, listed, listing, read_table, slots
from atlas.data.counting import count_of

__all__ = [
    "ISSUED",
    "ITEM_STATUSES",
    "Change",
    "Event",
    "PlanItem",
    "Register",
    "StatusHistory",
    "item_table",
    "last_day",
    "read_register",
    "read_status",
]

#: Date of the notice that issued the plan: the day its own wording describes.
ISSUED = "2023-10-25"
#: Statuses of an item: those of a feature, and ``partly_operating`` where only a part is in use.
ITEM_STATUSES = (
    "operating", "partly_operating", "under_construction", "preliminary", "study", "concept", "reserved",
    "planned", "unknown",
)  # fmt: skip
_BASES = ("plan_wording", "fact")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def last_day(date: str) -> dt.date:
    """Return the last day that `date` (``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``) can mean.

    Raises
    ------
    PlanError
        Not such a date.
    """
    found = _DATE.fullmatch(date)
    if found is None:
        raise PlanError(f"{date!r} is no date; write YYYY, YYYY-MM or YYYY-MM-DD")
    year, month = int(found[1]), int(found[2] or 12)
    try:
        return dt.date(year, month, int(found[3]) if found[3] else calendar.monthrange(year, month)[1])
    except (ValueError, calendar.IllegalMonthError) as reason:
        raise PlanError(f"{date!r} is no date of the calendar") from reason


@dataclass(frozen=True)
class PlanItem:
    """One thing the plan names.

    Attributes
    ----------
    wording
        The plan's own words, short.
    reading
        How this atlas reads them.
    reason
        Why the item has no geometry; empty for items that have one.
    aliases
        What people also call it.
    """

    id: str
    kind: str
    stage: str
    name_zh: str
    name_en: str
    section: str
    wording: str = ""
    reading: str = ""
    reason: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Link:
    """One feature an item stands for, and in which way."""

    plan_id: str
    layer: str
    feature_id: str
    how: str = ""


@dataclass(frozen=True)
class Event:
    """One dated statement on an item's status.

    ``basis`` is ``plan_wording`` (the plan's stage words at its issue) or ``fact``.
    """

    item: str
    date: str
    status: str
    basis: str
    source: str
    confidence: str
    note: str = ""

    @property
    def day(self) -> dt.date:
        """The day from which the statement counts."""
        return last_day(self.date)


@dataclass(frozen=True)
class Change:
    """An item whose status differs between two dates; `before` is None when nothing was known."""

    item: str
    before: Event | None
    after: Event


@dataclass(frozen=True)
class StatusHistory:
    """All events, in order of item and day."""

    events: tuple[Event, ...]

    def of(self, item: str) -> tuple[Event, ...]:
        """Return the events of one item, oldest first."""
        return tuple(event for event in self.events if event.item == item)

    def as_of(self, date: str) -> dict[str, Event]:
        """Return the last event of each item not later than `date`; items not yet known are absent."""
        day = last_day(date)
        return {event.item: event for event in self.events if event.day <= day}

    def changed_since(self, date: str = ISSUED, until: str | None = None) -> tuple[Change, ...]:
        """Return the items whose status after `until` (None: the last known) is not that of `date`."""
        before = self.as_of(date)
        after = {event.item: event for event in self.events} if until is None else self.as_of(until)
        return tuple(
            Change(item, before.get(item), event)
            for item, event in after.items()
            if item not in before or before[item].status != event.status
        )


@dataclass(frozen=True)
class Resolution:
    """What an item is in the atlas.

    ``kind`` is ``features``, ``corridor`` (made of features), ``target`` (tested as a claim) or ``reason``
    (no geometry, and why).
    """

    kind: str
    links: tuple[Link, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Axis:
    """An axis of development (2.4 of the plan) and the items it is made of."""

    id: str
    name_zh: str
    name_en: str
    wording: str
    plan_ids: tuple[str, ...]


@dataclass(frozen=True)
class Register:
    """The plan's items with their links to features and their history."""

    items: tuple[PlanItem, ...]
    links: tuple[Link, ...]
    history: StatusHistory
    axes: tuple[Axis, ...] = ()
    phrases: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)

    def translated(self, text: str) -> str:
        """Return a section, reading or reason in the other language, part by part; as it is where nobody translated it.

        >>> Register((), (), StatusHistory(()), phrases={"to be studied": "拟研究"}).translated("to be studied")
        '拟研究'
        """
        parts = [text] if text in self.phrases else text.split("; ")
        return "；".join(self.phrases[part] for part in parts) if all(map(self.phrases.get, parts)) else text

    def __iter__(self) -> Iterator[PlanItem]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __contains__(self, item: object) -> bool:
        return any(known.id == item for known in self.items)

    def __getitem__(self, item: str) -> PlanItem:
        for known in self.items:
            if item in (known.id, known.name_zh, known.name_en):
                return known
        called = [known for known in self.items if item in known.aliases]
        if len(called) == 1:
            return called[0]
        names = [name for known in self.items for name in (known.id, known.name_zh)]
        hint = did_you_mean(item, names, cutoff=0.4) or "; `atlas plan list` shows all"
        raise PlanError(f"the plan has no item {item!r}{hint}")

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of all items, in the plan's order."""
        return tuple(item.id for item in self.items)

    def links_of(self, item: str) -> tuple[Link, ...]:
        """Return the links of one item."""
        return tuple(link for link in self.links if link.plan_id == item)

    def corridors_of(self, item: str) -> tuple[str, ...]:
        """Return the corridors that share a feature with `item`, itself included when it is one."""
        own = {(link.layer, link.feature_id) for link in self.links_of(item)}
        shared = {link.plan_id for link in self.links if (link.layer, link.feature_id) in own}
        return tuple(x.id for x in self.items if x.kind == "corridor" and x.id in shared)

    def resolve(self, item: str) -> Resolution:
        """Return what `item` (id or name) is in the atlas.

        Raises
        ------
        PlanError
            No such item, or it has neither features nor a written reason.
        """
        found = self[item]
        links = self.links_of(found.id)
        if found.kind == "reachability_target":
            return Resolution("target", links, found.reason)
        if links:
            return Resolution("corridor" if found.kind == "corridor" else "features", links)
        if found.reason:
            return Resolution("reason", (), found.reason)
        raise PlanError(
            f"{found.id} ({found.name_zh}) has neither features in data/plan/plan_links.csv nor a reason "
            "in data/plan/register.csv; add one of them"
        )


def _rows(path: Path, columns: Sequence[str]) -> Table:
    return read_table(path, columns, error=PlanError)


def read_status(path: str | Path) -> StatusHistory:
    """Read ``status.csv``: ``item, date, status, basis, source, confidence, note``.

    Raises
    ------
    PlanError
        A column, date, status, basis or source is missing or wrong, or an item has two events on one day.
    """
    path = Path(path)
    rows = _rows(path, ("item", "date", "status", "basis", "source", "confidence", "note"))
    events: list[Event] = []
    seen: set[tuple[str, dt.date]] = set()
    for row in rows:
        event = Event(*(row[name] for name in ("item", "date", "status", "basis", "source", "confidence", "note")))
        where = f"{path} line {row.line} ({event.item})"
        row.date("date")
        if event.status not in ITEM_STATUSES:
            raise PlanError(f"{where}: status {event.status!r} is none of {', '.join(ITEM_STATUSES)}")
        if event.basis not in _BASES or not event.source:
            raise PlanError(f"{where}: needs a basis ({', '.join(_BASES)}) and a source")
        if (event.item, event.day) in seen:
            raise PlanError(f"{where}: a second statement for {event.date}; merge the two")
        seen.add((event.item, event.day))
        events.append(event)
    order = {item: place for place, item in enumerate(dict.fromkeys(event.item for event in events))}
    return StatusHistory(tuple(sorted(events, key=lambda event: (order[event.item], event.day))))


def read_register(folder: str | Path) -> Register:
    """Read the plan under `folder` (``register.csv``, ``plan_links.csv``, ``status.csv``, ``phrases.csv``).

    Raises
    ------
    PlanError
        A table is missing or broken, an id stands twice, or a link or event names an item that is not in
        the register.
    """
    folder = Path(folder)
    needed = ("id", "kind", "stage", "name_zh", "name_en", "section")
    rows = _rows(folder / "register.csv", (*needed, "wording", "reading", "reason"))
    items = tuple(
        PlanItem(
            **{name: row[name] for name in needed},
            wording=row["wording"],
            reading=row["reading"],
            reason=row["reason"],
            aliases=listed(row.get("aliases", "")),
        )
        for row in rows
    )
    links = tuple(
        Link(row["plan_id"], row["layer"], row["feature_id"], row.get("how", ""))
        for row in _rows(folder / "plan_links.csv", ("plan_id", "layer", "feature_id"))
    )
    translated = folder / "phrases.csv"
    phrases = _rows(translated, ("text", "translation")) if translated.is_file() else ()
    register = Register(
        items,
        links,
        read_status(folder / "status.csv"),
        _axes(folder / "axes.csv"),
        {row["text"]: row["translation"] for row in phrases},
    )
    known = set(register.ids)
    if len(known) != len(items):
        raise PlanError(f"{folder / 'register.csv'}: an id stands twice")
    for name, ids in (
        ("plan_links", (link.plan_id for link in links)),
        ("status", (e.item for e in register.history.events)),
        ("axes", (item for axis in register.axes for item in axis.plan_ids)),
    ):
        strange = sorted(set(ids) - known)
        if strange:
            raise PlanError(f"{folder / f'{name}.csv'} names {', '.join(strange)}, not in register.csv")
    return register


def _axes(path: Path) -> tuple[Axis, ...]:
    """Read ``axes.csv``, the plan's axes of development; none where there is no such table."""
    if not path.is_file():
        return ()
    rows = _rows(path, ("id", "name_zh", "name_en", "wording", "plan_ids"))
    return tuple(
        Axis(row["id"], row["name_zh"], row["name_en"], row["wording"], tuple(slots(row["plan_ids"]))) for row in rows
    )


def _cities(feature: Mapping[Hashable, Any]) -> set[str]:
    texts = (feature.get(name) for name in ("city", "side_a_city", "side_b_city"))
    return {city for text in texts if isinstance(text, str) for city in re.split(r"[;/、,—-]", text) if city}


def _opening(features: Sequence[Mapping[Hashable, Any]]) -> tuple[int | None, str]:
    """Year from which all features of an item count, and whether any of them is only assumed."""
    years = [feature.get("opens_year") for feature in features]
    if not features or any(pd.isna(year) for year in years):
        return None, "unknown"
    bases = {str(feature.get("opens_basis")) for feature in features}
    basis = next((b for b in ("assumed", "unknown", "announced", "fact") if b in bases), "unknown")
    return max(int(year) for year in years if year is not None), basis


_ITEM_COLUMNS = [
    "id", "kind", "stage", "name_zh", "name_en", "section", "status", "status_date", "status_basis", "confidence",
    "source", "cities", "corridors", "opens_year", "opens_basis", "features", "resolution",
    "counts", "counts_from", "course", "in_full", "in_full_known", "reason",
]  # fmt: skip


def item_table(
    register: Register, frames: Mapping[str, pd.DataFrame] | None = None, *, date: str | None = None
) -> pd.DataFrame:
    """Return one row an item with its status at `date` and what its features say.

    Parameters
    ----------
    register
        The plan.
    frames
        Layer frames by key, for cities and opening years; None leaves those columns empty.
    date
        As of which date the status is given; None: the last known.

    Returns
    -------
    DataFrame
        ``id, kind, stage, name_zh, name_en, section, status, status_date, status_basis, confidence, source,
        cities, corridors, opens_year, opens_basis, features, resolution, counts, counts_from, course, in_full,
        in_full_known, reason``; lists joined by ``;``. ``counts`` is one of :data:`atlas.data.counting.COUNTS`.
        ``opens_year`` is the year from which all of the item's features count, null when one never does
        before ``full``.
    """
    features = {
        (layer, str(row["id"])): row for layer, frame in (frames or {}).items() for row in frame.to_dict("records")
    }
    history = register.history
    latest = {e.item: e for e in history.events} if date is None else history.as_of(date)
    rows = []
    for item in register:
        links = register.links_of(item.id)
        own = [features[link.layer, link.feature_id] for link in links if (link.layer, link.feature_id) in features]
        year, basis = _opening(own)
        resolution = register.resolve(item.id).kind
        count = count_of(resolution, [
            (link.layer, features[link.layer, link.feature_id])
            for link in links if (link.layer, link.feature_id) in features
        ], item.kind)  # fmt: skip
        event = latest.get(item.id)
        rows.append(
            {
                "id": item.id, "kind": item.kind, "stage": item.stage, "name_zh": item.name_zh,
                "name_en": item.name_en, "section": item.section,
                "status": event.status if event else "unknown", "status_date": event.date if event else "",
                "status_basis": event.basis if event else "", "confidence": event.confidence if event else "",
                "source": event.source if event else "",
                "cities": listing(sorted(set().union(*map(_cities, own)))),
                "corridors": listing(register.corridors_of(item.id)),
                "opens_year": year, "opens_basis": basis,
                "features": listing(f"{link.layer}/{link.feature_id}" for link in links),
                "resolution": resolution, "counts": count.how, "counts_from": count.first_year,
                "course": count.course, "in_full": count.in_full, "in_full_known": count.in_full_known,
                "reason": item.reason,
            }
        )  # fmt: skip
    table = pd.DataFrame(rows, columns=_ITEM_COLUMNS)
    for column in ("opens_year", "counts_from"):
        table[column] = table[column].astype("Int64")
    return table


def select(
    table: pd.DataFrame,
    *,
    kind: Collection[str] = (),
    stage: Collection[str] = (),
    status: Collection[str] = (),
    city: Collection[str] = (),
    corridor: Collection[str] = (),
    year: int | None = None,
) -> pd.DataFrame:
    """Return the rows of an :func:`item_table` that satisfy every filter given.

    Parameters
    ----------
    kind, stage, status
        Values of those columns.
    city, corridor
        An item passes when it touches one of the cities, or shares a feature with one of the corridors.
    year
        Items all of whose features count in that year's scenario.

    Raises
    ------
    PlanError
        A value that no item has, with the nearest that exist.
    """
    keep = pd.Series(True, index=table.index)
    for column, wanted in (("kind", kind), ("stage", stage), ("status", status)):
        if wanted:
            known = ITEM_STATUSES if column == "status" else sorted(set(table[column]))
            keep &= table[column].isin(_known(wanted, known, column))
    for column, name, wanted in (("cities", "city", city), ("corridors", "corridor", corridor)):
        if wanted:
            held = table[column].str.split(SEPARATOR)
            names = _known(wanted, sorted(set().union(*map(set, held)) - {""}), name)
            keep &= held.map(lambda values, names=names: bool(names & set(values)))
    if year is not None:
        keep &= (table["opens_year"] <= year).fillna(False).astype(bool)
    return table[keep].reset_index(drop=True)


def _known(wanted: Collection[str], known: Collection[str], what: str) -> set[str]:
    for value in wanted:
        if value not in known:
            near = nearest(value, known, cutoff=0.4) or list(known)
            raise PlanError(f"no plan item has the {what} {value!r}; there are {', '.join(near)}")
    return set(wanted)
