"""Cost: what an activation takes in time and in memory, written out step by step and in one piece."""

import streamlit as st
import torch

from app.code import Call
from app.figures import palette
from app.figures.axes import bar_columns, stable_range
from app.figures.picture import Table
from app.figures.plot import Plot, bars, layout, short
from app.i18n import gettext as _
from app.lab import Lab, Preset
from core import activations, cost, device
from core.activations import ACTIVATIONS
from core.cost import FUSED, KERNELS, Cost

PRESETS = {
    "free": Preset(_("Three that keep nothing extra"), {"functions": ["relu", "tanh", "sigmoid"]}),
    "gelu": Preset(_("GELU, exact and approximate"), {"functions": ["relu", "gelu", "gelu_tanh"]}),
    "phone": Preset(_("Made for phones"), {"functions": ["sigmoid", "hard_sigmoid", "silu", "hard_swish"]}),
    "elu": Preset(_("The exponential family"), {"functions": ["elu", "celu", "selu", "softplus"]}),
}
QUICK, CAREFUL = (2**18, 5), (2**20, 25)  # numbers in the tensor, repeats
KEPT = "activations-cost.measured"

lab = Lab("activations-cost", PRESETS)
names = {id: _(a.title) for id, a in ACTIVATIONS.items()}
functions = lab.choices("functions", _("Functions"), names, ["relu", "tanh", "silu", "gelu", "mish"])
runs = cost.with_kernels(activations.chosen(functions))
here = device.current()
costs: dict[str, Cost] = st.session_state.get(KEPT, {})
with lab.words():
    if st.button(_("Measure carefully"), icon=":material/timer:", disabled=not functions, width="stretch"):
        progress = st.progress(0.0)
        done: list[Cost] = []
        for found in cost.compare(runs, *CAREFUL, device=str(here)):
            done.append(found)
            progress.progress(len(done) / len(runs), names[found.name.removesuffix(FUSED)])
        progress.empty()
        costs = st.session_state[KEPT] = costs | {found.name: found for found in done}
    careful = set(runs) <= set(costs)
    numbers, repeats = CAREFUL if careful else QUICK
    st.caption(_("Shown: the median of {repeats} runs on {numbers} numbers, {device}.").format(
        repeats=repeats, numbers=f"{numbers:,}".replace(",", "\u202f"), device=here.type.upper()))  # fmt: skip
    st.markdown("**" + _("The network") + "**")
lab.slider("layers", _("Layers"), 1, 100, 24)
lab.slider("batch", _("Batch"), 1.0, 4096.0, 256.0, log=True, base=2)
lab.slider("width", _("Width"), 64.0, 65536.0, 4096.0, log=True, base=2)


def stage(functions: list[str], costs: dict[str, Cost], layers: int, batch: float, width: float) -> Plot:
    """Time for each number that goes through, memory in the whole network; two bars where there are two ways."""
    most = max(costs[f].extra_bytes for f in runs) * layers * int(batch) * int(width)
    power, unit = (9, _("GB kept")) if most > 1e9 else (6, _("MB kept"))
    share = layers * int(batch) * int(width) / 10**power
    ways = {
        _("written out"): (palette.BLUE, -0.2, [(i, f) for i, f in enumerate(functions) if f in KERNELS]),
        _("in one piece"): (
            palette.GREEN,
            0.2,
            [(i, f + FUSED * (f in KERNELS)) for i, f in enumerate(functions)],
        ),
    }
    data = []
    for title, (color, beside, members) in ways.items():
        rows = torch.tensor([i + beside * (functions[i] in KERNELS) for i, f in members])
        there, back, kept = (torch.tensor([getattr(costs[f], part) for i, f in members])
                             for part in ("forward_ns", "backward_ns", "extra_bytes"))  # fmt: skip
        total = [short(v, 1) for v in (there + back).tolist()]
        data += [bars(there, rows, _("{way}: forward").format(way=title), color, width=0.36, text=""),
                 bars(back, rows, _("backward"), color + "77", width=0.36, base=there, text=total),
                 bars(kept * share, rows, "", color, width=0.36, digits=1, axes="x2y2", legend=False)]  # fmt: skip
    longest = max(costs[f].forward_ns + costs[f].backward_ns for f in runs)
    spans = [[0, 1.2 * longest], [0, 1.3 * stable_range([torch.tensor([0, most / 10**power])])[1]]]
    grid = bar_columns([_("ns per number"), unit], spans, [names[f] for f in functions])
    dearest = max(runs, key=lambda f: costs[f].forward_ns + costs[f].backward_ns)
    alt = _("{n} functions; the slowest is {name} with {time} ns per number.").format(
        n=len(functions), name=names[dearest.removesuffix(FUSED)], time=short(longest, 1))  # fmt: skip
    below = {"orientation": "h", "x": 0, "y": -0.02, "yanchor": "top"}
    frame = {"margin": {"l": 110, "r": 12, "t": 60, "b": 40}, "barmode": "overlay", "legend": below}
    return Plot(data, layout(**grid, **frame), alt)


def memory(functions: list[str], layers: int, batch: float, width: float) -> Table:
    """What the activations of a network keep for the backward pass, counted, not measured."""
    found = cost.footprints(activations.chosen(functions), layers, int(batch), int(width))
    way = {True: _("in one piece"), False: _("written out")}
    rows = []
    for f in found:
        id, whole = f.name.removesuffix(FUSED), f.name not in KERNELS
        rows.append([f"{names[id]}, {way[whole]}", short(f.bytes_per_number, 0), short(f.megabytes, 1)])
    return Table([_("kept for the backward pass"), _("bytes per number"), _("MB in the network")], rows,
                 _("Memory that the activations of a network of {n} layers keep").format(n=layers))  # fmt: skip


if functions:
    if not careful:
        costs = {f.name: f for f in (
            lab.compute(cost.measure, name=name, f=f, elements=QUICK[0], repeats=QUICK[1], device=str(here))
            for name, f in runs.items())}  # fmt: skip
    lab.live(stage, costs=costs)
    lab.live(memory, height=0)
else:
    lab.say(_("Choose at least one function on the left."))
lab.look(_("Blue is the formula as a chain of steps, green PyTorch's own kernel. Each step reads and writes the whole "
           "tensor and leaves behind what its backward pass needs: that fills the memory."))  # fmt: skip
lab.theory()
now = lab.values
lab.code(cost.footprints, functions=Call(activations.chosen, {"names": functions}), layers=now["layers"],
         batch=int(now["batch"]), width=int(now["width"]))  # fmt: skip
