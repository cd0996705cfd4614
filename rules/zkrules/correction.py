"""A learned correction of LM-GO's variances: multipliers in [½, 2] from each factor's averages, fitted and judged honestly.

One network for all factors: what it sees of a factor is ln of its three averages and its level over its variance h, and whether it is a common
one. It has 369 numbers.
"""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .declare import RuleError

HIDDEN = 16
FEATURES = 5
# Two-sided shares beyond ±z.
LEVELS = {"0.05": 1.959964, "0.01": 2.575829}
SMALLEST = 1e-12


def initial(seed):
    draw = np.random.default_rng(seed)
    layer = lambda rows, columns: jnp.asarray(draw.normal(0, 1 / np.sqrt(rows), (rows, columns)))
    return {
        "first": layer(FEATURES, HIDDEN),
        "firstBias": jnp.zeros(HIDDEN),
        "second": layer(HIDDEN, HIDDEN),
        "secondBias": jnp.zeros(HIDDEN),
        # It begins as LM-GO: every multiplier is 1.
        "last": jnp.zeros((HIDDEN, 1)),
        "lastBias": jnp.zeros(1),
    }


def multipliers(network, features):
    """2^tanh(…), so that none leaves [½, 2]."""
    hidden = jax.nn.relu(features @ network["first"] + network["firstBias"])
    hidden = jax.nn.relu(hidden @ network["second"] + network["secondBias"])
    return 2.0 ** jnp.tanh((hidden @ network["last"] + network["lastBias"])[..., 0])


def read(path):
    """Features, variances over the horizon, squares of what came, by origin and factor; and what makes variances of markets of them."""
    document = json.loads(Path(path).read_text())
    horizon, every = document["horizon"], document["every"]
    rows = []
    for origin in document["origins"]:
        fit = document["fits"][origin["fit"]]
        levels, weights = np.asarray(fit["levels"]), np.asarray(fit["weights"])
        averages = np.maximum(np.reshape(origin["states"], (len(levels), -1)), SMALLEST)
        h = averages @ weights
        common = np.arange(len(levels)) < fit["factors"]
        features = np.column_stack([np.log(averages / h[:, None]), np.log(np.maximum(levels, SMALLEST) / h), common])
        squared = np.asarray(origin["shocks"]) ** 2
        loadings = np.reshape(fit["loadings"], (-1, fit["factors"]))
        mixing = np.column_stack([loadings**2, np.diag(np.asarray(fit["deviations"]) ** 2)])
        rows.append((features, h * horizon, squared, mixing, np.asarray(origin["returns"]) ** 2))
    return horizon, every, rows


def stacked(rows):
    """Factors of all origins in one array: their number differs from fit to fit."""
    return tuple(jnp.asarray(np.concatenate([row[i] for row in rows])) for i in range(3))


def qlike(network, features, variances, squares):
    forecast = variances * multipliers(network, features)
    # A factor that has not moved would be worth any forecast of 0.
    ratio = (squares + SMALLEST) / forecast
    return jnp.mean(jnp.log(forecast) + ratio)


def judged(network, rows):
    """Loss by origin over its markets, and how many returns are beyond ±z of the forecast."""
    losses, beyond, count, seen = [], {level: 0 for level in LEVELS}, 0, []
    for features, variances, _, mixing, squares in rows:
        factors = np.ones(len(variances)) if network is None else np.asarray(multipliers(network, features))
        seen.extend((factors.min(), factors.max()))
        forecast = mixing @ (variances * factors)
        losses.append(float(np.mean(np.log(forecast) + squares / forecast)))
        for level, z in LEVELS.items():
            beyond[level] += int(np.sum(squares > z**2 * forecast))
        count += len(squares)
    shares = {level: number / count for level, number in beyond.items()}
    return np.asarray(losses), shares, (min(seen), max(seen))


def diebold_mariano(differences, blocks):
    """t of the mean difference, its variance by blocks that overlap as the horizon does."""
    count = len(differences) // blocks
    means = differences[: count * blocks].reshape(count, blocks).mean(axis=1)
    return float(means.mean() / (means.std(ddof=1) / np.sqrt(count)))


def correction(path, held_out, seeds, steps, out, note):
    horizon, every, rows = read(path)
    jax.config.update("jax_enable_x64", True)
    seen = int(len(rows) * (1 - held_out))
    gap = -(-horizon // every)
    spans = {"fitted": rows[: int(seen * 0.75)], "stopping": rows[int(seen * 0.75) + gap : seen], "heldOut": rows[seen + gap :]}
    if min(len(span) for span in spans.values()) < 20:
        raise RuleError(f"{len(rows)} origins are too few for three spans")
    fitted, stopping = stacked(spans["fitted"]), stacked(spans["stopping"])
    loss = jax.jit(jax.value_and_grad(qlike))
    measure = jax.jit(qlike)
    optimiser = optax.adam(3e-3)
    best = None
    for seed in range(seeds):
        network = initial(seed)
        state = optimiser.init(network)
        own, waited = None, 0
        for step in range(steps):
            if step % 10 == 0:
                value = float(measure(network, *stopping))
                note(f"seed {seed}, step {step}: QLIKE of the stopping span {value:.5f}")
                if own is None or value < own[0] - 1e-6:
                    own, waited = (value, network, step), 0
                else:
                    waited += 1
                if waited >= 8:
                    break
            _, gradient = loss(network, *fitted)
            change, state = optimiser.update(gradient, state)
            network = optax.apply_updates(network, change)
        if best is None or own[0] < best[0]:
            best = own
    network = best[1]
    plain, plain_beyond, _ = judged(None, spans["heldOut"])
    learned, learned_beyond, range_ = judged(network, spans["heldOut"])
    t = diebold_mariano(learned - plain, max(1, gap))
    apart = lambda beyond: max(abs(beyond[level] - float(level)) / float(level) for level in LEVELS)
    Path(out).write_text(json.dumps({name: np.asarray(value).tolist() for name, value in network.items()}) + "\n")
    return {
        "parameters": int(sum(np.size(value) for value in network.values())),
        "origins": {name: len(span) for name, span in spans.items()},
        "lmGo": {"qlike": float(plain.mean()), "beyond": plain_beyond},
        "corrected": {"qlike": float(learned.mean()), "beyond": learned_beyond},
        "dieboldMariano": t,
        "smallestMultiplier": float(range_[0]),
        "largestMultiplier": float(range_[1]),
        "beatsLmGo": bool(t < -1.96 and apart(learned_beyond) <= apart(plain_beyond)),
    }
