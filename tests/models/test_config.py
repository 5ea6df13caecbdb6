import pytest

from styletransfer.models.bottlenecks import BOTTLENECKS
from styletransfer.models.config import Config


@pytest.mark.parametrize(
    "wrong", [{"bottleneck": "magic"}, {"taps": ("relu1_1",)}, {"taps": ("relu4_1", "relu9_9")}]
)
def test_wrong_config_is_refused(wrong):
    with pytest.raises(ValueError):
        Config(**wrong)


@pytest.mark.parametrize(
    "huge",
    [
        {"channels": (64, 128, 256, 10**9)},
        {"channels": (64, 128, 256, 512.0)},
        {"convolutions": (10**9, 1, 1, 1)},
        {"convolutions": ("2", 1, 1, 1)},
        {"encoder": "slim", "blocks": 10**9},
        {"encoder": "slim", "channels": (10**9, 1, 1)},
        {"encoder": "slim", "taps": ("relu3_1",), "channels": (4, 6), "scale": (10**400, 10**400)},
        {"bottleneck": "conditional", "styles": tuple(map(str, range(10**5)))},
    ],
)
def test_numbers_without_end_are_a_line_before_anything_is_built(huge):
    with pytest.raises(ValueError, match="channels are|convolutions are|blocks is|scale is|at most 256"):
        Config(**huge)


@pytest.mark.parametrize(
    "wrong",
    [
        {"taps": ("relu4_1",)},
        {"channels": (4, 6, 8, 8)},
        {"taps": ("relu3_1",), "scale": (9, 8)},
        {"taps": ("relu3_1",), "scale": (4, 5)},
        {"taps": ("relu3_1",), "scale": (3, 2)},
        {"scale": (5, 4)},
        {"strengths": (0.5,)},
        {"strengths": (0.5, 2.5)},
        {"strengths": ("0.5", 1)},
        {"blocks": -1},
        {"blocks": 1.5},
    ],
)
def test_what_a_slim_network_cannot_be(wrong):
    with pytest.raises(ValueError):
        Config(**{"encoder": "slim", **wrong})


def test_every_kind_of_bottleneck_says_what_it_cannot():
    for name, kind in BOTTLENECKS.items():
        styles = ("a", "b") if kind.learns_styles else ()
        config = Config(bottleneck=name, styles=styles)
        assert config.bottleneck == name
        with pytest.raises(ValueError, match="names the styles"):
            Config(bottleneck=name, styles=() if styles else ("a",))
        if not kind.matches_jointly:
            with pytest.raises(ValueError, match="has no joint taps but pixels"):
                Config(bottleneck=name, joint=("relu4_1",))
        if not kind.knows_palette:
            with pytest.raises(ValueError, match="an instance bottleneck knows no palette"):
                Config(bottleneck=name, taps=("pixels", "relu4_1"))


def test_widths_are_the_channels_at_each_tap():
    assert Config(channels=(4, 6, 8, 10)).widths == {
        "pixels": 3, "relu1_1": 4, "relu2_1": 6, "relu3_1": 8, "relu4_1": 10
    }  # fmt: skip
    slim = Config(encoder="slim", taps=("pixels", "relu3_1"), channels=(8, 12))
    assert slim.widths == {"pixels": 3, "relu3_1": 12}
