"""The KL playground drawn: the curves, under them the plane of all Gaussians, beside them the distances."""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from app.code import Call
from app.figures import palette
from app.figures.axes import axis
from app.figures.plot import Plot, Trace, dots, heat, layout, line, short
from app.figures.rods import rods
from app.i18n import gettext as _
from core import gaussians
from core.gaussians import Bumps

REACH, LEAST, MOST, APART = 4.0, 0.2, 3.0, 6.0  # of a mean; of σ; from bump to bump
SEEN = REACH + APART / 2 + 1  # how far the curves are drawn: beyond the outermost bump
X = torch.linspace(-SEEN, SEEN, 321, dtype=torch.float64)
MEANS, SIGMAS = (
    torch.linspace(-SEEN, SEEN, 49, dtype=torch.float64),
    torch.linspace(0.1, MOST + 0.2, 25, dtype=torch.float64),
)
P, Q, GOAL = palette.BLUE, palette.RED, palette.GREEN


def p_call(now: Mapping[str, Any]) -> Call:
    """p, one bell or two."""
    if now["shape"] == "one":
        return Call(gaussians.bell, {"mu": now["p_x"], "sigma": now["p_s"]})
    return Call(gaussians.bumps, {"mu": now["p_x"], "sigma": now["p_s"], "gap": now["gap"], "share": now["share"]})


def q_call(now: Mapping[str, Any]) -> Call:
    return Call(gaussians.bell, {"mu": now["q_x"], "sigma": now["q_s"]})


def names() -> dict[str, str]:
    return {"kl_pq": _("KL(p‖q)"), "kl_qp": _("KL(q‖p)"), "js": _("JS"), "w2": _("W₂")}


@lru_cache(8)
def ground(p: Bumps, reverse: bool) -> Tensor:
    """How good each Gaussian would be as q, in powers of ten; it does not change while q alone is dragged."""
    return (gaussians.landscape(p, MEANS, SIGMAS, reverse).clamp(min=0) + 0.03).log10()


def curves(p: Bumps, q: Bumps, end: Bumps) -> list[Trace]:
    """Both densities, and q at the end of its way."""
    data, ends = [], torch.zeros(1, dtype=torch.float64)
    x = torch.cat([X[:1], X, X[-1:]])
    for of, name, color in ((p, "p", P), (q, "q", Q)):
        y = torch.cat([ends, gaussians.log_density(of, X).exp(), ends])
        look: dict[str, Any] = {"fill": "toself", "fillcolor": color + "26", "hoverinfo": "skip"}
        data.append(line(x, y, name, color, width=3, **look))
    y = gaussians.log_density(end, X).exp()
    return [*data, line(X, y, _("goal of q"), GOAL, dash="dot", width=2.5, hoverinfo="skip")]


def plane(p: Bumps, q: Bumps, way: Tensor, reverse: bool) -> list[Trace]:
    """Every point is a Gaussian: μ across, σ up. Dark where q would be close to p."""
    found: Tensor = ground(p, reverse)
    base = heat(found, MEANS, SIGMAS, (palette.DEEP, palette.PAPER[0]), -1.3, 0.7, axes="x2y2")
    bare: dict[str, Any] = {"axes": "x2y2", "legend": False, "hoverinfo": "skip"}
    ends = {"marker": {"symbol": "x", "line": {"width": 0}}}
    here = [dots(torch.tensor([of[0]]), torch.tensor([of[1]]), "", color, 24, **bare, marker={"line": {"width": 0}})
            for of, color in (((middle(p), p.sigma), P), ((q.mean, q.sigma), Q))]  # fmt: skip
    return [base, *here, line(way[:, 0], way[:, 1], "", GOAL, width=3, **bare),
            dots(way[-1:, 0], way[-1:, 1], "", GOAL, 13, **bare, **ends)]  # fmt: skip


def middle(p: Bumps) -> float:
    """Where the handle of p lies: between its bumps, whatever their shares."""
    return (p.means[0] + p.means[-1]) / 2


def shares(p: Bumps, q: Bumps) -> list[Trace]:
    """What each x adds to the KL, above zero and below."""
    y, ends = gaussians.integrand(p, q, X), torch.zeros(1, dtype=torch.float64)
    x = torch.cat([X[:1], X, X[-1:]])
    data = []
    for part, color in ((y.clamp(min=0), palette.GREEN), (y.clamp(max=0), palette.PINK)):
        outline = torch.cat([ends, part, ends])
        data.append(line(x, outline, "", color, width=1.5, fill="toself", fillcolor=color + "60", axes="x4y4",
                         legend=False, hoverinfo="skip"))  # fmt: skip
    return data


