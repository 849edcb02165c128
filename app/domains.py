"""What a control may be set to. Both roads ask the same object, so a crafted message gets no further than a thumb."""

import math
from dataclasses import dataclass
from typing import Any

from app.i18n import gettext as _
from core import strokes


class Refused(ValueError):
    """A value that its control does not allow; the text is for the visitor."""


@dataclass(frozen=True)
class Span:
    """Numbers from low to high in steps, as a slider has them; step 0 allows every number between."""

    low: float
    high: float
    step: float
    whole: bool = False

    def check(self, value: Any) -> float | int:
        number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
        if not number:  # NaN is not below anything either
            raise Refused(_("A number is wanted, not {value}.").format(value=str(value)[:40]))
        slack = (self.step or self.high - self.low) * 1e-6
        if not self.low - slack <= value <= self.high + slack:
            text = _("{value:g} is not between {low:g} and {high:g}.")
            raise Refused(text.format(value=value, low=self.low, high=self.high))
        steps = (value - self.low) / self.step if self.step else 0
        # The end of a range counts as a stop even when the steps do not divide it.
        if abs(steps - round(steps)) > 1e-3 and abs(value - self.high) > slack:
            text = _("{value:g} is not on the steps of {step:g} from {low:g}.")
            raise Refused(text.format(value=value, step=self.step, low=self.low))
        return round(value) if self.whole else float(value)


@dataclass(frozen=True)
class Pair:
    """Two numbers of a span, the lower one first, as a slider with two thumbs has them."""

    span: Span

    def check(self, value: Any) -> tuple[float, float]:
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise Refused(_("Two numbers are wanted, the lower one first."))
        low, high = self.span.check(value[0]), self.span.check(value[1])
        if low > high:
            raise Refused(_("Two numbers are wanted, the lower one first."))
        return low, high


@dataclass(frozen=True)
class Options:
    """One of a list."""

    values: tuple[Any, ...]

    def check(self, value: Any) -> Any:
        for option in self.values:
            # JSON has one kind of number: 1 may stand for 1.0, but never for True
            if option == value and isinstance(option, bool) == isinstance(value, bool):
                return option
        text = _("{value} is not one of {options}.")
        raise Refused(text.format(value=str(value)[:40], options=", ".join(map(str, self.values))[:200]))


@dataclass(frozen=True)
class Subset:
    """Any number of a list, in the order chosen."""

    values: tuple[Any, ...]

    def check(self, value: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise Refused(_("A list of options is wanted."))
        return list(dict.fromkeys(Options(self.values).check(v) for v in value))


@dataclass(frozen=True)
class Text:
    """A line of text of bounded length."""

    longest: int = 200

    def check(self, value: Any) -> str:
        if not isinstance(value, str) or len(value) > self.longest:
            raise Refused(_("A text of at most {n} characters is wanted.").format(n=self.longest))
        return value


EMPTY = "."  # Streamlit drops a parameter that is empty


@dataclass(frozen=True)
class Strokes:
    """A drawing by hand, as core/strokes.py writes it; "" is an empty paper, which a link spells "."."""

    def check(self, value: Any) -> str:
        if not isinstance(value, str) or len(value) > strokes.LONGEST:
            text = _("A drawing of at most {n} characters is wanted.")
            raise Refused(text.format(n=strokes.LONGEST))
        if value == EMPTY:
            return ""
        try:
            strokes.unpack(value)
        except ValueError:
            text = _("A drawing is strokes, each a dot and three characters for every point, not {value}.")
            raise Refused(text.format(value=value[:40])) from None
        return value


Domain = Span | Pair | Options | Subset | Text | Strokes
SWITCH = Options((False, True))

# Mantissas that read well and lie nearly evenly on a log scale.
_MANTISSAS = (
    1,
    1.1,
    1.2,
    1.3,
    1.5,
    1.6,
    1.8,
    2,
    2.2,
    2.5,
    2.8,
    3,
    3.3,
    3.6,
    4,
    4.5,
    5,
    5.5,
    6,
    6.5,
    7,
    7.5,
    8,
    9,
)


def log_stops(low: float, high: float, base: int = 10) -> tuple[float, ...]:
    """The stops of a log slider: 24 round numbers a decade, or the powers of another base."""
    if base != 10:
        powers = range(math.ceil(math.log(low, base)), math.floor(math.log(high, base)) + 1)
        return tuple(float(base**n) for n in powers)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    stops = [float(f"{m * 10.0**d:.6g}") for d in decades for m in _MANTISSAS]
    return tuple(s for s in stops if low * 0.999999 <= s <= high * 1.000001)
