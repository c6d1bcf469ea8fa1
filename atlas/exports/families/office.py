"""Tables for Excel and drawings for CAD."""

from __future__ import annotations

import importlib
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import shapely

from atlas.base.doors import missing_extra
from atlas.base.errors import ExportError
from atlas.base.files import scratch
from atlas.base.style import symbol_of
from atlas.base.values import plain
from atlas.exports.tables.archive import pack
from atlas.exports.tables.bundle import Bundle, Table
from atlas.exports.tables.crs import Projection
from atlas.exports.tables.metadata import remarks

__all__ = ["write_dxf", "write_xlsx"]

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_CELL = 32767
#: Signs that no name of a layer of a drawing may hold.
_NO_LAYER = re.compile(r"[\x00-\x1f<>/\\\":;?*|=`,]")
_ROWS = 1048576
_SAVED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def write_xlsx(bundle: Bundle, target: Projection, path: Path) -> None:
    """Write a workbook: a sheet a table, then `fields` and `about`. Texts stay texts, whatever they begin with.

    Raises
    ------
    ExportError
        openpyxl is missing, or a table has more rows than a sheet.
    """
    try:
        import openpyxl
    except ModuleNotFoundError as reason:
        raise ExportError(missing_extra("openpyxl")) from reason
    with scratch(path.parent) as folder:
        members = _members(openpyxl.Workbook(write_only=True), bundle, target, folder)
    # The time of saving is put back to the date of the data: same input, same bytes.
    core = _SAVED.sub(rb"\g<1>" + f"{bundle.as_of}T00:00:00Z".encode(), members["docProps/core.xml"])
    pack(path, members | {"docProps/core.xml": core})


def _members(book: Any, bundle: Bundle, target: Projection, folder: Path) -> dict[str, bytes]:
    """Fill a workbook and return the members of its file."""
    from openpyxl.utils import get_column_letter

    drafted: dict[str, bytes] = {}
    for table in bundle.tables:
        if len(table.frame) >= _ROWS:
            raise ExportError(f"{table.name} has {len(table.frame)} rows; a sheet holds {_ROWS - 1}: write CSV")
        sheet = _sheet(book, table.name[:31], folder, frozen=True)
        place = ["x", "y"] if table.geometry else []
        heads = [*(field.name for field in table.fields), *place]
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(heads))}{len(table.frame) + 1}"
        sheet.append([_cell(sheet, text) for text in heads])
        written = _rows([get_column_letter(i) for i in range(1, len(heads) + 1)], _values(table))
        if written is not None:
            drafted[f"xl/worksheets/sheet{len(book.worksheets)}.xml"] = written
            continue
        for values in _values(table):
            sheet.append([_cell(sheet, value) for value in values])
    fields = _sheet(book, "fields", folder, frozen=True)
    fields.auto_filter.ref = f"A1:F{1 + sum(len(table.fields) for table in bundle.tables)}"
    fields.append([_cell(fields, text) for text in ("table", "field", "alias", "type", "unit", "about")])
    for table in bundle.tables:
        for one in table.fields:
            texts = (table.name, one.name, one.alias, one.type, one.unit, one.about)
            fields.append([_cell(fields, text) for text in texts])
    about = _sheet(book, "about", folder)
    for line in remarks(bundle, target).split("\n"):
        about.append([_cell(about, line)])
    saved = io.BytesIO()
    book.save(saved)
    with zipfile.ZipFile(saved) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    for name, rows in drafted.items():
        members[name] = members[name].replace(b"</sheetData>", rows + b"</sheetData>", 1)
    return members


def _values(table: Table) -> Iterator[Sequence[Any]]:
    """Give the rows of a table, with x and y of a point on the geometry."""
    rows = table.frame[[field.name for field in table.fields]].itertuples(index=False, name=None)
    if not table.geometry:
        return rows
    points = table.shapes.geometry.representative_point()
    return (
        values if point is None else [*values, point.x, point.y] for values, point in zip(rows, points, strict=True)
    )


