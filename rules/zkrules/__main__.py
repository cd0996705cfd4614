"""`python -m zkrules COMMAND FILE [options]`: one JSON answer on standard output; a rule that cannot be proven is
`{"refused": "why"}`, and exit code 2."""

import argparse
import contextlib
import json
import os
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT.parent / "circuits"))
warnings.filterwarnings("ignore")


def main():
    parser = argparse.ArgumentParser(prog="zkrules")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("check", "build", "correction-build"):
        command = commands.add_parser(name)
        command.add_argument("file")
        command.add_argument("--out")
        command.add_argument("--samples", type=int, default=1000)
        command.add_argument("--seed", type=int, default=1)
    command = commands.add_parser("train")
    command.add_argument("file")
    command.add_argument("--prices", required=True, help="JSON: {prices: rows of tokens, weights}")
    for name, kind in (("every", int), ("seeds", int), ("steps", int), ("decay", float), ("lowest", float), ("step", float)):
        command.add_argument(f"--{name}", type=kind, required=True)
    command.add_argument("--reach", type=float, required=True)
    command.add_argument("--held-out", type=float, required=True)
    command.add_argument("--objective", required=True)
    command = commands.add_parser("correction")
    command.add_argument("file", help="JSON: horizon, every, fits, origins")
    command.add_argument("--held-out", type=float, required=True)
    for name in ("seeds", "steps"):
        command.add_argument(f"--{name}", type=int, required=True)
    command.add_argument("--out", required=True)
    options = parser.parse_args()
    from .declare import RuleError

    # jax2onnx and ezkl print to standard output; the answer must stand alone there.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            from . import commands as handlers

            answer, status = getattr(handlers, options.command.replace("-", "_"))(options), 0
        except RuleError as fault:
            answer, status = {"refused": str(fault)}, 2
    print(json.dumps(answer), flush=True)
    # The interpreter may abort while it ends.
    os._exit(status)


main()
