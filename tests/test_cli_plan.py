"""Commands about the plan: items, scenarios, promises, comparisons, and whether a file still matches."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from small_atlas import draw_atlas, promise

from atlas.cli import cli
from atlas.data.catalog import open_catalog


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, words)


def answer(*words: str) -> dict:
    result = run(*words, "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_plan_lists_every_item_and_every_filter_leaves_fewer() -> None:
    everything = answer("plan", "list")
    assert everything["items_in_plan"] == len(everything["items"]) > everything["items_of_transport"] == 153
    for words in (["--kind", "railway"], ["--city", "阳江"], ["--status", "operating"], ["--year", "2026"]):
        assert 0 < len(answer("plan", "list", *words)["items"]) < 153


def test_status_is_as_of_the_date_asked_for() -> None:
    then = {row["id"]: row["status"] for row in answer("plan", "list", "--as-of", "2023-10-25")["items"]}
    now = {row["id"]: row["status"] for row in answer("plan", "list")["items"]}
    changed = {row["item"] for row in answer("plan", "changes")["changes"]}
    assert changed == {name for name in now if now[name] != then[name]}


def test_an_item_shows_wording_reading_features_history_and_effect() -> None:
    found = answer("plan", "show", "黄茅海通道", "--mode", "drive")
    what = {row["what"] for row in found["item"]}
    assert {"wording", "reading", "in the atlas", "without it"} <= what
    assert found["features"]
    assert found["history"]
    assert all(row["after_min"] < (row["before_min"] or 1e9) for row in found["effect"])


def test_a_misspelt_item_offers_the_nearest() -> None:
    result = run("plan", "show", "黄毛海通道")
    assert result.exit_code == 2
    assert "黄茅海通道" in result.stderr


def test_kilometres_by_city_add_up_to_those_by_mode() -> None:
    by_mode = sum(row["km"] for row in answer("plan", "kilometres", "--by", "mode")["kilometres"])
    by_city = sum(row["km"] for row in answer("plan", "kilometres", "--by", "city,status")["kilometres"])
    assert by_city == pytest.approx(by_mode)


def test_every_scenario_says_how_many_features_are_assumed() -> None:
    rows = {row["name"]: row for row in answer("scenario", "list")["scenarios"]}
    assert list(rows) == ["2023", "2026", "2030", "2035", "full-known", "full"]
    assert rows["2026"]["assumed"] <= rows["2030"]["assumed"] <= rows["2035"]["assumed"] <= rows["full"]["assumed"]
    assert rows["2030"]["assumed"] > 0


@pytest.mark.parametrize(
    "words",
    [
        ("reach", "珠海", "--year", "2035"),
        ("route", "珠海", "江门", "--year", "2035"),
        ("matrix", "--from", "珠海", "--to", "江门", "--year", "2035"),
        ("claims", "--target", "centres-one-hour", "--year", "2035"),
        ("compare", "2026", "2035", "--origin", "珠海", "--to", "江门"),
    ],
    ids=lambda words: words[0],
)
def test_every_answer_says_how_many_features_are_assumed(words: tuple[str, ...]) -> None:
    header = {row["name"]: row["assumed"] for row in answer("scenario", "list")["scenarios"]}
    told = answer(*words)["assumed_features"]
    assert (told if isinstance(told, int) else told["2035"]) == header["2035"] > 0


def test_a_new_scenario_file_is_read_back_and_never_replaced_unasked(tmp_path: Path) -> None:
    path = tmp_path / "no-link.toml"
    words = ["scenario", "new", str(path), "--base", "2030", "--without", "hmh", "--set", "local_speed_kmh=30"]
    assert run(*words).exit_code == 0
    found = answer("scenario", "show", "--scenario", str(path))
    assert (found["without"], found["overrides"]) == (["hmh"], {"local_speed_kmh": 30.0})
    assert "hmh" not in {row["feature_id"] for row in found["open"]}
    again = run(*words)
    assert again.exit_code == 2
    assert "--overwrite" in again.stderr


def test_a_misspelt_project_in_a_scenario_file_names_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "typo.toml"
    path.write_text('base = "2030"\nwithout = ["plan-hwy-233"]\n', "utf-8")
    result = run("route", "珠海", "江门", "--scenario", str(path))
    assert result.exit_code == 2
    assert "plan-hwy-23" in result.stderr
    made = run("scenario", "new", str(tmp_path / "new.toml"), "--without", "hmhh")
    assert made.exit_code == 2
    assert not (tmp_path / "new.toml").exists()


def test_the_difference_of_two_years_is_what_opens_between_them() -> None:
    rows = answer("scenario", "diff", "2026", "2030")["differences"]
    features = [row for row in rows if row["what"] == "feature"]
    assert features
    assert {row["second"] for row in features} == {"open"}
    assert all(2026 < row["opens_year"] <= 2030 for row in features)


def test_claims_give_every_target_with_all_fields() -> None:
    found = answer("claims", "--year", "2026")
    targets = {row["target_id"] for row in found["claims"]}
    assert len(targets) == len({row["target_id"] for row in found["summary"]}) >= 8
    for row in found["claims"]:
        assert row["definition"] and row["verdict"] in ("inside", "borderline", "outside")  # noqa: PT018
        if row["minutes"] is not None:
            assert row["margin_min"] == pytest.approx(row["limit_min"] - row["minutes"])
    assert {row["parameter_set"] for row in found["claims"]} == {"favourable", "central", "adverse"}


def test_another_reading_can_be_chosen_and_an_unknown_one_is_refused() -> None:
    default = answer("claims", "--year", "2026", "--target", "centres-one-hour")["claims"]
    other = answer("claims", "--year", "2026", "--target", "centres-one-hour", "--reading", "nearest")["claims"]
    assert {row["reading"] for row in default} != {row["reading"] for row in other}
    result = run("claims", "--reading", "nearst")
    assert result.exit_code == 2
    assert "nearest" in result.stderr


def test_compare_names_the_projects_that_matter_and_why() -> None:
    result = run("compare", "2023", "2030", "--origin", "阳江")
    assert result.exit_code == 0
    assert "slower without it" in result.stderr
    found = answer("compare", "2023", "2030", "--origin", "阳江")
    assert found["projects"]
    assert {"pairs", "projects", "places", "totals"} <= set(found)


def test_verify_fails_once_a_vertex_is_moved(tmp_path: Path) -> None:
    root = draw_atlas(tmp_path / "own")
    promise(root)
    page, table = tmp_path / "zhongshan.json", tmp_path / "zhongshan.csv"
    graph, package, told = tmp_path / "n.graphml", tmp_path / "n.gpkg", tmp_path / "report.html"
    for path in (page, table):
        assert run("reach", "中山", "--root", str(root), "-o", str(path)).exit_code == 0
    for path in (graph, package):
        assert run("network", "export", "--root", str(root), "-o", str(path)).exit_code == 0
    assert run("report", "--root", str(root), "-o", str(told)).exit_code == 0
    files = (page, table, graph, package, told)
    for path in files:
        assert run("verify", str(path), "--root", str(root)).exit_code == 0, path.name
    highways = open_catalog(root).path("highways")
    content = json.loads(highways.read_text("utf-8"))
    content["features"][0]["geometry"]["coordinates"][0][0] += 0.000001
    highways.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    for path in files:
        assert run("verify", str(path), "--root", str(root)).exit_code == 1, path.name


def test_verify_refuses_a_file_without_a_hash(tmp_path: Path) -> None:
    path = tmp_path / "other.txt"
    path.write_text("nothing", "utf-8")
    assert run("verify", str(path)).exit_code == 2
