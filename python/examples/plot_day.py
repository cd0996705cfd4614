"""Plots the last day of an exchange, risk and marks: ``python plot_day.py URL FILE.png``."""

from __future__ import annotations

import os
import sys
from datetime import datetime, timedelta

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

from zkrisk import Client  # noqa: E402


def main(url: str, file: str) -> None:
    with Client(url, api_key=os.environ.get("ZKRISK_API_KEY")) as exchange:
        now = datetime.fromisoformat(exchange.status()["marketTime"].replace("Z", "+00:00"))
        start, end = (now - timedelta(days=1)).isoformat(), (now + timedelta(minutes=1)).isoformat()
        risk = exchange.history("risk", start, end, "1h").frame()
        marks = exchange.history("marks", start, end, "1h").frame()
    figure, (upper, lower) = pyplot.subplots(2, 1, sharex=True, figsize=(9, 6))
    risk["riskMeasure"].plot(ax=upper, label="ρ")
    upper.set_ylabel("quote currency")
    upper.legend()
    for market, series in marks.groupby("market")["mark"]:
        (series / series.iloc[0]).plot(ax=lower, label=market)
    lower.set_ylabel("mark over its first")
    lower.set_xlabel("market time, UTC")
    lower.legend(ncol=4, fontsize="small")
    figure.savefig(file, dpi=120, bbox_inches="tight")
    print(f"{len(risk)} measures of risk and {len(marks)} marks in {file}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
