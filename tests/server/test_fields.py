from dataclasses import fields

import pytest

from styletransfer.errors import InputError
from styletransfer.options import StylizeOptions
from styletransfer.server.fields import FIELD_TYPES, OPTIONS, as_fields, read_text, schema


def test_every_option_is_a_field_with_its_help_and_default():
    properties = schema()["properties"]
    names = [option.name for option in fields(StylizeOptions)]
    assert list(OPTIONS) == names and set(properties) == {*names, "photo", "style", "format"}
    for option in fields(StylizeOptions):
        assert (
            properties[option.name]["description"] and "--" not in properties[option.name]["description"]
        )
        assert properties[option.name].get("default") == option.default
    assert properties["preserve_color"]["enum"] == ["none", "luminance", "histogram"]
    assert set(FIELD_TYPES) <= {option.type for option in fields(StylizeOptions)}, "a type of no option"


def test_texts_are_read_as_the_types_of_the_options():
    assert read_text("alpha", "0.5") == 0.5 and read_text("size", "12") == 12
    assert read_text("weights", "1,0.5") == [1.0, 0.5] and read_text("stats", "exact") == "exact"
    assert read_text("tile", "64") == 64 and read_text("tile", "auto") == "auto"
    for name, text in (("alpha", "much"), ("size", "1.5"), ("weights", "1,,2"), ("refine", "9" * 5000)):
        with pytest.raises(InputError, match=f"{name} is .* is wanted"):
            read_text(name, text)


def test_options_of_the_command_line_are_named_as_fields():
    assert (
        as_fields("give a smaller --style-size, or --tile 512")
        == "give a smaller style_size, or tile 512"
    )
