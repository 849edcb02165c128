"""The frame in a real browser: links, language, themes, phone, wrong addresses."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tools.server import serve


def test_a_deep_link_on_a_fresh_server(visit: Visit) -> None:
    """The very first visitor comes by a link: frame, controls and picture stand as the sender saw them."""
    with serve() as fresh:
        hand = visit(f"{fresh}/activations?activations.functions=gelu&activations.x=-1.5")
        assert hand.inputs("activations.x").get_attribute("value") == "-1.5"
        assert "x = -1.5" in hand.label("activations.stage") and "GELU" in hand.label("activations.stage")
        expect(hand.page.get_by_role("heading", name="Activation functions")).to_be_visible()
        expect(hand.page.get_by_text("Home", exact=True)).to_be_visible()


def test_a_control_writes_the_link(visit: Visit, app: str) -> None:
    hand = visit(f"{app}/activations")
    assert "activations." not in hand.url()
    hand.inputs("activations.x").focus()
    hand.page.keyboard.press("ArrowRight")
    hand.until_url("activations.x=2.1")
    hand.page.keyboard.press("ArrowLeft")
    hand.page.wait_for_function("() => !location.search.includes('activations.x')")


def test_a_preset_and_the_way_back(visit: Visit, app: str) -> None:
    hand = visit(f"{app}/activations")
    hand.page.get_by_role("radio", name="Sigmoid saturates").click()
    hand.until_url("activations.x=4")
    hand.until_label("label.startsWith('At x = 4.') && label.includes('Sigmoid') && !label.includes('ReLU')")
    hand.page.get_by_role("button", name="Reset").click()
    hand.page.wait_for_function("() => !location.search.includes('activations.')")
    hand.until_label("label.startsWith('At x = 2.') && label.includes('ReLU')")


def test_the_browsers_language(visit: Visit, app: str) -> None:
    hand = visit(f"{app}/activations", locale="ru-RU")
    expect(hand.page.get_by_role("heading", name="Функции активации")).to_be_visible()
    assert not hand.page.get_by_text("Show the code").count()


def test_the_language_switch(visit: Visit, app: str) -> None:
    hand = visit(f"{app}/activations")
    expect(hand.page.get_by_text("Show the code")).to_be_visible()
    hand.page.get_by_role("radio", name="Русский").or_(hand.page.get_by_role("button", name="Русский")).first.click()
    hand.until_url("lang=ru")
    expect(hand.page.get_by_text("Show the code")).to_have_count(0)
    link = hand.page.url
    again = visit(link)
    assert not again.page.get_by_text("Show the code").count(), "the link carries the language"


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(252, 252, 250)"), ("dark", "rgb(14, 20, 23)")])
def test_the_theme_of_the_browser(visit: Visit, app: str, scheme: str, paper: str) -> None:
    hand = visit(f"{app}/activations", color_scheme=scheme)
    background = hand.page.evaluate(
        "() => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    )
    assert background == paper


def test_a_phone(visit: Visit, app: str) -> None:
    """The stage comes first and stays in view while its controls are moved; nothing is wider than the screen."""
    hand = visit(f"{app}/activations", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    expect(hand.figure("activations.stage")).to_be_in_viewport()
    stage = hand.figure("activations.stage").bounding_box()
    controls = hand.page.locator(".st-key-lab-controls").bounding_box()
    assert stage and controls and stage["y"] < controls["y"]
    assert not hand.wide()
    assert hand.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    hand.thumb("activations.x").scroll_into_view_if_needed()
    thumb, stage = hand.thumb("activations.x").bounding_box(), hand.figure("activations.stage").bounding_box()
    assert thumb and stage
    assert stage["y"] < 400 and stage["y"] + stage["height"] <= thumb["y"], "the picture is in view over its slider"
    assert thumb["y"] < 844


def test_nothing_that_matters_lies_below_the_fold(visit: Visit, app: str) -> None:
    hand = visit(f"{app}/activations")
    stage = hand.page.locator(".st-key-lab-stage").bounding_box()
    assert stage and stage["y"] + stage["height"] <= 800 and stage["height"] >= 450
    assert not hand.wide()


def test_a_wrong_address_shows_the_frame_and_a_way_home(visit: Visit, app: str, watch) -> None:
    watch.forgive(r"404")
    hand = visit(f"{app}/no-such-page", ready=False)
    home = hand.page.get_by_role("link", name="Home")
    expect(home).to_be_visible()
    expect(hand.page.get_by_text("Activations").first).to_be_visible()
    home.click()
    expect(hand.page.get_by_role("heading").first).to_be_visible()
    hand.page.wait_for_function("() => location.pathname === '/'")


@pytest.mark.parametrize(
    "junk",
    [
        "activations.functions=nonsense&activations.alpha=1e9&activations.x=nan&activations.tangent=perhaps&lang=xx",
        "activations.x=99&activations.span=9&activations.threshold=7&activations.view=up",
    ],
)
def test_junk_in_a_link_is_ignored(visit: Visit, app: str, junk: str) -> None:
    hand = visit(f"{app}/activations?{junk}")
    assert hand.label("activations.stage").startswith("At x = 2.")
    assert not hand.page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count()


def test_no_function_chosen_says_what_to_do(visit: Visit, app: str) -> None:
    """And the link that results says the same to whoever opens it."""
    hand = visit(f"{app}/activations")
    hand.page.get_by_role("button", name="Clear all").click()
    expect(hand.page.get_by_text("Choose at least one function")).to_be_visible()
    assert hand.inputs("activations.x").count() == 1
    hand.page.wait_for_function("() => location.search.includes('activations.functions=')")
    again = visit(hand.page.url, ready=False)
    expect(again.page.get_by_text("Choose at least one function")).to_be_visible()


def test_home_has_a_card_for_the_page(visit: Visit, app: str) -> None:
    hand = visit(app)
    hand.page.locator("[data-testid=stMain] a[href$='activations']").first.click()
    hand.page.wait_for_url("**/activations*")
    hand.ready()
    assert hand.frames("activations.stage") >= 1
