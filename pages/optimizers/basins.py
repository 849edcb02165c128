"""Basins: which minimum does each of thousands of starts reach?"""

from typing import Any

import torch

from app.code import Call
from app.figures import palette, paths, terrain
from app.figures.picture import Table
from app.figures.plot import Plot, layout, line, tiles
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from app.memory import recalled
from app.optimizers import walk_controls as ask
from app.optimizers import walks
from app.progress import grown
from core import landscapes
from core.optimizers import RULES

PRESETS = {
    "four": Preset(_("Four minima, four basins"), {}),
    "frayed": Preset(_("Large steps leap over the ridges"), {"lr": 0.018}),
    "heavy": Preset(_("Momentum rolls over the ridges"), {"rule": "momentum", "lr": 0.01}),
    "fractal": Preset(_("Newton draws a fractal"), {"rule": "newton", "lr": 1.0, "steps": 30}),
    "sharp": Preset(_("The sharp minimum loses its basin"), {"surface": "sharp_flat", "rule": "gd", "lr": 0.07}),
    "dimples": Preset(_("A hundred traps"), {"surface": "rastrigin", "rule": "adam", "lr": 0.1}),
}
COARSE = 96

lab = Lab("optimizers-basins", PRESETS)
surface, readable = ask.choose_surface(lab, "himmelblau", data=False)
rule = lab.choice("rule", _("Rule"), {id: _(r.title) for id, r in RULES.items()}, "gd")
ask.ask_rate(lab, "lr", _("Learning rate η"), 0.01, ask.limit(lab) if readable else float("inf"))
lab.slider("steps", _("Steps"), 1, 300, 80)
size = int(lab.choice("size", _("Starts"), {"96": _("96², live"), "256": "256²", "512": "512²"}))
ask.ask_rules(lab, [rule], rates=False)
start = ask.place_start(lab, surface)


def map_call(now: dict[str, Any], n: int) -> Call:
    on = walks.ground(now)
    more = {"chunk": n * n} if n == COARSE else {}
    return Call(landscapes.basins, {"walk": walks.walker_call(rule, now), "minima": [*on.minima, *on.local_minima],
                                    "view": on.view, "n": n, **more})  # fmt: skip


def reached(fine: tuple[str, landscapes.Basins] | None, now: dict[str, Any]) -> tuple[landscapes.Basins, list[Any]]:
    """The fine map where it belongs to these settings, else the one that follows the hand; and its minima."""
    if fine and fine[0] == map_call(now, size).name:
        found = fine[1]
    else:
        found = recalled(Call(landscapes.complete, {"maps": map_call(now, COARSE)}))
    on = walks.ground(now)
    known = [*on.minima, *on.local_minima]
    if not known:  # nobody has looked them up: where many come to rest
        diverged = (found.reached == landscapes.DIVERGED).flatten().long() - 1
        known = landscapes.resting_places(found.ends, diverged)
        again = landscapes.which(found.ends.reshape(-1, 2), diverged, known).reshape(found.reached.shape)
        found = landscapes.Basins(found.x, found.y, again, found.ends, 1.0)
    return found, known


def stage(fine: tuple[str, landscapes.Basins] | None, **now: Any) -> Plot:
    """Every start in the colour of the minimum that it reaches; one of them with its path."""
    found, known = reached(fine, now)
    on, way = walks.ground(now), walks.walked([rule], now).paths[rule].points
    kind = torch.where(found.reached >= 0, found.reached % len(palette.SERIES), found.reached)
    x, y = paths.threaded(way)
    data = [tiles(kind + 2, found.x, found.y, [palette.INK, palette.PAPER[0], *palette.SERIES],
                  meta={"paint": "cells"}),
            terrain.minima(known, True), line(x, y, "", palette.PAPER[0], width=5, legend=False, hoverinfo="skip"),
            line(x, y, "", palette.INK, width=2.5, legend=False, hoverinfo="skip")]  # fmt: skip
    grid = paths.plane(on.view, ("x", "y"))
    ends = (f"{name} {share:.0%}" for name, share in landscapes.shares(found, known)[:4])
    return Plot(
        data,
        layout(**grid),
        _("Shares of the starts by where they end: {ends}.").format(ends=", ".join(ends)),
    )


def numbers(fine: tuple[str, landscapes.Basins] | None, **now: Any) -> Table:
    """How large each basin is."""
    words = {"nowhere": _("at no minimum (blank)"), "diverged": _("diverged (in the colour of the text)")}
    rows = landscapes.shares(*reached(fine, now))
    cells = [[words.get(name, name), f"{share:.4f}"] for name, share in [*rows[:-2][:8], *rows[-2:]]]
    return Table([_("ends at"), _("share of the starts")], cells, _("How large each basin is"))


if readable:
    now = lab.values
    fine = None
    if size != COARSE:
        wanted = map_call(now, size)
        found, seconds = grown(lab, wanted, _("Walking {n} starts …").format(n=size * size))
        fine = (wanted.name, found)
        with lab.words():
            ask.took(seconds, size * size, now["steps"])
    lab.live(stage, fine=fine, handles=[Handle(*start, label=_("Start"), click=True)])
    lab.live(numbers, fine=fine, height=0)
else:
    lab.say(_("Mend the formula on the left, and the surface comes back."))
lab.look(_("Drag η: with small steps the borders are smooth, they follow the ridges. With larger ones the starts "
           "far out leap into another valley: islands appear. Above its 2/λ a minimum holds nobody, "
           "and its basin is blank."))  # fmt: skip
lab.theory()
if readable:
    maps = map_call(now, size)
    lab.code(landscapes.shares, map=Call(landscapes.complete, {"maps": maps}), minima=maps.arguments["minima"])
