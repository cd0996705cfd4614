"""Recomputes the exchange's charges from its API alone, with none of its code: standard library only.

Standard input: {"forecast", "markets", "book", "risk", "legs"}: answers of GET /v1/forecasts/latest?include=factors, /v1/markets,
/v1/book, /v1/risk, and a trade's legs. Standard output: premia of the trade, and yearly funding of every market as the book stands.
"""

import json
import sys
from math import erfc, exp, log, pi, sqrt


def phi(x):
    return exp(-x * x / 2) / sqrt(2 * pi)


def Phi(x):
    return erfc(-x / sqrt(2)) / 2


def evar(m, s, alpha):
    """inf over t of s (ln M(t, k) - ln alpha) / t, k = m / s, and its derivative in s by differences."""
    k = m / s

    def log_moment(t):
        a, b = log(Phi(-k)) if k < 35 else -1e300, t * k + t * t / 2
        tail = Phi(k + t)
        if tail <= 0:
            return a
        b += log(tail)
        top = max(a, b)
        return top + log(exp(a - top) + exp(b - top))

    def value(t):
        return (log_moment(t) - log(alpha)) / t

    low, high = 1e-6, 1.0
    while value(2 * high) < value(high):
        high *= 2
    high *= 2
    ratio = (sqrt(5) - 1) / 2
    for _ in range(200):
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, b) if value(a) < value(b) else (a, high)
    return s * value((low + high) / 2)


def spread(forward, strike, width, s):
    psi = lambda d: d * Phi(d) + phi(d)
    return s * (psi((forward - strike) / s) - psi((forward - strike - width) / s))


class Book:
    def __init__(self, given):
        self.factors = given["forecast"]["factors"]
        self.names = given["forecast"]["markets"]
        self.prices = {m["market"]: float(m["mark"]) for m in given["markets"]}
        held = {m["market"]: m for m in given["book"]["markets"]}
        self.size = {name: float(held[name]["signedSize"]) if name in held else 0.0 for name in self.names}
        self.entry = sum(float(held[name]["entryNotional"]) for name in self.names if name in held)
        self.capital = float(given["book"]["capital"]) - float(given["book"]["shortfall"])
        self.liquidity = float(given["book"]["liquidity"])
        self.alpha, self.kappa = given["risk"]["alpha"], given["risk"]["tailFactor"]

    def trade(self, legs):
        for leg in legs:
            self.size[leg["market"]] += float(leg["size"])
            self.entry += float(leg["size"]) * self.prices[leg["market"]]

    def products(self, variances, own):
        """x' S x and (S x)_i of notionals x, from the factor form."""
        x = [self.size[name] * self.prices[name] for name in self.names]
        B = self.factors["loadings"]
        p = [sum(B[i][k] * x[i] for i in range(len(x))) for k in range(self.factors["count"])]
        times = [own[i] * x[i] + sum(B[i][k] * variances[k] * p[k] for k in range(len(p))) for i in range(len(x))]
        return sum(a * b for a, b in zip(x, times)), times, x

    def figures(self):
        f = self.factors
        variance, times, x = self.products(f["factorVariances"], f["ownVariances"])
        drift, rates, _ = self.products(f["factorVarianceRates"], f["ownVarianceRates"])
        s, forward = sqrt(variance), sum(x)
        m = forward - (self.entry + self.capital + self.liquidity)
        risk = lambda s: evar(m, self.kappa * s, self.alpha)
        lp = lambda s: spread(forward, self.entry + self.capital, self.liquidity, s)
        step = 1e-4 * s
        slope = (risk(s + step) - risk(s - step)) / (2 * step), (lp(s + step) - lp(s - step)) / (2 * step)
        growth = [x[i] * (rates[i] - times[i] * drift / (2 * variance)) / s for i in range(len(x))]
        return {
            "risk": risk(s),
            "liquidity": lp(s),
            "volatility": s,
            "funding": [[slope[0] * g, slope[1] * g] for g in growth],
        }


def main():
    given = json.load(sys.stdin)
    before, after = Book(given), Book(given)
    after.trade(given["legs"])
    now, then = before.figures(), after.figures()
    json.dump(
        {
            "volatility": now["volatility"],
            "entropicValueAtRisk": now["risk"],
            "riskPremium": max(0.0, then["risk"] - now["risk"]),
            "liquidityPremium": max(0.0, then["liquidity"] - now["liquidity"]),
            "funding": dict(zip(before.names, now["funding"])),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
