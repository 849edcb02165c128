"""The name of a preset is a claim. Here each is held against the numbers of its page, worked out another way where
that is possible: by hand, by a formula, by a comparison.

The pages are those that the contract has rendered in the same process: the claims themselves cost next to nothing.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise

import pytest

from tests.pages.screen import figures, rendered, rows, together


def number(text: str) -> float:
    """What a cell says; NaN where it says nothing."""
    found = re.search(r"[-−]?\d+(\.\d+)?(e[-−+]?\d+)?", text)
    return float(found[0].replace("−", "-")) if found else math.nan


@cache
def shown(address: str, preset: str) -> dict[str, dict]:
    return figures(rendered(address, preset))


@dataclass(frozen=True)
class Shown:
    """A page at a preset ("" is how it opens)."""

    address: str
    preset: str

    def at(self, preset: str) -> "Shown":
        return Shown(self.address, preset)

    def cells(self, table: str) -> list[list[str]]:
        return rows(shown(self.address, self.preset)[f"{self.address}.{table}"])[1:]

    def row(self, table: str, begins: str) -> list[float]:
        """The numbers of the row that begins so."""
        return next([*map(number, row[1:])] for row in self.cells(table) if row[0].startswith(begins))

    def column(self, table: str, n: int) -> list[float]:
        return [number(row[n]) for row in self.cells(table)]

    def said(self, figure: str = "stage") -> list[float]:
        """The numbers of its alternative text."""
        return [number(n) for n in re.findall(r"[-−]?\d[\d.]*(?:e[-−]?\d+)?", self.alt(figure))]

    def alt(self, figure: str = "stage") -> str:
        return shown(self.address, self.preset)[f"{self.address}.{figure}"]["alt"]

    @property
    def title(self) -> str:
        return rendered(self.address, self.preset).session_state["_lab.presets"][self.preset].title


def close(a: float, b: float, share: float = 0.02) -> bool:
    return abs(a - b) <= share * max(abs(a), abs(b), 1e-12)


def iou(a: list[float], b: list[float]) -> float:
    """Of two boxes by their corners."""
    wide, high = (max(0.0, min(a[i + 2], b[i + 2]) - max(a[i], b[i])) for i in (0, 1))
    both = sum((c[2] - c[0]) * (c[3] - c[1]) for c in (a, b))
    return wide * high / (both - wide * high)


def probabilities(*logits: float) -> list[float]:
    e = [math.exp(s) for s in logits]
    return [v / sum(e) for v in e]


ENDS = ("std", "gradient")
Claim = Callable[[Shown], bool]
CLAIMS: dict[str, dict[str, Claim]] = {
    "activations-dead": {
        "large": lambda s: s.row("numbers", "ReLU")[-1] < 0.6 < 0.95 < s.row("numbers", "Leaky")[-1],
        "small": lambda s: s.row("numbers", "ReLU")[:2] == [0, 0],
        "hidden": lambda s: 0.4 < sum(s.row("numbers", "ReLU")[:2]) / 2 < 0.6 and s.row("numbers", "ReLU")[-1] > 0.99,
        "limit": lambda s: math.isnan(s.row("numbers", "Leaky")[2]),
    },
    "activations-depth": {
        "sigmoid": lambda s: s.row("numbers", "gradient")[0] < 1e-12 < 0.05 < s.row("numbers", "std")[2],
        "xavier": lambda s: max(s.row("numbers", "gradient")[0], s.row("numbers", "std")[2]) < 1e-3,
        "kaiming": lambda s: all(0.3 < last / first < 3 for first, _, last, _ in map(partial(s.row, "numbers"), ENDS)),
        "explodes": lambda s: s.row("numbers", "std")[2] > 50 * s.row("numbers", "std")[0],
        "selu": lambda s: s.row("numbers", "std")[0] > 3 and close(s.row("numbers", "std")[2], 1, 0.1),
        "zeros": lambda s: s.row("numbers", "std")[2] == 0,
    },
    "activations-gate": {
        "open": lambda s: 0.9 < s.row("numbers", "GLU")[1] < 1,
        "closed": lambda s: max(map(abs, s.row("numbers", "GLU"))) < 0.1,
        "dead": lambda s: s.row("numbers", "ReGLU") == [0, 0, 0],
        "unused": lambda s: s.row("numbers", "SwiGLU")[2] == 0 < s.row("numbers", "SwiGLU")[1],
    },
    "activations-moments": {
        "home": lambda s: abs(s.column("numbers", 1)[-1]) < 0.02 and close(s.column("numbers", 2)[-1], 1, 0.05),
        "shift": lambda s: close(s.column("numbers", 3)[0], 1 / math.sqrt(2 * math.pi)),
        "tanh": lambda s: all(b < a for a, b in pairwise(s.column("numbers", 2))),
        "sigmoid": lambda s: s.column("numbers", 2)[-1] < 1e-9,
        "lost": lambda s: s.column("numbers", 1)[-1] > s.column("numbers", 1)[0] + 1,
    },
    "activations-softmax": {
        "wrong": lambda s: close(s.row("bits", "float32, stable")[1], probabilities(6, 1, 0.1, -1)[1]),
        "melt": lambda s: close(s.row("bits", "float32, stable")[0], probabilities(1, 0.2, 0.02, -0.2)[0]),
        "freeze": lambda s: s.row("bits", "float32, stable")[0] > 0.999,
        "shift": lambda s: s.row("bits", "float32, stable") == s.at("").row("bits", "float32, stable"),
        "overflow": lambda s: math.isnan(s.row("bits", "float32, naive")[0]) and 1 in s.row("bits", "float32, stable"),
        "half": lambda s: math.isnan(s.row("bits", "float16, naive")[0]) and s.row("bits", "float32, naive")[0] > 0.6,
    },
    "optimizers": {
        "momentum": lambda s: s.row("scores", "Momentum")[2] < s.row("scores", "Gradient")[2] / 100,
        "nesterov": lambda s: s.row("scores", "Nesterov")[1] < s.row("scores", "Momentum")[1],
        "adagrad": lambda s: s.row("scores", "Adagrad")[3] > 2 * s.row("scores", "Adam")[3],
        "plateau": lambda s: s.row("scores", "Adam")[2] < 0 < 1.5 < s.row("scores", "Gradient")[2],
        "cliff": lambda s: max(s.column("scores", 4)) < 0.1,
        "fast": lambda s: s.row("scores", "Gradient")[2] > 1e4,
        "saddle": lambda s: max(s.column("scores", 3)) < -0.05,
        "decay": lambda s: s.row("scores", "AdamW")[3] > 10 * s.row("scores", "Adam")[3],
    },
    "optimizers-step": {
        "first": lambda s: [abs(v) for v in s.row("numbers", "−r·d")] == [0.2, 0.2],
        "uncorrected": lambda s: all(close(abs(v), 0.2 * math.sqrt(10)) for v in s.row("numbers", "−r·d")),
        "newton": lambda s: s.row("numbers", "w (t")[:2] == [0, 0],
        "signs": lambda s: {abs(v) for v in s.row("numbers", "d")} == {1},
    },
    "optimizers-basins": {
        "four": lambda s: all(share > 0.2 for share in s.column("numbers", 1)[:4]),
        "frayed": lambda s: s.row("numbers", "(-3.779")[0] == 0 < 0.2 < s.row("numbers", "at no minimum")[0],
        "sharp": lambda s: s.row("numbers", "(1.500")[0] == 0,
        "dimples": lambda s: max(s.column("numbers", 1)) < 0.02,
    },
    "optimizers-sweep": {
        # the steepest curvature of the ravine is κ = 20: 2 (1 + ρ) / 20
        "wedge": lambda s: 0.7 < s.row("numbers", "best")[0] / (0.1 * (1 + s.row("numbers", "best")[1])) < 1,
        "steep": lambda s: s.row("numbers", "best")[1] > s.at("wedge").row("numbers", "best")[1],
        "nesterov": lambda s: s.row("numbers", "best")[0] < s.at("wedge").row("numbers", "best")[0],
    },
    "convolution-arithmetic": {
        "same": lambda s: "7 × 7 and kernel 3 × 3 give the output 7 × 7" in s.alt(),
        "dropped": lambda s: s.row("numbers", "Pixels that no window")[0] == 36 - 25,
        "checkerboard": lambda s: s.cells("numbers")[-1][1] == "1 to 4",
        "even": lambda s: s.cells("numbers")[-1][1] == "4 to 4",
    },
    "convolution-channels": {
        "depthwise": lambda s: s.row("numbers", "grouped") == s.row("numbers", "depthwise"),
        "mobilenet": lambda s: close(s.row("numbers", "depthwise +")[2], 1 / 128 + 1 / 9),
        "resnext": lambda s: close(s.row("numbers", "grouped")[2], 1 / 32, 0.01),
        "few": lambda s: s.row("numbers", "depthwise +")[2] > 1,
    },
    "convolution-field": {
        "five": lambda s: s.column("numbers", 6)[-1] == 1 + 5 * 2,
        "one": lambda s: s.column("numbers", 6)[-1] == s.at("five").column("numbers", 6)[-1],
        "dilated": lambda s: s.column("numbers", 6)[-1] == 1 + 2 * (1 + 2 + 4 + 8),
        "deep": lambda s: s.said()[3] < s.said()[1] / 3,
    },
    "convolution-learn": {
        # Sharpening has sums of 1 and a 5 in the middle: after 20 steps the middle is far off
        "photo": lambda s: s.column("numbers", 2)[0] > 3,
        "noise": lambda s: s.column("numbers", 2)[0] < 0.01,
        "momentum": lambda s: s.column("numbers", 2)[0] < 0.1,
        "fast": lambda s: s.column("numbers", 1)[0] > 1e3,
        "small": lambda s: s.column("numbers", 3)[0] > 1e-5,
        "stripes": lambda s: s.column("numbers", 1)[0] == 0 and s.column("numbers", 2)[0] > 0.5,
        "edges": lambda s: 0.1 < s.column("numbers", 3)[0] <= s.column("numbers", 1)[0],
    },
    "convolution-network": {
        "three": lambda s: "answers 3" in s.alt(),
        "corner": lambda s: "answers 7" in s.alt(),
        "wrong": lambda s: "answers 1" in s.alt() and s.said()[1] > 0.9,
        "strange": lambda s: s.said()[0] > 0.9,
    },
    "pooling-shift": {
        "pixel": lambda s: "Max: 100 %" in s.alt(),
        "coarse": lambda s: re.findall(r"(\d+) %", s.alt()) == ["0"] * 4,
        "whole": lambda s: re.findall(r"(\d+) %", s.alt()) == ["0"] * 4,
        "cure": lambda s: number(s.alt().split("MaxBlurPool: ")[1]) < number(s.alt().split("Max: ")[1]) / 3,
    },
    "augmentations-label": {
        "six": lambda s: s.cells("numbers")[0][1] == s.cells("numbers")[0][-1] == "9",
        "eight": lambda s: s.cells("numbers")[0][1] == s.cells("numbers")[0][-1] == "8",
        "coat": lambda s: "coat" not in s.cells("numbers")[0],
    },
    "augmentations-views": {
        "doubt": lambda s: [row[1] for row in s.cells("numbers")] == ["5", "6"],
        "far": lambda s: s.cells("numbers")[1][1] != "6",
        "mirror": lambda s: s.cells("numbers")[1][1] != "6",
        "clothes": lambda s: s.cells("numbers")[1][1] == "shirt",
    },
    "augmentations-help": {
        "helps": lambda s: s.column("numbers", 2)[0] + 0.02 < s.column("numbers", 2)[1],
        "flips": lambda s: s.column("numbers", 2)[0] > s.column("numbers", 2)[1] + 0.1,
        "many": lambda s: abs(s.column("numbers", 2)[0] - s.column("numbers", 2)[1]) < 0.03,
        "clothes": lambda s: s.column("numbers", 2)[0] >= s.column("numbers", 2)[1],
    },
    "augmentations-mixing": {
        "rarely": lambda s: all(min(lam, 1 - lam) < 0.1 for lam in s.column("numbers", 1)),
        "cutout": lambda s: set(s.column("numbers", 2)) == {1},
        "digits": lambda s: {*s.column("numbers", 2), *s.column("numbers", 3)} == {0.5},
    },
    "detection": {
        "good": lambda s: round(iou(*_written(s)), 1) == number(s.title),
        "touch": lambda s: iou(*_written(s)) == 0,
        "nested": lambda s: s.said()[0] == s.said()[1] > s.said()[2],
        "centred": lambda s: s.said()[0] == s.said()[1] == s.said()[2] > s.said()[3],
        "pixel": lambda s: 0 < iou(*_written(s)) < 0.5 and _written(s)[0][0] - _written(s)[1][0] == 8,
    },
    "detection-regress": {
        "zero": lambda s: s.row("numbers", "IoU")[:2] == [0, 0],
        "touching": lambda s: s.row("numbers", "IoU")[0] > 0 and s.row("numbers", "IoU")[2] > 0,
        "fast": lambda s: math.isnan(s.row("numbers", "DIoU")[2]),
    },
    "detection-nms": {
        "two": lambda s: s.said()[0] == 1 and s.said()[3] == 2,
        "soft": lambda s: s.row("rules", "Hard")[2] == 0.5 and s.row("rules", "Soft, Gaussian")[1:3] == [1, 1],
        "high": lambda s: s.row("rules", "Hard")[1] < s.at("").row("rules", "Hard")[1] / 2,
        "low": lambda s: s.row("rules", "Hard")[2] < 1,
        "coins": lambda s: [s.said()[3], s.said()[0] + s.said()[1]] == [*map(number, s.title.split(","))],
    },
    "detection-ap": {
        "duplicate": lambda s: any(row[4] == "duplicate" for row in s.cells("matching")),
        "sure": lambda s: s.row("averages", "class 0")[2] < s.at("alarms").row("averages", "class 0")[2] == 1,
        "missed": lambda s: s.row("averages", "mean")[2] <= 0.5,
        "strict": lambda s: s.row("averages", "mean")[2] < s.at("").row("averages", "mean")[2] / 2,
    },
    "detection-anchors": {
        "tall": lambda s: s.row("kinds", "learn object B")[1] < 0.5 and s.row("kinds", "learn object B")[0] > 0,
        "orphan": lambda s: s.row("kinds", "learn object B")[0] == 0,
        "fine": lambda s: close(s.row("kinds", "negative")[0], 4 * s.at("").row("kinds", "negative")[0]),
        "easy": lambda s: s.row("losses", "cross-entropy")[4] > 0.8,
        "small": lambda s: s.row("kinds", "learn object A")[0] == 1,
        "decoded": lambda s: iou(s.row("journey", "A"), s.row("journey", "what they make")) > 0.98,
    },
    "detection-detector": {
        "crowd": lambda s: s.row("stages", "after suppression")[0] == 1,
        "nosup": lambda s: s.row("stages", "after suppression") == s.row("stages", "after the confidence cut"),
        "noise": lambda s: s.row("stages", "after suppression")[0] > 2 * s.at("").row("stages", "after suppression")[0],
        "squeezed": lambda s: s.row("stages", "after suppression")[0] == 0,
    },
    "vae-inside": {"collapse": lambda s: s.said("dimensions")[0] < s.said("dimensions")[1]},
    "vae-train": {"collapse": lambda s: sum(kl > 0.1 for kl in s.said("each_kl")[1::2]) <= 2},
    "vae-factors": {
        "beta4": lambda s: max(s.at(p).row("numbers", "mean")[-1] for p in ("beta1", "plain"))
        < s.row("numbers", "mean")[-1],
    },
    "vae-restore": {
        "noise": lambda s: s.row("quality", "restored")[0] > s.row("quality", "given")[0],
        "half": lambda s: s.column("shares", 4)[0] < s.at("shoe").column("shares", 4)[0],
    },
    "vae-kl": {
        "prior": lambda s: close(s.row("numbers", "KL(p")[-1], 0.5 * (0.16 + 2.25 - 1 - math.log(0.16))),
        "widths": lambda s: s.row("numbers", "KL(q")[-1] > 3 * s.row("numbers", "KL(p")[-1],
        "far": lambda s: close(s.row("numbers", "JS")[-1], math.log(2)) and s.row("numbers", "KL(p")[-1] == 5**2 / 0.5,
        "covers": lambda s: s.row("ends", "smaller and smaller KL(p")[1] > 2,
        "seeks": lambda s: s.row("ends", "smaller and smaller KL(q")[1] == 0.5,
    },
    "gan-round": {
        "sure": lambda s: abs(s.row("numbers", "loss of G")[0]) < 0.01,
        "pulls": lambda s: s.row("numbers", "loss of G")[0] > 5,
        "done": lambda s: all(abs(s.row("numbers", f"D of the {side}")[0] - 0.5) < 0.05 for side in ("data", "fakes")),
    },
    "gan-dirac": {
        # all set out from (1, 1), at a distance of √2
        "circles": lambda s: s.row("numbers", "Wasserstein")[1] > 1.4 and 0.4 < s.row("numbers", "Non-sat")[1] < 0.6,
        "critics": lambda s: min(s.column("numbers", 1)) > 0.9,
        "thrown": lambda s: min(s.column("numbers", 1)) > 1.2 * math.sqrt(2),
        "tight": lambda s: 0.1 < s.column("numbers", 1)[0] < math.sqrt(2),
    },
}  # fmt: skip


def _written(s: Shown) -> list[list[float]]:
    """Corners of both boxes, as the table of formats has them."""
    a, b = next(row for row in s.cells("written") if row[0].startswith("corners"))[1:]
    return [[float(v) for v in cell.split()] for cell in (a, b)]


@pytest.mark.parametrize("address", [together(a) for a in CLAIMS])
def test_presets_show_what_their_names_say(address):
    broken = [preset for preset, claim in CLAIMS[address].items() if not claim(Shown(address, preset))]
    assert broken == []
