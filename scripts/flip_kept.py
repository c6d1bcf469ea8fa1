"""Flip single bits of the kept network, anywhere: is a damaged one ever taken for whole?

    .venv/bin/python scripts/flip_kept.py 10000

The network of the atlas is kept in a folder of its own; one bit is flipped at a time, the file is opened as the program
opens it, and the bit is put back. The count of damaged files that were taken for whole is the exit code: 0.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from recipes.counts import note_flips  # noqa: E402  (the path must be set first)

from atlas.data.catalog import open_catalog  # noqa: E402
from atlas.kept.store import Store  # noqa: E402
from atlas.network.build import build_network  # noqa: E402
from atlas.network.value import packed_network  # noqa: E402


def main() -> int:
    """Flip as many bits as asked for."""
    flips = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "kept")
        path = store.put("network", "key", *packed_network(build_network(open_catalog().layers())))
        size, taken = path.stat().st_size, 0
        for _ in range(flips):
            place, bit = rng.randrange(size), 1 << rng.randrange(8)
            with path.open("r+b") as file:
                file.seek(place)
                whole = file.read(1)[0]
                file.seek(place)
                file.write(bytes([whole ^ bit]))
                file.flush()
                taken += store.get("network", "key") is not None
                file.seek(place)
                file.write(bytes([whole]))
        healthy = store.get("network", "key") is not None
    note_flips(flips, size, taken)
    print(f"{flips} bits of {size} bytes flipped, one at a time: {taken} damaged files taken for whole; ", end="")
    print("undamaged it is read" if healthy else "undamaged it is NOT read")
    return min(taken + (not healthy), 1)


if __name__ == "__main__":
    sys.exit(main())
