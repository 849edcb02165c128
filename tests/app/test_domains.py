"""What a control may be set to, and what it refuses."""

import math
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.domains import SWITCH, Options, Pair, Refused, Span, Strokes, Subset, Text, log_stops
from core import strokes

NOT_NUMBERS = [math.nan, math.inf, -math.inf, True, False, "1", "", None, [], {}, [1], 1j, b"1"]
HALVES = Span(-3.0, 3.0, 0.5)
WHOLE = Span(0, 10, 1, whole=True)

steps = st.sampled_from([0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0])
spans = st.builds(
    lambda low, step, count: Span(low, low + step * count, step),
    st.integers(-1000, 1000).map(float),
    steps,
    st.integers(1, 400),
)


@given(spans, st.data())
def test_span_takes_each_of_its_steps(span, data):
    count = round((span.high - span.low) / span.step)
    value = span.low + data.draw(st.integers(0, count)) * span.step
    assert span.check(value) == value
    assert isinstance(span.check(value), float)


@given(spans, st.floats(allow_nan=False, allow_infinity=False))
@example(HALVES, 1e308)
@example(HALVES, 3.0000001)
def test_span_lets_nothing_else_through(span, value):
    try:
        taken = span.check(value)
    except Refused as error:
        assert str(error)
        return
    nearest = span.low + round((value - span.low) / span.step) * span.step
    assert taken == value
    assert span.low - span.step / 1000 <= value <= span.high + span.step / 1000
    assert abs(value - nearest) <= span.step / 500


@pytest.mark.parametrize("value", NOT_NUMBERS)
@pytest.mark.parametrize("domain", [HALVES, WHOLE])
def test_span_refuses_what_is_no_number(domain, value):
    with pytest.raises(Refused):
        domain.check(value)


@given(st.integers())
@example(10**400)
@example(-(10**400))
def test_whole_span_takes_whole_numbers(value):
    assume(not 0 <= value <= 10)
    assert all(type(WHOLE.check(n)) is int for n in range(11))
    assert WHOLE.check(3.0) == 3
    for wrong in (value, 2.5):
        with pytest.raises(Refused):
            WHOLE.check(wrong)


def test_the_end_of_a_span_counts_even_off_its_steps():
    span = Span(0.0, 1.0, 0.3)
    assert span.check(1.0) == 1.0
    with pytest.raises(Refused, match=r"0\.95 is not on the steps of 0\.3 from 0"):
        span.check(0.95)


@given(st.integers(0, 12), st.integers(0, 12))
def test_pair_wants_the_lower_one_first(i, j):
    low, high = -3 + i / 2, -3 + j / 2
    if low <= high:
        assert Pair(HALVES).check([low, high]) == (low, high)
    else:
        with pytest.raises(Refused, match="lower one first"):
            Pair(HALVES).check([low, high])


@pytest.mark.parametrize(
    "value",
    [*NOT_NUMBERS, 1.0, [1.0], [1.0, 2.0, 3.0], [1.0, math.nan], ["1", "2"], [True, 1.0], [-9.0, 1.0]],
)
def test_pair_refuses(value):
    with pytest.raises(Refused):
        Pair(HALVES).check(value)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.lists(st.text())))
def test_options_takes_its_own_values_only(value):
    options = Options(("relu", "elu", 1.0, 5))
    own = not isinstance(value, bool) and value in options.values
    if own:
        assert options.check(value) == value
    else:
        with pytest.raises(Refused):
            options.check(value)


def test_options_tells_numbers_from_switches():
    assert Options((1.0, 2.0)).check(1) == 1.0
    assert isinstance(Options((1.0, 2.0)).check(1), float)
    assert SWITCH.check(True) is True
    for domain, wrong in ((Options((1.0, 0.0)), True), (SWITCH, 1), (SWITCH, 0), (SWITCH, "true")):
        with pytest.raises(Refused):
            domain.check(wrong)


def test_refusals_stay_short():
    with pytest.raises(Refused) as refusal:
        Options(tuple(range(1000))).check("x" * 100_000)
    assert len(str(refusal.value)) <= 300
    with pytest.raises(Refused) as refusal:
        HALVES.check("x" * 100_000)
    assert len(str(refusal.value)) <= 300


@given(st.lists(st.sampled_from("abc")))
def test_subset_keeps_the_order_and_drops_repeats(chosen):
    taken = Subset(("a", "b", "c")).check(chosen)
    assert taken == sorted(set(chosen), key=chosen.index)


@pytest.mark.parametrize("value", ["abc", None, 1, {"a": 1}, ["a", "d"], [["a"]], [None], [math.nan]])
def test_subset_refuses(value):
    with pytest.raises(Refused):
        Subset(("a", "b", "c")).check(value)


def test_text_is_bounded():
    assert Text(5).check("") == ""
    assert Text(5).check("żółw!") == "żółw!"
    for wrong in ("123456", None, 5, b"abc", ["a"]):
        with pytest.raises(Refused, match="at most 5 characters"):
            Text(5).check(wrong)


@given(st.text(max_size=9) | st.text(alphabet="AZaz09-_.", max_size=9) | st.integers() | st.lists(st.text()))
@example(".nan")
@example("nan")
@example(".AAA" * 376)
@example(["A"])
def test_a_drawing_is_strokes_or_refused(value):
    try:
        taken = Strokes().check(value)
    except Refused as error:
        assert 0 < len(str(error)) < 200
    else:
        assert taken == strokes.pack(strokes.unpack(taken)) and (taken or ".") == (value or ".")


@given(st.integers(-8, 6), st.floats(0.1, 8))
def test_log_stops_lie_evenly(exponent, decades):
    low, high = 10.0**exponent, 10.0**exponent * 10**decades
    stops = log_stops(low, high)
    assert stops[0] == pytest.approx(low)
    assert stops[-1] <= high * 1.00001
    ratios = [b / a for a, b in pairwise(stops)]
    assert all(1 < ratio <= 1.21 for ratio in ratios)
    assert all(float(f"{stop:g}") == stop for stop in stops), "each stop reads back from its label"
