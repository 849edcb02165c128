"""The small network: the same as PyTorch's modules, its gradients, and what the shipped weights can do."""

import json
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from core import cnn
from core.cnn import Unit
from tools.server import ROOT

DATA, MODELS = ROOT / "assets" / "data", ROOT / "assets" / "models"


@cache
def shipped(name: str) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return {n: w.float() for n, w in load_file(MODELS / f"{name}.safetensors").items()}


@cache
def held_back(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    with np.load(DATA / f"{name}.npz") as file:
        return torch.from_numpy(file["images"][-2000:]).float() / 255, torch.from_numpy(file["labels"][-2000:]).long()


def as_modules(net: cnn.Net) -> nn.Sequential:
    """The same network, in PyTorch's own parts."""
    conv = [nn.Conv2d(into, out, k, padding=k // 2) for into, out, k in cnn.LAYERS.values()]
    head = nn.Linear(32 * 7 * 7, 10)
    for name, module in zip((*cnn.LAYERS, "head"), (*conv, head), strict=True):
        module.load_state_dict({"weight": net[f"{name}.weight"], "bias": net[f"{name}.bias"]})
    pool = nn.MaxPool2d(2)
    return nn.Sequential(conv[0], nn.ReLU(), pool, conv[1], nn.ReLU(), pool, conv[2], nn.ReLU(), nn.Flatten(), head)


def noise(n: int = 3, seed: int = 1) -> torch.Tensor:
    return torch.rand((n, 28, 28), generator=torch.Generator().manual_seed(seed))


def test_forward_equals_pytorch_modules() -> None:
    net, x = cnn.init(0), noise()
    trace = cnn.forward(net, x)
    modules = as_modules(net)
    torch.testing.assert_close(trace.logits, modules(x[:, None]))
    names = ["conv1", "relu1", "pool1", "conv2", "relu2", "pool2", "conv3", "relu3"]
    assert list(trace.maps) == names
    y = x[:, None]
    for name, module in zip(names, modules, strict=False):
        y = module(y)
        torch.testing.assert_close(trace.maps[name], y)


def test_counts_its_parameters() -> None:
    modules = as_modules(cnn.init(0))
    assert sum(cnn.parameters().values()) == sum(p.numel() for p in modules.parameters()) <= 60_000


def test_predicts_the_same_one_by_one_and_in_parts() -> None:
    net, x = cnn.init(3), noise(501)
    all_at_once = cnn.predict(net, x)
    torch.testing.assert_close(all_at_once.sum(1), torch.ones(501))
    torch.testing.assert_close(all_at_once[[0, 500]], torch.cat([cnn.predict(net, x[:1]), cnn.predict(net, x[500:])]))


def test_starts_from_the_seed() -> None:
    first, again, other = cnn.init(1), cnn.init(1), cnn.init(2)
    assert all(torch.equal(first[n], again[n]) for n in first)
    assert not torch.equal(first["conv1.weight"], other["conv1.weight"])


@pytest.mark.parametrize("unit", [Unit("head", 3), Unit("conv2", 5), Unit("conv1", 0)], ids=str)
def test_saliency_is_the_slope(unit: Unit) -> None:
    """Against differences, in float64."""
    net, x = {n: w.double() for n, w in cnn.init(0).items()}, noise(1)[0].double()
    slope = cnn.saliency(net, x, unit)

    def at(i: int, j: int, by: float) -> float:
        moved = x.clone()
        moved[i, j] += by
        return cnn.level(cnn.forward(net, moved[None]), unit).item()

    for i, j in [(3, 4), (14, 14), (20, 9)]:
        assert slope[i, j].item() == pytest.approx((at(i, j, 1e-6) - at(i, j, -1e-6)) / 2e-6, abs=1e-6)


def test_grad_cam_against_the_linear_head() -> None:
    """The gradient that reaches the last maps is the row of the head: α is known without any backward pass."""
    net, x = cnn.init(4), noise(1)[0]
    maps = cnn.forward(net, x[None]).maps["relu3"][0]
    alpha = net["head.weight"][6].reshape(32, 7, 7).mean((1, 2))
    by_hand = sum(a * m for a, m in zip(alpha, maps, strict=True)).relu()
    cam = cnn.grad_cam(net, x, Unit("head", 6))
    seen = torch.nn.functional.interpolate(by_hand[None, None], size=(28, 28), mode="bilinear")[0, 0]
    torch.testing.assert_close(cam, seen / seen.max())
    assert cam.min() >= 0 and cam.max() == pytest.approx(1)


def test_grad_cam_says_where_it_cannot_look() -> None:
    with pytest.raises(ValueError, match="does not depend"):
        cnn.grad_cam(cnn.init(0), noise(1)[0], Unit("conv1", 0))


@pytest.mark.parametrize("layer", ["conv1", "conv3", "head"])
def test_a_dream_drives_its_unit(layer: str) -> None:
    found = cnn.dream(shipped("digits"), layer, steps=25, seed=3)
    assert found.pictures.shape == (len(cnn.units(layer)), 28, 28)
    assert found.pictures.min() >= 0 and found.pictures.max() <= 1
    assert (found.after > found.before).float().mean() >= 0.9
    assert torch.equal(found.pictures, cnn.dream(shipped("digits"), layer, steps=25, seed=3).pictures)


def test_dreams_of_the_classes_are_told_apart_by_the_network() -> None:
    dreams = cnn.dream(shipped("digits"), "head").pictures
    assert cnn.predict(shipped("digits"), dreams).argmax(1).tolist() == list(range(10))


def test_travels_as_text() -> None:
    net = shipped("fashion")
    back = cnn.unpacked(cnn.packed(net))
    assert all(torch.equal(net[n], back[n]) for n in net)
    with pytest.raises(ValueError, match="numbers"):
        cnn.unpacked(cnn.packed(net)[:-5])


def test_bad_shapes_and_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="28"):
        cnn.forward(cnn.init(0), torch.zeros(1, 32, 32))
    with pytest.raises(ValueError, match="step"):
        cnn.dream(cnn.init(0), "head", steps=0)


@pytest.mark.parametrize(("name", "least"), [("digits", 0.97), ("fashion", 0.86)])
def test_shipped_weights_keep_their_promise(name: str, least: float) -> None:
    """On the 2,000 pictures that were held back; and as the notes of the training say."""
    found = cnn.accuracy(shipped(name), *held_back(name))
    noted = json.loads((MODELS / "training.json").read_text())[name]
    assert found >= least
    assert found == pytest.approx(noted["accuracy_held_back"], abs=0.0011)


def test_the_answer_to_one_picture_is_that_of_the_batch() -> None:
    net, x = cnn.init(3), noise(2)
    found = cnn.answer(net, x[1])
    assert found.probabilities == pytest.approx(cnn.predict(net, x)[1].tolist(), abs=1e-6)
    assert torch.tensor(found.scores).softmax(0).tolist() == pytest.approx(found.probabilities, abs=1e-6)
