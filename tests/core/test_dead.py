"""Dead units: the training against torch.nn and torch.optim, the census against a plain loop."""

import math

import pytest
import torch
import torch.nn.functional as F

from core.dead import TASKS, Net, Points, census, collect, decision, init, logits, loss, points, train


def leaky(z: torch.Tensor) -> torch.Tensor:
    return F.leaky_relu(z, 0.1)


@pytest.mark.parametrize("f", [F.relu, torch.tanh, leaky])
@pytest.mark.parametrize("batch_size", [None, 16])
def test_training_equals_torch_optim(f, batch_size: int | None) -> None:
    data = points("moons", 64, seed=1)
    run = collect(train(f, data, 0.2, 5, width=8, batch_size=batch_size, seed=3))

    start = init(8, 2, 3)
    layers = []
    for w, b in zip(start.weights, start.biases, strict=True):
        linear = torch.nn.Linear(*reversed(w.shape))
        linear.weight.data, linear.bias.data = w.clone(), b.clone()
        layers.append(linear)
    optimizer = torch.optim.SGD([p for m in layers for p in m.parameters()], lr=0.2)
    order = torch.Generator().manual_seed(3)
    for _ in range(5):
        shuffled = torch.randperm(64, generator=order)
        for batch in shuffled.split(batch_size or 64):
            logit = layers[2](f(layers[1](f(layers[0](data.x[batch]))))).squeeze(1)
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(logit, data.y[batch]).backward()
            optimizer.step()
    for mine, theirs in zip(run.net.weights, layers, strict=True):
        torch.testing.assert_close(mine, theirs.weight.detach(), rtol=1e-4, atol=1e-6)
    assert len(run.loss) == 6 and run.loss[-1] < run.loss[0]


def test_loss_equals_torch() -> None:
    s, y = torch.tensor([-200.0, -1.0, 0.0, 3.0, 200.0]), torch.tensor([1.0, 0.0, 1.0, 1.0, 0.0])
    torch.testing.assert_close(loss(s, y), F.binary_cross_entropy_with_logits(s, y))


def test_census_equals_a_loop() -> None:
    net, data = init(12, 2, 5), points("spirals", 40)
    net = Net(net.weights, (net.biases[0] - 1.5, net.biases[1] - 1.0, net.biases[2]))  # push some units off the data
    z1 = data.x @ net.weights[0].T + net.biases[0]
    z2 = F.relu(z1) @ net.weights[1].T + net.biases[1]
    expected = [sum(all(z[n, i] <= 0 for n in range(40)) for i in range(12)) / 12 for z in (z1, z2)]
    assert 0 < expected[0] < 1
    assert census(F.relu, net, data.x)[0].tolist() == pytest.approx(expected)
    assert census(leaky, net, data.x)[0].tolist() == [0, 0]
    assert census(lambda z: (z > 0).float(), net, data.x)[0].tolist() == [1, 1]


def test_relu_dies_where_leaky_relu_lives() -> None:
    data = points("moons")
    relu, other = (collect(train(f, data, 3.0, 60, batch_size=64)) for f in (F.relu, leaky))
    assert relu.dead[0].max() < 0.2 and relu.dead[-1].mean() > 0.1
    assert (other.dead == 0).all() and other.accuracy[-1] > 0.95


def test_dead_units_stay_dead_and_learn_nothing() -> None:
    data = points("circles")
    epochs = list(train(F.relu, data, 10.0, 40))
    before, after = epochs[-2].net, epochs[-1].net
    still = (F.linear(data.x, before.weights[0], before.biases[0]) <= 0).all(0)
    assert still.any()
    torch.testing.assert_close(before.weights[0][still], after.weights[0][still], rtol=0, atol=0)


def test_divergence_is_a_flag() -> None:
    run = collect(train(leaky, points("circles"), 1000.0, 100))
    assert run.diverged_at is not None and len(run.loss) == run.diverged_at + 1
    assert run.loss[:-1].isfinite().all()
    assert all(p.isfinite().all() for p in run.net.weights)
    assert decision(leaky, run.net).isfinite().all()


def test_the_seed_decides_everything() -> None:
    data = points("moons", 32)
    first, again = (collect(train(F.relu, data, 0.3, 4, 8, batch_size=8, seed=2)) for _ in range(2))
    assert torch.equal(first.loss, again.loss)
    assert not torch.equal(first.loss, collect(train(F.relu, data, 0.3, 4, 8, batch_size=8, seed=3)).loss)
    same = [next(train(f, data, 0.3, 4, 8, seed=2)).net.weights[0] for f in (F.relu, torch.tanh)]
    assert torch.equal(*same)
    state = torch.random.get_rng_state()
    collect(train(F.relu, data, 0.3, 2, 8, batch_size=8))
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize("task", TASKS)
def test_points(task: str) -> None:
    data = points(task, 200, noise=0.0)
    assert data.x.shape == (200, 2) and data.y.sum() == 100
    assert data.x.abs().max() < 1.6 and data.x.mean(0).abs().max() < 0.25
    between = torch.cdist(data.x[data.y == 0], data.x[data.y == 1])
    assert between.min() > 0.1  # without noise the classes do not touch


def test_snapshots_come_one_by_one() -> None:
    epochs = train(torch.tanh, points("moons", 32), 0.1, 1000, 8)
    assert [next(epochs).number for _ in range(3)] == [0, 1, 2]
    assert [e.number for e in train(torch.tanh, points("moons", 32), 0.1, 0, 8)] == [0]


def test_decision_map_has_y_in_rows() -> None:
    upwards = Net((torch.tensor([[0.0, 10.0]]), torch.tensor([[1.0]])), (torch.zeros(1), torch.zeros(1)))
    picture = decision(lambda z: z, upwards, reach=1.0, size=5)
    assert picture.shape == (5, 5)
    torch.testing.assert_close(picture[:, 0], torch.sigmoid(10 * torch.linspace(-1, 1, 5)))
    data = Points(torch.tensor([[0.3, -1.0]]), torch.ones(1))
    assert logits(lambda z: z, upwards, data.x).item() == pytest.approx(-10)


def test_step_trains_only_the_last_layer() -> None:
    start, *_, end = train(lambda z: (z > 0).float(), points("moons", 32), 0.1, 3, 8)
    assert torch.equal(start.net.weights[0], end.net.weights[0])
    assert not torch.equal(start.net.weights[2], end.net.weights[2])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: points("donut"), "no task 'donut'"),
        (lambda: points("moons", 7), "even"),
        (lambda: points("moons", noise=math.nan), "noise"),
        (lambda: init(0), "at least 1"),
        (
            lambda: train(F.relu, points("moons", 8), 0.0),
            "learning rate must be a finite number above 0, not 0.0",
        ),
        (lambda: train(F.relu, points("moons", 8), 1.0, -1), "epochs"),
        (lambda: train(F.relu, points("moons", 8), 1.0, batch_size=9), "between 1 and the 8 points, not 9"),
    ],
)
def test_bad_input_gets_a_sentence(call, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()


def test_every_epochs_net_is_kept() -> None:
    data = points("moons", 32)
    epochs = list(train(F.relu, data, 0.5, 4, 8))
    run = collect(epochs)
    for epoch in epochs:
        assert torch.equal(logits(F.relu, run.at(epoch.number), data.x), logits(F.relu, epoch.net, data.x))
    wild = collect(train(leaky, data, 1e6, 20, 8))
    assert wild.diverged_at is not None and len(wild.nets.weights[0]) == wild.diverged_at
    assert torch.equal(wild.at(20).weights[0], wild.net.weights[0])
