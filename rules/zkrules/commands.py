"""Requests of the command line."""

import json
import tempfile
from pathlib import Path

import onnx

from .compile import compiled
from .declare import RuleError
from .export import exported, load


def check(options):
    """Rows, errors of the circuit against floating point on random inputs in range, the bound they keep."""
    from . import artifacts
    from .compare import compared

    rule = load(options.file)
    made = compiled(rule, exported(rule))
    with tempfile.TemporaryDirectory() as scratch:
        _, settings = artifacts.sized(made, scratch)
    return {**summary(made), "costs": artifacts.costs_of(settings), "compared": compared(rule, made, options.samples, options.seed)}


def build(options):
    from . import artifacts

    rule = load(options.file)
    made = compiled(rule, exported(rule))
    folder = Path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    costs = artifacts.write(made, folder)
    (folder / "rule.onnx").write_bytes(made.onnx)
    onnx.checker.check_model(str(folder / "rule.onnx"))
    written = {"rule.json": {**made.manifest, "costs": costs}, "program.json": made.program}
    for name, document in written.items():
        (folder / name).write_text(json.dumps(document) + "\n")
    values = {name: each.value.reshape(-1).tolist() for name, each in rule.of("parameter", "state").items()}
    return {**summary(made), "costs": costs, "values": values}


def train(options):
    """The values that training has found, and how they do on rows it has not seen."""
    import numpy as np

    from . import train as training

    rule = load(options.file)
    given = json.loads(Path(options.prices).read_text())
    prices = np.asarray(given["prices"], dtype=np.float64)
    if prices.shape[1] != rule.tokens:
        raise RuleError(f"the rule is of {rule.tokens} tokens, the prices are of {prices.shape[1]}")
    return training.train(
        rule,
        prices,
        training.terms_of(options),
        np.asarray(given["weights"], dtype=np.float64),
        options.held_out,
        options.objective,
        options.seeds,
        options.steps,
        training.note,
    )


def correction(options):
    """A learned correction of LM-GO's variances, and whether it beats it."""
    from . import correction as learned
    from .train import note

    return learned.correction(options.file, options.held_out, options.seeds, options.steps, options.out, note)


def correction_build(options):
    """The circuit of a correction, and how far its multipliers are from the network's in floating point."""
    from . import artifacts
    from . import correction_circuit as circuit

    network = json.loads(Path(options.file).read_text())
    if sorted(network) != sorted(circuit.SHAPES):
        raise RuleError(f"{options.file} is no network of zkrisk model train: it has {', '.join(sorted(network))}")
    made = circuit.compiled()
    folder = Path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    costs = artifacts.write(made, folder)
    (folder / "correction.onnx").write_bytes(made.onnx)
    for name, document in {"correction.json": {**made.manifest, "costs": costs}, "program.json": made.program}.items():
        (folder / name).write_text(json.dumps(document) + "\n")
    compared = circuit.compared(made, network, options.samples, options.seed)
    return {"graph": made.manifest["graph"], "costs": costs, "error": circuit.bound(network), "compared": compared}


def summary(made):
    keep = ("name", "description", "tokens", "graph", "errors", "fragileComparisons", "inputs")
    return {name: made.manifest[name] for name in keep}
