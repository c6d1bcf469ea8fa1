"""An atlas is changed as one: all of its files or none, whoever is killed and whoever comes at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from atlas.base import changes
from atlas.base.changes import JOURNAL, change, changing, heal, reading
from atlas.base.errors import ExportError

NAMES = ("data/geojson/a.geojson", "data/geojson/b.geojson", "data/sources.csv", "layers/a.toml")
#: A process that changes the atlas and is killed at the step named: the n-th call of one of these of `os`.
KILLED = """
import os, signal, sys
from pathlib import Path
from atlas.base.changes import change
root, at, seen = Path(sys.argv[1]), int(sys.argv[2]), 0
def dying(real):
    def call(*args, **kw):
        global seen
        seen += 1
        if seen == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kw)
    return call
for name in ("replace", "unlink", "mkdir", "rmdir", "chmod"):
    setattr(os, name, dying(getattr(os, name)))
change(root, {root / name: b"new" for name in sys.argv[3:]})
print(seen)
"""


def drawn(folder: Path) -> Path:
    for name in NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"old")
    return folder


def held(root: Path) -> list[bytes]:
    return [(root / name).read_bytes() for name in NAMES]


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", *arguments], capture_output=True, text=True, check=False)


def test_a_change_changes_every_file_and_leaves_nothing_beside(tmp_path: Path) -> None:
    root = drawn(tmp_path)
    (root / NAMES[0]).chmod(0o600)
    change(root, {root / name: b"new" for name in NAMES[:3]} | {root / NAMES[3]: None})
    assert [(root / name).read_bytes() for name in NAMES[:3]] == [b"new"] * 3
    assert not (root / NAMES[3]).exists()
    assert (root / NAMES[0]).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in root.iterdir()) == ["data", "layers"]


def test_killed_at_any_step_the_atlas_is_all_old_or_all_new_when_it_is_opened_next(tmp_path: Path) -> None:
    steps = int(ran(KILLED, str(drawn(tmp_path / "whole")), "0", *NAMES).stdout)
    ends = []
    for step in range(1, steps + 1):
        root = drawn(tmp_path / str(step))
        assert ran(KILLED, str(root), str(step), *NAMES).returncode == -signal.SIGKILL
        heal(root)
        ends.append(held(root))
        assert sorted(path.name for path in root.iterdir()) == ["data", "layers"]
    assert all(end in ([b"old"] * 4, [b"new"] * 4) for end in ends)
    assert ends[0] == [b"old"] * 4
    assert ends[-1] == [b"new"] * 4


def test_two_that_read_change_and_write_at_once_both_arrive(tmp_path: Path) -> None:
    root = drawn(tmp_path)
    (root / NAMES[0]).write_bytes(b"")
    code = (
        "import sys\nfrom pathlib import Path\nfrom atlas.base.changes import change, changing\n"
        "root, path = Path(sys.argv[1]), Path(sys.argv[1]) / sys.argv[2]\n"
        "for _ in range(10):\n"
        "    with changing(root): change(root, {path: path.read_bytes() + b'x'})\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(root), NAMES[0]]) for _ in range(3)]
    assert [one.wait() for one in both] == [0, 0, 0]
    assert (root / NAMES[0]).read_bytes() == b"x" * 30


def test_two_threads_of_one_process_wait_for_one_another(tmp_path: Path) -> None:
    root, path = drawn(tmp_path), tmp_path / NAMES[0]
    path.write_bytes(b"")

    def add() -> None:
        for _ in range(10):
            with changing(root):
                change(root, {path: path.read_bytes() + b"x"})

    threads = [threading.Thread(target=add) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert path.read_bytes() == b"x" * 30


def test_who_waits_too_long_is_told_who_holds_the_atlas(tmp_path: Path) -> None:
    root = drawn(tmp_path)
    code = (
        "import sys\nfrom atlas.base.changes import changing\n"
        "with changing(sys.argv[1]):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    with pytest.raises(ExportError, match=f"is being changed by process {other.pid} on "):
        changing(root, wait_s=0).__enter__()
    other.kill()
    other.wait()
    heal(root)
    assert sorted(path.name for path in root.iterdir()) == ["data", "layers"]


def test_readers_wait_while_files_are_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, real, seen = drawn(tmp_path), os.replace, []

    def slow(one: object, other: object) -> None:
        time.sleep(0.05)
        real(one, other)  # type: ignore[arg-type]

    def read() -> None:
        with reading(root):
            seen.append(held(root))

    monkeypatch.setattr(changes.os, "replace", slow)
    writer = threading.Thread(target=change, args=(root, {root / name: b"new" for name in NAMES}))
    writer.start()
    while writer.is_alive():
        read()
    writer.join()
    assert all(one in ([b"old"] * 4, [b"new"] * 4) for one in seen)


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "data/../../outside", "outside", "data"])
def test_a_journal_that_names_what_is_no_file_of_the_atlas_is_refused(tmp_path: Path, name: str) -> None:
    root = drawn(tmp_path / "own")
    (root / JOURNAL).mkdir()
    (root / JOURNAL / "0").write_bytes(b"foreign")
    (root / JOURNAL / "list.json").write_text(json.dumps([[name, "0"]]), "ascii")
    with pytest.raises(ExportError):
        heal(root)
    assert not (tmp_path / "outside").exists()
    assert held(root) == [b"old"] * 4


def test_a_link_out_of_the_atlas_is_not_followed(tmp_path: Path) -> None:
    root = drawn(tmp_path / "own")
    (tmp_path / "precious").mkdir()
    (root / "data" / "out").symlink_to(tmp_path / "precious")
    with pytest.raises(ExportError, match="leads out of the atlas"):
        change(root, {root / "data" / "out" / "x": b"new"})
    assert list((tmp_path / "precious").iterdir()) == []
