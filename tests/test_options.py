"""What can be asked of a picture is said once: every verb, call and slider agrees with it."""

import inspect
from dataclasses import fields
from importlib import import_module

import pytest
import typer

from styletransfer import InputError, StylizeOptions, Stylizer
from styletransfer.cli import run
from styletransfer.gallery import contact_sheet, grid, morph

OPTIONS = {field.name: field.default for field in fields(StylizeOptions)}
VERBS = ("picture", "batch", "video", "grid", "morph", "sheet")
ON_ITS_OWN = {("grid", "size"), ("sheet", "size")}  # the short side of a cell
OUT_OF_RANGE = {
    "alpha": "3",
    "strokes": "9",
    "style_size": "3",
    "style_crop": "0",
    "feather": "-1",
    "color_strength": "2",
    "preserve_color": "some",
    "stats": "some",
}


def parameters(verb: str) -> dict[str, object]:
    """The options of a verb that are a picture's, by name, and their defaults."""
    command = typer.main.get_command(import_module(f"styletransfer.cli.{verb}").app)
    known = {p.name: p.default for p in command.params if p.name in OPTIONS}
    return {name: default for name, default in known.items() if (verb, name) not in ON_ITS_OWN}


@pytest.mark.parametrize("verb", VERBS)
def test_defaults_on_the_command_line_are_the_options(verb):
    found = parameters(verb)
    assert {"strokes", "style_size", "style_crop"} <= found.keys()
    for name, default in found.items():
        default = getattr(default, "value", default)  # of a choice
        assert (default or None) == (OPTIONS[name] or None), name


def test_a_picture_takes_every_option():
    assert parameters("picture").keys() == OPTIONS.keys()


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_takes_what_is_out_of_range(verb, capsys, in_empty_folder):
    """Said before it is seen that there are no such files."""
    given = {"batch": ["src", "dst", "--style", "no.jpg"]}.get(verb, ["no.png", "no.jpg", "no.jpg"])
    given = given[:2] if verb == "sheet" else given
    for name in parameters(verb).keys() & OUT_OF_RANGE.keys():
        option = "--" + name.replace("_", "-")
        assert run([verb, *given, option, OUT_OF_RANGE[name]][verb == "picture" :]) == 2
        err = capsys.readouterr().err.replace("-", "_")
        assert name in err and err.count("\n") == 1, err


def test_the_message_is_that_of_the_options(capsys):
    with pytest.raises(InputError) as caught:
        StylizeOptions(alpha=3)
    assert run(["no.png", "no.jpg", "--alpha", "3"]) == 2
    assert capsys.readouterr().err == f"stylize: {caught.value}\n"
    assert str(caught.value) == "alpha is 3: it goes from 0 to 1, to 2 to exaggerate"


def test_keywords_of_stylize_are_the_options():
    keywords = inspect.signature(Stylizer.stylize).parameters
    found = {name: p.default for name, p in keywords.items() if name in OPTIONS}
    assert found == OPTIONS
    assert keywords.keys() - OPTIONS.keys() == {
        "self",
        "content",
        "style",
        "progress",
        "watch",
        "options",
    }


@pytest.mark.parametrize("make", [grid.grid, morph.morph, contact_sheet.sheet])
def test_keywords_of_galleries_are_the_options(make):
    for name, parameter in inspect.signature(make).parameters.items():
        if name in OPTIONS and name != "size":
            assert parameter.default == OPTIONS[name], name


@pytest.mark.parametrize(
    "name, good, bad",
    [
        ("alpha", [0, 1, 2], [-0.1, 2.1, float("nan")]),
        ("weights", [[1], (0, 2.0)], [[], [-1, 2], [0, 0], [float("inf")]]),
        ("size", [1, None], [0, -5]),
        ("strokes", [0.5, 4], [0.4, 4.5, float("nan")]),
        ("style_size", [16], [15]),
        ("style_crop", [0.01, 1], [0, 1.1, float("nan")]),
        ("feather", [0, 9], [-1]),
        ("color_strength", [0, 1], [-0.1, 1.1, float("nan")]),
        ("preserve_color", ["none", "luminance", "histogram"], ["all"]),
        ("tile", ["auto", "off", 512], ["big", 0]),
        ("stats", ["exact", "thumbnail"], ["guess"]),
    ],
)
def test_ranges(name, good, bad):
    for value in good:
        assert getattr(StylizeOptions(**{name: value}), name) == value
    for value in bad:
        with pytest.raises(InputError, match=name) as caught:
            StylizeOptions(**{name: value})
        assert "\n" not in str(caught.value)


def test_a_map_and_its_styles_go_together():
    StylizeOptions(regions="map.png", region={"3": "a.jpg"})
    for alone in ({"regions": "map.png"}, {"region": {"3": "a.jpg"}}):
        with pytest.raises(InputError, match="go together"):
            StylizeOptions(**alone)


def test_options_are_given_whole_or_one_by_one(stylizer, photo, paintings):
    options = StylizeOptions(alpha=0.5, style_size=32, mask=photo)
    one_by_one = stylizer.stylize(photo, paintings[0], 0.5, style_size=32, mask=photo)
    whole = stylizer.stylize(photo, paintings[0], options=options)
    assert whole.tobytes() == one_by_one.tobytes()
    with pytest.raises(InputError, match="alpha, mask in them"):
        stylizer.stylize(photo, paintings[0], 0.5, mask=photo, options=options)
