"""The exported code: long texts."""

import ast

import pytest

from app.code import long_text


@pytest.mark.parametrize("text", ["", "a", "x" * 100, "0aZ" * 167, "a'b\"c\\d\n" * 40])
def test_a_long_text_stands_in_short_lines_and_is_read_as_it_was(text):
    written = repr(long_text(text))
    assert ast.literal_eval(written) == text
    assert max(map(len, written.splitlines())) <= 320  # of plain signs 110; each may need an escape
    assert text.count("x") == 0 or max(map(len, written.splitlines())) <= 110
