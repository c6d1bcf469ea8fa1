"""Putting imported layers into an atlas, whole or not at all, with the old ones kept for `restore`."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, astuple, dataclass
from dataclasses import fields as dataclass_fields
from pathlib import Path

from atlas.base.changes import change, changing
from atlas.base.doors import Door
from atlas.base.errors import ExportError, ImportDataError
from atlas.base.files import content_hash, exchange, scratch
from atlas.base.tables import read_table
from atlas.data.declaration import LayerSpec, read_spec
from atlas.data.layer import LARGEST_FILE_MB, Layer, frame_of, layer_text
from atlas.data.region import find_root
from atlas.data.sources import Source, read_sources
from atlas.imports.regions import Founding, parameters_text, region_text
from atlas.network.build import REQUIRED

__all__ = [
    "POPULATION",
    "backups",
    "copied_atlas",
    "extra_spec",
    "file_sha256",
    "new_atlas",
    "new_folder",
    "restore",
    "restore_all",
    "store",
    "store_table",
]

_BACKUP = re.compile(r"(\d{4})-([0-9a-f]{12})\.(geojson|csv)")
#: Key under which the user's own population is kept and restored.
POPULATION = "population"
_PLAN_HEADS = {
    "register.csv": "id,kind,stage,name_zh,name_en,section,wording,reading,reason,note,aliases\n",
    "plan_links.csv": "plan_id,layer,feature_id,how\n",
    "status.csv": "item,date,status,basis,source,confidence,note\n",
    "courses.csv": "plan_id,layer,feature_id,how,ends,upgrades,class,speed_kmh,basis,words,why\n",
    "sections.csv": "section,title_zh,title_en,page_from,page_to\n",
}


@dataclass(frozen=True)
class Backup:
    """A layer as it once stood: the number it was kept under, the file, and its features."""

    number: int
    path: Path
    features: int


def file_sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits, read in slices."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def extra_spec(key: str) -> LayerSpec:
    """Return the declaration of a layer that an atlas may lack, ``ferries``: the one this package has."""
    return read_spec(_extra_path(key))


def _extra_path(key: str) -> Path:
    return find_root() / "layers" / f"{key}.toml"


def _texts(layers: Mapping[str, Layer]) -> dict[str, bytes]:
    texts = {}
    for key, layer in layers.items():
        data = layer_text(layer).encode("utf-8")
        if len(data) > LARGEST_FILE_MB * 1e6:
            raise ImportDataError(
                f"{key}: {len(layer)} features make {len(data) / 1e6:.0f} MB, more than the {LARGEST_FILE_MB} MB a "
                "layer may have; narrow the area (--area) or take higher classes only (--classes)"
            )
        texts[key] = data
    return texts


def backups(root: str | Path, key: str) -> list[Backup]:
    """Return the kept versions of layer `key`, oldest first."""
    folder = Path(root) / "data" / "backups" / key
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        name = _BACKUP.fullmatch(path.name)
        if name:
            data = path.read_bytes()
            features = data.count(b"\n") - 1 if name[3] == "csv" else data.count(b'{"type":"Feature","id"')
            found.append(Backup(int(name[1]), path, features))
    return found


def _path(root: Path, key: str) -> Path:
    """Where a layer, or the user's own population, stands."""
    if key == POPULATION:
        return root / "data" / "own" / "population.csv"
    return root / "data" / "geojson" / f"{key}.geojson"


def store_table(root: str | Path, text: str, source: Source) -> list[Path]:
    """Replace ``data/own/population.csv`` by `text` and note its source; return the backup made. See :func:`store`."""
    root = Path(root)
    ledger = root / "data" / "sources.csv"
    with changing(root):
        kept = _kept(root, POPULATION)
        new = {_path(root, POPULATION): text.encode("utf-8"), ledger: _with_sources(ledger, [source])}
        change(root, {**kept, **_differing(new)})
    return list(kept)


def _kept(root: Path, key: str) -> dict[Path, bytes]:
    """The backup of the layer that stands, file and content; one whose like is the newest there is the same file."""
    path = _path(root, key)
    if not path.is_file():
        return {}
    data = path.read_bytes()
    short = content_hash(data)[:12]
    kept = backups(root, key)
    if kept and kept[-1].path.stem.endswith(short):
        return {kept[-1].path: data}
    number = kept[-1].number + 1 if kept else 1
    return {root / "data" / "backups" / key / f"{number:04d}-{short}{path.suffix}": data}


