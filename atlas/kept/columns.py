"""Columns of texts, numbers and shapes as arrays of numbers, and back.

A column of texts becomes the list of its different values (JSON, as bytes) and a code a row; a column of shapes becomes
well-known binary and where each ends. Nothing here can hold anything that runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atlas.kept.store import Kept

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]

__all__ = ["KeptTable", "packed"]


def packed(table: str, columns: Mapping[str, Array]) -> dict[str, Array]:
    """Return `columns` as arrays of numbers, named ``<table>/<column>`` and what each part is.

    Parameters
    ----------
    table
        A name for all of them.
    columns
        Arrays by name; of objects all must be shapes or None, or all what JSON holds as single values.

    Examples
    --------
    >>> import numpy as np
    >>> parts = packed("nodes", {"name": np.array(["a", None, "a"], dtype=object)})
    >>> parts["nodes/name.codes"].tolist(), parts["nodes/name.values"].tobytes()
    ([0, 1, 0], b'["a", null]')
    """
    import numpy as np

    found: dict[str, Array] = {}
    for name, values in columns.items():
        full = f"{table}/{name}"
        if values.dtype != object:
            found[full] = values
        elif _are_shapes(values):
            found |= _packed_shapes(full, values)
        else:
            codes, different = _coded(values)
            found[f"{full}.codes"] = codes
            found[f"{full}.values"] = np.frombuffer(json.dumps(different).encode("ascii"), dtype=np.uint8)
    return found


def _are_shapes(values: Array) -> bool:
    first = next((value for value in values if value is not None), None)
    return hasattr(first, "geom_type")


def _packed_shapes(full: str, shapes: Array) -> dict[str, Array]:
    import numpy as np
    import shapely

    binary = [b"" if one is None else one for one in shapely.to_wkb(shapes, byte_order=1).tolist()]
    ends = np.cumsum([len(one) for one in binary], dtype=np.int64)
    return {f"{full}.wkb": np.frombuffer(b"".join(binary), dtype=np.uint8), f"{full}.ends": ends}


def _coded(values: Array) -> tuple[NDArray[np.int32], list[Any]]:
    """Return a code a row and the different values by code, in order of appearance; 1, 1.0 and True differ."""
    import numpy as np

    known: dict[tuple[type, Any], int] = {}
    codes = np.fromiter(
        (known.setdefault((value.__class__, value), len(known)) for value in values.tolist()),
        dtype=np.int32,
        count=len(values),
    )
    return codes, [value for _, value in known]


class _Coded(Sequence[Any]):
    """A column whose values are looked up by their codes."""

    def __init__(self, different: list[Any], codes: Sequence[int]) -> None:
        self.different, self.codes = different, codes

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: Any) -> Any:
        return self.different[self.codes[row]]

    def __iter__(self) -> Iterator[Any]:
        return map(self.different.__getitem__, self.codes)


@dataclass(frozen=True, eq=False)
class KeptTable:
    """The columns of a table in a kept file, each unpacked when first asked for.

    Attributes
    ----------
    kept
        The file.
    table
        The name the columns were packed under.
    """

    kept: Kept
    table: str
    _seen: dict[str, Array] = field(default_factory=dict)
    _lists: dict[str, Sequence[Any]] = field(default_factory=dict)

    def column(self, name: str) -> Array:
        """Return a column as it was packed.

        Raises
        ------
        KeyError
            There is none of that name.
        """
        if name not in self._seen:
            self._seen[name] = self._unpacked(f"{self.table}/{name}")
        return self._seen[name]

    def listed(self, name: str) -> Sequence[Any]:
        """Return a column of texts or numbers as plain values; no array is made for it.

        Raises
        ------
        KeyError
            There is none of that name, or it is of shapes.
        """
        if name not in self._lists:
            full = f"{self.table}/{name}"
            if f"{full}.codes" in self.kept:
                different = json.loads(self.kept.text(f"{full}.values"))
                self._lists[name] = _Coded(different, self.kept.numbers(f"{full}.codes"))
            else:
                self._lists[name] = self.kept.numbers(full)
        return self._lists[name]

    def texts(self, name: str) -> Array:
        """Return a column of texts, empty where one is missing; quicker than to look at every row."""
        import numpy as np

        full = f"{self.table}/{name}"
        different = json.loads(self.kept.text(f"{full}.values"))
        values = np.empty(len(different), dtype=object)
        values[:] = [value if isinstance(value, str) else "" for value in different]
        return np.asarray(values[self.kept.array(f"{full}.codes")])

    def columns(self, names: Iterable[str]) -> dict[str, Array]:
        """Return several columns by name."""
        return {name: self.column(name) for name in names}

    def _unpacked(self, full: str) -> Array:
        import numpy as np

        if f"{full}.codes" in self.kept:
            different = json.loads(self.kept.text(f"{full}.values"))
            values = np.empty(len(different), dtype=object)
            values[:] = different
            return np.asarray(values[self.kept.array(f"{full}.codes")])
        if f"{full}.wkb" in self.kept:
            return self._shapes(full)
        return self.kept.array(full)

    def _shapes(self, full: str) -> Array:
        import numpy as np
        import shapely

        binary, ends = self.kept.text(f"{full}.wkb"), self.kept.array(f"{full}.ends").tolist()
        listed = [binary[a:b] or None for a, b in zip([0, *ends[:-1]], ends, strict=True)] if ends else []
        values = np.empty(len(listed), dtype=object)
        values[:] = listed
        return np.asarray(shapely.from_wkb(values))
