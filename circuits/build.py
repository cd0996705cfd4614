"""Makes the artifacts of every circuit: compiled circuit, settings, verification key, the development SRS of its size where there
is none, and the layout of public values.

    python build.py OUTPUT [circuit ...]

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

from zkcircuits import bar, layouts, liquidation, loss, price, reduction
from zkcircuits.calls import finished
from zkcircuits.own_verifier import own_verifier

CIRCUITS = {"bar": bar, "price": price, "liquidation": liquidation, "loss": loss, "reduction": reduction}
# 256^5, 256^6 and 1024^5 fail in the Node engine.
DECOMPOSITION = (1024, 4)
# Circuits whose proofs are verified with every epoch: each has a verifier of its own, which takes less gas.
OWN_VERIFIERS = {"bar": "BarVerifier"}
# Blinding of a proof takes the last rows of its columns.
RESERVED_ROWS = 8


def run_arguments(circuit):
    arguments = ezkl.PyRunArgs()
    arguments.input_visibility = getattr(circuit, "INPUTS", "hashed")
    # Circuits on integers check their ranges themselves.
    arguments.ignore_range_check_inputs_outputs = True
    arguments.output_visibility = "public"
    arguments.param_visibility = "fixed"
    arguments.input_scale = arguments.param_scale = 0
    arguments.scale_rebase_multiplier = 1
    # Products with whole numbers need no rescaling, and rescaling costs rows.
    arguments.rebase_frac_zero_constants = True
    arguments.num_inner_cols = circuit.INNER_COLUMNS
    arguments.decomp_base, arguments.decomp_legs = DECOMPOSITION
    # The rows that are counted make it less.
    arguments.logrows = 20
    return arguments


def settings_of(circuit, model, scratch):
    """The circuit that ezkl makes of a model, in one order: one order makes one circuit."""
    settings = scratch / "settings.json"
    finished(lambda: ezkl.gen_settings(str(model), str(settings), run_arguments(circuit)))
    described = json.loads(settings.read_text())
    rows = max(described["num_rows"], described["module_sizes"]["poseidon"][0]) + RESERVED_ROWS
    described["run_args"]["logrows"] = (rows - 1).bit_length()
    # The hour of the build says nothing of the circuit.
    described.pop("timestamp", None)
    # Sets, written in an order that differs from run to run.
    for unordered in ("required_range_checks", "required_lookups"):
        described[unordered].sort()
    return described


def build(name, circuit, output):
    folder = output / name
    folder.mkdir(parents=True, exist_ok=True)
    graph = circuit.build()
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch) / "model.onnx"
        onnx.save(graph.model(), model)
        described = settings_of(circuit, model, Path(scratch))
        (folder / "settings.json").write_text(json.dumps(described, indent=2, sort_keys=True) + "\n")
        compiled = folder / "circuit.ezkl"
        finished(lambda: ezkl.compile_circuit(str(model), str(compiled), str(folder / "settings.json")))
    logrows = described["run_args"]["logrows"]
    srs = structured_reference_string(output, logrows)
    verifying_key(name, compiled, folder, srs, output)
    digest = hashlib.sha256(compiled.read_bytes()).hexdigest()[:16]
    rows = max(described["num_rows"], *described["module_sizes"]["poseidon"][:1])
    print(f"{name}: 2^{logrows} rows ({rows} used), circuit {digest}", file=sys.stderr)


def layout(output):
    """Where the public values are, of all circuits."""
    found = {
        name: layouts.described(name, circuit.build(), getattr(circuit, "INPUTS", "hashed") == "hashed")
        for name, circuit in CIRCUITS.items()
    }
    document = {"shared": layouts.SHARED, "circuits": found}
    (output / "layout.json").write_text(json.dumps(document, indent=2) + "\n")


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


def verifying_key(name, compiled, folder, srs, output):
    """The key as a chain keeps it, the contract that verifies with any key, and the circuit's own where it has one."""
    with tempfile.TemporaryDirectory() as scratch:
        key = str(Path(scratch) / "vk")
        finished(lambda: ezkl.setup(str(compiled), key, str(Path(scratch) / "pk"), str(srs)))
        written = {name: Path(scratch) / f"{name}.sol" for name in ("key", "verifier", "own")}
        arguments = lambda name: (key, str(folder / "settings.json"), str(written[name]), str(Path(scratch) / "abi"), str(srs))
        # All fail after their source is written: they look for a compiler that is not theirs to find.
        for call in (
            lambda: ezkl.create_evm_vka(*arguments("key")),
            lambda: ezkl.create_evm_verifier(*arguments("verifier"), True),
            lambda: ezkl.create_evm_verifier(*arguments("own"), False),
        ):
            with contextlib.suppress(RuntimeError):
                finished(call)
        words = re.findall(r"mstore\((0x[0-9a-f]+), 0x([0-9a-f]{64})\)", written["key"].read_text())
        if [int(at, 16) for at, _ in words] != [32 * i for i in range(len(words))]:
            raise RuntimeError("the verifying key is not laid out word by word")
        held = b"".join(bytes.fromhex(word) for _, word in words)
        (folder / "verifying-key.bin").write_bytes(held)
        if name in OWN_VERIFIERS:
            own = own_verifier(written["own"].read_text(), held, OWN_VERIFIERS[name])
            (folder / f"{OWN_VERIFIERS[name]}.sol").write_text(own)
        verifier = output / "Halo2VerifierReusable.sol"
        source = written["verifier"].read_text()
        if verifier.exists() and verifier.read_text() != source:
            raise RuntimeError("one contract is to verify all circuits, but their verifiers differ")
        verifier.write_text(source)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    # `layout` alone writes layout.json and compiles nothing.
    chosen = [name for name in sys.argv[2:] if name != "layout"] if sys.argv[2:] else CIRCUITS
    for circuit_name in chosen:
        build(circuit_name, CIRCUITS[circuit_name], target)
    layout(target)
