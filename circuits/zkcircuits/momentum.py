"""Statement `momentum`: these are the weights that the committed rule makes of the last ones and the price gradient.

    w'_i = w_i + k_i (g_i + offset),    offset such that sum_i k_i (g_i + offset) = 0

Private: k (the strategy) with a salt, and the offset. Public: the commitments, w', the residual sum_i k_i (g_i + offset),
g and w. Up to eight tokens; a token that is not there has k = g = w = 0, and changes nothing.
"""

import numpy as np

from .graph import Graph

TOKENS = 8
INNER_COLUMNS = 2


def build():
    graph = Graph("momentum")
    secret = graph.input("strategy", TOKENS + 1)  # k, then the salt
    weights = graph.input("weights", TOKENS)
    gradient = graph.input("gradient", TOKENS)
    offset = graph.input("offset", 1)
    k = graph.columns(secret, 0, TOKENS)
    change = graph.multiply(k, graph.add(gradient, offset))
    graph.output("newWeights", graph.add(weights, change), TOKENS)
    graph.output("residual", graph.total(change), 1)
    graph.output("publicGradient", gradient, TOKENS)
    graph.output("publicWeights", weights, TOKENS)
    return graph.model()


def sample():
    """Inputs of the size that calibration must reckon with."""
    rng = np.random.default_rng(1)
    k = rng.uniform(0.1, 16, TOKENS)
    weights = rng.dirichlet(np.ones(TOKENS))
    gradient = rng.normal(0, 0.02, TOKENS)
    offset = -(k @ gradient) / k.sum()
    return [[*k, 1000.0], weights.tolist(), gradient.tolist(), [offset]]
