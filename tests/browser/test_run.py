"""The bar of a run: play, pause, one step, back through the run, branch; a reload and a second tab."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.hand import Hand

STAGE = "gan.stage"
PAGE = "/gan?gan.steps=0&gan.g_width=8&gan.d_width=8"


def until_step(hand: Hand, test: str) -> int:
    """Waits until the step that is shown passes `test`, JavaScript over `n`; gives it back."""
    found = hand.page.wait_for_function(
        f"root => {{ const n = +document.querySelector(root).dataset.step; return ({test}) ? [n] : null; }}",
        arg=f'[data-view="{STAGE}"]',
    )
    return found.json_value()[0]


def press(hand: Hand, name: str) -> None:
    hand.figure(STAGE).get_by_role("button", name=name, exact=True).click()


def test_a_run_is_played_paused_scrubbed_and_branched(visit: Visit, app: str) -> None:
    hand = visit(app + PAGE)
    press(hand, "One step")
    until_step(hand, "n === 1")
    press(hand, "Play")
    until_step(hand, "n > 5")
    press(hand, "Pause")
    expect(hand.figure(STAGE).get_by_role("button", name="Play", exact=True)).to_be_visible()
    scrub = hand.figure(STAGE).locator(".lb-run input[type=range]")
    scrub.evaluate("(e) => { e.value = 1; e.dispatchEvent(new Event('input')); }")
    until_step(hand, "n === 1")
    assert "Step 1:" in hand.until_label("label.startsWith('Step 1:')", STAGE)
    press(hand, "Branch: two runs from here")
    expect(hand.figure(STAGE).get_by_role("button", name="One run again", exact=True)).to_be_visible()
    press(hand, "One step")
    until_step(hand, "n === 2")  # what came after the branch is forgotten
    hand.until_label("label.startsWith('Step 2:')", STAGE)


def test_a_reload_in_the_middle_begins_anew_and_a_second_tab_has_a_run_of_its_own(visit: Visit, app: str) -> None:
    hand = visit(app + PAGE)
    press(hand, "Play")
    until_step(hand, "n > 3")
    other = visit(app + PAGE, context=hand.page.context)
    assert until_step(other, "true") == 0
    press(other, "One step")
    until_step(other, "n === 1")
    hand.page.bring_to_front()
    until_step(hand, f"n > {until_step(hand, 'true')}")  # the first one runs on
    hand.page.reload()
    hand.ready()
    assert until_step(hand, "true") == 0
    press(hand, "One step")
    until_step(hand, "n === 1")
