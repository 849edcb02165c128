"""Small inputs and kernels: whole numbers, and what their names promise."""

import pytest
import torch
import torch.nn.functional as F

from core.patterns import KERNELS, PATTERNS, kernel, pattern, sized, written

each_size = pytest.mark.parametrize("n", [1, 2, 3, 7, 16])


@each_size
@pytest.mark.parametrize("name", PATTERNS)
def test_an_input_is_whole_and_in_range(name, n):
    x = pattern(name, n)
    assert x.shape == (n, n)
    assert ((x == x.round()) & (x >= 0) & (x <= 9)).all()
    assert name == "random" or n < 3 or x.max() == x.max().clamp(min=1)


@pytest.mark.parametrize("dims", [1, 2])
@pytest.mark.parametrize("k", range(1, 8))
@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_is_whole(name, k, dims):
    w = kernel(name, k, dims)
    assert w.shape == ((k, k) if dims == 2 else (1, k))
    assert (w == w.round()).all()


def test_the_kernels_are_those_of_the_books():
    assert kernel("edges", 3).tolist() == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    assert kernel("edges", 5, 1).tolist() == [[-1, -2, 0, 2, 1]]
    assert kernel("blur", 3).tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    assert kernel("sharpen", 3).tolist() == [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
    assert kernel("outline", 3).tolist() == [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]


@pytest.mark.parametrize(("name", "total"), [("edges", 0), ("outline", 0), ("sharpen", 1), ("identity", 1)])
@pytest.mark.parametrize("k", [2, 3, 5, 7])
@pytest.mark.parametrize("dims", [1, 2])
def test_what_a_kernel_makes_of_an_even_input(name, total, k, dims):
    assert kernel(name, k, dims).sum() == total


def test_identity_gives_the_input_back():
    x = pattern("random", 6, seed=3)
    assert torch.equal(F.conv2d(x[None, None], kernel("identity", 3)[None, None], padding=1)[0, 0], x)


def test_the_seed_decides():
    assert torch.equal(pattern("random", 5, 1), pattern("random", 5, 1))
    assert not torch.equal(pattern("random", 5, 1), pattern("random", 5, 2))
    assert not torch.equal(kernel("random", 3, 2, 1), kernel("random", 3, 2, 2))


def test_a_drawing_is_read_and_a_picture_is_sized():
    assert written("12.3.4567", 3).tolist() == [[1, 2, 0], [3, 0, 0], [4, 5, 6]]
    assert sized(torch.ones(7, 7), 4).tolist() == [[9] * 4] * 4
    same = torch.randint(0, 10, (7, 7), generator=torch.Generator().manual_seed(0)) / 9
    assert torch.equal(sized(same, 7), (same * 9).round().double())


@pytest.mark.parametrize("call", [lambda: pattern("x", 3), lambda: kernel("x", 3), lambda: kernel("ones", 0),
                                  lambda: written("12a", 3)])  # fmt: skip
def test_bad_names_are_told(call):
    with pytest.raises(ValueError, match=r"\.$"):
        call()
