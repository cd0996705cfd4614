// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EntryGrounds} from "../../src/book/EntryGrounds.sol";
import {PremiumChallenges} from "../../src/book/PremiumChallenges.sol";
import {PriceLayout as P} from "../../src/generated/Layout.sol";
import {JournalFixture} from "./JournalFixture.sol";

/// @notice An operator who makes a premium by the marks of an entry, which no chain has.
contract MarkBandTest is JournalFixture {
    bytes4 private constant OUTSIDE = EntryGrounds.MarksOutside.selector;

    /// @dev The first entry at other marks. BTC: 100 at both ends and a deviation of 2 %; ETH: 50, and 3 %.
    function at(uint256 btc, uint256 eth) private {
        entries[0].rows =
            bytes.concat(row(BTC, 0.6e8, 61e8, 0.7e8, 71e8, btc), row(ETH, -0.8e8, -40e8, -0.8e8, -40e8, eth));
        rebound();
        challenges.challenge{value: 0.1 ether}(journal, previous, 0);
    }

    function given() private view returns (PremiumChallenges.Answer memory made) {
        made = answerFor(0);
        // Exposures to the unit: marks here are no whole numbers.
        (int256 btc, int256 eth) = (price(0), price(1));
        setExposure(made, 0, 0.6e8 * btc, 0.7e8 * btc);
        setExposure(made, 1, -0.8e8 * eth, -0.8e8 * eth);
    }

    function price(uint256 i) private view returns (int256) {
        bytes memory rows = entries[0].rows;
        uint256 word;
        assembly {
            word := mload(add(add(rows, 128), mul(128, i)))
        }
        return int256(word);
    }

    function setExposure(PremiumChallenges.Answer memory made, uint256 i, int256 before, int256 afterwards)
        private
        pure
    {
        made.instances[P.EXPOSURES + i] = shareOf(before);
        made.instances[P.EXPOSURES + 32 + i] = shareOf(afterwards);
    }

    /// @dev money of 26 decimals in units of 2^-24 of a unit of 1
    function shareOf(int256 money) private pure returns (uint256) {
        int256 value = (money << 24) / 1e26;
        return value < 0 ? F - uint256(-value) : uint256(value);
    }

    function refusedMarks(uint256 btc, uint256 eth) private {
        at(btc, eth);
        refusedAnswer(0, opening(0), given(), OUTSIDE);
    }

    function taken(uint256 btc, uint256 eth) private {
        at(btc, eth);
        challenges.answer(journal, previous, 0, opening(0), given());
    }

    function test_aMarkIsWithinEightDeviationsOfAPriceThatIsHeld() public {
        taken(116e18, 50e18);
        refusedMarks(116e18 + 1, 50e18);
        taken(100e18, 62e18);
        refusedMarks(100e18, 62e18 + 1);
        uint256 least = uint256(100e18) * 100 / 116;
        taken(least + 1, 50e18);
        refusedMarks(least, 50e18);
        least = uint256(50e18) * 100 / 124;
        taken(100e18, least + 1);
        refusedMarks(100e18, least);
    }

    function test_aMarkOnTheWayFromOneEndToTheOtherIsNear() public {
        at(125e18, 50e18);
        // Had the bar ended at 120, or begun there, 125 would have been on the way.
        PremiumChallenges.Answer memory made = given();
        refusedAnswer(0, opening(0), made, OUTSIDE);
        uint256 before = vm.snapshotState();
        prices.set(BTC, journal.bar, 120e18);
        challenges.answer(journal, previous, 0, opening(0), made);
        vm.revertToState(before);
        prices.set(BTC, previous.bar, 120e18);
        challenges.answer(journal, previous, 0, opening(0), made);
        vm.revertToState(before);
        // A market without a price at the bar's end has that of its beginning.
        prices.set(BTC, journal.bar, 0);
        refusedAnswer(0, opening(0), made, OUTSIDE);
        prices.set(BTC, previous.bar, 120e18);
        challenges.answer(journal, previous, 0, opening(0), made);
    }

    function test_theGovernorsWordIsForAMarketThatHasLeapt() public {
        at(125e18, 50e18);
        challenges.allow(journal.number, 0, digestOf(1));
        refusedAnswer(0, opening(0), given(), OUTSIDE);
        allow(0);
        challenges.answer(journal, previous, 0, opening(0), given());
    }
}
