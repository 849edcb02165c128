r"""A formula typed by a visitor, made into a torch function: "a * x * sigmoid(b * x)".

The text is never evaluated by Python. It is cut into tokens, so that nothing but numbers, names and a few
signs gets further; Python's `ast` reads it; and every node must be on a short whitelist: numbers, variables,
the parameters a, b, c, d, the constants pi and e, + - * / **, comparisons (1 where true, 0 elsewhere) and the
functions below. What comes out is a chain of closures over torch operations, so autograd differentiates it.
Length, nesting and the number of operations are bounded; constants are floats and must be finite.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

MAX_LENGTH, MAX_NESTING, MAX_NODES = 200, 20, 150
PARAMETERS = ("a", "b", "c", "d")
CONSTANTS = {"pi": math.pi, "e": math.e}

Code = Callable[[dict[str, Tensor]], Tensor]


def _less(x: Tensor, y: Tensor) -> Tensor:
    # 1[x < y], kept in the autograd graph with gradient 0
    return torch.sign(torch.relu(y - x))


def _less_equal(x: Tensor, y: Tensor) -> Tensor:
    return 1 - _less(y, x)


def _where(condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
    # The sign keeps the condition in the autograd graph, with gradient 0.
    return torch.where(condition != 0, x, y) + 0 * torch.sign(condition)


FUNCTIONS: dict[str, tuple[int, Callable[..., Tensor]]] = {
    "sin": (1, torch.sin),
    "cos": (1, torch.cos),
    "tan": (1, torch.tan),
    "asin": (1, torch.asin),
    "acos": (1, torch.acos),
    "atan": (1, torch.atan),
    "sinh": (1, torch.sinh),
    "cosh": (1, torch.cosh),
    "tanh": (1, torch.tanh),
    "exp": (1, torch.exp),
    "log": (1, torch.log),
    "sqrt": (1, torch.sqrt),
    "abs": (1, torch.abs),
    "sign": (1, torch.sign),
    "floor": (1, torch.floor),
    "ceil": (1, torch.ceil),
    "erf": (1, torch.erf),
    "sigmoid": (1, torch.sigmoid),
    "relu": (1, torch.relu),
    "softplus": (1, torch.nn.functional.softplus),
    "max": (2, torch.maximum),
    "min": (2, torch.minimum),
    "where": (3, _where),
}

_BINARY: dict[type[ast.operator], Callable[..., Tensor]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}

_COMPARE: dict[type[ast.cmpop], Callable[[Tensor, Tensor], Tensor]] = {
    ast.Lt: _less,
    ast.LtE: _less_equal,
    ast.Gt: lambda x, y: _less(y, x),
    ast.GtE: lambda x, y: _less_equal(y, x),
}

_TOKEN = re.compile(
    r"[ \t]+|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"|\*\*|//|[<>]=?|[-+*/(),]"
)
_HINTS = {"^": "power", "=": "equals", "π": "pi", "[": "round", "]": "round", "{": "round", "}": "round"}


@dataclass(frozen=True)
class Fault:
    """What can be wrong with a formula; `note` is the sentence, with gaps for what was found."""

    note: str


FAULTS: dict[str, Fault] = {
    "empty": Fault("Type a formula, for example x * sigmoid(x)."),
    "long": Fault("A formula may have at most {most} characters, not {found}."),
    "sign": Fault("A formula cannot hold {sign}; use 0-9, Latin letters, + - * / ** ( ) , . and < >."),
    "invisible": Fault("A formula cannot hold an invisible character; type it anew instead of pasting it."),
    "power": Fault("Write ** for powers, not ^."),
    "equals": Fault("A formula has no = sign; write only its right-hand side."),
    "pi": Fault("Write pi for π."),
    "round": Fault("Use round brackets ( ) only."),
    "times": Fault("Write a * after the number {number}, as in 2*x."),
    "floor": Fault("Write / for division, or floor(x / y) to round down."),
    "brackets": Fault("The brackets do not match: each ( needs its )."),
    "nested": Fault("Brackets may be nested at most {most} deep."),
    "incomplete": Fault("The formula is incomplete, or a sign such as * is missing between two parts."),
    "large": Fault("A formula may have at most {most} operations and numbers."),
    "chain": Fault("Compare two things at a time: (0 < x) * (x < 1)."),
    "unknown": Fault(
        "Only numbers, names, + - * / **, comparisons, brackets and functions such as sin(x) are allowed."
    ),
    "bare": Fault("{name} is a function: write {name}(x)."),
    "name": Fault("There is no {name}; the names are {names}, and functions such as sin(x)."),
    "called": Fault("{name} is not a function: write {name} * ( ... )."),
    "function": Fault("There is no function {name}; there are {names}."),
    "arity": Fault("{name} takes {wanted} values, not {found}."),
    "single": Fault("{name} takes one value, not {found}."),
    "infinite": Fault("{part} is not a finite number."),
    "values": Fault("{text} needs values for {names}; it got {found}."),
    "tensor": Fault("{name} must be a tensor of floating-point numbers."),
    "variables": Fault("A formula in {names} is not a function of one variable."),
}


class FormulaError(ValueError):
    """One sentence for the person who typed the formula: a fault and what fills its gaps."""

    def __init__(self, fault: str, **gaps: object) -> None:
        super().__init__(FAULTS[fault].note.format(**gaps))
        self.fault, self.gaps = fault, gaps


@dataclass(frozen=True)
class Formula:
    """A function of its variables and parameters: formula(x=z, a=0.5)."""

    text: str
    variables: tuple[str, ...]
    parameters: tuple[str, ...]  # the ones that occur, sorted
    _run: Code | float = field(repr=False, compare=False)
    _unused: tuple[str, ...] = field(repr=False, compare=False)

    def __call__(self, **values: Tensor | float) -> Tensor:
        """The value, of the common shape of the variables (tensors); parameters may be plain numbers."""
        names = {*self.variables, *self.parameters}
        if names != set(values):
            given = ", ".join(values)
            raise FormulaError("values", text=self.text, names=", ".join(sorted(names)), found=given)
        first = values[self.variables[0]]
        if not isinstance(first, Tensor) or not first.is_floating_point():
            raise FormulaError("tensor", name=self.variables[0])
        tensors = {k: torch.as_tensor(v, dtype=first.dtype, device=first.device) for k, v in values.items()}
        run = self._run
        result = torch.as_tensor(
            run if isinstance(run, float) else run(tensors), dtype=first.dtype, device=first.device
        )
        shape = torch.broadcast_shapes(*(tensors[name].shape for name in self.variables))
        result = result.expand(torch.broadcast_shapes(shape, result.shape))
        for name in self._unused:  # in the autograd graph all the same, with gradient 0
            result = torch.where(torch.zeros((), dtype=torch.bool, device=first.device), tensors[name], result)
        return result

    def bind(self, **parameters: float) -> Callable[[Tensor], Tensor]:
        """The function of its only variable, with the parameters filled in: an activation."""
        if len(self.variables) != 1:
            raise FormulaError("variables", names=", ".join(self.variables))
        return lambda z: self(**{self.variables[0]: z}, **parameters)


def parse(text: str, variables: Sequence[str] = ("x",)) -> Formula:
    """Read a formula; FormulaError says in one sentence what is wrong."""
    _scan(text)
    try:
        tree = ast.parse(text.strip(" \t"), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise FormulaError("incomplete") from None
    compiler = _Compiler(tuple(variables))
    run = compiler.value(tree)
    used = compiler.used
    return Formula(
        text,
        tuple(variables),
        tuple(sorted(used - set(variables))),
        run,
        tuple(name for name in variables if name not in used),
    )


def function(text: str, **parameters: float) -> Callable[[Tensor], Tensor]:
    """The activation that a formula in x describes, with its parameters filled in."""
    return parse(text).bind(**parameters)


def surface(text: str, **parameters: float) -> Callable[[Tensor, Tensor], Tensor]:
    """The surface that a formula in x and y describes, with its parameters filled in."""
    read = parse(text, ("x", "y"))
    return lambda x, y: read(x=x, y=y, **parameters)


@dataclass(frozen=True)
class Check:
    """Autograd against central differences."""

    gap: float  # the largest |f' - difference| / max(1, |difference|); NaN if no point could be compared
    at: float  # where it is
    compared: int
    kinks: int  # left out: the slopes to the left and to the right differ, so there is no derivative
    undefined: int  # left out: f or f' is not finite there


def grid(low: float, high: float, n: int = 400, device: str = "cpu") -> Tensor:
    """n + 1 points from low to high. Where 0 and other round numbers belong to them, they are met exactly."""
    step = (high - low) / n
    z = torch.arange(n + 1, dtype=torch.float64, device=device) * step + low
    return torch.where((z / step).round().abs() < 0.5, 0.0, z)


def broken_at_poles(y: Tensor) -> Tensor:
    """y, with NaN where it jumps from one side of 0 to the other between points that both are far outside."""
    far = 20 * (1 + y[y.isfinite()].abs().median()) if y.isfinite().any() else torch.tensor(math.inf)
    leap = (y[1:] * y[:-1] < 0) & (y[1:].abs() > far) & (y[:-1].abs() > far)
    return torch.cat([y[:-1].masked_fill(leap, math.nan), y[-1:]])


def value_and_slope(f: Callable[[Tensor], Tensor], z: Tensor) -> tuple[Tensor, Tensor]:
    """f(z) and f'(z) by autograd."""
    with torch.enable_grad():
        x = z.detach().clone().requires_grad_()
        y = f(x)
        slope = torch.autograd.grad(y.sum(), x)[0] if y.requires_grad else torch.zeros_like(z)
    return y.detach(), slope


