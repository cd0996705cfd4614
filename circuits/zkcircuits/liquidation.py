"""Statement `liquidation`: this plan restores an account's margin, and no plan that does closes less.

Units: money in shares of a public unit of account. Nothing is hidden: the plan is public, and so is what it rests on; the
proof spares the chain the risk measure.

    minimise a^T w  subject to  G0 = b - d^T w <= 0,  G1 = G0 + h(m, s(w)) - h(m, s0) <= 0,  0 <= w <= 1
    s(w)^2 = s0^2 + D,  D = w^T Q w - 2 g^T w         D = (s1 - s0)(s1 + s0)

    primal: G0 + (upper(w) - lower(0))^+ <= 0
    dual:   l0 b + l1 (b + lower(w) - upper(0) - e y^T w) + sum_i min(0, o a_i - l0 d_i + l1 (e y_i - d_i)) = bound
            y = (Q w - g)/s1: no s(w') is below s1 + y^T (w' - w); e: slope of the lower bound of h in s
    gap = a^T w - bound

With o = 1 the bound is of the objective; with o = 0 and l0 + l1 = 1 a bound that is not negative proves that no plan restores
the margin. A position that is not there has a = d = g = 0, zeros in Q and w = 0.
"""

import numpy as np

from .evar import Sandwich
from .graph import Graph

POSITIONS = 16
PAIRS = POSITIONS * (POSITIONS + 1) // 2
INNER_COLUMNS = 5
# Nothing is committed to: what is public comes out.
INPUTS = "private"
# Who verifies checks the range of what is public; what is private is checked here. Both ends of 246 values would not fit.
RANGE_CHECKS = False
# pool, pool after the plan
STATES = 2
SCALARS = ("deficit", "mean", "volatility", "budget", "weight", "linear", "premium")


def build():
    graph = Graph("liquidation")
    n = POSITIONS
    notionals, relief, covariance_with_book = (graph.input(name, n) for name in ("notionals", "relief", "book"))
    triangle = graph.input("covariance", PAIRS)  # upper, by rows
    fractions = graph.input("fractions", n)
    scalars = graph.input("scalars", len(SCALARS))
    width = STATES * 6 + STATES * 2 + n + 1
    private = graph.ranged(graph.input("witness", width), width)

    b, m, s0, budget, weight, linear, risk = (graph.columns(scalars, i, i + 1) for i in range(len(SCALARS)))
    names = ("k", "t", "p", "c", "upper", "r")
    witness = {name: graph.columns(private, 2 * i, 2 * i + 2) for i, name in enumerate(names)}
    witness["inverses"] = graph.columns(private, 12, 16)
    direction = graph.columns(private, 16, 16 + n)
    change = graph.columns(private, 16 + n, 17 + n)

    index = np.zeros((n, n), int)
    upper = np.triu_indices(n)
    index[upper] = np.arange(PAIRS)
    index.T[upper] = np.arange(PAIRS)
    matrix = graph.reshape(graph.pick(triangle, index.ravel()), [n, n])
    column = lambda row: graph.reshape(row, [n, 1])
    dot = lambda row, other: graph.matmul(row, column(other))
    turned = graph.matmul(fractions, matrix)
    slope = graph.subtract(turned, covariance_with_book)
    s1 = graph.add(s0, change)

    pair = lambda a, c: graph.concat([a, c])
    sandwich = Sandwich(graph, STATES, pair(m, m), pair(s0, s1), pair(budget, budget), witness)
    before = lambda row: graph.columns(row, 0, 1)
    after = lambda row: graph.columns(row, 1, 2)

    objective = dot(notionals, fractions)
    linear_excess = graph.subtract(b, dot(relief, fractions))
    premium = graph.relu(graph.subtract(after(sandwich.upper), before(sandwich.lower)))
    rate = after(sandwich.volatility_slope)
    gradient = graph.subtract(graph.multiply(rate, direction), relief)
    constant = graph.add(b, graph.subtract(after(sandwich.lower), before(sandwich.upper)))
    constant = graph.subtract(constant, graph.multiply(rate, dot(direction, fractions)))
    reduced = graph.subtract(
        graph.add(graph.multiply(weight, notionals), graph.multiply(risk, gradient)), graph.multiply(linear, relief)
    )
    negative = graph.relu(graph.subtract(graph.constant(np.zeros((1, n))), reduced))
    weighted = graph.add(graph.multiply(linear, b), graph.multiply(risk, constant))
    bound = graph.subtract(weighted, graph.total(negative))

    total = graph.subtract(
        dot(fractions, turned), graph.scale(dot(covariance_with_book, fractions), 2, 1)
    )
    graph.output("residualVariance", graph.subtract(graph.multiply(change, graph.add(s0, s1)), total), 1)
    graph.output("residualDirection", graph.subtract(graph.multiply(direction, s1), slope), n)
    for name, value, columns in sandwich.residuals:
        graph.output(name, value, columns)
    graph.output("slack", sandwich.slack, STATES)
    graph.output("tilt", witness["t"], STATES)
    graph.output("charge", premium, 1)
    graph.output("excess", graph.add(linear_excess, premium), 1)
    graph.output("objective", objective, 1)
    graph.output("bound", bound, 1)
    graph.output("publicNotionals", notionals, n)
    graph.output("publicRelief", relief, n)
    graph.output("publicBook", covariance_with_book, n)
    graph.output("publicCovariance", triangle, PAIRS)
    graph.output("publicFractions", fractions, n)
    graph.output("publicScalars", scalars, len(SCALARS))
    return graph.model()


def sample():
    """Inputs of the size that calibration must reckon with."""
    rng = np.random.default_rng(1)
    n = POSITIONS
    return [
        rng.uniform(0, 20, n).tolist(),
        rng.uniform(0, 2, n).tolist(),
        rng.normal(0, 20, n).tolist(),
        rng.normal(0, 2, PAIRS).tolist(),
        rng.uniform(0, 1, n).tolist(),
        [3, -2000, 400, 4.605, 1, 20, 20],
        [-5, -5, 11, 11, 0.1, 0.1, 0.01, 0.01, 20, 20, 0.1, 0.1, *([0.4] * 4), *rng.normal(0, 1, n), 0.5],
    ]
