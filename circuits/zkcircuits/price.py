"""Statement `price`: the risk that a trade adds to a book, both books on one committed state of one committed model.

Model and state are those of a `bar` proof: the commitments are equal. Before and after each have exposures, entry, capital,
liquidity and pending; the other markets of the bar (`others`, more than 32) stand as they are.

    premium = (upper after - upper before)^+, upper >= h(m, kappa s)     the trade's premium for risk
    liquidityPremium = (spread after - spread before)^+                   and to the liquidity providers
"""

from .factors import FACTORS, MARKETS, STATE, Exposed, Model, unpacked_state
from .integers import BITS, Integers
from .sandwich import Sandwich

INNER_COLUMNS = 5
# Before, after.
BOOKS = 2
FIELDS = ("entry", "capital", "liquidity", "pending")
WITNESS = ("s", "k", "t", "p", "c", "upper", "r", "d1", "d2")
# p and own variance of the horizon of markets that other proofs hold, and their net exposure.
OTHERS = FACTORS + 2


def build():
    n = BOOKS
    graph = Integers("price")
    model = Model(graph)
    state = graph.input("state", STATE)
    x = graph.input("exposure", n * MARKETS)
    book = graph.input("book", n * len(FIELDS) + 2)  # each field before and after; b = -ln alpha, kappa
    others = graph.input("others", OTHERS)
    private = graph.input("witness", n * (len(WITNESS) + 4))

    graph.require_sum([x], 38)
    D = model.variances(unpacked_state(graph, state), 0)
    books = [x[i * MARKETS : (i + 1) * MARKETS] for i in range(n)]
    variance = graph.concat([Exposed(graph, model, exposure, others).variance(D, 0) for exposure in books])
    net = graph.concat([exposure.total() for exposure in books])

    witness = {name: private[n * i : n * (i + 1)] for i, name in enumerate(WITNESS)}
    witness["inverses"] = private[n * len(WITNESS) :]
    graph.require(graph.concat([witness[name] for name in ("t", "p", "c", "upper", "inverses")]))
    graph.require_sum([witness[name] for name in ("k", "r", "d1", "d2")], 38)
    s, d1, d2 = witness["s"].positive(), witness["d1"], witness["d2"]
    entry, capital, liquidity, _ = (book[n * i : n * (i + 1)] for i in range(len(FIELDS)))
    budget, tail_factor = (book.column(n * len(FIELDS) + i) for i in range(2))
    rest = others.column(OTHERS - 1)
    mean = (net + graph.concat([rest] * n) - entry - capital - liquidity) * 100.0
    scaled = (s * graph.concat([tail_factor] * n)) >> BITS
    further = graph.concat([d1, d2])
    sandwich = Sandwich(graph, mean, scaled, graph.concat([budget] * n), witness, further=further)
    density = lambda i: sandwich.normal.density[n * i : n * (i + 1)]
    distribution = lambda i: sandwich.normal.distribution[n * i : n * (i + 1)]
    psi = lambda d, i: ((d * distribution(i)) >> BITS) + density(i)
    spread = (s * (psi(d1, 2) - psi(d2, 3))) >> BITS
    more = lambda row: (row.column(1) - row.column(0)).positive()
    lifted = s << 64

    graph.violations()
    graph.output("residualVolatility", lifted * lifted - variance, 176)
    for name, value, bits in sandwich.residuals:
        graph.output(name, value, bits)
    ends = graph.concat([mean + liquidity * 100.0, mean])
    graph.output("residualSpread", further * graph.concat([s, s]) - (ends << BITS), 2 * BITS)
    for name, value in (
        ("slack", sandwich.slack),
        ("tilt", sandwich.tilt),
        ("volatility", s),
        ("scaledVolatility", scaled),
        ("upper", sandwich.upper),
        ("lower", sandwich.lower),
        ("premium", more(sandwich.upper)),
        ("spread", spread),
        ("liquidityPremium", more(spread)),
        ("exposures", x),
        ("publicBook", book),
    ):
        graph.output(name, value, BITS)
    graph.output("publicOthers", others)
    return graph
