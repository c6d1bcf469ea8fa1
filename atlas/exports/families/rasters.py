"""Surfaces as files: GeoTIFF, and arrays for numpy."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from atlas.base.doors import missing_extra
from atlas.base.errors import ExportError
from atlas.base.files import replacing, write_bytes
from atlas.base.geodesy import Floats
from atlas.base.values import form_of
from atlas.land.surface import Surface

__all__ = ["NODATA", "RASTERS", "write_surface"]

#: Formats of files that hold a surface as a raster.
RASTERS = ("tif", "npz", "npy")
#: Where there is no land or no way; minutes are never negative.
NODATA = -1.0


def write_surface(surface: Surface, path: str | Path, *, form: str | None = None, overwrite: bool = False) -> Path:
    """Write the minutes of a surface and return the path.

    Parameters
    ----------
    surface
        From :func:`atlas.land.surface.surface_from`.
    path
        ``.tif`` or ``.tiff``: GeoTIFF in float32 with CRS, :data:`NODATA`, tags and hash. ``.npz``: ``minutes``
        (rows, columns; NaN: no land or no way), ``lon``, ``lat`` (middles of the cells, degrees), ``land``,
        ``transform`` (six numbers from column, row to x, y), ``crs`` (WKT) and ``hash``. ``.npy``: the minutes
        alone.
    form
        ``tif``, ``npz`` or ``npy``; None: by the ending of `path`.

    Raises
    ------
    ExportError
        Another suffix, rasterio is missing, or the file exists or cannot be written.
    """
    path = Path(path)
    form = form_of(path, form, RASTERS)
    if form == "tif":
        return _write_tiff(surface, path, overwrite=overwrite)
    return write_bytes(path, _arrays(surface, alone=form == "npy"), overwrite=overwrite)


def _about(surface: Surface) -> dict[str, str]:
    return {
        "atlas_hash": surface.hash,
        "origin": surface.origin,
        "origin_zh": surface.origin_name,
        "direction": "towards" if surface.towards else "from",
        "mode": surface.mode,
        "scenario": surface.scenario.name,
        "parameters": surface.scenario.parameter_set,
        "unit": "minutes",
        "cell_km": f"{surface.grid.size_m / 1000.0:g}",
    }


def _transform(surface: Surface) -> tuple[float, float, float, float, float, float]:
    grid = surface.grid
    return (grid.size_m, 0.0, grid.left, 0.0, -grid.size_m, grid.top)


def _write_tiff(surface: Surface, path: Path, *, overwrite: bool) -> Path:
    try:
        import rasterio
        from rasterio.errors import RasterioError
        from rasterio.transform import Affine
    except ModuleNotFoundError as reason:
        raise ExportError(missing_extra("rasterio") + ", or write .npz") from reason
    minutes = surface.raster()
    values = np.where(np.isnan(minutes), NODATA, minutes).astype(np.float32)
    about = _about(surface)
    with replacing(path, overwrite=overwrite) as draft:
        try:
            with rasterio.open(
                draft,
                "w",
                driver="GTiff",
                height=values.shape[0],
                width=values.shape[1],
                count=1,
                dtype="float32",
                crs=surface.grid.crs.to_wkt(),
                transform=Affine(*_transform(surface)),
                nodata=NODATA,
                compress="deflate",
                predictor=3,
                tiled=True,
            ) as raster:
                raster.write(values, 1)
                raster.set_band_description(1, "minutes")
                raster.update_tags(TIFFTAG_IMAGEDESCRIPTION=f"atlas-hash: {surface.hash}", **about)
        except RasterioError as reason:
            raise ExportError(f"{path} cannot be written: {reason}") from reason
    return path


def _arrays(surface: Surface, *, alone: bool) -> bytes:
    grid = surface.grid
    buffer = io.BytesIO()
    minutes = surface.raster().astype(np.float32)
    if alone:
        np.save(buffer, minutes)
        return buffer.getvalue()
    text = "\n".join(f"{key}: {value}" for key, value in _about(surface).items())
    np.savez_compressed(
        buffer,
        minutes=minutes,
        lon=_full(surface, 0),
        lat=_full(surface, 1),
        land=grid.land,
        transform=np.array(_transform(surface)),
        crs=_bytes(grid.crs.to_wkt()),
        hash=_bytes(f"atlas-hash: {surface.hash}"),
        about=_bytes(text),
    )
    return buffer.getvalue()


def _full(surface: Surface, axis: int) -> Floats:
    return surface.grid.full(surface.grid.lonlat[:, axis])


def _bytes(text: str) -> NDArray[np.bytes_]:
    return np.array(text.encode("utf-8"))
