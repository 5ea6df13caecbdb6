"""Training where nobody sees a bar."""

from dataclasses import replace

import pytest

from styletransfer.training import progress
from styletransfer.training.distributed import ProcessGroup
from styletransfer.training.progress import train_with_progress
from styletransfer.training.session import Execution

from .conftest import CPU, GROUP


@pytest.fixture
def steps(monkeypatch):
    """In place of training: tells of 250 steps."""

    def train(session, group, execution, report):
        for step in range(1, 251):
            report({"step": step, "loss": 0.5, "samples_per_second": 8.0})
        return {"content": {}, "style": {"a.jpg": f"{execution.workers} workers"}}

    monkeypatch.setattr(progress, "train", train)


def test_every_hundredth_step_is_a_line(session, steps, capsys):
    session = replace(session, recipe=replace(session.recipe, steps=250))
    skipped = train_with_progress(session, GROUP, Execution(workers=3))
    assert skipped["style"] == {"a.jpg": "3 workers"}, "what training gives"
    out, err = capsys.readouterr()
    assert out == "" and err.splitlines() == [
        f"step {n} of 250: loss 0.500 samples/s 8.000" for n in (100, 200)
    ]


def test_one_process_of_several_speaks(session, steps, capsys):
    train_with_progress(session, ProcessGroup(CPU, rank=1, world=2))
    assert capsys.readouterr() == ("", "")
