"""Rewrites synthetic.json: reference.py on simulated returns, which unlike real prices are committed with their answers."""

import json
from pathlib import Path

import numpy as np
from reference import cov, factor_variances, fit, horizon_weights, state0, step

CASES = (
    ("two groups of markets", 5, 160, {}, 3),
    ("a constant part and other decays", 3, 90, {"constant": 0.1, "tau": (3.0, 20.0), "target_mix": 0.3}, 2),
    ("more markets than bars", 16, 14, {}, 2),
    ("three common factors forced", 4, 80, {"factors": 3}, 1),
)


def simulated(rng, n, bars):
    variance, rows = 1.0, []
    for _ in range(bars):
        common = np.sqrt(variance) * rng.standard_normal()
        variance = 0.1 + 0.2 * common**2 + 0.7 * variance
        sector = rng.standard_normal((2,))
        rows.append([0.01 * (common * (0.5 + 0.1 * i) + 0.4 * sector[i % 2] + 0.3 * rng.standard_normal()) for i in range(n)])
    return np.round(np.array(rows), 5)


def main():
    rng, cases = np.random.default_rng(20261126), []
    for label, n, bars, options, updates in CASES:
        returns = simulated(rng, n, bars + updates)
        model = fit(returns[:bars], **options)
        state = state0(model)
        after_fit = {str(h): cov(model, state, h).tolist() for h in (1, 12)}
        for row in returns[bars:]:
            state = step(model, state, row)
        cases.append(
            {
                "label": label,
                "window": bars,
                "options": {name: list(value) if isinstance(value, tuple) else value for name, value in options.items()},
                "returns": returns.tolist(),
                "K": model["K"],
                "c": model["c"].tolist(),
                "vr": model["vr"].tolist(),
                "horizon_weights": {str(h): [horizon_weights(model, h)[0], horizon_weights(model, h)[1].tolist()] for h in (1, 2, 12, 100)},
                "sigma_after_fit": after_fit,
                "updates": updates,
                "factor_variances": {str(h): factor_variances(model, state, h).tolist() for h in (1, 24)},
                "sigma_after_updates": {str(h): cov(model, state, h).tolist() for h in (1, 24)},
            }
        )
    Path(__file__).with_name("synthetic.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
