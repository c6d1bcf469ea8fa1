"""The ledger of sources, ``data/sources.csv``: what every feature rests on, and under which licence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from atlas.base.errors import LayerError
from atlas.base.tables import is_iso_date, read_table

__all__ = ["Source", "read_sources"]

_COLUMNS = ("key", "title", "publisher", "retrieved", "licence", "sha256", "note")
#: May be left out: the title and publisher in Chinese, and where the source is read.
_OPTIONAL = ("title_zh", "publisher_zh", "url")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Source:
    """One source: where it is from, when it was taken, under which licence it may be passed on.

    ``title_zh`` and ``publisher_zh`` are empty where the ledger gives none, and ``url`` where no link is known.
    """

    key: str
    title: str
    publisher: str
    retrieved: str
    licence: str
    sha256: str
    note: str
    title_zh: str = ""
    publisher_zh: str = ""
    url: str = ""


def read_sources(path: str | Path) -> dict[str, Source]:
    """Read and check the ledger.

    Returns
    -------
    dict
        Sources by key, in the order of the file.

    Raises
    ------
    LayerError
        The file cannot be read, lacks a column, repeats a key, or a row has no title, publisher or
        licence, a date that is not ISO 8601, or a hash that is no SHA-256. All findings at once.
    """
    path = Path(path)
    sources: dict[str, Source] = {}
    faults: list[str] = []
    for row in read_table(path, _COLUMNS, what=", the ledger of sources,"):
        source = Source(*(row.get(name, "") for name in (*_COLUMNS, *_OPTIONAL)))
        faults += [f"line {row.line} ({source.key or 'no key'}): {fault}" for fault in _faults(source, sources)]
        sources[source.key] = source
    if faults:
        raise LayerError(f"{path}: " + "; ".join(faults), faults)
    return sources


def _faults(source: Source, known: dict[str, Source]) -> list[str]:
    faults = [f"no {name}" for name in ("key", "title", "publisher", "licence") if not getattr(source, name)]
    if source.key in known:
        faults.append("the key stands twice")
    if not is_iso_date(source.retrieved):
        faults.append(f"retrieved {source.retrieved!r} is no ISO date")
    if source.url and not source.url.startswith("https://"):
        faults.append(f"url {source.url!r} is no https address")
    if source.sha256 and not _SHA256.fullmatch(source.sha256):
        faults.append("sha256 is not 64 hex digits")
    return faults
