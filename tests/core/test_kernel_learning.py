"""Learning a kernel: the shortcut against autograd on the picture, and the way down to the hidden kernel."""

import pytest
import torch
import torch.nn.functional as F

from core import kernel_learning as learning

SOBEL = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def picture(kind: str = "noise", size: int = 24) -> torch.Tensor:
    return learning.patterns(size, kind, seed=3)


def slow_loss(x: torch.Tensor, y: torch.Tensor, w: torch.Tensor, centred: bool) -> torch.Tensor:
    """Straight from the definition, through F.conv2d."""
    x, y, k = x.double(), y.double(), len(w)
    made, rim = F.conv2d(x[None, None], w[None, None])[0, 0], (k - (len(x) - len(y) + 1)) // 2
    made = made[-rim : len(made) + rim, -rim : len(made) + rim] if rim < 0 else made
    y = y[rim : len(y) - rim, rim : len(y) - rim] if rim > 0 else y
    gap = made - y
    return 0.5 * ((gap - gap.mean()) if centred else gap).square().mean()


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("k", [1, 3, 5])
def test_loss_and_gradient_are_those_of_autograd(k: int, centred: bool) -> None:
    x = picture()
    y = learning.filtered(x, SOBEL)
    bowl = learning.bowl(x, y, k, centred)
    w = torch.randn((k, k), generator=torch.Generator().manual_seed(1), dtype=torch.float64).requires_grad_()
    loss = slow_loss(x, y, w, centred)
    (slope,) = torch.autograd.grad(loss, w)
    assert bowl.loss(w.detach()).item() == pytest.approx(loss.item(), rel=1e-9)
    torch.testing.assert_close(bowl.gradient(w.detach()), slope)


@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_descent_is_that_of_torch_optim(momentum: float) -> None:
    x = picture("smooth")
    y = learning.filtered(x, SOBEL)
    bowl = learning.bowl(x, y, 3)
    course = learning.descend(bowl, 0.7, 20, momentum)
    w = torch.zeros((3, 3), dtype=torch.float64, requires_grad=True)
    rule = torch.optim.SGD([w], lr=0.7 * bowl.limit, momentum=momentum)
    for step in range(20):
        loss = slow_loss(x, y, w, True)
        assert course.losses[step].item() == pytest.approx(loss.item(), rel=1e-6, abs=1e-12)
        rule.zero_grad()
        loss.backward()
        rule.step()
    torch.testing.assert_close(course.kernels[-1], w.detach())


def test_finds_the_hidden_kernel() -> None:
    x = picture()
    for k in (3, 5):  # a larger one finds it, too, with zeros around it
        bowl = learning.bowl(x, learning.filtered(x, SOBEL), k)
        course = learning.descend(bowl, 0.9, 300, 0.5)
        assert not course.diverged
        assert learning.distance(course.kernels[-1], SOBEL) < 1e-3
        assert course.losses[-1] < 1e-6 * course.losses[0]
        assert learning.distance(bowl.best, SOBEL) < 1e-6


def test_a_smooth_picture_is_a_ravine() -> None:
    bowls = {kind: learning.bowl(picture(kind), learning.filtered(picture(kind), SOBEL), 3)
             for kind in ("noise", "smooth")}  # fmt: skip
    condition = {kind: (b.curvatures[-1] / b.curvatures[0]).item() for kind, b in bowls.items()}
    assert condition["smooth"] > 20 * condition["noise"]
    left = {kind: learning.distance(learning.descend(b, 0.9, 100).kernels[-1], SOBEL) for kind, b in bowls.items()}
    assert left["noise"] < 0.02 < 0.2 < left["smooth"]


def test_stripes_do_not_show_what_lies_along_them() -> None:
    """From zero, the columns of the learnt kernel sum as they should; how they share it out remains unknown."""
    x = picture("stripes")
    bowl = learning.bowl(x, learning.filtered(x, SOBEL), 3)
    found = learning.descend(bowl, 0.9, 2000, 0.9).kernels[-1]
    torch.testing.assert_close(found.sum(0), SOBEL.sum(0).double(), atol=1e-3, rtol=0)
    assert learning.distance(found, SOBEL) > 0.5
    assert bowl.loss(found).item() < 1e-8


def test_the_limit_is_where_descent_blows_up() -> None:
    bowl = learning.bowl(picture(), learning.filtered(picture(), SOBEL), 3)
    below, above = learning.descend(bowl, 0.98, 400), learning.descend(bowl, 1.02, 1000)
    assert below.losses[-1] < below.losses[0]
    assert above.losses[-1] > above.losses[0]
    assert learning.descend(bowl, 3.0, 400).diverged


def test_a_small_kernel_leaves_a_rest() -> None:
    wide = torch.ones(5, 5) / 25
    x = picture()
    bowl = learning.bowl(x, learning.filtered(x, wide), 3)
    course = learning.descend(bowl, 0.9, 500, 0.5)
    assert course.losses[-1].item() == pytest.approx(bowl.loss(bowl.best).item(), rel=1e-6)
    assert course.losses[-1] > 1e-5


def test_absolute_values_are_no_linear_filter() -> None:
    x = picture()
    straight, bent = (learning.filtered(x, SOBEL, edges) for edges in (False, True))
    torch.testing.assert_close(bent, straight.abs())
    bowl = learning.bowl(x, bent, 3)
    assert bowl.loss(bowl.best) > 0.2 * bowl.rest


def test_bad_settings_are_refused() -> None:
    x = picture()
    bowl = learning.bowl(x, learning.filtered(x, SOBEL), 3)
    with pytest.raises(ValueError, match="odd"):
        learning.bowl(x, learning.filtered(x, SOBEL), 4)
    with pytest.raises(ValueError, match="positive"):
        learning.descend(bowl, 0.0, 5)
    with pytest.raises(ValueError, match="pattern"):
        learning.patterns(8, "waves", 0)
