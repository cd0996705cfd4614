"""Weights in inverse proportion to the variances of returns, which the rule keeps as its own private state with a private memory."""

import jax.numpy as jnp
from zkrules import parameter, prices, rule, state


@rule(
    tokens=3,
    p=prices(bars=2, limit=1.25),
    memory=parameter(0.9, low=0.5, high=0.999),
    # Percent squared.
    v=state([1.0, 1.0, 0.05], low=0.0, high=1000.0),
)
def minimum_variance(p, memory, v):
    """w_i = (1/v_i) / Σ 1/v_j, v an exponentially weighted mean of squared returns."""
    change = 100.0 * (1.0 - p[0])
    after = memory * v + (1.0 - memory) * change**2
    # Between 0.2 and 2 percent a bar: the narrower, the closer the circuit's stated bound.
    inverse = 0.04 / jnp.clip(after, 0.04, 4.0)
    return inverse / jnp.sum(inverse), after
