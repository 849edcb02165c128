"""What a rule of suppression made of a scene: the queue, all rules side by side, thresholds swept."""

import math
from typing import Any

import torch

from app.detection import crowds
from app.figures import palette
from app.figures.axes import columns
from app.figures.picture import Table
from app.figures.plot import Plot, layout, line, short
from app.i18n import gettext as _
from core import boxes, suppress


def judged(now: dict[str, Any]) -> tuple[Any, suppress.Verdict]:
    """The scene, and what the rule makes of it."""
    scene = crowds.seen(now)
    return scene, suppress.suppress(now["rule"], scene.boxes, scene.scores, scene.classes, boxes.iou, **settings(now))


def said(found: suppress.Verdict, done: list[int], rank: dict[int, float]) -> str:
    """The last verdict in words."""
    if not done:
        return _("The best score comes first.")
    i, by = done[-1], int(found.by[done[-1]])
    place, other = int(rank[i]) + 1, int(rank.get(by, -1)) + 1
    if by < 0:
        return (_("{i}: kept") if found.kept[i] else _("{i}: over the limit")).format(i=place)
    text = _("{i}: kept, lowered by {j}, IoU {u}") if found.kept[i] else _("{i}: dropped by {j}, IoU {u}")
    return text.format(i=place, j=other, u=short(found.overlap[i].item()))


def queue(**now: Any) -> Table:
    """The last ten verdicts: who was dropped, by whom, with what IoU."""
    scene, found = judged(now)
    rows = suppress.reasons(found, scene.scores)
    upto = 10 if now["step"] == crowds.LAST else max(now["step"], 10)
    cells = [[str(place), _verdict(kept, by), short(before, 3), short(after, 3), str(by) if by else "–", short(u, 3)]
             for place, kept, before, after, by, u in rows[:upto][-10:]]  # fmt: skip
    titles = [_("place"), _("verdict"), _("score"), _("afterwards"), _("by whom"), _("IoU")]
    return Table(titles, cells, _("The queue of boxes"))


def _verdict(kept: bool, by: int) -> str:
    return _("stays") if kept else _("falls") if by else _("over the limit")


def columns_of(now: dict[str, Any]) -> dict[str, list[float]]:
    """The whole queue, number by number; place 0 stands for nobody."""
    scene, found = judged(now)
    names = ("place", "kept", "score", "afterwards", "by", "iou")
    columns = zip(*suppress.reasons(found, scene.scores), strict=True)
    return dict(zip(names, map(list, columns), strict=False)) or {name: [] for name in names}


def settings(now: dict[str, Any]) -> dict[str, Any]:
    most = None if now["most"] == crowds.LAST else now["most"]  # the end of the slider: no limit
    return {"threshold": now["t"], "sigma": now["sigma"], "floor": now["floor"], "most": most}


def rules(**now: Any) -> Table:
    """All rules on the same scene."""
    s = crowds.seen(now)
    rows = suppress.compare(s.truth, s.kinds, s.boxes, s.scores, s.classes, boxes.iou, **settings(now))
    cells = [[_(suppress.RULES[id].title), str(n), *(short(v, 3) for v in more)] for id, n, *more in rows]
    titles = [_("Rule"), _("boxes left"), _("precision"), _("recall"), _("AP"), _("IoU of the right ones")]
    return Table(titles, cells, _("All rules on this scene"))


def sweep(**now: Any) -> Plot:
    """What is left, and how good it is, against the threshold."""
    s, at = crowds.seen(now), [i / 12 for i in range(13)]
    more = {n: v for n, v in settings(now).items() if n != "threshold"}
    rows = suppress.sweep(now["rule"], at, s.truth, s.kinds, s.boxes, s.scores, s.classes, boxes.iou, **more)
    t, n, p, r, ap, _fit = (torch.tensor(part, dtype=torch.float64) for part in zip(*rows, strict=True))
    mark: dict[str, Any] = {"color": palette.ACCENT, "dash": "dash", "legend": False}
    here = torch.tensor([now["t"]] * 2)
    data = [line(t, p, _("precision"), palette.PINK), line(t, r, _("recall"), palette.ORANGE, dash="dash"),
            line(t, ap, _("AP"), palette.GREEN, dash="dot"),
            line(t, n, _("boxes left"), palette.BLUE, axes="x2y2"),
            line(here, torch.tensor([0.0, 1.0]), "", **mark),
            line(here, torch.tensor([0.0, 500.0]), "", axes="x2y2", **mark)]  # fmt: skip
    most = math.ceil(max(len(s.boxes), 1) / 10) * 10
    grid = columns(["", _("boxes left")], (0, 1), [(0, 1.05), (0, most)], below=_("IoU threshold"))
    return Plot(data, layout(**grid), _("Precision, recall, AP and the number of boxes against the threshold"))
