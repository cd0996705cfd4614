// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice A token that stands for a market on a local chain, where there are no real ones. It cannot be made anywhere else.
contract DemoToken is ERC20, Ownable {
    error OnlyOnLocalChains(uint256 chainId);

    constructor(string memory name) ERC20(name, name) Ownable(msg.sender) {
        if (block.chainid != 31337 && block.chainid != 1337) revert OnlyOnLocalChains(block.chainid);
    }

    function mint(address to, uint256 amount) external onlyOwner {
        _mint(to, amount);
    }
}
