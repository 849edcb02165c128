"""Home: what Lightboard is, one thing to drag at once, and a card for each concept."""

import streamlit as st
import torch

from app import catalog
from app.figures import palette
from app.figures.axes import columns
from app.figures.plot import Plot, dots, layout, line
from app.i18n import gettext as _
from app.lab import Lab
from app.live.component import Handle
from core import activations, device

GRID = torch.linspace(-6, 6, 241, device=device.current())
CURVES = {"sigmoid": palette.BLUE, "tanh": palette.RED, "relu": palette.GREEN}


def taste(x: float) -> Plot:
    """How much gradient three functions let through at x: what a lecturer drags first."""
    data, values, alt = [], [], []
    for id, color in CURVES.items():
        curve, at = activations.curve(id, GRID), activations.curve(id, torch.tensor(x, device=GRID.device))
        name = _(activations.ACTIVATIONS[id].title)
        data.append(line(GRID, curve.df, name, color, width=3))
        values.append(at.df)
        alt.append(f"{name}: {at.df:.2f}")
    data.append(dots(torch.full((3,), x), torch.stack(values), "", list(CURVES.values()), size=11, legend=False))
    grid = columns([_("gradient let through")], (-6, 6), [(-0.06, 1.12)], below="x")
    return Plot(data, layout(**grid), _("At x = {x:g}").format(x=x) + ". " + ", ".join(alt))


with st.container(key="frame-title", gap="xxsmall"):
    st.title(_("Deep learning you can drag"), anchor=False)
    st.markdown(_("Move a slider or a point: the picture follows the hand, computed anew at that moment, "
                  "nearly always by PyTorch."))  # fmt: skip

if missing := st.query_params.get("missing"):
    address = "".join(c for c in missing[:60] if c.isalnum() or c in "-_")
    st.info(_("There is no page /{address}. All pages are listed here.").format(address=address),
            icon=":material/explore_off:")  # fmt: skip

lab = Lab("home")
with lab.words():
    st.markdown("**" + _("Try it: drag the line.") + "** " + _("Sigmoid never lets more than a quarter of the "
                "gradient through, and far from zero hardly any. ReLU lets all of it through, or none."))  # fmt: skip
lab.slider("x", _("Input x"), -6.0, 6.0, 2.0, 0.1)
with lab.words():
    page = catalog.PAGES["activations"]
    st.page_link(f"../{page.script}", label=_("Open the page"), icon=":material/arrow_forward:")
lab.live(taste, height=380, handles=[Handle("x", label=_("Input x"), click=True)])

with lab.below, st.grid(3, min_column_width=260):
    for concept in catalog.CONCEPTS:
        with st.container(border=True, key=f"card-{concept.pages[0].address}", height="stretch"):
            st.markdown(f"## :material/{concept.icon}: {_(concept.title)}")
            for page in concept.all:
                st.page_link(f"../{page.script}", label=_(page.title), icon=f":material/{page.icon}:",
                             help=_(page.summary))  # fmt: skip
                st.caption(_(page.summary))
