"""From a rule's ONNX graph to its circuit: inputs with their ranges, the lowered graph, public values."""

import hashlib
from dataclasses import dataclass

import numpy as np

from .circuit import BITS, Circuit
from .declare import RuleError
from .lower import Lowering
from .quantity import Quantity

UNIT = 2.0**-BITS
# Outputs are numbers of contracts, below 2^14.
LARGEST_TARGET = 2.0**14


@dataclass
class Compiled:
    circuit: Circuit
    model: object
    onnx: bytes
    manifest: dict
    program: dict


def digest_of(onnx_model):
    return hashlib.sha256(onnx_model.SerializeToString(deterministic=True)).hexdigest()


def bounds_of(each):
    """The range of an input as its circuit has it, in units of 2^-24: outwards to single precision."""
    low, high = np.floor(each.low * 2.0**BITS), np.ceil(each.high * 2.0**BITS)
    down, up = np.float32(low), np.float32(high)
    down = down if down <= low else np.nextafter(down, np.float32(-np.inf))
    up = up if up >= high else np.nextafter(up, np.float32(np.inf))
    return int(down), int(up)


class Inputs:
    """Where each input of a rule is among the circuit's: private parameters, shared ones, states, values on the chain."""

    def __init__(self, rule):
        private = {n: e for n, e in rule.of("parameter").items() if e.visibility == "private"}
        shared = {n: e for n, e in rule.of("parameter").items() if e.visibility == "hashed"}
        public = {n: e for n, e in rule.of("parameter").items() if e.visibility == "public"}
        market = {kind: e for kind in ("weights", "gradients", "prices") for e in rule.of(kind).items()}
        self.groups = {"parameters": private, "shared": shared, "state": rule.of("state")}
        self.groups["market"] = {name: each for name, each in market.values()} | public
        self.lengths = {}
        for group, entries in self.groups.items():
            self.lengths[group] = {name: self.length(rule, name, each) for name, each in entries.items()}

    @staticmethod
    def length(rule, name, each):
        shape = rule.shape(name)
        # The newest prices are one: they are the unit.
        return (each.bars - 1) * rule.tokens if each.kind == "prices" else int(np.prod(shape, dtype=int))


def compiled(rule, model):
    """@throws RuleError naming the operation that a circuit cannot hold"""
    circuit = Circuit(rule.name)
    inputs = Inputs(rule)
    lowering = Lowering(circuit)
    given = {}
    for group, entries in inputs.groups.items():
        total = sum(inputs.lengths[group].values())
        if total == 0 and group != "parameters":
            continue
        row = circuit.given(group, total)
        market = row
        at = 0
        for name, each in entries.items():
            length = inputs.lengths[group][name]
            part = circuit.gather(row, np.arange(at, at + length))
            at += length
            low, high = bounds_of(each)
            if group != "market":
                _require_range(circuit, f"{each.kind} {name}", part, low, high)
            quantity = Quantity(
                part, BITS, np.full(length, low * UNIT), np.full(length, high * UNIT), np.zeros(length), rule.shape(name)
            )
            given[name] = _with_newest(lowering, quantity, rule) if each.kind == "prices" else quantity
    target, *following = lowering.run(model, given)
    errors = {"target": _public_target(circuit, lowering, target, rule)}
    for (name, each), value in zip(inputs.groups["state"].items(), following, strict=True):
        errors[f"next.{name}"] = _chained(circuit, lowering, name, each, value)
    if not circuit.required:
        circuit.require("nothing", circuit.whole(np.zeros(1)))
    circuit.public("violations", circuit.violations)
    circuit.public("target", circuit.target)
    circuit.public("publicMarket", market)
    graph = circuit.finished(bool(inputs.groups["state"]))
    manifest = _manifest(rule, model, circuit, inputs, errors, lowering.numbers.fragile)
    program = {"operations": circuit.program, "required": circuit.required, "outputs": circuit.outputs}
    return Compiled(circuit, graph, model.SerializeToString(deterministic=True), manifest, program)


def _require_range(circuit, what, row, low, high):
    full = lambda value: circuit.whole(np.full(row.length, float(value)))
    circuit.require(f"{what} is below its range", circuit.subtract(row, full(low)))
    circuit.require(f"{what} is above its range", circuit.subtract(full(high), row))


def _with_newest(lowering, quantity, rule):
    newest = lowering.numbers.constant(np.ones(rule.tokens))
    flat = Quantity(quantity.row, quantity.bits, quantity.low, quantity.high, quantity.error, (quantity.size,))
    whole, _ = lowering.joined([flat, newest])
    return Quantity(whole.row, whole.bits, whole.low, whole.high, whole.error, (whole.size // rule.tokens, rule.tokens))


def _public_target(circuit, lowering, target, rule):
    target = lowering.quantity(target)
    if target.largest > LARGEST_TARGET:
        raise RuleError(f"weights of up to {target.largest:.4g}: bound them, e.g. with jnp.clip(…, 0, 1)")
    settled = lowering.numbers.settled(target, BITS)
    settled = lowering.numbers.raised(settled, BITS)
    circuit.target = settled.row
    return float(np.max(settled.error))


def _chained(circuit, lowering, name, each, value):
    """The next state is the computed one to the unit: |computed − next 2^k| < 2^k, and next within its range."""
    value = lowering.quantity(value)
    value = lowering.numbers.settled(value) if value.bits > BITS + 36 else value
    value = lowering.numbers.raised(value, max(value.bits, BITS))
    k = value.bits - BITS
    after = circuit.hint(["scaled", value.row.slot, k], value.size, "next")
    low, high = bounds_of(each)
    _require_range(circuit, f"the next {name}", after, low, high)
    distance = circuit.magnitude(circuit.subtract(value.row, circuit.raised(after, k)))
    circuit.require(f"the next {name}", circuit.subtract(circuit.whole(np.full(value.size, 2.0**k - 1 if k <= 24 else 2.0**k)), distance))
    return float(np.max(value.error)) + UNIT


def _manifest(rule, model, circuit, inputs, errors, fragile):
    commitments = [entry.name for entry in circuit._inputs]
    described = []
    for name, each in rule.inputs.items():
        group = next(group for group, entries in inputs.groups.items() if name in entries)
        low, high = bounds_of(each)
        described.append(
            {
                "name": name,
                "kind": each.kind,
                "group": group,
                "shape": list(rule.shape(name)),
                "length": inputs.lengths[group][name],
                "low": low,
                "high": high,
                "visibility": each.visibility,
                **({"bars": each.bars} if each.kind == "prices" else {}),
            }
        )
    return {
        "version": 1,
        "name": rule.name,
        "description": rule.description,
        "tokens": rule.tokens,
        "graph": digest_of(model),
        "inputs": described,
        "groups": {group: list(entries) for group, entries in inputs.groups.items()},
        "commitments": [{"name": entry, "length": _length(circuit, entry)} for entry in commitments],
        "values": [{"name": entry["name"], "length": entry["length"]} for entry in circuit.outputs],
        "errors": errors,
        "fragileComparisons": fragile,
    }


def _length(circuit, name):
    entry = next(entry for entry in circuit._inputs if entry.name == name)
    return entry.type.tensor_type.shape.dim[1].dim_value
