"""KL playground: two bell curves to drag, four numbers for how far apart they are, and where q would go."""

from typing import Any

from app.code import Call
from app.figures.picture import Table
from app.figures.plot import Plot
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from app.vae import bells
from core import gaussians

TWO = {"shape": "two", "p_x": 0.0, "p_s": 0.5, "q_x": 1.0, "q_s": 1.0}
PRESETS = {
    "prior": Preset(_("In a VAE: q(z|x) against N(0, 1)"), {"p_x": 1.5, "p_s": 0.4, "q_x": 0.0, "q_s": 1.0}),
    "widths": Preset(_("Not symmetric"), {"p_x": 0.0, "p_s": 0.5, "q_x": 0.0, "q_s": 2.0}),
    "far": Preset(_("Far apart, JS is stuck at ln 2"), {"p_x": -2.5, "p_s": 0.5, "q_x": 2.5, "q_s": 0.5}),
    "covers": Preset(_("KL(p‖q) covers"), TWO),
    "seeks": Preset(_("KL(q‖p) seeks"), {**TWO, "way": "reverse"}),
}

lab = Lab("vae-kl", PRESETS)
shape = lab.choice("shape", _("p is"), {"one": _("One bell"), "two": _("Two bumps")})
lab.slider("p_x", _("Mean of p"), -bells.REACH, bells.REACH, -1.0, 0.05)
lab.slider("p_s", _("σ of p (of each bump)"), bells.LEAST, bells.MOST, 0.6, 0.05)
if shape == "two":
    lab.slider("gap", _("From bump to bump"), 0.5, bells.APART, 4.0, 0.1)
    lab.slider("share", _("Share of the left bump"), 0.05, 0.95, 0.4, 0.05)
lab.slider("q_x", _("Mean of q"), -bells.REACH, bells.REACH, 1.0, 0.05)
lab.slider("q_s", _("σ of q"), bells.LEAST, bells.MOST, 1.2, 0.05)
way = lab.choice("way", _("q goes downhill on"), {"forward": _("KL(p‖q)"), "reverse": _("KL(q‖p)")},
                 help=_("Dark in the plane: a Gaussian there would be close to p."))  # fmt: skip


def stage(**now: Any) -> Plot:
    """The curves, the plane in which every point is a Gaussian, the distances, and what each x adds to the KL."""
    return bells.draw(bells.p_call(now)(), bells.q_call(now)(), way == "reverse")


def numbers(**now: Any) -> Table:
    """The formulas filled in."""
    titles = [_("distance"), _("filled in"), _("value")]
    return Table(titles, bells.filled(now), _("The formulas with the present numbers"))


def ends(**now: Any) -> Table:
    """Where q stops."""
    titles = [_("q goes towards"), _("mean at the end"), _("σ at the end"), _("left over")]
    return Table(titles, bells.arrivals(now), _("Where q ends in either direction"))


lab.live(stage, handles=[Handle("p_x", "p_s", _("Mean and σ of p"), xaxis="xaxis2", yaxis="yaxis2"),
                         Handle("q_x", "q_s", _("Mean and σ of q"), xaxis="xaxis2", yaxis="yaxis2"),
                         Handle("p_x", label=_("Mean of p")), Handle("q_x", label=_("Mean of q"))])  # fmt: skip
lab.live(numbers, height=0)
lab.live(ends, height=0)
lab.look(_("Drag the points in the lower plane. KL(p‖q) asks where p lies and is dear wherever q is thin there; "
           "KL(q‖p) asks the other way round. So with two bumps one direction covers both of them, and the other "
           "seeks one. Pull p and q apart: KL grows with the square of the distance, JS stays at ln 2 and gives no "
           "direction, W₂ grows evenly."))  # fmt: skip
lab.theory()
now = lab.values
p, q = bells.p_call(now), bells.q_call(now)
lab.code(gaussians.distances, q, Call(gaussians.arrival, {"p": p, "mu": now["q_x"], "sigma": now["q_s"]}), p=p, q=q)
