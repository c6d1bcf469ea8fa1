"""`atlas qgis`: the atlas in the Processing toolbox of QGIS."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

import atlas
from atlas.base.errors import ExportError
from atlas.base.files import write_bytes
from atlas.cli.options import overwrite_option, talk_options
from atlas.cli.output import tell

__all__ = ["command"]

_NAME = "atlas_qgis"
_PLUGINS = ("QGIS", "QGIS3", "profiles", "default", "python", "plugins")


@click.group(name="qgis")
def command() -> None:
    """Bring the atlas into QGIS: algorithms of the Processing toolbox for routes, areas and times.

    \b
    Example:
      atlas qgis install --folder plugins
    """


@command.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of plugins. Default: that of the profile `default` of QGIS 3.",
)
@overwrite_option
@talk_options
def install(folder: Path | None, overwrite: bool) -> None:
    """Write the plugin atlas_qgis into a folder of QGIS plugins.

    Switch it on in QGIS under Plugins. Its algorithms ask a running `atlas serve`; nothing else is needed in QGIS.

    \b
    Example:
      atlas qgis install --folder plugins
    """
    home = (_usual_folder() if folder is None else folder) / _NAME
    files = {path.name: path.read_bytes() for path in sorted(_source().iterdir()) if path.suffix in (".py", ".txt")}
    changed = {name: data for name, data in files.items() if _held(home / name) != data}
    there = [str(home / name) for name in changed if (home / name).exists()]
    if there and not overwrite:
        raise ExportError(f"{', '.join(there)} exists and is another; pass --overwrite to renew the plugin")
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        raise ExportError(f"cannot make {home}: {reason.strerror}; choose another with --folder") from reason
    for name, data in changed.items():
        write_bytes(home / name, data, overwrite=True)
    tell("answer.wrote", path=home)


def _held(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _source() -> Path:
    """Where the plugin stands: in the checkout, else in what was installed."""
    package = Path(atlas.__file__).resolve().parent
    for candidate in (package.parent / _NAME, package / "shipped" / _NAME):
        if candidate.is_dir():
            return candidate
    raise ExportError("the plugin was not installed with the program; install it again")


def _usual_folder() -> Path:
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base.joinpath(*_PLUGINS)
