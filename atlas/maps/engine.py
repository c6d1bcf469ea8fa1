"""The model packed for the page: the network, the parameters and the land grid, to be searched in the browser.

What ``assets/engine.js`` unpacks. All arrays stand one behind the other in one deflated block; kilometres of the links
from cells to the network are not sent, as they follow from the positions of both.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlas.base.geodesy import Floats, Ints, Texts, transformer
from atlas.data.parameters import SETS, ParameterTable
from atlas.land.grid import Grid
from atlas.land.ground import Ground
from atlas.network.build import Network

__all__ = ["pack_engine", "pack_parameters", "pack_texts"]

#: The lattice of known positions from which the page reckons where a cell lies: every so many cells.
_STEP = 8
#: How arrays are named in the block.
_TYPES = {"uint8": "u1", "uint16": "u2", "uint32": "u4", "int16": "i2", "int32": "i4", "float32": "f4", "float64": "f8"}


@dataclass
class _Block:
    """Arrays one behind the other, each at a multiple of eight bytes."""

    parts: list[bytes] = field(default_factory=list)
    arrays: list[tuple[str, str, int, int]] = field(default_factory=list)
    size: int = 0

    def add(self, name: str, values: NDArray[Any], kind: str) -> None:
        """Append `values` as `kind`; refuse what does not fit."""
        kept = values.astype(kind)
        if np.issubdtype(kept.dtype, np.integer) and not np.array_equal(kept.astype(np.float64), np.rint(values)):
            raise ValueError(f"{name} does not fit into {kind}")
        raw = kept.astype(np.dtype(kind).newbyteorder("<")).tobytes()
        self.arrays.append((name, _TYPES[kind], self.size, len(kept)))
        raw += bytes(-len(raw) % 8)
        self.parts.append(raw)
        self.size += len(raw)

    def text(self) -> str:
        """The block, deflated, in base 64."""
        return base64.b64encode(zlib.compress(b"".join(self.parts), 9)).decode("ascii")


def pack_texts(value: object) -> str:
    """Return names and ids, of which a large network has very many much alike, as JSON, deflated, in base 64."""
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.b64encode(zlib.compress(plain, 9)).decode("ascii")


def pack_parameters(table: ParameterTable) -> list[list[Any]]:
    """Return name, the value in each of :data:`SETS`, low, high, unit and source of every parameter."""
    return [[r.name, [r.value(name) for name in SETS], r.low, r.high, r.unit, r.source] for r in table.rows]


def pack_engine(network: Network, ground: Ground | None, group_of: Ints | None = None) -> dict[str, Any]:
    """Return what ``AtlasEngine.unpack`` takes.

    Parameters
    ----------
    network
        From :func:`atlas.build_network`.
    ground
        From :func:`atlas.ground`; None: the page answers for nodes alone.
    group_of
        (m,) the drawn line of each edge, -1 for none.

    Returns
    -------
    dict
        ``blob`` and ``arrays`` (name, type, offset, length of each array in it); texts by code: ``roles``, ``modes``,
        ``classes``, ``kinds``; ``combos`` (packed by :func:`pack_texts`): feature, layer, plan ids and line ids that
        edges share; ``units`` (id, Chinese and English name, residents on the grid) and ``grid``.

    Raises
    ------
    ValueError
        The network or grid is larger than the page's types hold.
    """
    arrays, nodes = network.arrays, network.nodes
    block = _Block()
    node_type = "uint16" if len(nodes) < 2**16 else "uint32"
    block.add("tail", arrays.tail, node_type)
    block.add("head", arrays.head, node_type)
    block.add("twin", arrays.twin, node_type)
    for name, flags in (("rail", arrays.rail_node), ("anchored", arrays.anchored)):
        block.add(name, flags, "uint8")
    texts: dict[str, list[str]] = {}
    for name, key, labels in (
        ("role", "roles", arrays.role), ("mode", "modes", arrays.mode), ("cls", "classes", arrays.speed_class),
    ):  # fmt: skip
        texts[key], codes = _coded(labels)
        block.add(name, codes, "uint8")
    texts["kinds"], kinds = _coded(nodes["kind"].to_numpy(dtype=object))
    block.add("kind", kinds, "uint8")
    joined = np.array(["\t".join(map(str, row)) for row in zip(*arrays.links, strict=True)], dtype=object)
    combos, combo = _coded(joined)
    block.add("combo", combo, "uint16" if len(combos) < 2**16 else "uint32")
    for name, flags in (
        ("toll", arrays.toll), ("schematic", arrays.schematic), ("changing", arrays.changing),
        ("indicative", arrays.indicative),
    ):  # fmt: skip
        block.add(name, flags, "uint8")
    for name, values in (
        ("km", arrays.length_km), ("limit", arrays.limit_kmh), ("run", arrays.run_min), ("runLow", arrays.run_min_low),
        ("runHigh", arrays.run_min_high), ("trains", arrays.trains), ("trainsOrdinary", arrays.trains_ordinary),
        ("serviceOrdinary", arrays.service_ordinary), ("opens", arrays.opens_year),
    ):  # fmt: skip
        block.add(name, values, "float32")
    block.add("lon", nodes.geometry.x.to_numpy(), "float64")
    block.add("lat", nodes.geometry.y.to_numpy(), "float64")
    block.add("wider", arrays.wider.ravel(), "uint32")
    if group_of is not None:
        block.add("group", group_of, "int32")
    packed: dict[str, Any] = {
        **texts,
        "combos": pack_texts([text.split("\t") for text in combos]),
        "units": [],
        "grid": None,
    }
    if ground is not None:
        packed["grid"] = _pack_grid(block, ground, node_type)
        units = ground.people.units
        # spread evenly, as many as the unit has on the grid: a neighbour has others beyond it
        unit, even = ground.people.unit, ground.people.people[1]
        here = np.bincount(unit[unit >= 0], weights=even[unit >= 0], minlength=len(units))
        columns = (units["id"], units["name_zh"], units["name_en"], here)
        packed["units"] = [[uid, zh, float(people), en] for uid, zh, en, people in zip(*columns, strict=True)]
    return {"blob": block.text(), "arrays": [list(one) for one in block.arrays], **packed}


def _coded(values: Texts) -> tuple[list[str], Ints]:
    names, codes = np.unique(values.astype(str), return_inverse=True)
    return names.tolist(), codes.ravel().astype(np.int64)


def _pack_grid(block: _Block, ground: Ground, node_type: str) -> dict[str, Any]:
    grid, links, people = ground.links.grid, ground.links, ground.people
    block.add("land", np.packbits(grid.land.ravel()), "uint8")
    block.add("linkCount", np.bincount(links.cell, minlength=len(grid.cells)), "uint8")
    block.add("linkNode", links.node, node_type)
    few = len(people.units) < 255
    block.add("unit", np.where(people.unit < 0, 255 if few else 65535, people.unit), "uint8" if few else "uint16")
    block.add("people", np.rint(people.people[0] * 10.0), "uint32")
    lone = np.nonzero(people.people[2])[0]
    block.add("middleCell", lone, "uint32")
    block.add("middlePeople", people.people[2][lone], "float32")
    lattice, lon, lat = _lattice(grid)
    block.add("gridLon", lon, "float64")
    block.add("gridLat", lat, "float64")
    return {"shape": list(grid.shape), "cellKm2": grid.cell_km2, "sizeM": grid.size_m, "step": _STEP, "nodes": lattice}


def _lattice(grid: Grid) -> tuple[Sequence[int], Floats, Floats]:
    """Return rows and columns of the lattice, and its longitudes and latitudes, row by row from the top left corner."""
    rows, columns = (int(np.ceil(size / _STEP)) + 1 for size in grid.shape)
    column, row = np.meshgrid(np.arange(columns) * _STEP, np.arange(rows) * _STEP)
    back = transformer(grid.crs, 4326)
    lon, lat = back.transform(grid.left + column.ravel() * grid.size_m, grid.top - row.ravel() * grid.size_m)
    return [rows, columns], np.asarray(lon), np.asarray(lat)
