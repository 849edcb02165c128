"""Surfaces: published minima and values, gradients against autograd and differences, the contract of all."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import rosen, rosen_der, rosen_hess

from core.fields import Field, eigenvalues, field_of, gradient_of, grid, hessian_of, lambda_max
from core.surfaces import PARAMETERS, SURFACES
from tests.core.ground import bind

NAMES = pytest.mark.parametrize("name", SURFACES)
QUICK = settings(max_examples=12, deadline=None)

# Jamil, Yang 2013, and the pages of the Virtual Library of Simulation Experiments (Surjanovic, Bingham):
# where each surface is lowest, and how low.
PUBLISHED = {
    "bowl": (0.0, [(0, 0)]),
    "ravine": (0.0, [(0, 0)]),
    "rosenbrock": (0.0, [(1, 1)]),
    "beale": (0.0, [(3, 0.5)]),
    "himmelblau": (0.0, [(3, 2), (-2.805118, 3.131312), (-3.779310, -3.283186), (3.584428, -1.848126)]),
    "booth": (0.0, [(1, 3)]),
    "matyas": (0.0, [(0, 0)]),
    "three_hump_camel": (0.0, [(0, 0)]),
    "styblinski_tang": (-78.332331, [(-2.903534, -2.903534)]),
    "rastrigin": (0.0, [(0, 0)]),
    "ackley": (0.0, [(0, 0)]),
}

# Values elsewhere, worked out by hand from the published formulas.
VALUES = {
    "beale": [((0, 0), 1.5**2 + 2.25**2 + 2.625**2), ((1, 1), 14.203125)],
    "himmelblau": [((0, 0), 170), ((-0.270845, -0.923039), 181.617)],
    "booth": [((0, 0), 74), ((10, 10), 1154)],
    "matyas": [((10, 10), 4), ((10, -10), 100)],
    "three_hump_camel": [((1, 0), 2 - 1.05 + 1 / 6), ((1.74755, -0.87378), 0.298638), ((2, 3), 16.866667)],
    "styblinski_tang": [((0, 0), 0), ((1, 1), -10), ((2.746803, 2.746803), -50.058893)],
    "rastrigin": [((1, 1), 2), ((0.5, 0), 20.25), ((0.994959, 0), 0.994959)],
    "ackley": [((1, 1), 3.625385), ((5, 5), 12.642411)],
    "monkey_saddle": [((1, 0), 1), ((1, 1), -2), ((-1, 0), -1)],
    "saddle": [((2, 0), 2), ((0, 2), -2)],
}


def somewhere(data: st.DataObject, name: str) -> tuple[Field, float, float]:
    """The surface with random parameters, and a point in its view."""
    surface = SURFACES[name]
    numbers = {p.name: data.draw(st.floats(p.low, min(p.high, 100))) for p in surface.parameters}
    xmin, xmax, ymin, ymax = surface.view
    x, y = data.draw(st.floats(xmin, xmax)), data.draw(st.floats(ymin, ymax))
    return bind(name, **numbers), x, y


def on_a_seam(name: str, field: Field, x: float, y: float) -> bool:
    """Where there is no derivative: the tip of Ackley's cone, the seam between two minima."""
    if name == "ackley":
        return math.hypot(x, y) < 1e-3
    if name == "sharp_flat":
        here = field.gradient(x, y)
        return any(math.dist(here, field.gradient(x + dx, y + dy)) > 0.1 for dx, dy in CORNERS)
    return False


CORNERS = [(a * 1e-4, b * 1e-4) for a in (-1, 1) for b in (-1, 1)]


def tensors(*numbers: float) -> list[torch.Tensor]:
    return [torch.tensor(n, dtype=torch.float64) for n in numbers]


@pytest.mark.parametrize("name", PUBLISHED)
def test_minima_are_the_published_ones(name: str) -> None:
    lowest, places = PUBLISHED[name]
    found = sorted(SURFACES[name].minima)
    assert len(found) == len(places)
    for here, there in zip(found, sorted(places), strict=True):
        assert here == pytest.approx(there, abs=2e-6)
    for place in SURFACES[name].minima:
        assert bind(name).f(*place) == pytest.approx(lowest, abs=1e-6)


@pytest.mark.parametrize("name", VALUES)
def test_values_are_the_published_ones(name: str) -> None:
    for point, value in VALUES[name]:
        assert bind(name).f(*map(float, point)) == pytest.approx(value, rel=1e-5, abs=1e-5)


def test_rosenbrock_is_that_of_scipy() -> None:
    field = bind("rosenbrock")
    for p in [(-1.5, 2.0), (0.3, -0.7), (1.0, 1.0)]:
        assert field.f(*p) == pytest.approx(rosen(p))
        assert field.gradient(*p) == pytest.approx(tuple(rosen_der(p)))
        (a, b), (_, c) = rosen_hess(p)
        assert field.hessian(*p) == pytest.approx((a, b, c))


