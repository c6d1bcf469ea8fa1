"""However a command ends: one line, an exit code of its own, no traceback, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
from click.testing import CliRunner

from atlas.base.errors import AtlasError
from atlas.cli import cli
from atlas.cli.ending import Ending

CODE = """
import sys
from atlas.base.errors import AtlasError
from atlas.cli import cli
from atlas.cli.ending import Ending, heed_signals, lenient_terminal
import click

@cli.command()
def fails(): {body}
cli.get_command = lambda ctx, name: fails
heed_signals()
lenient_terminal()
with Ending():
    cli(["fails"], prog_name="atlas")
"""


def run(body: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CODE.format(body=body)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("{}['x']", 70, "atlas: fault: KeyError: 'x'"),
        ("raise RecursionError('deep')", 70, "please report"),
        ("raise MemoryError", 70, "out of memory"),
        ("raise KeyboardInterrupt", 130, "interrupted"),
        ("open('/none/such')", 2, "/none/such: No such file or directory"),
        ("open('/dev/full', 'w').write('x' * 99999)", 2, "No space left on device"),
        ("raise BrokenPipeError(32, 'Broken pipe')", 141, ""),
        ("from atlas.base.errors import LayerError; raise LayerError('bad \\x1b[31m\\nline')", 2, "error: bad"),
    ],
)
def test_every_way_to_fail_has_its_exit_code_and_its_line(body: str, code: int, words: str) -> None:
    done = run(body)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr


def test_a_fault_shows_its_trace_when_asked() -> None:
    assert "Traceback" in run("{}['x']", env=os.environ | {"ATLAS_TRACE": "1"}).stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_a_command_and_its_draft_goes(tmp_path: Path, number: int) -> None:
    body = (
        "\n    import time\n    from atlas.base.files import replacing\n"
        f"    with replacing({str(tmp_path / 'out.txt')!r}) as draft:\n"
        "        draft.write_text('half')\n        print('drafting', flush=True)\n        time.sleep(60)"
    )
    # A run under nohup hands down an ignored SIGHUP: start as from a terminal.
    done = subprocess.Popen(
        [sys.executable, "-c", CODE.format(body=body)],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    )
    assert done.stdout is not None
    assert done.stdout.readline() == "drafting\n"
    done.send_signal(number)
    assert done.wait() == 128 + number
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", [("layers",), ("params", "--format", "json"), ("--help",)])
def test_a_full_stdout_is_an_error_and_never_half_an_answer(form: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "atlas", *form],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "stdout" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_stdout_at_all_is_an_error() -> None:
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m atlas layers >&-"], stderr=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == 2
    assert "stdout" in done.stderr


def test_a_reader_that_goes_away_ends_the_command_quietly() -> None:
    shell = f"{sys.executable} -m atlas params --format csv | head -c 10 >/dev/null; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert done.stdout.strip() in {"0", "141"}
    assert done.stderr == ""


@pytest.mark.parametrize("terminal", ["gbk", "ascii", "latin-1"])
def test_a_terminal_that_lacks_a_sign_gets_the_answer_all_the_same(terminal: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "atlas", "layers"],
        capture_output=True, check=False, env=os.environ | {"PYTHONIOENCODING": terminal},
    )  # fmt: skip
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr


def test_an_unknown_user_without_a_home_gets_the_answer() -> None:
    code = """
import os, pathlib
def nowhere():
    raise RuntimeError("Could not determine home directory.")
pathlib.Path.home = staticmethod(nowhere)
os.environ.pop("XDG_CACHE_HOME", None)
from atlas.kept.store import user_store
store = user_store()
print(store.get("kind", "key"))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "None\n"), done.stderr


def test_ctrl_c_ends_a_command_with_130_and_nothing_torn(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "atlas", "map", "layers", "-o", str(tmp_path / "m.html")]
    child = subprocess.Popen(line, stderr=subprocess.PIPE, text=True, start_new_session=True)
    time.sleep(1.0)
    os.killpg(child.pid, signal.SIGINT)
    _, told = child.communicate(timeout=60)
    if child.returncode != 0:  # on a fast machine it may be done
        assert child.returncode == 130, told
        assert list(tmp_path.iterdir()) == []
    assert "Traceback" not in told


@pytest.mark.parametrize("name", ["s.gpkg", "s.xlsx", "s.geojson"])
def test_twenty_file_descriptors_are_enough(name: str, tmp_path: Path) -> None:
    line = f"ulimit -n 20; exec {sys.executable} -m atlas export stations -o {tmp_path / name}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("place", ["there.csv", "folder", "pipe", "file.txt/x.csv"])
def test_where_nothing_can_be_written_is_said_before_anything_is_computed(tmp_path: Path, place: str) -> None:
    (tmp_path / "there.csv").write_text("kept", "utf-8")
    (tmp_path / "file.txt").write_text("kept", "utf-8")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    empty = tmp_path / "no-atlas"
    empty.mkdir()
    result = CliRunner().invoke(
        cli, ["value", "--measure", "people", "-o", str(tmp_path / place), "--root", str(empty)]
    )
    assert result.exit_code == 2
    assert "no-atlas" not in result.stderr, "the place is looked at before the atlas is opened"
    assert place.split("/")[0] in result.stderr
    assert (tmp_path / "there.csv").read_text("utf-8") == (tmp_path / "file.txt").read_text("utf-8") == "kept"


def test_a_message_quotes_no_more_than_anyone_reads(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), Ending():
        raise AtlasError(f"no place answers to {'长' * 100_000!r}; give a name, an id or lon,lat")
    said = capsys.readouterr().err
    assert len(said) < 2100
    assert said.startswith("atlas: error: no place answers to '长长")
    assert said.endswith("give a name, an id or lon,lat\n")


@pytest.mark.parametrize(("quiet", "told"), [([], "note: the sea is blue\n"), (["-q"], "")])
def test_what_a_library_warns_of_is_a_line_without_its_code(
    quiet: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def warn(*options: object) -> tuple[()]:
        warnings.warn("the sea\n is blue", RuntimeWarning, stacklevel=1)
        return ()

    monkeypatch.setattr("atlas.decide.events.read_events", warn)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        done = CliRunner().invoke(cli, ["event", "list", "--format", "csv", *quiet], env={"LC_ALL": "C"})
    assert (done.exit_code, done.stderr) == (0, told)
