"""What a run will cost."""

from dataclasses import replace

import pytest

from styletransfer.training import estimate as module
from styletransfer.training.estimate import Estimate, estimate
from styletransfer.training.session import Execution

from .conftest import GROUP


def numbers(**changes) -> Estimate:
    given = dict(
        pictures="9 photos", steps=900, batch_size=8, crop=256, trained=1_250_000, step_seconds=3.0,
        data_seconds=1.0, overlapped=False, memory=2_500_000_000, place="this process",
    )  # fmt: skip
    return Estimate(**given | changes)


def test_a_step_waits_for_data_that_nobody_loads_meanwhile():
    assert numbers().waiting_seconds == 1.0 and numbers().samples_per_second == 2.0
    overlapped = numbers(overlapped=True)
    assert overlapped.waiting_seconds == 0 and overlapped.samples_per_second == pytest.approx(8 / 3)
    assert numbers(overlapped=True, data_seconds=7.0).waiting_seconds == 4.0


def test_it_says_what_one_wants_to_know():
    assert str(numbers()).splitlines() == [
        "pictures  9 photos",
        "network   1.25 million weights to train",
        "memory    2.5 GB of this process",
        "speed     2.0 samples/s: a batch of 8 at 256 px takes 3.000 s, decoding it 1.000 s",
        "time      1.0 hours for 900 steps",
    ]
    assert "time      10 minutes for 150 steps" in str(numbers(steps=150))


def test_steps_are_timed_and_nothing_is_written(session, tmp_path, monkeypatch):
    done, step = [], module.train_step
    monkeypatch.setattr(module, "train_step", lambda *given: done.append(given) or step(*given))
    found = estimate(replace(session), GROUP, Execution(), steps=3)
    assert len(done) == 2 + 3 and list(tmp_path.iterdir()) == []
    assert (found.steps, found.batch_size, found.crop) == (6, 2, 16)
    assert found.step_seconds > 0 and found.data_seconds > 0 and found.memory > 10**7
    net = done[0][0].state.net
    assert found.trained == sum(p.numel() for p in net.decoder.parameters())
    assert all("reconstruction" not in step(*given) for given in done[:1]), "of the usual kind"
