"""Momentum of a power: moves inside the channel count for little, moves beyond it for much. Everything about it is private."""

import jax.numpy as jnp
from zkrules import gradients, parameter, rule, weights


@rule(
    tokens=3,
    w=weights(),
    g=gradients(limit=0.25),
    k=parameter([0.02, 0.015, 0.01], low=0.001, high=0.25, search=(0.001, 0.1)),
    channel=parameter(0.01, low=0.005, high=0.1),
    power=parameter(1.5, low=1.0, high=3.0),
)
def power_channel(w, g, k, channel, power):
    """w + k (s − Σks/Σk) with s = sign(g) |g/channel|^power, at most 20."""
    size = jnp.clip(jnp.abs(g) / channel, 0.01, 20.0)
    s = jnp.sign(g) * jnp.minimum(size**power, 20.0)
    return w + k * (s - jnp.sum(k * s) / jnp.sum(k))
