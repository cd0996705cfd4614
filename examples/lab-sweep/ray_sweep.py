"""A sweep of the lab over the machines of a Ray cluster.

Each Ray task is one shard of the grid and calls `zkrisk lab sweep --shard k/n`; nothing here schedules anything, and a shard that fails is
run again by Ray. Prices, grid and cache have to be where every machine finds them (a shared folder).

    python examples/lab-sweep/ray_sweep.py --zkrisk 'npx zkrisk' --prices prices.csv --grid params.yaml --out sweep.parquet --shards 8

Needs ray and pyarrow. Without --address a cluster of this machine alone is started, with as many workers as --workers says.
"""

import argparse
import json
import pathlib
import shlex
import subprocess

import pyarrow
import pyarrow.parquet
import ray


@ray.remote(num_cpus=1, max_retries=2)
def shard(command: list[str], k: int, n: int, out: str) -> dict:
    """One shard by the command line; its report, and the worker that it ran on."""
    path = f"{out}.{k}-of-{n}"
    done = subprocess.run(
        [*command, "--threads", "1", "--shard", f"{k}/{n}", "--out", path],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"shard {k}/{n}: {done.stderr.strip()[-2000:]}")
    worker = ray.get_runtime_context().get_worker_id()
    return {**json.loads(done.stdout), "shard": k, "worker": worker}


def joined(paths: list[str], out: str) -> int:
    """Shards as one file, in the order of the grid; the shards are removed."""
    table = pyarrow.concat_tables([pyarrow.parquet.read_table(path) for path in paths])
    table = table.sort_by("point")
    pyarrow.parquet.write_table(table, out)
    for path in paths:
        pathlib.Path(path).unlink()
    return table.num_rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zkrisk", default="npx zkrisk", help="the command line, as a shell would have it")
    parser.add_argument("--prices", nargs="+", required=True)
    parser.add_argument("--grid", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--cache")
    parser.add_argument("--bars", type=int)
    parser.add_argument("--shards", type=int, default=2)
    parser.add_argument("--address", help="of a Ray cluster")
    parser.add_argument("--workers", type=int, default=2, help="CPUs of a cluster of this machine alone")
    given = parser.parse_args()
    if given.address is None:
        ray.init(num_cpus=given.workers, include_dashboard=False, log_to_driver=False)
    else:
        ray.init(address=given.address, log_to_driver=False)
    command = [*shlex.split(given.zkrisk), "lab", "sweep", "--prices", *given.prices, "--grid", given.grid]
    if given.cache is not None:
        command += ["--cache", given.cache]
    if given.bars is not None:
        command += ["--bars", str(given.bars)]
    reports = ray.get([shard.remote(command, k, given.shards, given.out) for k in range(given.shards)])
    rows = joined([report["out"] for report in reports], given.out)
    workers = sorted({report["worker"] for report in reports})
    print(json.dumps({"rows": rows, "workers": len(workers), "shards": reports}, indent=2))


if __name__ == "__main__":
    main()
