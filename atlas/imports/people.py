"""A population of the user's own, from a raster or from points, kept in ``data/own/population.csv``.

One row a place: ``lon``, ``lat`` (EPSG:4326), ``people``, ``year``, ``source``. Nothing is spread or scaled
here: that is for :mod:`atlas.land.population`.
"""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import pandas as pd
import pyproj
import shapely

from atlas.base import geodesy
from atlas.base.doors import missing_extra
from atlas.base.errors import ImportDataError, only_known
from atlas.base.foreign import apart
from atlas.base.geodesy import Floats
from atlas.base.values import name_text
from atlas.data.region import ANYWHERE, Region
from atlas.data.sources import Source
from atlas.imports.archives import check_file
from atlas.imports.frames import read_frame
from atlas.imports.store import file_sha256
from atlas.imports.systems import in_degrees, shifted
from atlas.imports.vector import Origin, Reading

__all__ = ["CELL_DEGREES", "People", "people_text", "read_people"]

#: Pixels are summed into cells of 15 seconds of arc, about 460 m.
CELL_DEGREES = 1.0 / 240.0
COLUMNS = ("lon", "lat", "people", "year", "source")
_RASTERS = {".tif": "GTiff", ".tiff": "GTiff", ".asc": "AAIGrid", ".img": "HFA", ".bil": "EHdr"}
#: Rows of a raster read at once are as many as hold this many pixels.
_PIXELS = 2_000_000
_MOST_PIXELS = 500_000_000


@dataclass(frozen=True)
class People:
    """Residents at places.

    Attributes
    ----------
    frame
        Columns ``lon``, ``lat`` (degrees), ``people``.
    year
        To which the numbers belong.
    source
        Row for the ledger.
    notes
        What was left out or summed.
    """

    frame: pd.DataFrame
    year: int
    source: Source
    notes: tuple[str, ...]

    @property
    def total(self) -> float:
        """All residents."""
        return float(self.frame["people"].sum())


def read_people(
    path: str | Path,
    origin: Origin,
    *,
    year: int,
    column: str | None = None,
    band: int = 1,
    density: bool = False,
    region: Region = ANYWHERE,
    **reading: Unpack[Reading],
) -> People:
    """Read residents from a raster or from points.

    Parameters
    ----------
    path
        A raster (GeoTIFF, ASCII grid, ERDAS, BIL) of residents a pixel, or a vector file of points.
    origin
        For the ledger.
    year
        Of the numbers.
    column
        Field of the points that holds the residents.
    band
        Of the raster.
    density
        The raster holds residents per square kilometre: they are multiplied by the pixels' geodesic area.
    region
        Residents out of its extent are left out and counted.
    **reading
        ``crs``, ``shift`` and ``encoding``: see :class:`atlas.imports.vector.Reading`.

    Raises
    ------
    ImportDataError
        The file cannot be read, has no coordinate system, holds negative residents, or nobody lives in
        the atlas's region; or rasterio is not installed.

    Notes
    -----
    Pixels are summed into cells of 15 seconds of arc, each standing at the middle of its residents.
    """
    only_known(reading, Reading)
    crs, shift = reading.get("crs"), reading.get("shift")
    path = check_file(path)
    if not 1900 <= year <= 2100:
        raise ImportDataError(f"year {year}: give the year of the population, such as 2020")
    notes: list[str] = []
    if path.suffix.lower() in _RASTERS:
        frame, told = apart(lambda: _raster(path, band, density, crs, shift, region), path, ImportDataError)
        notes += told
    else:
        frame = _points(path, column, crs, shift, reading.get("encoding"), notes)
    west, south, east, north = region.extent
    inside = frame["lon"].between(west, east) & frame["lat"].between(south, north)
    if not inside.all():
        lost = float(frame.loc[~inside, "people"].sum())
        notes.append(f"places outside the region, left out: {int((~inside).sum())}, with residents: {lost:.0f}")
    frame = frame[inside & (frame["people"] > 0)].sort_values(["lat", "lon"], ignore_index=True)
    if frame.empty:
        raise ImportDataError(
            f"{path}: nobody lives in the atlas's region {region.extent}; is its coordinate system right?"
        )
    digest = file_sha256(path)
    source = Source(
        f"own_{digest[:8]}", f"{name_text(path.name)}, imported as population of {year}", origin.publisher,
        origin.as_of, origin.licence, digest, "",
    )  # fmt: skip
    return People(frame, year, source, tuple(notes))


