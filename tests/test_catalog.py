"""The catalogue finds what an atlas holds and says what it lacks."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from atlas.base.errors import LayerError
from atlas.data.catalog import open_catalog
from atlas.data.sources import read_sources

ROOT = Path(__file__).resolve().parents[1]
HEAD = "key,title,publisher,retrieved,licence,sha256,note\n"


def test_the_checkout_is_found_without_being_named() -> None:
    assert open_catalog().root == open_catalog(ROOT).root


def test_every_declared_layer_has_a_file_and_every_file_is_declared() -> None:
    catalog = open_catalog()
    assert {path.stem for path in (catalog.root / "data" / "geojson").glob("*.geojson")} == set(catalog.specs)


def test_plan_and_parameters_are_found_under_the_same_root() -> None:
    catalog = open_catalog()
    assert frozenset(catalog.plan.ids) == catalog.register_ids()
    assert len(list(catalog.parameters)) > 0


def test_layers_are_read_as_asked_for() -> None:
    assert list(open_catalog().layers("ports", "airports")) == ["ports", "airports"]


def test_an_unknown_layer_is_answered_with_those_there_are() -> None:
    with pytest.raises(LayerError, match="no layer 'rivers'; there are land, water"):
        open_catalog().layer("rivers")


def test_a_folder_that_is_no_atlas_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="needs the folders"):
        open_catalog(tmp_path)


def test_every_feature_rests_on_a_source_of_the_ledger_and_every_source_is_used() -> None:
    catalog = open_catalog()
    used = {key for layer in catalog.layers().values() for key in layer.frame["source"]}
    declared = {key for spec in catalog.specs.values() for key in spec.sources}
    sides = json.loads((catalog.root / "data" / "sides.geojson").read_text("utf-8"))
    used |= {one["properties"]["source"] for one in sides["features"]}
    assert used | declared <= set(catalog.sources)
    assert set(catalog.sources) == used


def test_every_source_states_publisher_and_licence() -> None:
    for source in open_catalog().sources.values():
        assert source.publisher
        assert source.licence


def test_credit_is_given_wherever_a_licence_asks_for_it() -> None:
    text = (ROOT / "DATA_LICENSE.md").read_text("utf-8")
    for source in open_catalog().sources.values():
        assert f"`{source.key}`" in text
    assert "© OpenStreetMap contributors" in text
    assert "GeoNames" in text


def test_features_bear_the_plan_ids_of_the_link_table_and_no_others() -> None:
    catalog = open_catalog()
    with (catalog.root / "data" / "plan" / "plan_links.csv").open(encoding="utf-8", newline="") as handle:
        authored = {(row["layer"], row["feature_id"], row["plan_id"]) for row in csv.DictReader(handle)}
    borne = {
        (key, feature, plan_id)
        for key, layer in catalog.layers().items()
        for feature, ids in zip(layer.frame["id"], layer.frame["plan_ids"], strict=True)
        for plan_id in ids.split(";")
        if plan_id
    }
    assert borne == authored


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("a,Title,Me,2026,MIT,,\na,Title,Me,2026,MIT,,\n", "stands twice"),
        ("a,,Me,2026,MIT,,\n", "no title"),
        ("a,Title,Me,2026,,,\n", "no licence"),
        ("a,Title,Me,yesterday,MIT,,\n", "no ISO date"),
        ("a,Title,Me,2026,MIT,abc,\n", "64 hex"),
    ],
)
def test_a_fault_of_the_ledger_is_found_when_it_is_read(tmp_path: Path, rows: str, fault: str) -> None:
    path = tmp_path / "sources.csv"
    path.write_text(HEAD + rows, "utf-8")
    with pytest.raises(LayerError, match=fault):
        read_sources(path)


def test_a_ledger_without_its_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sources.csv"
    path.write_text("key,title\na,b\n", "utf-8")
    with pytest.raises(LayerError, match="lacks the columns publisher"):
        read_sources(path)
