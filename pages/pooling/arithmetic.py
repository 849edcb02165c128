"""The arithmetic of pooling: under the pointer, which numbers a window sees, which one wins, and what is lost."""

from typing import Any

from torch import Tensor

from app import sliding
from app.code import Script
from app.figures.grids import Grids
from app.figures.picture import Table
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from core import arithmetic

PRESETS = {
    "ties": Preset(_("A tie: the first one wins"), {"pattern": "ring", "row": 0}),
    "average": Preset(_("Average: all have a say"), {"how": "average"}),
    "overlap": Preset(_("Windows that overlap"), {"k": 3, "n": 7, "row": 1}),
    "dropped": Preset(_("The last row is dropped"), {"n": 7}),
    "ceil": Preset(_("Ceil mode keeps it"), {"n": 7, "ceil": True, "row": 3, "col": 3}),
    "padding": Preset(_("Padding counts in an average"), {"how": "average", "k": 3, "p": 1, "row": 0, "col": 0}),
    "high": Preset(_("Lp with a high p is nearly max"), {"how": "lp", "power": 12}),
    "dilated": Preset(_("A window with gaps"), {"n": 8, "d": 2, "s": 1, "row": 2, "col": 2}),
}

lab = Lab("pooling-arithmetic", PRESETS)
how = lab.choice("how", _("Pooling"), {i: _(p.title) for i, p in arithmetic.POOLS.items()})
pattern = lab.choice("pattern", _("Input"), sliding.inputs(), "random")
lab.slider("n", _("Input size n"), 1, 16, 8)
lab.slider("k", _("Window k"), 1, 5, 2)
lab.slider("s", _("Stride s"), 1, 4, 2)
if how != "lp":
    lab.slider("p", _("Padding p"), 0, 2, 0)
if how in ("max", "min"):
    lab.slider("d", _("Dilation d"), 1, 3, 1)
if how == "lp":
    lab.slider("power", _("Power p of Lp"), 1, 16, 2)
else:
    lab.toggle("ceil", _("Ceil mode"), help=_("A last window may hang over the edge."))
if how == "average":
    lab.toggle("count", _("Padding counts"), True, help=_("In the average it counts as zeros (count_include_pad)."))
sliding.more(lab, chosen=1)


def operands(v: dict[str, Any]) -> tuple[Tensor, dict[str, Any], dict[str, Any]]:
    """Input, settings of the windows, and of how they are pooled; or the sentence that says why it is not possible."""
    windows = {"k": v["k"], "stride": v["s"], "padding": v.get("p", 0), "dilation": v.get("d", 1),
               "ceil": v.get("ceil", False)}  # fmt: skip
    sliding.refuse_pool(v["n"], **windows)
    rule = {"how": v["how"], "power": v.get("power", 2), "count_padding": v.get("count", True)}
    return sliding.picture(v["pattern"], v["n"], v["seed"], v["drawn"]), windows, rule


def stage(row: int, col: int, **rest: Any) -> Grids:
    """Input → output; the window of the chosen output is lit, its winner filled."""
    x, windows, rule = operands(rest)
    paints = "drawn" if rest["pattern"] == "drawn" else ""
    return sliding.pooling(x, settings=windows, chosen=(row, col), paints=paints, **rule)


def numbers(**rest: Any) -> Table:
    """Size, what is kept, what is lost."""
    x, windows, rule = operands(rest)
    told = arithmetic.pool_report(x=x.tolist(), **windows, **rule)
    dropped = _("{dropped} of {pixels}").format(dropped=told.dropped, pixels=told.pixels)
    rows = [[_("Output, a side"), told.rows], [_("Outputs for each pixel"), f"{told.kept:.3f}"],
            [_("Pixels that no window reaches"), dropped], [_("Windows with a tie"), f"{told.ties}"]]  # fmt: skip
    return Table([_("In numbers"), ""], rows, _("Size and loss in numbers"))


def script() -> Script:
    """What the table says, of the same numbers."""
    x, windows, rule = operands(lab.values)
    return arithmetic.pool_report, (), {"x": x.int().tolist(), **windows, **rule}


lab.live(stage, handles=[Handle("col", "row", label=_("Chosen output"))])
lab.live(numbers, height=0)
lab.look(_("Point at an output: its window lights up, and the winner is filled. Point at a pixel: with a stride below "
           "the window it goes into several outputs, with a larger one some pixels go into none."))  # fmt: skip
lab.theory()
lab.code(script)
