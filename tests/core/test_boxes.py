"""Boxes: slow loops over pixels, published identities, gradients, and what is odd."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core import boxes
from core.boxes import MEASURES

whole = st.integers(0, 30)
SOLID = st.tuples(whole, whole, st.integers(1, 20), st.integers(1, 20)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)
RAW = st.tuples(*[st.floats(-50, 50)] * 4)


def pair(a, b):
    return torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64)


@given(SOLID, SOLID)
def test_areas_are_what_counting_pixels_gives(a, b):
    def pixels(box):
        return set(itertools.product(range(box[0], box[2]), range(box[1], box[3])))

    n, (in_a, in_b) = boxes.numbers(a, b), (pixels(a), pixels(b))
    hull = (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
    assert n["intersection"] == len(in_a & in_b)
    assert n["union"] == len(in_a | in_b)
    assert n["hull"] == len(pixels(hull))
    assert n["iou"] == pytest.approx(len(in_a & in_b) / len(in_a | in_b))
    unfilled = len(pixels(hull) - in_a - in_b)
    assert n["giou"] == pytest.approx(n["iou"] - unfilled / n["hull"])


def slow(a, b):
    """The four measures, number by number, from the papers' formulas."""
    w = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    h = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - w * h
    cw, ch = max(a[2], b[2]) - min(a[0], b[0]), max(a[3], b[3]) - min(a[1], b[1])
    d2 = ((a[0] + a[2] - b[0] - b[2]) ** 2 + (a[1] + a[3] - b[1] - b[3]) ** 2) / 4
    iou = w * h / union
    diou = iou - d2 / (cw**2 + ch**2)
    v = (4 / math.pi**2) * (math.atan((b[2] - b[0]) / (b[3] - b[1])) - math.atan((a[2] - a[0]) / (a[3] - a[1]))) ** 2
    ciou = diou - v * v / (1 - iou + v) if v else diou
    return [iou, iou - (cw * ch - union) / (cw * ch), diou, ciou]


@given(SOLID, SOLID)
def test_measures_equal_the_formulas_written_out(a, b):
    found = [measure(*pair(a, b)).item() for measure in MEASURES.values()]
    assert found == pytest.approx(slow(a, b), abs=1e-12)


@given(SOLID, SOLID)
def test_identities(a, b):
    n = boxes.numbers(a, b)
    assert n == pytest.approx(boxes.numbers(b, a))  # all are symmetric, v and α too
    assert 0 <= n["iou"] <= 1
    assert -1 < n["giou"] <= n["iou"] + 1e-12
    assert -1 < n["diou"] <= n["iou"] + 1e-12
    assert n["ciou"] <= n["diou"] + 1e-12
    scaled = boxes.numbers([7 * v + 3 for v in a], [7 * v + 3 for v in b])
    assert [scaled[m] for m in MEASURES] == pytest.approx([n[m] for m in MEASURES])
    assert (n["iou"] == 1) == (a == b)


def test_nested_boxes_have_a_hull_of_no_other_size():
    for x in range(0, 60, 10):
        n = boxes.numbers((0, 0, 100, 100), (x, x, x + 40, x + 40))
        assert n["giou"] == n["iou"] == pytest.approx(0.16)
        assert n["diou"] == pytest.approx(0.16 - 2 * (30 - x) ** 2 / 20000)


@given(RAW, RAW)
def test_odd_boxes_stay_within_bounds(a, b):
    """Inside out, flat, empty: whatever comes, no measure is NaN and IoU stays a share."""
    n = boxes.numbers(a, b)
    assert all(math.isfinite(v) for v in n.values())
    assert 0 <= n["iou"] <= 1 + 1e-12
    if a[2] <= a[0] or a[3] <= a[1]:
        assert n["iou"] == n["intersection"] == 0


def test_special_cases_are_as_the_module_says():
    found = dict(boxes.special_cases())
    assert found["same"] == [1, 1, 1, 1]
    assert found["touching"][:2] == [0, 0]
    assert found["apart"][0] == 0
    assert max(found["apart"][1:]) < -0.5
    assert found["inside_out"][0] == found["flat"][0] == 0
    assert found["both_empty"] == [0, 0, 0, 0]
    assert all(math.isnan(v) for v in found["nan"])


@pytest.mark.parametrize("at", range(4))
def test_a_nan_anywhere_is_not_hidden(at):
    a = [0.0, 0.0, 10.0, 10.0]
    a[at] = math.nan
    assert all(math.isnan(m(*pair(a, (2, 2, 8, 8))).item()) for m in MEASURES.values())
    assert all(math.isnan(m(*pair((2, 2, 8, 8), a)).item()) for m in MEASURES.values())