def _rows(letters: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes | None:
    """Return rows below the heads as openpyxl writes them, in a fifth of its time; None for cells that are no text,
    number or truth value, which it has to write.
    """
    known: dict[str, str] = {}
    lines = []
    for number, values in enumerate(rows, start=2):
        cells = []
        for letter, raw in zip(letters, values, strict=False):
            value = plain(raw)
            if value is None:
                continue
            kind = type(value)
            if kind is str:
                told = known.get(value) or known.setdefault(value, _inline(value))
            elif kind is bool:
                told = f' t="b"><v>{value:d}</v></c>'
            elif kind in (int, float):
                told = f' t="n"><v>{value:.16g}</v></c>'
            else:
                return None
            cells.append(f'<c r="{letter}{number}"{told}')
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    return "".join(lines).encode("ascii", "xmlcharrefreplace")


def _inline(text: str) -> str:
    """Return what follows the place of a cell that holds a text."""
    text = _CONTROL.sub(" ", text)[:_CELL]
    if not text:
        return ' t="inlineStr"></c>'
    kept = ' xml:space="preserve"' if text != text.strip() else ""
    return f' t="inlineStr"><is><t{kept}>{escape(text)}</t></is></c>'


def _sheet(book: Any, name: str, folder: Path, *, frozen: bool = False) -> Any:
    """Add a sheet whose rows are drafted in `folder`: the library's own draft stays when its process is killed."""
    from openpyxl.worksheet._writer import ALL_TEMP_FILES, WorksheetWriter

    sheet = book.create_sheet(name)
    if frozen:
        sheet.freeze_panes = "A2"
    draft = str(folder / f"{len(book.worksheets)}.xml")
    ALL_TEMP_FILES.append(draft)
    sheet._writer = WorksheetWriter(sheet, out=draft)
    sheet._writer.write_top()
    return sheet


def _cell(sheet: Any, value: Any) -> Any:
    from openpyxl.cell import WriteOnlyCell

    value = plain(value)
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, value=_CONTROL.sub(" ", value)[:_CELL])
    # Otherwise a text that begins with = would be a formula.
    cell.data_type = "s"
    return cell


def write_dxf(bundle: Bundle, target: Projection, path: Path) -> None:
    """Write a drawing (R2010): a layer a table and kind in the maps' colours, names as text, ids as extended data.

    Raises
    ------
    ExportError
        ezdxf is missing.
    """
    try:
        ezdxf: Any = importlib.import_module("ezdxf")
    except ModuleNotFoundError as reason:
        raise ExportError(missing_extra("ezdxf")) from reason
    pinned = ezdxf.options.write_fixed_meta_data_for_testing
    ezdxf.options.write_fixed_meta_data_for_testing = True
    try:
        drawing = ezdxf.new("R2010", setup=False, units=6 if target.projected else 0)
        # R2010 is UTF-8 throughout; programs that still heed the code page are to take Chinese for Chinese.
        drawing.encoding = "gbk"
        drawing.appids.add("ATLAS")
        drawing.styles.add("ATLAS", font="simsun.ttf")
        for number, line in enumerate(remarks(bundle, target).split("\n")):
            drawing.header.custom_vars.append(f"atlas{number}", line)
        for table in bundle.spatial:
            _draw(drawing, table, 150.0 if target.projected else 0.0015)
        drawing.saveas(path, encoding="utf-8")
    finally:
        ezdxf.options.write_fixed_meta_data_for_testing = pinned


def _draw(drawing: Any, table: Table, height: float) -> None:
    space = drawing.modelspace()
    frame = table.shapes
    kinds = frame["kind"] if "kind" in frame.columns else [None] * len(frame)
    ids = frame["id"] if "id" in frame.columns else [""] * len(frame)
    names = frame["name_zh"] if "name_zh" in frame.columns else [None] * len(frame)
    for shape, kind, ident, name in zip(frame.geometry, kinds, ids, names, strict=True):
        if shape is None or shape.is_empty:
            continue
        label = _NO_LAYER.sub("_", f"{table.name}-{plain(kind)}" if plain(kind) else table.name)[:200]
        for layer in (label, f"{label}-text"):
            if layer not in drawing.layers:
                rgb = int(symbol_of(table.name, plain(kind)).color[1:], 16)
                drawing.layers.add(layer).rgb = (rgb >> 16, rgb >> 8 & 255, rgb & 255)
        drawn = []
        for part in shapely.get_parts(shape):
            if part.geom_type == "Point":
                drawn.append(space.add_point((part.x, part.y), dxfattribs={"layer": label}))
                continue
            rings = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
            drawn += [
                space.add_lwpolyline(
                    shapely.get_coordinates(ring), close=part.geom_type == "Polygon", dxfattribs={"layer": label}
                )
                for ring in rings
            ]
        for one in drawn:
            one.set_xdata("ATLAS", [(1000, f"{table.name}/{ident}")])
        text = plain(name)
        if text:
            at = shape.representative_point()
            attributes = {"layer": f"{label}-text", "height": height, "style": "ATLAS"}
            space.add_text(" ".join(str(text).split()), dxfattribs=attributes).set_placement((at.x, at.y))
