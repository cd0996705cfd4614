"""How a file of a rule names its inputs: its kind, its shape, its range, and who may see it."""

import inspect
from dataclasses import dataclass, field

import numpy as np

FEWEST_TOKENS, MOST_TOKENS = 2, 8
# Bars of prices that a pool reads for an update.
MOST_BARS = 16
# Range of the circuit's integers, with room: 2^15 at 24 bits.
LARGEST = 2.0**15
VISIBILITIES = ("private", "hashed", "public")


class RuleError(Exception):
    """A rule that cannot be proven, and why."""


@dataclass(frozen=True)
class Input:
    kind: str
    shape: tuple = ()
    low: float = 0.0
    high: float = 1.0
    visibility: str = "public"
    value: object = None
    bars: int = 0
    search: tuple | None = None


@dataclass
class Rule:
    name: str
    tokens: int
    function: object
    inputs: dict = field(default_factory=dict)
    description: str = ""

    def of(self, *kinds):
        return {name: each for name, each in self.inputs.items() if each.kind in kinds}

    def shape(self, name):
        each = self.inputs[name]
        if each.kind in ("weights", "gradients"):
            return (self.tokens,)
        return (each.bars, self.tokens) if each.kind == "prices" else each.shape


def weights(low=0.01):
    """The pool's weights, one a token, in [low, 1]; `low` is at most the pool's own lowest weight."""
    return Input("weights", low=low, high=1.0)


def gradients(limit=0.25):
    """The pool's estimates of relative price gradients, one a token, in [-limit, limit]; an update beyond them is refused."""
    return Input("gradients", low=-limit, high=limit)


def prices(bars=2, limit=2.0):
    """Prices of the last bars, oldest first, over the newest price: bars × tokens, the last row ones, the others in
    [1/limit, limit]. Bars are the pool's interval apart; an update beyond the limit is refused."""
    if not 2 <= bars <= MOST_BARS:
        raise RuleError(f"prices: bars must be 2 to {MOST_BARS}, got {bars}")
    if not limit > 1:
        raise RuleError(f"prices: limit must be above 1, got {limit}")
    return Input("prices", low=1 / limit, high=limit, bars=bars)


def parameter(value, low, high, visibility="private", search=None):
    """A number or an array that the rule depends on.

    private: only its salted hash is told. hashed: its hash without a salt is told, so that who knows the values recognises them.
    public: the pool holds it. Training looks between `search`, by default the range itself.
    """
    if visibility not in VISIBILITIES:
        raise RuleError(f"a parameter's visibility is one of {', '.join(VISIBILITIES)}, got {visibility!r}")
    array = np.asarray(value, dtype=np.float64)
    return _ranged("parameter", array, low, high, visibility=visibility, search=search)


def state(start, low, high):
    """Numbers that the rule keeps from update to update; private, and chained by their salted hash. The rule returns their next
    values after the weights."""
    return _ranged("state", np.asarray(start, dtype=np.float64), low, high, visibility="private")


def _ranged(kind, array, low, high, **rest):
    if not (np.isfinite([low, high]).all() and low < high and max(abs(low), abs(high)) <= LARGEST):
        raise RuleError(f"{kind}: range must be finite, within ±{LARGEST:.0f} and not empty, got [{low}, {high}]")
    if array.size == 0 or not ((array >= low) & (array <= high)).all():
        raise RuleError(f"{kind}: its values must lie in [{low}, {high}]")
    return Input(kind, array.shape, float(low), float(high), value=array, **rest)


def graph(model, name, tokens, **inputs):
    """A rule that is an ONNX model already, of PyTorch, scikit-learn or any other: its inputs are those named here, in order; its outputs
    the weights and the next values of its states. Training needs a function of JAX."""
    _check_inputs(tokens, inputs)
    if len(model.graph.input) != len(inputs):
        raise RuleError(f"the model has {len(model.graph.input)} inputs, {len(inputs)} are declared")
    return Rule(name, tokens, model, dict(inputs), model.doc_string)


def rule(tokens, **inputs):
    """Declares a function as a rule: its arguments are the inputs named here; it returns the weights it wants, one a token (the
    pool normalises and rails them), followed by the next values of its states."""
    _check_inputs(tokens, inputs)

    def declared(function):
        arguments = list(inspect.signature(function).parameters)
        if set(arguments) != set(inputs):
            raise RuleError(f"{function.__name__} takes {arguments}, but {list(inputs)} are declared")
        ordered = {name: inputs[name] for name in arguments}
        return Rule(function.__name__, tokens, function, ordered, inspect.getdoc(function) or "")

    return declared


def _check_inputs(tokens, inputs):
    if not FEWEST_TOKENS <= tokens <= MOST_TOKENS:
        raise RuleError(f"a pool holds {FEWEST_TOKENS} to {MOST_TOKENS} tokens, got {tokens}")
    market = ("weights", "gradients", "prices")
    for kind in market:
        if sum(each.kind == kind for each in inputs.values()) > 1:
            raise RuleError(f"{kind} can be declared once")
    if not any(each.kind in market for each in inputs.values()):
        raise RuleError("a rule looks at weights, gradients or prices")
