"""A network written is read back by the programs it is written for."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path

import networkx as nx
import pytest
from small_atlas import draw_atlas

from atlas.base.errors import ExportError
from atlas.data.catalog import open_catalog
from atlas.data.scenario import Scenario, load_scenario
from atlas.exports.families.graph import FORMATS
from atlas.exports.tables.bundle import gather
from atlas.exports.write import write_network
from atlas.network.build import Network, build_network
from atlas.travel.trip import Trip


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """The network of one city's window."""
    return build_network(open_catalog(draw_atlas(tmp_path_factory.mktemp("town"))).layers())


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario("2026")


@pytest.fixture(scope="module")
def graph(network: Network, scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> nx.MultiDiGraph:
    """What networkx reads back from GraphML."""
    (path,) = write_network(network, tmp_path_factory.mktemp("graph") / "n.graphml", scenario)
    return nx.read_graphml(path, force_multigraph=True)


def test_every_edge_of_graphml_has_minutes_and_both_ends(graph: nx.MultiDiGraph) -> None:
    assert graph.number_of_edges() > 1000
    assert all(minutes >= 0 for _, _, minutes in graph.edges(data="travel_time_min", default=-1))
    assert all(graph.nodes[node].get("kind") for node in graph)


def test_graphml_keeps_chinese_names(graph: nx.MultiDiGraph) -> None:
    assert "中山市" in {name for _, name in graph.nodes(data="name_zh")}


def test_node_link_json_is_the_same_graph(
    network: Network, scenario: Scenario, graph: nx.MultiDiGraph, tmp_path: Path
) -> None:
    (path,) = write_network(network, tmp_path / "n.json", scenario)
    again = nx.node_link_graph(json.loads(path.read_text("utf-8")), edges="edges")
    assert set(again.edges(keys=True)) == set(graph.edges(keys=True))


def test_csv_pairs_name_nodes_that_stand_in_the_second_file(
    network: Network, scenario: Scenario, graph: nx.MultiDiGraph, tmp_path: Path
) -> None:
    edges_path, nodes_path = write_network(network, tmp_path / "n.csv", scenario)
    with edges_path.open(encoding="utf-8-sig") as edges, nodes_path.open(encoding="utf-8-sig") as nodes:
        pairs = {(row["from_id"], row["to_id"]) for row in csv.DictReader(edges)}
        known = {row["node_id"] for row in csv.DictReader(nodes)}
    assert pairs == set(graph.edges())
    assert {end for pair in pairs for end in pair} <= known


def test_gdal_reads_the_geopackage(
    network: Network, scenario: Scenario, graph: nx.MultiDiGraph, tmp_path: Path
) -> None:
    path, _ = write_network(network, tmp_path / "n.gpkg", scenario)
    done = subprocess.run(["ogrinfo", "-so", "-al", str(path)], capture_output=True, text=True, check=True)
    assert f"Feature Count: {graph.number_of_edges()}" in done.stdout
    assert f"Feature Count: {graph.number_of_nodes()}" in done.stdout
    assert 'ID["EPSG",4326]' in done.stdout
    assert "atlas_hash" in done.stdout


@pytest.mark.parametrize("name", ["n.shp", "n.gdb", "a folder"])
def test_gdal_reads_a_network_in_other_formats_and_folders(
    network: Network, scenario: Scenario, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    form = "fgb" if name == "a folder" else None
    files = write_network(network, folder / name if form is None else folder, scenario, mode="drive", form=form)
    readable = [str(file) for file in files if file.suffix in (".fgb", ".shp", ".gdb")]
    told = "".join(
        subprocess.run(["ogrinfo", "-so", "-al", file], capture_output=True, text=True, check=True).stdout
        for file in readable
    )
    open_edges = int(Trip(network, scenario, "drive").usable.sum())
    assert open_edges > 100
    assert f"Feature Count: {open_edges}" in told.split("\n")
    assert all(file.exists() for file in files)
    with pytest.raises(ExportError, match="exists; pass --overwrite"):
        write_network(network, folder / name if form is None else folder, scenario, mode="drive", form=form)
    assert write_network(
        network, folder / name if form is None else folder, scenario, mode="drive", form=form, overwrite=True
    ) == files  # fmt: skip


@pytest.mark.parametrize("suffix", [*(f".{form}" for form in FORMATS), ".gpkg"])
def test_the_same_network_gives_the_same_bytes(
    suffix: str, network: Network, scenario: Scenario, tmp_path: Path
) -> None:
    first, second = (write_network(network, tmp_path / f"{name}{suffix}", scenario)[0] for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_another_ending_is_refused_with_those_that_exist(network: Network, scenario: Scenario, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"\.graphml"):
        write_network(network, tmp_path / "n.docx", scenario)


def test_neither_of_two_files_is_written_when_one_exists(network: Network, scenario: Scenario, tmp_path: Path) -> None:
    (tmp_path / "n-nodes.csv").write_text("mine", "utf-8")
    with pytest.raises(ExportError, match=r"n-nodes\.csv exists"):
        write_network(network, tmp_path / "n.csv", scenario)
    assert [path.name for path in tmp_path.iterdir()] == ["n-nodes.csv"]


def test_no_line_of_an_edge_is_without_length(network: Network) -> None:
    edges = next(table for table in gather(network).tables if table.name == "edges").frame
    lines = edges.geometry[~edges.geometry.isna()]
    assert (lines.length > 0).all()
    assert len(lines) > 1000
