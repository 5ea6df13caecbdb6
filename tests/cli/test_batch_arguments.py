"""What a batch is asked for is judged before anything is read."""

import subprocess
import sys

import pytest

from styletransfer.cli.batch_arguments import Pick, check_files, check_numbers, check_styles, layout_of
from styletransfer.errors import InputError


@pytest.mark.parametrize(
    "given, says",
    [
        (([], {}, "", "", Pick.all), "no --style given"),
        ((["a.jpg"], {"3": "b"}, "", "", Pick.all), "go together"),
        ((["a.jpg"], {}, "map.png", "", Pick.all), "go together"),
        ((["a.jpg"], {}, "", "1", Pick.cycle), "nothing to --pick"),
    ],
)
def test_styles_that_do_not_go_together(given, says):
    with pytest.raises(InputError, match=says):
        check_styles(*given)


def test_styles_that_do():
    check_styles(["a.jpg", "b.jpg"], {}, "", "0.5,0.5", Pick.all)
    check_styles([], {"3": "b.jpg"}, "map.png", "", Pick.all)
    check_styles(["a.jpg"], {}, "", "", Pick.match)


@pytest.mark.parametrize(
    "numbers, says",
    [((0, 95, None), "--per-image is 0"), ((1, 101, None), "--quality is 101"), ((1, 0, 1), "--quality"),
     ((1, 95, 0), "--workers is 0"), ((1, 95, 1001), "--workers is 1001")],
)  # fmt: skip
def test_numbers_that_mean_nothing(numbers, says):
    with pytest.raises(InputError, match=says):
        check_numbers(*numbers)
    check_numbers(1, 100, None)
    check_numbers(3, 1, 1000)


def test_how_results_are_named():
    assert layout_of("", "", "auto") == ("", "", "auto")
    assert layout_of("PNG", "-x", "files") == (".png", "-x", "files")
    assert layout_of(".jpg", "", "12") == (".jpg", "", 12)
    for wrong, says in (
        (("docx", "", "auto"), "--format is 'docx'"),
        (("", "a/b", "auto"), "--suffix is 'a/b'"),
        (("", "", "0"), "--pack is '0'"),
        (("", "", "many"), "--pack is 'many'"),
    ):
        with pytest.raises(InputError, match=says):
            layout_of(*wrong)


def test_where_results_cannot_go(here, paintings):
    (here / "file").write_text("")
    for source, out, says in (
        ("src", "", "DST is empty"),
        ("src", "file", "is a file, and a folder is wanted"),
        (".", "../here", "is the folder of the pictures"),
    ):
        with pytest.raises(InputError, match=says):
            check_files(source, out, [], [])
    check_files("src", "new", paintings, paintings[:1])
    for files in (["no.jpg"], []), ([], ["no.jpg"]):
        with pytest.raises(InputError, match="no.jpg: no such file"):
            check_files("src", "new", *files)


def test_all_of_this_is_done_without_torch():
    code = "import sys, styletransfer.cli.batch_arguments; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
