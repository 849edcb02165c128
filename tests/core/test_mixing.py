"""Mixing: labels sum to one and say what is seen; Beta numbers are Beta numbers; bad input is told."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core import mixing
from core.mixing import METHODS

each_method = pytest.mark.parametrize("method", METHODS)


def pictures(n: int = 4, height: int = 42, width: int = 56) -> torch.Tensor:
    """Flat pictures 0.2, 0.4, 0.6, 0.8, with a bright square in the second."""
    found = torch.arange(1, n + 1).float()[:, None, None, None].mul(0.2).expand(n, 3, height, width).clone()
    found[1, :, 6:18, 8:24] = 1.0
    return found


@each_method
@given(lam=st.floats(0, 1), seed=st.integers(0, 500))
def test_labels_and_shares_sum_to_one(method, lam, seed):
    mixed = mixing.mix(method, pictures(), lam, seed)
    assert mixed.label.sum().item() == pytest.approx(1, abs=1e-5)
    assert (mixed.label >= 0).all()
    assert float(mixed.picture.min()) >= 0 and float(mixed.picture.max()) <= 1 + 1e-6
    if METHODS[method].pictures > 1:
        assert torch.allclose(mixed.shown.sum(0), torch.ones(42, 56))


@each_method
def test_the_same_seed_gives_the_same_picture_and_nothing_is_changed(method):
    before = pictures()
    first, second = (mixing.mix(method, before, 0.6, 7) for _ in range(2))
    assert torch.equal(first.picture, second.picture) and torch.equal(before, pictures())


@pytest.mark.parametrize("method", ["mixup", "cutmix", "attentive", "cutout", "erasing", "gridmask"])
def test_all_of_the_first_picture_is_the_first_picture(method):
    mixed = mixing.mix(method, pictures(), 1.0, 3)
    assert torch.equal(mixed.picture, pictures()[0]) and mixed.label[0] == 1


def test_mixup_is_the_formula():
    x = pictures()
    assert torch.allclose(mixing.mix("mixup", x, 0.3).picture, 0.3 * x[0] + 0.7 * x[1])


@given(lam=st.floats(0, 1), seed=st.integers(0, 200))
def test_cutmix_labels_by_the_area_that_is_seen(lam, seed):
    x = torch.stack([torch.zeros(1, 40, 50), torch.ones(1, 40, 50)])
    mixed = mixing.mix("cutmix", x, lam, seed)
    assert mixed.label[1].item() == pytest.approx(mixed.picture.mean().item(), abs=1e-6)
    assert mixed.label[1] <= 1 - lam + 0.06  # never more than the rectangle, less where it is cut off


@pytest.mark.parametrize("lam", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("method", ["erasing", "gridmask"])
def test_erasing_takes_the_share_that_it_should(method, lam):
    mixed = mixing.mix(method, pictures(1 + 1, 200, 200), lam, 1)
    assert mixed.shown.mean().item() == pytest.approx(lam, abs=0.05)


def test_attention_pastes_the_bright_square():
    mixed = mixing.mix("attentive", pictures(), 1 - 8 / 49, attention=pictures()[1].mean(0) > 0.9)
    assert mixed.label.tolist() == pytest.approx([41 / 49, 8 / 49])
    inside = mixed.shown[1, 6:18, 8:24].mean()
    assert inside > 0.9 and (mixed.picture[:, 7:17, 9:23] == 1).all()


def test_a_mosaic_shows_each_picture_in_its_corner():
    mixed = mixing.mix("mosaic", pictures(), 0.5, 2)
    corners = [mixed.picture[0, y, x].item() for y in (0, -1) for x in (0, -1)]
    assert corners == pytest.approx([0.2, 0.4, 0.6, 0.8], abs=1e-5)


@pytest.mark.parametrize("alpha", [0.05, 0.2, 1.0, 4.0])
def test_shares_are_beta_numbers(alpha):
    drawn = mixing.share(alpha, 11, 4000).numpy()
    for x in (0.001, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999):
        assert (drawn <= x).mean() == pytest.approx(stats.beta(alpha, alpha).cdf(x), abs=0.03)
    x = torch.linspace(0.01, 0.99, 50, dtype=torch.float64)
    assert torch.allclose(
        mixing.density(alpha, x), torch.from_numpy(stats.beta(alpha, alpha).pdf(x.numpy())), rtol=1e-9
    )


@pytest.mark.parametrize(
    ("bad", "why"),
    [({"method": "blend"}, "no method"), ({"lam": 1.2}, "between 0 and 1"), ({"lam": float("nan")}, "between"),
     ({"pictures": pictures()[:1]}, "takes 2"), ({"pictures": torch.zeros(3, 4)}, "takes 2")],
)  # fmt: skip
def test_bad_input_is_told(bad, why):
    given = {"method": "mixup", "pictures": pictures(), "lam": 0.5} | bad
    with pytest.raises(ValueError, match=why):
        mixing.mix(**given)
    with pytest.raises(ValueError, match="α"):
        mixing.share(0.0, 1)
