"""A small network of private weights: gradients and the pool's weights in, weights out."""

import jax
import jax.numpy as jnp
import numpy as np
from zkrules import gradients, parameter, rule, weights

HIDDEN = 3
_draw = np.random.default_rng(7)


def _start(*shape):
    return np.round(_draw.uniform(-0.5, 0.5, shape), 3)


@rule(
    tokens=3,
    w=weights(),
    g=gradients(limit=0.25),
    first=parameter(_start(6, HIDDEN), low=-4, high=4),
    first_bias=parameter(np.zeros(HIDDEN), low=-4, high=4),
    second=parameter(_start(HIDDEN, 3), low=-4, high=4),
    second_bias=parameter(np.zeros(3), low=-4, high=4),
)
def network(w, g, first, first_bias, second, second_bias):
    """softmax(relu([20 g, w] · first + bias) · second + bias)."""
    hidden = jax.nn.relu(jnp.concatenate([20.0 * g, w]) @ first + first_bias)
    return jax.nn.softmax(jnp.clip(hidden @ second + second_bias, -6.0, 6.0))