def store(root: str | Path, layers: Mapping[str, Layer], sources: Iterable[Source] = ()) -> list[Path]:
    """Replace `layers` in the atlas under `root`; what stood there is kept in ``data/backups``.

    Parameters
    ----------
    root
        A folder with ``layers/`` and ``data/``.
    layers
        Layers by key, checked.
    sources
        Rows for the ledger; one whose key stands there already is left out.

    Returns
    -------
    list of Path
        The backups made.

    Raises
    ------
    ImportDataError
        A layer is too large.
    ExportError
        A file cannot be written; then every layer stands as before.

    Notes
    -----
    See :mod:`atlas.base.changes`. Whoever read the layers to merge with holds the atlas from then on
    (:func:`atlas.base.changes.changing`), so that two imports at once both arrive.
    """
    root = Path(root)
    texts = _texts(layers)
    with changing(root):
        kept = {path: data for key in layers for path, data in _kept(root, key).items()}
        targets = {_path(root, key): data for key, data in texts.items()}
        for key, layer in layers.items():
            declared = root / "layers" / f"{key}.toml"
            if not declared.is_file() and _extra_path(layer.key).is_file():
                targets[declared] = _extra_path(layer.key).read_bytes()
        ledger = root / "data" / "sources.csv"
        targets[ledger] = _with_sources(ledger, sources)
        change(root, _differing({**kept, **targets}))
    return list(kept)


def _with_sources(ledger: Path, sources: Iterable[Source]) -> bytes:
    """The ledger with rows for `sources` under its own columns, in UTF-8 whatever it was written in."""
    known = read_sources(ledger)
    heading = read_table(ledger, ("key",)).columns
    text = io.StringIO()
    rows = ([asdict(one).get(name, "") for name in heading] for one in sources if one.key not in known)
    csv.writer(text, lineterminator="\n").writerows(rows)
    data = Door(ledger, ImportDataError).text(chinese=True)
    return (data + ("" if data.endswith("\n") else "\n") + text.getvalue()).encode("utf-8")


def _differing(files: Mapping[Path, bytes]) -> dict[Path, bytes | None]:
    """Those of `files` that do not stand as they are to stand."""
    return {path: data for path, data in files.items() if not path.is_file() or path.read_bytes() != data}


def restore(root: str | Path, key: str, *, number: int | None = None) -> Backup:
    """Put a kept version of layer `key` back; the one that stood is kept in its turn. See :func:`restore_all`."""
    return restore_all(root, [key], number=number)[key]


def restore_all(root: str | Path, keys: Iterable[str], *, number: int | None = None) -> dict[str, Backup]:
    """Put kept versions of layers back, all or none; those that stood are kept in their turn.

    Parameters
    ----------
    keys
        Layers, or the user's own population.
    number
        Which version; None: the newest that differs from the layer that stands.

    Raises
    ------
    ImportDataError
        There is no such version.
    """
    root = Path(root)
    with changing(root):
        chosen = {key: _version(root, key, number) for key in dict.fromkeys(keys)}
        targets: dict[Path, bytes] = {}
        for key, backup in chosen.items():
            targets |= _kept(root, key) | {_path(root, key): backup.path.read_bytes()}
        change(root, _differing(targets))
    return chosen


def _version(root: Path, key: str, number: int | None) -> Backup:
    kept = backups(root, key)
    path = _path(root, key)
    standing = path.read_bytes() if path.is_file() else b""
    if number is None:
        chosen = next((one for one in reversed(kept) if one.path.read_bytes() != standing), None)
    else:
        chosen = next((one for one in kept if one.number == number), None)
    if chosen is None:
        have = ", ".join(str(one.number) for one in kept) or "none"
        raise ImportDataError(f"layer {key}: no such version is kept (there are: {have}); see atlas restore --list")
    return chosen


