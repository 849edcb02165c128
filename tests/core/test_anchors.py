"""Anchors: slow loops for grid and assignment, there and back for the offsets, torch's own losses for γ = 0."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from core import anchors, boxes
from core.anchors import IGNORED, NEGATIVE, POSITIVE

SHARE = st.floats(0, 1)


def random_boxes(n, seed):
    g = torch.Generator().manual_seed(seed)
    low = torch.rand(n, 2, generator=g, dtype=torch.float64) * 80
    return torch.cat([low, low + 5 + 60 * torch.rand(n, 2, generator=g, dtype=torch.float64)], 1)


def test_grid_against_a_loop():
    made = []
    for row in range(3):
        for column in range(4):
            x, y = (column + 0.5) * 16, (row + 0.5) * 16
            for s in (10.0, 30.0):
                for r in (0.5, 1.0, 2.0):
                    w, h = s / math.sqrt(r), s * math.sqrt(r)
                    made.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    found = anchors.grid((40, 64), 16, (10.0, 30.0), (0.5, 1.0, 2.0))
    torch.testing.assert_close(found, torch.tensor(made))


def slow_assign(table, high, low, best):
    n, m = len(table), len(table[0]) if table else 0
    kind, which, given = [], [], [0.0] * n
    for row in table:
        most = max(row, default=0.0)
        kind.append(POSITIVE if m and most >= high else NEGATIVE if most < low or not m else IGNORED)
        which.append(row.index(most) if m else -1)
    if best:
        for j in range(m):
            most = max(table[i][j] for i in range(n))
            for i in range(n):
                if most > given[i] and table[i][j] == most:
                    kind[i], which[i], given[i] = POSITIVE, j, most
    return kind, which


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 4), SHARE, SHARE, st.booleans())
def test_assignment_against_a_loop(seed, objects, one, other, best):
    low, high = sorted((one, other))
    places = anchors.grid((90, 90), 30, (20.0, 50.0), (0.5, 2.0)).double()
    table = boxes.pairwise(places, random_boxes(objects, seed))
    found = anchors.assign(table, high, low, best)
    assert (found.kind.tolist(), found.object.tolist()) == slow_assign(table.tolist(), high, low, best)
    n = anchors.counts(found)
    assert n["positive"] + n["negative"] + n["ignored"] == len(places)
    if objects:
        plain = found.kind == POSITIVE
        assert torch.equal(table[plain, found.object[plain]], found.overlap[plain])
        if best:  # no object is left without an anchor
            rows = anchors.census(found, objects)
            assert sum(count for _i, count, _u in rows) == n["positive"] >= 1
    assert best or not n["forced"]


@pytest.mark.parametrize(
    "rows",
    [
        [[0.9, 0.8], [0.1, 0.2]],
        [[0.8, 0.9], [0.1, 0.2]],
        [[0.2, 0.2], [0.1, 0.0]],
        [[0.3, 0.8, 0.9], [0.3, 0.8, 0.1]],
    ],
)
def test_an_anchor_that_is_best_for_two_learns_the_one_it_overlaps_more(rows):
    found = anchors.assign(torch.tensor(rows, dtype=torch.float64))
    assert (found.kind.tolist(), found.object.tolist()) == slow_assign(rows, 0.5, 0.4, True)
    assert found.object[0].item() == rows[0].index(max(rows[0]))
    assert found.overlap[0].item() == max(rows[0])


def test_without_the_best_rule_an_odd_object_has_nobody():
    places = anchors.grid((256, 256), 32, (64.0,), (1.0,))
    table = boxes.pairwise(places, torch.tensor([[100.0, 10.0, 120.0, 240.0]]))
    assert anchors.counts(anchors.assign(table, best=False))["positive"] == 0
    found = anchors.assign(table)
    assert anchors.counts(found)["positive"] == anchors.counts(found)["forced"] >= 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_there_and_back(seed):
    a, b = random_boxes(20, seed), random_boxes(20, seed + 1)
    torch.testing.assert_close(anchors.decode(anchors.encode(b, a), a), b)
    assert torch.equal(anchors.encode(a, a), torch.zeros_like(a))


def test_decoding_does_not_run_away():
    made = anchors.decode(torch.tensor([0.0, 0.0, 99.0, 0.0]), torch.tensor([0.0, 0.0, 16.0, 16.0]))
    assert (made[2] - made[0]).item() == pytest.approx(1000)


def test_focal_loss_without_gamma_is_cross_entropy():
    z, y = torch.linspace(-30, 30, 61), (torch.arange(61) % 2).float()
    torch.testing.assert_close(
        2 * anchors.focal(z, y, 0, 0.5), F.binary_cross_entropy_with_logits(z, y, reduction="none")
    )


@pytest.mark.parametrize(("gamma", "alpha"), [(2.0, 0.25), (0.5, 0.9), (5.0, 0.5)])
def test_focal_loss_against_its_formula(gamma, alpha):
    z, y = torch.linspace(-6, 6, 25, dtype=torch.float64), torch.arange(25) % 2
    by_hand = []
    for logit, target in zip(z.tolist(), y.tolist(), strict=True):
        p = 1 / (1 + math.exp(-logit))
        p_t, a_t = (p, alpha) if target else (1 - p, 1 - alpha)
        by_hand.append(-a_t * (1 - p_t) ** gamma * math.log(p_t))
    torch.testing.assert_close(anchors.focal(z, y, gamma, alpha), torch.tensor(by_hand, dtype=torch.float64))
    z.requires_grad_()
    assert torch.autograd.gradcheck(lambda v: anchors.focal(v, y, gamma, alpha), z)


def test_offsets_have_a_gradient():
    a, t = (
        random_boxes(5, 1),
        torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(2)),
    )
    assert torch.autograd.gradcheck(lambda v: anchors.decode(v, a), t.requires_grad_())


def test_background_outweighs_objects_until_gamma_turns_it_down():
    plain, focal = anchors.shares(20, 10_000, 0.3, 0.05)
    assert plain[2:4] == (pytest.approx(20 * -math.log(0.3)), pytest.approx(10_000 * -math.log(0.95)))
    assert plain[-1] > 0.9 > focal[-1]


def test_the_journey_ends_at_the_object():
    a, b = random_boxes(2, 5)
    rows = dict(anchors.journey(a, b, anchors.encode(b, a).tolist()))
    assert rows["made"] == pytest.approx(rows["object"])


def test_bad_arguments():
    for bad in (((), (1.0,)), ((8.0,), ()), ((8.0,), (0.0,))):
        with pytest.raises(ValueError, match="at least one scale"):
            anchors.shapes(*bad)
    with pytest.raises(ValueError, match="pixel"):
        anchors.grid((8, 8), 0, (8.0,), (1.0,))
    with pytest.raises(ValueError, match="low"):
        anchors.assign(torch.zeros(3, 1), 0.3, 0.4)
    with pytest.raises(ValueError, match="γ"):
        anchors.focal(torch.zeros(1), torch.zeros(1), -1)
