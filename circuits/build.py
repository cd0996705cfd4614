"""Makes the artifacts of every circuit: compiled circuit, settings, and the development SRS of its size where there is none.

    python build.py OUTPUT

Verification and proving keys are made by the engine from these. On the same SRS a rebuild is byte-identical.
"""

import contextlib
import hashlib
import json
import os
import re
import sys
import tempfile
from pathlib import Path

import ezkl
import onnx

from zkcircuits.calls import finished
from zkcircuits import covariance, liquidation, momentum, pricing

CIRCUITS = {"covariance": covariance, "momentum": momentum, "pricing": pricing, "liquidation": liquidation}
SCALE = 24
# 256^5, 256^6 and 1024^5 fail in the Node engine.
DECOMPOSITION = (1024, 4)


def run_arguments(circuit):
    arguments = ezkl.PyRunArgs()
    arguments.input_visibility = getattr(circuit, "INPUTS", "hashed")
    arguments.ignore_range_check_inputs_outputs = not getattr(circuit, "RANGE_CHECKS", True)
    arguments.output_visibility = "public"
    arguments.param_visibility = "fixed"
    arguments.input_scale = arguments.param_scale = SCALE
    arguments.scale_rebase_multiplier = 1
    # Products with whole numbers need no rescaling, which is what costs rows.
    arguments.rebase_frac_zero_constants = True
    arguments.num_inner_cols = circuit.INNER_COLUMNS
    arguments.decomp_base, arguments.decomp_legs = DECOMPOSITION
    return arguments


def build(name, circuit, output):
    folder = output / name
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch) / "model.onnx"
        data = Path(scratch) / "calibration.json"
        settings = Path(scratch) / "settings.json"
        onnx.save(circuit.build(), model)
        data.write_text(json.dumps({"input_data": circuit.sample()}))
        finished(lambda: ezkl.gen_settings(str(model), str(settings), run_arguments(circuit)))
        finished(
            lambda: ezkl.calibrate_settings(str(data), str(model), str(settings), "resources", 2.0, [SCALE], [1], None)
        )
        described = json.loads(settings.read_text())
        # The hour of the build says nothing of the circuit.
        described.pop("timestamp", None)
        # Sets, written in an order that differs from run to run: one order makes one circuit.
        for unordered in ("required_range_checks", "required_lookups"):
            described[unordered].sort()
        (folder / "settings.json").write_text(json.dumps(described, indent=2, sort_keys=True) + "\n")
        compiled = folder / "circuit.ezkl"
        finished(lambda: ezkl.compile_circuit(str(model), str(compiled), str(folder / "settings.json")))
    logrows = described["run_args"]["logrows"]
    srs = structured_reference_string(output, logrows)
    verifying_key(compiled, folder, srs, output)
    digest = hashlib.sha256(compiled.read_bytes()).hexdigest()[:16]
    print(f"{name}: 2^{logrows} rows ({described['num_rows']} used), circuit {digest}", file=sys.stderr)


def structured_reference_string(output, logrows):
    """A ceremony's, where ZKRISK_SRS names its file or a folder of them, or the development SRS, made where there is none."""
    ceremony = os.environ.get("ZKRISK_SRS")
    if ceremony is not None:
        return Path(ceremony) / f"{logrows}.srs" if os.path.isdir(ceremony) else Path(ceremony)
    srs = output / "srs" / f"development-{logrows}.srs"
    if not srs.exists():
        srs.parent.mkdir(parents=True, exist_ok=True)
        ezkl.gen_srs(str(srs), logrows)
    return srs


def verifying_key(compiled, folder, srs, output):
    """The key as a chain keeps it, and the contract that verifies with any key."""
    with tempfile.TemporaryDirectory() as scratch:
        key = str(Path(scratch) / "vk")
        finished(lambda: ezkl.setup(str(compiled), key, str(Path(scratch) / "pk"), str(srs)))
        written = {name: Path(scratch) / f"{name}.sol" for name in ("key", "verifier")}
        arguments = lambda name: (key, str(folder / "settings.json"), str(written[name]), str(Path(scratch) / "abi"), str(srs))
        # Both fail after their source is written: they look for a compiler that is not theirs to find.
        for call in (
            lambda: ezkl.create_evm_vka(*arguments("key")),
            lambda: ezkl.create_evm_verifier(*arguments("verifier"), True),
        ):
            with contextlib.suppress(RuntimeError):
                finished(call)
        words = re.findall(r"mstore\((0x[0-9a-f]+), 0x([0-9a-f]{64})\)", written["key"].read_text())
        if [int(at, 16) for at, _ in words] != [32 * i for i in range(len(words))]:
            raise RuntimeError("the verifying key is not laid out word by word")
        (folder / "verifying-key.bin").write_bytes(b"".join(bytes.fromhex(word) for _, word in words))
        verifier = output / "Halo2VerifierReusable.sol"
        source = written["verifier"].read_text()
        if verifier.exists() and verifier.read_text() != source:
            raise RuntimeError("one contract is to verify all circuits, but their verifiers differ")
        verifier.write_text(source)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    chosen = sys.argv[2:] or CIRCUITS
    for circuit_name in chosen:
        build(circuit_name, CIRCUITS[circuit_name], target)
