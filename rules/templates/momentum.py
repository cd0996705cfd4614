"""More of rising tokens: Δw = k (g − Σkg/Σk), with the strengths k kept private."""

import jax.numpy as jnp
from zkrules import gradients, parameter, rule, weights


@rule(
    tokens=3,
    w=weights(),
    g=gradients(limit=0.25),
    # Above zero, so that Σk is too: a circuit refuses a divisor that may be 0.
    k=parameter([7.5, 3.25, 1.125], low=0.0625, high=16, search=(0.1, 16)),
)
def momentum(w, g, k):
    """More of rising tokens."""
    return w + k * (g - jnp.sum(k * g) / jnp.sum(k))
