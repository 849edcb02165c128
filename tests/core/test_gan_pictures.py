"""The GAN of pictures against plain PyTorch, and against itself."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import linalg
from torch import Tensor, nn

from core import cnn, gan_losses, gan_measures, gan_pictures
from core.gan_pictures import (
    BOUND,
    D_MAPS,
    D_SHAPES,
    G_MAPS,
    G_SHAPES,
    NOISE,
    State,
    chance,
    parts,
    step,
    untrained,
)


class Noise:
    """Pictures of noise, of any class."""

    def sample(self, n: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        return torch.rand(n, 28, 28, generator=random), torch.randint(10, (n,), generator=random)


HOW = {"loss": gan_losses.chosen_loss("hinge"), "batch": 4}


def after(n: int, state: State, **more) -> State:
    for _i in range(n):
        state = step(state, {**HOW, **more})
    return state


class Pixels(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x / x.square().mean(1, keepdim=True).add(1e-8).sqrt()


def modules(g: Tensor, d: Tensor) -> tuple[nn.ModuleDict, nn.ModuleDict]:
    """Both networks as torch.nn has them, D with torch's own spectral norm as it comes."""
    of_g, of_d = parts(g.detach().clone(), G_SHAPES), parts(d.detach().clone(), D_SHAPES)
    linear = nn.Linear(NOISE + 10, G_MAPS[0] * 49)
    linear.weight.data, linear.bias.data = (
        torch.cat([of_g["first"], of_g["first.class"]], 1),
        of_g["first.bias"],
    )
    ups = [nn.ConvTranspose2d(G_MAPS[0], G_MAPS[1], 4, 2, 1), nn.ConvTranspose2d(G_MAPS[1], 1, 4, 2, 1)]
    downs = [nn.Conv2d(1, D_MAPS[0], 4, 2, 1), nn.Conv2d(*D_MAPS, 4, 2, 1)]
    for name, one in (*zip(("up1", "up2"), ups, strict=True), *zip(("down1", "down2"), downs, strict=True)):
        of = of_g if name.startswith("up") else of_d
        one.weight.data, one.bias.data = of[name], of[f"{name}.bias"]
    maker = nn.Sequential(linear, nn.LeakyReLU(0.2), nn.Unflatten(1, (G_MAPS[0], 7, 7)), Pixels(), ups[0],
                          nn.LeakyReLU(0.2), Pixels(), ups[1], nn.Sigmoid())  # fmt: skip
    return nn.ModuleDict({"made": maker}), nn.ModuleDict({"down1": downs[0], "down2": downs[1]})


def test_g_is_the_network_of_torch_nn() -> None:
    state = untrained(Noise())
    made = modules(state.g, state.d)[0]["made"]
    z, mix = torch.randn(5, NOISE, generator=chance(0, 0)), F.one_hot(torch.arange(5), 10).float()
    torch.testing.assert_close(gan_pictures.generate(state.g, z, mix), made(torch.cat([z, mix], 1))[:, 0])


def test_d_is_the_network_of_torch_nn_over_its_largest_singular_values() -> None:
    state = untrained(Noise())
    w, convs = parts(state.d, D_SHAPES), modules(state.g, state.d)[1]
    top = {name: torch.linalg.matrix_norm(w[name].flatten(1), 2) for name in BOUND}
    for name, conv in convs.items():
        conv.weight.data = conv.weight / top[name]
    x, classes = torch.rand(5, 28, 28, generator=chance(0, 1)), torch.arange(5)
    maps = F.leaky_relu(convs["down2"](F.leaky_relu(convs["down1"](2 * x[:, None] - 1), 0.2)), 0.2).flatten(1)
    expected = (maps @ w["last"].T)[:, 0] / top["last"] + (maps * w["class"][classes]).sum(1) / top["class"]
    mix = F.one_hot(classes, 10).float()
    torch.testing.assert_close(gan_pictures.judge(state.d, state.u, x, mix), expected, rtol=1e-4, atol=1e-5)
    u = state.u
    for _i in range(3):  # they stand where the power iteration would end
        u = gan_pictures.power_iteration(state.d, u)
    assert all(abs(float(a @ b)) > 0.999 for a, b in zip(u, state.u, strict=True))


def test_adam_is_that_of_torch_optim() -> None:
    w = torch.randn(6, generator=chance(0, 0))
    theirs, memory = nn.Parameter(w.clone()), gan_pictures.Memory(torch.zeros(6), torch.zeros(6))
    rule = torch.optim.Adam([theirs], 1e-2, (0.5, 0.99))
    for n in range(4):
        grad = torch.randn(6, generator=chance(1, n))
        theirs.grad = grad.clone()
        rule.step()
        w, memory = gan_pictures.adam(w, grad, memory, 1e-2)
    torch.testing.assert_close(w, theirs.detach())


def test_the_same_seed_gives_the_same_run_and_nothing_is_changed_in_place() -> None:
    start = after(1, untrained(Noise(), seed=4))
    kept = copy.deepcopy(start)
    one, two = after(2, start, noise=0.1), after(2, start, noise=0.1)
    assert torch.equal(one.g, two.g) and torch.equal(one.d, two.d)
    assert torch.equal(start.g, kept.g) and torch.equal(start.d_memory.v, kept.d_memory.v)
    assert not torch.equal(one.g, start.g) and not torch.equal(one.d, start.d)
    assert not torch.equal(untrained(Noise(), seed=5).g, untrained(Noise(), seed=4).g)


