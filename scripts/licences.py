#!/usr/bin/env python
"""Write docs/licences.md: under which licence each thing that ships, or is installed with the program, stands.

    scripts/licences.py            renew the page
    scripts/licences.py --check    fail when it is stale

Of packages it is what their own metadata says; of data what data/sources.csv says.
"""

from __future__ import annotations

import configparser
import csv
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "licences.md"
#: What an extra is for stands in setup.cfg; tests and the peers of benchmarks are no part of what ships.
LEFT_OUT = ("test", "bench", "all")
#: Parts of pages that are not of this project.
SHIPPED = (
    ("Leaflet", "BSD-2-Clause", "copied into every map, from xstatic-leaflet"),
    ("folium and branca", "MIT", "templates of the document round a map"),
)


def licence(name: str) -> str:
    """Return the licence that a package's own metadata states, shortest form first."""
    about = metadata.metadata(name)
    if told := about.get("License-Expression"):
        return str(told)
    classes = [one.rpartition("::")[2].strip() for one in about.get_all("Classifier", ()) if one.startswith("License")]
    classes = [one for one in classes if one != "OSI Approved"]
    if classes:
        return "; ".join(dict.fromkeys(classes))
    told = (about.get("License") or "").strip().splitlines()
    return told[0][:80] if told else "not stated in its metadata"


def needed() -> Iterator[tuple[str, str]]:
    """Yield each package that setup.cfg names, with what it is needed for."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    parts = {"always": parser["options"]["install_requires"]}
    parts |= {
        f"extra `{name}`": text for name, text in parser["options.extras_require"].items() if name not in LEFT_OUT
    }
    for purpose, text in parts.items():
        for line in text.strip().splitlines():
            if found := re.match(r"[A-Za-z0-9._-]+", line.strip()):
                yield found[0], purpose


def lines() -> Iterator[str]:
    """Yield the page's lines."""
    yield "# Licences"
    yield ""
    yield "Made by `scripts/licences.py`. The code of this project is MIT ([LICENSE](../LICENSE)); what holds for those"
    yield "who pass data on stands in [DATA_LICENSE.md](../DATA_LICENSE.md)."
    yield ""
    yield "## In what is handed out"
    yield ""
    yield "| what | where | licence |"
    yield "|---|---|---|"
    yield "| atlas | the package, its scripts and styles in pages | MIT |"
    for what, told, where in SHIPPED:
        yield f"| {what} | {where} | {told} |"
    yield ""
    yield "## Data, by source"
    yield ""
    yield "| source | licence |"
    yield "|---|---|"
    with (ROOT / "data" / "sources.csv").open(encoding="utf-8", newline="") as file:
        for row in sorted(csv.DictReader(file), key=lambda one: one["key"]):
            yield f"| `{row['key']}` | {row['licence'].replace('|', '/') or 'not stated'} |"
    yield ""
    yield "## Packages that are installed with it"
    yield ""
    yield "Only these are asked for by name; what they need in turn is pinned in `requirements.lock`."
    yield ""
    yield "| package | for | licence |"
    yield "|---|---|---|"
    for name, purpose in needed():
        yield f"| {name} | {purpose} | {licence(name).replace('|', '/')} |"


def main() -> int:
    """Write or check the page."""
    text = "\n".join(lines()) + "\n"
    if "--check" in sys.argv[1:]:
        stale = not PAGE.exists() or PAGE.read_text("utf-8") != text
        print("docs/licences.md is stale; run scripts/licences.py" if stale else "docs/licences.md is current")
        return int(stale)
    PAGE.write_text(text, "utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
