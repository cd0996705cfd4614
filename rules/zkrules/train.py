"""Fits the parameters of a rule by gradient through the zero-fee simulator; beside it DIRECT, on the same objective.

The rows are split in three: the fit's, the one that stops the fit early, and a held-out one.
"""

import sys
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import optax
from scipy.optimize import direct

from .declare import RuleError
from .simulate import Terms, log_values

OBJECTIVES = ("sharpe", "return")
# Below this share of the largest, a range that is positive is searched by its logarithm.
WIDE = 8.0
LEAST_UPDATES = 24


@dataclass(frozen=True)
class Spans:
    fitted: int
    stopped: int


def score(values, objective):
    """Of the logarithms of values: mean over deviation of their changes, or the whole change, a update."""
    changes = jnp.diff(values)
    if objective == "return":
        return jnp.mean(changes) * 1e3
    return jnp.mean(changes) / jnp.sqrt(jnp.var(changes) + 1e-12)


class Search:
    """Parameters as free numbers: every free number is a place between the ends of its range."""

    def __init__(self, rule):
        self.entries = rule.of("parameter")
        if not self.entries:
            raise RuleError("a rule without parameters has nothing to train")
        self.sizes = [each.value.size for each in self.entries.values()]

    def bounds(self, each):
        low, high = each.search or (each.low, each.high)
        return max(low, each.low), min(high, each.high)

    def values(self, places):
        """@param places in (0, 1), one a number"""
        found, at = {}, 0
        for name, each in self.entries.items():
            size = each.value.size
            part = places[at : at + size].reshape(each.value.shape)
            at += size
            low, high = self.bounds(each)
            found[name] = low * (high / low) ** part if low > 0 and high > WIDE * low else low + (high - low) * part
        return found

    def places(self):
        parts = []
        for each in self.entries.values():
            low, high = self.bounds(each)
            clipped = np.clip(each.value.reshape(-1), low, high)
            wide = low > 0 and high > WIDE * low
            parts.append(np.log(clipped / low) / np.log(high / low) if wide else (clipped - low) / (high - low))
        return np.clip(np.concatenate(parts), 0.01, 0.99)


def loss_of(rule, search, prices, terms, first_weights, objective):
    """@returns the loss that is descended, as a function of free numbers: logits of places within the parameters' ranges"""

    def loss(free):
        path = log_values(rule, terms, prices, search.values(jax.nn.sigmoid(free)), first_weights)
        return -score(path, objective)

    return loss


def train(rule, prices, terms, first_weights, held_out, objective, seeds, steps, note):
    """@returns the values of the best seed by the stopping span, the scores of every span, and how the fit went"""
    if not callable(rule.function):
        raise RuleError("training differentiates a function of JAX; this rule is a graph")
    if objective not in OBJECTIVES:
        raise RuleError(f"the objective is one of {', '.join(OBJECTIVES)}, got {objective}")
    jax.config.update("jax_enable_x64", True)
    updates = (prices.shape[0] - 1) // terms.every
    seen = int(updates * (1 - held_out))
    spans = Spans(int(seen * 0.75), seen)
    if min(spans.fitted, spans.stopped - spans.fitted, updates - seen) < LEAST_UPDATES:
        raise RuleError(f"{updates} updates are too few: each of three spans needs {LEAST_UPDATES}")
    prices, first_weights = jnp.asarray(prices), jnp.asarray(first_weights)
    search = Search(rule)

    def values(places):
        return log_values(rule, terms, prices, search.values(places), first_weights)

    def parts(places):
        path = values(places)
        ends = ((0, spans.fitted), (spans.fitted, spans.stopped), (spans.stopped, updates))
        return jnp.stack([score(path[a:b], objective) for a, b in ends])

    loss = loss_of(rule, search, prices[: spans.fitted * terms.every + 1], terms, first_weights, objective)
    graded = jax.jit(jax.value_and_grad(loss))
    parts = jax.jit(parts)
    optimiser = optax.adam(0.05)
    best, history = None, []
    for seed in range(seeds):
        draw = np.random.default_rng(seed)
        places = search.places()
        start = np.log(places / (1 - places)) + (0 if seed == 0 else draw.normal(0, 1, places.size))
        free, state = jnp.asarray(start), optimiser.init(jnp.asarray(start))
        own, waited, course = None, 0, []
        for step in range(steps):
            value, gradient = graded(free)
            if not (np.isfinite(value) and np.all(np.isfinite(gradient))):
                raise RuleError(f"the gradient of {rule.name} is not finite at step {step}: look for a root or a power at 0")
            if step % 5 == 0 or step == steps - 1:
                fitted, stopping, _ = (float(part) for part in parts(jax.nn.sigmoid(free)))
                course.append({"step": step, "fitted": fitted, "stopping": stopping})
                if own is None or stopping > own[0] + 1e-6:
                    own, waited = (stopping, np.asarray(free), step), 0
                else:
                    waited += 1
                note(f"seed {seed}, step {step}: fitted {fitted:.4f}, stopping span {stopping:.4f}")
                if waited >= 6:
                    break
            change, state = optimiser.update(gradient, state)
            free = optax.apply_updates(free, change)
        history.append({"seed": seed, "bestStep": own[2], "course": course})
        if best is None or own[0] > best[0]:
            best = own
    found = jax.nn.sigmoid(jnp.asarray(best[1]))
    evaluations = seeds * steps
    beside = _direct(jax.jit(loss), search, evaluations)
    names = ("fitted", "stopping", "heldOut")
    scored = lambda places: dict(zip(names, (float(part) for part in parts(places)), strict=True))
    listed = lambda places: {name: np.asarray(value).reshape(-1).tolist() for name, value in search.values(places).items()}
    return {
        "objective": objective,
        "updates": {"fitted": spans.fitted, "stopping": spans.stopped - spans.fitted, "heldOut": updates - spans.stopped},
        "values": listed(found),
        "scores": {
            "start": scored(jnp.asarray(search.places())),
            "gradient": scored(found),
            "direct": scored(beside),
        },
        "direct": listed(beside),
        "paths": {
            name: np.asarray(values(jnp.asarray(places))).tolist()
            for name, places in (("start", search.places()), ("gradient", found), ("direct", beside))
        },
        "history": history,
    }


def _direct(loss, search, evaluations):
    """The best of as many evaluations by division of boxes: the search that needs no gradient."""
    count = search.places().size
    box = [(-4.0, 4.0)] * count
    result = direct(lambda free: float(loss(jnp.asarray(free))), box, maxfun=max(evaluations, 3 * count), maxiter=10_000)
    return jax.nn.sigmoid(jnp.asarray(result.x))


def note(text):
    print(f"zkrules: {text}", file=sys.stderr, flush=True)


def terms_of(options):
    return Terms(options.every, options.decay, options.lowest, options.step, options.reach)
