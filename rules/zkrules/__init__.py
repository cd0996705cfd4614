"""Imports of a rule's file: `from zkrules import RuleError, gradients, graph, parameter, prices, rule, state, weights`."""

from .declare import RuleError, gradients, graph, parameter, prices, rule, state, weights

__all__ = ["RuleError", "gradients", "graph", "parameter", "prices", "rule", "state", "weights"]
