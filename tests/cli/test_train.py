"""stylize train."""

import json
import os
import signal
import subprocess
import time
from dataclasses import replace

import pytest
import torch

from styletransfer.cli import run
from styletransfer.models.weights import load_model

from ..processes import Process
from .conftest import SMALL


def test_interrupted_training_says_how_to_go_on(tmp_path, paintings):
    sources = ["--content", str(tmp_path), "--style", str(tmp_path), "--out", "run", "--device", "cpu"]
    numbers = ["--steps", "100000", "--batch-size", "1", "--crop", "16", "--checkpoint-every", "2"]
    process = Process("train", *sources, *numbers, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not os.path.exists("run/state.safetensors") and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "--resume run" in err and "Traceback" not in err


def test_a_dry_run_tells_and_writes_nothing(paintings, capsys):
    source = ["--content", paintings[0], "--style", paintings[1]]
    numbers = ["--batch-size", "1", "--crop", "16", "--device", "cpu"]
    assert run(["train", *source, "--dry-run", *numbers, "--recipe", "classic"]) == 0
    said = capsys.readouterr().out
    for words in ("1 photos, 1 paintings", "3.51 million weights", "GB of", "samples/s", "160000 steps"):
        assert words in said
    assert os.listdir() == []


def test_training_starts_from_a_model_and_its_network(paintings, tiny_model, capsys):
    arguments = ["train", "--content", paintings[0], "--style", paintings[1], "--out", "run"]
    arguments += ["--batch-size", "1", "--crop", "16", "--device", "cpu", "--steps", "1"]
    assert run([*arguments, "--init", tiny_model, "--encoder", "vgg16"]) == 2
    assert "is trained on vgg19-oxford" in capsys.readouterr().err
    assert run([*arguments, "--init", tiny_model, "--upsampling", "bilinear"]) == 0
    trained, start = load_model("run/checkpoint-000001.safetensors"), load_model(tiny_model)
    assert trained.config == replace(start.config, upsampling="bilinear")
    for key, tensor in start.decoder.state_dict().items():
        torch.testing.assert_close(trained.decoder.state_dict()[key], tensor, atol=2e-3, rtol=0)


def test_train_then_stylize(tmp_path, photo, paintings, capsys):
    folder = str(tmp_path)
    arguments = ["--content", folder, "--style", f"{folder}/painting*.jpg", "--out", "run"]
    numbers = ["--steps", "2", "--batch-size", "1", "--crop", "16", "--device", "cpu"]
    assert run(["train", *arguments, *numbers, "--checkpoint-every", "1"]) == 0
    model = capsys.readouterr().out.strip()
    assert model == os.path.join("run", "checkpoint-000002.safetensors")
    assert run([photo, paintings[0], "--model", model, "-o", "x.png", *SMALL]) == 0
    assert run(["train", *arguments, *numbers]) == 2 and "--resume" in capsys.readouterr().err
    assert run(["train", "--resume", "run"]) == 2 and "--steps" in capsys.readouterr().err
    assert run(["train", "--resume", "run", "--steps", "3", "--device", "cpu", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert os.path.exists(record["output"]) and record["steps"] == 3
    steps = [json.loads(line)["step"] for line in open("run/metrics.jsonl")]
    assert steps == [1, 2, 3]


BAD = {
    "train": ["train", "--content", "no"],
    "sources": ["train", "--content", "no", "--style", "no", "--out", "r"],
    "numbers": ["train", "--content", "no", "--style", "no", "--out", "r", "--steps", "0"],
    "recipe": ["train", "--content", "no", "--style", "no", "--out", "r", "--recipe", "best"],
    "list": ["train", "--content", "no", "--style", "no", "--out", "r", "--zoom", "big"],
    "network": ["train", "--content", "no", "--style", "no", "--out", "r", "--taps", "relu9"],
    "encoder": ["train", "--content", "no", "--style", "no", "--out", "r", "--encoder", "vgg-19"],
    "layers": ["train", "--content", "no", "--style", "no", "--out", "r", "--convolutions", "1,2"],
    "brace": ["train", "--content", "a{0..", "--style", "no", "--out", "r"],
    "mix": ["train", "--content", "http://h/a.tar", "--content", "no", "--style", "no", "--out", "r"],
    "init": ["train", "--content", "no", "--style", "no", "--out", "r", "--init", "no-such"],
    "resume": ["train", "--resume", "no"],
    "resume recipe": ["train", "--resume", "no", "--recipe", "classic"],
    "resume seed": ["train", "--resume", "no", "--seed", "3"],
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_bad_input_is_one_line(arguments, refused):
    refused(*arguments)
