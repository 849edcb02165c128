"""Pipelines: drawn from one stream, written and read back; hostile texts are refused."""

import json
import subprocess
import sys

import numpy as np
import pytest

from app import images
from app.augment import samples, view
from app.augment.pipeline import Stage, compose, operations, read, written
from app.code import Verbatim, exported
from app.domains import Refused

import albumentations as A  # isort: skip  (app.augment keeps it from asking the network)

CARD = samples.card(64, 80)
STAGES = (
    Stage("Affine", {"rotate": (-30, 30)}),
    Stage("HorizontalFlip", {}, 0.5),
    Stage("GaussNoise", {}, 0.25),
)


def applied(made: A.Compose, alike: bool) -> list[str]:
    return [s.drawn["applied"] for s in samples.run(CARD, made, range(200), alike)]


def test_stages_are_applied_independently_but_not_as_the_library_seeds_them():
    def made() -> A.Compose:
        return A.Compose([A.HorizontalFlip(p=0.5), A.InvertImg(p=0.5)])

    both = ("HorizontalFlip, InvertImg", "")
    assert 60 < sum(text in both for text in applied(made(), alike=False)) < 140
    assert all(text in both for text in applied(made(), alike=True))


@pytest.mark.parametrize("form", ["json", "yaml"])
@pytest.mark.parametrize("how", ["all", "one", "some"])
def test_a_pipeline_comes_back_as_it_was_written(form, how):
    stage = compose(STAGES, how, 2)
    back = read(written(stage.made(), form))
    assert A.to_dict(back.made()) == A.to_dict(stage.made())
    ours, theirs = (samples.run(CARD, made, range(4)) for made in (stage.made(), back.made()))
    assert all(np.array_equal(a.image, b.image) for a, b in zip(ours, theirs, strict=True))


def test_a_program_of_a_pipeline_makes_the_same_pipeline():
    stage = compose((*STAGES, *operations(0.2, 0.7)), "some", 3)
    assert A.to_dict(eval(stage.spelt(), {"A": A})) == A.to_dict(stage.made())


def holding(*stages: object) -> str:
    return json.dumps({"transform": {"__class_fullname__": "Compose", "transforms": stages}})


def transform(name: str, **given: object) -> str:
    return holding({"__class_fullname__": name, **given})


HOSTILE = {
    "nothing": "", "words": "hello", "list": "[1, 2]", "open": "{",
    "tag": "!!python/object/apply:os.system ['true']",
    "alias": "a: &a [1]\nb: [*a, *a]", "unknown": transform("os.system"), "function": transform("Lambda"),
    "dotted": transform("albumentations.core.serialization.Rotate"),
    "large": transform("Resize", height=10**9, width=8),
    "nan": transform("Rotate", limit=[float("nan"), 1]), "infinite": transform("Rotate", limit=[float("-inf"), 1]),
    "text": transform("Rotate", limit="__import__"), "argument": transform("Rotate", read_file="/etc/passwd"),
    "nested": transform("Rotate", limit=[[[[1]]]]), "boolean": transform("Rotate", limit=[True, False]),
    "p": transform("Rotate", p=7), "holder": holding(), "many": holding(*[{"__class_fullname__": "D4"}] * 31),
    "deep": '{"transform":' + '{"__class_fullname__":"OneOf","transforms":[' * 40, "long": "#" * 30_000,
    "other module": transform("TextImage", font_path="/etc/passwd"), "mapping": transform("Affine", scale={"x": 1e9}),
    "fda": transform("FDA", reference_images=["/etc/passwd"]),
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_known_pipeline_is_refused_with_a_sentence(text):
    with pytest.raises(Refused, match=r"\w+.*\."):
        read(text)


def test_augmix_blends_chains_and_keeps_the_picture_where_they_do_nothing():
    nothing = samples.augmix(CARD, [A.NoOp(p=1), A.NoOp(p=1), A.NoOp(p=1)], range(3))
    assert all(np.abs(s.image.astype(int) - CARD).max() <= 1 for s in nothing)
    mixed = samples.augmix(CARD, [s.made() for s in operations(0.5, 0.5)], [1, 1, 2])
    assert np.array_equal(mixed[0].image, mixed[1].image) and not np.array_equal(mixed[0].image, mixed[2].image)


def test_order_matters_and_the_swap_draws_the_same_values():
    now = {"side": 128, "seed": 1, "alike": False}
    stages = (Stage("CoarseDropout", {}), Stage("Rotate", {}))
    last = view.stepwise(images.photograph("cat"), compose(stages, "all", 1), now, "all")[-2:]
    assert last[0].data != last[1].data
    panels = view.stepwise(images.photograph("cat"), compose(stages, "all", 1), now, "all")
    assert panels[1].data == panels[2].data  # after both stages, and 1 → 2
    alike = view.stepwise(images.photograph("cat"), compose(stages, "all", 1), now | {"alike": True}, "all")
    assert alike[1].data == alike[2].data != panels[2].data
    stages = (Stage("HorizontalFlip", {}), Stage("InvertImg", {}))
    last = view.stepwise(images.photograph("cat"), compose(stages, "all", 1), now, "all")[-2:]
    assert last[0].data == last[1].data


def test_the_exported_code_run_alone_gives_the_pictures_of_the_page(tmp_path):
    photo, now = images.photograph("cat"), {"side": 256, "seed": 3, "alike": False}
    stage = compose(STAGES, "all", 1)
    height, width = view.picture(photo, 256).shape[:2]
    given = {
        "picture": Verbatim(f"given({height}, {width})"),
        "pipeline": Verbatim(stage.spelt()),
        "seeds": range(3, 6),
    }
    script = exported(samples.run, given) + "np.save('found.npy', np.stack([s.image for s in result]))\n"
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    command = [sys.executable, "-I", "script.py", str(images.ASSETS / "images" / "chelsea.png")]
    quiet = {"NO_ALBUMENTATIONS_UPDATE": "1"}
    subprocess.run(command, cwd=tmp_path, check=True, env=quiet, capture_output=True, timeout=100)
    page = view.piped(photo, stage, now, "all", range(3, 6))
    assert np.array_equal(np.load(tmp_path / "found.npy"), np.stack([s.image for s in page]))
