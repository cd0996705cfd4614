"""Against small moves: tokens that have risen a little are sold, those that have risen much are left alone. Strengths and width stay private."""

import jax.numpy as jnp
from zkrules import gradients, parameter, rule, weights


@rule(
    tokens=3,
    w=weights(),
    g=gradients(limit=0.25),
    k=parameter([6.0, 4.0, 2.0], low=0.0625, high=16, search=(0.1, 16)),
    width=parameter(0.05, low=0.02, high=0.25),
)
def mean_reversion(w, g, k, width):
    """w − k (s − Σks/Σk) with s = g e^{−(g/width)²/2}."""
    # The circuit squares an exponential as often as its argument is wide: beyond e^-12 there is nothing left.
    s = g * jnp.exp(jnp.maximum(-0.5 * (g / width) ** 2, -12.0))
    return w - k * (s - jnp.sum(k * s) / jnp.sum(k))
