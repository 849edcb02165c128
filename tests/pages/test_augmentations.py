"""The pages on augmentations under the hand: another transform leaves nothing of the last one; a pipeline comes in."""

import json
from urllib.parse import parse_qs

import pytest

from tests.pages.screen import figures, open_page, rows, trouble, values


def test_another_transform_leaves_nothing_of_the_last_one_in_the_link():
    link = {"augmentations.transform": "RandomRain", "augmentations.RandomRain_rain_type": "heavy",
            "augmentations.RandomRain_slant_range": ["-5", "5"]}  # fmt: skip
    screen = open_page("augmentations", link)
    assert values(screen)["augmentations.RandomRain_rain_type"] == "heavy"
    screen.selectbox(key="augmentations.transform").select("Rotate").run()
    assert trouble(screen) == []
    assert not [key for key in screen.query_params if "Rain_rain" in key]
    assert "augmentations.Rotate_limit" in values(screen)


def test_a_pasted_pipeline_is_drawn_and_a_hostile_one_is_refused():
    def pasted(text: str):
        screen = open_page("augmentations-pipeline", {"augmentations-pipeline.how": "own"})
        return screen.text_area(key="augmentations-pipeline-own").input(text).run()

    flip = {
        "transform": {
            "__class_fullname__": "Compose",
            "transforms": [{"__class_fullname__": "HorizontalFlip", "p": 1}],
        }
    }
    screen = pasted(json.dumps(flip))
    assert trouble(screen) == []
    assert "HorizontalFlip" in figures(screen)["augmentations-pipeline.applied"]["html"]
    screen = pasted("!!python/object/apply:os.system ['true']")
    assert len(trouble(screen)) == 1 and figures(screen)


def test_stages_move_up():
    screen = open_page("augmentations-pipeline")
    screen.button(key="augmentations-pipeline-up-Rotate").click().run()
    assert values(screen)["augmentations-pipeline.stages"][:2] == ["Rotate", "CoarseDropout"]


def test_a_pipeline_goes_on_to_its_training():
    link = {"augmentations-pipeline.stages": ["Rotate"], "augmentations-pipeline.Rotate_limit": ["-10", "10"]}
    screen = open_page("augmentations-pipeline", link)
    assert trouble(screen) == []
    to_training = next(e.proto for e in screen.main.get("page_link") if "help" in e.proto.query_string)
    asked = parse_qs(to_training.query_string)
    received = open_page("augmentations-help", {**asked, "augmentations-help.steps": "0"})
    assert trouble(received) == []
    found = {name.partition(".")[2]: value for name, value in values(received).items()}
    assert found["stages"] == ["Rotate"] and found["Rotate_limit"] == (-10, 10)


def test_the_line_of_a_label_and_its_curve_say_the_same():
    screen = open_page("augmentations-label", {"augmentations-label.Rotate_limit_at": "180"})
    assert trouble(screen) == []
    last = [row[-1] for row in rows(figures(screen)["augmentations-label.numbers"])]
    assert last[:2] == ["180", "9"]
    assert "180" in figures(screen)["augmentations-label.stage"]["alt"]


@pytest.mark.parametrize("picture", ["coffee", "coins", "digit"])
def test_any_picture_is_mixed_with_three_others(picture):
    link = {"augmentations-mixing.picture": picture, "augmentations-mixing.method": "mosaic"}
    screen = open_page("augmentations-mixing", link)
    assert trouble(screen) == []
    head = figures(screen)["augmentations-mixing.numbers"]["html"].partition("</thead>")[0]
    names = ["Cat", "Coffee", "Astronaut", "Rocket"]
    assert sum(name in head for name in names) == (4 if picture == "coffee" else 3)
    assert picture == "coffee" or {"coins": "Coins", "digit": "A digit"}[picture] in head
