import tomllib
from dataclasses import fields

import pytest

from styletransfer import InputError
from styletransfer.models.config import Config
from styletransfer.training.recipe import NETWORK, RECIPES, Recipe, read_recipe, recipes


def test_shipped_recipes_hold_every_value_and_make_a_network():
    assert recipes() == ["classic", "default", "fast"]
    Config(**read_recipe("fast")[0])  # what it does not hold is the default's
    for name in ("classic", "default"):
        tables = tomllib.loads((RECIPES / f"{name}.toml").read_text())
        assert set(tables["network"]) == set(NETWORK)
        assert set(tables["training"]) == {field.name for field in fields(Recipe)}
        network, _ = read_recipe(name)
        Config(**network)


def test_classic_is_as_published():
    network, recipe = read_recipe("classic")
    assert sum(Config(**network).convolutions) == 9 and network["taps"] == ["relu4_1"]
    assert (recipe.steps, recipe.batch_size, recipe.learning_rate) == (160_000, 8, 1e-4)
    assert (recipe.content_loss, recipe.content_weight, recipe.style_weight) == ("target", 1.0, 10.0)


def test_a_file_changes_the_default_and_the_command_line_both(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('[network]\nupsampling = "nearest"\n[training]\nsteps = 7\nseed = 3\n')
    network, recipe = read_recipe(str(path), {"seed": 4, "taps": ["relu4_1"]})
    assert (recipe.steps, recipe.seed) == (7, 4) and recipe.crop == read_recipe()[1].crop
    assert network["upsampling"] == "nearest" and network["taps"] == ["relu4_1"]


@pytest.mark.parametrize(
    "text, says",
    [
        ("[training]\nstep = 7", "unknown key step"),
        ("steps = 7", "unknown table 'steps'"),
        ("[training", "TOML"),
        ("[training]\nsteps = 0", "steps is 0"),
        ("[training]\nsteps = 'many'", "steps is 'many': not a int"),
        ("[training]\nsteps = true", "steps is True"),
        ("[training]\nbalance = 1", "balance is 1"),
        ("[training]\ncrop = 20", "multiple of 16"),
        ("[training]\nzoom = [2, 1]", "zoom"),
        ("[training]\nzoom = 2", "zoom"),
        ("[training]\nlearning_rate = -1.0", "negative"),
        ("[training]\nviewed = 0.0", "viewed"),
        ("[training]\ncrop = 32\nviewed = 0.4", "at least 16"),
        ("[training]\nema = 1.0", "ema"),
        ("[training]\ncontent_loss = 'none'", "content_loss"),
    ],
)
def test_a_wrong_recipe_is_one_line(tmp_path, text, says):
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(InputError, match=says):
        read_recipe(str(tmp_path / "r.toml"))
    with pytest.raises(InputError, match="classic, default"):
        read_recipe("best")
