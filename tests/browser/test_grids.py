"""Number grids under a pointer, by keyboard, played and painted."""

import re

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Visit
from tests.browser.hand import Hand

STAGE, POOL = "convolution-arithmetic.stage", "pooling-arithmetic.stage"


def parts(hand: Hand, name: str) -> tuple[Locator, Locator]:
    """The board of numbers, and the sentence below it."""
    return hand.figure(name).locator(".lb-board"), hand.figure(name).locator(".lb-sum")


def sweep(hand: Hand, board: Locator, sentence: Locator) -> list[str]:
    """What is said while the pointer goes straight across all grids."""
    box = board.bounding_box()
    assert box is not None
    seen = []
    for i in range(1, 60):
        hand.page.mouse.move(box["x"] + box["width"] * i / 60, box["y"] + box["height"] * 0.54)
        seen.append(sentence.inner_text())
    hand.page.mouse.move(box["x"] + box["width"] / 2, box["y"] - 30)
    return seen


def test_pointer_keys_and_playback(visit: Visit, app: str) -> None:
    hand = visit(f"{app}/convolution-arithmetic")
    board, sentence = parts(hand, STAGE)
    chosen = sentence.inner_text()
    assert chosen.startswith("y[2, 2] = ")
    seen = sweep(hand, board, sentence)
    assert [next(text for text in seen if text.startswith(name)) for name in ("x[", "w[", "y[")]
    for text in seen:  # the sum that is written out is the number that it claims
        if text.startswith("y["):
            left, value = re.fullmatch(r"y\[.*?\] = (.*) = (.*)", text.replace("−", "-").replace("·", "*")).groups()
            assert eval(left) == int(value)
    expect(sentence).to_have_text(chosen)  # the pointer has gone: the chosen output again

    board.focus()
    hand.page.keyboard.press("ArrowRight")
    expect(sentence).to_contain_text("y[2, 3] =")
    hand.until_url("convolution-arithmetic.col=3")
    hand.page.keyboard.press("ArrowLeft")
    for _step in range(3):
        hand.page.keyboard.press("ArrowLeft")
    expect(sentence).to_contain_text("w[2, 2] =")  # over the edge, into the kernel
    hand.page.get_by_role("button", name="One step").click()
    expect(sentence).to_contain_text("y[2, 1] =")  # on from y[2, 0], the output that was chosen last


def test_playback_starts_at_the_chosen_output_and_its_link_follows(visit: Visit, app: str) -> None:
    hand = visit(f"{app}/convolution-arithmetic?convolution-arithmetic.row=1&convolution-arithmetic.col=0")
    sentence, scrub = parts(hand, STAGE)[1], hand.page.locator(".lb-player input")
    expect(scrub).to_have_value("5")
    hand.page.locator(".lb-player select").select_option("0.25")  # ten seconds to the end, for the slowest machine
    sentence.evaluate("""(node) => {
      window.said = [];
      const told = new MutationObserver(() => said.push(node.innerText));
      told.observe(node, { childList: true, characterData: true, subtree: true });
    }""")
    hand.page.get_by_role("button", name="Play").click()
    hand.page.wait_for_function("() => said.length")
    hand.page.get_by_role("button", name="Pause").click()
    assert hand.page.evaluate("said[0]").startswith("y[1, 1] ="), "on from there, not from the first"
    row, column = re.match(r"y\[(\d), (\d)\]", sentence.inner_text()).groups()
    expect(scrub).to_have_value(str(5 * int(row) + int(column)))
    hand.page.wait_for_function(
        """([row, column]) => {
          const at = new URLSearchParams(location.search), name = "convolution-arithmetic.";
          return (at.get(name + "row") ?? "2") === row && (at.get(name + "col") ?? "2") === column;
        }""",
        arg=[row, column],
    )
    hand.rest()
    expect(sentence).to_contain_text(f"y[{row}, {column}] =")


def test_a_link_brings_the_chosen_output_back(visit: Visit, app: str) -> None:
    hand = visit(f"{app}/pooling-arithmetic?pooling-arithmetic.row=3&pooling-arithmetic.col=0")
    expect(parts(hand, POOL)[1]).to_contain_text("y[3, 0] = max(")


def test_a_painted_stroke_goes_into_the_link(visit: Visit, app: str) -> None:
    chosen = "pooling-arithmetic.row=0&pooling-arithmetic.col=0"
    link = f"pooling-arithmetic.pattern=drawn&pooling-arithmetic.n=4&pooling-arithmetic.drawn=0000&{chosen}"
    hand = visit(f"{app}/pooling-arithmetic?{link}")
    board, sentence = parts(hand, POOL)
    expect(sentence).to_contain_text("max(0, 0, 0, 0) = 0")
    box = board.bounding_box()
    assert box is not None
    x, y = box["x"], box["y"]
    for i in range(400):  # the first cell that is a pixel, from the upper left
        hand.page.mouse.move(x + i, y + 60)
        if sentence.inner_text().startswith("x["):
            break
    hand.page.mouse.down()
    hand.page.mouse.up()
    hand.until_url("pooling-arithmetic.drawn=9000.0000.0000.0000")
    board.focus()
    expect(sentence).to_contain_text("max(9, 0, 0, 0) = 9")
