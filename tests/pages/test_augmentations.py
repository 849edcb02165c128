"""The pages on augmentations under the hand: another transform leaves nothing of the last one; a pipeline comes in."""

import json

from tests.pages.screen import figures, open_page, trouble, values


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
