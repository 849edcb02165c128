"""The way back up against torch.nn.functional.interpolate, and what is left after several layers."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.pooling import Window, left, pool, pooler
from core.restore import back_up, cascade, fading, losses, psnr
from tests.core.test_pooling import ANY, picture


def test_back_up_equals_interpolate() -> None:
    x = picture(2, 12, 18)
    y = pool(x, "average", Window(3, 3))
    for smooth, mode in ((False, "nearest"), (True, "bilinear")):
        expected = F.interpolate(y[None], scale_factor=3, mode=mode)[0]
        torch.testing.assert_close(back_up(y, (12, 18), Window(3, 3), smooth), expected)


@settings(deadline=None, max_examples=60)
@given(st.integers(8, 20), ANY, st.booleans())
def test_back_up_puts_each_window_at_its_middle(n: int, w: Window, smooth: bool) -> None:
    assume(n + 2 * w.padding >= w.reach)
    ramp = torch.arange(n, dtype=torch.float64).expand(n, n)
    middles = (torch.arange(w.size(n)) * w.stride - w.padding + (w.reach - 1) / 2).double()
    up = back_up(middles.expand(len(middles), -1), (n, n), w, smooth)
    held = ramp.clamp(middles[0].item(), middles[-1].item())
    assert ((up - held).abs() <= (1e-9 if smooth else w.stride / 2 + 1e-9)).all()


def test_psnr() -> None:
    x = picture(8, 8)
    assert psnr(x, x) == math.inf
    assert psnr(x, x + 0.1) == pytest.approx(20)
    coarse = psnr(x, back_up(pool(x, "average", Window(4, 4)), (8, 8), Window(4, 4)))
    fine = psnr(x, back_up(pool(x, "average", Window(2, 2)), (8, 8), Window(2, 2)))
    others = (psnr(x, back_up(pool(x, k, Window(2, 2)), (8, 8), Window(2, 2))) for k in ("max", "min", "median"))
    assert coarse < fine and all(other < fine for other in others)  # the mean is the best constant


def test_cascade() -> None:
    x = picture(3, 20, 32)
    layers = cascade(x, pooler("average", Window()), Window(), 3)
    assert [layer.size_hw for layer in layers] == [(20, 32), (10, 16), (5, 8), (2, 4)]
    torch.testing.assert_close(layers[2].output, F.avg_pool2d(x, 4))
    torch.testing.assert_close(layers[2].restored, F.interpolate(F.avg_pool2d(x, 4)[None], scale_factor=4)[0])
    assert all(layer.restored.shape == x.shape for layer in layers)
    sizes = left((20, 32), Window(), 3)
    assert [(one.height, one.width) for one in sizes] == [layer.size_hw for layer in layers]
    assert [(one.numbers, one.percent) for one in sizes] == [(640, 100), (160, 25), (40, 6.25), (8, 1.25)]
    assert losses(x, {"mean": pooler("average", Window())}, Window())["mean"] == pytest.approx(layers[1].psnr)


def test_back_up_hands_gradients_on() -> None:
    y = picture(1, 3, 4).requires_grad_()
    for smooth in (False, True):
        assert torch.autograd.gradcheck(lambda y, smooth=smooth: back_up(y, (7, 9), Window(3, 2, 1), smooth), y)


def test_fading_is_what_a_cascade_leaves() -> None:
    x, w = picture(16, 24), Window(2, 2)
    found = fading(x, {kind: pooler(kind, w) for kind in ("max", "average")}, w, 3)
    for kind, values in found.items():
        y = pool(pool(pool(x, kind, w), kind, w), kind, w)
        up = F.interpolate(y[None, None], scale_factor=8)[0, 0]
        assert len(values) == 3 and values[-1] == pytest.approx(psnr(x, up))
        assert values == sorted(values, reverse=True)