def test_who_is_not_told_the_class_does_not_depend_on_it() -> None:
    state = after(1, untrained(Noise(), classes=False))
    told = parts(state.g - untrained(Noise(), classes=False).g, G_SHAPES)
    assert not told["first.class"].any() and told["first"].any()


def test_penalties_of_a_critic_with_a_known_slope() -> None:
    real, fake = torch.rand(2, 6, 28, 28, generator=chance(0, 2))
    how = {"loss": gan_losses.chosen_loss("gp"), "penalty": 2.0, "r1": 0.0}

    def cost(critic, **more) -> float:
        found = gan_pictures.penalty(critic, real, fake, {**how, **more}, chance(0, 3))
        return float(torch.as_tensor(found).detach())

    w = torch.randn(28, 28, generator=chance(0, 4))
    steep = float(w.norm())
    assert cost(lambda x: (x * w).sum((1, 2))) == pytest.approx(2 * (steep - 1) ** 2, rel=1e-4)
    ns = {"loss": gan_losses.chosen_loss("ns")}
    assert cost(lambda x: (x * w).sum((1, 2)), **ns) == 0
    expected = float(0.5 * 3.0 * (2 * real).square().sum((1, 2)).mean())  # of |x|²
    assert cost(lambda x: x.square().sum((1, 2)), r1=3.0, **ns) == pytest.approx(expected, rel=1e-4)
    way = torch.rand(6, 1, 1, generator=chance(0, 3))
    lengths = 2 * (fake + way * (real - fake)).flatten(1).norm(dim=1)
    assert cost(lambda x: x.square().sum((1, 2))) == pytest.approx(2 * float((lengths - 1).square().mean()), rel=1e-4)


def test_a_penalty_changes_what_d_learns_and_not_what_is_told() -> None:
    start = after(1, untrained(Noise()))
    plain, held = after(1, start), after(1, start, r1=5.0)
    assert not torch.allclose(plain.d, held.d) and torch.equal(plain.told[0], held.told[0])


def test_lost_numbers_are_noticed() -> None:
    assert after(1, untrained(Noise())).finite
    assert not after(2, untrained(Noise()), lr_g=1e38, lr_d=1e38).finite


def test_the_places_between_are_as_likely_as_the_corners() -> None:
    at = torch.tensor([0.0, 1.0, 0.0, 1.0]), torch.tensor([0.0, 0.0, 1.0, 1.0])
    corners = gan_pictures.between(*at, seed=3)
    torch.testing.assert_close(corners, torch.randn(4, NOISE, generator=chance(3, -3)))
    x, y = torch.rand(2, 40, generator=chance(0, 0))
    share = torch.linalg.lstsq(corners.T, gan_pictures.between(x, y, seed=3).T).solution
    torch.testing.assert_close(share.square().sum(0), torch.ones(40))


def test_a_walk_ends_at_the_classes_asked_for() -> None:
    g = untrained(Noise()).g
    ends = gan_pictures.walk(g, torch.tensor([0.0, 1.0]), torch.tensor([0.0, 0.0]), 3, 2, 7)
    z = gan_pictures.between(torch.tensor([0.0, 1.0]), torch.zeros(2), 3)
    torch.testing.assert_close(ends, gan_pictures.generate(g, z, F.one_hot(torch.tensor([2, 7]), 10).float()))


@pytest.mark.parametrize("numbers", [torch.tensor([0.5, -2.0, 3.0]), torch.tensor([1 / 3, 1e-9])])
def test_numbers_come_back_out_of_their_text(numbers: Tensor) -> None:
    assert torch.equal(gan_pictures.out_of_text(gan_pictures.in_text(numbers)), numbers)


def test_frechet_in_more_dimensions_is_the_formula_with_a_matrix_root() -> None:
    x, y = torch.randn(2, 60, 7, generator=chance(0, 0), dtype=torch.float64)
    y = y * torch.arange(1, 8) + 0.5
    a, b = np.cov(x.T), np.cov(y.T)
    far = (x.mean(0) - y.mean(0)).square().sum().item()
    expected = far + np.trace(a + b - 2 * linalg.sqrtm(a @ b).real)
    assert gan_measures.frechet(x, y).item() == pytest.approx(expected)


def test_scores_of_pictures_by_hand() -> None:
    """A network that sees the brightness, and answers with the class of it."""

    def sight(net: object, pictures: Tensor) -> tuple[Tensor, Tensor]:
        level = pictures.mean((1, 2))
        return torch.stack([level, level.square()], 1), F.one_hot((level * 10).round().long(), 10).float()

    pictures = (torch.arange(20) % 10 / 10)[:, None, None].expand(20, 28, 28).clone()
    told = gan_measures.picture_scores(pictures, sight(None, pictures)[0], sight, None, True)
    assert told.fid == pytest.approx(0, abs=1e-6) and told.asked == 1 and told.classes == pytest.approx(10)
    pictures[:10] = 0.0
    told = gan_measures.picture_scores(pictures, sight(None, pictures)[0], sight, None, True)
    assert told.asked == pytest.approx(0.55) and told.classes < 10


def test_sight_is_the_last_maps_means_and_the_answers() -> None:
    net, x = cnn.init(0), torch.rand(3, 28, 28, generator=chance(0, 0))
    features, probabilities = cnn.sight(net, x)
    torch.testing.assert_close(probabilities, cnn.predict(net, x))
    torch.testing.assert_close(features, cnn.forward(net, x).maps["relu3"].flatten(2).mean(2))