def people_text(people: People) -> str:
    """Return the CSV text of ``data/own/population.csv``."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for lon, lat, number in people.frame[["lon", "lat", "people"]].itertuples(index=False):
        writer.writerow((f"{lon:.6f}", f"{lat:.6f}", f"{number:.3f}", people.year, people.source.key))
    return text.getvalue()


def _points(
    path: Path, column: str | None, crs: str | None, shift: str | None, encoding: str | None, notes: list[str]
) -> pd.DataFrame:
    frame = read_frame(path, encoding, None, notes)
    fields = [str(name) for name in frame.columns if name != frame.geometry.name]
    if column is None or column not in fields:
        raise ImportDataError(
            f"{path}: name the field that holds the residents with --column; it has {', '.join(fields)}"
        )
    frame = in_degrees(path, frame, crs)
    shapes = frame.geometry.to_numpy()
    good = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes)) & (shapely.get_type_id(shapes) == 0)
    number = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=np.float64)
    good &= np.isfinite(number) & np.isfinite(shapely.get_x(shapes)) & np.isfinite(shapely.get_y(shapes))
    if not good.all():
        notes.append(f"features that are no points or have no number, left out: {int((~good).sum())}")
    if (number[good] < 0).any():
        raise ImportDataError(f"{path}: {column} holds negative numbers; residents cannot be negative")
    points = shapes[good] if shift is None else shifted(shapes[good], shift)
    frame = pd.DataFrame({"lon": shapely.get_x(points), "lat": shapely.get_y(points), "people": number[good]})
    return frame.round({"lon": 6, "lat": 6})


def _raster(
    path: Path, band: int, density: bool, crs: str | None, shift: str | None, region: Region
) -> tuple[pd.DataFrame, list[str]]:
    notes: list[str] = []
    try:
        import rasterio
        from rasterio.errors import RasterioError
    except ModuleNotFoundError as reason:
        raise ImportDataError(missing_extra("rasterio")) from reason
    grid = _Grid(region.extent)
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            rasterio.open(path, driver=_RASTERS[path.suffix.lower()]) as raster,
        ):
            change = _to_degrees(path, raster, band, crs)
            for values, x, y in _strips(rasterio, raster, band):
                if (values < 0).any():
                    raise ImportDataError(f"{path} holds negative numbers; state its no-data value or mask them")
                lon, lat = (np.asarray(part, dtype=np.float64) for part in change.transform(x, y))
                if density:
                    values = values * _pixel_km2(raster, change, x, y)
                if shift is not None:
                    points = shifted(shapely.points(lon, lat), shift)
                    lon, lat = shapely.get_x(points), shapely.get_y(points)
                grid.add(lon, lat, values)
    except (RasterioError, pyproj.exceptions.ProjError, ValueError, OSError, MemoryError) as reason:
        if isinstance(reason, ImportDataError):
            raise
        raise ImportDataError(f"{path} cannot be read as a raster: {reason}") from reason
    if grid.outside:
        notes.append(f"residents outside the region, left out: {grid.outside:.0f}")
    notes.append(f"inhabited pixels summed into cells of 15 seconds of arc: {grid.pixels}")
    return grid.frame(), notes


def _to_degrees(path: Path, raster: Any, band: int, crs: str | None) -> pyproj.Transformer:
    """Check the raster's size, band and system; return the way from its system to degrees."""
    if raster.width * raster.height > _MOST_PIXELS:
        raise ImportDataError(f"{path} has {raster.width} x {raster.height} pixels; cut it to the region first")
    if not 1 <= band <= raster.count:
        raise ImportDataError(f"{path} has {raster.count} bands, no band {band}")
    told = crs or (raster.crs.to_wkt() if raster.crs else None)
    if told is None:
        raise ImportDataError(f"{path} does not say in which coordinate system it is; pass --crs")
    return geodesy.transformer(pyproj.CRS.from_user_input(f"EPSG:{told}" if told.isdigit() else told), 4326)


def _strips(rasterio: Any, raster: Any, band: int) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Yield numbers and places of inhabited pixels, some rows at a time."""
    from rasterio.windows import Window

    rows = max(1, _PIXELS // raster.width)
    for top in range(0, raster.height, rows):
        height = min(rows, raster.height - top)
        block = raster.read(band, window=Window(0, top, raster.width, height), masked=True).astype(np.float64)
        row, column = np.nonzero(np.isfinite(block.filled(np.nan)) & (block.filled(0.0) != 0))
        x, y = raster.transform * (column + 0.5, row + top + 0.5)
        yield block.data[row, column], np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)


def _pixel_km2(raster: Any, change: Any, x: Floats, y: Floats) -> Floats:
    """Geodesic areas of pixels, taken as width times height through their middles."""
    half_x, half_y = abs(raster.transform.a) / 2, abs(raster.transform.e) / 2
    west, east = change.transform(x - half_x, y), change.transform(x + half_x, y)
    south, north = change.transform(x, y - half_y), change.transform(x, y + half_y)
    return geodesy.distances_km(*west, *east) * geodesy.distances_km(*south, *north)


@dataclass
class _Grid:
    """Sums of residents, and of residents times longitude and latitude, by cell of 15 seconds of arc in a box."""

    box: tuple[float, float, float, float]
    sums: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["people", "east", "north"], dtype=float))
    outside: float = 0.0
    pixels: int = 0

    def add(self, lon: Floats, lat: Floats, people: Floats) -> None:
        """Add pixels; those outside the box are counted apart."""
        west, south, east, north = self.box
        here = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        self.outside += float(people[~here].sum())
        lon, lat, people = lon[here], lat[here], people[here]
        self.pixels += len(people)
        row = np.floor((lat - south) / CELL_DEGREES).astype(np.int64)
        column = np.floor((lon - west) / CELL_DEGREES).astype(np.int64)
        cell = row * (int(np.ceil((east - west) / CELL_DEGREES)) + 1) + column
        fresh = pd.DataFrame({"people": people, "east": people * lon, "north": people * lat}, index=cell)
        self.sums = pd.concat([self.sums, fresh]).groupby(level=0).sum()

    def frame(self) -> pd.DataFrame:
        """Residents by cell, each at the middle of its residents."""
        sums = self.sums[self.sums["people"] > 0]
        people, lon, lat = (sums[name].to_numpy(dtype=np.float64) for name in ("people", "east", "north"))
        return pd.DataFrame({"lon": (lon / people).round(6), "lat": (lat / people).round(6), "people": people})
