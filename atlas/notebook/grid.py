"""The OD matrix as a frame that shows itself as a grid."""

from __future__ import annotations

import pandas as pd

from atlas.notebook.card import card

__all__ = ["Matrix"]

_MOST = 12


class Matrix(pd.DataFrame):
    """A frame of travel times in long form; what is made of it is a plain frame.

    In a notebook it stands as one grid a scenario and mode: minutes from each row to each column.
    """

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        """What selections and copies are: frames."""
        return pd.DataFrame

    def _repr_html_(self) -> str:
        """Return the grids as HTML."""
        parts = []
        for (scenario, mode), block in self.groupby(["scenario", "mode"], sort=False):
            ends = dict(zip(block["to_id"], block["to_zh"], strict=True))
            lines: dict[str, list[object]] = {}
            names = dict(zip(block["from_id"], block["from_zh"], strict=True))
            for start in names:
                own = block[block["from_id"] == start].drop_duplicates("to_id").set_index("to_id")["travel_time_min"]
                lines[start] = [names[start], *(float(own.get(end, float("nan"))) for end in list(ends)[:_MOST])]
            size = f"{len(names)} × {len(ends)}"
            heads = ["min", *list(ends.values())[:_MOST]]
            parts.append(card(f"{scenario} · {mode}", [("→", size)], heads=heads, rows=list(lines.values()), more="…"))
        return "".join(parts)
