"""layout.json: where each public value of each circuit is, in which unit, and the numbers that whoever verifies shares with the
builders. `libs/proofs/src/generated/layout.ts` and `contracts/src/generated/Layout.sol` are made from this."""

from . import bar, factors, liquidation, loss, price, reduction
from .integers import BITS, ONE

# Bounds of a sandwich, in its units of 2^-24 where nothing else is said. docs/concepts/proofs.md has what makes each necessary.
SANDWICH = {
    "largestTilt": 2**13 * ONE,
    "smallestVolatility": ONE >> 4,
    "largestVolatility": 2**14 * ONE,
    # |1/(1 + |x|/4)| to half a unit: (4 + 8)/2, 2^-48
    "inverseTolerance": 6 * ONE,
    # of r to half a unit, M at most 2: 3/2, 2^-48; of p and c: 2/2, 2^-62 and 2^-48; and a rounding of M
    "logTolerance": (3 * ONE >> 1) + 8,
    "probabilityTolerance": ONE + 8,
    "densityTolerance": ONE + 8,
    # |b - KL| <= slackTolerance + tilt 2^-slackShift
    "slackTolerance": 2**6,
    "slackShift": 20,
    # An upper bound below this is not right to a thousandth: its own rounding is a unit.
    "smallestUpper": 2**13,
    "smallestTailFactor": ONE,
    "largestTailFactor": 16 * ONE,
}
# A unit of account makes gross exposure 64 to 128 units, and rounding a little more or less.
FACTORS = {
    "markets": factors.MARKETS,
    "factors": factors.FACTORS,
    "smallestGross": 63 * ONE,
    "largestGross": 129 * ONE,
}
SHARED = {"scaleBits": BITS, **SANDWICH}

CONSTANTS = {
    "bar": {**FACTORS, "stateElements": factors.PAIRS, "bookFields": len(bar.BOOK)},
    "price": {**FACTORS, "books": price.BOOKS, "bookFields": len(price.FIELDS)},
    "liquidation": {
        "positions": liquidation.POSITIONS,
        "states": liquidation.STATES,
        "scalars": len(liquidation.SCALARS),
        # The unit makes the account's notional 64 to 128, and rounding a little more or less.
        "smallestNotional": 63 * ONE,
        "largestNotional": 129 * ONE,
        # Missing margin is at most a 2^12th of the relief of closing everything, the gap a 2^11th of the notional closed and
        # 2^-14 of a unit (a millionth of the account).
        "excessShift": 12,
        "gapShift": 11,
        "gapTolerance": 2**10,
        # Of a portfolio's margin a 2^18th of the notional may be missing: a thousandth of the least floor.
        "slackShift": 18,
        # Reserved money and the penalty are at most a hundredth of the notional; amounts are rounded a few times.
        "reservedShare": 100,
        "rounding": 32,
    },
    "loss": {"accounts": loss.ACCOUNTS, "leafFields": len(loss.LEAF), "terms": len(loss.TERMS)},
    "reduction": {
        "accounts": reduction.ACCOUNTS,
        "markets": reduction.MARKETS,
        "pairs": reduction.PAIRS,
        "leafFields": reduction.LEAF,
        "leverageBits": reduction.LEVERAGE_BITS,
        "distanceBits": reduction.DISTANCE_BITS,
    },
}


def described(name, graph, hashed):
    return {**graph.layout(hashed), "constants": CONSTANTS[name]}
