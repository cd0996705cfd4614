"""The verifier that ezkl generates for one circuit alone, with its numbers read from the circuit's key on the chain.

The reusable verifier interprets a key; one of a circuit's own has the circuit's equations as code, which takes a fifth less gas. As
it is generated it has the key's points and digest as constants, by which it is larger than a contract may be and of one SRS. Here
each of these constants is a place in the key: the same code serves every SRS, and the key alone says which. The field's order, a
constant that the compiler would copy from the code wherever it is used, is kept in a word of memory that the key has no use for.
"""

import re

WORD = 32
# Place in a key of the word that says whether the circuit has an accumulator.
HAS_ACCUMULATOR = 0x1A0
CONSTANT = re.compile(r"^( *)mstore\((0x[0-9a-f]+), 0x([0-9a-f]{64})\)[^\n]*\n", re.M)
SIGNATURE = """    function verifyProof(
        bytes calldata proof,
        uint256[] calldata instances
    ) public returns (bool) {
        assembly {"""
KEYED = """    /// @notice The circuit's key: a contract whose code is its points and digest.
    address public immutable key;

    constructor(address key_) {
        key = key_;
    }

    function verifyProof(
        bytes calldata proof,
        uint256[] calldata instances
    ) public view returns (bool) {
        address held = key;
        assembly {"""
# A word of the key that is read for circuits with an accumulator alone.
ORDER = "mload(ACC_OFFSET_MPTR)"


def place_of(key, word):
    """Where the key has a word: it has to be there once."""
    places = [at for at in range(0, len(key), WORD) if key[at : at + WORD] == word]
    if len(places) != 1:
        raise RuntimeError(f"the key has {word.hex()} {len(places)} times")
    return places[0]


def own_verifier(source, key, name):
    """source: as generated; key: bytes of the circuit's key; name: of the contract."""
    for expected in (SIGNATURE, "contract Halo2Verifier {"):
        if source.count(expected) != 1:
            raise RuntimeError(f"the generated verifier has not once: {expected}")
    runs, written, end = [], [], 0

    def copies():
        for indent, at, place, length in runs:
            written.append(f"{indent}extcodecopy(held, 0x{at:04x}, 0x{place:04x}, 0x{length:04x})\n")
        # The second block of copies is the whole key: before it, memory is overwritten by what is hashed.
        if len(runs) > 2:
            written.append(f"{runs[0][0]}mstore(ACC_OFFSET_MPTR, R)\n")
        runs.clear()

    for found in CONSTANT.finditer(source):
        if found.start() != end:
            copies()
            written.append(source[end : found.start()])
        end = found.end()
        at, word = int(found[2], 16), bytes.fromhex(found[3])
        _, first, place, length = runs[-1] if runs else ("", 0, 0, 0)
        # Words that follow one another in memory and in the key are copied at once.
        if runs and first + length == at and key[place + length : place + length + WORD] == word:
            runs[-1][3] += WORD
        else:
            runs.append([found[1], at, place_of(key, word), WORD])
    copies()
    written.append(source[end:])
    text = "".join(written).replace("contract Halo2Verifier {", f"contract {name} {{").replace(SIGNATURE, KEYED)
    if CONSTANT.search(text) or text.count("mstore(ACC_OFFSET_MPTR, R)") != 1:
        raise RuntimeError("a constant of the key is left in the verifier, or the field's order is not kept")
    if text.count("if mload(HAS_ACCUMULATOR_MPTR)") != 2 or int.from_bytes(key[HAS_ACCUMULATOR : HAS_ACCUMULATOR + WORD]):
        raise RuntimeError("the circuit has an accumulator")
    return re.sub(r", R\)|\(R, ", lambda found: found[0].replace("R", ORDER), text).replace(
        f"mstore(ACC_OFFSET_MPTR, {ORDER})", "mstore(ACC_OFFSET_MPTR, R)"
    )
