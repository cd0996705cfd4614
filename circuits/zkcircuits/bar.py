"""Statement `bar`: a bar of the declared model, and the risk of the standing book in it.

    r = returns of the bar                           private in units u; u r is public, the contract compares it with its prices
    f = W_f r, e = r - B f                           shocks, common and own
    O' = O + (1 - e^(-1/tau)) (f^2 - O)              three averages a factor; O and O' committed to
    D = b_0 c + sum_i b_i O'_i                       over the horizon, and in its last bar
    var_i = u_i^2 (sum_k B_ik^2 D_k + D_i)           each market's horizon variance
    Sigma x, Sigma' x                                for the public exposures x: covariance with the book, and its rate a bar
    s^2 = x^T Sigma x,  2 s s' = x^T Sigma' x        roots by certificate; s is not negative
    m = 100 (sum x - C - P - L)
    upper >= h(m, kappa s) >= lower                  sandwich.py; kappa: tail factor; upper is rho + P_t
    funding = kappa h_s s'                           by market: kappa h_s (x_i (Sigma' x)_i / s - x_i (Sigma x)_i s'/s^2), from public values
    call spread: d1 = (m + 100 L)/s, d2 = m/s; price = s (psi(d1) - psi(d2)), delta, gamma, vega

Up to 32 markets. More are split over several proofs of the same bar: each publishes its part of f, of B^T x, of own variance and
of the net exposure, and takes those of the others from its public row `others`, zeros where there are none.
A market that is not there has x = r = 0; then its place in the model changes nothing.
"""

import numpy as np

from . import factors
from .factors import FACTORS, MARKETS, STATE, STATES, TERMS, TOTAL, Exposed, Model, packed_state, unpacked_state
from .integers import BITS, Integers
from .sandwich import Sandwich

INNER_COLUMNS = 5
BOOK = ("entry", "capital", "liquidity", "pending", "budget", "tailFactor")
WITNESS = ("s", "k", "t", "p", "c", "upper", "r", "d1", "d2", "gamma", "rate")
# f, p, own variance over each term, net exposure
OTHERS = 2 * FACTORS + TERMS + 1
LAST = 1


def next_states(graph, model, before, r, partial):
    """O' of each factor from the returns of the bar; partial: W_f r, exact."""
    f = partial >> factors.W_BITS
    common = (f @ model.loadings) >> factors.B_BITS
    shocks = graph.concat([f, r - common])
    square = (shocks * shocks) >> BITS
    gap = graph.concat([square] * STATES) - before
    share = np.repeat([1 - np.exp(-1 / tau) for tau in factors.DECAYS], TOTAL)
    return before + ((gap * graph.fixed(share)) >> BITS)


def build():
    graph = Integers("bar")
    model = Model(graph)
    before = graph.input("state", STATE)
    after = graph.input("nextState", STATE)
    r = graph.input("returns", MARKETS)
    x = graph.input("exposure", MARKETS)
    book = graph.input("book", len(BOOK))
    others = graph.input("others", OTHERS)
    private = graph.input("witness", len(WITNESS) + 4)

    partial = r @ model.scores.transposed
    states = next_states(graph, model, unpacked_state(graph, before), r, partial + others[:FACTORS])
    graph.require_zero(after[: STATE - 1] - packed_state(graph, states))
    graph.require_sum([r], 38)
    graph.require_sum([x], 38)

    D, last = model.variances(states, 0), model.variances(states, LAST)
    risk = Exposed(graph, model, x, others[FACTORS : 2 * FACTORS + TERMS])
    net = x.total()

    witness = {name: private.column(i) for i, name in enumerate(WITNESS)}
    witness["inverses"] = private[len(WITNESS) :]
    graph.require(graph.concat([witness[name] for name in ("t", "p", "c", "upper", "rate", "inverses")]))
    graph.require_sum([witness[name] for name in ("k", "r", "d1", "d2", "gamma")], 38)
    s, rate = witness["s"].positive(), witness["rate"]
    entry, capital, liquidity, pending, budget, tail_factor = (book.column(i) for i in range(len(BOOK)))
    mean = (net + others.column(OTHERS - 1) - entry - capital - liquidity) * 100.0
    scaled = (tail_factor * s) >> BITS
    d1, d2 = witness["d1"], witness["d2"]
    sandwich = Sandwich(graph, mean, scaled, budget, witness, further=graph.concat([d1, d2]))
    density = lambda i: sandwich.normal.density.column(i)
    distribution = lambda i: sandwich.normal.distribution.column(i)
    psi = lambda d, i: ((d * distribution(i)) >> BITS) + density(i)
    vega = density(2) - density(3)
    lifted = s << 64

    graph.violations()
    graph.output("logReturns", r * model.unit, 2 * BITS)
    squares = model.loadings * model.loadings
    markets = (D[:FACTORS] @ squares) + (D[FACTORS:] << (2 * factors.B_BITS))
    graph.output("variances", markets * (model.unit * model.unit), 128)
    graph.output("covarianceWithBook", risk.gradient(D), 152)
    graph.output("covarianceRate", risk.gradient(last), 152)
    graph.output("commonVariances", graph.concat([D[:FACTORS], last[:FACTORS]]), 48)
    graph.output("partialFactors", partial, BITS + factors.W_BITS)
    graph.output("partialProjection", risk.own_projection, 64)
    graph.output("partialVariance", graph.concat([risk.own_variance(D), risk.own_variance(last)]), 176)
    graph.output("partialNet", net, BITS)
    graph.output("residualVolatility", lifted * lifted - risk.variance(D, 0), 176)
    graph.output("residualRate", lifted * (rate << 65) - risk.variance(last, LAST), 176)
    for name, value, bits in sandwich.residuals:
        graph.output(name, value, bits)
    ends = graph.concat([mean + liquidity * 100.0, mean])
    graph.output("residualSpread", graph.concat([d1, d2]) * s - (ends << BITS), 2 * BITS)
    graph.output("residualGamma", witness["gamma"] * s - (vega << BITS), 2 * BITS)
    for name, value in (
        ("slack", sandwich.slack),
        ("tilt", sandwich.tilt),
        ("volatility", s),
        ("scaledVolatility", scaled),
        ("rate", rate),
        ("upper", sandwich.upper),
        ("lower", sandwich.lower),
        ("slope", sandwich.slope),
        ("funding", (tail_factor * ((sandwich.slope * rate) >> BITS)) >> BITS),
        ("spread", (s * (psi(d1, 2) - psi(d2, 3))) >> BITS),
        ("delta", distribution(2) - distribution(3)),
        ("gamma", witness["gamma"]),
        ("vega", vega),
    ):
        graph.output(name, value, BITS)
    graph.output("exposures", x, BITS)
    graph.output("publicBook", book, BITS)
    graph.output("publicOthers", others)
    return graph
