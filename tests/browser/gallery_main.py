"""Figures and sliders of every sort: /?show=sliders|point|box|space|pixels|photo|play|marks|many|maps|pen|broken."""

import threading

import streamlit as st
import torch

from app.domains import Refused
from app.figures import palette
from app.figures.picture import Picture, Table, panel
from app.figures.plot import Plot, dots, heat, layout, line, play, tiles
from app.lab import Lab, Preset
from app.live.component import Handle, Pen
from core import strokes

st.set_page_config("Gallery", layout="wide")
show = st.query_params.get("show", "sliders")
GRID = {"xaxis": {"range": [-5, 5]}, "yaxis": {"range": [-5, 5]}}


def sliders() -> None:
    lab = Lab("gallery", {"high": Preset("High", {"x": 4.0, "lr": 0.1})})
    lab.slider("x", "X", -5.0, 5.0, 0.0, 0.1)
    lab.slider("n", "N", 1, 20, 2)
    lab.slider("lr", "Rate", 1e-4, 1.0, 0.01, log=True)
    lab.slider("span", "Span", -5.0, 5.0, (-4.0, 4.0), 0.5)

    def curve(x: float, n: int, lr: float, span: tuple[float, float]) -> Plot:
        z = torch.linspace(*span, 101)
        data = [
            line(z, torch.sin(z * n / 4) + x / 5, "sine", palette.BLUE),
            dots(torch.tensor([x]), torch.zeros(1), "", palette.RED),
        ]
        return Plot(data, layout(**GRID), f"x={x:g} n={n} lr={lr:g} span={span[0]:g}..{span[1]:g}")

    lab.live(curve)


def point() -> None:
    lab = Lab("gallery")
    lab.point("start", "Start", (1.0, 1.0), (-4.0, 4.0), (-2.0, 2.0), 0.1)

    def place(start_x: float, start_y: float) -> Plot:
        where = torch.tensor([[start_x], [start_y]])
        return Plot(
            [dots(where[0], where[1], "start", palette.BLUE)],
            layout(**GRID),
            f"start={start_x:.3f},{start_y:.3f}",
        )

    lab.live(place, handles=[Handle("start_x", "start_y", label="Start", click=True)])


def box() -> None:
    lab = Lab("gallery")
    for name, at in {"left": 10, "top": 10, "right": 40, "bottom": 30}.items():
        lab.number(name, name, 0, 64, at)

    def frame(left: int, top: int, right: int, bottom: int) -> Picture:
        if left >= right or top >= bottom:
            raise ValueError("The box is empty: pull its corners apart.")
        image = torch.zeros(64, 64)
        image[top:bottom, left:right] = 1
        return Picture([panel("", image)], f"box={left},{top},{right},{bottom}")

    lab.live(
        frame,
        handles=[Handle("left", "top", label="Upper left"), Handle("right", "bottom", label="Lower right")],
    )


def space() -> None:
    lab = Lab("gallery")
    lab.slider("x", "X", -5.0, 5.0, 0.0, 0.1)

    def surface(x: float) -> Plot:
        z = torch.linspace(-1, 1, 15)
        height = z[:, None] ** 2 + (x / 5) * z[None, :]
        return Plot([{"type": "surface", "z": height, "showscale": False}], layout(), f"surface x={x:g}")

    lab.live(surface)


def pixels() -> None:
    lab = Lab("gallery")
    lab.slider("x", "X", 0, 7, 0)

    def small(x: int) -> Picture:
        image = torch.arange(64.0).reshape(8, 8) / 100
        image[0, x] = 1.0
        return Picture([panel("", image)], f"pixels x={x}")

    lab.live(small)


def photo() -> None:
    lab = Lab("gallery")
    lab.slider("x", "X", 0.0, 1.0, 0.5, 0.01)

    def large(x: float) -> Picture:
        return Picture([panel("", torch.full((200, 300, 3), x))], f"photo x={x:g}")

    lab.live(large)


def steps() -> None:
    lab = Lab("gallery")
    lab.slider("x", "X", -5.0, 5.0, 2.0, 0.1)

    def path(x: float) -> Plot:
        t = torch.linspace(0, 1, 60)
        data = [
            play(line(x * t, t * 4, "path", palette.BLUE), "trail"),
            play(dots(x * t, t * 4, "", palette.RED), "head"),
        ]
        return Plot(data, layout(**GRID), f"path x={x:g}", steps=60)

    lab.live(path)