def differences(f: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    """The central difference quotients (f(z + h) - f(z - h)) / 2h, h = 1e-6 · max(1, |z|)."""
    h = 1e-6 * z.abs().clamp(min=1)
    with torch.no_grad():
        return (f(z + h) - f(z - h)) / (2 * h)


def check_derivative(f: Callable[[Tensor], Tensor], z: Tensor) -> Check:
    """Compare f' by autograd with (f(z + h) - f(z - h)) / 2h in float64, h = 1e-6 · max(1, |z|)."""
    z = z.detach().double().flatten()
    y, slope = value_and_slope(f, z)
    h = 1e-6 * z.abs().clamp(min=1)
    with torch.no_grad():
        right, left = f(z + h), f(z - h)
    rising, falling = (right - y) / h, (y - left) / h
    central = (rising + falling) / 2
    finite = central.isfinite() & slope.isfinite()
    kink = finite & ((rising - falling).abs() > 1e-3 * (1 + rising.abs() + falling.abs()))
    kink &= torch.maximum(rising.abs(), falling.abs()) < 1e5  # steeper is a pole, or an overflow, not a kink
    compared = finite & ~kink
    gaps = ((slope - central).abs() / central.abs().clamp(min=1))[compared]
    worst = int(gaps.argmax()) if len(gaps) else 0
    return Check(
        gaps[worst].item() if len(gaps) else math.nan,
        z[compared][worst].item() if len(gaps) else math.nan,
        int(compared.sum()),
        int(kink.sum()),
        int((~finite).sum()),
    )


@dataclass(frozen=True)
class Report:
    """A formula at one point, and its derivative checked over a range."""

    x: float
    f: float
    df: float  # by autograd
    difference: float  # (f(x + h) - f(x - h)) / 2h
    check: Check


def report(text: str, x: float, low: float = -5.0, high: float = 5.0, points: int = 401, **parameters: float) -> Report:
    """f, f' and the difference quotient at x; the check on `points` from low to high."""
    f = function(text, **parameters)
    z = torch.tensor(x, dtype=torch.float64)
    y, slope = value_and_slope(f, z)
    check = check_derivative(f, grid(low, high, points - 1))
    return Report(x, y.item(), slope.item(), differences(f, z).item(), check)


def _scan(text: str) -> None:
    """Refuse everything that is not a token before Python's parser sees it."""
    if not isinstance(text, str) or not text.strip(" \t"):
        raise FormulaError("empty")
    if len(text) > MAX_LENGTH:
        raise FormulaError("long", most=MAX_LENGTH, found=len(text))
    position, depth = 0, 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            sign = text[position]
            fault = _HINTS.get(sign, "sign" if sign.isprintable() else "invisible")
            raise FormulaError(fault, sign=sign)
        position = token.end()
        if token["number"] and re.match(r"[A-Za-z_0-9.]", text[position:]):
            raise FormulaError("times", number=token[0])
        if token[0] == "//":
            raise FormulaError("floor")
        depth += (token[0] == "(") - (token[0] == ")")
        if depth < 0 or (depth > 0 and position == len(text)):
            raise FormulaError("brackets")
        if depth > MAX_NESTING:
            raise FormulaError("nested", most=MAX_NESTING)


class _Compiler:
    """Turns nodes into closures; counts them and notes the names that occur."""

    def __init__(self, variables: tuple[str, ...]) -> None:
        self.variables = variables
        self.parameters = tuple(name for name in PARAMETERS if name not in variables)
        self.used: set[str] = set()
        self.nodes = 0

    def value(self, node: ast.expr) -> Code | float:
        """A closure over torch operations; a float where no name occurs below the node."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise FormulaError("large", most=MAX_NODES)
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return self._finite(float(number), node)
            case ast.Name(id=name):
                return self._name(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._apply(operator.neg, [operand], node)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.value(operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return self._apply(_BINARY[type(op)], [left, right], node)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
                return self._apply(_COMPARE[type(op)], [left, right], node, lift=True)
            case ast.Compare():
                raise FormulaError("chain")
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(name, arguments, node)
        raise FormulaError("unknown")

    def _name(self, name: str) -> Code | float:
        if name in self.variables or name in self.parameters:
            self.used.add(name)
            return operator.itemgetter(name)
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in FUNCTIONS:
            raise FormulaError("bare", name=name)
        known = ", ".join((*self.variables, *self.parameters, *CONSTANTS))
        raise FormulaError("name", name=name, names=known)

    def _call(self, name: str, arguments: list[ast.expr], node: ast.expr) -> Code | float:
        if name in (*self.variables, *self.parameters, *CONSTANTS):
            raise FormulaError("called", name=name)
        if name not in FUNCTIONS:
            raise FormulaError("function", name=name, names=", ".join(FUNCTIONS))
        arity, function = FUNCTIONS[name]
        if len(arguments) != arity:
            fault = "single" if arity == 1 else "arity"
            raise FormulaError(fault, name=name, wanted=arity, found=len(arguments))
        return self._apply(function, arguments, node, lift=True)

    def _apply(
        self, function: Callable[..., Tensor], operands: list[ast.expr], node: ast.expr, lift: bool = False
    ) -> Code | float:
        """function of its operands; with `lift` numbers become tensors first, as torch's functions want."""
        parts = [self.value(operand) for operand in operands]
        if all(isinstance(part, float) for part in parts):
            # In torch's float64: Python's own 9 ** 9 ** 9 would be an integer that fills the memory.
            return self._finite(float(function(*(torch.tensor(p, dtype=torch.float64) for p in parts))), node)
        first = self.variables[0]

        def run(tensors: dict[str, Tensor]) -> Tensor:
            values = [part if isinstance(part, float) else part(tensors) for part in parts]
            if lift:
                like = tensors[first]
                values = [torch.as_tensor(v, dtype=like.dtype, device=like.device) for v in values]
            return function(*values)

        return run

    def _finite(self, number: float, node: ast.expr) -> float:
        if not math.isfinite(number):
            raise FormulaError("infinite", part=ast.unparse(node))
        return number
