"""The service: OGC API Features and Tiles, answers of the terminal over HTTP, and what is refused."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import mapbox_vector_tile
import pytest
import shapely
import uvicorn
from click.testing import CliRunner
from small_atlas import draw_atlas

from atlas.cli import cli
from atlas.cli.session import Session
from atlas.cli.work.serve import command, service_of
from atlas.serve.app import ENDPOINTS, make_app
from atlas.serve.service import Limits, Service

PLUGIN = Path(__file__).resolve().parent.parent / "atlas_qgis"
SOME, OTHER = "113.38,22.52", "113.30,22.45"


@dataclass(frozen=True)
class Heard:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> Any:
        return json.loads(self.body)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_atlas(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def service(folder: Path) -> Service:
    return service_of(Session(folder), Limits(features=1000), page=True, hosts=("127.0.0.1",))


async def call(
    app: Any,
    path: str,
    query: bytes = b"",
    *,
    method: str = "GET",
    headers: tuple[tuple[bytes, bytes], ...] = ((b"host", b"127.0.0.1:8000"),),
) -> Heard:
    """Ask an ASGI application as a server would, whatever a client would not send included."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": quote(path).encode(), "query_string": query, "root_path": "",
        "headers": list(headers), "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    await app(scope, receive, send)
    head = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Heard(sent[0]["status"], head, b"".join(one.get("body", b"") for one in sent[1:]))


def awaited(work: Coroutine[Any, Any, Any]) -> Any:
    """Run in a thread of its own: a browser of other tests may keep a loop running in this one."""
    with ThreadPoolExecutor(1) as own:
        return own.submit(asyncio.run, work).result()


def ask(served: Service, path: str, **options: Any) -> Heard:
    """Ask a path with its query."""
    where, _, query = path.partition("?")
    heard: Heard = awaited(call(make_app(served), where, query.encode(), **options))
    return heard


def terminal(folder: Path, *arguments: str) -> Any:
    done = CliRunner().invoke(cli, [*arguments, "--root", str(folder), "-q"])
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    # what the terminal adds: how it was asked
    for part in (told, told.get("about", {})) if isinstance(told, dict) else ():
        part.pop("command", None)
    return told


def test_pages_of_items_give_every_feature_of_the_layer_once_in_order(service: Service) -> None:
    ids, path = [], "/collections/highways/items?limit=7"
    while path:
        page = ask(service, path).told
        assert page["numberReturned"] == len(page["features"]) <= 7
        ids += [one["id"] for one in page["features"]]
        following = [one["href"] for one in page["links"] if one["rel"] == "next"]
        path = following[0].removeprefix("http://127.0.0.1:8000") if following else ""
    assert ids == service.layers["highways"].frame["id"].tolist()
    assert page["numberMatched"] == len(ids) > 7


def test_a_feature_is_that_of_the_file(service: Service, folder: Path) -> None:
    whole = json.loads((folder / "data/geojson/places.geojson").read_text("utf-8"))["features"]
    for one in whole[:5]:
        given = ask(service, f"/collections/places/items/{quote(one['id'])}").told
        assert given["geometry"] == one["geometry"]
        assert {key: given["properties"][key] for key in one["properties"]} == one["properties"]


def test_a_box_and_a_column_choose_what_lies_in_the_one_and_has_the_other(service: Service) -> None:
    frame = service.layers["highways"].frame
    kind = frame["kind"].mode()[0]
    box = (113.30, 22.45, 113.36, 22.50)
    wanted = frame[frame.intersects(shapely.box(*box)) & (frame["kind"] == kind)]["id"].tolist()
    found = ask(service, f"/collections/highways/items?bbox={','.join(map(str, box))}&kind={kind}&limit=1000").told
    assert 0 < len(wanted) < len(frame)
    assert [one["id"] for one in found["features"]] == wanted
    assert ask(service, "/collections/highways/items?toll=true").told["numberMatched"] == int(frame["toll"].sum())


