"""What a session is made of."""

import pytest
from PIL import Image

from styletransfer import InputError
from styletransfer.models.bottlenecks import BOTTLENECKS
from styletransfer.training.entries import find_pictures
from styletransfer.training.session import new_session, style_names


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(5):
        Image.effect_noise((30, 24), 90).convert("RGB").save(folder / f"{i}.png")
    (folder / "broken.jpg").write_text("oops")
    return find_pictures([folder])


def test_style_names_are_the_files(pictures, tmp_path):
    with pytest.raises(InputError, match="broken.jpg"):
        style_names(pictures)
    good = [entry for entry in pictures if entry.path.suffix == ".png"]
    assert style_names(good) == ["0", "1", "2", "3", "4"]
    with pytest.raises(InputError, match="called 0"):
        style_names([*good, good[0]])
    with pytest.raises(InputError, match="at most 256"):
        style_names(good * 60)
    with pytest.raises(InputError, match="local files"):
        style_names(["https://host/a.tar"])


@pytest.mark.parametrize("bottleneck", BOTTLENECKS)
def test_a_session_leaves_out_what_a_bottleneck_has_no_use_for(pictures, tmp_path, bottleneck):
    folder = tmp_path / "good"
    folder.mkdir()
    for entry in pictures[:3]:
        (folder / entry.path.name).write_bytes(entry.read())
    for recipe in ("default", "fast"):
        changes = {"bottleneck": bottleneck}
        session = new_session(recipe, changes, [str(folder)], [str(folder)], None, None)
        config = session.config
        assert config.bottleneck == bottleneck
        assert ("pixels" in config.taps) == (bottleneck != "instance")
        assert config.styles == (("0", "1", "2") if bottleneck == "conditional" else ())
    with pytest.raises(InputError, match="knows no palette"):
        changes = {"bottleneck": "instance", "taps": ["pixels", "relu4_1"]}
        new_session("default", changes, [str(folder)], [str(folder)], None, None)


def test_a_session_says_what_of_its_recipe_a_models_network_sets_aside(pictures, tmp_path):
    folder = str(pictures[0].path.parent)

    def session(recipe, **changes):
        return new_session(recipe, changes, [folder], [folder], None, "adain-vgg")

    assert "network" not in session("default").describe()
    said = session("classic").describe()
    assert "the network is that of adain-vgg, not the recipe's: taps" in said
    assert "upsampling bilinear instead of nearest" in said and "encoder" not in said
    given = session("classic", upsampling="nearest")
    assert "upsampling" not in given.describe()
    assert given.config.upsampling == "nearest"
