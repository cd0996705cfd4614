// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Exceedances} from "../src/Exceedances.sol";
import {ForecastCorrection} from "../src/ForecastCorrection.sol";
import {BarLayout as B} from "../src/generated/Layout.sol";
import {LiquidationAttestor} from "../src/LiquidationAttestor.sol";
import {ModelRegistry} from "../src/ModelRegistry.sol";
import {PublicValues} from "../src/PublicValues.sol";
import {RiskOracle} from "../src/RiskOracle.sol";
import {OracleFixture, ToldVerifier} from "./OracleFixture.sol";

/// @notice Acceptances and refusals of a registered correction, with a verifier that answers as it is told; real proofs are in
/// test/proof/correction.spec.ts.
contract ForecastCorrectionTest is OracleFixture {
    uint256 private constant NETWORK = 77;
    address private constant KEY = address(0xd0);
    uint256 private constant MULTIPLIERS = 4;
    uint256 private constant HALF = 1 << 23;
    /// @dev ln 1.035 = 3.44014267173324 percent, in units of 2^-48
    uint256 private constant RETURN = 968314078407448;

    ForecastCorrection private correction;
    uint256 private _btc = 100e18;

    function setUp() public override {
        super.setUp();
        correction = new ForecastCorrection(registered());
    }

    function registered() private view returns (ForecastCorrection.Terms memory) {
        return ForecastCorrection.Terms(oracle, bytes32(uint256(1)), bytes32(uint256(2)), NETWORK, verifier, KEY);
    }

    /// @dev The oracle's last epoch: BTC and ETH with variances of 4 and 9 percent^2.
    function proven() private view returns (LiquidationAttestor.ProvenBar memory made) {
        (RiskOracle.Measure memory last,) = oracle.measure();
        bytes32[] memory markets = new bytes32[](2);
        (markets[0], markets[1]) = (BTC, ETH);
        uint256[] memory variances = new uint256[](2);
        (variances[0], variances[1]) = (4 << 128, 9 << 128);
        return LiquidationAttestor.ProvenBar(last.number, bar, uint32(BAR), int256(KAPPA), markets, variances);
    }

    function proofs(uint256 btc, uint256 eth) private view returns (ForecastCorrection.Proof[] memory made) {
        uint256[] memory values = new uint256[](MULTIPLIERS + 32);
        (values[0], values[1], values[2]) = (NETWORK, state, 99);
        for (uint256 i = 0; i < 32; i++) values[MULTIPLIERS + i] = 1 << 24;
        (values[MULTIPLIERS], values[MULTIPLIERS + 1]) = (btc, eth);
        made = new ForecastCorrection.Proof[](1);
        made[0] = ForecastCorrection.Proof("", values);
    }

    function isRefused(
        LiquidationAttestor.ProvenBar memory of_,
        ForecastCorrection.Proof[] memory with,
        bytes4 error
    ) private {
        (bool done, bytes memory reason) =
            address(correction).call(abi.encodeCall(ForecastCorrection.publish, (of_, with)));
        holds(!done, "taken");
        equal(uint32(bytes4(reason)), uint32(error));
    }

    function test_correctsTheVariancesOfTheLastBar() public {
        published();
        correction.publish(proven(), proofs(HALF, 3 << 23));
        (uint256 btc, bool fresh) = correction.variance(BTC);
        (uint256 eth,) = correction.variance(ETH);
        equal(btc, 2 << 128);
        equal(eth, (27 << 128) / 2);
        holds(fresh, "of the last bar");
        equal(correction.terms().network, NETWORK);
        isRefused(proven(), proofs(HALF, HALF), ForecastCorrection.CorrectedAlready.selector);
        // The next epoch leaves it behind.
        published();
        (, fresh) = correction.variance(BTC);
        holds(!fresh, "of a bar before the last");
        vm.expectRevert(abi.encodeWithSelector(ForecastCorrection.MarketUnknown.selector, bytes32("SOL")));
        correction.variance("SOL");
    }

    function test_refusesWhatIsNotOfItsNetworkTheLastStateAndTheLastBar() public {
        published();
        LiquidationAttestor.ProvenBar memory first = proven();
        ForecastCorrection.Proof[] memory with = proofs(HALF, HALF);
        with[0].instances[0]++;
        isRefused(first, with, ForecastCorrection.NetworkDiffers.selector);
        with = proofs(HALF, HALF);
        with[0].instances[1]--;
        isRefused(first, with, ForecastCorrection.StateDiffers.selector);
        with = proofs(HALF, HALF);
        with[0].instances[3] = 1;
        isRefused(first, with, ForecastCorrection.Violated.selector);
        isRefused(first, proofs(HALF - 1, HALF), ForecastCorrection.MultiplierOutOfRange.selector);
        isRefused(first, proofs(HALF, (1 << 25) + 1), ForecastCorrection.MultiplierOutOfRange.selector);
        with[0].instances = new uint256[](35);
        isRefused(first, with, PublicValues.WrongNumberOfValues.selector);
        isRefused(first, new ForecastCorrection.Proof[](0), ForecastCorrection.WrongNumberOfProofs.selector);
        LiquidationAttestor.ProvenBar memory forged = proven();
        forged.variances[0] = 5 << 128;
        isRefused(forged, proofs(HALF, HALF), ForecastCorrection.NotProvenSo.selector);
        verifier.tell(ToldVerifier.Answer.No, KEY);
        isRefused(first, proofs(HALF, HALF), ForecastCorrection.ProofRefused.selector);
        verifier.tell(ToldVerifier.Answer.Revert, KEY);
        isRefused(first, proofs(HALF, HALF), ForecastCorrection.ProofRefused.selector);
        verifier.tell(ToldVerifier.Answer.Yes, KEY);
        vm.prank(address(0xbad));
        isRefused(first, proofs(HALF, HALF), ForecastCorrection.NotThePublisher.selector);
        oracle.pause();
        isRefused(first, proofs(HALF, HALF), ForecastCorrection.Paused.selector);
        oracle.unpause();
        published();
        isRefused(first, proofs(HALF, HALF), ForecastCorrection.NotTheLastBar.selector);
    }

    function test_takesAProofAPartAndRefusesMarketsInAnotherOrder() public {
        published();
        install(split(bar));
        ForecastCorrection.Proof[] memory both = new ForecastCorrection.Proof[](2);
        (both[0], both[1]) = (proofs(HALF, HALF)[0], proofs(HALF, HALF)[0]);
        both[1].instances[1] = state + 1000;
        // Two parts with the same two markets: taken as one is, in order.
        correction.publish(proven(), both);
        (uint256 eth,) = correction.variance(ETH);
        equal(eth, (9 << 128) / 2);
        // A model of ETH and BTC, in the other order, is not the bar's.
        correction = new ForecastCorrection(registered());
        bytes32[] memory turned = new bytes32[](2);
        (turned[0], turned[1]) = (ETH, BTC);
        ModelRegistry.Model memory other = model(bar);
        other.parts[0].markets = turned;
        install(other);
        isRefused(proven(), proofs(HALF, HALF), ForecastCorrection.NotProvenSo.selector);
    }

    function test_isDiscreditedByItsOwnExceedancesWhileTheModelStands() public {
        bars(1, false);
        bars(HORIZON, true);
        bars(HORIZON, true);
        equal(uint256(correction.discredited()), 0);
        bars(HORIZON, true);
        // 3.5 percent is within 1.96 of 2 percent, and beyond 1.96 of the corrected 1.41.
        equal(uint256(correction.discredited()), uint256(BTC));
        equal(uint256(oracle.discredited()), 0);
        equal(oracle.exceedances(BTC).exceedances, 0);
        Exceedances.Window memory counted = correction.exceedances(BTC);
        equal(counted.exceedances, 3);
        (, bool fresh) = correction.variance(ETH);
        holds(!fresh, "what is discredited is not fresh");
        moving(false);
        isRefused(proven(), proofs(HALF, HALF), ForecastCorrection.CorrectionDiscredited.selector);
    }

    function test_countsAWindowWhoseEndWasLeftOutAgainstTheCorrection() public {
        bars(1, false);
        for (uint256 i = 0; i < HORIZON; i++) moving(false);
        // The bar that the window ends with is the oracle's last; the one after it is corrected.
        bars(1, false);
        Exceedances.Window memory counted = correction.exceedances(ETH);
        equal(counted.windows, 1);
        equal(counted.exceedances, 1);
        // A window that is corrected at its end counts as it is.
        bars(HORIZON, false);
        counted = correction.exceedances(ETH);
        equal(counted.windows, 2);
        equal(counted.exceedances, 1);
    }

    /// @dev Bars of which the last moves, if any, each corrected.
    function bars(uint256 count, bool moved) private {
        for (uint256 i = 0; i < count; i++) {
            moving(moved && i == count - 1);
            correction.publish(proven(), proofs(HALF, 1 << 24));
        }
    }

    function moving(bool moved) private {
        RiskOracle.Epoch memory made = epoch();
        if (moved) {
            bool up = _btc == 100e18;
            _btc = up ? 103.5e18 : 100e18;
            made.bars[0].instances[B.LOG_RETURNS] = up ? RETURN : F - RETURN;
        }
        prices.set(BTC, made.bar, _btc);
        oracle.publish(made);
        bar += BAR;
        state += 1;
    }
}
