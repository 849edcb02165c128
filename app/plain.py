"""The road without the live figure: what Streamlit does by itself. `make bench` serves it for comparison."""

import json
import os

import plotly.graph_objects as go
import streamlit as st

from app.figures.grids import Grids
from app.figures.picture import Picture, Table
from app.figures.plot import Plot, to_json
from app.live.desk import Drawing

WANTED = os.environ.get("LIGHTBOARD_PLAIN") == "1"


def show(drawing: Drawing, name: str, height: int) -> None:
    if isinstance(drawing, Plot):
        figure = go.Figure(json.loads(to_json(drawing.header()["figure"])))
        st.plotly_chart(figure, key=f"plain-{name}", height=height, theme=None)
    elif isinstance(drawing, Picture):
        with st.container(key=f"plain-{name}", horizontal=True):
            st.image(
                [panel.file() for panel in drawing.panels],
                [panel.title for panel in drawing.panels],
                width=300,
            )
    elif isinstance(drawing, Table):
        st.table([dict(zip(drawing.columns, row, strict=True)) for row in drawing.rows])
    elif isinstance(drawing, Grids):
        for grid in drawing.grids:
            st.table(grid.values.tolist())
