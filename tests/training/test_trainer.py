import json
from dataclasses import replace

import pytest
import torch
from PIL import Image

from styletransfer import InputError
from styletransfer.io.weights import load_model, save_model
from styletransfer.nn.stylizer import Config, StylizerNet
from styletransfer.training.data import find_pictures
from styletransfer.training.recipe import Recipe
from styletransfer.training.trainer import learning_rate, train

TINY = Config(channels=(4, 6, 8, 8))
RECIPE = Recipe(steps=6, batch_size=2, crop=16, checkpoint_every=3, warmup=2, reconstruct_every=4)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    torch.manual_seed(1)
    for i in range(5):
        pixels = torch.randint(0, 256, (24, 30, 3), dtype=torch.uint8)
        Image.fromarray(pixels.numpy()).save(folder / f"{i}.png")
    (folder / "broken.jpg").write_text("oops")
    return find_pictures([folder])


def losses(run):
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "samples_per_second"} for line in lines]


def run_to(tmp_path, name, pictures, recipe=RECIPE, config=TINY, **options):
    run = tmp_path / name
    run.mkdir(exist_ok=True)
    return run, train(config, recipe, pictures, pictures, run, **options)


class Killed(Exception):
    pass


def test_resuming_gives_the_losses_of_an_uninterrupted_run(pictures, tmp_path):
    whole, broken = run_to(tmp_path, "whole", pictures)

    def kill_at_five(line):  # two steps after the checkpoint
        if line["step"] == 5:
            raise Killed

    with pytest.raises(Killed):
        run_to(tmp_path, "parts", pictures, report=kill_at_five)
    parts, broken_in_parts = run_to(tmp_path, "parts", pictures, resume=True)
    assert losses(parts) == losses(whole) and len(losses(whole)) == 6
    assert broken_in_parts == broken and broken["content"] > 0
    a, b = (load_model(run / "checkpoint-000006.safetensors") for run in (whole, parts))
    for key, tensor in a.state_dict().items():
        assert torch.equal(tensor, b.state_dict()[key]), key


def test_a_run_leaves_models_samples_and_metrics(pictures, tmp_path):
    run, _ = run_to(tmp_path, "run", pictures)
    names = sorted(path.name for path in run.iterdir())
    assert names == [
        "checkpoint-000003.safetensors",
        "checkpoint-000006.safetensors",
        "metrics.jsonl",
        "samples-000003.jpg",
        "samples-000006.jpg",
        "state.safetensors",
    ]
    assert Image.open(run / "samples-000006.jpg").size == (5 * 16, 5 * 16)
    for line in losses(run):
        reconstructs = (line["step"] - 1) % 4 == 0
        assert set(line) == {"step", "loss"} | (
            {"reconstruction"} if reconstructs else {"content", "style", "gram"}
        )


def test_training_lowers_the_loss_of_the_weights_it_starts_from(pictures, tmp_path):
    torch.manual_seed(0)
    save_model(tmp_path / "random.safetensors", StylizerNet(TINY))
    recipe = Recipe(steps=120, batch_size=2, crop=16, checkpoint_every=120, warmup=0, reconstruct=120)
    recipe = replace(recipe, learning_rate=3e-3)
    run, _ = run_to(tmp_path, "run", pictures, recipe, init=str(tmp_path / "random.safetensors"))
    values = [line["loss"] for line in losses(run)]
    assert sum(values[-10:]) < 0.7 * sum(values[:10])


def test_the_encoder_is_never_trained(pictures, tmp_path):
    torch.manual_seed(RECIPE.seed)
    fresh = StylizerNet(TINY).encoder.conv2_1.weight.detach()
    run, _ = run_to(tmp_path, "run", pictures)
    trained = load_model(run / "checkpoint-000006.safetensors").encoder.conv2_1.weight
    torch.testing.assert_close(trained, fresh, atol=1e-3, rtol=1e-3)


def test_instance_bottleneck_trains(pictures, tmp_path):
    config = Config(channels=(4, 6, 8, 8), bottleneck="instance")
    run, _ = run_to(tmp_path, "run", pictures, config=config)
    assert len(losses(run)) == 6


def test_workers_change_nothing(pictures, tmp_path):
    alone, _ = run_to(tmp_path, "alone", pictures)
    helped, _ = run_to(tmp_path, "helped", pictures, workers=2)
    assert losses(alone) == losses(helped)


def test_a_loss_that_is_not_finite_stops_the_run(pictures, tmp_path):
    recipe = Recipe(steps=6, batch_size=2, crop=16, warmup=0, learning_rate=1e30)
    with pytest.raises(InputError, match="the loss is"):
        run_to(tmp_path, "run", pictures, recipe)


def test_the_learning_rate_warms_up_and_ends_at_zero():
    recipe = Recipe(steps=100, warmup=10, learning_rate=1.0)
    rates = [learning_rate(step, recipe) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and max(rates) > 0.95 and rates[-1] < 0.001
