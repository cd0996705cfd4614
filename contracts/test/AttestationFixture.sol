// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BookBinding} from "../src/book/BookBinding.sol";
import {BookInclusion} from "../src/book/BookInclusion.sol";
import {ChallengesMaker} from "../src/book/ChallengesMaker.sol";
import {ICustody} from "../src/book/ICustody.sol";
import {LiquidationLayout as L} from "../src/generated/Layout.sol";
import {LiquidationAttestor} from "../src/LiquidationAttestor.sol";
import {RiskOracle} from "../src/RiskOracle.sol";
import {BookTree} from "./book/BookTree.sol";
import {OracleFixture} from "./OracleFixture.sol";

/// @notice An epoch bound to a book of three accounts, and the attested liquidation of alice: 0.5 BTC long and 2 ETH short at 100 and
/// 50, and 16 of cash, in a unit of 2.
abstract contract AttestationFixture is OracleFixture {
    LiquidationAttestor internal attestor;
    /// @dev encoded: SHA-256 is a call, and the next call is what a test expects to revert
    bytes private _account;

    function setUp() public virtual override {
        binding = new BookBinding(ICustody(address(0)), new ChallengesMaker());
        super.setUp();
        publishedWith(tree());
        attestor = oracle.attestor();
        setPrices(bar + 60, 100e18, 50e18);
        _account = abi.encode(account());
    }

    function publishedWith(BookInclusion.Node memory top) internal {
        RiskOracle.Epoch memory made = epoch();
        made.book = abi.encode(top.digest, pool(), hex"0001", top.sums, bytes32(0), uint256(0));
        oracle.publish(made);
        bar += BAR;
        state += 1;
    }

    function pool() internal pure returns (BookBinding.Pool memory) {
        return BookBinding.Pool(1e8, 2e8, 0.125e8, 0.5e8);
    }

    function alice() internal pure returns (bytes memory) {
        return BookTree.holding(
            16e8,
            bytes.concat(BookTree.market(BTC, 0.5e8, 0, 50e8), BookTree.market(ETH, 0, 2e8, -100e8))
        );
    }

    function bob() internal pure returns (BookInclusion.Node memory) {
        return BookTree.leaf(
            "bob",
            BookTree.holding(
                30e8, bytes.concat(BookTree.market(BTC, 0.5e8, 0.4e8, 11e8), BookTree.market(ETH, 2.1e8, 0.9e8, 60e8))
            )
        );
    }

    function carol() internal pure returns (BookInclusion.Node memory) {
        return BookTree.leaf("carol", BookTree.holding(-2e8, ""));
    }

    function nobody() internal pure returns (BookInclusion.Node memory) {
        return BookInclusion.Node(0, new bytes(64));
    }

    function tree() internal pure returns (BookInclusion.Node memory) {
        return BookTree.node(
            BookTree.node(BookTree.leaf("alice", alice()), bob()), BookTree.node(carol(), nobody())
        );
    }

    function leaf() internal pure returns (BookInclusion.Leaf memory made) {
        made = BookInclusion.Leaf({
            account: "alice",
            salt: BookTree.SALT,
            index: 0,
            sums: alice(),
            path: new BookInclusion.Node[](2),
            pool: sha256(abi.encode(pool()))
        });
        (made.path[0], made.path[1]) = (bob(), BookTree.node(carol(), nobody()));
    }

    function provenBar() internal view returns (LiquidationAttestor.ProvenBar memory made) {
        made.number = 1;
        made.bar = bar;
        made.barSeconds = uint32(BAR);
        made.tailFactor = int256(KAPPA);
        made.markets = new bytes32[](2);
        (made.markets[0], made.markets[1]) = (BTC, ETH);
        made.variances = new uint256[](2);
        (made.variances[0], made.variances[1]) = (4 << 128, 9 << 128);
    }

    /// @dev ETH first: a plan's order is its own.
    function account() internal view returns (LiquidationAttestor.Account memory made) {
        made.time = bar + 60;
        made.unit = 2e18;
        made.places = new uint8[](2);
        (made.places[0], made.places[1]) = (1, 0);
        made.rows = new uint8[](2);
        (made.rows[0], made.rows[1]) = (1, 0);
        made.leaf = leaf();
    }

    /// @dev Closing everything relieves 8 units of margin, which is what alice has: nothing is missing.
    function liquidation() internal pure returns (uint256[] memory v) {
        v = new uint256[](L.COUNT);
        (v[L.TILT], v[L.TILT + 1]) = (uint256(5 * ONE), uint256(5 * ONE));
        v[L.VOLATILITY_AFTER] = uint256(3 * ONE);
        v[L.EXCESS] = F - 1;
        (v[L.OBJECTIVE], v[L.BOUND]) = (uint256(10 * ONE), uint256(10 * ONE));
        (v[L.PUBLIC_NOTIONALS], v[L.PUBLIC_NOTIONALS + 1]) = (uint256(50 * ONE), uint256(25 * ONE));
        // (1.25 * 50)^2 * 9e-4 and (1.25 * 25)^2 * 4e-4
        v[L.PUBLIC_COVARIANCE] = uint256(ONE * 3515625 / 1000000);
        v[L.PUBLIC_COVARIANCE + 16] = uint256(ONE * 390625 / 1000000);
        v[L.PUBLIC_RELIEF] = uint256(8 * ONE);
        v[L.PUBLIC_FRACTIONS] = uint256(ONE / 2);
        v[L.PUBLIC_SCALARS + 2] = uint256(2 * ONE);
        v[L.PUBLIC_SCALARS + 3] = uint256(int256(BUDGET));
        v[L.PUBLIC_SCALARS + 4] = uint256(ONE);
    }

    function linear() internal pure returns (LiquidationAttestor.Portfolio memory) {}

    function attest(bytes32 plan, uint256[] memory v) internal {
        LiquidationAttestor.Account memory a = abi.decode(_account, (LiquidationAttestor.Account));
        attestor.attestLiquidation(plan, provenBar(), a, LiquidationAttestor.Proof("", v), linear());
    }

    function refusedFor(LiquidationAttestor.Account memory a, bytes4 error) internal {
        attestRefused(provenBar(), a, liquidation(), error);
    }

    function attestRefused(uint256 index, uint256 value, bytes4 error) internal {
        uint256[] memory v = liquidation();
        v[index] = value;
        attestRefused(provenBar(), account(), v, error);
    }

    function attestRefused(
        LiquidationAttestor.ProvenBar memory of_,
        LiquidationAttestor.Account memory a,
        uint256[] memory v,
        bytes4 error
    ) internal {
        attestRefused(of_, a, v, linear(), error);
    }

    function attestRefused(
        LiquidationAttestor.ProvenBar memory of_,
        LiquidationAttestor.Account memory a,
        uint256[] memory v,
        LiquidationAttestor.Portfolio memory p,
        bytes4 error
    ) internal {
        bytes memory call =
            abi.encodeCall(LiquidationAttestor.attestLiquidation, ("plan", of_, a, LiquidationAttestor.Proof("", v), p));
        (bool done, bytes memory reason) = address(attestor).call(call);
        holds(!done, "a false liquidation is attested");
        equal(uint32(bytes4(reason)), uint32(error));
    }
}