def test_answers_are_those_of_the_terminal(service: Service, folder: Path) -> None:
    asked = urlencode({"from": SOME, "to": OTHER, "year": "2035", "mode": "drive", "set": "local_speed_kmh=30"})
    journey = ask(service, f"/route?{asked}").told
    options = ("--year", "2035", "--mode", "drive", "--set", "local_speed_kmh=30")
    told = terminal(folder, "route", SOME, OTHER, *options, "--format", "json")
    assert journey["legs"] == told.pop("legs")
    assert {key: journey["about"][key] for key in told} == told
    assert len(journey["features"]) == 1

    reached = ask(service, f"/reach?origin={SOME}&within=10,20&edges=true").told
    assert reached == terminal(folder, "reach", SOME, "--within", "10,20", "--format", "geojson")

    areas = ask(service, f"/isochrone?origin={SOME}&origin={OTHER}&within=60&combine=intersection").told
    ways = ("isochrone", SOME, OTHER, "--within", "60", "--combine", "intersection", "--format", "geojson")
    assert areas == terminal(folder, *ways)
    assert areas["features"][0]["properties"]["area_km2"] > 1

    table = ask(service, f"/matrix?from={SOME}&from={OTHER}&to={OTHER}").told
    assert table == terminal(folder, "matrix", "--from", SOME, "--from", OTHER, "--to", OTHER, "--format", "json")


def test_a_scenario_is_told_with_every_parameter_in_force(service: Service) -> None:
    told = ask(service, "/scenarios").told["scenarios"]
    one = ask(service, "/scenarios/2035").told
    assert {"2023", "2026", "2035", "full"} <= {each["name"] for each in told}
    assert one["parameters"] == pytest.approx(dict(service.parameters.chosen().values))


def test_every_path_that_the_api_tells_is_answered(service: Service) -> None:
    api = ask(service, "/api").told
    assert len({one["get"]["operationId"] for one in api["paths"].values()}) == len(api["paths"])
    ways = {"from": SOME, "to": OTHER, "origin": SOME, "scenario": "2026", "z": "9", "row": "223", "column": "416"}
    few = [path for path in api["paths"] if not path.startswith("/collections/") or "/highways" in path]
    assert {one.path.replace("{layer}", "highways") for one in ENDPOINTS} == set(few)
    for path in few:
        operation = api["paths"][path]["get"]
        needed = {one["name"]: one for one in operation["parameters"] if one["required"]}
        filled = path.replace("{id}", service.layers["highways"].frame["id"].iloc[0])
        for name, value in ways.items():
            filled = filled.replace(f"{{{name}}}", value)
        query = urlencode({name: ways[name] for name, one in needed.items() if one["in"] == "query"})
        heard = ask(service, f"{filled}?{query}")
        media = next(iter(operation["responses"]["200"]["content"]))
        assert (heard.status, heard.headers["content-type"]) == (200, media), path


def test_the_page_of_the_api_and_the_explorer_ask_nothing_of_others(service: Service) -> None:
    accepted = ((b"host", b"127.0.0.1"), (b"accept", b"text/html,application/json;q=0.9"))
    page = ask(service, "/api", headers=accepted)
    assert page.headers["content-type"].startswith("text/html")
    assert not re.search(rb"<script|src=|https?://(?!127\.0\.0\.1)", page.body)
    assert "script-src" not in page.headers["content-security-policy"]
    explorer = ask(service, "/", headers=accepted)
    assert explorer.body.decode() == service.explorer
    assert b"Content-Security-Policy" in explorer.body
    assert ask(service, "/").headers["content-type"] == "application/json"


