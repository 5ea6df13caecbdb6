"""metrics.jsonl."""

import json

import pytest
import torch

from styletransfer import InputError
from styletransfer.training.log import Log


def lines(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def log_of(run, first=0, report=lambda line: None):
    return Log(run, first, 4, False, report)


def test_losses_are_written_in_bunches_with_their_speed(tmp_path):
    told = []
    log = log_of(tmp_path, report=told.append)
    for step in (1, 2):
        log.add(step, {"loss": torch.tensor(0.5 * step)}, waited=0.0)
    assert lines(tmp_path) == [], "each fetch stalls a GPU"
    log.flush()
    assert [(line["step"], line["loss"]) for line in lines(tmp_path)] == [(1, 0.5), (2, 1.0)]
    assert told == lines(tmp_path) and all(line["samples_per_second"] > 0 for line in told)
    log.flush()
    assert len(lines(tmp_path)) == 2
    log.since -= 2  # seconds
    log.add(3, {"loss": torch.tensor(1.0)}, waited=1.0)
    third = lines(tmp_path)[2]
    assert third["step"] == 3 and 0.2 < third["waiting"] <= 0.5


def test_what_lies_beyond_the_step_that_a_run_goes_on_from_is_dropped(tmp_path):
    text = "".join(json.dumps({"step": step}) + "\n" for step in range(1, 6))
    (tmp_path / "metrics.jsonl").write_text(text + '{"step": 3, "lo')
    log_of(tmp_path, first=3)
    assert [line["step"] for line in lines(tmp_path)] == [1, 2, 3]
    log_of(tmp_path)
    assert lines(tmp_path) == [], "a new run"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_the_first_number_that_is_not_finite_stops_the_run(tmp_path, value):
    told = []
    log = log_of(tmp_path, report=told.append)
    for step, loss in ((1, 0.5), (2, value)):
        log.add(step, {"style": torch.tensor(loss)}, waited=0.0)
    with pytest.raises(InputError, match="the style is (nan|inf) at step 2: stopped"):
        log.flush()
    assert [line["step"] for line in told] == [1]


def test_a_file_that_cannot_be_written_is_one_line(tmp_path):
    log = log_of(tmp_path)
    (tmp_path / "metrics.jsonl").unlink()
    (tmp_path / "metrics.jsonl").mkdir()
    log.add(1, {"loss": torch.tensor(1.0)}, waited=0.0)
    with pytest.raises(InputError, match="cannot write .*metrics.jsonl"):
        log.flush()
