"""Controls follow the URL, and nothing but good values gets past them."""

import pytest
from streamlit.testing.v1 import AppTest


def page() -> None:
    """One control of each kind, on a page of its own."""
    from typing import Any

    import torch

    from app.figures.plot import Plot, layout, line
    from app.lab import Lab, Preset

    presets = {
        "steep": Preset("Steep", {"slope": 3.0, "rate": 0.01, "kinds": ["b"], "span": (-1.0, 1.0)}),
        "named": Preset("Named", {"way": "two", "title": "a name", "on": True, "seed": 7}),
        "none": Preset("None", {"kinds": []}),
    }
    lab = Lab("trial", presets)
    lab.slider("slope", "Slope", 0.0, 5.0, 1.0, 0.5)
    lab.slider("count", "Count", 1, 9, 3)
    lab.slider("span", "Span", -2.0, 2.0, (-2.0, 2.0), 0.5)
    lab.slider("rate", "Rate", 1e-3, 1.0, 0.1, log=True)
    lab.choice("way", "Way", {"one": "The first", "two": "The second"})
    lab.choice("long", "Long", {f"n{i}": f"Number {i}" for i in range(9)}, "n4")
    lab.choices("kinds", "Kinds", {"a": "Kind A", "b": "Kind B", "c": "Kind C"}, ["a", "c"])
    with lab.fold("More"):
        lab.toggle("on", "On")
        lab.text("title", "Title", "none", longest=12)
        lab.number("exact", "Exact", -1.0, 1.0, 0.25, 0.05)
        lab.seed()
    lab.pen("scrawl", ".AAA___")

    def stage(slope: float, rate: float, **rest: Any) -> Plot:
        x = torch.tensor([0.0, 1.0])
        return Plot([line(x, slope * x, "", "#0072b2")], layout(), f"slope {slope}, rate {rate}")

    lab.live(stage)


DEFAULTS = {
    "slope": 1.0, "count": 3, "span": (-2.0, 2.0), "rate": 0.1, "way": "one", "long": "n4", "kinds": ["a", "c"],
    "on": False, "title": "none", "exact": 0.25, "seed": 0, "scrawl": ".AAA___",
}  # fmt: skip


def opened(**link: str | list[str]) -> AppTest:
    screen = AppTest.from_function(page, default_timeout=30)
    for name, value in link.items():
        screen.query_params[f"trial.{name}"] = value
    return sound(screen.run())


def sound(screen: AppTest) -> AppTest:
    assert not [str(e.value) for e in (*screen.exception, *screen.error, *screen.warning)]
    return screen


def values(screen: AppTest) -> dict[str, object]:
    return {c.key.removeprefix("trial."): c.value for c in screen.session_state["_lab.controls"].values()}


def url(screen: AppTest) -> dict[str, str | list[str]]:
    return {name.removeprefix("trial."): value for name, value in screen.query_params.items()}


def test_without_a_link_everything_stands_at_its_default():
    screen = opened()
    assert values(screen) == DEFAULTS
    assert url(screen) == {}


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("slope", "2.5", 2.5),
        ("count", "9", 9),
        ("span", ["-1", "0.5"], (-1.0, 0.5)),
        ("rate", "0.02", 0.02),
        ("way", "two", "two"),
        ("long", "n8", "n8"),
        ("kinds", ["c", "b"], ["c", "b"]),
        ("kinds", "b", ["b"]),
        ("kinds", "", []),
        ("on", "true", True),
        ("title", "a title", "a title"),
        ("exact", "0.123", 0.123),
        ("seed", "42", 42),
        ("scrawl", ".nan.-_-abc", ".nan.-_-abc"),
        ("scrawl", ".", ""),
    ],
)
def test_link_sets_the_control(name, written, value):
    screen = opened(**{name: written})
    assert values(screen) == DEFAULTS | {name: value}
    assert type(values(screen)[name]) is type(value)
    assert url(screen) == {name: written}, "the link stays as it was sent"


def test_of_several_ids_the_known_ones_are_kept():
    screen = opened(kinds=["b", "zzz"])
    assert values(screen) == DEFAULTS | {"kinds": ["b"]}


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("slope", "nan"),
        ("slope", "inf"),
        ("slope", "5.5"),
        ("slope", "1.3"),
        ("slope", "1e9"),
        ("slope", ["1", "2"]),
        ("count", "0"),
        ("span", "1"),
        ("span", ["1", "-1"]),
        ("span", ["-9", "9"]),
        ("rate", "0.0123"),
        ("rate", "-1"),
        ("way", "The second"),
        ("way", "three"),
        ("long", "n9"),
        ("kinds", "Kind B"),
        ("on", "maybe"),
        ("exact", "1.5"),
        ("exact", "nan"),
        ("seed", "10000"),
        ("seed", "-1"),
        ("scrawl", "nan"),
        ("scrawl", ".AA"),
        ("scrawl", ".AAA" * 400),
    ],
)
def test_junk_is_ignored(name, written):
    screen = opened(**{name: written})
    assert values(screen) == DEFAULTS


