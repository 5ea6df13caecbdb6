import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from styletransfer.cli import run
from styletransfer.models.weights import load_model

pytestmark = pytest.mark.usefixtures("in_empty_folder")


def test_the_main_job(photo, paintings, tiny_model, capsys):
    assert run([photo, paintings[0], "--model", tiny_model, "--style-size", "32"]) == 0
    out, err = capsys.readouterr()
    assert out == "photo-painting0.png\n" and "stylized 50×37" in err
    assert Image.open("photo-painting0.png").size == (50, 37)


def test_json_says_what_was_done(photo, paintings, tiny_model, capsys):
    options = ["--weights", "3,1", "--alpha", "0.5", "--size", "20", "--json", "-o", "x.jpg"]
    assert run([*options, photo, *paintings, "--model", tiny_model, "--device", "cpu"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record.pop("seconds") >= 0
    assert record == {
        "input": photo,
        "output": "x.jpg",
        "size": [27, 20],
        "styles": [{"style": paintings[0], "weight": 0.75}, {"style": paintings[1], "weight": 0.25}],
        "alpha": 0.5,
        "strokes": 1.0,
        "model": tiny_model,
        "device": "cpu",
    }
    assert Image.open("x.jpg").format == "JPEG"


def test_jpeg_in_jpeg_out(paintings, tiny_model):
    assert run([paintings[0], paintings[1], "--model", tiny_model]) == 0
    assert Image.open("painting0-painting1.jpg").format == "JPEG"


def test_standard_input_and_output(photo, paintings, tiny_model):
    command = [sys.executable, "-m", "styletransfer", "-", paintings[0], "-o", "-"]
    with open(photo, "rb") as file:
        done = subprocess.run([*command, "--model", tiny_model], stdin=file, capture_output=True)
    assert done.returncode == 0, done.stderr
    picture = Image.open(io.BytesIO(done.stdout))
    assert picture.format == "PNG" and picture.size == (50, 37)


def test_an_existing_output_is_safe_without_force(photo, paintings, tiny_model, capsys):
    with open("x.png", "w") as file:
        file.write("precious")
    arguments = [photo, paintings[0], "-o", "x.png", "--model", tiny_model]
    assert run(arguments) == 2
    assert "--force" in capsys.readouterr().err and open("x.png").read() == "precious"
    assert run([*arguments, "--force"]) == 0
    assert Image.open("x.png").size == (50, 37)


BAD = {
    "missing content": ["no.jpg", "STYLE"],
    "missing style": ["PHOTO", "no.jpg"],
    "no style": ["PHOTO"],
    "folder": [".", "STYLE"],
    "text": ["TEXT", "STYLE"],
    "code that is none": ["PHOTO", "none.style.safetensors"],
    "unwritable": ["PHOTO", "STYLE", "-o", "no/such/x.png"],
    "odd format": ["PHOTO", "STYLE", "-o", "x.xyz"],
    "too many weights": ["PHOTO", "STYLE", "--weights", "1,2"],
    "words for weights": ["PHOTO", "STYLE", "--weights", "much"],
    "negative weight": ["PHOTO", "STYLE", "--weights", "-1"],
    "alpha": ["PHOTO", "STYLE", "--alpha", "3"],
    "alpha word": ["PHOTO", "STYLE", "--alpha", "strong"],
    "size": ["PHOTO", "STYLE", "--size", "0"],
    "style size": ["PHOTO", "STYLE", "--style-size", "3"],
    "model": ["PHOTO", "STYLE", "--model", "no-such"],
    "device": ["PHOTO", "STYLE", "--device", "abacus"],
    "option": ["PHOTO", "STYLE", "--colour"],
    "colour": ["PHOTO", "STYLE", "--preserve-color", "some"],
    "train": ["train", "--content", "no"],
    "train sources": ["train", "--content", "no", "--style", "no", "--out", "r"],
    "train numbers": ["train", "--content", "no", "--style", "no", "--out", "r", "--steps", "0"],
    "train recipe": ["train", "--content", "no", "--style", "no", "--out", "r", "--recipe", "best"],
    "train list": ["train", "--content", "no", "--style", "no", "--out", "r", "--zoom", "big"],
    "train network": ["train", "--content", "no", "--style", "no", "--out", "r", "--taps", "relu9"],
    "train encoder": ["train", "--content", "no", "--style", "no", "--out", "r", "--encoder", "vgg-19"],
    "train layers": ["train", "--content", "no", "--style", "no", "--out", "r", "--convolutions", "1,2"],
    "train brace": ["train", "--content", "a{0..", "--style", "no", "--out", "r"],
    "train mix": [
        "train",
        "--content",
        "http://h/a.tar",
        "--content",
        "no",
        "--style",
        "no",
        "--out",
        "r",
    ],
    "train init": ["train", "--content", "no", "--style", "no", "--out", "r", "--init", "no-such"],
    "resume": ["train", "--resume", "no"],
    "resume recipe": ["train", "--resume", "no", "--recipe", "classic"],
    "resume seed": ["train", "--resume", "no", "--seed", "3"],
    "data": ["data", "shard", "no", "r"],
    "data size": ["data", "shard", "no", "r", "--size", "0"],
    "evaluate": ["evaluate", "no.tsv"],
    "evaluate text": ["evaluate", "TEXT"],
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_bad_input_is_one_line_and_exit_code_2(
    arguments, photo, paintings, tiny_model, capsys, tmp_path
):
    text = tmp_path / "text.png"
    text.write_text("I am no picture")
    names = {"PHOTO": photo, "STYLE": paintings[0], "TEXT": str(text)}
    arguments = [names.get(argument, argument) for argument in arguments]
    if not {"--model", "train", "evaluate", "data"} & set(arguments):
        arguments += ["--model", tiny_model]
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("stylize") and err.count("\n") == 1, err
    assert os.listdir() == []


@pytest.mark.parametrize(
    "verb",
    [
        "",
        "grid",
        "morph",
        "sheet",
        "style",
        "style blend",
        "train",
        "data",
        "data shard",
        "evaluate",
        "models",
    ],
)
def test_help_teaches_without_torch(verb):
    code = (
        f"import sys; from styletransfer.cli import run; "
        f"run({[*verb.split(), '--help']!r}); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"stylize {verb}".strip() in done.stdout


def test_models(capsys):
    assert run(["models", "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = ["adain-fast", "adain-vgg", "bank", "contextual"]
    assert [record["model"] for record in records] == names
    assert "bank:hokusai" in records[2]["styles"] and len(records[2]["styles"]) == 16
    assert run(["models"]) == 0 and capsys.readouterr().out.startswith("adain-fast\tslim")


def test_evaluate_measures_pictures_made_elsewhere(tmp_path, capsys):
    rng = np.random.default_rng(0)
    for name in ("c", "s", "t"):
        coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
        coarse.resize((100, 90)).save(tmp_path / f"{name}.png")
    (tmp_path / "pairs.tsv").write_text("0\tc.png\ts.png\n1\tc.png\tt.png\n")
    (tmp_path / "out").mkdir()
    for i, name in enumerate("cs"):  # the photo itself for pair 0, the wrong style for pair 1
        (tmp_path / "out" / f"{i}.png").write_bytes((tmp_path / f"{name}.png").read_bytes())
    arguments = ["evaluate", str(tmp_path / "pairs.tsv"), "--outputs", str(tmp_path / "out")]
    assert run([*arguments, "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)["rows"]
    assert first["style"] == pytest.approx(0, abs=1e-6) and first["content"] == pytest.approx(1)
    assert first["ssim"] == pytest.approx(1) and second["content"] < 0.8
    assert run(arguments) == 0 and "mean" in capsys.readouterr().out


def test_interrupted_training_says_how_to_go_on(tmp_path, paintings):
    sources = ["--content", str(tmp_path), "--style", str(tmp_path), "--out", "run", "--device", "cpu"]
    numbers = ["--steps", "100000", "--batch-size", "1", "--crop", "16", "--checkpoint-every", "2"]
    command = [sys.executable, "-m", "styletransfer", "train", *sources, *numbers]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
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
    assert run([photo, paintings[0], "--model", model, "-o", "x.png"]) == 0
    assert run(["train", *arguments, *numbers]) == 2 and "--resume" in capsys.readouterr().err
    assert run(["train", "--resume", "run"]) == 2 and "--steps" in capsys.readouterr().err
    assert run(["train", "--resume", "run", "--steps", "3", "--device", "cpu", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert os.path.exists(record["output"]) and record["steps"] == 3
    steps = [json.loads(line)["step"] for line in open("run/metrics.jsonl")]
    assert steps == [1, 2, 3]
