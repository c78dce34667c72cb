// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// Contracts for tests and for the developer's own chain: nothing here is for a real one. Compiled by compile.mjs.

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// An honest token with any number of decimals.
contract TestToken is ERC20 {
    uint8 private immutable _decimals;

    constructor(string memory name_, string memory symbol_, uint8 decimals_, uint256 supply, address owner)
        ERC20(name_, symbol_)
    {
        _decimals = decimals_;
        _mint(owner, supply);
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }
}

/// Keeps 1 % of every transfer: the receiver gets less than was sent, and its Transfer event says what it got.
contract FeeToken is TestToken {
    constructor(string memory name_, string memory symbol_, uint8 decimals_, uint256 supply, address owner)
        TestToken(name_, symbol_, decimals_, supply, owner)
    {}

    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0) || to == address(0)) {
            super._update(from, to, value);
            return;
        }
        uint256 fee = value / 100;
        super._update(from, to, value - fee);
        super._update(from, address(this), fee);
    }
}

/// Says that it moved something and moves nothing. With the address of a watched token it makes many logs cheaply.
contract FalseToken {
    event Transfer(address indexed from, address indexed to, uint256 value);

    function emitTransfer(address from, address to, uint256 value) external {
        emit Transfer(from, to, value);
    }

    /// One Transfer to each.
    function emitMany(address from, address[] calldata to, uint256 value) external {
        for (uint256 i = 0; i < to.length; i++) {
            emit Transfer(from, to[i], value);
        }
    }

    /// Transfers to the addresses first, first + 1, ...: other people's, at the cost of the logs alone.
    function emitSequence(address from, address first, uint256 count, uint256 value) external {
        for (uint160 i = 0; i < count; i++) {
            emit Transfer(from, address(uint160(first) + i), value);
        }
    }

    /// What an NFT's transfer looks like: the same signature, but the value is a fourth topic and there is no data.
    function emitIndexed(address from, address to, uint256 value) external {
        bytes32 signature = Transfer.selector;
        assembly {
            log4(0, 0, signature, from, to, value)
        }
    }
}

/// Pays many in one transaction, out of the caller's tokens (who has approved it) or coins.
contract Batch {
    function pay(IERC20 token, address[] calldata to, uint256 amount) external {
        for (uint256 i = 0; i < to.length; i++) {
            require(token.transferFrom(msg.sender, to[i], amount));
        }
    }

    function payNative(address[] calldata to) external payable {
        for (uint256 i = 0; i < to.length; i++) {
            (bool sent, ) = to[i].call{value: msg.value / to.length}("");
            require(sent);
        }
    }
}

/// Passes native coins on: an internal transfer, which no block's list of transactions shows.
contract Forwarder {
    function forward(address to) external payable {
        (bool sent, ) = to.call{value: msg.value}("");
        require(sent);
    }
}
