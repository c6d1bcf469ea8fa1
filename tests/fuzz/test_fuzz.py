"""Damaged input of every kind is read or refused: never a traceback, a hang or a dead process.

A share of what `scripts/fuzz` runs for longer, the same on every machine.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import fuzz
from readers import READERS, Reader

GROUPS = sorted({reader.group for reader in READERS})
#: Inputs a reader: what is read in a child, or made into a network, takes a tenth of a second each.
_INPUTS = {"network": 3, "vector": 4, "osm": 6, "gtfs": 5, "raster": 5, "people": 5, "area": 5, "tiles": 5, "marks": 6}


#: The seeds of the other two are lists of sound texts.
FILES = [reader for reader in READERS if reader.group not in ("name", "options")]


@pytest.mark.parametrize("reader", FILES, ids=lambda reader: reader.name)
def test_the_sound_file_is_read_and_left_as_it_is(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / reader.file
    path.parent.mkdir(exist_ok=True)
    data = reader.seed()
    path.write_bytes(data)
    reader.read(path)
    assert path.read_bytes() == data


@pytest.mark.parametrize("group", GROUPS)
def test_damaged_input_is_read_or_refused(group: str, tmp_path: Path) -> None:
    readers = [reader for reader in READERS if reader.group == group]
    tally = fuzz(readers, tmp_path, seed=2026, inputs=_INPUTS.get(group, 30))[group]
    assert tally.faults == {}
    assert tally.counts["refused"] > 0
