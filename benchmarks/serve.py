"""The service under load: 200 questions of 20 clients at once, every answer checked, milliseconds told.

    .venv/bin/python benchmarks/serve.py [QUESTIONS] [CLIENTS]

`atlas serve` runs as a process of its own. The questions are drawn at random (seed 0) from six endpoints and all
places; what must be answered comes from the library, in this process, before the clock starts. Each client holds one
connection and asks its next question when the last is answered. One JSON line an endpoint and one for all.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import atlas
from atlas.base.values import plain
from atlas.cli.session import Session
from atlas.data.scenario import load_scenario
from atlas.exports.families.text import feature_lines
from atlas.exports.tables.bundle import gather
from atlas.face.answers import area_frame, area_rows
from atlas.land.surface import surface_from

Question = tuple[str, str, Callable[[Any], bool]]


def minutes_near(told: Any, known: float) -> bool:
    """Whether a time of an answer is the library's."""
    return told is None if known != known or known == float("inf") else abs(told - known) < 1e-5


def questions(session: Session, count: int) -> list[Question]:
    """Draw questions with the library's own answers."""
    draw = random.Random(0)
    network, places = session.network, session.catalog.layer("places").frame
    ids, years = places["id"].tolist(), ("2026", "2035")
    lines = {
        json.loads(line)["id"]: json.loads(line)
        for line in feature_lines(gather(session.catalog.layer("highways")).tables[0])
    }
    made: list[Question] = []
    for number in range(count):
        kind = ("route", "reach", "matrix", "isochrone", "items", "tile")[number % 6]
        year, a, b = draw.choice(years), draw.choice(ids), draw.choice(ids)
        scenario = load_scenario(year)
        if kind == "route":
            known = atlas.route(network, a, b, scenario)
            made.append((kind, "/route?" + urlencode({"from": a, "to": b, "year": year}),
                         lambda told, k=known: minutes_near(told["about"]["travel_time_min"], k.minutes)))  # fmt: skip
        elif kind == "reach":
            rows = plain(atlas.reach_from(network, a, scenario, cutoffs_min=(90,)).place_rows())
            made.append((kind, "/reach?" + urlencode({"origin": a, "within": "90", "year": year}),
                         lambda told, r=rows: [one["properties"] | {} for one in told["features"]]
                         == [{"part": "place", **row} for row in r]))  # fmt: skip
        elif kind == "matrix":
            ends = draw.sample(ids, 5)
            frame = atlas.od_matrix(network, [a, b], ends, [scenario])
            times = frame["travel_time_min"].tolist()
            asked = [("from", a), ("from", b), *(("to", one) for one in ends), ("year", year)]
            made.append((kind, "/matrix?" + urlencode(asked), lambda told, k=times: all(
                minutes_near(row["travel_time_min"], t) for row, t in zip(told["times"], k, strict=True))))  # fmt: skip
        elif kind == "isochrone":
            surface = surface_from(network, a, scenario, session.access)
            areas = plain(area_rows(area_frame([surface], (60.0,), "union")))
            made.append((kind, "/isochrone?" + urlencode({"origin": a, "within": "60", "year": year}),
                         lambda told, r=areas: [one["properties"] for one in told["features"]] == r))  # fmt: skip
        elif kind == "items":
            one = draw.choice(list(lines))
            made.append((kind, f"/collections/highways/items/{one}", lambda told, w=lines[one]: {
                key: told[key] for key in w} == w))  # fmt: skip
        else:
            x, y = 832 + draw.randrange(6), 444 + draw.randrange(6)
            made.append((kind, f"/tiles/WebMercatorQuad/10/{y}/{x}", lambda told: told is not None))
    return made


def ask_all(address: str, asked: list[Question], clients: int) -> list[tuple[str, float, bool]]:
    """Ask with so many clients at once; return kind, milliseconds, and whether the answer is right."""
    host = address.removeprefix("http://")
    left, found, lock = list(reversed(asked)), [], threading.Lock()
    tiles: dict[str, bytes] = {}

    def client() -> None:
        line = http.client.HTTPConnection(host, timeout=120)
        while True:
            with lock:
                if not left:
                    return
                kind, path, right = left.pop()
            start = time.perf_counter()
            line.request("GET", path)
            answer = line.getresponse()
            body = answer.read()
            took = 1000 * (time.perf_counter() - start)
            if kind == "tile":
                # no second writer of tiles is at hand: the same tile must be the same bytes, and none may fail
                sound = answer.status in (200, 204) and tiles.setdefault(path, body) == body
            else:
                sound = answer.status == 200 and right(json.loads(body))
            with lock:
                found.append((kind, took, sound))

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return found


def told(kind: str, rows: list[tuple[str, float, bool]]) -> dict[str, Any]:
    """Return the figures of one endpoint."""
    took = sorted(ms for _, ms, _ in rows)
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    return {"endpoint": kind, "questions": len(rows), "wrong": sum(not sound for _, _, sound in rows),
            "p50_ms": round(cuts[49], 1), "p95_ms": round(cuts[94], 1), "max_ms": round(took[-1], 1)}  # fmt: skip


def main() -> int:
    """Run the service, ask, and print."""
    count, clients = (int(text) for text in (sys.argv[1:] + ["200", "20"][len(sys.argv) - 1 :]))
    asked = questions(Session(), count)
    command = [sys.executable, "-m", "atlas", "serve", "--port", "0", "--no-page"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        address = None
        while address is None:
            line = running.stderr.readline()
            if not line:
                raise SystemExit("the service ended before it served")
            address = re.search(r"http://[\d.:]+", line)
        start = time.perf_counter()
        found = ask_all(address[0], asked, clients)
        seconds = time.perf_counter() - start
        running.terminate()
    for kind in dict.fromkeys(kind for kind, _, _ in found):
        print(json.dumps(told(kind, [row for row in found if row[0] == kind])))
    print(json.dumps(told("all", found) | {"clients": clients, "seconds": round(seconds, 2),
                                           "questions_per_s": round(len(found) / seconds, 1)}))  # fmt: skip
    return int(any(not sound for _, _, sound in found))


if __name__ == "__main__":
    raise SystemExit(main())
