"""A card: title, picture, facts and a table, as HTML. Imports nothing of the atlas, and numpy when it draws."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["card", "map_of", "raster_of"]

_FRAME = "border:1px solid #c9c9c4;border-radius:4px;padding:.6em .8em;max-width:62em;font-family:system-ui,sans-serif"
_CELL = "padding:.1em 1em .1em 0;text-align:left;border:none"
_WIDE, _HIGH = 360, 260
#: Of a picture: corners drawn at most, before every n-th is left out.
_MOST_CORNERS = 20_000
_MOST_ROWS = 12


def card(
    title: str,
    facts: Sequence[tuple[str, object]],
    *,
    heads: Sequence[str] = (),
    rows: Sequence[Sequence[object]] = (),
    more: str = "",
    picture: str = "",
) -> str:
    """Return a card as HTML.

    Parameters
    ----------
    title
        What it is.
    facts
        Names and values, one under the other.
    heads, rows
        A table beneath; the first twelve rows are shown.
    more
        What is said when there are further rows.
    picture
        From :func:`map_of` or :func:`raster_of`; the only part that is not escaped.

    Examples
    --------
    >>> "<script>" in card("<script>", [("a", "<b>")])
    False
    """
    told = "".join(
        f'<tr><th style="{_CELL};font-weight:normal;color:#555">{escape(name)}</th>'
        f'<td style="{_CELL}">{_written(value)}</td></tr>'
        for name, value in facts
    )
    side = f"<div>{picture}</div>" if picture else ""
    parts = [
        f'<div style="{_FRAME}"><div style="font-weight:600;margin-bottom:.3em">{escape(title)}</div>',
        f'<div style="display:flex;gap:1.2em;flex-wrap:wrap">{side}<table style="border:none">{told}</table></div>',
    ]
    if heads and rows:
        top = "".join(f'<th style="{_CELL}">{escape(head)}</th>' for head in heads)
        lines = "".join(
            "<tr>" + "".join(f'<td style="{_CELL}">{_written(value)}</td>' for value in row) + "</tr>"
            for row in rows[:_MOST_ROWS]
        )
        parts.append(f"<table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table>")
        if len(rows) > _MOST_ROWS and more:
            parts.append(f'<div style="color:#555">{escape(more)}</div>')
    return "".join(parts) + "</div>"


def _written(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        return f"{value:,.1f}"
    return escape(f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value))


def map_of(shapes: Iterable[tuple[Floats, str, bool]]) -> str:
    """Return lines and points as a small picture (SVG), north up, a degree of longitude as wide as it is there.

    Parameters
    ----------
    shapes
        (n, 2) longitudes and latitudes, a colour, and whether they are points instead of a line.
    """
    import numpy as np

    drawn = [(np.asarray(at, dtype=np.float64), color, points) for at, color, points in shapes if len(at)]
    if not drawn:
        return ""
    whole = np.concatenate([at for at, _, _ in drawn])
    (west, south), (east, north) = whole.min(axis=0), whole.max(axis=0)
    narrow = math.cos(math.radians((south + north) / 2))
    scale = min((_WIDE - 8) / max((east - west) * narrow, 1e-9), (_HIGH - 8) / max(north - south, 1e-9))
    step = 1 + len(whole) // _MOST_CORNERS
    parts = []
    for at, color, points in drawn:
        thin = at if len(at) <= 2 or points else np.concatenate([at[:-1:step], at[-1:]])
        x, y = 4 + (thin[:, 0] - west) * narrow * scale, 4 + (north - thin[:, 1]) * scale
        at_text = [f"{a:.1f} {b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True)]
        if points:
            dots = "".join(f"M{one}h.01" for one in at_text)
            parts.append(f'<path d="{dots}" stroke="{escape(color)}" stroke-width="3" stroke-linecap="round"/>')
        else:
            parts.append(f'<path d="M{"L".join(at_text)}" fill="none" stroke="{escape(color)}"/>')
    return _svg(4 + (east - west) * narrow * scale + 4, 4 + (north - south) * scale + 4, "".join(parts))


def raster_of(values: Floats, bands: Sequence[tuple[float, str]]) -> str:
    """Return a raster as a small picture: each value in the colour of the first band that holds it, NaN in none.

    Parameters
    ----------
    values
        (rows, columns), north first.
    bands
        Upper ends, rising, and their colours.
    """
    import numpy as np

    step = max(1, -(-max(values.shape) // 120))
    small = values[::step, ::step]
    band = np.searchsorted([end for end, _ in bands], np.where(np.isnan(small), np.inf, small), side="left")
    size = min(_WIDE / small.shape[1], _HIGH / small.shape[0])
    parts = []
    for row, line in enumerate(band.tolist()):
        start = 0
        for column in range(1, len(line) + 1):
            if column == len(line) or line[column] != line[start]:
                if line[start] < len(bands):
                    parts.append(
                        f'<rect x="{start * size:.1f}" y="{row * size:.1f}" width="{(column - start) * size:.1f}" '
                        f'height="{size:.1f}" fill="{escape(bands[line[start]][1])}"/>'
                    )
                start = column
    return _svg(small.shape[1] * size, small.shape[0] * size, "".join(parts))


def _svg(width: float, height: float, inner: str) -> str:
    size: Any = (max(width, 8), max(height, 8))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]:.0f}" height="{size[1]:.0f}" '
        f'viewBox="0 0 {size[0]:.0f} {size[1]:.0f}" role="img" style="background:#f6f5f0">{inner}</svg>'
    )
