// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {Timelocked} from "../governance/Timelocked.sol";
import {LocalChain} from "../LocalChain.sol";
import {IPriceSource} from "./IPriceSource.sol";

/// @title Prices of bars as the median of reports signed by k of n reporters.
/// @notice Anyone may bring k reports of a bar; a price once held never changes. Whoever brings them chooses which k, so that with f
/// dishonest reporters k must be 2f + 1 at least for the median to lie between honest reports: off local chains k is 3 or more, and odd.
contract MedianPriceSource is IPriceSource, Timelocked, EIP712, Multicall {
    bytes32 public constant REPORT_TYPEHASH = keccak256("Report(uint64 bar,bytes32[] markets,uint256[] prices)");

    /// @dev a duty of this contract's own, whose holders are `reporters`
    bytes32 private constant REPORTER = keccak256("REPORTER");

    /// @notice Smallest quorum off local chains: one dishonest reporter moves no price out of the range of two others.
    uint256 public constant SMALLEST_QUORUM = 3;
    uint256 public constant MOST_REPORTERS = 31;

    struct Report {
        uint256[] prices;
        bytes signature;
    }

    /// @notice Reports a median is taken of.
    uint256 public quorum;
    address[] private _reporters;
    mapping(address account => bool) public isReporter;
    mapping(bytes32 market => mapping(uint64 bar => uint256)) private _prices;

    error ReportersInvalid();
    error WrongNumberOfReports(uint256 quorum, uint256 got);
    error NotReporter(address signer);
    /// @notice Reports come by ascending address of their signers, each once.
    error ReportersOutOfOrder(address before, address signer);
    error LengthsDiffer(uint256 markets, uint256 prices);
    error PriceIsZero(bytes32 market);

    event ReportersSet(address[] reporters, uint256 quorum);
    event PricesHeld(uint64 indexed bar, bytes32[] markets, uint256[] prices, address[] reporters);

    constructor(address admin, address governor, address guardian, uint32 delay_, address[] memory reporters_, uint256 quorum_)
        EIP712("zkrisk prices", "2")
        Timelocked(admin, governor, guardian, delay_)
    {
        _checkReporters(reporters_, quorum_);
        _setReporters(reporters_, quorum_);
    }

    function reporters() external view returns (address[] memory) {
        return _reporters;
    }

    function setReporters(address[] calldata reporters_, uint256 quorum_) external onlyRole(GOVERNOR_ROLE) timelocked {
        _setReporters(reporters_, quorum_);
    }

    /// @notice Takes the median of exactly `quorum` reports for each market of a bar. Held prices stay as they are, so reports
    /// may be brought again.
    function submit(uint64 bar, bytes32[] calldata markets, Report[] calldata reports) external {
        if (bar > block.timestamp) revert BarNotOver(bar);
        if (reports.length != quorum) revert WrongNumberOfReports(quorum, reports.length);
        address[] memory signers = _signers(bar, markets, reports);
        uint256[] memory held = new uint256[](markets.length);
        uint256[] memory said = new uint256[](reports.length);
        for (uint256 i = 0; i < markets.length; i++) {
            held[i] = _prices[markets[i]][bar];
            if (held[i] != 0) continue;
            for (uint256 j = 0; j < reports.length; j++) {
                said[j] = reports[j].prices[i];
                if (said[j] == 0) revert PriceIsZero(markets[i]);
            }
            held[i] = _median(said);
            _prices[markets[i]][bar] = held[i];
        }
        emit PricesHeld(bar, markets, held, signers);
    }

    /// @inheritdoc IPriceSource
    function priceAt(bytes32 market, uint64 bar) public view returns (uint256 price) {
        price = _prices[market][bar];
        if (price == 0) revert PriceUnknown(market, bar);
    }

    /// @inheritdoc IPriceSource
    function pricesAt(bytes32[] calldata markets, uint64 bar) external view returns (uint256[] memory prices) {
        prices = new uint256[](markets.length);
        for (uint256 i = 0; i < markets.length; i++) prices[i] = priceAt(markets[i], bar);
    }

    function _signers(uint64 bar, bytes32[] calldata markets, Report[] calldata reports)
        private
        view
        returns (address[] memory signers)
    {
        signers = new address[](reports.length);
        bytes32 names = keccak256(abi.encodePacked(markets));
        for (uint256 j = 0; j < reports.length; j++) {
            uint256[] calldata prices = reports[j].prices;
            if (prices.length != markets.length) revert LengthsDiffer(markets.length, prices.length);
            bytes32 content = keccak256(abi.encode(REPORT_TYPEHASH, bar, names, keccak256(abi.encodePacked(prices))));
            address signer = ECDSA.recover(_hashTypedDataV4(content), reports[j].signature);
            if (!isReporter[signer]) revert NotReporter(signer);
            if (j > 0 && signer <= signers[j - 1]) revert ReportersOutOfOrder(signers[j - 1], signer);
            signers[j] = signer;
        }
    }

    /// @dev Of an odd number the middle one; of an even number the lower of the two: always a price that somebody signed.
    function _median(uint256[] memory said) private pure returns (uint256) {
        for (uint256 i = 1; i < said.length; i++) {
            uint256 value = said[i];
            uint256 j = i;
            for (; j > 0 && said[j - 1] > value; j--) said[j] = said[j - 1];
            said[j] = value;
        }
        return said[(said.length - 1) / 2];
    }

    function _checkProposal(bytes4 kind, bytes calldata arguments) internal view override {
        if (kind != this.setReporters.selector) return super._checkProposal(kind, arguments);
        (address[] memory proposed, uint256 quorum_) = abi.decode(arguments, (address[], uint256));
        _checkReporters(proposed, quorum_);
    }

    function _checkReporters(address[] memory proposed, uint256 quorum_) private view {
        if (quorum_ == 0 || quorum_ > proposed.length || proposed.length > MOST_REPORTERS) revert ReportersInvalid();
        if (!LocalChain.here() && (quorum_ < SMALLEST_QUORUM || quorum_ % 2 == 0)) revert ReportersInvalid();
        for (uint256 i = 0; i < proposed.length; i++) {
            if (proposed[i] == address(0)) revert ReportersInvalid();
            if (i > 0 && proposed[i] <= proposed[i - 1]) revert ReportersOutOfOrder(proposed[i - 1], proposed[i]);
            if (!LocalChain.here()) _requireNoOtherDuty(REPORTER, proposed[i]);
        }
    }

    function _setReporters(address[] memory proposed, uint256 quorum_) private {
        for (uint256 i = 0; i < _reporters.length; i++) isReporter[_reporters[i]] = false;
        for (uint256 i = 0; i < proposed.length; i++) isReporter[proposed[i]] = true;
        _reporters = proposed;
        quorum = quorum_;
        emit ReportersSet(proposed, quorum_);
    }
}
