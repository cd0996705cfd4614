"""Statement `liquidation`: this plan restores an account's margin, and no plan that does closes less.

Units: money in shares of a public unit of account, of which the account's positions are 64 to 128. Nothing is hidden: the plan is
public, and so are its inputs; the proof spares the chain the risk measure.

    minimise a^T w  subject to  G0 = b - d^T w <= 0,  G1 = G0 + h(m, s(w)) - h(m, s0) <= 0,  0 <= w <= 1
    s(w)^2 = s0^2 + w^T Q w - 2 g^T w,  s1 = s(w) by certificate, not negative
    e0, e1: slopes of h in s at s0 and s1; h is convex in s, so e0 (s1 - s0) <= h(s1) - h(s0) <= e1 (s1 - s0)

    rise above = min(upper1 - lower0, e1 (s1 - s0)),  rise below = max(lower1 - upper0, e0 (s1 - s0))
    primal: excess = G0 + (rise above)^+
    dual:   l0 b + l1 (b + rise below - e1 y^T w) + sum_i min(0, o a_i - l0 d_i + l1 (e1 y_i - d_i)) = bound
            y = (Q w - g)/s1: no s(w') is below s1 + y^T (w' - w)
    gap = a^T w - bound

The differences of the sandwich's bounds are right to 10^-7 of s, which is much beside a small account in a large pool; the
slopes are right to 10^-5 of the rise itself, and the tighter of both counts.
With o = 1 the bound is of the objective; with o = 0 and l0 + l1 = 1 a bound that is not negative proves that no plan restores
the margin. A position that is not there has a = d = g = 0, zeros in Q and w = 0.

Portfolio margin is convex: b - d^T w is its tangent at the plan, which is nowhere above it, and whoever verifies makes the tangent and its
distance from the margin again from the scenarios (libs/proofs/src/portfolio/tangent.ts, contracts/src/MarginTangent.sol).
"""

import numpy as np

from .integers import BITS, Integers
from .sandwich import COLUMNS, Sandwich

POSITIONS = 16
PAIRS = POSITIONS * (POSITIONS + 1) // 2
# Keys of seven columns are none that the generated verifier can read: it runs out of gas on them.
INNER_COLUMNS = 5
# Nothing is committed to: public inputs come out, and the verifier's caller checks their range.
INPUTS = "private"
# Pool, pool after the plan.
STATES = 2
SCALARS = ("deficit", "mean", "volatility", "budget", "weight", "linear", "premium")


def build():
    graph = Integers("liquidation")
    n = POSITIONS
    notionals, relief, with_book = (graph.input(name, n) for name in ("notionals", "relief", "book"))
    triangle = graph.input("covariance", PAIRS)  # upper, by rows
    fractions = graph.input("fractions", n)
    scalars = graph.input("scalars", len(SCALARS))
    # k, t, p, c, upper, r of both states, their inverses, then y and s1
    ratios = STATES * (len(COLUMNS) + 2)
    private = graph.input("witness", ratios + n + 1)

    b, m, s0, budget, weight, linear, risk = (scalars.column(i) for i in range(len(SCALARS)))
    pair = lambda a, c: graph.concat([a, c])
    witness = {name: private[STATES * i : STATES * (i + 1)] for i, name in enumerate(COLUMNS)}
    witness["inverses"] = private[STATES * len(COLUMNS) : ratios]
    direction = private[ratios : ratios + n]
    s1 = private.column(ratios + n).positive()
    graph.require(graph.concat([witness[name] for name in ("t", "p", "c", "upper", "inverses")]))
    graph.require_sum([witness["k"], witness["r"]], 38)
    graph.require_sum([direction], 38)

    index = np.zeros((n, n), int)
    upper = np.triu_indices(n)
    index[upper] = np.arange(PAIRS)
    index.T[upper] = np.arange(PAIRS)
    matrix = graph.pick(triangle, index.ravel()).reshape(n, n)
    turned = fractions @ matrix  # 2^-48
    change = s1 - s0
    variance_change = fractions.dot(turned) - (with_book.dot(fractions) << (BITS + 1))  # 2^-72

    sandwich = Sandwich(graph, pair(m, m), pair(s0, s1), pair(budget, budget), witness)
    before, after = (lambda row: row.column(0)), (lambda row: row.column(1))
    along = (sandwich.slope * change) >> BITS
    above = after(sandwich.upper) - before(sandwich.lower)
    above = above - (above - after(along)).positive()
    below = after(sandwich.lower) - before(sandwich.upper)
    below = below + (before(along) - below).positive()
    charge = above.positive()

    objective = notionals.dot(fractions) >> BITS
    excess = b - (relief.dot(fractions) >> BITS) + charge
    rate = after(sandwich.slope)
    gradient = ((rate * direction) >> BITS) - relief
    constant = b + below - ((rate * (direction.dot(fractions) >> BITS)) >> BITS)
    reduced = (weight * notionals + risk * gradient - linear * relief) >> BITS
    bound = ((linear * b + risk * constant) >> BITS) - reduced.below_zero()

    graph.violations()
    graph.output("residualVariance", ((s1 * s1 - s0 * s0) << BITS) - variance_change, 3 * BITS)
    graph.output("residualDirection", direction * s1 - (turned - (with_book << BITS)), 2 * BITS)
    for name, value, bits in sandwich.residuals:
        graph.output(name, value, bits)
    for name, value in (
        ("slack", sandwich.slack),
        ("tilt", sandwich.tilt),
        ("volatilityAfter", s1),
        ("upper", sandwich.upper),
        ("lower", sandwich.lower),
        ("charge", charge),
        ("excess", excess),
        ("objective", objective),
        ("bound", bound),
        ("publicNotionals", notionals),
        ("publicRelief", relief),
        ("publicBook", with_book),
        ("publicCovariance", triangle),
        ("publicFractions", fractions),
        ("publicScalars", scalars),
    ):
        graph.output(name, value, BITS)
    return graph
