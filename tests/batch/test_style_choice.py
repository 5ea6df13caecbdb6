"""Which style for which picture."""

import random

import pytest

from styletransfer.batch.style_choice import chooser, find_styles
from styletransfer.errors import InputError
from tests.conftest import noise

from .conftest import photos

NAMES = [f"sub{i % 3}/photo{i}.jpg" for i in range(300)]


@pytest.fixture
def styles(tmp_path):
    for name in ("cats/a.jpg", "cats/b.jpg", "dogs/c.jpg", "photo7.jpg", "sub0/photo3.png"):
        (tmp_path / "styles" / name).parent.mkdir(parents=True, exist_ok=True)
        noise(16, 16).save(tmp_path / "styles" / name)
    return find_styles([str(tmp_path / "styles")], "random")


def test_random_depends_on_seed_and_name_alone(styles):
    choose = chooser(styles, "random", 2, seed=3)
    chosen = {name: choose(name, i) for i, name in enumerate(NAMES)}
    shuffled = random.Random(0).sample(NAMES, len(NAMES))
    again = chooser(list(styles), "random", 2, seed=3)
    assert all(again(name, 5 * i) == chosen[name] for i, name in enumerate(shuffled))
    assert all(len(set(p)) == 2 for p in chosen.values())
    counts = [sum(i in p for p in chosen.values()) for i in range(len(styles))]
    assert min(counts) > 80, "of 120 each, on average"
    other = chooser(styles, "random", 2, seed=4)
    assert sum(other(name, 0) != chosen[name] for name in NAMES) > 200


def test_cycle_takes_one_after_the_other(styles):
    choose = chooser(styles, "cycle", 2, seed=0)
    assert [choose("x", i) for i in range(3)] == [[0, 1], [2, 3], [4, 0]]


def test_match_goes_by_name_then_by_folder(styles):
    choose = chooser(styles, "match", 1, seed=0)
    names = [style.name for style in styles]
    assert names[choose("else/photo7.jpg", 0)[0]] == "photo7"
    assert names[choose("sub0/photo3.jpg", 0)[0]] == "sub0/photo3"
    assert names[choose("train/cats/x.jpg", 0)[0]] in ("cats/a", "cats/b")
    with pytest.raises(InputError, match="no style"):
        choose("birds/x.jpg", 0)


def test_a_folder_is_one_style_for_all_and_many_to_pick_from(tmp_path, styles):
    folder = str(tmp_path / "styles")
    (one,) = find_styles([folder], "all")
    assert one.label == "styles" and len(styles) == 5
    (blend,) = find_styles([folder, "bank:lion"], "all", [0.25, 0.75])
    assert dict(blend.parts) == {folder: 0.25, "bank:lion": 0.75} and blend.label == "styles+lion"


def test_an_edit_of_the_same_size_of_a_style_is_noticed(here, batch, capsys):
    photos(here / "src", "a.jpg")
    for pick in ("all", "random"):
        (here / "styles").mkdir(exist_ok=True)
        noise(40, 40, seed=5).save(here / "styles/one.bmp")
        options = ["src", f"dst-{pick}", "--style", "styles", "--pick", pick]
        assert batch(*options, style=False) == 0
        noise(40, 40, seed=6).save(here / "styles/one.bmp")
        capsys.readouterr()
        assert batch(*options, style=False) == 2
        assert "made with other styles" in capsys.readouterr().err