def test_a_tile_holds_what_lies_in_it_and_an_empty_one_says_so(service: Service) -> None:
    z, row, column = 12, 1784, 3337
    heard = ask(service, f"/collections/highways/tiles/WebMercatorQuad/{z}/{row}/{column}")
    held = mapbox_vector_tile.decode(heard.body)["highways"]["features"]
    side = 2 * 20037508.342789244 / 2**z
    west, south = column * side - side * 2 ** (z - 1), side * 2 ** (z - 1) - (row + 1) * side
    shapes = service.layers["highways"].frame.to_crs(3857)
    inside = shapes[shapes.intersects(shapely.box(west, south, west + side, south + side))]
    assert set(inside["id"]) <= {one["properties"]["id"] for one in held}
    by_id = shapes.set_index("id").geometry
    for one in held:
        drawn = shapely.transform(shapely.geometry.shape(one["geometry"]), lambda xy: xy * side / 4096 + (west, south))
        assert shapely.hausdorff_distance(drawn, by_id[one["properties"]["id"]].intersection(drawn.buffer(30))) < 60
    empty = ask(service, "/tiles/WebMercatorQuad/12/0/0")
    assert (empty.status, empty.body) == (204, b"")


def test_an_answer_that_has_not_changed_is_not_sent_again(service: Service) -> None:
    first = ask(service, "/collections")
    again = ask(service, "/collections", headers=((b"host", b"127.0.0.1:8000"),
                                                  (b"if-none-match", first.headers["etag"].encode())))  # fmt: skip
    assert (again.status, again.body) == (304, b"")


