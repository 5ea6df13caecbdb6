"""Tiny random networks and small pictures: the tests measure behaviour, not beauty."""

import gc
import io
import os
import signal
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from styletransfer import StyleCode, Stylizer
from styletransfer.cli import run
from styletransfer.models.config import Config
from styletransfer.models.network import StylizerNet
from styletransfer.models.weights import save_model
from styletransfer.training.initialize import fit_decoder

from .codes import STYLES
from .networks import VGG, network

TINY = (4, 6, 8, 8)

# Of each of these, one process runs all tests: those that wait for browsers, those that start many
# processes, and those that begin with the same work of many seconds, by PyTorch's exporter.
TOGETHER = (
    ("tests/cli/test_web", "tests/site/", "tests/web/test_browser", "tests/web/test_session_files"),
    (
        "tests/batch/test_ray_cluster",
        "tests/server/test_listen",
        "tests/training/test_distributed",
        "tests/training/test_kill",
    ),
    ("tests/models/test_onnx", "tests/test_examples.py::test_the_python_without_torch"),
)

# Jobs in a shell's background ignore Ctrl-C, and so would the commands that tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


if "PYTEST_XDIST_WORKER" in os.environ:
    # Threads of several processes on the same cores wait for each other; commands of tests follow.
    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"


def pytest_collection_finish():
    gc.freeze()  # what is there by now stays: collecting garbage would look through all of it each time


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Of `pytest -n 3`: each test is the next free process's, those that are `TOGETHER` all of one."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduler(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next((places[0] for places in TOGETHER if nodeid.startswith(places)), nodeid)

    return Scheduler(config, log)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """A cache of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STYLETRANSFER_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def drawn_alike():
    """Each test draws the same random numbers in every run: a network drawn badly can be dead."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def tiny_net() -> StylizerNet:
    torch.manual_seed(0)
    config = Config(channels=TINY, taps=("pixels", "relu3_1", "relu4_1"))
    net = StylizerNet(config).eval().requires_grad_(False)
    for conv in net.encoder.children():
        torch.nn.init.kaiming_normal_(conv.weight)
    # Fitted, so that its pictures depend on content and style: a dead network passes any equality.
    coarse = torch.rand(8, 3, 8, 8)
    pictures = torch.nn.functional.interpolate(coarse, size=64, mode="bicubic").clamp(0, 1)
    fit_decoder(net, pictures)
    assert net(pictures[:1], net.code(pictures[1:2])).std() > 0.05
    return net


@pytest.fixture(scope="session")
def tiny_model(tiny_net, tmp_path_factory) -> str:
    """A weight file that the engine and the CLI can load."""
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    save_model(path, tiny_net)
    return str(path)


@pytest.fixture(scope="session")
def stylizer(tiny_model) -> Stylizer:
    """On the processor, in full precision. Who changes it takes a new one instead."""
    return Stylizer(tiny_model, "cpu", "fp32")


@pytest.fixture(scope="session")
def exported(tmp_path_factory) -> tuple[Path, Path]:
    """A weight file and its ONNX file, as `stylize export` writes it; NAME.style.onnx lies beside it.

    It is what the default model, whose graphs come along, is not: a VGG, with taps of both kinds.
    """
    weights = tmp_path_factory.mktemp("exported") / "adain-fast.safetensors"
    path = tmp_path_factory.mktemp("onnx") / "adain-fast.onnx"
    save_model(weights, network(replace(VGG, joint=("relu3_1",))))
    with redirect_stdout(io.StringIO()) as said:
        assert run(["export", str(weights), "-o", str(path)]) == 0
    assert said.getvalue().split() == [str(path), str(path.with_suffix(".style.onnx"))]
    return weights, path


@pytest.fixture(scope="session")
def codes(stylizer) -> list[StyleCode]:
    """Those of `codes.STYLES`."""
    return [stylizer.style(style, 32) for style in STYLES]


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    """A smooth random picture, so that resizing and JPEG leave it much as it is."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture
def photo(tmp_path) -> str:
    path = tmp_path / "photo.png"
    noise(50, 37, seed=1).save(path)
    return str(path)


@pytest.fixture
def paintings(tmp_path) -> list[str]:
    paths = [str(tmp_path / f"painting{i}.jpg") for i in range(2)]
    for i, path in enumerate(paths):
        noise(48, 40, seed=10 + i).save(path, quality=95)
    return paths


@pytest.fixture
def in_empty_folder(tmp_path, monkeypatch):
    """A current folder of the test's own."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder
