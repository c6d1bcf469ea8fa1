"""What is installed is what stands here: every package, every layer, every fact, and pinned tools."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
BUILD_NEEDS = (
    "atlas", "atlas_qgis", "layers", "data", "setup.cfg", "pyproject.toml", "README.md", "LICENSE", "DATA_LICENSE.md",
)  # fmt: skip


def setup_cfg() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def names(requirements: str) -> set[str]:
    """Distribution names, as pip compares them, of requirement lines."""
    found = re.findall(r"^([A-Za-z0-9][A-Za-z0-9._-]*)", requirements, flags=re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in found}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the tree, so that nothing is left behind in it."""
    source = tmp_path_factory.mktemp("source")
    for name in BUILD_NEEDS:
        here = ROOT / name
        if here.is_dir():
            shutil.copytree(here, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(here, source / name)
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(target), str(source)], check=True, capture_output=True)
    (built,) = target.glob("zhuxi_atlas-*.whl")
    return built


def test_every_package_is_named_in_setup_cfg() -> None:
    listed = set(setup_cfg()["options"]["packages"].split())
    found = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "atlas").rglob("__init__.py")}
    assert listed == found | {"atlas.shipped.atlas_qgis", "atlas.shipped.data", "atlas.shipped.layers"}


def test_every_package_needed_or_offered_is_pinned() -> None:
    parser = setup_cfg()
    wanted = names(parser["options"]["install_requires"])
    # peers of the benchmarks are no part of the program nor of its tests
    for extra in (some for name, some in parser["options.extras_require"].items() if name != "bench"):
        wanted |= names(extra.strip())
    assert wanted <= names((ROOT / "requirements.lock").read_text("utf-8"))


@pytest.mark.parametrize("pin", ["click==8.3.1", "networkx==3.3", "scipy==1.11.1", "pyogrio==0.11.1", "gtfs-kit==10.0"])
def test_no_version_that_is_known_to_fail_is_declared_to_do(pin: str) -> None:
    parser = setup_cfg()
    lines = [parser["options"]["install_requires"], parser["options.extras_require"]["all"]]
    name, _, version = pin.partition("==")
    declared = [Requirement(line) for text in lines for line in text.split("\n") if line]
    (wanted,) = [one for one in declared if one.name == name]
    assert version not in wanted.specifier


@pytest.mark.parametrize("name", ["requirements.lock", "docs/requirements.lock"])
def test_every_pin_is_exact_and_has_its_hashes(name: str) -> None:
    text = (ROOT / name).read_text("utf-8").replace(" \\\n", " ")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    pin = r"[\w.-]+==[\w.]+( *; *[^-]+)?( +--hash=sha256:[0-9a-f]{64})+"
    assert [line[:60] for line in lines if not re.fullmatch(pin, line)] == []
    assert len(lines) > 30


def test_the_page_of_licences_is_current() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/licences.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("folder", ["layers", "data", "atlas_qgis"])
def test_the_wheel_ships_every_layer_table_and_file_of_the_plugin(folder: str, wheel: Path) -> None:
    here = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file()}
    here = {name for name in here if "__pycache__" not in name}
    inside = {name.removeprefix("atlas/shipped/") for name in zipfile.ZipFile(wheel).namelist()}
    assert here <= inside


def test_the_wheel_ships_words_and_templates(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    for kind in ("base/words/*.toml", "maps/templates/*", "cli/*.toml"):
        wanted = {path.relative_to(ROOT).as_posix() for path in (ROOT / "atlas").glob(kind)}
        assert wanted
        assert wanted <= inside


def test_the_installed_atlas_answers_in_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    installed, empty = tmp_path / "installed", tmp_path / "empty"
    empty.mkdir()
    zipfile.ZipFile(wheel).extractall(installed)
    environment = {
        **os.environ,
        "PYTHONPATH": str(installed),
        "HOME": str(empty / "home"),
        "XDG_CACHE_HOME": str(empty / "cache"),
    }
    done = subprocess.run(
        [sys.executable, "-c", "import atlas; print(atlas.__file__); from atlas.__main__ import main; main()"]
        + ["reach", "珠海", "--within", "60", "--format", "csv"],
        cwd=empty,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    where, header, first = done.stdout.splitlines()[:3]
    assert where.startswith(str(installed))
    assert header.startswith("id,name_zh")
    assert "珠海市" in first
