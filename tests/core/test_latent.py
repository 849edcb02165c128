"""Ways through a latent space, and what is found there, against finite differences, torch.distributions and loops."""

import math

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.distributions import MultivariateNormal

from core import latent, shapes, vae

vectors = st.lists(st.floats(-3, 3), min_size=4, max_size=4).map(torch.tensor)


@settings(max_examples=20)
@given(vectors, vectors, st.floats(0, 1))
def test_slerp_keeps_to_the_sphere(a, b, t):
    assume(a.norm() > 0.1 and b.norm() > 0.1)
    cosine = torch.dot(a, b) / (a.norm() * b.norm())
    assume(abs(cosine) < 0.99)
    at = torch.tensor([0.0, 1.0, t])
    found = latent.great_circle(a, b, at)
    torch.testing.assert_close(found[:2], torch.stack([a, b]), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found, latent.great_circle(b, a, 1 - at), atol=1e-4, rtol=1e-4)
    unit = latent.great_circle(a / a.norm(), b / b.norm(), at)
    torch.testing.assert_close(unit.norm(dim=1), torch.ones(3), atol=1e-4, rtol=1e-4)
    angle = math.acos(float(torch.dot(unit[0], unit[2]).clamp(-1, 1)))  # evenly in the angle
    assert angle == pytest.approx(t * math.acos(float(cosine)), abs=2e-3)


def test_slerp_of_codes_in_line():
    a, t = torch.tensor([1.0, 2.0]), torch.tensor([0.5])
    torch.testing.assert_close(latent.great_circle(a, 3 * a, t), 2 * a[None])
    with pytest.raises(ValueError, match="opposite"):
        latent.great_circle(a, -a, t)


def test_a_way_passes_its_corners_at_even_steps():
    corners = [(0.0, 0.0), (3.0, 0.0), (3.0, 1.0)]
    found = latent.through(corners, 9)
    assert found[0].tolist() == [0, 0] and found[6].tolist() == pytest.approx([3, 0]) and found[8].tolist() == [3, 1]
    torch.testing.assert_close(found.diff(dim=0).norm(dim=1), torch.full((8,), 0.5))
    assert latent.through([(1.0, 1.0), (1.0, 1.0)], 3).isfinite().all()
    with pytest.raises(ValueError):
        latent.through([(0.0, 0.0)], 3)


def test_speed_is_what_finite_differences_say():
    net = {n: w.double() for n, w in vae.begin(latent=3, hidden=16, seed=1).net.items()}
    decode, h = vae.decoder(net), 1e-5
    z = torch.randn((4, 3), generator=torch.Generator().manual_seed(0)).double()
    square = torch.zeros(4).double()
    for k in range(3):
        step = torch.zeros(3).double()
        step[k] = h
        square += ((decode(z + step) - decode(z - step)) / (2 * h)).square().sum((1, 2))
    torch.testing.assert_close(latent.speed(decode, z), square.sqrt(), rtol=1e-6, atol=1e-8)
    jacobian = torch.autograd.functional.jacobian(lambda one: decode(one[None])[0], z[0])
    assert latent.speed(decode, z[:1]).item() == pytest.approx(jacobian.norm().item(), rel=1e-9)


def test_planes():
    codes = torch.randn((500, 4), generator=torch.Generator().manual_seed(0)) * torch.tensor([3.0, 1.0, 2.0, 0.1]) + 1
    for plane in (latent.principal_plane(codes), latent.coordinate_plane(codes, 2, 0)):
        xy = torch.tensor([[0.5, -1.0], [2.0, 3.0]])
        torch.testing.assert_close(plane.project(plane.at(xy)), xy, atol=1e-5, rtol=1e-5)
    main = latent.principal_plane(codes)
    values = torch.linalg.svdvals(codes - codes.mean(0)).square()
    assert main.explained == pytest.approx((values[:2].sum() / values.sum()).item(), rel=1e-4)
    assert main.first.abs().argmax() == 0 and main.second.abs().argmax() == 2
    with pytest.raises(ValueError, match="different"):
        latent.coordinate_plane(codes, 1, 1)


