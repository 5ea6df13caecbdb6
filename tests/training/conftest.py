"""A tiny network on its way, and what it learns from."""

from dataclasses import replace

import pytest
import torch
from PIL import Image

from styletransfer.models.config import Config
from styletransfer.training.distributed import ProcessGroup
from styletransfer.training.entries import find_pictures
from styletransfer.training.recipe import read_recipe
from styletransfer.training.session import Session

from ..conftest import noise

TINY = Config(channels=(4, 6, 8, 8))
CPU = torch.device("cpu")
GROUP = ProcessGroup(CPU)
RECIPE = replace(
    read_recipe()[1], steps=6, batch_size=2, crop=16, checkpoint_every=3, warmup=2, reconstruct_every=4
)


@pytest.fixture
def folder(tmp_path):
    """Six photos in two folders, of another size and colour each, beside what is no picture."""
    (tmp_path / "a" / "deep").mkdir(parents=True)
    for i in range(6):
        colour = (40 * i, 255 - 40 * i, 90)
        where = tmp_path / "a" / ("deep" if i % 2 else "") / f"{i}.jpg"
        Image.new("RGB", (60 + i, 50), colour).save(where)
    (tmp_path / "a" / "notes.txt").write_text("not a picture")
    return tmp_path / "a"


@pytest.fixture(scope="module")
def good_pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good")
    for seed in range(4):
        noise(40, 30, seed).save(folder / f"{seed}.png")
    return find_pictures([folder])


@pytest.fixture
def session(good_pictures, tmp_path) -> Session:
    """Of four pictures, which are photos and paintings both; its folder is there."""
    return Session(tmp_path, TINY, RECIPE, good_pictures, good_pictures)
