"""Several processes on the CPU (gloo), with the environment that torchrun gives them, and once by it."""

import json
import os
import socket
import subprocess

import numpy as np
import pytest
import torch
from PIL import Image

from styletransfer.models.weights import load_model
from styletransfer.training.checkpoint import read_state

from ..processes import Process

TRAIN = """
import json, sys
from dataclasses import replace
from pathlib import Path
from styletransfer.models.config import Config
from styletransfer.training.checkpoint import read_state
from styletransfer.training.distributed import join
from styletransfer.training.entries import find_pictures
from styletransfer.training.recipe import read_recipe
from styletransfer.training.loop import train
from styletransfer.training.session import Session
from styletransfer.training import step
import torch
torch.set_num_threads(1)
step.fast_dtype = lambda device: torch.float32  # bfloat16 would drown what is compared
pictures, run, steps = find_pictures([sys.argv[1]]), Path(sys.argv[2]), int(sys.argv[3])
recipe = replace(read_recipe()[1], steps=steps, batch_size=4, crop=16, checkpoint_every=2, decay=1e-9)
run.mkdir(exist_ok=True)
with join("cpu") as group:
    resuming = (run / "state.safetensors").exists()
    saved = group.broadcast(read_state(run) if resuming else None) if group.world > 1 else (
        read_state(run) if resuming else None)
    train(Session(run, Config(channels=(4, 6, 8, 8)), recipe, pictures, pictures, saved), group)
"""
TORCHRUN = "from torch.distributed.run import main; main()"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for i in range(8):
        pixels = np.random.default_rng(i).integers(0, 256, (6, 7, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((40, 30), Image.Resampling.BICUBIC).save(folder / f"{i}.png")
    for i in range(3):
        (folder / f"broken{i}.png").write_text("no")
    return folder


def run(processes, *arguments):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]  # free again when it is wanted
    group = {"WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    started = [
        Process(
            *map(str, arguments), code=TRAIN, stderr=subprocess.PIPE, text=True,
            env=os.environ | group | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            imported=["torch._dynamo"],  # seconds, and all optimizers do it
        )
        for rank in range(processes)
    ]  # fmt: skip
    for process in started:
        _, err = process.communicate()
        assert process.returncode == 0, err[-3000:]


def lines(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.slow
def test_two_processes_on_half_batches_are_one_on_whole_ones(pictures, tmp_path):
    run(1, pictures, tmp_path / "one", 4)
    run(2, pictures, tmp_path / "two", 4)
    one, two = lines(tmp_path / "one"), lines(tmp_path / "two")
    assert len(one) == len(two) == 4  # the second process wrote nothing
    skipped = [read_state(tmp_path / name).skipped for name in ("one", "two")]
    assert skipped[0] == skipped[1] and skipped[0]["content"]  # whoever met them
    for a, b in zip(one, two):
        for key in set(a) - {"samples_per_second", "waiting"}:
            assert b[key] == pytest.approx(a[key], rel=2e-3), (a["step"], key)
    assert one[1]["style"] != pytest.approx(one[3]["style"], rel=2e-2)  # they do change

    # And on: one process goes on with what two have done, and the other way round.
    run(1, pictures, tmp_path / "two", 6)
    run(2, pictures, tmp_path / "one", 6)
    for a, b in zip(lines(tmp_path / "one"), lines(tmp_path / "two")):
        assert b["loss"] == pytest.approx(a["loss"], rel=5e-3), a["step"]
    a, b = (load_model(tmp_path / name / "checkpoint-000006.safetensors") for name in ("one", "two"))
    for key, tensor in a.decoder.state_dict().items():
        torch.testing.assert_close(tensor, b.decoder.state_dict()[key], rtol=2e-2, atol=2e-3)


@pytest.mark.slow
def test_a_batch_that_cannot_be_shared_is_one_line(pictures, tmp_path):
    command = ["--nproc-per-node=2", "--standalone", "-m", "styletransfer", "train"]
    command += ["--content", str(pictures), "--style", str(pictures)]
    command += ["--out", str(tmp_path / "run"), "--batch-size", "3", "--device", "cpu"]
    done = Process(*command, code=TORCHRUN, stderr=subprocess.PIPE, text=True)
    _, err = done.communicate()
    assert done.returncode != 0
    said = [line for line in err.splitlines() if line.startswith("stylize train:")]
    assert said == ["stylize train: a batch of 3 cannot be shared by 2 processes"]