def test_aggregate_posterior_is_the_mean_of_the_projected_clouds():
    random = torch.Generator().manual_seed(0)
    mu, logvar = torch.randn((5, 3), generator=random), torch.randn((5, 3), generator=random)
    plane = latent.principal_plane(torch.randn((50, 3), generator=random))
    ways = torch.stack([plane.first, plane.second])
    xy = torch.randn((7, 2), generator=random)
    each = [MultivariateNormal(ways @ (m - plane.origin), ways @ torch.diag(s.exp()) @ ways.T).log_prob(xy)
            for m, s in zip(mu, logvar, strict=True)]  # fmt: skip
    expected = torch.stack(each).logsumexp(0) - math.log(5)
    torch.testing.assert_close(latent.log_aggregate(plane, mu, logvar, xy), expected, rtol=1e-4, atol=1e-4)


def test_nearest_is_what_a_loop_finds():
    random = torch.Generator().manual_seed(0)
    pictures, wanted = torch.rand((30, 28, 28), generator=random), torch.rand((2, 28, 28), generator=random)
    which, gaps = latent.nearest(pictures, pictures.square().sum((1, 2)), wanted, 3)
    for i, one in enumerate(wanted):
        far = torch.tensor([(p - one).square().mean().sqrt() for p in pictures])
        assert which[i].tolist() == far.argsort()[:3].tolist()
        torch.testing.assert_close(gaps[i], far.sort().values[:3], atol=1e-4, rtol=1e-4)


def test_the_lattice_of_quantiles_is_equally_likely():
    line = latent.lattice(4, 3.0, even=False)[:4, 0]
    torch.testing.assert_close(torch.special.ndtr(line), torch.tensor([0.125, 0.375, 0.625, 0.875]))
    even = latent.lattice(3, 3.0)
    assert even[0].tolist() == pytest.approx([-2, 2]) and even[-1].tolist() == pytest.approx([2, -2])
    tiled = latent.tiled(torch.arange(4.0).view(4, 1, 1).expand(4, 2, 2), 2)
    assert tiled[0].tolist() == [0, 0, 1, 1] and tiled[3].tolist() == [2, 2, 3, 3]


def test_slant_and_thickness_are_measured():
    """Bars of known width and lean."""
    y, x = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    inside = (y > 4) & (y < 23)
    for lean, width in ((0.0, 2), (0.4, 4), (-0.3, 6)):
        bar = ((width / 2 + 0.5 - (x - 13.5 + lean * (y - 13.5)).abs()).clamp(0, 1) * inside)[None]
        assert latent.slant(bar).item() == pytest.approx(lean, abs=0.02)
        assert latent.thickness(bar).item() == pytest.approx(width, rel=0.35)


def test_an_attribute_is_a_difference_of_means():
    codes = torch.tensor([[0.0, 1.0], [2.0, 1.0], [5.0, 5.0]])
    has = torch.tensor([False, False, True])
    assert latent.attribute(codes, has, ~has).tolist() == [4, 4]
    with pytest.raises(ValueError, match="some"):
        latent.attribute(codes, has, torch.zeros(3).bool())


def test_active_dimensions_are_those_that_vary():
    mu = torch.stack([torch.linspace(-1, 1, 50), torch.full((50,), 0.3)], 1)
    assert latent.active(mu).tolist() == [True, False]


def test_shapes_are_where_their_causes_say():
    pictures, factors = shapes.collection(60, seed=1)
    assert pictures[:, 0].max() == 0 and pictures[:, :, -1].max() == 0  # nothing is cut off
    at = torch.arange(28.0)
    symmetric = factors[:, 0] < 2
    ink = pictures.sum((1, 2))
    x, y = (pictures.sum(1) @ at) / ink, (pictures.sum(2) @ at) / ink
    torch.testing.assert_close(x[symmetric], factors[symmetric, 2], atol=0.1, rtol=0)
    torch.testing.assert_close(y[symmetric], factors[symmetric, 3], atol=0.1, rtol=0)
    area = torch.where(factors[:, 0] == 0, 2.0, math.pi / 2) * factors[:, 1].square()
    torch.testing.assert_close(ink[symmetric], area[symmetric], rtol=0.06, atol=1.0)
    turned = factors[:1].clone()
    turned[0, 0], turned[0, 4] = 0, 30.0
    assert latent.slant(shapes.drawn(turned)).item() > 0  # anticlockwise leans the long way up to the right
    with pytest.raises(ValueError, match="Factors"):
        shapes.drawn(torch.zeros(2, 3))
