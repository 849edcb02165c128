"""Only what it knows: through the bottleneck comes what was learnt; noise stays behind, and so does a shoe."""

from app.figures.picture import Table
from app.figures.plot import Plot
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from app.vae import models, restore

PRESETS = {
    "shoe": Preset(_("A shoe for the digit model"), {}),
    "noise": Preset(_("Denoising"), {"noise": 0.5, "beta": "noise", "threshold": 100.0}),
    "turned": Preset(_("A digit on its side"), {"kind": "turned"}),
    "digit": Preset(_("A digit for the clothes model"), {"data": "fashion"}),
    "half": Preset(_("Half of it is missing"), {"kind": "cut"}),
}

lab = Lab("vae-restore", PRESETS)
model = models.choose(lab, "digits", 8, "0", conditional=False, denoising=True)
lab.choice("kind", _("Strange pictures"), restore.kinds())
lab.slider("noise", _("Noise on every picture, σ"), 0.0, 1.0, 0.0, 0.05,
           help=_("On all pixels. The score compares with the noisy picture: nobody knows the clean one."))  # fmt: skip
lab.slider("threshold", _("Threshold"), 0.0, float(restore.MOST), 32.0, 0.5)


def stage(kind: str, noise: float, threshold: float) -> Plot:
    """Pictures in, out, and what is left over; the scores with the threshold; the ROC."""
    return restore.draw(model, kind, noise, threshold)


def shares(kind: str, noise: float, threshold: float) -> Table:
    """What the threshold does."""
    return restore.shares(model, kind, noise, threshold)


def quality(kind: str, noise: float) -> Table:
    """How much nearer to the clean picture the restored one is."""
    return restore.before_and_after(model, kind, noise)


lab.live(stage, handles=[Handle("threshold", label=_("Threshold"), xaxis="xaxis2", yaxis="yaxis2")])
lab.live(shares, height=0)
lab.live(quality, height=0)
lab.look(_("A few numbers have to carry the picture, so only what the training has seen comes out again. A shoe comes "
           "out as a digit, and what is left over gives it away: drag the threshold and watch the point on the ROC. "
           "Noise does not fit through either; too much of it, and the usual looks strange, too."))  # fmt: skip
lab.theory()
lab.code(lambda: restore.script(model, lab.values))
