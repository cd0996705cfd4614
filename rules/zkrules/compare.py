"""The circuit against floating point, on random inputs in range."""

import numpy as np
import onnxruntime

from .circuit import BITS, run


def drawn(rule, made, generator):
    """Inputs of the circuit, in units of 2^-24, and the same numbers by name."""
    rows, numbers = {}, {}
    manifest = {each["name"]: each for each in made.manifest["inputs"]}
    for group, names in made.manifest["groups"].items():
        row = []
        for name in names:
            each = manifest[name]
            values = generator.integers(each["low"], each["high"], each["length"], endpoint=True)
            if each["kind"] == "weights":
                values = _weights(generator, each, values.size)
            row.extend(int(value) for value in values)
            floats = values / 2.0**BITS
            if each["kind"] == "prices":
                floats = np.concatenate([floats, np.ones(rule.tokens)])
            numbers[name] = floats.reshape(each["shape"])
        rows[group] = row
    return rows, numbers


def _weights(generator, each, count):
    """Weights that sum to one."""
    free = 2**BITS - count * each["low"]
    cuts = np.sort(generator.integers(0, free, count - 1, endpoint=True))
    return np.diff([0, *cuts, free]) + each["low"]


def compared(rule, made, samples, seed):
    generator = np.random.default_rng(seed)
    session = onnxruntime.InferenceSession(made.onnx)
    names = [each.name for each in session.get_outputs()]
    worst = {name: 0.0 for name in names}
    outside = 0
    slots = {entry["name"]: entry["slot"] for entry in made.program["outputs"]}
    for _ in range(samples):
        rows, numbers = drawn(rule, made, generator)
        found = run(made.program["operations"], rows)
        outputs = session.run(None, {name: value.astype(np.float32) for name, value in numbers.items() if name in _wanted(session)})
        broken = [entry["what"] for entry in made.program["required"] if found[entry["slot"]] != [0]]
        if broken:
            outside += 1
            if any("next" not in what for what in broken):
                raise RuntimeError(f"the circuit refuses inputs in range: {broken}")
            continue
        values = {"target": found[slots["target"]]} | _following(made, found)
        for name, output in zip(names, outputs, strict=True):
            difference = np.max(np.abs(np.reshape(output, -1) - np.asarray(values[name], dtype=np.float64) / 2.0**BITS))
            worst[name] = max(worst[name], float(difference))
    return {"samples": samples, "worst": worst, "statesOutOfRange": outside}


def _wanted(session):
    return {each.name for each in session.get_inputs()}


def _following(made, found):
    """Next states by output name, in the order of the hints that hold them."""
    values = [found[slot] for slot, operation in enumerate(made.program["operations"]) if operation[:2] == ["hint", "next"]]
    return {f"next.{name}": value for name, value in zip(made.manifest["groups"]["state"], values, strict=True)}
