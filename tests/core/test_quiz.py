"""The quiz: fair, reproducible, and every function gets its turn."""

from itertools import combinations

import pytest
import torch
import torch.nn.functional as F

from core.quiz import ask, derivative

FUNCTIONS = {
    "identity": lambda z: z,
    "step": lambda z: (z > 0).to(z.dtype),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky": lambda z: F.leaky_relu(z, 0.1),
    "gelu": F.gelu,
    "gelu_tanh": lambda z: F.gelu(z, approximate="tanh"),
    "silu": F.silu,
    "hard": F.hardtanh,
}


def test_every_question_is_fair() -> None:
    answers, places = set(), set()
    for seed in range(150):
        question = ask(FUNCTIONS, seed)
        assert len(set(question.options)) == 4 and question.answer in question.options
        slopes = {name: derivative(FUNCTIONS[name], question.z) for name in question.options}
        assert torch.equal(question.df, slopes[question.answer])
        for one, other in combinations(slopes.values(), 2):
            assert (one - other).abs().max() > 0.15
        assert not {"gelu", "gelu_tanh"} <= set(question.options)
        answers.add(question.answer)
        places.add(question.options.index(question.answer))
    assert answers == set(FUNCTIONS) and places == {0, 1, 2, 3}


def test_the_seed_decides() -> None:
    one, same, other = ask(FUNCTIONS, 5), ask(FUNCTIONS, 5), ask(FUNCTIONS, 6)
    assert (one.answer, one.options) == (same.answer, same.options)
    assert (one.answer, one.options) != (other.answer, other.options)
    state = torch.random.get_rng_state()
    ask(FUNCTIONS, 7)
    assert torch.equal(state, torch.random.get_rng_state())


def test_bad_input_gets_a_sentence() -> None:
    with pytest.raises(ValueError, match="Only 1 of the 2 derivatives"):
        ask({"gelu": F.gelu, "gelu_tanh": FUNCTIONS["gelu_tanh"]}, 0)
    with pytest.raises(ValueError, match="above 0"):
        ask(FUNCTIONS, 0, reach=0.0)
