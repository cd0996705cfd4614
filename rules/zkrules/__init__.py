"""What a file of a rule imports: `from zkrules import gradients, parameter, prices, rule, state, weights`."""

from .declare import gradients, parameter, prices, rule, state, weights

__all__ = ["gradients", "parameter", "prices", "rule", "state", "weights"]
