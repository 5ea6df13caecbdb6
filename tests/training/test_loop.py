import json
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from styletransfer import InputError
from styletransfer.models.bottlenecks import BOTTLENECKS
from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet
from styletransfer.models.statistics import Statistics
from styletransfer.models.weights import load_model, read_safetensors, save_model, write_safetensors
from styletransfer.system.interrupt import Interrupt
from styletransfer.training import setup
from styletransfer.training.checkpoint import read_state
from styletransfer.training.distributed import ProcessGroup
from styletransfer.training.entries import find_pictures
from styletransfer.training.initialize import ADDED
from styletransfer.training.loop import train
from styletransfer.training.recipe import read_recipe
from styletransfer.training.session import Execution, Session, style_names

TINY = Config(channels=(4, 6, 8, 8))
_, DEFAULT = read_recipe()
SMALL = {"steps": 6, "batch_size": 2, "crop": 16, "checkpoint_every": 3, "warmup": 2}
RECIPE = replace(DEFAULT, **SMALL, reconstruct_every=4)
ALONE = ProcessGroup(torch.device("cpu"))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    torch.manual_seed(1)
    for i in range(5):
        pixels = torch.randint(0, 256, (24, 30, 3), dtype=torch.uint8)
        Image.fromarray(pixels.numpy()).save(folder / f"{i}.png")
    (folder / "broken.jpg").write_text("oops")
    return find_pictures([folder])


@pytest.fixture
def spread_of_few(monkeypatch):
    """How much styles differ is measured on 32 crops, not 256, which takes longer than the runs."""
    measure = setup.measure_spread
    monkeypatch.setattr(
        setup, "measure_spread", lambda vgg, crops, device: measure(vgg, crops[:32], device)
    )


def losses(run):
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    timing = ("samples_per_second", "waiting")
    return [{k: v for k, v in line.items() if k not in timing} for line in lines]


def run_to(
    tmp_path, name, pictures, recipe=RECIPE, config=TINY, saved=None, init=None,
    report=lambda line: None, **execution,
):  # fmt: skip
    run = tmp_path / name
    run.mkdir(exist_ok=True)
    session = Session(run, config, recipe, pictures, pictures, saved, init)
    return run, train(session, ALONE, Execution(**execution), report)


class Killed(Exception):
    pass


def test_resuming_gives_the_losses_of_an_uninterrupted_run(pictures, tmp_path):
    whole, broken = run_to(tmp_path, "whole", pictures)

    def kill_at_five(line):  # two steps after the checkpoint
        if line["step"] == 5:
            raise Killed

    with pytest.raises(Killed):
        run_to(tmp_path, "parts", pictures, report=kill_at_five)
    saved = read_state(tmp_path / "parts")
    parts, broken_in_parts = run_to(tmp_path, "parts", pictures, saved=saved)
    assert losses(parts) == losses(whole) and len(losses(whole)) == 6
    assert broken_in_parts == broken and len(broken["content"]) == 1
    a, b = (load_model(run / "checkpoint-000006.safetensors") for run in (whole, parts))
    for key, tensor in a.state_dict().items():
        assert torch.equal(tensor, b.state_dict()[key]), key


def test_the_state_of_a_run_from_before_a_value_was_known_has_the_default(pictures, tmp_path):
    run, _ = run_to(tmp_path, "run", pictures)
    tensors, metadata = read_safetensors(run / "state.safetensors")
    recipe = json.loads(metadata["recipe"])
    del recipe["viewed"]
    write_safetensors(run / "state.safetensors", tensors, metadata | {"recipe": json.dumps(recipe)})
    assert read_state(run).recipe == RECIPE


def test_a_run_leaves_models_samples_and_metrics(pictures, tmp_path):
    run, _ = run_to(tmp_path, "run", pictures)
    names = sorted(path.name for path in run.iterdir())
    assert names == [
        "checkpoint-000003.safetensors",
        "checkpoint-000006.safetensors",
        "curve.png",
        "metrics.jsonl",
        "samples-000003.jpg",
        "samples-000006.jpg",
        "skipped.tsv",
        "state.safetensors",
    ]
    assert Image.open(run / "samples-000006.jpg").size == (5 * 16, 5 * 16)
    for line in losses(run):
        reconstructs = (line["step"] - 1) % 4 == 0
        assert set(line) == {"step", "loss", "gradient"} | (
            {"reconstruction"} if reconstructs else {"content", "style", "gram"}
        )


