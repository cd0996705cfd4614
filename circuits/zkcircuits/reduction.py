"""Statement `reduction`: these accounts kept the positions that least risk per equity leaves them, when the pool's positions had to shrink.

Water-filling over all markets at once: min sum_a E_a v_a^T S v_a / 2 over v_a with sum_a E_a (w_a)_i = Q_i, v leverages kept (notional over
equity, signed), w leverages closed, not negative, on the side that is reduced. By prices p of the markets no other way of closing
has an objective that is less by more than the gap (the objective is convex, so each account is bounded by its tangent):

    distance = S v - p,  along the reduced side;  z is what the account might keep on it, from 0 to v + w
    gap = sum_a E_a sum_i (distance^+ v on the side + distance^- w)

A leaf is (key, equity, v, w) of one account. Leverages in units of 2^-30, S and p as the statement has them, public; equity in the ledger's smallest
units. `distance` is rounded to one unit of 2^30, which the gap counts in full. Public are the sums over these accounts: what is
closed by market, gap, objective; whoever verifies adds them up over all proofs of an event, and compares Q, S, p and sides with the
event's.

|v|, |distance| < 2^40 and equity < 2^78 by comparisons; whoever verifies holds S to 2^30 and p to 2^70. So no sum wraps around the field.
"""

import numpy as np

from .integers import Integers
from .loss import ranged

ACCOUNTS = 18
MARKETS = 8
PAIRS = MARKETS * (MARKETS + 1) // 2
INNER_COLUMNS = 5
LEVERAGE_BITS = 30
# Covariances, of which the largest is 2^30: S v and p are in units of 2^-60, distances of 2^-30.
DISTANCE_BITS = 30
LEAF = 2 + 2 * MARKETS


def build():
    graph = Integers("reduction")
    n = MARKETS
    terms = graph.input("terms", PAIRS + 3 * n)
    leaves = graph.inputs("leaf", ACCOUNTS, LEAF)
    part = lambda at: terms[PAIRS + at * n : PAIRS + (at + 1) * n]
    prices, longs, shorts = part(0), part(1), part(2)
    index = np.zeros((n, n), int)
    upper = np.triu_indices(n)
    index[upper] = index.T[upper] = np.arange(PAIRS)
    matrix = graph.pick(terms, index.ravel()).reshape(n, n)
    each = lambda row: graph.concat([row] * ACCOUNTS)

    equity = graph.concat([leaf.column(1) for leaf in leaves])
    own_kept = [leaf[2 : 2 + n] for leaf in leaves]
    kept, closed = graph.concat(own_kept), graph.concat([leaf[2 + n : LEAF] for leaf in leaves])
    gradients = [own @ matrix for own in own_kept]

    long = kept.positive()
    short = long - kept
    on_side = each(longs) * long + each(shorts) * short
    # 0 only where all of it is on the side that is reduced; never where no side is.
    elsewhere = long + short - on_side + each(graph.full(1, n) - longs - shorts)
    distance = (graph.concat(gradients) - each(prices)) >> DISTANCE_BITS
    along = distance * each(longs - shorts)
    above = along.positive()
    below = above - along

    ranged(graph, equity)
    graph.require(closed)
    graph.require_zero(closed.dot(elsewhere))
    graph.violations()

    # A rounded distance is less than one unit from its value.
    might = (above + 1.0) * on_side + (below + 1.0) * closed
    places = [might[at * n : (at + 1) * n].total() for at in range(ACCOUNTS)]
    before = kept + each(longs - shorts) * closed
    held = [before[at * n : (at + 1) * n] for at in range(ACCOUNTS)]
    risks = [own.dot(own @ matrix) for own in held]
    graph.output("publicTerms", terms)
    graph.output("closed", equity @ closed.reshape(ACCOUNTS, n))
    graph.output("gap", equity.dot(graph.concat(places)))
    graph.output("risk", equity.dot(graph.concat(risks)))
    return graph
