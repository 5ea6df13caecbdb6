import pytest

from benchmarks.page import plus_minus, table, write_part


def test_a_part_takes_the_place_of_the_old_one_and_of_nothing_else(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- a -->\nold\n<!-- /a -->\nafter\n<!-- b -->\n<!-- /b -->\n")
    write_part(page, "a", "new \\1\n")
    write_part(page, "a", "newer \\1\n")
    text = page.read_text()
    assert text == "before\n<!-- a -->\n\nnewer \\1\n\n<!-- /a -->\nafter\n<!-- b -->\n<!-- /b -->\n"
    with pytest.raises(ValueError, match="no place"):
        write_part(page, "c", "lost")


def test_numbers_and_tables():
    assert plus_minus([1.0, 3.0], 1) == "2.0 ± 1.4" and plus_minus([2.0]) == "2.000"
    assert table(("", "x"), [("a", "1")]) == "|  | x |\n|---|---|\n| a | 1 |\n"
