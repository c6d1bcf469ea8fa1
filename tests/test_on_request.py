"""Lines without a known alignment: no part of any year, nor of the full plan, unless a scenario asks for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from atlas.cli import cli
from atlas.data.catalog import open_catalog
from atlas.data.layer import Layer
from atlas.data.scenario import BUILT_IN, load_scenario
from atlas.network.build import Network, build_network, lines_on_request, open_edges
from atlas.travel.matrix import od_minutes
from atlas.travel.status import open_features

SEATS = ("zhuhai", "zhongshan", "jiangmen", "yangjiang", "shenzhen", "taishan")
MODES = ("drive", "rail", "multimodal")


@pytest.fixture(scope="module")
def layers() -> dict[str, Layer]:
    return open_catalog().layers()


@pytest.fixture(scope="module")
def drawn_only(layers: dict[str, Layer]) -> list[str]:
    frames = [layers[key].frame for key in ("railways", "highways")]
    return [str(name) for frame in frames for name in frame.loc[lines_on_request(frame), "id"]]


@pytest.fixture
def plain(network: Network) -> Network:
    """The shipped network, as nobody asked for anything."""
    return network


@pytest.fixture(scope="module")
def asked(layers: dict[str, Layer], drawn_only: list[str]) -> Network:
    return build_network(layers, on_request=drawn_only)


def test_what_is_drawn_only_is_schematic_and_in_no_network(plain: Network, drawn_only: list[str]) -> None:
    assert "shennan_hsr" in drawn_only, "made of lines that the layer holds singly"
    lines = {name for text in plain.edges["line_ids"] for name in str(text).split(";")}
    assert not set(drawn_only) & (set(plain.edges["feature_id"]) | lines)


@pytest.mark.parametrize("year", BUILT_IN)
def test_taken_in_but_not_named_it_is_open_in_no_year_and_changes_no_minute(
    plain: Network, asked: Network, drawn_only: list[str], year: str
) -> None:
    scenario = load_scenario(year)
    assert not set(open_features(asked, scenario)["feature_id"]) & set(drawn_only)
    before, after = (od_minutes(network, SEATS, SEATS, [scenario], MODES) for network in (plain, asked))
    np.testing.assert_allclose(after, before, atol=1e-9)


@pytest.mark.parametrize("name", ["zhuyang_hsr", "railways/zhuyang_hsr", "plan-rail-08"])
def test_named_it_is_open_and_never_lengthens_a_trip(asked: Network, name: str) -> None:
    # the new line's station is three quarters of an hour from the seat
    base = load_scenario("2035").but(overrides={"rail_access_max_min": 60.0})
    wanted = base.but(with_=[name])
    assert set(open_features(asked, wanted)["feature_id"]) - set(open_features(asked, base)["feature_id"]) == {
        "zhuyang_hsr"
    }
    minutes = od_minutes(asked, SEATS, SEATS, [base, wanted], ["rail"])
    assert np.all(minutes[1] <= minutes[0] + 1e-9)
    assert minutes[1, 0, 0, 3] < minutes[0, 0, 0, 3], "Zhuhai to Yangjiang has a railway of its own"


def test_one_that_is_asked_for_brings_no_other(asked: Network) -> None:
    one = open_edges(asked, load_scenario("2035").but(with_=["zhuyang_hsr"]))
    plus = asked.edges[one & ~open_edges(asked, load_scenario("2035"))]
    assert {name for text in plus["line_ids"] for name in str(text).split(";")} - {""} == {"zhuyang_hsr"}


def test_a_scenario_file_asks_and_the_command_says_so(tmp_path: Path) -> None:
    path = tmp_path / "with.toml"
    asked = 'base = "2035"\nname = "with the line"\nwith = ["plan-rail-08", "plan-xbl-01"]\n'
    path.write_text(asked + "[set]\nrail_access_max_min = 60\n", "utf-8")
    result = CliRunner().invoke(cli, ["route", "珠海", "阳江", "--mode", "rail", "--scenario", str(path)])
    assert result.exit_code == 0, result.output
    assert "zhuyang_hsr: only the ends are known" in result.stderr
    assert "xbl_01" in result.stderr
    without = CliRunner().invoke(cli, ["route", "珠海", "阳江", "--mode", "rail", "--year", "2035"])
    assert "transfer" in without.stdout
    assert "transfer" not in result.stdout, "the line asked for runs straight to Yangjiang"


def test_a_misspelt_one_names_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "typo.toml"
    path.write_text('with = ["zhuyang_hs"]\n', "utf-8")
    result = CliRunner().invoke(cli, ["route", "珠海", "阳江", "--scenario", str(path)])
    assert result.exit_code == 2
    assert "zhuyang_hsr" in result.stderr
