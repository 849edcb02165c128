"""Each preset of the GAN in the plane shows what its name says. The runs are those that the contract tests render."""

import pytest
import torch
from streamlit.testing.v1 import AppTest

from app.gan import plane
from app.jobs import Job, Watched
from core import clouds, gan2d, gan_losses
from tests.app.test_jobs import ByHand, run_to
from tests.pages.screen import figures, presets, rendered, rows

pytestmark = pytest.mark.xdist_group("gan")


def run_of(preset: str) -> Watched:
    return rendered("gan", preset).session_state["_live.desk"].jobs["gan"].watched()


def differ(one: str, other: str) -> set[str]:
    """The controls in which two presets differ."""
    here, there = (rendered("gan", p).session_state["_lab.controls"] for p in (one, other))
    return {key for key, control in here.items() if control.value != there[key].value}


def swing(run: Watched) -> float:
    """How far the middle of the generated points moves from one moment to the next, in the second half of the run."""
    middles = torch.stack([m.seen[0].shot.fake.mean(0) for m in run.moments[len(run.moments) // 2 :]])
    return float((middles[1:] - middles[:-1]).norm(dim=1).mean())


def test_it_works_by_default() -> None:
    covered, good = run_of("works").seen.near
    assert covered == 8 and good > 0.45


def test_collapse_forgets_modes_and_the_gradient_penalty_alone_brings_them_back() -> None:
    collapsed, mended = run_of("collapse"), run_of("mends")
    assert collapsed.seen.near[0] <= 5 and collapsed.seen.near[1] > 0.7, "good points, at a few of the places"
    assert mended.seen.near[0] == 8 and mended.seen.near[1] > 0.4
    assert differ("collapse", "mends") == {"gan.loss"}


def test_one_swings_and_smoothing_calms_it() -> None:
    swings, calm = run_of("swings"), run_of("smooth")
    assert swings.seen.near[0] <= 3 and calm.seen.near[0] >= 5
    assert differ("swings", "smooth") == {"gan.smooth"}
    assert swing(swings) > 2 * swing(calm) and swing(swings) > 0.4


def test_a_gradient_fades_and_g_stands_still() -> None:
    run = run_of("fades")
    strength = run.past(lambda seen: seen.shot.grad_g)[1:]  # before the first round there is none
    assert strength[-1] < 0.3 * strength[0] and run.seen.near[1] < 0.05
    assert (run.moments[0].seen[0].shot.fake - run.seen.shot.fake).norm(dim=1).mean() < 0.1


@pytest.mark.parametrize("preset", presets("gan"))
def test_the_table_says_so_too(preset: str) -> None:
    screen: AppTest = rendered("gan", preset)
    covered, good = run_of(preset).seen.near
    assert rows(figures(screen)["gan.numbers"])[1][1:3] == [f"{covered:.0f}", f"{good:.3f}"]


def test_the_numbers_of_the_run_are_those_of_its_moments_and_of_both_branches() -> None:
    state = gan2d.init(clouds.cloud("two"))
    job = Job(plane.MODEL, [state], {"loss": gan_losses.chosen_loss("ns"), "batch": 16}, place=ByHand())
    run_to(job, 2)
    job.do("branch")
    job.steer({"lr_g": 0.1})
    run_to(job, 4)
    table = plane.columns(job.watched())
    assert table["step"] == [0, 1, 2, 3, 4] and {len(column) for column in table.values()} == {5}
    last = job.watched()
    assert table["fid"][-1] == pytest.approx(last.seen.scores.fid)
    assert table["loss_g_old"][-1] == pytest.approx(last.rival.shot.loss_g)
    assert table["js"][-1] != table["js_old"][-1] and table["js_old"][0] != table["js_old"][0], "NaN before the branch"