@NAMES
@QUICK
@given(data=st.data())
def test_minima_are_minima_whatever_the_parameters(name: str, data: st.DataObject) -> None:
    field, _, _ = somewhere(data, name)
    surface = SURFACES[name]
    values = [field.f(*p) for p in surface.minima]
    assert values == pytest.approx(values[:1] * len(values), abs=1e-9)
    for p in (*surface.minima, *surface.local_minima):
        assert field.gradient(*p) == pytest.approx((0, 0), abs=1e-8 if name == "cliff" else 1e-10)
        assert field.f(*p) >= min(values) - 1e-12
        for dx, dy in CORNERS:
            assert field.f(p[0] + dx, p[1] + dy) > field.f(*p)
    xmin, xmax, ymin, ymax = surface.view
    for x, y in (surface.start, *surface.minima, *surface.local_minima):
        assert xmin <= x <= xmax and ymin <= y <= ymax


@NAMES
@QUICK
@given(data=st.data())
def test_gradient_equals_autograd_and_differences(name: str, data: st.DataObject) -> None:
    field, x, y = somewhere(data, name)
    if on_a_seam(name, field, x, y):
        return
    gx, gy = field.gradient(x, y)
    assert gradient_of(field.f)(x, y) == pytest.approx((gx, gy), rel=1e-9, abs=1e-9)
    h = 1e-6
    size = 1 + abs(gx) + abs(gy) + abs(field.f(x, y))
    assert (field.f(x + h, y) - field.f(x - h, y)) / (2 * h) == pytest.approx(gx, abs=1e-6 * size)
    assert (field.f(x, y + h) - field.f(x, y - h)) / (2 * h) == pytest.approx(gy, abs=1e-6 * size)


@NAMES
@QUICK
@given(data=st.data())
def test_hessian_by_complex_step_equals_autograd_twice(name: str, data: st.DataObject) -> None:
    field, x, y = somewhere(data, name)
    if on_a_seam(name, field, x, y):
        return
    once, twice = hessian_of(field.gradient)(x, y), hessian_of(gradient_of(field.f))(x, y)
    size = 1 + max(map(abs, once))
    assert field.hessian(x, y) == pytest.approx(once, abs=1e-9 * size)
    assert twice == pytest.approx(once, abs=1e-8 * size)


@NAMES
@QUICK
@given(data=st.data())
def test_numbers_equal_tensors(name: str, data: st.DataObject) -> None:
    field, x, y = somewhere(data, name)
    tx, ty = tensors(x, y)
    assert field.f(x, y) == pytest.approx(field.f(tx, ty).item(), rel=1e-12, abs=1e-12)
    of_tensors = [g.item() for g in field.gradient(tx, ty)]
    size = 1 + max(map(abs, of_tensors))
    assert field.gradient(x, y) == pytest.approx(of_tensors, abs=1e-12 * size)


@NAMES
def test_contract_of_every_surface(name: str) -> None:
    field = bind(name)
    generator = torch.Generator().manual_seed(0)
    for dtype in (torch.float32, torch.float64):
        x, y = torch.randn(2, 3, 4, generator=generator, dtype=dtype).unbind(0)
        before = x.clone(), y.clone()
        for out in (field.f(x, y), *field.gradient(x, y)):
            assert out.shape == (3, 4) and out.dtype == dtype and out.isfinite().all()
        for h in field.hessian(x, y):
            assert h.broadcast_to(3, 4).isfinite().all()
        assert torch.equal(x, before[0]) and torch.equal(y, before[1]) and not x.requires_grad
    for i in range(3):
        for j in range(4):
            one = field.gradient(x[i, j].item(), y[i, j].item())
            assert one == pytest.approx([g[i, j].item() for g in field.gradient(x, y)], rel=1e-9, abs=1e-12)
    assert field.f(x[:0], y[:0]).shape == (0, 4)
    # far away, where paths go before they are stopped, nothing raises
    for far in (1e8, -1e8):
        field.gradient(far, -far)


def test_gradcheck() -> None:
    points = torch.tensor([[0.3, -0.7], [1.2, 0.4]], dtype=torch.float64, requires_grad=True)
    for name in SURFACES:
        field = bind(name)
        assert torch.autograd.gradcheck(lambda p, f=field.f: f(*p.unbind(-1)), points)


def test_families_are_well_formed() -> None:
    assert len({s.title for s in SURFACES.values()}) == len(SURFACES) == 15
    assert len(PARAMETERS) == sum(len(s.parameters) for s in SURFACES.values())
    assert all(p.low <= p.default <= p.high for p in PARAMETERS.values())


