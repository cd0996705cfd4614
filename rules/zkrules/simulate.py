"""A pool that follows a rule along prices where trading is free, in JAX: differentiated by training.

The same rails as the contract (`WeightRails.sol`): each target within `step` of its weight and above `lowest`, the difference of their sum
above or below one shared in proportion to the room left, all slowed by one factor where one would be too fast. `libs/rules` simulates
the same in TypeScript from the ONNX graph; a test holds one against the other.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp


# Slope that training gives to targets beyond their rails; 0 is the exact gradient of the clipped value.
LEAK = 0.1


@dataclass(frozen=True)
class Terms:
    every: int = 1
    decay: float = 0.9
    lowest: float = 0.03
    step: float = 0.01
    # Most a weight moves within an update, by velocity: 300 blocks of 0.00005.
    reach: float = 0.015


def railed(current, target, terms):
    """Weights within the contract's rails."""
    n = current.shape[0]
    highest = 1 - (n - 1) * terms.lowest
    low = jnp.maximum(current - terms.step, terms.lowest)
    high = jnp.minimum(current + terms.step, highest)
    # The part of a target beyond its rails has no value, but a slope of LEAK: a fit finds its way back from there.
    beyond = target - jnp.clip(target, *jax.lax.stop_gradient((low, high)))
    goal = jnp.clip(target, low, high) + LEAK * (beyond - jax.lax.stop_gradient(beyond))
    apart = goal.sum() - 1
    room = jnp.where(apart > 0, goal - low, high - goal)
    after = goal - apart * room / jnp.maximum(room.sum(), 1e-12)
    furthest = jnp.max(jnp.abs(after - current))
    return current + (after - current) * jnp.minimum(1.0, terms.reach / jnp.maximum(furthest, 1e-12))


def log_values(rule, terms, prices, parameters, first_weights):
    """ln of the pool's value at each update, over that at the first.

    Weights move over the whole interval; within it the pool is worth as much as a pool of the mean path: a step of n rows is divided into its
    rows.

    @param prices rows × tokens @param parameters values by name
    """
    sampled = prices[:: terms.every]
    fresh = 1 - terms.decay
    states = {name: jnp.asarray(each.value) for name, each in rule.of("state").items()}
    bars = max((each.bars for each in rule.of("prices").values()), default=1)
    history = jnp.broadcast_to(sampled[0], (bars, sampled.shape[1]))

    def update(carry, price):
        weights, target, average, running, history, states = carry
        growth = jnp.log(price / history[-1])
        # The interval that ends here: weights went from `weights` to `target` in equal steps.
        steps = terms.every
        path = [weights + (target - weights) * j / steps for j in range(steps + 1)]
        change = sum(
            jnp.sum(path[j] * growth) / steps - jnp.sum(path[j + 1] * jnp.log(path[j + 1] / path[j])) for j in range(steps)
        )
        history = jnp.concatenate([history[1:], price[None]])
        average = average + fresh * (price - average)
        running = terms.decay * running + (price - average) / fresh
        gradient = fresh**3 / terms.decay * running / average
        given = {"weights": target, "gradients": gradient, "prices": history / price}
        arguments = []
        for name, each in rule.inputs.items():
            arguments.append(states[name] if each.kind == "state" else parameters.get(name, given.get(each.kind)))
        answer = rule.function(*arguments)
        asked, following = (answer[0], answer[1:]) if states else (answer, ())
        after = railed(target, asked, terms)
        return (target, after, average, running, history, dict(zip(states, following, strict=True))), change

    start = (first_weights, first_weights, sampled[0], jnp.zeros_like(sampled[0]), history, states)
    _, changes = jax.lax.scan(update, start, sampled[1:])
    return jnp.cumsum(changes)
