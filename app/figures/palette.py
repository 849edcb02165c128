"""Every colour of every figure, once.

Figures are written in the colours of the light theme. The browser swaps each of them for its partner when the page
is dark, so that a picture need not be computed again. Okabe-Ito, tuned to a contrast of at least 3:1 on each paper.
"""

PAPER = ("#fcfcfa", "#0e1417")
INK = "#1d2329"
MUTED = "#5d666e"
GRID = "#e4e3dc"
ACCENT = "#b53712"

DEEP = "#a9c6d8"  # the bottom of a loss surface; its heights are paper

BLUE, ORANGE, GREEN, RED, PINK, SKY, OLIVE = (
    "#0072b2", "#b87d00", "#00855f", "#d55e00", "#b8558e", "#2b8cc4", "#8a8200",
)  # fmt: skip
VIOLET, BROWN = "#6a4fb8", "#8a4a2f"
SERIES = (BLUE, RED, GREEN, PINK, ORANGE, SKY, OLIVE)
TEN = (*SERIES, VIOLET, BROWN, MUTED)  # classes, where each needs a colour of its own
ABOVE, BELOW = BLUE, ORANGE  # numbers over and under zero, on every map with a sign
DASHES = ("solid", "dash", "dot", "dashdot")
# Letters are thinner than lines: on light paper those in a pale colour are darker, 4.5:1.
_LETTERS = {RED: "#b55000", ORANGE: "#936400", PINK: "#af5187", SKY: "#2577a7", OLIVE: "#7c7500"}

# light -> dark
DARK: dict[str, str] = {
    PAPER[0]: PAPER[1],
    INK: "#e8eef0",
    MUTED: "#9fabb2",
    GRID: "#26323a",
    ACCENT: "#ff7a45",
    DEEP: "#1f4459",
    BLUE: "#4aa8e0",
    ORANGE: "#e69f00",
    GREEN: "#1fbf92",
    RED: "#ff8438",
    PINK: "#e08fbe",
    SKY: "#7cc8f2",
    OLIVE: "#f0e442",
    VIOLET: "#a996f0",
    BROWN: "#c98c6c",
}
DARK |= {letters: DARK[color] for color, letters in _LETTERS.items()}


def letters(color: str) -> str:
    """What is written in the colour of a line."""
    return _LETTERS.get(color, color)


def rgb(color: str) -> list[int]:
    """Red, green and blue from 0 to 255: "#d5471e" -> [213, 71, 30]."""
    return [int(color[i : i + 2], 16) for i in (1, 3, 5)]


def style(index: int) -> tuple[str, str]:
    """Colour and dash of the index-th member of a family: the same on every figure, distinct for 28 of them."""
    return SERIES[index % len(SERIES)], DASHES[index // len(SERIES) % len(DASHES)]
