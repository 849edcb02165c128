"""The catalogue of transforms: every one renders, from controls alone; the same seed gives the same picture."""

import ast
import hashlib
import inspect
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from app.augment import catalogue, controls, knobs, parity, samples
from app.domains import Refused

import albumentations as A  # isort: skip  (app.augment keeps it from asking the network)

NAMES = list(catalogue.transforms())
CARD, OTHER = samples.card(144, 160), samples.card(144, 160)[::-1].copy()
pytestmark = pytest.mark.filterwarnings("ignore")  # the library warns of what is slow or has another name

# Ends of controls where the library itself refuses, and why. Nothing else may.
REFUSES = {
    "CenterCrop": "the frame is larger than the picture", "RandomCrop": "the frame is larger than the picture",
    "AtLeastOneBBoxRandomCrop": "the frame is larger than the picture", "Crop": "the frame is empty",
    "CropNonEmptyMaskIfExists": "the frame is larger than the picture", "RandomSizedCrop": "the frame is too large",
    "Affine": "shares and pixels together", "CropAndPad": "shares and pixels together",
    "RandomSunFlare": "the region is empty", "RandomShadow": "the region is empty",
    "RandomGravel": "the region is empty",
    "RandomCropFromBorders": "nothing is left", "AdvancedBlur": "beta has to include 1",
    "Erasing": "with no hole 2.0.8 stumbles", "Mosaic": "the target is larger than the cells",
    "ChromaticAberration": "remap of OpenCV knows no exact ways", "PlanckianJitter": "white has to be included",
    "GridDropout": "the unit is larger than the picture",
    "PadIfNeeded": "a size and a divisor together", "HEStain": "a preset for a method without one",
}  # fmt: skip


def defaults(name: str) -> dict[str, Any]:
    return controls.given(name, {})


def ends(knob: knobs.Knob) -> list[Any]:
    if knob.kind == "switch":
        return [False, True]
    if knob.kind == "choice":
        return [str(c) for c in knob.choices]
    return (
        [(knob.low, knob.low), (knob.low, knob.high), (knob.high, knob.high)]
        if knob.kind == "range"
        else [knob.low, knob.high]
    )


def drawn(name: str, now: dict[str, Any]) -> samples.Sample:
    made = controls.made(name, controls.given(name, now))
    return samples.samples(CARD, made, [3], OTHER)[0]


def test_the_catalogue_has_every_transform_of_pictures():
    base = (A.ImageOnlyTransform, A.DualTransform)
    public = {n for n, c in vars(A).items() if inspect.isclass(c) and issubclass(c, base) and c not in base}
    volumes = {n for n in public if issubclass(getattr(A, n), A.Transform3D)}
    assert public - volumes == {*NAMES, *catalogue.LEFT_OUT}
    assert len(NAMES) > 95
    assert {t.group for t in catalogue.transforms().values()} == {*catalogue.GROUPS}


@pytest.mark.parametrize("name", NAMES)
def test_renders_at_its_defaults_and_at_the_ends_of_each_control(name):
    assert drawn(name, {}).image.dtype == np.uint8
    refused = []
    for argument in catalogue.transforms()[name].arguments:
        for i, knob in enumerate(argument.knobs):
            start = f"{name}_{argument.name}"
            key = f"{start}_{i}" if len(argument.knobs) > 1 else start
            for end in ends(knob) if name not in catalogue.SLOW else ends(knob)[:1]:
                try:
                    image = drawn(name, {f"{start}_on": True, key: end}).image
                except Exception as why:
                    refused.append((key, end, why))
                else:
                    assert image.ndim == 3 and image.shape[2] == 3 and image.size
    assert not refused or name in REFUSES, refused


@pytest.mark.parametrize("name", NAMES)
def test_controls_reach_the_defaults_and_stay_within_the_constraints(name):
    for argument in catalogue.transforms()[name].arguments:
        for knob in argument.knobs:
            if knob.kind in ("number", "range"):
                values = knob.default if knob.kind == "range" else (knob.default,)
                assert all(knob.low <= v <= knob.high for v in values)
                assert all(abs((v - knob.low) / knob.step - round((v - knob.low) / knob.step)) < 1e-3 for v in values)
                assert 1 <= (knob.high - knob.low) / knob.step <= 2000


_PRINT = """
import ast
import hashlib
from app.augment import controls, samples
for name in {names}:
    made = controls.made(name, controls.given(name, {{}}))
    for s in samples.samples(samples.card(144, 160), made, [0, 7]):
        print(name, s.seed, hashlib.sha256(s.image.tobytes()).hexdigest())
"""


def test_the_same_seed_gives_the_same_picture_in_another_process():
    names = [n for n in NAMES if n not in catalogue.SLOW]
    there = subprocess.run([sys.executable, "-W", "ignore", "-c", _PRINT.format(names=names)], capture_output=True,
                           text=True, check=True, timeout=100).stdout.split()  # fmt: skip
    here = []
    for name in names:
        for s in samples.samples(samples.card(144, 160), controls.made(name, defaults(name)), [0, 7]):
            here += [name, str(s.seed), hashlib.sha256(s.image.tobytes()).hexdigest()]
    assert here == there


def test_a_seed_is_what_compose_makes_of_it():
    made = A.Affine(rotate=(-30, 30), p=1)
    ours = samples.samples(CARD, made, [5])[0].image
    assert np.array_equal(ours, A.Compose([A.Affine(rotate=(-30, 30), p=1)], seed=5)(image=CARD)["image"])


def test_two_equal_stages_of_a_pipeline_draw_equal_values():
    """As the theory note says."""
    stages = [A.RandomBrightnessContrast(p=1), A.RandomBrightnessContrast(p=1)]
    A.Compose(stages, seed=3)(image=CARD)
    assert stages[0].get_applied_params() == stages[1].get_applied_params()


def test_arguments_that_do_not_go_together_are_refused_with_the_reason():
    with pytest.raises(Refused, match="px or percent"):
        controls.made("CropAndPad", {"px": (1, 2), "percent": (0.1, 0.2)})


def test_a_call_names_only_what_differs_from_the_library():
    assert catalogue.spelt("Rotate", defaults("Rotate")) == "A.Rotate(p=1.0)"
    assert "limit=(-10, 10)" in catalogue.spelt("Rotate", defaults("Rotate") | {"limit": (-10, 10)})


def test_a_sweep_goes_from_end_to_end():
    argument, part = controls.sweepable("Rotate", {})["limit"]
    found = [controls.swept(defaults("Rotate"), argument, part, share)[0]["limit"] for share in (0, 0.5, 1)]
    assert found == [(-180, -180), (0, 0), (180, 180)]


def test_the_words_of_torchvision_carry_the_values_of_the_controls():
    """Each was compared with torchvision 0.29 by hand: a turn of Affine has the other sign there."""
    for name in parity.EQUIVALENTS:
        told = parity.torchvision(name, defaults(name))
        assert told is not None and ast.parse(told[0]) and told[0].startswith("v2.") and told[1]
    turned = defaults("Affine") | {"rotate": (-10, 40), "shear": (-5, 7), "translate_percent": (-0.1, 0.2)}
    assert parity.torchvision("Affine", turned)[0] == (
        "v2.RandomAffine(degrees=(-40, 10), translate=(0.2, 0.2), scale=(0.8, 1.2), shear=(-5, 7, -5, 7))"
    )
    assert parity.torchvision("Rotate", defaults("Rotate") | {"limit": (-10, 40)})[0].startswith(
        "v2.RandomRotation(degrees=(-10, 40)"
    )
    assert parity.torchvision("CLAHE", {}) is None