def new_atlas(
    folder: str | Path,
    layers: Mapping[str, Layer],
    sources: Iterable[Source],
    *,
    like: str | Path,
    overwrite: bool,
    founding: Founding | None = None,
) -> Path:
    """Write an atlas of its own that holds `layers` and nothing else.

    Parameters
    ----------
    folder
        Where; it appears when it is complete.
    layers, sources
        Layers by key, and the ledger.
    like
        An atlas whose declarations and parameters are taken over.
    overwrite
        Whether a folder that stands there may be replaced; the old one is kept beside it as
        ``<name>.before``.
    founding
        What it is of; None: of what its layers hold.

    Raises
    ------
    ExportError
        The folder holds something and `overwrite` is false, or cannot be written.
    """
    like = Path(like)
    specs = {key: read_spec(like / "layers" / f"{key}.toml") for key in REQUIRED}
    needed = {key: Layer(spec, frame_of([], [], spec)) for key, spec in specs.items()}
    texts = _texts({**needed, **layers})
    with new_folder(Path(folder), overwrite) as draft:
        _fill(draft, texts, sources, like)
        if founding is not None:
            (draft / "data" / "region.toml").write_text(region_text(founding, layers), "utf-8")
            rows = parameters_text(like / "data" / "parameters.csv", founding.limits)
            (draft / "data" / "parameters.csv").write_text(rows, "utf-8")
    return Path(folder)


def copied_atlas(
    folder: str | Path, layers: Mapping[str, Layer], sources: Iterable[Source], *, like: str | Path, overwrite: bool
) -> Path:
    """Write a copy of the atlas `like` in which `layers` are replaced. See :func:`new_atlas`."""
    like = Path(like)
    with new_folder(Path(folder), overwrite) as draft:
        shutil.copytree(like / "layers", draft / "layers")
        shutil.copytree(like / "data", draft / "data", ignore=shutil.ignore_patterns("backups", "__pycache__"))
        store(draft, layers, sources)
        shutil.rmtree(draft / "data" / "backups", ignore_errors=True)
    return Path(folder)


@contextmanager
def new_folder(folder: Path, overwrite: bool) -> Iterator[Path]:
    """Give a folder to fill; it takes its place when the block ends well, and an atlas that stood there steps aside."""
    filled = folder.is_dir() and any(folder.iterdir())
    if (filled or folder.is_file()) and not overwrite:
        raise ExportError(f"{folder} exists; pass --overwrite or choose another folder")
    if folder.is_file() or (filled and not ((folder / "layers").is_dir() and (folder / "data").is_dir())):
        raise ExportError(f"{folder} is no atlas; it is not replaced: choose another folder")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with scratch(folder.parent) as place:
            draft = place / "atlas"
            draft.mkdir()
            yield draft
            _switch(draft, folder, place, filled=filled)
    except OSError as reason:
        if isinstance(reason, ExportError):
            raise
        raise ExportError(f"cannot write {folder}: {reason.strerror or reason}") from reason


def _switch(draft: Path, folder: Path, place: Path, *, filled: bool) -> None:
    """Let `draft` take the place of `folder` in one step; an atlas that stood there is kept as ``<name>.before``."""
    if not filled:
        os.replace(draft, folder)
        return
    old = folder.with_name(f"{folder.name}.before")
    if old.is_symlink() or old.is_file():
        raise ExportError(f"{old} is no folder; the atlas that stands cannot be kept there: move it away")
    if exchange(draft, folder):
        if old.exists():
            os.replace(old, place / "older")
        os.replace(draft, old)
        return
    if old.exists():
        os.replace(old, place / "older")
    os.replace(folder, old)
    os.replace(draft, folder)


def _fill(draft: Path, texts: Mapping[str, bytes], sources: Iterable[Source], like: Path) -> None:
    for name in ("layers", "data/geojson", "data/plan"):
        (draft / name).mkdir(parents=True)
    for key, data in texts.items():
        declared = like / "layers" / f"{key}.toml"
        shutil.copyfile(declared if declared.is_file() else _extra_path(key), draft / "layers" / f"{key}.toml")
        (draft / "data" / "geojson" / f"{key}.geojson").write_bytes(data)
    heading = [one.name for one in dataclass_fields(Source)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([heading, *(astuple(source) for source in sources)])
    (draft / "data" / "sources.csv").write_text(text.getvalue(), "utf-8")
    shutil.copyfile(like / "data" / "parameters.csv", draft / "data" / "parameters.csv")
    for name, head in _PLAN_HEADS.items():
        (draft / "data" / "plan" / name).write_text(head, "utf-8")
    # An atlas of its own promises nothing; what counts as borderline is taken over.
    targets = (like / "data" / "plan" / "targets.toml").read_text("utf-8").partition("[[target]]")[0]
    (draft / "data" / "plan" / "targets.toml").write_text(f"{targets.rstrip()}\ntarget = []\n", "utf-8")
