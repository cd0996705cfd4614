// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LiquidityVault} from "../../src/pool/LiquidityVault.sol";
import {PoolFixture} from "./PoolFixture.sol";

/// @notice A vault for shares of the pool; two providers, an exchange.
abstract contract VaultFixture is PoolFixture {
    uint32 internal constant DELAY = 1 days;
    LiquidityVault internal vault;
    address internal exchange = address(0xe0);
    address internal treasury = address(0x7ea);
    address[2] internal providers = [address(0xa1), address(0xb2)];

    function _setUpVault() internal {
        _setUp();
        pool.join(9 * pool.totalSupply(), most());
        vault = new LiquidityVault(pool, "vault", "VLT", vaultKeys(), vaultTerms());
        for (uint256 i = 0; i < 2; i++) {
            pool.transfer(providers[i], pool.totalSupply() / 5);
            vm.prank(providers[i]);
            pool.approve(address(vault), type(uint256).max);
        }
        pool.approve(address(vault), type(uint256).max);
    }

    function vaultKeys() internal view returns (LiquidityVault.Keys memory) {
        return LiquidityVault.Keys(address(this), address(this), address(this), exchange);
    }

    function vaultTerms() internal pure returns (LiquidityVault.Terms memory) {
        return LiquidityVault.Terms({delay: DELAY, coverInterval: 1 hours, coverShare: 0.1e18, coverDelayShare: 0.25e18});
    }

    /// @dev but for a unit of rounding
    function near(uint256 a, uint256 b) internal pure {
        equal(a > b + 1 || b > a + 1 ? a : b, b);
    }

    function deposit(uint256 who, uint256 amount) internal returns (uint256 shares) {
        vm.prank(providers[who]);
        shares = vault.deposit(amount, providers[who]);
    }
}