HOSTILE = {
    "a path out of the folder": ("/collections/../../etc/passwd", {}, 404),
    "a path out of the folder as an id": ("/collections/places/items/../../../etc/passwd", {}, 404),
    "a layer that is a path": ("/collections/..%2f..%2fregion.toml/items", {}, 404),
    "a scenario that is a file": ("/route?from=113.3,22.5&to=113.4,22.5&year=/etc/passwd", {}, 400),
    "a scenario that is TOML": ("/route?from=113.3,22.5&to=113.4,22.5&year=base%3D%222026%22", {}, 400),
    "no number": ("/collections/places/items?bbox=nan,22,114,23", {}, 400),
    "an endless number": ("/collections/places/items?bbox=-1e400,22,114,23", {}, 400),
    "a box beyond the world": ("/collections/places/items?bbox=-1e9,-1e9,1e9,1e9", {}, 400),
    "a page without end": ("/collections/places/items?limit=999999999", {}, 400),
    "a number of many digits": ("/collections/places/items?offset=" + "9" * 5000, {}, 400),
    "cut-offs without number": ("/isochrone?origin=113.3,22.5&within=nan", {}, 400),
    "cut-offs without end": ("/isochrone?origin=113.3,22.5&within=1e9", {}, 400),
    "more cut-offs than ten": ("/isochrone?origin=113.3,22.5&within=" + ",".join(map(str, range(1, 40))), {}, 400),
    "more origins than twenty": ("/isochrone?" + "&".join(["origin=113.3,22.5"] * 21), {}, 400),
    "more pairs than allowed": ("/matrix?" + "&".join(["from=1"] * 120 + ["to=2"] * 120), {}, 413),
    "a place nobody knows": ("/reach?origin=Atlantis", {}, 400),
    "a place in the sea far off": ("/reach?origin=0,0", {}, 400),
    "a parameter that is none": ("/reach?origin=113.3,22.5&__class__=1", {}, 400),
    "a parameter twice": ("/reach?origin=113.3,22.5&origin=113.3,22.5", {}, 400),
    "half a character": ("/reach?origin=%ff%fe", {}, 400),
    "a control character": ("/reach?origin=a%00b", {}, 400),
    "line ends for a header": ("/collections/places/items/x%0d%0aset-cookie:a=b", {}, 404),
    "a set value that is none": ("/reach?origin=113.3,22.5&set=local_speed_kmh=nan", {}, 400),
    "a feature nobody knows in a scenario": ("/reach?origin=113.3,22.5&close=nothing", {}, 400),
    "a long address": ("/reach?origin=" + "x" * 20_000, {}, 414),
    "a deep tile": ("/tiles/WebMercatorQuad/40/1/1", {}, 400),
    "a tile off the world": ("/tiles/WebMercatorQuad/3/9/0", {}, 404),
    "a tile of letters": ("/tiles/WebMercatorQuad/a/b/c", {}, 400),
    "a change": ("/collections/places/items", {"method": "POST"}, 405),
    "a removal": ("/collections/places/items/zhuhai", {"method": "DELETE"}, 405),
    "a method of its own": ("/", {"method": "TRACE"}, 405),
    "a body": ("/", {"headers": ((b"host", b"127.0.0.1"), (b"content-length", b"10000000"))}, 413),
    "a name of another": ("/", {"headers": ((b"host", b"evil.example"),)}, 421),
    "a name that is none": ("/", {"headers": ((b"host", b"a\r\nb"),)}, 400),
    "no name": ("/", {"headers": ()}, 400),
    "a form there is not": ("/conformance?f=html", {}, 406),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_question_is_refused_with_the_remedy(service: Service, name: str) -> None:
    path, options, status = HOSTILE[name]
    where, _, query = path.partition("?")
    heard = awaited(call(make_app(service), where.replace("%2f", "/").replace("%0d%0a", "\r\n"), query.encode(),
                             **options))  # fmt: skip
    assert (heard.status, heard.headers["content-type"]) == (status, "application/problem+json"), heard.body
    assert heard.told["status"] == status
    assert heard.told["detail"]
    assert heard.told["remedy"]
    assert heard.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in heard.headers
    assert len(heard.body) < 5000
    assert b"root:" not in heard.body


def test_a_question_that_takes_too_long_and_one_too_many_are_put_off(service: Service) -> None:
    path = f"/isochrone?origin={SOME}"
    slow = replace(service, limits=replace(service.limits, seconds=0.001))
    heard = ask(slow, path)
    assert (heard.status, heard.headers["retry-after"]) == (503, "5")
    app = make_app(replace(service, limits=replace(service.limits, workers=1, waiting=1)))

    async def together() -> list[Heard]:
        return await asyncio.gather(*(call(app, "/conformance") for _ in range(4)))

    assert sorted(one.status for one in awaited(together())) == [200, 200, 503, 503]
    small = replace(service, limits=replace(service.limits, answer=100))
    assert ask(small, "/collections").status == 413


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """A service of its own process, until it is interrupted."""
    words = [sys.executable, "-m", "atlas", "serve", str(folder), "--port", "0", "--no-page"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        said = ""
        while "serving at" not in said:
            said = running.stderr.readline()
            assert said, "the service ended before it served"
        yield re.findall(r"http://[\d.:]+", said)[0]
        running.send_signal(signal.SIGINT)
        assert running.wait(20) in (0, 130)


def raw(address: str, request: bytes) -> bytes:
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        answer = b""
        try:
            line.sendall(request)
            while part := line.recv(65536):
                answer += part
        except ConnectionError:
            pass  # it hung up while more was on its way
    return answer


def test_the_service_refuses_what_no_client_sends_and_goes_on(address: str) -> None:
    assert not raw(
        address, b"GET /reach?origin=" + b"x" * 10_000_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    ).startswith(b"HTTP/1.1 200")
    smuggled = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"
    smuggled = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + smuggled
    assert raw(address, smuggled).startswith(b"HTTP/1.1 4")
    assert raw(address, b"\x00\xff\r\n\r\n").startswith(b"HTTP/1.1 400")
    good = raw(address, b"GET /conformance HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert good.startswith(b"HTTP/1.1 200")
    assert b"x-content-type-options: nosniff" in good
    assert b"server:" not in good.lower()


def test_gdal_reads_the_layers_as_an_ogc_api(address: str, service: Service) -> None:
    done = subprocess.run(
        ["ogrinfo", "-ro", "-so", f"OAPIF:{address}", "places"], capture_output=True, text=True, timeout=60, check=True
    )
    assert f"Feature Count: {len(service.layers['places'])}" in done.stdout
    assert "Geometry: Point" in done.stdout
    assert "name_zh: String" in done.stdout


def test_every_example_of_the_help_serves(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def end(server: uvicorn.Server, counter: int) -> bool:
        return True

    monkeypatch.setattr(uvicorn.Server, "on_tick", end)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "towns").symlink_to(folder)
    lines = re.findall(r"^ +atlas (serve.*)$", command.help or "", flags=re.MULTILINE)
    assert len(lines) >= 3
    for line in lines:
        root = [] if "towns" in line else ["--root", str(folder)]
        # in a thread: the browser of other tests leaves a loop running in this one
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(
                CliRunner().invoke, cli, [*shlex.split(line), *root, "--port", "0", "--no-page"]
            ).result()
        assert (done.exit_code, "serving at http://" in done.stderr) == (0, True), line


def test_the_plugin_of_qgis_is_installed_whole_and_renewed_only_when_asked(tmp_path: Path) -> None:
    words = ["qgis", "install", "--folder", str(tmp_path / "plugins")]
    assert CliRunner().invoke(cli, words).exit_code == 0
    written = {path.name: path.read_bytes() for path in (tmp_path / "plugins" / "atlas_qgis").iterdir()}
    assert written == {path.name: path.read_bytes() for path in PLUGIN.iterdir() if path.is_file()}
    for name, text in written.items():
        if name.endswith(".py"):
            compile(text, name, "exec")
    assert CliRunner().invoke(cli, words).exit_code == 0
    mine = tmp_path / "plugins" / "atlas_qgis" / "asking.py"
    mine.write_text("mine", "utf-8")
    refused = CliRunner().invoke(cli, words)
    assert (refused.exit_code, mine.read_text("utf-8")) == (2, "mine")
    assert "--overwrite" in refused.stderr
    assert CliRunner().invoke(cli, [*words, "--overwrite"]).exit_code == 0
    assert mine.read_bytes() == written["asking.py"]


def test_the_plugin_of_qgis_gets_the_rows_of_the_service(address: str, service: Service) -> None:
    spec = importlib.util.spec_from_file_location("asking", PLUGIN / "asking.py")
    assert spec is not None
    assert spec.loader is not None
    asking = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(asking)
    ((row, line),) = asking.routes(address, SOME, OTHER, mode="drive", year="2035")
    known = ask(service, f"/route?from={SOME}&to={OTHER}&mode=drive&year=2035").told
    assert row[4] == known["about"]["travel_time_min"]
    assert shapely.from_wkt(line).equals(shapely.geometry.shape(known["features"][0]["geometry"]))
    areas = list(asking.areas(address, [SOME, OTHER], "30,60"))
    assert [row[4] for row, _ in areas] == [30.0, 60.0] * 2
    assert all(shapely.from_wkt(shape).is_valid for _, shape in areas)
    asking.BLOCK = 2
    pairs = list(asking.times(address, [SOME, OTHER, SOME], [OTHER, SOME, SOME]))
    assert len(pairs) == 9
    assert min(row[6] for row in pairs) == 0
    with pytest.raises(asking.Refused, match=r"Atlantis.*names"):
        list(asking.routes(address, "Atlantis", OTHER))
    with pytest.raises(asking.Refused, match="no address of a service"):
        list(asking.routes("file:///etc/passwd", SOME, OTHER))
    with pytest.raises(asking.Refused, match="atlas serve"):
        list(asking.routes("http://127.0.0.1:1", SOME, OTHER))


def test_a_port_that_is_taken_is_said_with_the_remedy(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = CliRunner().invoke(cli, ["serve", str(folder), "--port", port])
    assert done.exit_code == 2
    assert "--port" in done.stderr
