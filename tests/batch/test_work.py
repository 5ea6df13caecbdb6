"""What a run is to do."""

import pytest

from styletransfer.batch.outputs import Layout
from styletransfer.batch.work import Selection, find_work
from styletransfer.errors import InputError

from .conftest import photos


@pytest.fixture
def folders(here):
    photos(here, "src/a.jpg", "src/b/c.png", "styles/x.jpg", "styles/y.jpg")
    (here / "src/notes.txt").write_text("no picture")
    return here


def outputs(work):
    return {task.item.name: [target.name for target in task.targets] for task in work.tasks}


def test_each_picture_has_a_result_in_every_style_that_is_chosen(folders):
    one = find_work("src", "dst", Selection(["styles"]), Layout())
    assert outputs(one) == {"a.jpg": ["a.jpg"], "b/c.png": ["b/c.png"]} and one.others == 1
    assert [style.label for style in one.styles] == ["styles"], "the mean of its works"
    both = find_work("src", "dst", Selection(["styles"], "random", per_image=2), Layout())
    assert [style.name for style in both.styles] == ["x", "y"]
    assert sorted(both.tasks[0].targets) == [("a-x.jpg", 0), ("a-y.jpg", 1)]
    cycled = find_work("src", "dst", Selection(["styles"], "cycle"), Layout(".png", "_z"))
    assert outputs(cycled) == {"a.jpg": ["a_z.png"], "b/c.png": ["b/c_z.png"]}
    assert [task.targets[0].style for task in cycled.tasks] == [0, 1]
    mixed = Selection(["styles/x.jpg", "styles/y.jpg"], weights=[0.25, 0.75])
    (style,) = find_work("src", "dst", mixed, Layout()).styles
    assert style.label == "x+y" and [weight for _, weight in style.parts] == [0.25, 0.75]


def test_regions_alone_have_styles_of_their_own(folders):
    work = find_work("src", "dst", Selection([]), Layout())
    assert work.styles == [] and [task.targets[0].style for task in work.tasks] == [-1, -1]


def test_what_cannot_be_done_is_said_before_it_is_begun(folders):
    (folders / "empty").mkdir()
    for source, folder, selection, says in (
        ("empty", "dst", Selection(["styles"]), "no pictures"),
        ("src", "dst", Selection(["styles"], "random", per_image=3), "2 styles to choose from"),
        ("src/*.jpg", "src", Selection(["styles"]), "give another folder"),
    ):
        with pytest.raises(InputError, match=says):
            find_work(source, folder, selection, Layout())
