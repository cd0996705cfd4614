// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LiquidityVault} from "../../src/pool/LiquidityVault.sol";
import {VaultFixture} from "./VaultFixture.sol";

/// @notice Does with a vault whatever anyone may.
contract VaultHandler is VaultFixture {
    /// @dev furthest the worth of 10^24 vault shares has fallen without a taking of the exchange
    uint256 public fallen;
    uint256 public deposited;
    uint256 public claimed;
    uint256 public taken;
    uint256 public given;
    uint256[] private _ids;

    constructor() {
        _setUpVault();
        deposit(0, 1e18);
        deposited = 1e18;
    }

    function join(uint8 who, uint256 amount) external {
        address provider = providers[who % 2];
        amount = bound(amount, 0, pool.balanceOf(provider) / 2);
        uint256 before = worth();
        deposit(who % 2, amount);
        deposited += amount;
        note(before);
    }

    function ask(uint8 who, uint256 shares) external {
        address provider = providers[who % 2];
        uint256 held = vault.balanceOf(provider);
        if (held == 0) return;
        uint256 before = worth();
        vm.prank(provider);
        _ids.push(vault.requestRedeem(bound(shares, 1, held)));
        note(before);
    }

    function claim(uint256 which, uint32 later) external {
        if (_ids.length == 0) return;
        vm.warp(block.timestamp + (later % (2 * DELAY)));
        uint256 id = _ids[which % _ids.length];
        uint256 before = worth();
        vm.prank(vault.withdrawal(id).owner);
        try vault.claim(id) returns (uint256 paid) {
            claimed += paid;
            note(before);
        } catch {}
    }

    function cover(uint256 amount) external {
        vm.prank(exchange);
        amount = bound(amount, 0, vault.totalAssets() / 5);
        try vault.cover(amount, treasury) {
            taken += amount;
        } catch {}
    }

    function repay(uint256 amount) external {
        amount = bound(amount, 1, pool.balanceOf(address(this)) / 100);
        uint256 before = worth();
        vault.repay(amount);
        given += amount;
        note(before);
    }

    function worth() private view returns (uint256) {
        return vault.convertToAssets(1e24);
    }

    function note(uint256 before) private {
        uint256 now_ = worth();
        if (now_ < before && before - now_ > fallen) fallen = before - now_;
    }

    function target() external view returns (LiquidityVault) {
        return vault;
    }
}

contract LiquidityVaultInvariants is VaultFixture {
    VaultHandler private handler;

    function setUp() public {
        handler = new VaultHandler();
    }

    function targetContracts() external view returns (address[] memory found) {
        found = new address[](1);
        found[0] = address(handler);
    }

    function invariant_everyShareOfThePoolIsAccountedFor() public view {
        LiquidityVault.Holdings memory held = handler.target().holdings();
        equal(held.held, handler.deposited() + handler.given() - handler.claimed() - handler.taken());
        holds(held.settled == int256(handler.taken()) - int256(handler.given()), "settled");
        holds(held.counted <= held.held, "counted");
    }

    function invariant_aShareLosesByTakingsOnly() public view {
        holds(handler.fallen() <= 1, "worth of a share");
    }
}
