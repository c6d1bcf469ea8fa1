"""The explorer in a browser: milliseconds from a click to a painted map, and of a step while a pin is dragged.

    .venv/bin/python benchmarks/explore.py [PAGE.html]

Each question is asked of the page itself in headless Chromium, at the processor's own speed and slowed four times, as
an office PC is; the time ends with the second frame after the change, when the picture is on the screen. ``answer`` is
the part that computes (search, surface, people, curve); ``drag_frame`` the time between two frames while a pin moves
with each of them, ``drag_answer`` from a step of it to the screen (the worker that answers is not slowed with the
page). Beside it stands the library, which answers the same from a network in memory; ``page_over_library`` is the
ratio of the medians measured in one run. One JSON line a case.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import CDPSession, Page, sync_playwright

import atlas
from atlas.data.catalog import open_catalog
from atlas.data.region import find_root
from atlas.data.scenario import load_scenario
from atlas.maps.pages.explore import draw_explorer

ASKED = 40
#: Ask one thing and come back when it is painted: the whole time, and the part that computed.
CLICK = """async change => {
  const start = performance.now();
  Atlas.page.explorer.change(change);
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  return [performance.now() - start, Atlas.page.explorer.spent()];
}"""
#: A pin that is dragged asks anew in every frame: the time between frames, and what the page spends on asking.
DRAG = """async points => {
  const explorer = Atlas.page.explorer, frames = [], asking = [];
  let last = performance.now();
  for (const point of points) {
    const start = performance.now();
    explorer.change({origins: [point]}, true);
    asking.push(performance.now() - start);
    await new Promise(done => requestAnimationFrame(done));
    frames.push(performance.now() - last);
    last = performance.now();
  }
  await explorer.worker.settled();
  return frames.map((frame, i) => [frame, asking[i]]);
}"""
#: One step of a drag until its answer is on the screen.
BEHIND = """async point => {
  const start = performance.now();
  Atlas.page.explorer.change({origins: [point]}, true);
  await Atlas.page.explorer.worker.settled();
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  return [performance.now() - start, 0];
}"""


def main() -> None:
    """Print the figures."""
    catalog = open_catalog()
    network, layers = atlas.build_network(catalog.layers()), catalog.layers()
    ground = atlas.ground(network)
    places = layers["places"].frame
    points = [{"lon": round(at.x, 4), "lat": round(at.y, 4)} for at in places.geometry[: 4 * ASKED : 4]]
    now = load_scenario("2026")
    library = []
    for name in places["id"][: 4 * ASKED : 4]:
        start = time.perf_counter()
        atlas.reach_from(network, name, now).coverage(60, 120, ground=ground)
        library.append(1000 * (time.perf_counter() - start))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "explore.html"
        if len(sys.argv) == 1:
            targets = atlas.read_targets(find_root() / "data" / "plan" / "targets.toml")
            draw_explorer(
                network, layers, catalog.parameters, ground=ground, plan=catalog.plan, targets=targets,
                sources=catalog.sources,
            ).save(path)  # fmt: skip
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1366, "height": 768})
            start = time.perf_counter()
            page.goto(path.resolve().as_uri())
            page.wait_for_selector("body[data-explorer=true]")
            ready = 1000 * (time.perf_counter() - start)
            session = page.context.new_cdp_session(page)
            for slower in (1, 4):
                case = {"benchmark": "explore", "bytes": path.stat().st_size, "ready_ms": round(ready)}
                figures = measured(page, session, points, slower)
                ratio = round(figures["answer_ms"] / statistics.median(library), 3)
                print(json.dumps(case | {"throttled": slower} | figures | {"page_over_library": ratio}))
            browser.close()


def measured(page: Page, session: CDPSession, points: list[dict[str, float]], slower: int) -> dict[str, float]:
    """Return medians and nine-in-ten of clicks, drags and closures."""
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    clicks = [page.evaluate(CLICK, {"origins": [point]}) for point in points]
    page.wait_for_function("Atlas.page.explorer.worker.ready()")
    drags = page.evaluate(DRAG, points)
    behind = [page.evaluate(BEHIND, point) for point in points]
    years = [page.evaluate(CLICK, {"year": year}) for year in (2023, 2026, 2030, 2035) * 4]
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    found: dict[str, float] = {"answer_ms": round(statistics.median(spent for _, spent in clicks), 1)}
    for name, some in (("click", clicks), ("drag_frame", drags), ("drag_answer", behind), ("year", years)):
        whole = sorted(one for one, _ in some)
        found[f"{name}_ms"] = round(statistics.median(whole), 1)
        found[f"{name}_p90_ms"] = round(whole[int(0.9 * len(whole))], 1)
    return found


if __name__ == "__main__":
    main()
