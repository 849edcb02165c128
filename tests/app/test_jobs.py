"""Jobs: the same run however it is handled, a bounded past, fair turns, and nothing left behind."""

import gc
import itertools
import os
import random
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from app import jobs, places
from app.domains import Refused
from app.jobs import Job, Trainable, weight
from app.places import Threads


@dataclass(frozen=True)
class Walk:
    """A random walk: where it stands depends on the seed and on each step's size."""

    step: int
    at: Tensor
    finite: bool = True


def step(state: Walk, settings: Mapping[str, Any]) -> Walk:
    random = torch.Generator().manual_seed(1000 + state.step)
    after = state.at + settings["size"] * torch.randn(3, generator=random)
    return Walk(state.step + 1, after, finite=state.step + 1 != settings.get("lost"))


MODEL = Trainable(step, lambda state: float(state.at.sum()))
START = Walk(0, torch.zeros(3))


def walked(n: int, size: float = 1.0, start: Walk = START) -> Walk:
    for _i in range(n):
        start = step(start, {"size": size})
    return start


class ByHand:
    """A place where a job runs when the test says so."""

    def __init__(self) -> None:
        self.inside: list[Job] = []

    def enter(self, job: Job) -> None:
        self.inside.append(job)

    def ahead(self, job: Job) -> int:
        return 0


def made(place: Any = None, model: Trainable = MODEL, **settings: Any) -> Job:
    return Job(model, [START], {"size": 1.0, **settings}, place=place or ByHand())


def run_to(job: Job, n: int) -> None:
    """Step by step, so that the test does not depend on the clock."""
    while job.watched().step < n:
        job.do("step")
        while job.advance() is not None:
            pass


def until(met: Callable[[], bool], seconds: float = 20.0) -> None:
    last = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < last, "nothing came"
        threading.Event().wait(0.005)


def same(state: Walk, other: Walk) -> bool:
    return state.step == other.step and torch.equal(state.at, other.at)


@pytest.fixture
def place() -> Iterator[Threads]:
    it = Threads(2)
    yield it
    gc.collect()
    until(lambda: it.busy == 0)


# --- the same run, however it is handled ---


def test_a_run_is_the_plain_loop() -> None:
    job = made()
    run_to(job, 30)
    assert all(same(m.states[0], walked(m.step)) for m in job.moments)
    assert [m.step for m in job.moments] == list(range(31))


def test_pause_scrub_and_play_on_change_nothing(place: Threads) -> None:
    job = made(place)
    job.do("play")
    until(lambda: job.watched().step > 40)
    job.do("pause")
    job.do("scrub", 0)
    assert job.watched().step == 0
    job.do("play")
    until(lambda: job.watched().step > 80)
    job.do("pause")
    for moment in job.watched().moments:
        assert same(moment.states[0], walked(moment.step))


def test_two_sessions_at_once_do_not_disturb_each_other(place: Threads) -> None:
    both = [made(place), made(place, size=2.0)]
    for job in both:
        job.do("play")
    until(lambda: all(job.watched().step > 50 for job in both))
    for size, job in zip((1.0, 2.0), both, strict=True):
        job.do("pause")
        assert all(same(m.states[0], walked(m.step, size)) for m in job.watched().moments)


def test_settings_on_the_fly_count_from_the_next_step() -> None:
    job = made()
    run_to(job, 5)
    job.steer({"size": 3.0})
    run_to(job, 9)
    assert same(job.moments[-1].states[0], walked(4, 3.0, walked(5)))


def test_a_branch_keeps_the_old_settings_and_the_same_chance() -> None:
    job = made()
    run_to(job, 6)
    job.do("scrub", 4)
    job.do("branch")
    assert job.status()["branched"] and job.watched().rival == job.watched().seen
    job.steer({"size": 0.5})
    run_to(job, 8)
    mine, old = job.moments[-1].states
    assert same(old, walked(8)) and same(mine, walked(4, 0.5, walked(4)))
    past = job.watched().past(lambda seen: seen, lane=1)
    assert past[:4].isnan().all() and past[4:].isfinite().all()
    job.do("join")
    assert job.watched().rival is None and len(job.settings) == 1


def test_restart_begins_again_with_the_same_seed() -> None:
    job = made()
    run_to(job, 7)
    job.do("restart")
    assert job.watched().step == 0 and len(job.moments) == 1
    run_to(job, 7)
    assert same(job.moments[-1].states[0], walked(7))


