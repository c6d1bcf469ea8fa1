"""Writes are whole or not at all, and nothing is overwritten unasked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from atlas.base.errors import ExportError
from atlas.base.files import content_hash, replacing, write_bytes, write_parts, write_text
from atlas.base.seals import UNSEALED, intact


def test_text_is_written_as_utf8_with_plain_line_ends(tmp_path: Path) -> None:
    path = write_text(tmp_path / "名.txt", "珠海\n中山\n")
    assert path.read_bytes() == "珠海\n中山\n".encode()


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    assert write_text(tmp_path / "a" / "b" / "c.txt", "x").read_text("utf-8") == "x"


def test_an_existing_file_is_refused_and_kept(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.txt", "old")
    with pytest.raises(ExportError, match=r"a\.txt exists.*overwrite"):
        write_text(path, "new")
    assert path.read_text("utf-8") == "old"


def test_overwrite_replaces_when_asked(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.txt", "old")
    write_text(path, "new", overwrite=True)
    assert path.read_text("utf-8") == "new"


def test_an_error_while_writing_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.txt", "old")

    def half() -> None:
        with replacing(path, overwrite=True) as draft:
            draft.write_text("half", "utf-8")
            raise KeyError("broke off")

    with pytest.raises(KeyError):
        half()
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text("utf-8") == "old"


def test_a_path_through_a_file_says_what_could_not_be_written(tmp_path: Path) -> None:
    blocker = write_text(tmp_path / "file", "x")
    with pytest.raises(ExportError, match="cannot write beside"):
        write_text(blocker / "below.txt", "x")


def test_a_disk_that_takes_no_more_is_reported_and_the_old_file_stays(tmp_path: Path) -> None:
    # A limit on the size of files stands in for the full disk: both fail in the middle of a write.
    path = write_text(tmp_path / "a.txt", "old")
    code = (
        "import resource, sys\n"
        "from atlas.base.errors import ExportError\n"
        "from atlas.base.files import write_bytes\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: write_bytes(sys.argv[1], bytes(100_000), overwrite=True)\n"
        "except ExportError as reason: print(reason)\n"
    )
    assert "what stood there is untouched" in _run(code, str(path)).stdout
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text("utf-8") == "old"


def test_what_a_format_refuses_on_a_full_disk_is_told_as_the_disks_doing(tmp_path: Path) -> None:
    code = (
        "import resource, sys\n"
        "from atlas.base.errors import ExportError\n"
        "from atlas.base.files import replacing\n"
        "for most in (resource.RLIM_INFINITY, 1000):\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))\n"
        "    try:\n"
        "        with replacing(sys.argv[1]): raise ExportError('GPKG cannot hold the table')\n"
        "    except ExportError as reason: print(reason)\n"
    )
    roomy, full = _run(code, str(tmp_path / "a.gpkg")).stdout.splitlines()
    assert roomy == "GPKG cannot hold the table"
    assert full.startswith("cannot write")
    assert "GPKG" not in full
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_folder_is_reported() -> None:
    # Root may write anywhere, so the child gives up its rights first, after reading what it needs of Python.
    code = (
        "import os, shutil, sys, tempfile\n"
        "from atlas.base.errors import ExportError\n"
        "from atlas.base.files import write_text\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "try: write_text(sys.argv[1], 'x')\n"
        "except ExportError as reason: print(reason)\n"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        assert "cannot write beside" in _run(code, str(folder / "a.txt")).stdout
        assert list(folder.iterdir()) == []
        folder.chmod(0o755)


def test_a_killed_process_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.txt", "old")
    code = (
        "import os, signal, sys\n"
        "from atlas.base.files import replacing\n"
        "with replacing(sys.argv[1], overwrite=True) as draft:\n"
        "    draft.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert _run(code, str(path)).returncode == -signal.SIGKILL
    assert path.read_text("utf-8") == "old"
    write_bytes(path, b"new", overwrite=True)
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("moved", [0, 1, 2])
def test_what_a_kill_leaves_of_files_that_belong_together_the_next_write_finishes(tmp_path: Path, moved: int) -> None:
    names = ["a.shp", "b!.dbf", "whole.gdb"]
    for name in names[:2]:
        write_text(tmp_path / name, "old")
    (tmp_path / "whole.gdb").mkdir()
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from atlas.base import files\n"
        "put, left = files._put, [" + str(moved) + "]\n"
        "def counted(draft, target):\n"
        "    left[0] -= 1\n"
        "    put(draft, target) if left[0] >= 0 else os.kill(os.getpid(), signal.SIGKILL)\n"
        "files._put = counted\n"
        f"paths = [Path(sys.argv[1], name) for name in {names!r}]\n"
        "with files.replacing_all(paths, overwrite=True, folders=paths[2:]) as (one, other, folder):\n"
        "    one.write_text('new'), other.write_text('new'), folder.mkdir(), (folder / 'x').write_text('new')\n"
    )
    assert _run(code, str(tmp_path)).returncode == -signal.SIGKILL
    assert [(tmp_path / name).read_text() for name in names[:2]] == ["new"] * moved + ["old"] * (2 - moved)
    write_text(tmp_path / "next.txt", "")
    assert [(tmp_path / name).read_text() for name in (*names[:2], "whole.gdb/x")] == ["new"] * 3
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted([*names, "next.txt"])


def test_a_list_of_moves_that_leads_elsewhere_moves_nothing(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("old")
    draft = tmp_path / "in" / ".atlas-draft-x"
    (draft / "0").mkdir(parents=True)
    (draft / "0" / "a").write_text("new")
    inode = (draft / "0" / "a").stat().st_ino
    (draft / "moves").write_text(json.dumps([[["0", "a"], "../precious", inode], [["0", "a"], "b", inode + 1]]))
    write_text(tmp_path / "in" / "next.txt", "")
    assert (tmp_path / "precious").read_text() == "old"
    assert [one.name for one in (tmp_path / "in").iterdir()] == ["next.txt"]


def test_the_hash_tells_parts_apart() -> None:
    assert content_hash("ab", "c") != content_hash("a", "bc")
    assert content_hash("珠") == content_hash("珠".encode())


def _run(code: str, argument: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, argument],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )


def test_parts_written_one_after_another_are_the_file_written_whole(tmp_path: Path) -> None:
    parts = ['{"seal": "' + UNSEALED + '", "rows": [\n', *(f'"{k}",\n' for k in range(50)), '"末"]}\n']
    one, other = (tmp_path / name for name in ("a", "b"))
    write_parts(one, iter(parts))
    write_text(other, "".join(parts))
    assert one.read_bytes() == other.read_bytes()
    assert intact(one.read_bytes())
