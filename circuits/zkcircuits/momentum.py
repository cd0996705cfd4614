"""Statement `momentum`: these are the weights that the committed rule makes of the last ones and the price gradient.

    w'_i = w_i + k_i (g_i + offset),  0 <= k_i <= 16,    offset such that sum_i k_i (g_i + offset) = 0

Private: k (the strategy) with a salt, and the offset. Public: the commitments, w', the exact residual sum_i k_i (g_i + offset),
g and w. Up to eight tokens; a token that is not there has k = g = w = 0, and changes nothing.
"""

from .integers import BITS, ONE, Integers

TOKENS = 8
INNER_COLUMNS = 2
LARGEST_K = 16


def build():
    graph = Integers("momentum")
    secret = graph.input("strategy", TOKENS + 1)  # k, then the salt
    weights = graph.input("weights", TOKENS)
    gradient = graph.input("gradient", TOKENS)
    offset = graph.input("offset", 1)
    k = secret[:TOKENS]
    graph.require(k, graph.full(LARGEST_K * ONE, TOKENS) - k)
    graph.require_sum([offset], 38)
    change = k * (gradient + offset)
    graph.violations()
    graph.output("newWeights", weights + (change >> BITS), BITS)
    graph.output("residual", change.total(), 2 * BITS)
    graph.output("publicGradient", gradient, BITS)
    graph.output("publicWeights", weights, BITS)
    return graph