def test_training_lowers_the_loss_of_the_weights_it_starts_from(pictures, tmp_path):
    torch.manual_seed(0)
    save_model(tmp_path / "random.safetensors", StylizerNet(TINY))
    small = SMALL | {"steps": 120, "checkpoint_every": 120}
    recipe = replace(DEFAULT, **small, reconstruct=120, learning_rate=3e-3)
    run, _ = run_to(tmp_path, "run", pictures, recipe, init=str(tmp_path / "random.safetensors"))
    values = [line["loss"] for line in losses(run)]
    assert sum(values[-10:]) < 0.7 * sum(values[:10])


def test_the_encoder_is_never_trained(pictures, tmp_path):
    torch.manual_seed(RECIPE.seed)
    fresh = StylizerNet(TINY).encoder.conv2_1.weight.detach()
    run, _ = run_to(tmp_path, "run", pictures)
    trained = load_model(run / "checkpoint-000006.safetensors").encoder.conv2_1.weight
    torch.testing.assert_close(trained, fresh, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("encoder", ["vgg19-oxford", "slim"])
@pytest.mark.parametrize("bottleneck", BOTTLENECKS)
def test_every_bottleneck_trains_all_it_has_and_goes_on(
    pictures, tmp_path, bottleneck, encoder, spread_of_few
):
    channels = (4, 6, 8, 8) if encoder != "slim" else (4, 6, 8)
    styles = tuple(f"style{n}" for n in range(5)) if bottleneck == "conditional" else ()
    blocks = int(encoder == "slim")
    config = Config(
        encoder=encoder, channels=channels, bottleneck=bottleneck, styles=styles, blocks=blocks
    )
    sources = [entry for entry in pictures if entry.path.suffix == ".png"]
    recipe = replace(RECIPE, crop=32, pairings=1 if bottleneck == "spade" else 2)
    whole, _ = run_to(tmp_path, "whole", sources, recipe, config)

    def stop_at_five(line):
        if line["step"] == 5:
            raise Killed

    with pytest.raises(Killed):
        run_to(tmp_path, "parts", sources, recipe, config, report=stop_at_five)
    saved = read_state(tmp_path / "parts")
    parts, _ = run_to(tmp_path, "parts", sources, recipe, config, saved=saved)
    assert losses(parts) == losses(whole) and saved.config == config
    a, b = (load_model(run / "checkpoint-000006.safetensors").state_dict() for run in (whole, parts))
    assert [key for key in a if not torch.equal(a[key], b[key])] == []
    first, last = saved.tensors, read_state(whole).tensors
    new = [key for key in last if key.startswith(tuple(f"net.{part}" for part in ADDED))]
    assert bool(new) == (bottleneck not in ("adain", "instance"))
    if encoder == "slim":  # which is trained itself; a random VGG's features can be dead
        assert [key for key in new if torch.equal(first[key], last[key])] == []


def test_each_style_of_a_bank_learns_from_its_own_pictures_alone(tmp_path):
    folder = tmp_path / "flat"
    folder.mkdir()
    for name, color in (("dark", 40), ("light", 210)):
        for kind in ("style", "photo"):
            texture = np.random.default_rng(color).integers(-30, 30, (32, 32, 3))
            Image.fromarray((texture + color).astype(np.uint8)).save(folder / f"{kind}-{name}.png")
    photos, styles = (find_pictures([folder / f"{kind}-*.png"]) for kind in ("photo", "style"))
    config = Config(
        channels=(4, 6, 8, 8), taps=("pixels", "relu4_1"), bottleneck="conditional",
        styles=tuple(style_names(styles)),
    )  # fmt: skip
    assert config.styles == ("style-dark", "style-light")
    (run := tmp_path / "run").mkdir()
    train(Session(run, config, RECIPE, photos, styles), ALONE)
    net = load_model(run / "checkpoint-000006.safetensors")
    dark, light = net.bank["pixels"].beta.mean(dim=1)
    assert dark < 0.3 and light > 0.7


def test_spade_starts_as_adain_and_learns_its_map(pictures, tmp_path):
    run, _ = run_to(tmp_path, "adain", pictures)
    start = str(run / "checkpoint-000006.safetensors")
    config = Config(channels=(4, 6, 8, 8), bottleneck="spade")
    x, y = torch.rand(2, 1, 3, 32, 32)
    adain = load_model(start)
    fresh = StylizerNet(config)
    fresh.load_state_dict(adain.state_dict(), strict=False)
    with torch.no_grad():
        torch.testing.assert_close(fresh(x, fresh.code(y)), adain(x, adain.code(y)))
    run, _ = run_to(tmp_path, "spade", pictures, config=config, init=start)
    spade = load_model(run / "checkpoint-000006.safetensors")
    assert all(spade.spade[tap].gamma.weight.abs().max() > 0 for tap in config.taps)
    maps = torch.ones(1, 2, 32, 32) / 2
    pair = {t: Statistics(*(torch.cat([p, p]) for p in s)) for t, s in spade.code(y).items()}
    with torch.no_grad():  # a map of the same style twice is that style
        mapped = spade(x, pair, 1.0, maps)
        torch.testing.assert_close(mapped, spade(x, spade.code(y)), atol=1e-3, rtol=1e-3)


def test_workers_change_nothing(pictures, tmp_path):
    alone, _ = run_to(tmp_path, "alone", pictures)
    helped, _ = run_to(tmp_path, "helped", pictures, workers=2)
    assert losses(alone) == losses(helped)


def test_a_loss_that_is_not_finite_stops_the_run_and_spares_its_checkpoint(pictures, tmp_path):
    run, _ = run_to(tmp_path, "run", pictures, replace(RECIPE, steps=3))
    before = (run / "state.safetensors").read_bytes()
    spoiled = replace(RECIPE, warmup=0, clip=0.0, learning_rate=1e30)
    with pytest.raises(InputError, match="the loss is (nan|inf)|the gradient is"):
        run_to(tmp_path, "run", pictures, spoiled, saved=read_state(run))
    assert (run / "state.safetensors").read_bytes() == before


def test_ctrl_c_saves_where_it_stands(pictures, tmp_path):
    recipe = replace(RECIPE, steps=1000, checkpoint_every=1000)

    def press(line):
        if line["step"] == 2:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_to(tmp_path, "run", pictures, recipe, report=press)
    run = tmp_path / "run"
    saved = read_state(run)
    assert 2 <= saved.step < 1000 and losses(run)[-1]["step"] == saved.step
    load_model(run / f"checkpoint-{saved.step:06d}.safetensors")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_does_not_wait(monkeypatch):
    monkeypatch.setattr("styletransfer.system.interrupt.SAME", -1.0)
    with pytest.raises(KeyboardInterrupt), Interrupt() as interrupt:
        signal.raise_signal(signal.SIGINT)
        assert interrupt.wanted
        signal.raise_signal(signal.SIGINT)


def test_every_part_of_a_recipe_changes_what_is_learned(pictures, tmp_path):
    whole, _ = run_to(tmp_path, "whole", pictures)
    settled = losses(whole)[-1]
    for name, changes in {
        "content": {"content_loss": "normalized"},
        "raw": {"balance": False},
        "color": {"color_weight": 1.0},
        "gram": {"gram_weight": 0.0},
        "zoom": {"zoom": (1.0, 1.0)},
        "random": {"fit": False},
        "identity": {"reconstruct_every": 0},
        "decay": {"decay": 0.5},
        "clip": {"clip": 0.01},
    }.items():
        run, _ = run_to(tmp_path, name, pictures, replace(RECIPE, **changes))
        line = losses(run)[-1]
        assert line["loss"] != settled["loss"], name
        assert ("color" in line) == (name == "color") and ("gram" in line) == (name != "gram")


def test_pictures_on_the_device_train(pictures, tmp_path):
    run, skipped = run_to(tmp_path, "run", pictures, resident=True)
    assert len(losses(run)) == 6 and len(skipped["content"]) == len(skipped["style"]) == 1


def test_tensorboard_gets_scalars_and_the_grid(pictures, tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    run, _ = run_to(tmp_path, "run", pictures, tensorboard=True)
    events = accumulator.EventAccumulator(str(run / "tensorboard")).Reload()
    steps = [event.step for event in events.Scalars("loss")]
    assert steps == [1, 2, 3, 4, 5, 6]
    assert [event.step for event in events.Images("samples")] == [3, 6]