def draw(p: Bumps, q: Bumps, reverse: bool) -> Plot:
    """The four panels."""
    far, way = gaussians.distances(p, q), gaussians.descend(p, q.mean, q.sigma, reverse)
    end = gaussians.bell(*way[-1].tolist())
    values = {name: float(getattr(far, name)) for name in names()}
    top = power(max(values.values()), 1.0)
    colors = [P, Q, palette.OLIVE, palette.PINK]
    bars = rods(torch.tensor(list(values.values())), colors, [short(v, 3) for v in values.values()],
                1.06 * top, "x3y3", width=20)  # fmt: skip
    one, other = (q, p) if reverse else (p, q)
    data = [*curves(p, q, end), *plane(p, q, way, reverse), *bars, *shares(one, other)]
    heights = [gaussians.log_density(of, X).exp().max().item() for of in (p, q, end)]
    steep = power(gaussians.integrand(one, other, X).abs().max().item(), 0.5)
    said = ", ".join(f"{names()[n]} {short(v, 3)}" for n, v in values.items())
    return Plot(data, layout(**frame(power(1.02 * max(heights), 0.5), top, steep, reverse)),
                _("How far p and q are apart: {said}.").format(said=said))  # fmt: skip


def power(value: float, least: float) -> float:
    """The next power of two, so that an axis rests under the hand."""
    return 2.0 ** math.ceil(math.log2(max(value, least)))


def frame(high: float, long: float, steep: float, reverse: bool) -> dict[str, Any]:
    """Curves over the plane at the left, with one x; bars over the integrand at the right."""
    bare: dict[str, Any] = {"showgrid": False, "zeroline": False}
    labels = {"tickvals": [0, 1, 2, 3], "ticktext": list(names().values())}
    area = _("q ln(q/p): its area is KL(q‖p)") if reverse else _("p ln(p/q): its area is KL(p‖q)")
    axes = {
        "xaxis": axis(range=[-SEEN, SEEN], domain=[0, 0.6], anchor="y", showticklabels=False, zeroline=False),
        "yaxis": axis(_("density"), range=[0, high], domain=[0.52, 1], anchor="x"),
        "xaxis2": axis(_("mean μ"), range=[-SEEN, SEEN], domain=[0, 0.6], anchor="y2", **bare),
        "yaxis2": axis("σ", range=[0.1, MOST + 0.2], domain=[0, 0.46], anchor="x2", **bare),
        "xaxis3": axis(range=[0, 1.42 * long], domain=[0.74, 1], anchor="y3", nticks=3, showgrid=False),
        "yaxis3": axis(range=[3.6, -0.6], domain=[0.6, 1], anchor="x3", **bare) | labels,
        "xaxis4": axis(area, range=[-SEEN, SEEN], domain=[0.68, 1], anchor="y4"),
        "yaxis4": axis(range=[-steep / 2, steep], domain=[0, 0.46], anchor="x4", nticks=4),
    }
    axes["yaxis3"]["tickfont"] = {"color": palette.INK, "size": 15}
    narrow = {"xaxis": {"domain": [0, 1]}, "yaxis": {"domain": [0.74, 1]}, "xaxis2": {"domain": [0, 1]},
              "yaxis2": {"domain": [0.47, 0.7]}, "xaxis3": {"domain": [0.2, 0.62]}, "yaxis3": {"domain": [0, 0.29]},
              "xaxis4": {"domain": [0.72, 1], "title": {"text": area.split(":")[0], "font": {"size": 13}}},
              "yaxis4": {"domain": [0, 0.29]}}  # fmt: skip
    return axes | {"margin": {"l": 52, "r": 12, "t": 12, "b": 44}, "meta": {"narrow": narrow}}


# --- the same in numbers ---


def filled(now: Mapping[str, Any]) -> list[list[str]]:
    """Each distance, its formula with the present numbers in it, and its value."""
    p, q = p_call(now)(), q_call(now)()
    far = gaussians.distances(p, q)
    halves = {"p": short(far.js_p, 4), "q": short(far.js_q, 4)}
    written = {"js": _("½ · {p} + ½ · {q}, halfway to m = ½ p + ½ q").format(**halves)}
    if now["shape"] == "one":
        n = {k: f"{now[k]:g}" if now[k] >= 0 else f"(−{-now[k]:g})" for k in ("p_x", "p_s", "q_x", "q_s")}
        turned = {"p_x": n["q_x"], "p_s": n["q_s"], "q_x": n["p_x"], "q_s": n["p_s"]}
        form = _("ln({q_s} / {p_s}) + ½ ({p_s}² + ({p_x} − {q_x})²) / {q_s}² − ½")
        written |= {"kl_pq": form.format(**n), "kl_qp": form.format(**turned),
                    "w2": "√(({p_x} − {q_x})² + ({p_s} − {q_s})²)".format(**n)}  # fmt: skip
    else:
        written |= {"kl_pq": _("∫ p ln(p/q) dx, summed on a fine grid"),
                    "kl_qp": _("∫ q ln(q/p) dx, summed on a fine grid"),
                    "w2": _("from quantile to quantile, on a fine grid")}  # fmt: skip
    return [[name, written[n], short(getattr(far, n), 4)] for n, name in names().items()]


def arrivals(now: Mapping[str, Any]) -> list[list[str]]:
    """Where q ends under either direction."""
    titles = {"forward": _("smaller and smaller KL(p‖q)"), "reverse": _("smaller and smaller KL(q‖p)")}
    found = gaussians.arrival(p_call(now)(), now["q_x"], now["q_s"])
    return [[titles[way], short(mu, 3), short(sigma, 3), f"{max(left, 0.0):.4f}"] for way, mu, sigma, left in found]
