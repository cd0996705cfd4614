"""A learned correction of LM-GO's variances: from the averages of a model's factors to a multiplier in [½, 2] of each market's variance.

One network for all markets. It sees how much of the slow average and the middle one there is in their sum, and the same of the middle one and
the fast one, for the market's own factor and for the common ones; scales and units of a model leave these shares unchanged. `correction_circuit.py`
proves the same function of the state that `bar` commits to.
"""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .declare import RuleError

# Of the circuit `bar` (circuits/zkcircuits/factors.py): common factors come first.
FACTORS, MARKETS = 4, 32
SHARES = 2
HIDDEN = 8
# Parameters are whole numbers of 2^-12, and their magnitudes add up to 128 at most.
WEIGHT_BITS = 12
LARGEST_SUM = 128.0
# Beside averages, so that a factor that is not there divides by no zero.
LEAST = 2.0**-14
SHAPES = {
    "own": (SHARES, HIDDEN),
    "common": (SHARES * FACTORS, HIDDEN),
    "bias": (HIDDEN,),
    "last": (HIDDEN, 1),
    "lastBias": (1,),
}
# Two-sided shares beyond ±z.
LEVELS = {"0.05": 1.959964, "0.01": 2.575829}
SMALLEST = 1e-12
LEAST_ORIGINS = 20


def multipliers(averages, own, common, bias, last, last_bias):
    """@param averages slow, middle and fast by factor, the common ones first @returns one number a market"""
    slow, middle, fast = averages[0], averages[1], averages[2]
    shares = jnp.stack([slow / (slow + middle + LEAST), middle / (middle + fast + LEAST)]) - 0.5
    shared = shares[:, :FACTORS].reshape(-1) @ common + bias
    hidden = jax.nn.relu(shares[:, FACTORS:].T @ own + shared)
    return jnp.clip(1.0 + (hidden @ last)[:, 0] + last_bias, 0.5, 2.0)


def initial(seed):
    """It begins as LM-GO: every multiplier is 1."""
    draw = np.random.default_rng(seed)
    layer = lambda shape: jnp.asarray(draw.normal(0, 1 / np.sqrt(SHARES * (FACTORS + 1)), shape))
    network = {name: layer(SHAPES[name]) if name in ("own", "common") else jnp.zeros(SHAPES[name]) for name in SHAPES}
    return network | {"bias": jnp.asarray(draw.normal(0, 0.1, SHAPES["bias"]))}


def applied(network, averages):
    """Multipliers of many states at once. @param averages origins × 3 × (FACTORS + markets)"""
    return jax.vmap(lambda one: multipliers(one, *(network[name] for name in SHAPES)))(averages)


def rounded(network):
    """The parameters as the circuit holds them. @throws RuleError where its weights add up to too much"""
    whole = {name: np.rint(np.asarray(value) * 2.0**WEIGHT_BITS) / 2.0**WEIGHT_BITS for name, value in network.items()}
    total = sum(np.abs(value).sum() for value in whole.values())
    if total > LARGEST_SUM:
        raise RuleError(f"the weights add up to {total:.1f}, above {LARGEST_SUM:.0f}: train with fewer steps")
    return whole


def read(path):
    """Averages, LM-GO's variances over the horizon and the squares of what came, by origin."""
    document = json.loads(Path(path).read_text())
    columns = lambda name: np.asarray([origin[name] for origin in document["origins"]])
    averages, factors = columns("averages"), [origin["factors"] for origin in document["origins"]]
    markets = averages.shape[2] - FACTORS
    if markets < 1 or max(factors) > FACTORS:
        raise RuleError(f"a declared model has at most {FACTORS} common factors and a market at least")
    return document["horizon"], document["every"], averages, columns("variances"), columns("returns") ** 2


def qlike(network, averages, variances, squares):
    forecast = variances * applied(network, averages)
    # A market that has not moved would be worth any forecast of 0.
    return jnp.mean(jnp.log(forecast) + (squares + SMALLEST) / forecast)


def judged(network, averages, variances, squares):
    """Loss by origin over its markets, and how many returns are beyond ±z of the forecast."""
    factors = np.ones_like(variances) if network is None else np.asarray(applied(network, averages))
    forecast = variances * factors
    losses = np.mean(np.log(forecast) + squares / forecast, axis=1)
    beyond = {level: float(np.mean(squares > z**2 * forecast)) for level, z in LEVELS.items()}
    return losses, beyond, (float(factors.min()), float(factors.max()))


def diebold_mariano(differences, blocks):
    """t of the mean difference, its variance by blocks that overlap as the horizon does."""
    count = len(differences) // blocks
    means = differences[: count * blocks].reshape(count, blocks).mean(axis=1)
    return float(means.mean() / (means.std(ddof=1) / np.sqrt(count)))


def fitted(spans, seeds, steps, note):
    """The network that is best on the stopping span, by gradient on the fitted one."""
    loss, measure = jax.jit(jax.value_and_grad(qlike)), jax.jit(qlike)
    optimiser = optax.adam(3e-3)
    best = None
    for seed in range(seeds):
        network = initial(seed)
        state = optimiser.init(network)
        own, waited = None, 0
        for step in range(steps):
            if step % 10 == 0:
                value = float(measure(network, *spans["stopping"]))
                note(f"seed {seed}, step {step}: QLIKE of the stopping span {value:.5f}")
                if own is None or value < own[0] - 1e-6:
                    own, waited = (value, network), 0
                else:
                    waited += 1
                if waited >= 8:
                    break
            _, gradient = loss(network, *spans["fitted"])
            change, state = optimiser.update(gradient, state)
            network = optax.apply_updates(network, change)
        if best is None or own[0] < best[0]:
            best = own
    return rounded(best[1])


def correction(path, held_out, seeds, steps, out, note):
    jax.config.update("jax_enable_x64", True)
    horizon, every, *rows = read(path)
    count = len(rows[0])
    seen = int(count * (1 - held_out))
    gap = -(-horizon // every)
    ends = {"fitted": (0, int(seen * 0.75)), "stopping": (int(seen * 0.75) + gap, seen), "heldOut": (seen + gap, count)}
    if min(b - a for a, b in ends.values()) < LEAST_ORIGINS:
        raise RuleError(f"{count} origins are too few for three spans")
    spans = {name: [row[a:b] for row in rows] for name, (a, b) in ends.items()}
    network = fitted(spans, seeds, steps, note)
    plain, plain_beyond, _ = judged(None, *spans["heldOut"])
    learned, learned_beyond, range_ = judged(network, *spans["heldOut"])
    t = diebold_mariano(learned - plain, max(1, gap))
    apart = lambda beyond: max(abs(beyond[level] - float(level)) / float(level) for level in LEVELS)
    scores = {
        name: {"lmGo": float(judged(None, *span)[0].mean()), "corrected": float(judged(network, *span)[0].mean())}
        for name, span in spans.items()
    }
    Path(out).write_text(json.dumps({name: value.reshape(-1).tolist() for name, value in network.items()}) + "\n")
    return {
        "parameters": int(sum(np.size(value) for value in network.values())),
        "origins": {name: b - a for name, (a, b) in ends.items()},
        "qlike": scores,
        "lmGo": {"qlike": float(plain.mean()), "beyond": plain_beyond},
        "corrected": {"qlike": float(learned.mean()), "beyond": learned_beyond},
        "dieboldMariano": t,
        "smallestMultiplier": range_[0],
        "largestMultiplier": range_[1],
        "beatsLmGo": bool(t < -1.96 and apart(learned_beyond) <= apart(plain_beyond)),
    }
