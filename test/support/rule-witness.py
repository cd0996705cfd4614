"""A rule with everything a prover brings numbers for: a quotient, a root, a logarithm, an exponential, a state, a comparison."""

import jax
import jax.numpy as jnp
from zkrules import gradients, parameter, prices, rule, state, weights


@rule(
    tokens=2,
    w=weights(),
    g=gradients(limit=0.25),
    p=prices(bars=2, limit=2.0),
    k=parameter([1.5, 2.5], low=0.5, high=4),
    power=parameter(1.25, low=1, high=2, visibility="hashed"),
    shift=parameter(0.125, low=0, high=1, visibility="public"),
    v=state([1.0, 2.0], low=0, high=10_000),
)
def witness(w, g, p, k, power, shift, v):
    """Everything at once."""
    after = 0.75 * v + 0.25 * (100 * (1 - p[0])) ** 2
    calm = shift / jnp.sqrt(jnp.clip(after, 0.25, 100.0))
    size = jnp.clip(jnp.abs(g), 0.01, 0.25) ** power
    s = jnp.where(g > 0, size, -size) * calm * jax.nn.sigmoid(4 * w)
    return w + k * (s - jnp.sum(k * s) / jnp.sum(k)), after
