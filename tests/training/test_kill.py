"""A run that is killed again and again ends as one that never was."""

import json
import random
import signal
import subprocess
import time

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

from ..processes import Process

TRAIN = """
import sys
from dataclasses import replace
from pathlib import Path
import torch
from styletransfer.models.config import Config
from styletransfer.training.checkpoint import read_state
from styletransfer.training.distributed import ProcessGroup
from styletransfer.training.entries import find_pictures
from styletransfer.training.recipe import read_recipe
from styletransfer.training.loop import train
from styletransfer.training.session import Session
torch.set_num_threads(1)
pictures, run = find_pictures([sys.argv[1]]), Path(sys.argv[2])
recipe = replace(read_recipe()[1], steps=60, batch_size=2, crop=32, checkpoint_every=5)
saved = read_state(run) if (run / "state.safetensors").exists() else None
session = Session(run, Config(channels=(4, 6, 8, 8)), recipe, pictures, pictures, saved)
train(session, ProcessGroup(torch.device("cpu")),
      report=lambda line: print(line["step"], flush=True))
"""


@pytest.mark.slow
def test_sigkill_at_any_moment_leaves_nothing_corrupt(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(6):
        pixels = np.random.default_rng(i).integers(0, 256, (50, 60, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    (tmp_path / "whole").mkdir()
    (tmp_path / "killed").mkdir()

    def started(run: str) -> Process:
        arguments = str(folder), str(tmp_path / run)
        slow = ["torch._dynamo"]  # seconds, and all optimizers import it
        return Process(*arguments, code=TRAIN, stdout=subprocess.PIPE, imported=slow)

    whole = started("whole")
    whole.communicate()
    assert whole.returncode == 0

    chance, kills = random.Random(0), 0
    for _ in range(20):
        process = started("killed")
        if kills < 4:
            process.stdout.readline()  # it has begun: from here on at any moment
            time.sleep(chance.uniform(0, 0.6))
            process.kill()
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
        for file in (tmp_path / "killed").glob("*.safetensors"):
            load_file(file)  # whole, or not there
        if process.returncode == 0:
            break
    assert process.returncode == 0 and kills > 0

    def read(run):
        lines = [json.loads(s) for s in (tmp_path / run / "metrics.jsonl").read_text().splitlines()]
        return [(line["step"], line["loss"]) for line in lines]

    assert read("killed") == read("whole") and len(read("whole")) == 60
    a, b = (load_file(tmp_path / run / "state.safetensors") for run in ("whole", "killed"))
    assert a.keys() == b.keys() and all((a[key] == b[key]).all() for key in a)