def test_restart_while_it_runs_runs_on(place: Threads) -> None:
    job = made(place)
    job.do("play")
    until(lambda: job.watched().step > 30)
    job.do("restart")
    assert job.phase == "running"
    until(lambda: job.watched().step > 5)
    job.do("pause")
    assert all(same(m.states[0], walked(m.step)) for m in job.watched().moments)


def test_one_step_is_one_step(place: Threads) -> None:
    job = made(place)
    for n in range(1, 6):
        job.do("step")
        until(lambda: job.phase == "paused")
        assert job.watched().step == n


def test_a_stopped_run_steps_no_more() -> None:
    job = made()
    run_to(job, 3)
    job.stop()
    job.do("play")
    assert job.advance() is None and job.watched().step == 3


def test_speed_is_steps_a_second() -> None:
    job = made()
    job.do("speed", 20.0)
    job.do("play")
    rest = job.advance()
    assert rest is not None and 0.03 < rest <= 0.05 and job.watched().step == 1
    assert job.status()["pace"] == 20, "rest counts, too"


@pytest.mark.parametrize(
    "told",
    [("explode", None), ("scrub", "a"), ("scrub", None), ("scrub", True), ("scrub", 1.5), ("speed", 7),
     ("speed", None), ("", 1)],
)  # fmt: skip
def test_an_unknown_command_is_refused(told: tuple[str, Any]) -> None:
    with pytest.raises(Refused):
        made().do(*told)


def test_scrubbing_beyond_the_ends_rests_at_them() -> None:
    job = made()
    run_to(job, 3)
    job.do("scrub", 99)
    assert job.watched().step == 3
    job.do("scrub", -5)
    assert job.watched().step == 0


# --- what goes wrong ---


def test_what_is_not_finite_stops_the_run_and_says_where() -> None:
    job = made(lost=5)
    job.do("play")
    while job.advance() is not None:
        pass
    assert job.phase == "failed" and job.watched().step == 4
    assert "At step 5" in job.status()["told"]
    job.do("play")
    assert job.advance() is None, "there is no way on"
    job.do("scrub", 0)
    job.steer({"lost": -1})
    job.do("play")
    assert job.advance() is not None and not job.error, "but from an earlier moment there is"


def test_what_is_forgotten_is_complained_about_no_more() -> None:
    for again in ("restart", "branch"):
        job = made(lost=4)
        run_to(job, 3)
        job.do("play")
        assert job.advance() is not None and job.phase == "failed" and "4" in job.status()["told"]
        job.do("scrub", 1)
        assert "4" in job.status()["told"], "the past is looked at"
        job.do(again)
        assert job.status()["told"] == ""


def test_numbers_lost_before_it_began_are_told() -> None:
    job = made()
    job.lose()
    assert job.phase == "failed" and "1" in job.status()["told"]
    job.do("play")
    assert job.phase == "failed"


def test_an_error_reaches_the_visitor_as_a_sentence(caplog: pytest.LogCaptureFixture) -> None:
    def broken(state: Walk, settings: Mapping[str, Any]) -> Walk:
        raise RuntimeError("secret")

    job = made(model=Trainable(broken, MODEL.observe))
    job.do("play")
    assert job.advance() == 0.0 and job.advance() is None
    assert job.status()["told"].endswith(".") and "secret" not in job.status()["told"]
    assert caplog.records


# --- the past is bounded ---


def test_the_past_is_thinned_to_half_when_it_is_full() -> None:
    job = made()
    job.most = 16
    run_to(job, 200)
    steps = [m.step for m in job.moments]
    assert len(steps) <= 16 and steps[0] == 0 and steps[-1] == 200
    gaps = [b - a for a, b in itertools.pairwise(steps)]
    assert max(gaps) <= 4 * min(gaps[:-1]), "evenly, but for the newest"
    assert all(same(m.states[0], walked(m.step)) for m in job.moments)


def test_large_states_are_kept_more_sparingly() -> None:
    big = Walk(0, torch.zeros(10**6))
    job = Job(Trainable(step, lambda s: s.at), [big], {"size": 1.0}, place=ByHand())
    assert weight(job.moments[0]) == 8 * 10**6
    assert job.most == 16 and made().most == jobs.MOST_MOMENTS


# --- who watches ---


def test_a_watcher_hears_of_news_once() -> None:
    job, heard = made(), []
    assert job.listen(lambda: heard.append(1), after=job.version)
    run_to(job, 1)
    run_to(job, 3)
    assert heard == [1]
    assert not job.listen(lambda: heard.append(2), after=0), "there is news already"


