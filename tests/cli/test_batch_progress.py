"""What a batch says, where nobody sees a bar."""

import io
import json

import pytest
from rich.console import Console

from styletransfer.batch.outputs import Target, Task
from styletransfer.batch.run import Summary
from styletransfer.batch.sources import SourceImage
from styletransfer.batch.style_choice import ChosenStyle
from styletransfer.batch.work import Work
from styletransfer.cli.batch_progress import BatchProgress, ask_to_replace, print_plan, report
from styletransfer.errors import InputError


@pytest.fixture
def tasks(here) -> list[Task]:
    items = [SourceImage(name, str(here / name)) for name in ("a.png", "b.png")]
    return [
        Task(items[0], [Target("a-x.png", 0), Target("a-y.png", 1)]),
        Task(items[1], [Target("b.png", -1)], problem="is no picture"),
    ]


def test_a_line_a_minute(monkeypatch, capsys):
    with BatchProgress(Console(file=io.StringIO()), 10) as progress:
        progress.tell(Summary(total=10, painted=2, seconds=1.0))
        assert capsys.readouterr().err == ""
        progress.said -= progress.EVERY + 1
        progress.tell(Summary(total=1210, there=5, painted=4, failed=1, lost=1, seconds=2.0))
        assert capsys.readouterr().err == "10 of 1210, 2.0 pictures/s, 1 failed, about 10 min left\n"
        progress.tell(Summary(total=1210, painted=5, seconds=2.0))
        assert capsys.readouterr().err == "", "not again at once"


def test_the_end_of_a_run(capsys):
    summary = Summary(total=12, there=3, foreign=["a.png"], painted=4, failed=2, lost=2, seconds=2.0)
    report(summary, "dst", 5, as_json=False)
    out, err = capsys.readouterr()
    assert out == "dst\n"
    assert [line.split(None, 1) for line in err.splitlines()] == [
        ["4", "painted in 2.0 s, 2.0 pictures/s"],
        ["3", "there already"],
        ["1", "names taken by files that are not ours: left as they are"],
        ["5", "other files in SRC, passed over"],
        ["2", "failed: dst/failures.jsonl says which and why"],
        ["2", "not done: give the same command again, it goes on from here"],
    ]
    report(summary, "dst", 0, as_json=True)
    record = json.loads(capsys.readouterr().out)
    assert record == {
        "output": "dst", "results": 12, "painted": 4, "there": 4, "failed": 2, "left": 2, "seconds": 2.0,
    }  # fmt: skip
    report(Summary(), "dst", 0, as_json=False)
    assert capsys.readouterr().err.split() == ["0", "painted"]


def test_a_plan_names_every_result_and_every_problem(tasks, capsys):
    styles = [ChosenStyle(name, ((f"{name}.jpg", 1.0),), "", name) for name in "xy"]
    assert print_plan(Work(tasks, styles, 0)) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"input": "a.png", "output": "a-x.png", "style": "x"},
        {"input": "a.png", "output": "a-y.png", "style": "y"},
        {"input": "b.png", "error": "is no picture"},
    ]


def test_what_is_in_the_way_is_asked_for(tasks, here, monkeypatch):
    (here / "dst").mkdir()
    ask_to_replace(tasks, "dst")
    (here / "dst/a-y.png").write_text("there")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(InputError, match="1 results are there.*--force"):
        ask_to_replace(tasks, "dst")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: True)
    ask_to_replace(tasks, "dst")
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    with pytest.raises(InputError, match="left as it is"):
        ask_to_replace(tasks, "dst")
