"""The loss of a variational autoencoder against torch.distributions and closed forms; its training against autograd."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Bernoulli, Normal, kl_divergence

from core import vae

KINDS = [{"kind": "mlp"}, {"kind": "conv", "hidden": 8}, {"classes": 4}, {"plain": True}]


def made(**how):
    state = vae.begin(**{"latent": 3, "hidden": 16} | how)
    x = torch.rand((6, 28, 28), generator=torch.Generator().manual_seed(0))
    labels = torch.arange(6) % 4 if how.get("classes") else None
    return state, x, labels


@pytest.mark.parametrize("how", KINDS, ids=str)
def test_encodes_and_decodes_each_picture_by_itself(how):
    state, x, labels = made(**how)
    net = state.net
    mu, logvar = vae.encode(net, x, labels)
    assert mu.shape == logvar.shape == (6, 3)
    assert vae.latent(net) == 3 and vae.classes(net) == how.get("classes", 0)
    logits = vae.decode(net, mu, labels)
    for i in range(6):
        told = labels if labels is None else labels[i : i + 1]
        torch.testing.assert_close(vae.encode(net, x[i : i + 1], told)[0], mu[i : i + 1], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(vae.decode(net, mu[i : i + 1], told), logits[i : i + 1], atol=1e-5, rtol=1e-5)


def test_a_class_counts_as_a_one_hot_vector_beside_the_code():
    state, x, labels = made(classes=4)
    net = dict(state.net)
    told = torch.cat([vae.encode(net, x, labels)[0], torch.nn.functional.one_hot(labels, 4).float()], 1)
    wide = torch.cat([net["decode0.weight"], net["decode0.label"]], 1)
    hidden = torch.nn.functional.silu(told @ wide.T + net["decode0.bias"])
    plain = {n: w for n, w in net.items() if "label" not in n} | {
        "decode0.weight": torch.eye(16),
        "decode0.bias": torch.zeros(16),
    }
    again = torch.nn.functional.silu(hidden @ net["decode1.weight"].T + net["decode1.bias"])
    expected = (again @ net["decode2.weight"].T + net["decode2.bias"]).reshape(6, 28, 28)
    assert plain["decode0.weight"].shape == (16, 16)
    torch.testing.assert_close(vae.decode(net, told[:, :3], labels), expected, atol=1e-5, rtol=1e-5)


@settings(max_examples=30)
@given(st.floats(-5, 5), st.floats(-6, 3))
def test_kl_is_that_of_torch_and_never_negative(mu, logvar):
    ours = vae.kl(torch.tensor([[mu]]).double(), torch.tensor([[logvar]]).double())
    theirs = kl_divergence(Normal(mu, math.exp(logvar / 2)), Normal(0.0, 1.0))
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-4, rel=1e-4)
    assert ours.item() >= -1e-12
    assert vae.kl(torch.zeros(1, 1), torch.zeros(1, 1)).item() == 0


def test_kl_is_what_monte_carlo_finds():
    mu, logvar = torch.tensor([[1.2, -0.4]]), torch.tensor([[-1.0, 0.5]])
    noise = torch.randn((200_000, 2), generator=torch.Generator().manual_seed(1))
    z = vae.sample(mu, logvar, noise)
    q, p = Normal(mu, (logvar / 2).exp()), Normal(0.0, 1.0)
    found = (q.log_prob(z) - p.log_prob(z)).mean(0)
    torch.testing.assert_close(found, vae.kl(mu, logvar)[0], atol=0.02, rtol=0.02)


def test_decoders_are_log_densities():
    logits, x = torch.randn(4, 28, 28), (torch.rand(4, 28, 28) > 0.5).float()
    expected = -Bernoulli(logits=logits).log_prob(x).sum((1, 2))
    torch.testing.assert_close(vae.bernoulli(logits, x), expected, rtol=1e-5, atol=1e-3)
    expected = -Normal(logits.sigmoid(), 0.2).log_prob(x).sum((1, 2))
    torch.testing.assert_close(vae.gaussian(logits, x, 0.2), expected, rtol=1e-5, atol=1e-3)
    with pytest.raises(ValueError, match="positive"):
        vae.gaussian(logits, x, 0.0)


def test_the_negative_elbo_lies_above_the_evidence():
    """In a space of one dimension log p(x) can be summed on a grid."""
    state = vae.begin(latent=1, hidden=8, seed=3)
    x, net = torch.rand((1, 28, 28), generator=torch.Generator().manual_seed(2)), state.net
    z = torch.linspace(-6, 6, 1201)[:, None]
    joint = Normal(0.0, 1.0).log_prob(z[:, 0]) - vae.bernoulli(vae.decode(net, z), x.expand(1201, 28, 28))
    evidence = joint.double().logsumexp(0) + math.log(0.01)
    noise = torch.randn((4000, 1), generator=torch.Generator().manual_seed(4))
    bound = vae.terms(net, x.expand(4000, 28, 28), noise).loss().mean()
    assert bound > -evidence - 0.05


def test_the_gradient_reaches_mu_and_sigma_through_the_sample():
    mu, logvar, noise = torch.randn(2, 3).double(), torch.randn(2, 3).double(), torch.randn(2, 3).double()
    mu.requires_grad_()
    logvar.requires_grad_()
    assert torch.autograd.gradcheck(lambda m, s: (vae.sample(m, s, noise), vae.kl(m, s)), (mu, logvar))


def test_a_plain_autoencoder_has_no_cloud():
    state, x, _none = made(plain=True)
    mu, logvar = vae.encode(state.net, x)
    torch.testing.assert_close(vae.sample(mu, logvar, torch.randn(6, 3)), mu)
    found = vae.terms(state.net, x, torch.randn(6, 3))
    assert found.kl.isinf().all() and found.loss(0.0).isfinite().all()


def test_a_step_is_that_of_adam():
    state, x, _none = made()
    how = {"pictures": x, "batch": 6, "lr": 1e-2, "beta": 2.0}
    flat = state.flat.clone().requires_grad_()
    rule = torch.optim.Adam([flat], lr=1e-2)
    for t in range(3):
        which, random = vae.batch_of(state, 6, 6)
        noise = torch.randn((6, 3), generator=random)
        rule.zero_grad()
        vae.terms(vae.unpacked_flat(flat, state.plan), x[which], noise).loss(2.0).mean().backward()
        rule.step()
        state = vae.step(state, how)
        assert state.step == t + 1
        torch.testing.assert_close(state.flat, flat.detach(), atol=2e-5, rtol=1e-4)


def test_training_helps_and_is_the_same_again():
    x = torch.zeros(40, 28, 28)
    x[:20, :14], x[20:, 14:] = 1.0, 1.0
    how = {"pictures": x, "batch": 20, "lr": 5e-3, "warm": 10, "noise": 0.1}
    runs = [list(vae.rounds(vae.begin(hidden=16), 40, how)) for _twice in range(2)]
    assert torch.equal(runs[0][-1].flat, runs[1][-1].flat)
    assert runs[0][-1].told[0] < 0.5 * runs[0][0].told[0]
    assert torch.equal(vae.step(runs[0][-2], how).flat, runs[0][-1].flat)  # a state is a value


def test_each_picture_is_seen_once_in_an_epoch():
    state = vae.begin(hidden=4)
    seen = []
    for i in range(5):
        which, _random = vae.batch_of(vae.State(state.plan, 0, i, state.flat, state.m, state.v), 50, 10)
        seen += which.tolist()
    assert sorted(seen) == list(range(50))


@pytest.mark.parametrize("how", KINDS, ids=str)
def test_a_network_survives_as_text(how):
    net = made(**how)[0].net
    again = vae.from_words(vae.in_words(net), **{"latent": 3, "hidden": 16} | how)
    assert again.keys() == net.keys()
    assert all(torch.equal(again[n], net[n].half().float()) for n in net)
    half = vae.from_words(vae.in_words(net, "decode"), part="decode", **{"latent": 3, "hidden": 16} | how)
    assert all(torch.equal(half[n], again[n]) for n in half) and all(n.startswith("decode") for n in half)
    with pytest.raises(ValueError, match="numbers"):
        vae.from_words(vae.in_words(net), latent=5)


def test_inside_sums_up():
    state, x, _none = made()
    found = vae.inside(state.net, x[0], draws=8)
    assert found.total == pytest.approx(sum(found.kl), rel=1e-5)
    assert found.loss == pytest.approx(found.reconstruction + found.total, rel=1e-5)


@pytest.mark.parametrize(
    "call",
    [
        lambda net: vae.encode(net, torch.zeros(2, 20, 28)),
        lambda net: vae.decode(net, torch.zeros(2, 5)),
        lambda net: vae.encode(net, torch.zeros(2, 28, 28), torch.zeros(2).long()),
        lambda net: vae.begin(latent=0),
        lambda net: vae.begin(kind="transformer"),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(ValueError):
        call(vae.begin(hidden=4).net)
