"""One table: the concepts (sections of the navigation) and their pages."""

from dataclasses import dataclass

# Marks a text for translation here; it is translated where it is shown, in the language of that moment.
_ = str


@dataclass(frozen=True)
class Page:
    """One idea. `address` is its URL, the prefix of its widget keys and the name of its theory note."""

    address: str
    script: str
    title: str
    icon: str
    summary: str


@dataclass(frozen=True)
class Concept:
    title: str
    icon: str
    pages: tuple[Page, ...]  # one to eight ideas
    exercise: Page | None = None  # to test oneself; linked from the foot of the pages

    @property
    def all(self) -> tuple[Page, ...]:
        return self.pages + ((self.exercise,) if self.exercise else ())


# fmt: off
CONCEPTS: tuple[Concept, ...] = (
    Concept(_("Activations"), "show_chart", (
        Page("activations", "pages/activations/curves.py", _("Activation functions"), "show_chart",
             _("The bend between two layers, and how much gradient it lets through.")),
        Page("activations-depth", "pages/activations/depth.py", _("Through depth"), "layers",
             _("Up to fifty layers in a row: does the signal arrive, and does the gradient come back?")),
        Page("activations-dead", "pages/activations/dead.py", _("Dead ReLU"), "heart_broken",
             _("One step that is too large, and a unit never learns again.")),
        Page("activations-softmax", "pages/activations/softmax.py", _("Softmax"), "leaderboard",
             _("Scores become probabilities; the loss pulls the true one up and all others down.")),
        Page("activations-moments", "pages/activations/moments.py", _("Moments"), "airline_stops",
             _("A bell of inputs goes through f: where is its mean, how wide is it, and after twenty layers?")),
        Page("activations-gate", "pages/activations/gate.py", _("Gates"), "door_open",
             _("GLU, SwiGLU and the rest: one half of a layer decides what the other half may say.")),
        Page("activations-formula", "pages/activations/formula.py", _("Your own formula"), "function",
             _("Type any function: its derivative appears, worked out by automatic differentiation.")),
        Page("activations-cost", "pages/activations/cost.py", _("Cost"), "timer",
             _("What a function takes in time and memory: written out step by step, or in one piece.")),
    ), exercise=Page("activations-quiz", "pages/activations/quiz.py", _("Which is it?"), "quiz",
                     _("A derivative is drawn: whose is it?"))),
    Concept(_("Optimizers"), "downhill_skiing", (
        Page("optimizers", "pages/optimizers/walk.py", _("Optimizers"), "downhill_skiing",
             _("Rules that all walk downhill, each in its own way. Drag the start.")),
        Page("optimizers-step", "pages/optimizers/step.py", _("Inside one step"), "footprint",
             _("What one rule remembers, and how far that makes it go in each direction.")),
        Page("optimizers-basins", "pages/optimizers/basins.py", _("Basins"), "grain",
             _("From each of thousands of starts: which minimum is reached?")),
        Page("optimizers-sweep", "pages/optimizers/sweep.py", _("Rate × momentum"), "grid_on",
             _("Each cell is a whole run. Where is it fast, and where does it blow up?")),
        Page("optimizers-real", "pages/optimizers/real.py", _("A real loss surface"), "landscape",
             _("A plane through all the weights of a trained network, and the ways down to it.")),
    )),
    Concept(_("Convolution"), "blur_on", (
        Page("convolution", "pages/convolution/filter.py", _("Filter a photograph"), "blur_on",
             _("Nine numbers slide over a picture: they blur it, sharpen it, or find its edges.")),
        Page("convolution-arithmetic", "pages/convolution/arithmetic.py", _("The arithmetic"), "calculate",
             _("Under the pointer: which pixel times which weight goes into which output.")),
        Page("convolution-channels", "pages/convolution/channels.py", _("Channels"), "grid_view",
             _("Which output sees which input, and what that costs.")),
        Page("convolution-field", "pages/convolution/field.py", _("Receptive field"), "center_focus_strong",
             _("How much of the picture one unit sees, in theory and in effect.")),
        Page("convolution-network", "pages/convolution/network.py", _("A real network"), "hub",
             _("A trained network, layer by layer: what it sees, what it answers, and what drives it.")),
        Page("convolution-learn", "pages/convolution/learn.py", _("Learn a kernel"), "school",
             _("Somebody has filtered the picture. Gradient descent finds out with what.")),
    )),
    Concept(_("Pooling"), "grid_view", (
        Page("pooling", "pages/pooling/picture.py", _("Pooling"), "grid_view",
             _("One number for each window: by the largest, by the mean, by chance. What is lost?")),
        Page("pooling-arithmetic", "pages/pooling/arithmetic.py", _("The arithmetic"), "calculate",
             _("Under the pointer: which numbers a window sees, and which one wins.")),
        Page("pooling-gradient", "pages/pooling/gradient.py", _("The gradient"), "call_split",
             _("Put a gradient on the output, and see which pixels learn from it.")),
        Page("pooling-shift", "pages/pooling/shift.py", _("Shift"), "swipe_right",
             _("Move the picture by a pixel: does the output move along, or does it change?")),
        Page("pooling-regions", "pages/pooling/regions.py", _("Regions"), "crop_free",
             _("A box of any size becomes a fixed number of values; one way rounds, the other does not.")),
        Page("pooling-up", "pages/pooling/up.py", _("Back up"), "zoom_out_map",
             _("Six ways from a small map to a large one, and the sum behind each pixel.")),
        Page("pooling-cascade", "pages/pooling/cascade.py", _("A cascade"), "filter_list",
             _("Pooling after pooling: what remains of the picture?")),
    )),
    Concept(_("Augmentations"), "auto_awesome_motion", (
        Page("augmentations", "pages/augmentations/transform.py", _("One transform"), "auto_awesome_motion",
             _("A transform of albumentations, drawn from many seeds at once.")),
        Page("augmentations-pipeline", "pages/augmentations/pipeline.py", _("A pipeline"), "linear_scale",
             _("Stages in a row, each with its chance: what did each do, and does their order matter?")),
        Page("augmentations-targets", "pages/augmentations/targets.py", _("Targets follow"), "select_all",
             _("Boxes, masks and points go where the picture goes, or are lost on the way.")),
        Page("augmentations-mixing", "pages/augmentations/mixing.py", _("Mixing"), "blender",
             _("Two pictures become one, and so do their labels: mixup, CutMix and their kin.")),
        Page("augmentations-label", "pages/augmentations/label.py", _("Does the label survive?"), "question_mark",
             _("A transform grows, and a network says what it still sees: when does a 6 become a 9?")),
        Page("augmentations-views", "pages/augmentations/views.py", _("Test-time augmentation"), "groups",
             _("Many views of one picture, and what a network says to them together.")),
        Page("augmentations-help", "pages/augmentations/help.py", _("Does it help?"), "exercise",
             _("The same small network on few examples, trained with a pipeline and without.")),
    )),
    Concept(_("Detection"), "frame_inspect", (
        Page("detection", "pages/detection/overlap.py", _("Overlap of boxes"), "join_inner",
             _("One number for how well a box fits, and what that number cannot see.")),
        Page("detection-regress", "pages/detection/regress.py", _("Box regression"), "open_with",
             _("One box is pulled onto another: which loss knows the way?")),
        Page("detection-nms", "pages/detection/nms.py", _("Non-maximum suppression"), "filter_none",
             _("Of many boxes on one object one should be left; and of two objects, two.")),
        Page("detection-ap", "pages/detection/ap.py", _("Average precision"), "stacked_line_chart",
             _("Right, duplicate, false alarm, missed: from single detections to the one number of a table.")),
        Page("detection-anchors", "pages/detection/anchors.py", _("Anchors"), "grid_on",
             _("A fixed list of boxes over the picture: who learns which object, and why nearly all is nothing.")),
        Page("detection-detector", "pages/detection/detector.py", _("A real detector"), "center_focus_strong",
             _("Place digits and clothes on a canvas: what the network says of 2,304 anchors, and what is left.")),
        Page("detection-stages", "pages/detection/stages.py", _("Two stages"), "steppers",
             _("First where, then what: proposals, a fixed size for each by RoI align, a class for each.")),
    )),
    Concept(_("VAE"), "gesture", (
        Page("vae", "pages/vae/pad.py", _("Latent walks"), "gesture",
             _("Drag a point through a space of two numbers, and a picture grows out of it.")),
        Page("vae-between", "pages/vae/between.py", _("From one to another"), "sync_alt",
             _("Two pictures: through latent space one turns into the other; pixel by pixel it only fades.")),
        Page("vae-inside", "pages/vae/inside.py", _("Inside"), "search",
             _("One picture: where it lands, how sure the encoder is, and what each dimension holds.")),
        Page("vae-beta", "pages/vae/beta.py", _("AE or VAE, and β"), "balance",
             _("The same pictures under four weights of the KL: what is gained, and what is paid?")),
        Page("vae-train", "pages/vae/train.py", _("Train your own"), "model_training",
             _("An autoencoder learns while you watch, and every setting answers at once.")),
        Page("vae-restore", "pages/vae/restore.py", _("Only what it knows"), "healing",
             _("What was never learnt does not come out again: noise stays behind, and a shoe gives itself away.")),
        Page("vae-factors", "pages/vae/factors.py", _("Known causes"), "tune",
             _("Shape, size, place, angle: which dimension has found which of them?")),
        Page("vae-kl", "pages/vae/kl.py", _("KL playground"), "stacked_line_chart",
             _("Two bell curves: how far is one from the other, and from the other to the one?")),
    )),
    Concept(_("GAN"), "swords", (
        Page("gan", "pages/gan/plane.py", _("GAN in the plane"), "swords",
             _("One network makes points, the other tells them from the data; each learns from the other.")),
        Page("gan-round", "pages/gan/round.py", _("One round, slowly"), "slow_motion_video",
             _("What D and G do in one round, phase by phase, and what each of them gets to see.")),
        Page("gan-pictures", "pages/gan/pictures.py", _("GAN of pictures"), "photo_library",
             _("Noise becomes digits or clothes: while it learns, and on the way from one to the next.")),
        Page("gan-dirac", "pages/gan/dirac.py", _("Dirac-GAN"), "cyclone",
             _("The smallest GAN there is: two numbers. Who circles, and who arrives?")),
    )),
)
# fmt: on

PAGES: dict[str, Page] = {page.address: page for concept in CONCEPTS for page in concept.all}


def concept_of(address: str) -> Concept | None:
    """The section that a page belongs to; none for home."""
    return next((c for c in CONCEPTS if any(p.address == address for p in c.all)), None)
