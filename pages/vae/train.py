"""Train your own: an autoencoder learns while one watches, and every setting answers at once."""

from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.vae import models, training

PRESETS = {
    "vae": Preset(_("A VAE in two dimensions"), {}),
    "plain": Preset(_("No KL: codes run away"), {"model": "ae"}),
    "collapse": Preset(_("β = 10: dimensions collapse"), {"latent": 8, "beta": 10.0, "batch": 256}),
    "warm": Preset(_("Warm-up: first see, then tidy"), {"latent": 8, "beta": 4.0, "warm": 400}),
    "denoise": Preset(_("Noise in, picture out"), {"model": "ae", "latent": 8, "noise": 0.5}),
}

lab = Lab("vae-train", PRESETS)
data = lab.choice("data", _("Pictures"), models.data_names())
model = lab.choice("model", _("Model"), {"vae": _("VAE"), "ae": _("Autoencoder")})
lab.slider("latent", _("Latent dimensions"), 1, 16, 2)
if model == "vae":
    lab.slider("beta", _("β, weight of the KL"), 0.0, 10.0, 1.0, 0.1)
    lab.slider("warm", _("Warm-up of β, steps"), 0, 1000, 0, 50, help=_("β grows evenly over the first steps."))
seen = _("σ, up to this. The encoder sees the noisy picture, the decoder must give the clean one.")
lab.slider("noise", _("Noise on the input"), 0.0, 1.0, 0.0, 0.05, help=seen)
lab.slider("lr", _("Learning rate"), 1e-4, 0.1, 3e-3, log=True)
with lab.fold(_("Network, loss and batch")):
    lab.toggle("told", _("It is told the class"), help=_("On both sides: z is left for the hand."))
    lab.choice("kind", _("Network"), {"mlp": _("Dense layers"), "conv": _("Convolutions")})
    lab.slider("hidden", _("Hidden units"), 8, 128, 64, 8)
    pixel = _("A pixel is a chance of ink: cross-entropy. Or a grey with noise: squared error.")
    decoders = {"bernoulli": _("Bernoulli"), "gaussian": _("Gaussian")}
    decoder = lab.choice("decoder", _("Decoder"), decoders, help=pixel)
    if decoder == "gaussian":
        lab.slider("sigma", _("Noise s of a pixel"), 0.05, 1.0, 0.3, 0.05)
    lab.slider("batch", _("Batch"), 16, 256, 64, 16)
    begins = _("So many steps are computed before the page opens; from there it goes on before your eyes.")
    lab.slider("steps", _("Computed at once"), 0, 400, 40, 20, help=begins)
    lab.seed()
now = training.settings(lab.values)

run = lab.job(training.trainable(data), training.begun_call(now), training.STEERED, shared=False, opens=training.OPENS)
lab.watch(run, training.stage)
for place, draw in zip(lab.below.columns(2), (training.losses, training.each_kl), strict=True):
    lab.watch(run, draw, height=240, place=place)
lab.watch(run, training.numbers, height=0)
training.offer(lab, run, now)
lab.look(_("Watch it begin: codes that were heaped up spread out until they fill the circles of the prior, and the "
           "draws in the lowest row turn from blots into digits. Press play to go on, and pull β up: dimensions "
           "fall silent one by one, and their KL goes to zero. Branch first, and the old settings run on beside "
           "it."))  # fmt: skip
lab.theory()
lab.code(lambda: training.script(run, now))