def test_without_a_watcher_it_falls_asleep_and_wakes_when_one_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    job = made()
    job.do("play")
    assert job.advance() is not None
    monkeypatch.setattr(jobs, "PATIENCE", -1.0)
    assert job.listen(quiet, job.version) and job.advance() is not None, "somebody watches"
    job.forget(quiet)
    assert job.advance() is None and job.phase == "asleep"
    job.listen(quiet, job.version)
    assert job.phase == "running" and job.advance() is not None


def quiet() -> None:
    """Hears, and does nothing."""


# --- turns ---


def test_no_more_run_at_once_than_there_are_slots() -> None:
    at_once, most, lock, go = [0], [0], threading.Lock(), threading.Event()

    def slow(state: Walk, settings: Mapping[str, Any]) -> Walk:
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        assert go.wait(20)
        with lock:
            at_once[0] -= 1
        return step(state, settings)

    place = Threads(2)
    many = [made(place, Trainable(slow, MODEL.observe)) for _i in range(5)]
    for job in many:
        job.do("step")
    until(lambda: at_once[0] == 2)
    assert [place.ahead(job) for job in many] == [0, 0, 0, 1, 2]
    assert "2" in many[-1].status()["told"]
    go.set()
    until(lambda: all(job.watched().step == 1 for job in many))
    assert most == [2]
    until(lambda: place.busy == 0)


def test_those_who_wait_get_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "TURN", 0.0)
    place = Threads(1)
    many = [made(place) for _i in range(3)]
    for job in many:
        job.do("play")
    until(lambda: min(job.watched().step for job in many) > 20)
    for job in many:
        job.stop()
    until(lambda: place.busy == 0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ranks threads one by one")
def test_a_training_stands_behind_those_who_answer_a_hand(place: Threads) -> None:
    ranks: list[int] = []

    def ranked(state: Walk, settings: Mapping[str, Any]) -> Walk:
        ranks.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return step(state, settings)

    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    job = made(place, Trainable(ranked, MODEL.observe))
    job.do("step")
    until(lambda: job.watched().step == 1)
    assert ranks == [min(19, own + places.BEHIND)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == own


def test_pause_and_play_at_once_neither_loses_nor_doubles_it(place: Threads) -> None:
    job = made(place)
    for _i in range(300):
        job.do("play")
        job.do("pause")
    job.do("play")
    before = job.watched().step
    until(lambda: job.watched().step > before + 20)
    assert all(same(m.states[0], walked(m.step)) for m in job.watched().moments[-3:])


# --- nothing is left behind ---


def test_a_job_dies_with_its_desk_while_it_runs_or_rests(place: Threads) -> None:
    held = [made(place), made(place)]
    held[1].do("speed", 1.0)
    for i in range(2):
        held[i].do("play")
    until(lambda: min(job.watched().step for job in held) > 0)
    gone = [weakref.ref(job) for job in held]
    held.clear()
    until(lambda: place.busy == 0, seconds=0.9)  # sooner than the slow one's next step
    assert [g() for g in gone] == [None, None]


def test_fifty_that_are_started_paused_and_abandoned_leave_nothing(place: Threads) -> None:
    chance, before = random.Random(0), threading.active_count()
    alive, gone = [], []
    for _i in range(50):
        job = made(place)
        gone.append(weakref.ref(job))
        alive.append(job)
        for _j in range(chance.randrange(1, 6)):
            some = chance.choice(alive)
            some.do(*chance.choice([("play", None), ("pause", None), ("step", None), ("scrub", 0), ("restart", None),
                                    ("branch", None), ("join", None), ("speed", 100.0)]))  # fmt: skip
        if chance.random() < 0.5:
            alive.pop(chance.randrange(len(alive)))
        assert threading.active_count() <= before + place.slots
    alive.clear()
    del job, some
    until(lambda: place.busy == 0)
    gc.collect()
    until(lambda: threading.active_count() <= before)
    assert not any(g() for g in gone) and not place._line and not place._held


# --- it begins by itself ---


def test_an_untouched_run_opens_up_to_a_step_and_rests_there() -> None:
    job = made()
    job.do("open", 30)
    while job.advance() is not None:
        pass
    assert (job.phase, job.watched().step) == ("paused", 30) and job.status()["touched"]
    assert same(job.moments[-1].states[0], walked(30))
    job.do("open", 90)  # the visitor has seen it begin: from now on it obeys the bar alone
    assert job.phase == "paused"
