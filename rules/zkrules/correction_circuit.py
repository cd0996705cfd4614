"""Statement `correction`: multipliers of a bar's variances follow from a committed network and the state that `bar` commits to.

The state's row is that of `bar` (circuits/zkcircuits/factors.py) with the same blinding, so both proofs show the same commitment. Its
averages come out of their slots as there: a high digit is a quotient by 2^38, a low one what remains, and neither is negative.
"""

import contextlib
import io

import numpy as np
import onnxruntime
from zkcircuits.factors import FACTORS, MARKETS, PAIRS, STATES, TOTAL, WIDE

from .circuit import BITS, Circuit, run
from .compile import UNIT, Compiled, digest_of
from .declare import RuleError
from .correction import LARGEST_SUM, LEAST, SHAPES, WEIGHT_BITS, multipliers
from .lower import Lowering
from .quantity import Quantity

# All averages of a state add up to less, so that two and what is beside them stay below 2^38.
STATE_SUM = 2.0**37 - 2.0**15
# Shares of two averages: more bits would make rounding before every layer.
QUOTIENT_BITS = 16
# A multiplier has at least so many bits behind the point.
ROUNDED_BITS = 16
assert (FACTORS, MARKETS) == (4, 32) and LEAST * 2.0**BITS < 2.0**15


def exported():
    """The network as an ONNX graph, its averages and parameters as inputs."""
    from jax2onnx import to_onnx

    shapes = [(STATES, TOTAL), *SHAPES.values()]
    with contextlib.redirect_stdout(io.StringIO()):
        model = to_onnx(lambda *given: multipliers(*given), inputs=shapes, model_name="correction")
    model.doc_string, model.producer_name, model.producer_version = "", "zkrisk", ""
    del model.metadata_props[:]
    return model


def compiled():
    model = exported()
    circuit = Circuit("correction")
    lowering = Lowering(circuit, QUOTIENT_BITS)
    count = int(sum(np.prod(shape) for shape in SHAPES.values()))
    network = circuit.given("network", count)
    state = circuit.given("state", PAIRS)
    _require_sum(circuit, "the network’s weights", circuit.magnitude(network), LARGEST_SUM * 2.0**WEIGHT_BITS)
    names = iter(entry.name for entry in model.graph.input)
    given = {next(names): _averages(circuit, state)}
    at = 0
    for shape in SHAPES.values():
        size = int(np.prod(shape))
        part = circuit.gather(network, np.arange(at, at + size))
        at += size
        full = np.full(size, LARGEST_SUM)
        given[next(names)] = Quantity(part, WEIGHT_BITS, -full, full, np.zeros(size), shape)
    (found,) = lowering.run(model, given)
    settled = lowering.numbers.settled(found, BITS)
    if settled.bits < ROUNDED_BITS:
        raise RuleError(f"multipliers are rounded to 2^-{settled.bits}, more than 2^-{ROUNDED_BITS}")
    found = lowering.numbers.raised(settled, BITS)
    circuit.public("violations", circuit.violations)
    circuit.public("multipliers", found.row)
    graph = circuit.finished(False)
    manifest = {
        "version": 1,
        "graph": digest_of(model),
        "parameters": {name: list(shape) for name, shape in SHAPES.items()},
        "weightBits": WEIGHT_BITS,
        "commitments": [{"name": entry.name, "length": entry.type.tensor_type.shape.dim[1].dim_value} for entry in circuit._inputs],
        "values": [{"name": entry["name"], "length": entry["length"]} for entry in circuit.outputs],
    }
    program = {"operations": circuit.program, "required": circuit.required, "outputs": circuit.outputs}
    return Compiled(circuit, graph, model.SerializeToString(deterministic=True), manifest, program)


def _averages(circuit, row):
    """The averages of a packed state: one reading of it, or none that is proven."""
    high = circuit.shifted(row, WIDE)
    low = circuit.subtract(row, circuit.raised(high, WIDE))
    both = circuit.gather(circuit.concat([low, high]), np.arange(STATES * TOTAL))
    circuit.require("a state’s averages", both)
    _require_sum(circuit, "the state’s averages", both, STATE_SUM)
    top = np.full(STATES * TOTAL, STATE_SUM * UNIT)
    return Quantity(both, BITS, np.zeros_like(top), top, np.zeros_like(top), (STATES, TOTAL))


def _require_sum(circuit, what, row, most):
    circuit.require(f"the sum of {what}", circuit.subtract(circuit.whole(np.full(1, most)), circuit.sums(row, 1, row.length)))


def bound(network):
    """Most by which the circuit's multipliers of a network may differ from exact ones: a share is within a unit, whatever the prover
    chooses, ramps and clips stretch nothing, and the result is rounded once."""
    size = lambda name: np.abs(np.asarray(network[name]).reshape(SHAPES[name]))
    shares = (size("own").sum(axis=0) + size("common").sum(axis=0)) * 2.0**-QUOTIENT_BITS
    return float(shares @ size("last")[:, 0] + 2.0**-ROUNDED_BITS)


def compared(made, network, samples, seed):
    """The circuit's program against the ONNX graph in single precision, on random states."""
    generator = np.random.default_rng(seed)
    session = onnxruntime.InferenceSession(made.onnx)
    names = [each.name for each in session.get_inputs()]
    parameters = [np.asarray(network[name], dtype=np.float64).reshape(SHAPES[name]) for name in SHAPES]
    row = [int(round(value * 2.0**WEIGHT_BITS)) for part in parameters for value in part.reshape(-1)]
    slot = next(entry["slot"] for entry in made.program["outputs"] if entry["name"] == "multipliers")
    worst, most = 0.0, np.log(STATE_SUM / (STATES * TOTAL))
    for _ in range(samples):
        averages = np.exp(generator.uniform(most - 12, most, STATES * TOTAL)).astype(np.int64)
        # Markets that are not there.
        averages.reshape(STATES, TOTAL)[:, FACTORS + generator.integers(1, MARKETS + 1) :] = 0
        packed = [int(low) + (int(high) << WIDE) for low, high in zip(averages[:PAIRS], averages[PAIRS:], strict=True)]
        found = run(made.program["operations"], {"network": row, "state": packed})
        broken = [entry["what"] for entry in made.program["required"] if found[entry["slot"]] != [0]]
        if broken:
            raise RuntimeError(f"the circuit refuses a state in range: {broken}")
        given = [averages.reshape(STATES, TOTAL) * UNIT, *parameters]
        (exact,) = session.run(None, {name: value.astype(np.float32) for name, value in zip(names, given, strict=True)})
        worst = max(worst, float(np.max(np.abs(exact - np.asarray(found[slot], dtype=np.float64) * UNIT))))
    return {"samples": samples, "worst": worst}