def marks() -> None:
    lab = Lab("gallery")
    lab.slider("x", "X", -5.0, 5.0, 0.0, 0.1)

    def moving(x: float) -> Plot:
        """Everything that may change without the price of a new plot."""
        z, gap = torch.linspace(-4, 4, 9), torch.tensor([torch.nan])
        squares = torch.cat([(z + x).abs().unsqueeze(0) * (z.abs().unsqueeze(1) + 1), torch.full((1, 9), torch.nan)])
        there = torch.cat([z, gap, z])
        data = [
            heat(squares, z, torch.linspace(-4, 4, 10), [palette.BLUE + "c0", palette.RED], 0, 30),
            tiles((squares > 9).int(), z, torch.linspace(-5, -4, 10), [palette.ORANGE, palette.GREEN]),
            line(there, torch.sin(there + x), "pieces", palette.BLUE),
            line(z, z + x, "dotted", palette.GREEN, mode="lines+markers"),
            line(torch.cat([z, -z]), torch.cat([z * 0 + x, z * 0]), "area", palette.PINK, fill="toself"),
            dots(z, z * x, "", palette.RED),
            line(z[:2] + x, z[:2], "", palette.INK, mode="text", text=[f"x<br>{x:g}", f"{x:g}"]),
        ]
        return Plot(data, layout(**GRID), f"marks x={x:g}")

    lab.live(moving)


def many() -> None:
    lab = Lab("gallery")
    lab.slider("x", "X", -5.0, 5.0, 0.0, 0.1)

    def first(x: float) -> Plot:
        return Plot([dots(torch.tensor([x]), torch.zeros(1), "", palette.RED)], layout(**GRID), f"first x={x:g}")

    def second(x: float) -> Plot:
        return Plot([dots(torch.tensor([x]), torch.ones(1), "", palette.RED)], layout(**GRID), f"second x={x:g}")

    def third(x: float) -> Table:
        return Table(["", "x"], [["is", f"{x:g}"]], f"third x={x:g}")

    for draw in (first, second, third):
        lab.live(draw, height=200)


def maps() -> None:
    lab = Lab("gallery")
    lab.slider("x", "X", -5.0, 5.0, 0.0, 0.1)
    at, colors = torch.tensor([0.0, 1.0]), ["#d55e00", "#0072b2", "#00855f", "#1d2329"]

    def quarters(x: float) -> Plot:
        kind = torch.tensor([[0, 1], [2, 3 if x > 0 else 0]])
        grid = {"xaxis": {"range": [-0.5, 1.5]}, "yaxis": {"range": [-0.5, 1.5]}}
        data = [tiles(kind, at, at, colors, meta={"paint": "cells"})]
        return Plot(data, layout(**grid), f"x={x:g} in quarters")

    lab.live(quarters)


def pen() -> None:
    lab = Lab("gallery")
    lab.pen("ink")

    def paper(ink: str) -> Picture:
        image = strokes.raster(strokes.unpack(ink, (0, 0, 28, 28)))
        return Picture([panel("", image)], f"ink={image.sum():.3f} strokes={ink.count('.')}")

    lab.live(paper, pen=Pen("ink"))


def broken() -> None:
    lab = Lab("gallery")
    lab.slider("x", "X", -5.0, 5.0, 0.0, 0.1)

    def fragile(x: float) -> Plot:
        # On the live road only: what a visitor sees there while the hand moves.
        if x > 1 and threading.current_thread().name.startswith("live"):
            raise RuntimeError("secret") if x > 3 else Refused("Above 1 there is nothing to see.")
        return Plot([dots(torch.tensor([x]), torch.zeros(1), "", palette.RED)], layout(**GRID), f"fragile x={x:g}")

    lab.live(fragile)


KINDS = {"sliders": sliders, "point": point, "box": box, "space": space, "pixels": pixels, "photo": photo,
         "play": steps, "marks": marks, "many": many, "maps": maps, "pen": pen, "broken": broken}  # fmt: skip
KINDS[show]()
