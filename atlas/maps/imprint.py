"""What stands round any map page, as two values: the imprint (who, when, in which words) and the backdrop (on what)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TypedDict

import geopandas as gpd

from atlas.base.errors import MapError, only_known
from atlas.base.words import LANGUAGES
from atlas.data.register import Register
from atlas.data.sources import Source
from atlas.maps.basemaps import Basemap

__all__ = ["Around", "Imprint", "Links", "around"]

#: Addresses and their (Chinese, English) words.
Links = Sequence[tuple[str, tuple[str, str]]]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Imprint:
    """What a page says of itself.

    Attributes
    ----------
    title
        One text, or Chinese and English; None: what the page has for it.
    lang
        Language the page opens in: ``zh`` or ``en``.
    plan
        The plan's register: its wording stands in the cards, its corridors in a filter.
    sources
        The ledger of sources by key, named with licence at the foot of the page.
    author, date, approval, number
        Who made the map, when, its approval number (审图号) and the sheet's (图号); empty leaves a place on the print.
    links
        Pages named in the footer: address, (Chinese, English).
    """

    title: str | tuple[str, str] | None = None
    lang: str = "zh"
    plan: Register | None = None
    sources: Mapping[str, Source] | None = None
    author: str = ""
    date: str = ""
    approval: str = ""
    number: str = ""
    links: Links = ()

    def __post_init__(self) -> None:
        if self.lang not in LANGUAGES:
            raise MapError(f"no language {self.lang!r}; a page opens in {' or '.join(LANGUAGES)}")

    def titled(self, default: tuple[str, str]) -> tuple[str, str]:
        """Return the title in both languages; `default` where none was given."""
        if self.title is None:
            return default
        return (self.title, self.title) if isinstance(self.title, str) else self.title


@dataclass(frozen=True, eq=False)
class Backdrop:
    """What a map is drawn on.

    Attributes
    ----------
    bounds
        West, south, east, north of the opening view, degrees; None: what the page opens on.
    basemap
        Tiles under the map; None: the built-in land and water.
    boundaries
        County boundaries in EPSG:4326, such as :meth:`atlas.data.catalog.Catalog.boundaries`; mind that those may not
        be passed on.
    """

    bounds: Box | None = None
    basemap: Basemap | None = None
    boundaries: gpd.GeoDataFrame | None = None


class Around(TypedDict, total=False):
    """The members of :class:`Imprint` and :class:`Backdrop` by their names, as pages take them."""

    title: str | tuple[str, str] | None
    lang: str
    plan: Register | None
    sources: Mapping[str, Source] | None
    author: str
    date: str
    approval: str
    number: str
    links: Links
    bounds: Box | None
    basemap: Basemap | None
    boundaries: gpd.GeoDataFrame | None


def around(given: Around) -> tuple[Imprint, Backdrop]:
    """Return imprint and backdrop of what was given by name.

    Raises
    ------
    MapError
        Unknown language.
    TypeError
        No page has a member of that name.

    >>> imprint, backdrop = around({"title": "Ports", "bounds": (113.0, 21.0, 114.0, 22.0)})
    >>> imprint.titled(("港口", "Ports")), backdrop.bounds
    (('Ports', 'Ports'), (113.0, 21.0, 114.0, 22.0))
    """
    only_known(given, Around)
    values = dict(given)
    own = {one.name for one in fields(Backdrop)}
    imprint = Imprint(**{name: value for name, value in values.items() if name not in own})  # type: ignore[arg-type]
    return imprint, Backdrop(**{name: value for name, value in values.items() if name in own})  # type: ignore[arg-type]
