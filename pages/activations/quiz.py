"""Which is it? A derivative is drawn: which of four functions does it belong to?"""

import streamlit as st
import torch

from app.code import Call
from app.figures import palette
from app.figures.axes import columns, stable_range
from app.figures.plot import Plot, dots, layout, line, short
from app.i18n import gettext as _
from app.lab import Lab
from app.live.component import Handle
from core import activations, quiz
from core.activations import ACTIVATIONS
from core.quiz import Question

lab = Lab("activations-quiz")
ALL = activations.chosen(list(ACTIVATIONS))
names = {id: _(a.title) for id, a in ACTIVATIONS.items()}
number = lab.number("question", _("Question"), 1, 9999, 1, help=_("It goes with the link: send it to a friend."))
asked = quiz.ask(ALL, number)
answers: dict[int, tuple[str, bool]] = st.session_state.setdefault("activations-quiz.answers", {})
given, right = answers.get(number, ("", False))


def answer(id: str) -> None:
    answers.setdefault(number, (id, id == asked.answer))  # the first answer counts


def turn_page() -> None:
    st.session_state["activations-quiz.question"] = number % 9999 + 1


with lab.words():
    for place, id in enumerate(asked.options, 1):
        shown = given and (id in (asked.answer, given))
        mark = (":material/check:" if id == asked.answer else ":material/close:") if shown else None
        st.button(names[id], key=f"activations-quiz.option{place}", on_click=answer, args=(id,), icon=mark,
                  type="primary" if given and id == asked.answer else "secondary", disabled=bool(given),
                  shortcut=str(place), width="stretch")  # fmt: skip
    st.button(_("Next question"), key="activations-quiz.next", on_click=turn_page, icon=":material/arrow_forward:",
              shortcut="N", width="stretch", type="secondary" if given else "tertiary")  # fmt: skip
    if given:
        verdict = _("Right, it is {name}.") if right else _("No, it is {name}.")
        st.markdown("**" + verdict.format(name=names[asked.answer]) + "** " + _(ACTIVATIONS[asked.answer].note))
    score = sum(hit for id, hit in answers.values())
    st.caption(_("Score: {score} of {n}").format(score=score, n=len(answers)))
lab.slider("x", _("Probe x"), -5.0, 5.0, 1.0, 0.1, help=_("Or drag the line in the picture."))


def stage(x: float, asked: Question, given: str) -> Plot:
    """The derivative; once it is answered also the function, and the derivative of a wrong guess."""
    z, here = asked.z, torch.tensor([x], dtype=asked.z.dtype)
    at, f = quiz.derivative(ALL[asked.answer], here), ALL[asked.answer]
    title, color = _("right: derivative of {name}"), palette.GREEN if given else palette.BLUE
    said = title.format(name=names[asked.answer]) if given else _("whose derivative?")
    data = [line(z, asked.df, said, color, width=3), dots(here, at, "", color, 12, legend=False)]
    if not given:
        among = ", ".join(names[id] for id in asked.options)
        alt = _("The derivative of one of {among}. At x = {x} it is {value}.")
        grid = columns([_("f′(x)")], (-5, 5), [stable_range([asked.df, torch.tensor([0.0, 1.0])])], below="x")
        return Plot(data, layout(**grid), alt.format(among=among, x=short(x, 1), value=short(at.item())))
    slopes = [asked.df, torch.tensor([0.0, 1.0])]
    if given != asked.answer:
        slopes.append(quiz.derivative(ALL[given], z))
        wrong = _("wrong: derivative of {name}").format(name=names[given])
        data.append(line(z, slopes[-1], wrong, palette.RED, dash="dash"))
    data += [line(z, f(z), names[asked.answer], palette.GREEN, width=3, axes="x2y2"),
             dots(here, f(here), "", palette.GREEN, 12, legend=False, axes="x2y2")]  # fmt: skip
    grid = columns([_("f′(x)"), _("f(x)")], (-5, 5), [stable_range(slopes), stable_range([f(z)])], below="x")
    alt = _("{name} and its derivative. At x = {x}: f′ = {slope}, f = {value}.")
    return Plot(data, layout(**grid), alt.format(name=names[asked.answer], x=short(x, 1), slope=short(at.item()),
                                                 value=short(f(here).item())))  # fmt: skip


probe = [Handle("x", label=_("Probe x")), Handle("x", label=_("Probe x"), xaxis="xaxis2", yaxis="yaxis2")]
lab.live(stage, handles=probe[: 2 if given else 1], asked=asked, given=given)
lab.look(_("What does the derivative do far to the left and far to the right? Does it jump? How high does it rise? "
           "Is it ever negative? Keys 1 to 4 answer, N turns to the next question."))  # fmt: skip
lab.theory()
lab.code(quiz.ask, functions=Call(activations.chosen, {"names": list(ACTIVATIONS)}), seed=number)
