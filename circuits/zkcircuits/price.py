"""Statement `price`: what a trade adds to the risk of a book, both books on one committed state of one committed model.

Model and state are those of a `bar` proof: the commitments are equal. Before and after each have exposures, entry, capital,
liquidity and pending; the other markets of the bar (`others`, more than 32) stand as they are.

    premium = kappa (upper after - upper before)^+            what the trade pays for risk
    liquidityPremium = (spread after - spread before)^+       and to the liquidity providers
"""

from .factors import FACTORS, MARKETS, STATE, Exposed, Model, unpacked_state
from .integers import BITS, Integers
from .sandwich import Sandwich

INNER_COLUMNS = 5
# Before, after.
BOOKS = 2
FIELDS = ("entry", "capital", "liquidity", "pending")
WITNESS = ("s", "k", "t", "p", "c", "upper", "r", "d1")
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
    private = graph.input("witness", n * (len(WITNESS) + 3))

    graph.require_sum([x], 38)
    D = model.variances(unpacked_state(graph, state), 0)
    books = [x[i * MARKETS : (i + 1) * MARKETS] for i in range(n)]
    variance = graph.concat([Exposed(graph, model, exposure, others).variance(D, 0) for exposure in books])
    net = graph.concat([exposure.total() for exposure in books])

    witness = {name: private[n * i : n * (i + 1)] for i, name in enumerate(WITNESS)}
    witness["inverses"] = private[n * len(WITNESS) :]
    graph.require(graph.concat([witness[name] for name in ("t", "p", "c", "upper", "inverses")]))
    graph.require_sum([witness[name] for name in ("k", "r", "d1")], 38)
    s, d1 = witness["s"].positive(), witness["d1"]
    entry, capital, liquidity, _ = (book[n * i : n * (i + 1)] for i in range(len(FIELDS)))
    budget, tail_factor = (book.column(n * len(FIELDS) + i) for i in range(2))
    rest = others.column(OTHERS - 1)
    mean = (net + graph.concat([rest] * n) - entry - capital - liquidity) * 100.0
    sandwich = Sandwich(graph, mean, s, graph.concat([budget] * n), witness, further=d1)
    density = lambda i: sandwich.normal.density[n * i : n * (i + 1)]
    distribution = lambda i: sandwich.normal.distribution[n * i : n * (i + 1)]
    psi = lambda d, i: ((d * distribution(i)) >> BITS) + density(i)
    spread = (s * (psi(d1, 2) - psi(witness["k"], 0))) >> BITS
    more = lambda row: (row.column(1) - row.column(0)).positive()
    lifted = s << 64

    graph.violations()
    graph.output("residualVolatility", lifted * lifted - variance, 176)
    for name, value, bits in sandwich.residuals:
        graph.output(name, value, bits)
    graph.output("residualSpread", d1 * s - ((mean + liquidity * 100.0) << BITS), 2 * BITS)
    for name, value in (
        ("slack", sandwich.slack),
        ("tilt", sandwich.tilt),
        ("volatility", s),
        ("upper", sandwich.upper),
        ("lower", sandwich.lower),
        ("premium", (tail_factor * more(sandwich.upper)) >> BITS),
        ("spread", spread),
        ("liquidityPremium", more(spread)),
        ("exposures", x),
        ("publicBook", book),
    ):
        graph.output(name, value, BITS)
    graph.output("publicOthers", others)
    return graph
