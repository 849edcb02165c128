"""The arithmetic of a convolution: under the pointer, which pixel times which weight goes into which output."""

from typing import Any

from torch import Tensor

from app import sliding
from app.code import Script
from app.figures.grids import Grids
from app.figures.picture import Table
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from core import arithmetic, patterns

PRESETS = {
    "same": Preset(_("Padding 1 keeps the size"), {"p": 1}),
    "dropped": Preset(_("The last row and column are dropped"), {"n": 6, "s": 2, "row": 1, "col": 1}),
    "dilated": Preset(_("Dilation spreads the kernel"), {"d": 2, "p": 1}),
    "zeros": Preset(_("Transposed: zeros between the pixels"), {
        "kind": "transposed2d", "pattern": "random", "kernel": "blur", "n": 4, "s": 2, "p": 1, "col": 3}),
    "checkerboard": Preset(_("Checkerboard: 3 is not divisible by 2"), {
        "kind": "transposed2d", "pattern": "ones", "kernel": "ones", "n": 4, "s": 2, "p": 1}),
    "even": Preset(_("4 is divisible by 2: no checkerboard"), {
        "kind": "transposed2d", "pattern": "ones", "kernel": "ones", "n": 4, "k": 4, "s": 2, "p": 1}),
    "causal": Preset(_("Causal: no look into the future"), {
        "kind": "causal1d", "pattern": "random", "kernel": "count", "n": 12, "d": 2, "col": 5}),
    "matrix": Preset(_("The same as a matrix"), {"view": "matrix", "n": 5, "row": 1, "col": 1}),
    "columns": Preset(_("Every window is a column"), {"view": "columns", "n": 5, "row": 1, "col": 1}),
    "gradient": Preset(_("What one output depends on"), {"gradients": True, "p": 1}),
}  # fmt: skip

lab = Lab("convolution-arithmetic", PRESETS)
kind = lab.choice("kind", _("Convolution"), {i: _(k.title) for i, k in arithmetic.KINDS.items()})
pattern = lab.choice("pattern", _("Input"), sliding.inputs())
lab.slider("n", _("Input size n"), 1, 16, 7)
lab.choice("kernel", _("Kernel"), {i: _(f.title) for i, f in patterns.KERNELS.items()})
lab.slider("k", _("Kernel size k"), 1, 7, 3)
lab.slider("s", _("Stride s"), 1, 4, 1)
if not arithmetic.KINDS[kind].causal:
    lab.slider("p", _("Padding p"), 0, 6, 0)
lab.slider("d", _("Dilation d"), 1, 4, 1)
if arithmetic.KINDS[kind].transposed:
    lab.slider("extra", _("Output padding"), 0, 3, 0, help=_("Rows and columns more at the end of the output"))
lab.choice("view", _("Below it"), {"none": _("Nothing"), "matrix": _("Matrix"), "columns": _("Windows as columns"),
                                   "coverage": _("Pixels per output")},
           help=_("Matrix: a row for each output (Toeplitz). Columns: one for each window (im2col)."))  # fmt: skip
lab.toggle("gradients", _("Gradients of the chosen output"))
sliding.more(lab, chosen=2)


def operands(v: dict[str, Any]) -> tuple[Tensor, Tensor, dict[str, int]]:
    """Input, kernel and settings; or the sentence that says why they do not go together."""
    settings = {"stride": v["s"], "padding": v.get("p", 0), "dilation": v["d"], "extra": v.get("extra", 0)}
    sliding.refuse(v["kind"], v["n"], v["k"], **settings)
    x, dims = sliding.picture(v["pattern"], v["n"], v["seed"], v["drawn"]), arithmetic.KINDS[v["kind"]].dims
    kernel = patterns.kernel(v["kernel"], v["k"], dims, v["seed"])
    return x if dims == 2 else x[v["n"] // 4, None], kernel, settings


def stage(view: str, gradients: bool, row: int, col: int, **rest: Any) -> Grids:
    """Input ∗ kernel = output; below, on request, the same as a matrix, and the gradients of the chosen output."""
    x, kernel, settings = operands(rest)
    paints = "drawn" if rest["pattern"] == "drawn" and len(x) > 1 else ""
    return sliding.convolution(x, kernel, rest["kind"], settings, (row, col), view, gradients, paints)


def numbers(**rest: Any) -> Table:
    """Size, cost, what is lost, and how evenly the outputs are fed."""
    x, kernel, settings = operands(rest)
    told = arithmetic.report(rest["kind"], x.tolist(), kernel.tolist(), **settings)
    dropped = _("{dropped} of {pixels}").format(dropped=told.dropped, pixels=told.pixels)
    fed = _("{fewest} to {most}").format(fewest=told.fewest, most=told.most)
    rows = [[_("Output, a side"), told.columns], [_("Multiplications"), f"{told.products}"],
            [_("Pixels that no window reaches"), dropped],
            [_("Pixels per output, away from the edge"), fed]]  # fmt: skip
    return Table([_("In numbers"), ""], rows, _("Size and cost in numbers"))


def script() -> Script:
    """What the table says, of the same numbers."""
    x, kernel, settings = operands(lab.values)
    given = {"kind": kind, "x": x.int().tolist(), "kernel": kernel.int().tolist()}
    return arithmetic.report, (), given | settings


lab.live(stage, handles=[Handle("col", "row", label=_("Chosen output"))])
lab.live(numbers, height=0)
lab.look(_("Point at an output: its window lights up, and the sum is written out. Point at a pixel: everything that it "
           "goes into lights up. In a transposed convolution these are the same pictures read backwards."))  # fmt: skip
lab.theory()
lab.code(script)
