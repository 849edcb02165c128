"""What app/live/js/figure.js leans on in Streamlit's page. When one of these fails after an upgrade, start there."""

from tests.browser.conftest import Visit

SENTENCE = "app/live/js/figure.js leans on this; see its first comment"


def test_a_key_is_a_class(visit: Visit, gallery: str) -> None:
    hand = visit(gallery)
    for key in ("gallery-x", "gallery-n", "gallery-lr", "gallery-span"):
        assert hand.page.locator(f".st-key-{key}").count() == 1, SENTENCE


def test_a_thumb_is_a_range_input(visit: Visit, gallery: str) -> None:
    hand = visit(gallery)
    counts = {key: hand.inputs(f"gallery.{key}").count() for key in ("x", "n", "lr", "span")}
    assert counts == {"x": 1, "n": 1, "lr": 1, "span": 2}, SENTENCE
    assert [i.get_attribute("value") for i in hand.inputs("gallery.span").all()] == ["-4", "4"], SENTENCE
    assert hand.inputs("gallery.x").get_attribute("value") == "0", SENTENCE


def test_a_select_slider_counts_its_options(visit: Visit, gallery: str) -> None:
    hand = visit(gallery)
    index = int(hand.inputs("gallery.lr").get_attribute("value") or -1)
    assert 0 < index < 200 and hand.inputs("gallery.lr").get_attribute("min") == "0", SENTENCE
    shown = hand.page.locator(".st-key-gallery-lr [data-testid=stSliderThumbValue]").first.inner_text()
    assert shown.strip() == "0.01"
    hand.inputs("gallery.lr").focus()
    hand.page.keyboard.press("ArrowRight")
    hand.page.wait_for_function(
        "at => +document.querySelector('.st-key-gallery-lr input[type=range]').getAttribute('value') === at",
        arg=index + 1,
    )


def test_the_value_attribute_changes_while_the_thumb_moves(visit: Visit, gallery: str) -> None:
    hand = visit(gallery)
    hand.page.evaluate(
        """() => {
          window.__values = [];
          new MutationObserver((changes) => changes.forEach(({ target }) => {
            if (target.type === "range") window.__values.push(+target.getAttribute("value"));
          })).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["value"] });
        }"""
    )
    hand.drag(hand.thumb("gallery.x"), 60, release=False)
    hand.page.wait_for_function("() => new Set(window.__values).size >= 3")
    assert "gallery.x" not in hand.url(), "Streamlit itself learns of it at release only"
    hand.release()
    hand.until_url("gallery.x=")


def test_the_script_says_when_it_rests(visit: Visit, gallery: str) -> None:
    """The tests and the bench wait for this attribute."""
    hand = visit(gallery)
    assert hand.page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').count() == 1