@pytest.mark.parametrize("other", [(3, 4, 16, 12), (20, 25, 31, 29), (2, 1, 9, 13)], ids=["across", "apart", "over"])
@pytest.mark.parametrize("name", ["iou", "giou", "diou"])
def test_gradients(name, other):
    a = torch.tensor([1.5, 2.5, 10.5, 12.0], dtype=torch.float64, requires_grad=True)
    b = torch.tensor(other, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(boxes.MEASURES[name], (a, b))


def test_gradient_of_ciou_holds_alpha():
    """As in the paper's code, α is a weight: the gradient is that of DIoU − α v with α a constant."""
    a = torch.tensor([1.5, 2.5, 10.5, 19.0], dtype=torch.float64, requires_grad=True)
    b = torch.tensor([3.0, 4.0, 16.0, 12.0], dtype=torch.float64)
    alpha = boxes.overlap(a, b).alpha
    assert alpha > 0.01
    (found,) = torch.autograd.grad(boxes.overlap(a, b).ciou, a)

    def held(x):
        n = boxes.overlap(x, b)
        return n.diou - alpha * n.v

    for i, step in enumerate(torch.eye(4, dtype=torch.float64) * 1e-6):
        assert found[i].item() == pytest.approx(((held(a + step) - held(a - step)) / 2e-6).item(), abs=1e-7)


def test_gradient_of_iou_is_zero_apart_and_the_others_are_not():
    a = torch.tensor([0.0, 0.0, 10.0, 10.0], dtype=torch.float64, requires_grad=True)
    b = torch.tensor([30.0, 20.0, 50.0, 45.0], dtype=torch.float64)
    slopes = {n: torch.autograd.grad(m(a, b), a)[0] for n, m in MEASURES.items()}
    assert slopes["iou"].tolist() == [0, 0, 0, 0]
    assert all(slopes[n].norm() > 1e-3 for n in ("giou", "diou", "ciou"))


@pytest.mark.parametrize("box", [(5.0, 5.0, 5.0, 5.0), (8.0, 2.0, 2.0, 8.0), (2.0, 5.0, 8.0, 5.0)])
def test_gradients_at_odd_boxes_are_finite(box):
    for name, measure in MEASURES.items():
        a = torch.tensor(box, dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(measure(a, a.detach().clone()), a, materialize_grads=True)
        assert slope.isfinite().all(), name


def test_pairs_one_by_one_and_of_none():
    random = torch.Generator().manual_seed(0)
    a, b = (torch.rand(n, 4, generator=random) * 10 for n in (5, 7))
    a[:, 2:] += a[:, :2]
    b[:, 2:] += b[:, :2]
    before = a.clone()
    table = boxes.pairwise(a, b)
    assert table.shape == (5, 7)
    assert table.dtype == a.dtype
    assert torch.equal(a, before)
    for i, j in itertools.product(range(5), range(7)):
        assert table[i, j] == pytest.approx(boxes.iou(a[i], b[j]).item())
    assert boxes.pairwise(torch.zeros(0, 4), b).shape == (0, 7)


def test_formats_by_hand():
    assert boxes.written((10, 20, 30, 70), 100, 200) == {
        "xyxy": [10, 20, 30, 70],
        "xywh": [10, 20, 20, 50],
        "cxcywh": [20, 45, 20, 50],
        "normalised": pytest.approx([0.2, 0.225, 0.2, 0.25]),
    }


@pytest.mark.parametrize("side", [8.0, 33.0])
def test_shifted_and_tolerance(side):
    n = torch.arange(0, 12, dtype=torch.float64)
    assert boxes.shifted(side, n).tolist() == pytest.approx(((side - n).clamp(min=0) / (side + n)).tolist())
    for threshold in (0.3, 0.5, 0.95):
        edge = torch.tensor([boxes.tolerance(side, threshold)], dtype=torch.float64)
        assert boxes.shifted(side, edge).item() == pytest.approx(threshold)


def test_bad_arguments():
    with pytest.raises(ValueError, match="no measure"):
        boxes.slope("jaccard", [0, 0, 1, 1], [0, 0, 1, 1])
    with pytest.raises(ValueError, match="threshold"):
        boxes.tolerance(8, 0)


@pytest.mark.parametrize("name", boxes.MEASURES)
def test_slopes_written_out_equal_autograd(name):
    """Whole numbers from a short range: nested, apart, touching, turned inside out, edges upon each other; and not."""
    random = torch.Generator().manual_seed(3)
    pairs = torch.randint(0, 7, (400, 2, 4), generator=random).double()
    pairs[::2] += torch.rand(200, 2, 4, generator=random, dtype=torch.float64)
    a, b = pairs.unbind(1)
    a.requires_grad_()
    (wanted,) = torch.autograd.grad(boxes.MEASURES[name](a, b).sum(), a)
    found = torch.tensor([boxes.slope(name, *pair) for pair in pairs.tolist()], dtype=torch.float64)
    assert torch.allclose(found, wanted, atol=1e-12), name
