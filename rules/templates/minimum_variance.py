"""Weights in inverse proportion to the variances of returns, which the rule keeps as its own private state with a private memory."""

import jax.numpy as jnp
from zkrules import parameter, prices, rule, state


@rule(
    tokens=3,
    p=prices(bars=2, limit=2.0),
    memory=parameter(0.9, low=0.5, high=0.999),
    # Percent squared.
    v=state([1.0, 1.0, 0.05], low=0.0, high=10_000.0),
)
def minimum_variance(p, memory, v):
    """w_i = (1/v_i) / Σ 1/v_j, v an exponentially weighted mean of squared returns."""
    change = 100.0 * (1.0 - p[0])
    after = memory * v + (1.0 - memory) * change**2
    # Between 0.1 and 10 percent a bar: a quotient that could be anything would be refused.
    bounded = jnp.clip(after, 0.01, 100.0)
    share = jnp.clip(jnp.min(bounded) / bounded, 0.0, 1.0)
    return share / jnp.maximum(jnp.sum(share), 1.0), after
