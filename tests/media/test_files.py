import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from styletransfer import InputError
from styletransfer.media.files import working_folder, write_atomically


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "x"
    path.write_text("precious")

    def fail(temporary):
        temporary.write_text("half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_atomically(path, fail)
    assert [p.name for p in tmp_path.iterdir()] == ["x"] and path.read_text() == "precious"


def test_new_files_have_the_usual_permissions(tmp_path):
    (tmp_path / "plain").write_text("")
    write_atomically(tmp_path / "x", lambda path: path.write_text("whole"))
    assert (tmp_path / "x").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_folder_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(InputError, match="cannot write"):
        write_atomically(tmp_path / "no" / "x", lambda path: None)


def test_threads_leave_the_umask_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("the umask is the whole process's"))
    write_atomically(tmp_path / "x", lambda path: path.write_text("whole"))
    assert (tmp_path / "x").read_text() == "whole"


HOLD = """
import sys, time
from styletransfer.media.files import working_folder
with working_folder(sys.argv[1]) as folder:
    (folder / "raw").write_bytes(bytes(9))
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def owner(tmp_path):
    """Another process with a working folder; gives it and the folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE)
    yield process, Path(process.stdout.readline().decode().strip())
    process.kill()
    process.wait()


def test_what_a_killed_process_left_is_cleared_away_and_nothing_else(tmp_path, owner):
    process, folder = owner
    for name in (".stylize-precious", ".stylize-abcd1234", ".stylize"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "raw").write_text("precious")
    (tmp_path / ".stylize-abcd1234" / "lock").write_text("of somebody else")
    (tmp_path / ".stylize-file1234").write_text("precious")
    theirs = {path.name for path in tmp_path.iterdir()} - {folder.name}
    with working_folder(tmp_path) as own:
        assert folder.is_dir() and own != folder, "its owner lives"
    process.send_signal(signal.SIGKILL)
    process.wait()
    with working_folder(tmp_path) as own:
        assert not folder.exists() and own.is_dir()
    assert {path.name for path in tmp_path.iterdir()} == theirs
    assert (tmp_path / ".stylize-abcd1234" / "raw").read_text() == "precious"
