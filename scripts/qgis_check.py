"""Look at the atlas in a real QGIS, without a window: layers of the service, a project, and the plugin's algorithms.

    .venv/bin/python scripts/qgis_check.py [FOLDER FOR PICTURES]

Needs QGIS with its Python (Debian: apt-get install qgis python3-qgis); QGIS_PYTHON names the interpreter that has it
(default /usr/bin/python3). Prints one line a finding and ends with 1 when one is wrong. It is no part of the tests:
QGIS takes minutes to install.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INSIDE = ROOT / "scripts" / "qgis_inside.py"


def main() -> int:
    """Serve, export, install, and let QGIS look."""
    from atlas.data.catalog import open_catalog

    python = os.environ.get("QGIS_PYTHON", "/usr/bin/python3")
    kept = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    known = {key: len(layer.frame) for key, layer in open_catalog().layers().items()}
    atlas = [sys.executable, "-m", "atlas"]
    with tempfile.TemporaryDirectory() as made:
        folder = kept or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        quiet = ["-q", "--overwrite"]
        subprocess.run([*atlas, "export", "atlas", "-o", str(folder / "atlas.qgz"), *quiet], check=True)
        planar = ["--crs", "4547", "--outside", "clip"]
        subprocess.run([*atlas, "export", "atlas", "-o", str(folder / "planar.qgz"), *planar, *quiet], check=True)
        subprocess.run([*atlas, "qgis", "install", "--folder", str(folder / "plugins"), *quiet], check=True)
        words = [*atlas, "serve", "--port", "0", "--no-page"]
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=ROOT) as serving:
            assert serving.stderr is not None
            address = None
            while address is None:
                line = serving.stderr.readline()
                if not line:
                    raise SystemExit("the service ended before it served")
                address = re.search(r"http://[\d.:]+", line)
            inside = [python, str(INSIDE), str(folder), address[0], json.dumps(known)]
            done = subprocess.run(inside, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}, check=False)
            serving.terminate()
    return done.returncode


if __name__ == "__main__":
    raise SystemExit(main())
