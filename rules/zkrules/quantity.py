"""Numbers of a rule as its circuit has them: integers in units of 2^-bits, with the interval each lies in and how far it may be from
the exact number. Both hold for whatever quotient a prover chooses where a division leaves two open."""

import math
from dataclasses import dataclass

import numpy as np

from .circuit import RANGE_BITS, Row

# Integers a division or a comparison is given stay below 2^38, so that their differences stay below 2^40.
HEADROOM_BITS = RANGE_BITS - 2
MOST_BITS = 36
FEWEST_BITS = 8
# Products before they are rescaled; a witness is made with 128 bits.
PRODUCT_BITS = 118


@dataclass(frozen=True)
class Quantity:
    row: Row
    bits: int
    low: np.ndarray
    high: np.ndarray
    error: np.ndarray
    shape: tuple

    @property
    def largest(self):
        return float(np.max(np.maximum(np.abs(self.low), np.abs(self.high))))

    @property
    def size(self):
        return self.row.length


def bits_for(largest):
    """As many bits behind the point as leave the integers below 2^38."""
    return int(min(MOST_BITS, HEADROOM_BITS - math.ceil(math.log2(max(largest, 2.0**-60) * (1 + 1e-9)))))