def test_saddles_bend_both_ways_and_a_monkey_not_at_all() -> None:
    low, high = eigenvalues(*bind("saddle").hessian(0.0, 0.0))
    assert (low.item(), high.item()) == (-1.0, 1.0)
    assert bind("monkey_saddle").hessian(0.0, 0.0) == (0, 0, 0)


@given(a=st.floats(-100, 100), b=st.floats(-100, 100), c=st.floats(-100, 100))
@QUICK
def test_eigenvalues_are_those_of_torch(a: float, b: float, c: float) -> None:
    expected = torch.linalg.eigvalsh(torch.tensor([[a, b], [b, c]], dtype=torch.float64)).tolist()
    assert [e.item() for e in eigenvalues(a, b, c)] == pytest.approx(expected, abs=1e-9)


@given(kappa=st.floats(1, 1000), rotation=st.floats(0, 180), x=st.floats(-3, 3), y=st.floats(-3, 3))
@QUICK
def test_turning_a_ravine_keeps_its_curvature(kappa: float, rotation: float, x: float, y: float) -> None:
    turned, straight = bind("ravine", kappa=kappa, rotation=rotation), bind("ravine", kappa=kappa)
    assert lambda_max(turned, (x, y)) == pytest.approx(kappa)
    c, s = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    assert turned.f(c * x - s * y, s * x + c * y) == pytest.approx(straight.f(x, y), abs=1e-9 * kappa)


def test_curvature_of_sharp_and_flat() -> None:
    field = bind("sharp_flat", sharpness=50)
    assert lambda_max(field, (1.5, 0.0)) == pytest.approx(50)
    assert lambda_max(field, (-1.5, 0.0)) == pytest.approx(1)


def test_a_function_of_ones_own() -> None:
    field = field_of(lambda x, y: torch.sin(x) * y * y)
    assert field.gradient(0.5, 2.0) == pytest.approx((4 * math.cos(0.5), 4 * math.sin(0.5)))
    expected = (-4 * math.sin(0.5), 4 * math.cos(0.5), 2 * math.sin(0.5))
    assert field.hessian(0.5, 2.0) == pytest.approx(expected)
    x, y = torch.full((2, 3), 0.5), torch.full((2, 3), 2.0)
    assert field.gradient(x, y)[0].shape == (2, 3) and field.hessian(x, y)[2].shape == (2, 3)
    with torch.no_grad():  # as inside a walk
        assert field.gradient(x, y)[1][0, 0].item() == pytest.approx(4 * math.sin(0.5), rel=1e-6)


def test_a_function_of_x_alone_or_of_nothing() -> None:
    assert field_of(lambda x, y: x * x).gradient(3.0, 1.0) == (6, 0)
    assert field_of(lambda x, y: x * x).hessian(3.0, 1.0) == (2, 0, 0)
    assert field_of(lambda x, y: 0 * x + 7).gradient(3.0, 1.0) == (0, 0)
    assert field_of(lambda x, y: torch.tensor(7.0)).hessian(3.0, 1.0) == (0, 0, 0)


def test_grid_has_rows_of_y() -> None:
    g = grid(lambda x, y: x + 10 * y, (0, 2, 0, 1), 3)
    assert g.z.tolist() == [[0, 1, 2], [5, 6, 7], [10, 11, 12]]
    assert grid(lambda x, y: torch.tensor(1.0), (0, 1, 0, 1), 4).z.shape == (4, 4)


def test_what_bad_input_gets() -> None:
    with pytest.raises(ValueError, match="choose one of bowl"):
        bind("hill")
    with pytest.raises(ValueError, match="only kappa, rotation"):
        bind("ravine", b=3)
    with pytest.raises(ValueError, match="no parameters"):
        bind("bowl", kappa=3)
    for bad in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="finite number above 0"):
            bind("ravine", kappa=bad)
    assert lambda_max(bind("ravine", kappa=1e9), (1.0, 1.0)) == pytest.approx(1e9)  # steep, but a surface
    with pytest.raises(ValueError, match="no finite value"):
        grid(lambda x, y: torch.log(-1 - x * x), (-1, 1, -1, 1), 5)
    assert grid(lambda x, y: torch.log(x), (-1, 1, -1, 1), 5).z.isnan().any()  # partly finite is fine
    for view in ((1, -1, 0, 1), (0, 0, 0, 1), (0, math.inf, 0, 1), (0, 1, math.nan, 1)):
        with pytest.raises(ValueError, match="xmin < xmax"):
            grid(lambda x, y: x, view, 5)
    with pytest.raises(ValueError, match="at least 2"):
        grid(lambda x, y: x, (0, 1, 0, 1), 1)
