"""From a declared rule to its ONNX graph, the one that is simulated, proven and shown."""

import contextlib
import importlib.util
import io
import sys
from pathlib import Path

import numpy as np
import onnx

from .declare import Rule, RuleError


def load(path):
    """The one rule that a file declares."""
    path = Path(path)
    specification = importlib.util.spec_from_file_location(path.stem, path)
    if specification is None or not path.exists():
        raise RuleError(f"{path} is no file of Python")
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module
    try:
        specification.loader.exec_module(module)
    except RuleError:
        raise
    except Exception as fault:
        raise RuleError(f"{path} does not run: {type(fault).__name__}: {fault}") from fault
    found = {id(value): value for value in vars(module).values() if isinstance(value, Rule)}
    if len(found) != 1:
        raise RuleError(f"{path} declares {len(found)} rules; a file declares one")
    rule = next(iter(found.values()))
    rule.description = rule.description or (module.__doc__ or "").strip()
    return rule


def exported(rule):
    """The ONNX model of a rule: an input a declared one, outputs `target` and the next value of each state."""
    shapes = [rule.shape(name) for name in rule.inputs]
    states = rule.of("state")
    outputs = ["target", *(f"next.{name}" for name in states)]
    model = onnx.ModelProto()
    model.CopyFrom(rule.function if isinstance(rule.function, onnx.ModelProto) else _traced(rule, shapes))
    renames = dict(zip((each.name for each in model.graph.input), rule.inputs, strict=True))
    if len(model.graph.output) != len(outputs):
        raise RuleError(f"{rule.name} returns {len(model.graph.output)} arrays; the weights and {len(states)} states are {len(outputs)}")
    renames |= dict(zip((each.name for each in model.graph.output), outputs, strict=True))
    if len(renames) != len(rule.inputs) + len(outputs):
        raise RuleError("an array that is returned as it was given: return something computed")
    _apart(model, renames)
    for entries in (model.graph.input, model.graph.output):
        for entry in entries:
            entry.name = renames[entry.name]
    for node in model.graph.node:
        node.input[:] = [renames.get(name, name) for name in node.input]
        node.output[:] = [renames.get(name, name) for name in node.output]
    model.doc_string, model.producer_name, model.producer_version = "", "zkrisk", ""
    del model.metadata_props[:]
    _checked(rule, model, [(rule.tokens,), *(rule.shape(name) for name in states)])
    return model


def _apart(model, renames):
    """Names of the graph's own that are about to be taken are given up first."""
    taken = set(renames.values()) - set(renames)
    found = {name for node in model.graph.node for name in (*node.input, *node.output) if name in taken}
    found |= {entry.name for entry in model.graph.initializer if entry.name in taken}
    renames |= {name: f"inner.{name}" for name in found}
    for entry in model.graph.initializer:
        entry.name = renames.get(entry.name, entry.name)


def _traced(rule, shapes):
    import jax
    from jax2onnx import to_onnx

    try:
        results = jax.eval_shape(rule.function, *(jax.ShapeDtypeStruct(shape, np.float32) for shape in shapes))
    except Exception as fault:
        raise RuleError(f"{rule.name} cannot be traced: {fault}") from fault
    del results
    with contextlib.redirect_stdout(io.StringIO()):
        return to_onnx(rule.function, inputs=shapes, model_name=rule.name)


def _checked(rule, model, expected):
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as fault:
        raise RuleError(f"{rule.name} is no valid graph: {fault}") from fault
    for output, shape in zip(model.graph.output, expected, strict=True):
        found = tuple(dimension.dim_value for dimension in output.type.tensor_type.shape.dim)
        if found != shape:
            raise RuleError(f"{rule.name}: {output.name} has shape {found}, it must have {shape}")
