"""A pipeline to put together: which stages, how many of them are applied, each with its probability and arguments."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.augment import controls, exchange, pipeline
from app.augment.catalogue import alone
from app.augment.pipeline import Stage, compose, operations
from app.domains import Refused
from app.i18n import gettext as _
from app.i18n import name as quoted
from app.lab import Lab

OWN = ("all", "one", "some")  # made of the stages that are chosen here


def choose(lab: Lab, default: Sequence[str], blended: bool = True) -> tuple[list[str], Stage | None]:
    """The controls of a pipeline; the stages chosen, and the one that was pasted, if any."""
    ways = {"all": _("all, in this order"), "one": _("one of them (OneOf)"), "some": _("some of them (SomeOf)"),
            "rand": quoted("RandAugment"), "trivial": quoted("TrivialAugment")}  # fmt: skip
    ways |= ({"augmix": quoted("AugMix")} if blended else {}) | {"own": _("imported")}
    how, chosen = lab.choice("how", _("Which are applied"), ways), []
    if how in OWN:
        known = {name: quoted(name) for name in alone()}
        chosen = lab.choices("stages", _("Stages"), known, default)
    if how in ("some", "rand"):
        lab.slider("few", _("How many of them"), 1, 6, 2)
    if how in ("rand", "augmix"):
        lab.slider("magnitude", _("Magnitude"), 0.0, 1.0, 0.5, 0.05)
    for i, name in enumerate(chosen[: pipeline.MOST_STAGES]):
        with lab.fold(f"{i + 1}. {quoted(name)}"):
            lab.slider(f"p_{name}", _("Probability"), 0.0, 1.0, 1.0, 0.05, help=_("0 switches it off."))
            controls.tune_flat(lab, name)
            controls.move_up(lab, "stages", chosen, i)
    return chosen, exchange.imported(lab) if how == "own" else None


def built(now: Mapping[str, Any], own: Stage | None) -> Stage:
    """The pipeline as the controls have it."""
    how, chosen = now["how"], now.get("stages", [])
    if how == "own":
        return own or compose(operations(0.3, 0.3), "one", 1)
    if how in ("rand", "augmix"):
        return compose(operations(now["magnitude"], now["magnitude"]), "some", now.get("few", 3))
    if how == "trivial":
        return compose(operations(0.0, 1.0), "one", 1)
    if not 0 < len(chosen) <= pipeline.MOST_STAGES:
        raise Refused(_("Choose one to {n} stages.").format(n=pipeline.MOST_STAGES))
    return compose([Stage(n, controls.given(n, now), now[f"p_{n}"]) for n in chosen], how, now.get("few", 2))


def shared(now: Mapping[str, Any]) -> dict[str, Any]:
    """The values that another page needs to put the same pipeline together."""
    names = {"how", "stages", "few", "magnitude"}
    starts = tuple(f"{name}_" for name in now.get("stages", []))
    return {n: v for n, v in now.items() if n in names or n.startswith("p_") or (starts and n.startswith(starts))}
