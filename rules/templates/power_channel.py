"""Momentum of a power: moves inside the channel count for little, moves beyond it for much. Everything about it is private."""

import jax.numpy as jnp
from zkrules import gradients, parameter, rule, weights


@rule(
    tokens=3,
    w=weights(),
    g=gradients(limit=0.25),
    k=parameter([0.02, 0.015, 0.01], low=0.01, high=0.1),
    channel=parameter(0.01, low=0.005, high=0.1),
    power=parameter(1.5, low=1.0, high=2.0),
)
def power_channel(w, g, k, channel, power):
    """w + k (s − Σks/Σk) with s = sign(g) |g/channel|^power, |g/channel| between a tenth and 4."""
    s = jnp.sign(g) * jnp.clip(jnp.abs(g) / channel, 0.1, 4.0) ** power
    return w + k * (s - jnp.sum(k * s) / jnp.sum(k))