def test_moving_a_control_moves_it_alone_and_into_the_url():
    screen = opened(slope="2.0")
    screen.multiselect(key="trial.kinds").set_value(["b", "a"]).run()
    screen.segmented_control(key="trial.way").set_value("two").run()
    screen.selectbox(key="trial.long").set_value("n1").run()
    screen.slider(key="trial.count").set_value(5).run()
    assert values(sound(screen)) == DEFAULTS | {
        "slope": 2.0, "kinds": ["b", "a"], "way": "two", "long": "n1", "count": 5,
    }  # fmt: skip
    written = url(screen)
    assert (written["kinds"], written["way"], written["long"]) == (["b", "a"], "two", "n1")
    screen.segmented_control(key="trial.way").set_value("one").run()
    assert "way" not in url(screen), "a default stays out of the URL"


def test_nothing_chosen_is_a_choice():
    screen = opened()
    screen.multiselect(key="trial.kinds").set_value([]).run()
    assert values(screen)["kinds"] == []
    assert values(opened(**url(screen)))["kinds"] == []


def test_a_new_link_in_the_same_session_wins():
    """The back button: the URL changes under the page."""
    screen = opened(way="two", kinds="b")
    screen.query_params["trial.way"] = "one"
    screen.query_params["trial.kinds"] = ["a", "b"]
    screen.run()
    assert (values(screen)["way"], values(screen)["kinds"]) == ("one", ["a", "b"])


@pytest.mark.parametrize(
    ("preset", "changed"),
    [
        ("steep", {"slope": 3.0, "rate": 0.01, "kinds": ["b"], "span": (-1.0, 1.0)}),
        ("named", {"way": "two", "title": "a name", "on": True, "seed": 7}),
        ("none", {"kinds": []}),
    ],
)
def test_a_preset_sets_its_controls_and_resets_the_others(preset, changed):
    screen = opened(count="7", slope="4.5", long="n2")
    assert screen.pills[0].value is None
    screen.pills[0].select(preset).run()
    assert values(sound(screen)) == DEFAULTS | changed
    assert screen.pills[0].value == preset
    assert values(opened(**url(screen))) == values(screen)
    screen.slider(key="trial.count").set_value(4).run()
    assert screen.pills[0].value is None, "no preset is lit once a control has moved"
    screen.button(key="trial.reset").click().run()
    assert values(sound(screen)) == DEFAULTS
    assert url(screen) == {}


def test_a_link_to_a_preset_lights_it():
    screen = opened(slope="3", rate="0.01", kinds="b", span=["-1", "1"])
    assert screen.pills[0].value == "steep"


def test_a_figure_that_cannot_be_drawn_says_why_and_leaves_the_rest():
    def script() -> None:
        import torch

        from app.domains import Refused
        from app.figures.plot import Plot, layout, line
        from app.lab import Lab

        lab = Lab("trial")
        lab.slider("x", "X", 0.0, 1.0, 0.0, 0.1)

        def broken(x: float) -> Plot:
            raise Refused("There is nothing to draw at x = 0.")

        def buggy(x: float) -> Plot:
            raise KeyError("a secret of the server")

        def good(x: float) -> Plot:
            return Plot([line(torch.zeros(2), torch.zeros(2), "", "#0072b2")], layout(), "a line")

        for draw in (broken, buggy, good):
            lab.live(draw)

    screen = AppTest.from_function(script, default_timeout=30).run()
    assert not screen.exception
    assert [str(w.value) for w in screen.warning] == [
        "There is nothing to draw at x = 0.",
        "This picture cannot be drawn with these settings.",
    ]
    assert len(screen.get("bidi_component")) == 1


def test_a_draw_function_that_asks_for_what_is_not_there_is_a_mistake(caplog):
    def script() -> None:
        from app.lab import Lab

        lab = Lab("trial")
        lab.live(lambda missing: None)

    screen = AppTest.from_function(script, default_timeout=30).run()
    assert screen.exception
    assert "asks for ['missing']" in caplog.text


def test_a_mark_that_the_browser_still_has_is_no_choice():
    """Quick keys on a slider come with the preset that they have just left."""
    screen = opened(slope="3", rate="0.01", kinds="b", span=["-1", "1"])
    left = screen.pills[0]
    (stale,) = [w for w in screen._tree.get_widget_states().widgets if w.id == left.id]
    screen.slider(key="trial.count").set_value(4).run()
    screen.slider(key="trial.count").set_value(5)
    states = screen._tree.get_widget_states()
    states.widgets.append(stale)
    screen._run(states)
    assert values(screen)["count"] == 5 and screen.pills[0].value is None
