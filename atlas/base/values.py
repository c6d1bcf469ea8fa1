"""Values as other programs take them: plain for JSON, safe for spreadsheets. Imports nothing heavy."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from atlas.base.errors import ExportError

__all__ = ["ENDINGS", "cell", "csv_columns", "csv_text", "fit", "form_of", "name_text", "plain", "short_number"]

#: What begins a formula in some spreadsheet, full-width signs and what is skipped before one included.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: Signs that XML, spreadsheets or terminals cannot hold, and that no name has: control characters but tab and line
#: ends, halves of characters, and what Unicode keeps from being characters.
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_UNKNOWN = {"NAType", "NaTType"}
#: Endings of files by format, over all that is written; some have two parts.
ENDINGS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "table": (".txt",),
    "json": (".json",),
    "csv": (".csv",),
    "geojson": (".geojson",),
    "geojsonseq": (".geojsonl", ".geojsons"),
    "gpkg": (".gpkg",),
    "shp": (".shp.zip", ".shp"),
    "gdb": (".gdb.zip", ".gdb"),
    "fgb": (".fgb",),
    "parquet": (".parquet",),
    "kml": (".kml", ".kmz"),
    "xlsx": (".xlsx",),
    "tab": (".tab.zip", ".tab"),
    "dxf": (".dxf",),
    "gtfs": (".gtfs.zip",),
    "pmtiles": (".pmtiles",),
    "qgz": (".qgz",),
    "lyrx": (".lyrx",),
    "graphml": (".graphml",),
    "tif": (".tif", ".tiff"),
    "npz": (".npz",),
    "npy": (".npy",),
    "html": (".html", ".htm"),
    "docx": (".docx",),
    "pdf": (".pdf",),
    "png": (".png",),
    "toml": (".toml",),
})  # fmt: skip
#: Formats that may stand under the ending of another, of which they are a kind.
_ALSO = frozenset({("geojson", "json")})


def fit(text: str) -> str:
    """Return `text` with a space for each sign that no file, page or terminal should be handed.

    >>> fit("a" + chr(27) + "[31m" + chr(0xFFFF))
    'a [31m '
    """
    return _UNFIT.sub(" ", text)


def name_text(name: str) -> str:
    r"""Return a file's name as text on one line: bytes that are no UTF-8 as ``\xff``, control characters as spaces.

    >>> name_text("a" + chr(0xDCFF) + chr(10) + "b.csv")
    'a\\xff b.csv'
    """
    with suppress(UnicodeEncodeError):  # Halves that stand for no byte; Windows has such names.
        name = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return re.sub(r"[\t\r\n\x85\u2028\u2029]", " ", fit(name))


def _rounded(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


def short_number(value: float) -> float | None:
    """Return a number as layers and pages hold it: null for what is not finite, whole ones without a fraction.

    >>> short_number(2.0), short_number(2.12345678), short_number(math.inf)
    (2, 2.123457, None)
    """
    return int(value) if value.is_integer() else _rounded(value)


def plain(value: Any) -> Any:
    """Return `value` as JSON knows it.

    NaN, infinity and pandas' missing values become None; numpy's scalars plain numbers; sets sorted lists.
    Control characters in a text become spaces. Floats are rounded to six decimals, which keeps the last digits of
    arithmetic out of files.
    """
    kind = type(value)
    if kind is float:
        return round(value, 6) if math.isfinite(value) else None
    if kind is str:
        return fit(value)
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        value = value.item()
    if value is None or type(value).__name__ in _UNKNOWN:
        return None
    if isinstance(value, str):
        return fit(value)
    if isinstance(value, float):
        return _rounded(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return [plain(item) for item in sorted(value)]
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a CSV table with ``\\n`` line ends.

    Unknown values are empty, booleans ``true`` and ``false``. A text that a spreadsheet would run as a formula
    gets an apostrophe in front, which makes it text; numbers are left alone.
    """
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    known: dict[str, str] = {}

    def told(value: Any) -> Any:
        if type(value) is not str:
            return cell(value)
        # most texts of a table stand in it many times
        return known[value] if value in known else known.setdefault(value, cell(value))

    writer.writerow([cell(name) for name in header])
    writer.writerows([told(value) for value in row] for row in rows)
    return sheet.getvalue()


def csv_columns(columns: Mapping[str, Sequence[Any]]) -> str:
    r"""Return columns as a CSV table with ``\n`` line ends, each value as Python writes it, a missing one empty.

    >>> csv_columns({"id": ["a", "b"], "km": [1.5, math.nan], "open": [True, False]})
    'id,km,open\na,1.5,True\nb,,False\n'
    """
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*map(_known, columns.values()), strict=True))
    return sheet.getvalue()


def _known(values: Sequence[Any]) -> Sequence[Any]:
    """Return values with an empty text for each that is missing; None is written as one already."""
    kinds = set(map(type, values))
    if kinds <= {str, int, bool, type(None)}:
        return values
    if kinds == {float}:
        return ["" if value != value else value for value in values]
    return ["" if type(value).__name__ in _UNKNOWN or value != value else value for value in values]


def cell(value: Any) -> Any:
    """Return a value as a cell of :func:`csv_text`."""
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        value = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, str):
        return value
    # The csv module quotes line feeds but not lone carriage returns, which would end the row.
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    skipped = text.lstrip(" \u3000\ufeff")
    return "'" + text if skipped.startswith(_FORMULA) else text


def form_of(path: str | Path, form: str | None, choices: Collection[str], *, usual: str | None = None) -> str:
    """Return the format that a file is to be written in: `form`, else that of its ending.

    Parameters
    ----------
    path
        The file.
    form
        A format asked for; None: none is.
    choices
        Formats it may have, of :data:`ENDINGS`.
    usual
        Format of a name without any ending; None: such a name is refused.

    Raises
    ------
    ExportError
        The ending is none of a choice, or that of another format than `form`: a file that is not what it is called
        misleads whoever opens it.

    Examples
    --------
    >>> form_of("a.csv", None, ["json", "csv"]), form_of("a.dat", "json", ["json", "csv"])
    ('csv', 'json')
    """
    name = Path(path).name
    ending, named = max(
        ((end, key) for key, ends in ENDINGS.items() for end in ends if name.lower().endswith(end)),
        default=(Path(path).suffix, None),
        key=lambda one: len(one[0]),
    )
    if form is not None:
        if named in (None, form) or (form, named) in _ALSO:
            return form
        better = f"{name[: len(name) - len(ending)]}{ENDINGS[form][0]}"
        told = f"{path}: the name says {named}, and what is asked for is {form}"
        raise ExportError(
            f"{told}; leave --format out, or call it {better}" if named in choices else f"{told}; call it {better}"
        )
    if named in choices:
        return str(named)
    if not ending and usual is not None:
        return usual
    endings = ", ".join(end for choice in choices for end in ENDINGS[choice])
    raise ExportError(
        f"{path}: the ending names no format of this; use one of {endings}"
        + (", or --format" if len(choices) > 1 else "")
    )
