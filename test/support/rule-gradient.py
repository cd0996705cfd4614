"""The gradient that training descends beside central differences of the same loss, for each rule to begin with.

One JSON line: rule by rule the largest difference, as a share of the gradient's largest entry: with wide rails, which no target leaves
(`wide`), with the contract's and no slope beyond them (`contract`), and with the slope that training gives to what is beyond (`leaning`),
which is no derivative of the value. `moved` is by how much that slope changes the value: not at all.
"""

import json
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from zkrules import simulate, train
from zkrules.export import load

ROWS, POINTS, STEP = 32, 2, 1e-6


def prices(draw):
    """Drifts that last, and noise."""
    drift = np.zeros((ROWS, 3))
    for t in range(1, ROWS):
        drift[t] = 0.9 * drift[t - 1] + draw.normal(0, 0.003, 3)
    return 100.0 * np.exp(np.cumsum(drift + draw.normal(0, 0.01, (ROWS, 3)), axis=0))


def worst(rule, terms, leak):
    """@returns the largest difference, and the loss at the last point"""
    simulate.LEAK = leak
    draw = np.random.default_rng(11)
    search = train.Search(rule)
    loss = jax.jit(train.loss_of(rule, search, jnp.asarray(prices(draw)), terms, jnp.full(3, 1 / 3), "return"))
    gradient = jax.jit(jax.grad(loss))
    places = search.places()
    found = 0.0
    for _ in range(POINTS):
        free = np.log(places / (1 - places)) + draw.normal(0, 0.3, places.size)
        exact = np.asarray(gradient(jnp.asarray(free)))
        near = np.array([(loss(jnp.asarray(free + each)) - loss(jnp.asarray(free - each))) / (2 * STEP) for each in STEP * np.eye(free.size)])
        found = max(found, float(np.max(np.abs(exact - near)) / np.max(np.abs(near))))
    return found, float(loss(jnp.asarray(free)))


def main():
    jax.config.update("jax_enable_x64", True)
    wide = simulate.Terms(lowest=0.001, step=2.0, reach=2.0)
    contract = simulate.Terms(lowest=0.03, step=0.01, reach=0.015)
    lean = simulate.LEAK
    answer = {}
    for name in sys.argv[2:]:
        rule = load(str(Path(sys.argv[1]) / f"{name}.py"))
        held, value = worst(rule, contract, 0.0)
        leaning, leant = worst(rule, contract, lean)
        answer[name] = {"wide": worst(rule, wide, lean)[0], "contract": held, "leaning": leaning, "moved": abs(leant - value)}
    print(json.dumps(answer), flush=True)


main()
