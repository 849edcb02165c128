"""The live figure under a real hand: it follows the thumb before it is let go, and the link follows after."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.conftest import Visit, Watch
from tests.browser.hand import Hand
from tools.pointer import middle
from tools.server import free_port, serve

LOST = (
    r"WebSocket|disconnected from server|ERR_CONNECTION|reaching server endpoint|Failed to (fetch|load)|"
    r"NetworkError|AxiosError|Network Error"
)


def numbers(labels: list[str], name: str = "x") -> list[float]:
    return [float(m[1]) for label in labels if (m := re.search(rf"\b{name}=(-?[\d.]+)", label))]


# --- sliders ---


def test_the_picture_follows_the_thumb_before_it_is_let_go(visit: Visit, app: str) -> None:
    hand = visit(f"{app}/activations")
    before, frames = hand.url(), hand.frames("activations.stage")
    hand.drag(hand.thumb("activations.x"), -60, release=False)
    hand.until_label("!label.startsWith('At x = 2.')", "activations.stage")
    hand.until_frames(frames + 1, "activations.stage")
    assert hand.url() == before, "nothing is let go yet"
    assert float(hand.figure("activations.stage").get_attribute("data-latency") or 0) > 0
    hand.release()
    hand.until_url("activations.x=")
    value = re.search(r"activations\.x=(-?[\d.]+)", hand.url())
    assert value and hand.label("activations.stage").startswith(f"At x = {value[1].removesuffix('.0')}.")


PAINTED = """async () => {
  const all = (query) => [...document.querySelectorAll(`[data-testid=live-figure] ${query}`)];
  const numbers = (text) => (text ?? "").match(/-?[\\d.]+/g)?.map((n) => Math.round(+n)) ?? [];
  const colours = async (image) => {
    const copy = Object.assign(new Image(), { src: image.href.baseVal });
    await copy.decode();
    const { width: w, height: h } = copy, board = new OffscreenCanvas(w, h).getContext("2d");
    board.drawImage(copy, 0, 0);
    return [w, h, ...board.getImageData(0, 0, w, h).data];
  };
  return {
    lines: numbers(all("path.js-line").map((p) => p.getAttribute("d")).join(" ")),
    areas: numbers(all("path.js-fill").map((p) => p.getAttribute("d")).join(" ")),
    dots: numbers(all("path.point").map((p) => p.getAttribute("transform")).join(" ")),
    texts: all(".textpoint text").map((t) => t.textContent),
    places: numbers(["x", "y"].flatMap((n) => all(".textpoint text").map((t) => t.getAttribute(n))).join()),
    heat: (await Promise.all(all("image").map(colours))).flat(),
  };
}"""
WITHHOLD = """() => {
  const react = window.Plotly.react;
  window.__asked = [];
  window.Plotly.react = (...what) => void window.__asked.push(what);
  window.__give = () => react(...window.__asked.at(-1));
}"""


def test_what_moves_under_the_hand_is_what_plotly_draws_at_rest(visit: Visit, gallery: str) -> None:
    """Lines, dots, areas, texts and heat maps are moved without Plotly; it would have drawn the same."""
    hand = visit(f"{gallery}/?show=marks")
    before = hand.page.evaluate(PAINTED)
    hand.page.evaluate(WITHHOLD)
    hand.drag(hand.thumb("gallery.x"), 45, release=False)
    at = float(hand.inputs("gallery.x").get_attribute("value") or 0)
    hand.until_label(f"label.endsWith('x={at:g}')")
    asked = "() => new Promise((say) => setTimeout(() => say(window.__asked.length), 250))"
    assert hand.page.evaluate(asked) == 0  # it rests for longer than that, and is not let go
    moved = hand.page.evaluate(PAINTED)
    hand.release()
    hand.page.wait_for_function("() => window.__asked.length > 0")
    hand.page.evaluate("() => window.__give()")
    drawn = hand.page.evaluate(PAINTED)
    for kind in moved:
        assert len(moved[kind]) == len(drawn[kind]) > 0, kind
        if kind == "texts":
            assert moved[kind] == drawn[kind]
        else:
            assert all(abs(a - b) <= 2 for a, b in zip(moved[kind], drawn[kind], strict=True)), kind
        assert moved[kind] != before[kind], kind


def test_nothing_flickers_from_press_to_rest(visit: Visit, gallery: str) -> None:
    """The pictures never go back to an older value, neither while dragging nor when the road of record takes over."""
    hand = visit(gallery)
    labels = hand.watch_labels()
    for _turn in range(2):
        hand.drag(hand.thumb("gallery.x"), 40, steps=12)
    at = float(hand.inputs("gallery.x").get_attribute("value") or 0)
    hand.until_url(f"gallery.x={at:g}")
    hand.rest()
    hand.until_label(f"label.startsWith('x={at:g} ')")
    seen = numbers(labels())
    assert len(seen) >= 4 and seen == sorted(seen) and seen[-1] == at


def test_by_keyboard(visit: Visit, gallery: str) -> None:
    """Sliders of fractions, of whole numbers and of a log scale."""
    hand = visit(gallery)
    for name, expected in {"x": "0.1", "n": "3", "lr": "0.011"}.items():
        hand.inputs(f"gallery.{name}").focus()
        hand.page.keyboard.press("ArrowRight")
        hand.until_label(f"label.includes('{name}={expected} ')")
        hand.until_url(f"gallery.{name}={expected}")


def test_whole_and_log_sliders_by_mouse(visit: Visit, gallery: str) -> None:
    hand = visit(gallery)
    for name, start in {"n": "n=2 ", "lr": "lr=0.01 "}.items():
        hand.drag(hand.thumb(f"gallery.{name}"), 50, release=False)
        hand.until_label(f"!label.includes({start!r})")
        assert f"gallery.{name}=" not in hand.url()
        hand.release()
        hand.until_url(f"gallery.{name}=")


@pytest.mark.parametrize("which", [0, 1])
def test_each_thumb_of_a_range(visit: Visit, gallery: str, which: int) -> None:
    hand = visit(gallery)
    hand.drag(hand.thumb("gallery.span", which), 30 if which == 0 else -30, release=False)
    hand.until_label(
        "!label.endsWith('span=-4..4') && " + ("label.endsWith('..4')" if which == 0 else "label.includes('span=-4..')")
    )
    hand.release()
    hand.until_url("gallery.span=")


def touch(hand: Hand, kind: str, x: float, y: float, session: list = []) -> None:  # noqa: B006
    session[:] = session if session and session[0] is hand else [hand, hand.page.context.new_cdp_session(hand.page)]
    points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
    session[1].send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_a_slider_by_touch(visit: Visit, gallery: str) -> None:
    hand = visit(gallery, has_touch=True)
    x, y = middle(hand.thumb("gallery.x"))
    touch(hand, "touchStart", x, y)
    for i in range(1, 7):
        touch(hand, "touchMove", x + 8 * i, y)
    hand.until_label("+label.match(/x=(-?[\\d.]+)/)[1] > 0.3")
    assert "gallery.x" not in hand.url()
    touch(hand, "touchEnd", x, y)
    hand.until_url("gallery.x=")


def test_a_preset_repaints(visit: Visit, gallery: str) -> None:
    hand = visit(gallery)
    hand.drag(hand.thumb("gallery.x"), 30)
    hand.until_url("gallery.x=")
    hand.page.get_by_role("radio", name="High").click()
    hand.until_label("label.includes('x=4 ') && label.includes('lr=0.1 ')")
    hand.until_url("gallery.lr=0.1")


def test_several_figures_share_one_road(visit: Visit, gallery: str) -> None:
    hand = visit(f"{gallery}?show=many", before=lambda page: page.add_init_script(
        """window.__roads = []; const Real = window.WebSocket;
           window.WebSocket = class extends Real { constructor(url, ...more) { super(url, ...more);
             if (new URL(url).pathname.endsWith("/live")) window.__roads.push(this); } };"""))  # fmt: skip
    hand.drag(hand.thumb("gallery.x"), 50, release=False)
    for name in ("first", "second", "third"):
        hand.until_label("!label.endsWith('x=0')", f"gallery.{name}")
    hand.release()
    hand.until_url("gallery.x=")
    assert hand.page.evaluate("() => window.__roads.filter((road) => road.readyState === 1).length") == 1
    assert hand.page.evaluate("() => window.__roads.length") == 1


def test_two_tabs_of_one_visitor(visit: Visit, gallery: str) -> None:
    one = visit(gallery)
    two = visit(gallery, context=one.page.context)
    for hand, dx in ((one, 40), (two, -40)):
        hand.page.bring_to_front()
        hand.drag(hand.thumb("gallery.x"), dx, release=False)
        hand.until_label("!label.startsWith('x=0 ')")
        hand.release()
        hand.until_url("gallery.x=")
    assert numbers([one.label()])[0] > 0 > numbers([two.label()])[0]


# --- handles ---


def test_a_line_by_mouse(visit: Visit, app: str) -> None:
    hand = visit(f"{app}/activations")
    hand.drag(hand.figure("activations.stage").locator(".lb-handle").first, -50, release=False)
    hand.until_label("!label.startsWith('At x = 2.')", "activations.stage")
    assert "activations.x" not in hand.url()
    hand.release()
    hand.until_url("activations.x=")
    hand.rest()
    hand.page.wait_for_function(  # the slider and the picture have come to the same value
        """() => {
          const x = +document.querySelector(".st-key-activations-x input[type=range]").value;
          const stage = document.querySelector('[data-view="activations.stage"] .lb-stage');
          return stage.getAttribute("aria-label").startsWith(`At x = ${x}.`);
        }"""
    )


def test_a_line_by_arrow_keys(visit: Visit, app: str) -> None:
    hand = visit(f"{app}/activations")
    hand.figure("activations.stage").locator(".lb-handle").first.focus()
    hand.page.keyboard.press("ArrowLeft")
    hand.until_label("label.startsWith('At x = 1.9.')", "activations.stage")
    hand.until_url("activations.x=1.9")


def place(hand: Hand) -> tuple[float, float]:
    found = re.search(r"start=(-?[\d.]+),(-?[\d.]+)", hand.label())
    assert found
    return float(found[1]), float(found[2])


def test_a_point_sets_two_parameters(visit: Visit, gallery: str) -> None:
    hand = visit(f"{gallery}?show=point")
    hand.drag(hand.page.locator(".lb-handle"), 80, 30, release=False)
    hand.until_label("!label.startsWith('start=1.000,1.000')")
    assert "start_x" not in hand.url()
    hand.release()
    hand.until_url("gallery.start_x=")
    hand.until_url("gallery.start_y=")
    x, y = place(hand)
    assert x > 1 > y
    assert f"gallery.start_x={x:g}" in hand.url().replace(".0&", "&") or f"{x:.2f}" in hand.url()


def test_a_point_stays_within_its_bounds(visit: Visit, gallery: str) -> None:
    hand = visit(f"{gallery}?show=point")
    hand.drag(hand.page.locator(".lb-handle"), 2000, -700)
    hand.until_label("label === 'start=4.000,2.000'")
    hand.until_url("gallery.start_x=4")
    handle = hand.page.locator(".lb-handle")
    assert handle.get_attribute("aria-valuemax") == "4" and handle.get_attribute("aria-valuetext") == "4; 2"


def test_a_point_by_arrow_keys(visit: Visit, gallery: str) -> None:
    hand = visit(f"{gallery}?show=point")
    hand.page.locator(".lb-handle").focus()
    for key in ("ArrowRight", "ArrowUp", "ArrowUp"):
        hand.page.keyboard.press(key)
    hand.until_label("label !== 'start=1.000,1.000'")
    hand.until_url("gallery.start_x=")
    x, y = place(hand)
    assert 1 < x < 1.5 and 1 < y < 1.5


def test_a_point_by_touch(visit: Visit, gallery: str) -> None:
    hand = visit(f"{gallery}?show=point", has_touch=True)
    x, y = middle(hand.page.locator(".lb-handle"))
    touch(hand, "touchStart", x, y)
    for i in range(1, 6):
        touch(hand, "touchMove", x + 10 * i, y)
    hand.until_label("+label.match(/start=(-?[\\d.]+)/)[1] > 1.1")
    touch(hand, "touchEnd", x, y)
    hand.until_url("gallery.start_x=")


def test_a_click_puts_the_point_there(visit: Visit, gallery: str) -> None:
    hand = visit(f"{gallery}?show=point")
    x, y = middle(hand.page.locator(".lb-handle"))
    hand.page.mouse.click(x - 100, y + 40)
    hand.until_url("gallery.start_x=")
    hand.until_label("+label.match(/start=(-?[\\d.]+)/)[1] < 0.9")
    hand.page.wait_for_function(
        """([x, y]) => {
             const box = document.querySelector(".lb-handle").getBoundingClientRect();
             return Math.hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y) < 4;
           }""",
        arg=[x - 100, y + 40],
    )


def test_the_corners_of_a_box_in_a_picture(visit: Visit, gallery: str) -> None:
    hand = visit(f"{gallery}?show=box")
    corner = hand.page.get_by_role("slider", name="Lower right")
    hand.drag(corner, 40, 40, release=False)
    hand.until_label("label !== 'box=10,10,40,30'")
    assert "gallery.right" not in hand.url()
    hand.release()
    hand.until_url("gallery.right=")
    hand.rest()
    assert re.fullmatch(r"box=10,10,(4[1-9]|5\d),(3[1-9]|4\d)", hand.label())


# --- kinds ---


def test_space_turns_and_keeps_its_view(visit: Visit, gallery: str) -> None:
    hand = visit(f"{gallery}?show=space")
    camera = "() => JSON.stringify(document.querySelector('.js-plotly-plot')._fullLayout.scene.camera.eye)"
    still = "was === window.__eye && was !== first"
    at_rest = f"first => {{ const was = window.__eye; window.__eye = ({camera})(); return {still}; }}"
    first = hand.page.evaluate(camera)
    x, y = middle(hand.figure().locator(".lb-stage"))
    hand.page.mouse.move(x, y)
    hand.page.mouse.down()
    hand.page.mouse.move(x + 80, y + 20, steps=5)
    hand.page.mouse.up()
    hand.page.wait_for_function(at_rest, arg=first, polling=200)
    turned = hand.page.evaluate(camera)
    hand.drag(hand.thumb("gallery.x"), 40, release=False)
    hand.until_label("label !== 'surface x=0'")
    hand.release()
    hand.until_url("gallery.x=")
    assert hand.page.evaluate(camera) == turned


def test_the_numbers_behind_small_pixels(visit: Visit, gallery: str) -> None:
    hand = visit(f"{gallery}?show=pixels")
    canvas = hand.page.locator(".lb-canvas")
    box = canvas.bounding_box()
    assert box and box["width"] % 8 == 0 and box["width"] > 100, "whole squares"
    assert canvas.evaluate("c => [c.width, c.height, getComputedStyle(c).imageRendering].join()") == "8,8,pixelated"
    hand.page.mouse.move(box["x"] + box["width"] * 2.5 / 8, box["y"] + box["height"] * 3.5 / 8)
    expect(hand.page.locator(".lb-readout")).to_have_text(re.compile(r"\(2, 3\)\s+0\.26"))


def test_a_photograph_follows_the_thumb(visit: Visit, gallery: str) -> None:
    hand = visit(f"{gallery}?show=photo")
    red = "() => document.querySelector('.lb-canvas').getContext('2d').getImageData(50, 50, 1, 1).data[0]"
    assert abs(hand.page.evaluate(red) - 128) <= 3
    hand.drag(hand.thumb("gallery.x"), 50, release=False)
    hand.page.wait_for_function(f"() => ({red})() > 140")
    hand.release()
    hand.until_url("gallery.x=")


def test_playback_needs_no_server(visit: Visit, gallery: str) -> None:
    sent: list[str] = []

    def count(page: Page) -> None:
        page.on("websocket", lambda road: road.on("framesent", lambda data: sent.append(road.url)))

    hand = visit(f"{gallery}?show=play", before=count)
    asked, step = len(sent), "() => +document.querySelector('[data-testid=live-figure]').dataset.step"
    points = "() => document.querySelector('.js-plotly-plot')._fullData[0].x.length"
    assert hand.page.evaluate(points) == 60
    hand.page.get_by_role("button", name="One step").click()
    hand.page.wait_for_function(f"() => ({step})() === 0 && ({points})() === 1")
    hand.page.get_by_role("button", name="One step").click()
    hand.page.wait_for_function(f"() => ({step})() === 1 && ({points})() === 2")
    hand.page.get_by_role("combobox", name="Speed").select_option("0.5")
    hand.page.get_by_role("button", name="Play").click()
    hand.page.wait_for_function(f"() => ({step})() > 4")
    hand.page.locator(".lb-player button").first.click()
    paused = hand.page.evaluate(step)
    assert paused < 59
    hand.page.get_by_role("slider", name="Step t").fill("30")
    hand.page.wait_for_function(f"() => ({step})() === 30 && ({points})() === 31")
    hand.page.get_by_role("combobox", name="Speed").select_option("4")
    hand.page.get_by_role("button", name="Play").click()
    hand.page.wait_for_function(f"() => ({step})() === 59")
    hand.page.evaluate("document.documentElement.style.fontSize = '20px'")  # presenter mode
    hand.page.get_by_role("button", name="One step").click()
    hand.page.wait_for_function(f"() => ({step})() === 0 && ({points})() === 1")
    assert len([url for url in sent[asked:] if url.endswith("/live")]) == 0
    hand.drag(hand.thumb("gallery.x"), 20, release=False)  # and it still follows
    hand.until_label("label !== 'path x=2'")
    hand.release()


def test_playback_is_calm_for_those_who_ask(visit: Visit, gallery: str) -> None:
    hand = visit(f"{gallery}?show=play", reduced_motion="reduce")
    hand.page.evaluate(
        """() => { window.__steps = []; new MutationObserver(() =>
          window.__steps.push([performance.now(), +document.querySelector('[data-testid=live-figure]').dataset.step]))
          .observe(document.body, { subtree: true, attributes: true, attributeFilter: ['data-step'] }); }"""
    )
    hand.page.get_by_role("button", name="Play").click()
    hand.page.wait_for_function("() => window.__steps.length >= 3")
    steps = hand.page.evaluate("() => window.__steps")
    assert steps[2][0] - steps[0][0] > 600, "two still pictures a second"


def test_what_a_draw_says_is_shown_beside_the_last_picture(visit: Visit, gallery: str) -> None:
    hand = visit(f"{gallery}?show=broken")
    note = hand.page.locator(".lb-note")
    expect(note).to_be_hidden()
    thumb = hand.thumb("gallery.x")
    hand.drag(thumb, 30, release=False)
    expect(note).to_have_text("Above 1 there is nothing to see.")
    hand.page.mouse.move(middle(thumb)[0] + 400, middle(thumb)[1], steps=4)
    expect(note).to_have_text(re.compile("cannot be drawn"))
    assert "secret" not in hand.page.content()
    hand.release()
    expect(note).to_be_hidden()


# --- maps ---

CORNERS = """async () => {
  const image = Object.assign(new Image(), { src: document.querySelector(".imagelayer image").href.baseVal });
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const at = (x, y) => [...pen.getImageData(x * image.width, y * image.height, 1, 1).data];
  return [at(0.25, 0.75), at(0.75, 0.75), at(0.25, 0.25), at(0.75, 0.25)]; // the rows of the tensor from below
}"""


def test_a_map_is_painted_and_follows_the_thumb(visit: Visit, gallery: str) -> None:
    hand = visit(f"{gallery}?show=maps")
    orange, blue, green, ink = [213, 94, 0, 255], [0, 114, 178, 255], [0, 133, 95, 255], [29, 35, 41, 255]
    assert hand.page.evaluate(CORNERS) == [orange, blue, green, orange]
    hand.drag(hand.thumb("gallery.x"), 60, release=False)
    hand.until_label("!label.startsWith('x=0 ')")
    hand.until_frames(1)
    assert hand.page.evaluate(CORNERS) == [orange, blue, green, ink]
    hand.release()
    hand.until_url("gallery.x=")
    hand.rest()
    assert hand.page.evaluate(CORNERS) == [orange, blue, green, ink]


# --- tools ---


def test_the_zoom_is_kept_while_dragging(visit: Visit, gallery: str) -> None:
    hand = visit(gallery)
    plot = hand.figure().locator(".nsewdrag").first
    hand.drag(plot, 100, 80)
    zoom = "() => JSON.stringify(document.querySelector('.js-plotly-plot')._fullLayout.xaxis.range)"
    hand.page.wait_for_function(f"() => ({zoom})() !== '[-5,5]'")
    zoomed = hand.page.evaluate(zoom)
    hand.drag(hand.thumb("gallery.x"), 40, release=False)
    hand.until_label("!label.startsWith('x=0 ')")
    assert hand.page.evaluate(zoom) == zoomed
    hand.release()
    hand.until_url("gallery.x=")
    hand.rest()
    assert hand.page.evaluate(zoom) == zoomed


@pytest.mark.parametrize(("name", "start"), [("Save as PNG", b"\x89PNG"), ("Save as SVG", b"<svg")])
def test_downloads(visit: Visit, gallery: str, name: str, start: bytes) -> None:
    hand = visit(gallery)
    hand.figure().hover()
    with hand.page.expect_download() as download:
        hand.page.get_by_role("button", name=name).click()
    content = Path(download.value.path()).read_bytes()
    assert content.startswith(start) and len(content) > 2000


def test_full_screen(visit: Visit, gallery: str) -> None:
    hand = visit(gallery)
    hand.figure().hover()
    hand.page.get_by_role("button", name="Full screen").click()
    hand.page.wait_for_function("() => document.fullscreenElement?.dataset.testid === 'live-figure'")
    hand.page.wait_for_function(
        "() => document.querySelector('.js-plotly-plot .main-svg').clientHeight > innerHeight * 0.8"
    )
    hand.page.evaluate("() => document.exitFullscreen()")
    hand.page.wait_for_function(
        "() => document.querySelector('.js-plotly-plot .main-svg').clientHeight < innerHeight * 0.8"
    )


@pytest.mark.parametrize(("scheme", "stroke"), [("light", "rgb(0, 114, 178)"), ("dark", "rgb(74, 168, 224)")])
def test_the_colours_of_the_theme(visit: Visit, gallery: str, scheme: str, stroke: str) -> None:
    hand = visit(gallery, color_scheme=scheme)
    colour = "() => document.querySelector('.js-plotly-plot .js-line').style.stroke"
    assert hand.page.evaluate(colour) == stroke
    hand.drag(hand.thumb("gallery.x"), 40, release=False)
    hand.until_label("!label.startsWith('x=0 ')")
    assert hand.page.evaluate(colour) == stroke, "the live road has the same colours"
    hand.release()


# --- when the road is cut ---


def cut_off(roads: list[WebSocketRoute], through: Callable[[], bool]) -> Callable[[Page], None]:
    """Puts us between the page and /live; `through` says whether a new connection gets to the server."""

    def between(road: WebSocketRoute) -> None:
        if through():
            road.connect_to_server()
            roads.append(road)
        else:
            road.close(code=4000)

    return lambda page: page.route_web_socket(re.compile(r"/live$"), between)


def test_cut_in_the_middle_of_a_drag_and_back(visit: Visit, gallery: str, watch: Watch) -> None:
    watch.forgive(LOST)
    roads: list[WebSocketRoute] = []
    open_ = [True]
    hand = visit(gallery, before=cut_off(roads, lambda: open_[0]))
    thumb = hand.thumb("gallery.x")
    hand.drag(thumb, 30, release=False)
    hand.until_label("!label.startsWith('x=0 ')")
    open_[0] = False
    roads[-1].close(code=4000)
    expect(hand.figure()).to_have_attribute("data-live", "off")
    expect(hand.page.locator(".lb-mark")).to_be_visible()
    last = hand.label()
    x, y = middle(thumb)
    hand.page.mouse.move(x + 20, y, steps=3)
    open_[0] = True
    expect(hand.figure()).to_have_attribute("data-live", "on")
    hand.until_label(f"label !== {last!r}")  # the thumb has not been let go: the picture catches up with it
    assert "gallery.x" not in hand.url()
    hand.release()
    hand.until_url("gallery.x=")
    expect(hand.page.locator(".lb-mark")).to_be_hidden()


def test_without_the_road_the_page_is_plain_streamlit(visit: Visit, gallery: str, watch: Watch) -> None:
    watch.forgive(LOST)
    hand = visit(gallery, ready=False, before=cut_off([], lambda: False))
    hand.ready(live=False)
    expect(hand.page.locator(".lb-mark")).to_be_visible()
    expect(hand.page.locator(".lb-mark")).to_have_text("not live")
    hand.drag(hand.thumb("gallery.x"), 40)
    hand.until_url("gallery.x=")
    hand.until_label("!label.startsWith('x=0 ')")
    hand.drag(hand.page.locator(".st-key-gallery-n [role=group]"), 20)
    hand.until_url("gallery.n=")


def test_a_handle_works_without_the_road(visit: Visit, gallery: str, watch: Watch) -> None:
    watch.forgive(LOST)
    hand = visit(f"{gallery}?show=point", ready=False, before=cut_off([], lambda: False))
    hand.ready(live=False)
    hand.drag(hand.page.locator(".lb-handle"), 60, 0)
    hand.until_url("gallery.start_x=")
    hand.until_label("+label.match(/start=(-?[\\d.]+)/)[1] > 1.1")


def test_a_server_without_the_road(visit: Visit, watch: Watch) -> None:
    watch.forgive(LOST)
    with serve(app="tests/browser/gallery.py", LIVE="off") as url:
        hand = visit(url, ready=False)
        hand.ready(live=False)
        expect(hand.page.locator(".lb-mark")).to_be_visible()
        hand.drag(hand.thumb("gallery.x"), 40)
        hand.until_label("!label.startsWith('x=0 ')")


def test_the_server_restarts_under_an_open_page(visit: Visit, watch: Watch) -> None:
    watch.forgive(LOST)
    port = free_port()
    with serve(port, app="tests/browser/gallery.py") as url:
        hand = visit(url)
        hand.drag(hand.thumb("gallery.x"), 40)
        x = float(hand.inputs("gallery.x").input_value())
        hand.until_url(f"gallery.x={x:g}")
        left_at = hand.until_label(f"label.startsWith('x={x:g} ')")
        hand.rest()
    expect(hand.figure()).to_have_attribute("data-live", "off")
    with serve(port, app="tests/browser/gallery.py"):
        expect(hand.figure()).to_have_attribute("data-live", "on", timeout=40_000)
        assert hand.label() == left_at
        hand.drag(hand.thumb("gallery.x"), -60, release=False)
        hand.until_label(f"label !== {left_at!r}")
        hand.release()
