"""Statement `pricing`: risk, premium, funding and the liquidity providers' call spread of a book before and after a trade.

Units: money in percent of a public unit of account (so s, in percent too, is of order one), variances per horizon, rates per
bar. Markets come as the risk vectors of up to four clusters, each committed to by a covariance proof:

    s^2 = v^T R v,  s s' = v^T R w        v = E Z^T x, w = dv/dtau, R: correlation between the clusters' factors
    m = 100 (F - C - P - L)               F: net notional at mark, C: at entry
    h(m, s) from both sides               evar.py
    premium = (upper after - upper before)^+
    funding = h_s s'                      of the book before
    call spread: d1 = (m + 100 L)/s, d2 = k; price = s (psi(d1) - psi(d2)), delta, gamma, vega

R is declared in steps of 2^-10, three correlations to a committed value: 496 of them would not fit otherwise. A book alone is a
book before and after no trade. A cluster that is not there has v = w = 0.
"""

import numpy as np

from .evar import Sandwich
from .graph import Graph

CLUSTERS = 4
FACTORS = 8
SIZE = CLUSTERS * FACTORS
PAIRS = SIZE * (SIZE - 1) // 2
PACKED = (PAIRS + 2) // 3
DIGIT = 11
INNER_COLUMNS = 5
# before, after
STATES = 2
BOOK = 5


def unpacked(graph, packed):
    """Three correlations of 10 bits and a sign from each value: c0 + 2^11 c1 + 2^22 c2, in units of 2^-24."""
    rest = packed
    digits = []
    for place in (2, 1):
        high = graph.scale(rest, 2.0 ** (-DIGIT * place), PACKED)
        rest = graph.subtract(rest, graph.scale(high, 2.0 ** (DIGIT * place), PACKED))
        digits.append(high)
    digits.append(rest)
    # a count of units of 2^-24 into a share of 2^10
    return graph.scale(graph.concat(digits[::-1]), 2.0**14, 3 * PACKED)


def correlation_matrix(graph, packed):
    n = SIZE
    row = graph.concat([unpacked(graph, packed), graph.constant([[1.0]])])
    one = 3 * PACKED
    index = np.full((n, n), one)
    upper = np.triu_indices(n, 1)
    index[upper] = np.arange(PAIRS)
    index.T[upper] = np.arange(PAIRS)
    return graph.reshape(graph.pick(row, index.ravel()), [n, n])


def build():
    graph = Graph("pricing")
    n = STATES
    clusters = lambda name: [graph.input(f"{name}{c}", FACTORS + 1) for c in range(CLUSTERS)]
    before, drifts, after = clusters("risk"), clusters("drift"), clusters("after")
    correlation = graph.input("correlation", PACKED + 1)
    book = graph.input("book", n * BOOK + 1)  # F, C, P, L, pending: before and after each; b = -ln alpha
    names = ("s", "k", "t", "p", "c", "upper", "r", "d1", "gamma")
    private = graph.input("witness", n * len(names) + 3 * n + 1)

    vector = lambda rows: graph.joined([graph.columns(row, 0, FACTORS) for row in rows], SIZE)
    witness = {name: graph.columns(private, i * n, (i + 1) * n) for i, name in enumerate(names)}
    at = len(names) * n
    witness["inverses"] = graph.columns(private, at, at + 3 * n)
    rate = graph.columns(private, at + 3 * n, at + 3 * n + 1)
    net, entry, capital, liquidity, pending = (graph.columns(book, i * n, (i + 1) * n) for i in range(BOOK))
    budget = graph.columns(book, BOOK * n, BOOK * n + 1)
    s = witness["s"]

    matrix = correlation_matrix(graph, graph.columns(correlation, 0, PACKED))
    v, w, u = vector(before), vector(drifts), vector(after)
    turned = graph.matmul(v, matrix)
    column = lambda row: graph.reshape(row, [SIZE, 1])
    variance = graph.concat([graph.matmul(turned, column(v)), graph.matmul(graph.matmul(u, matrix), column(u))])
    drift = graph.matmul(turned, column(w))

    hundred = lambda value: graph.scale(value, 100, n)
    own = graph.add(capital, liquidity)
    mean = hundred(graph.subtract(net, graph.add(entry, own)))
    d1 = witness["d1"]
    budgets = graph.concat([budget, budget])
    sandwich = Sandwich(graph, n, mean, s, budgets, witness, further=d1)

    k = witness["k"]
    density = lambda i: graph.columns(sandwich.density, i * n, (i + 1) * n)
    distribution = lambda i: graph.columns(sandwich.distribution, i * n, (i + 1) * n)
    psi = lambda d, i: graph.add(graph.multiply(d, distribution(i)), density(i))
    vega = graph.subtract(density(2), density(0))
    first = lambda row: graph.columns(row, 0, 1)
    second = lambda row: graph.columns(row, 1, 2)

    graph.output("residualVolatility", graph.subtract(graph.multiply(s, s), variance), n)
    graph.output("residualRate", graph.subtract(graph.multiply(first(s), rate), drift), 1)
    for name, value, columns in sandwich.residuals:
        graph.output(name, value, columns)
    graph.output("residualSpread", graph.subtract(graph.multiply(d1, s), graph.add(mean, hundred(liquidity))), n)
    graph.output("residualGamma", graph.subtract(graph.multiply(witness["gamma"], s), vega), n)
    graph.output("slack", sandwich.slack, n)
    graph.output("volatility", s, n)
    graph.output("upper", sandwich.upper, n)
    graph.output("lower", sandwich.lower, n)
    graph.output("tilt", witness["t"], n)
    graph.output("premium", graph.relu(graph.subtract(second(sandwich.upper), first(sandwich.upper))), 1)
    graph.output("funding", graph.multiply(first(sandwich.volatility_slope), rate), 1)
    graph.output("spread", graph.multiply(s, graph.subtract(psi(d1, 2), psi(k, 0))), n)
    graph.output("delta", graph.subtract(distribution(2), distribution(0)), n)
    graph.output("gamma", witness["gamma"], n)
    graph.output("vega", vega, n)
    graph.output("publicBook", book, n * BOOK + 1)
    return graph.model()


def sample():
    """Inputs of the size that calibration must reckon with."""
    rng = np.random.default_rng(1)
    vectors = lambda scale: [[*rng.normal(0, scale, FACTORS), 1000.0] for _ in range(CLUSTERS)]
    k, s, t = -5.0, 40.0, 11.0
    return [
        *vectors(10),
        *vectors(1),
        *vectors(10),
        [*(rng.integers(-(2**32), 2**32, PACKED) / 2**24), 1000.0],
        [*(rng.normal(0, 1, STATES * BOOK) * 10), 4.605],
        [*([s] * 2), *([k] * 2), *([t] * 2), 0.1, 0.1, 0.01, 0.01, 20, 20, 0.1, 0.1, -3, -3, 0.01, 0.01, *([0.4] * 6), 1.0],
    ]
