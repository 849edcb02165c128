"""Through the bottleneck and back: what comes out, what is left over, and what that says about a picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from app.code import Call
from app.figures import maps, palette
from app.figures.axes import axis
from app.figures.picture import Table
from app.figures.plot import Plot, Trace, dots, layout, line
from app.i18n import gettext as _
from app.vae import models
from app.vae.models import Model
from core import anomaly, drawing, vae

MANY, SHOWN, CARRIED = 250, 4, 16
MOST, BIN = vae.EDGE**2, 4  # a score cannot be higher than every pixel wrong by 1; how wide a bin is
ENDS = (160, 320, 560, MOST)  # of the axis of the scores: the first that shows them all
USUAL, STRANGE = palette.BLUE, palette.RED


def kinds() -> dict[str, str]:
    return {"other": _("Of another kind"), "turned": _("Lying on their side"), "inverted": _("Black for white"),
            "cut": _("The lower half missing")}  # fmt: skip


@lru_cache(12)
def given(data: str, kind: str) -> tuple[Tensor, Tensor]:
    """Pictures of the kind that the model knows (MANY, 28, 28), and strange ones."""
    held = models.held_back(data)[0]
    usual, others = held[:MANY], held[MANY : 2 * MANY]
    if kind == "other":
        return usual, models.held_back("digits" if data == "fashion" else "fashion")[0][:MANY]
    if kind == "turned":
        return usual, others.transpose(1, 2).flip(1)
    if kind == "inverted":
        return usual, 1 - others
    return usual, torch.cat([others[:, :14], torch.zeros_like(others[:, 14:])], 1)


@lru_cache(1)
def chance() -> Tensor:
    """The noise of all pictures, to be scaled."""
    return torch.randn(2, MANY, vae.EDGE, vae.EDGE, generator=torch.Generator().manual_seed(0))


@dataclass(frozen=True)
class Tried:
    """Usual pictures first, strange ones second: those that are shown, as seen and restored; and the scores of all."""

    seen: Tensor  # (2, SHOWN, 28, 28)
    restored: Tensor
    scores: Tensor  # (2, MANY)


def tried(model: Model, kind: str, noise: float) -> Tried:
    """All pictures through the model; remembered while the noise stays as it is."""
    return model.cached(("tried", kind, noise), lambda: _tried(model, kind, noise))


def _tried(model: Model, kind: str, noise: float) -> Tried:
    clean = torch.stack(given(model.data, kind))
    seen = (clean + noise * chance()).clamp(0, 1) if noise else clean
    restored = vae.reconstruct(model.net, seen.flatten(0, 1)).unflatten(0, (2, MANY))
    scores = torch.stack([anomaly.score(s, r) for s, r in zip(seen, restored, strict=True)])
    seen, restored = (part[:, :SHOWN].clone() for part in (seen, restored))  # clones: the rest is not kept
    return Tried(seen, restored, (scores * 100).round() / 100)


def draw(model: Model, kind: str, noise: float, threshold: float) -> Plot:
    """Above, pictures in, out and what is left over; below, the scores with the threshold, and the ROC."""
    now = tried(model, kind, noise)
    rows = [part.flatten(0, 1) for part in (now.seen, now.restored)]
    board = maps.tiled(torch.cat([*rows, (rows[0] - rows[1]).abs()]), 2 * SHOWN, gap=2)
    verdict = anomaly.judge(now.scores[0], now.scores[1], threshold)
    end = reach(now.scores, threshold)
    data = [maps.shown(board, ""), *histograms(now.scores, end), *curve(now.scores, verdict)]
    said = {"t": f"{threshold:g}", "caught": verdict.caught, "alarms": verdict.alarms, "auc": verdict.auc}
    alt = _("At the threshold {t}, {caught:.0%} of the strange ones are caught and {alarms:.0%} of the others; "
            "AUC {auc:.3f}.")  # fmt: skip
    return Plot(data, layout(**frame(board, kind, end)), alt.format(**said))


def reach(scores: Tensor, threshold: float) -> int:
    """How far the axis of the scores goes: nothing is cut off, and it rests while the threshold moves among them."""
    highest = max(scores.max().item(), threshold)
    return next(end for end in ENDS if highest <= end or end == MOST)


def histograms(scores: Tensor, end: int) -> list[Trace]:
    """How many pictures have which score, as steps."""
    bins, data = end // BIN, []
    edges = torch.linspace(0, end, bins + 1)
    x = edges.repeat_interleave(2)
    for row, name, color in zip(scores, (_("what it knows"), _("what it does not")), (USUAL, STRANGE), strict=True):
        counts = torch.histc(row.float(), bins, 0, end)
        y = torch.cat([torch.zeros(1), counts.repeat_interleave(2), torch.zeros(1)])
        data.append(
            line(
                x,
                y,
                name,
                color,
                width=2,
                fill="toself",
                fillcolor=color + "40",
                axes="x2y2",
                hoverinfo="skip",
            )
        )
    return data


def curve(scores: Tensor, verdict: anomaly.Verdict) -> list[Trace]:
    """The ROC on even steps of false alarms, so that it moves under the hand; and where the threshold stands on it."""
    _levels, alarms, caught = anomaly.roc(scores[0], scores[1])
    bare: dict[str, Any] = {"axes": "x3y3", "legend": False, "hoverinfo": "skip"}
    here = torch.tensor([[verdict.alarms], [verdict.caught]])
    fine = torch.linspace(0, 1, 2 * MANY + 1)
    place = (torch.searchsorted(alarms, fine.double(), right=True) - 1).clamp(min=0)
    diagonal = torch.tensor([0.0, 1.0])
    return [line(diagonal, diagonal, "", palette.MUTED, width=1.2, dash="dot", **bare),
            line(fine, caught[place], "", palette.INK, width=3, **bare),
            dots(here[0], here[1], "", palette.ACCENT, 15, **bare)]  # fmt: skip


def frame(board: Tensor, kind: str, end: int) -> dict[str, Any]:
    pictures = maps.frame("", "", board.shape, x=(0.16, 1), y=(0.47, 1.0))
    side = (board.shape[0] + 2) / 3
    wide = (board.shape[1] + 2) / 2
    named: dict[str, Any] = {"showticklabels": True, "tickfont": {"color": palette.INK, "size": 14}}
    pictures["yaxis"] |= named | {"tickvals": [side * (k + 0.5) - 1 for k in range(3)],
                                  "ticktext": [_("given"), _("restored"), _("left over")]}  # fmt: skip
    pictures["xaxis"] |= named | {"tickvals": [wide * (k + 0.5) - 1 for k in range(2)],
                                  "ticktext": [_("what it knows"), kinds()[kind]]}  # fmt: skip
    room = {"xaxis2": axis(_("score: squared error"), range=[0, end], domain=[0, 0.58], anchor="y2"),
            "yaxis2": axis(_("pictures"), range=[0, MANY / 3], domain=[0, 0.34], anchor="x2", nticks=4),
            "xaxis3": axis(_("false alarms"), range=[-0.03, 1.03], domain=[0.7, 1], anchor="y3", nticks=4),
            "yaxis3": axis(_("caught"), range=[-0.03, 1.05], domain=[0, 0.4], anchor="x3", nticks=4)}  # fmt: skip
    narrow = {"xaxis": {"domain": [0.16, 1]}, "yaxis": {"domain": [0.7, 1]}, "xaxis2": {"domain": [0, 1]},
              "yaxis2": {"domain": [0.4, 0.62]}, "xaxis3": {"domain": [0, 1]},
              "yaxis3": {"domain": [0, 0.26]}, "legend": {"y": 0.62, "font": {"size": 12}}}  # fmt: skip
    legend = {"orientation": "h", "x": 0, "y": 0.35, "yanchor": "bottom", "font": {"size": 15}}
    return (
        pictures | room | {"margin": {"l": 52, "r": 12, "t": 30, "b": 44}, "meta": {"narrow": narrow}, "legend": legend}
    )


def shares(model: Model, kind: str, noise: float, threshold: float) -> Table:
    """What the threshold does."""
    scores = tried(model, kind, noise).scores
    found = anomaly.judge(scores[0], scores[1], threshold)
    precise = f"{found.precision:.3f}" if found.precision == found.precision else "–"
    head = [_("threshold {t:g}").format(t=threshold), _("caught"), _("false alarms"), _("precision"), _("AUC"),
            _("best threshold")]  # fmt: skip
    cells = [
        kinds()[kind],
        f"{found.caught:.3f}",
        f"{found.alarms:.3f}",
        precise,
        f"{found.auc:.3f}",
        f"{found.best:.2f}",
    ]
    return Table(head, [cells], _("The threshold and the area under the curve"))


def before_and_after(model: Model, kind: str, noise: float) -> Table:
    """The noise that goes in, and what is left of it, on some pictures that the model knows."""
    clean, seen = carried(model, noise)
    out = vae.reconstruct(model.net, seen)
    cells = [[name, f"{anomaly.psnr(clean, x).mean():.2f}".replace("inf", "∞"),
              f"{anomaly.score(clean, x).mean():.2f}"]
             for name, x in ((_("given, noisy") if noise else _("given"), seen), (_("restored"), out))]  # fmt: skip
    return Table([_("against the clean picture"), _("PSNR, dB"), _("squared error")], cells, _("Before and after"))


def carried(model: Model, noise: float) -> tuple[Tensor, Tensor]:
    """The pictures of the script, clean and noisy."""
    clean = models.held_back(model.data)[0][:CARRIED]
    return clean, vae.noised(clean, noise)


def script(model: Model, now: Mapping[str, Any]) -> Any:
    """The network with its weights, a few pictures before and after; and the scores that the page has found."""
    text = drawing.as_text(models.held_back(model.data)[0][:CARRIED].flatten(0, 1))
    clean = Call(drawing.from_text, {"text": text, "width": vae.EDGE, "channels": CARRIED})
    seen = Call(vae.noised, {"pictures": clean, "sigma": now["noise"]})
    out = Call(vae.reconstruct, {"net": model.call(), "pictures": seen})
    usual, strange = ([round(v, 2) for v in row.tolist()] for row in tried(model, now["kind"], now["noise"]).scores)
    verdict = Call(anomaly.judge, {"usual": usual, "strange": strange, "threshold": now["threshold"]})
    after = Call(anomaly.mean_quality, {"clean": clean, "other": out})
    return anomaly.mean_quality, (after, verdict), {"clean": clean, "other": seen}
