// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {IPriceSource} from "./IPriceSource.sol";

/// @title Prices signed by one reporter, for chains without a feed.
/// @notice Anyone may bring a signed update; a price once held never changes.
contract SignedPriceSource is IPriceSource, EIP712, Multicall {
    bytes32 public constant PRICES_TYPEHASH =
        keccak256("Prices(uint64 bar,bytes32[] markets,uint256[] prices)");

    address public immutable reporter;
    mapping(bytes32 market => mapping(uint64 bar => uint256)) private _prices;

    error WrongSigner(address signer);
    error LengthsDiffer(uint256 markets, uint256 prices);
    error PriceIsZero(bytes32 market);
    /// @notice The reporter has signed two prices of one bar.
    error PriceDiffers(bytes32 market, uint64 bar, uint256 held, uint256 brought);

    event PricesHeld(uint64 indexed bar, bytes32[] markets, uint256[] prices);

    constructor(address reporter_) EIP712("zkrisk prices", "1") {
        reporter = reporter_;
    }

    /// @notice Takes prices of one bar. What is held already is not taken again, so an update may be repeated.
    function submit(uint64 bar, bytes32[] calldata markets, uint256[] calldata prices, bytes calldata signature) external {
        if (markets.length != prices.length) revert LengthsDiffer(markets.length, prices.length);
        bytes32 digest = _hashTypedDataV4(
            keccak256(
                abi.encode(
                    PRICES_TYPEHASH, bar, keccak256(abi.encodePacked(markets)), keccak256(abi.encodePacked(prices))
                )
            )
        );
        address signer = ECDSA.recover(digest, signature);
        if (signer != reporter) revert WrongSigner(signer);
        for (uint256 i = 0; i < markets.length; i++) {
            uint256 held = _prices[markets[i]][bar];
            if (prices[i] == 0) revert PriceIsZero(markets[i]);
            if (held != 0 && held != prices[i]) revert PriceDiffers(markets[i], bar, held, prices[i]);
            _prices[markets[i]][bar] = prices[i];
        }
        emit PricesHeld(bar, markets, prices);
    }

    /// @inheritdoc IPriceSource
    function priceAt(bytes32 market, uint64 bar) external view returns (uint256 price) {
        price = _prices[market][bar];
        if (price == 0) revert PriceUnknown(market, bar);
    }
}
