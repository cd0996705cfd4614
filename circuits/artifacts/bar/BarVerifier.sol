// SPDX-License-Identifier: MIT

pragma solidity ^0.8.0;

contract BarVerifier {
    uint256 internal constant    DELTA = 4131629893567559867359510883348571134090853742863529169391034518566172092834;
    uint256 internal constant        R = 21888242871839275222246405745257275088548364400416034343698204186575808495617; 

    uint256 internal constant FIRST_QUOTIENT_X_CPTR = 0x0964;
    uint256 internal constant  LAST_QUOTIENT_X_CPTR = 0x0aa4;

    uint256 internal constant                VK_MPTR = 0x06c0;
    uint256 internal constant         VK_DIGEST_MPTR = 0x06c0;
    uint256 internal constant     NUM_INSTANCES_MPTR = 0x06e0;
    uint256 internal constant                 K_MPTR = 0x0700;
    uint256 internal constant             N_INV_MPTR = 0x0720;
    uint256 internal constant             OMEGA_MPTR = 0x0740;
    uint256 internal constant         OMEGA_INV_MPTR = 0x0760;
    uint256 internal constant    OMEGA_INV_TO_L_MPTR = 0x0780;
    uint256 internal constant   HAS_ACCUMULATOR_MPTR = 0x07a0;
    uint256 internal constant        ACC_OFFSET_MPTR = 0x07c0;
    uint256 internal constant     NUM_ACC_LIMBS_MPTR = 0x07e0;
    uint256 internal constant NUM_ACC_LIMB_BITS_MPTR = 0x0800;
    uint256 internal constant              G1_X_MPTR = 0x0820;
    uint256 internal constant              G1_Y_MPTR = 0x0840;
    uint256 internal constant            G2_X_1_MPTR = 0x0860;
    uint256 internal constant            G2_X_2_MPTR = 0x0880;
    uint256 internal constant            G2_Y_1_MPTR = 0x08a0;
    uint256 internal constant            G2_Y_2_MPTR = 0x08c0;
    uint256 internal constant      NEG_S_G2_X_1_MPTR = 0x08e0;
    uint256 internal constant      NEG_S_G2_X_2_MPTR = 0x0900;
    uint256 internal constant      NEG_S_G2_Y_1_MPTR = 0x0920;
    uint256 internal constant      NEG_S_G2_Y_2_MPTR = 0x0940;

    uint256 internal constant CHALLENGE_MPTR = 0x14e0;

    uint256 internal constant THETA_MPTR = 0x14e0;
    uint256 internal constant  BETA_MPTR = 0x1500;
    uint256 internal constant GAMMA_MPTR = 0x1520;
    uint256 internal constant     Y_MPTR = 0x1540;
    uint256 internal constant     X_MPTR = 0x1560;
    uint256 internal constant  ZETA_MPTR = 0x1580;
    uint256 internal constant    NU_MPTR = 0x15a0;
    uint256 internal constant    MU_MPTR = 0x15c0;

    uint256 internal constant       ACC_LHS_X_MPTR = 0x15e0;
    uint256 internal constant       ACC_LHS_Y_MPTR = 0x1600;
    uint256 internal constant       ACC_RHS_X_MPTR = 0x1620;
    uint256 internal constant       ACC_RHS_Y_MPTR = 0x1640;
    uint256 internal constant             X_N_MPTR = 0x1660;
    uint256 internal constant X_N_MINUS_1_INV_MPTR = 0x1680;
    uint256 internal constant          L_LAST_MPTR = 0x16a0;
    uint256 internal constant         L_BLIND_MPTR = 0x16c0;
    uint256 internal constant             L_0_MPTR = 0x16e0;
    uint256 internal constant   INSTANCE_EVAL_MPTR = 0x1700;
    uint256 internal constant   QUOTIENT_EVAL_MPTR = 0x1720;
    uint256 internal constant      QUOTIENT_X_MPTR = 0x1740;
    uint256 internal constant      QUOTIENT_Y_MPTR = 0x1760;
    uint256 internal constant          R_EVAL_MPTR = 0x1780;
    uint256 internal constant   PAIRING_LHS_X_MPTR = 0x17a0;
    uint256 internal constant   PAIRING_LHS_Y_MPTR = 0x17c0;
    uint256 internal constant   PAIRING_RHS_X_MPTR = 0x17e0;
    uint256 internal constant   PAIRING_RHS_Y_MPTR = 0x1800;

    /// @notice The circuit's key: a contract whose code is its points and digest.
    address public immutable key;

    constructor(address key_) {
        key = key_;
    }

    function verifyProof(
        bytes calldata proof,
        uint256[] calldata instances
    ) public view returns (bool) {
        address held = key;
        assembly {
            // Read EC point (x, y) at (proof_cptr, proof_cptr + 0x20),
            // and check if the point is on affine plane,
            // and store them in (hash_mptr, hash_mptr + 0x20).
            // Return updated (success, proof_cptr, hash_mptr).
            function read_ec_point(success, proof_cptr, hash_mptr, q) -> ret0, ret1, ret2 {
                let x := calldataload(proof_cptr)
                let y := calldataload(add(proof_cptr, 0x20))
                ret0 := and(success, lt(x, q))
                ret0 := and(ret0, lt(y, q))
                ret0 := and(ret0, eq(mulmod(y, y, q), addmod(mulmod(x, mulmod(x, x, q), q), 3, q)))
                mstore(hash_mptr, x)
                mstore(add(hash_mptr, 0x20), y)
                ret1 := add(proof_cptr, 0x40)
                ret2 := add(hash_mptr, 0x40)
            }

            // Squeeze challenge by keccak256(memory[0..hash_mptr]),
            // and store hash mod r as challenge in challenge_mptr,
            // and push back hash in 0x00 as the first input for next squeeze.
            // Return updated (challenge_mptr, hash_mptr).
            function squeeze_challenge(challenge_mptr, hash_mptr, r) -> ret0, ret1 {
                let hash := keccak256(0x00, hash_mptr)
                mstore(challenge_mptr, mod(hash, r))
                mstore(0x00, hash)
                ret0 := add(challenge_mptr, 0x20)
                ret1 := 0x20
            }

            // Squeeze challenge without absorbing new input from calldata,
            // by putting an extra 0x01 in memory[0x20] and squeeze by keccak256(memory[0..21]),
            // and store hash mod r as challenge in challenge_mptr,
            // and push back hash in 0x00 as the first input for next squeeze.
            // Return updated (challenge_mptr).
            function squeeze_challenge_cont(challenge_mptr, r) -> ret {
                mstore8(0x20, 0x01)
                let hash := keccak256(0x00, 0x21)
                mstore(challenge_mptr, mod(hash, r))
                mstore(0x00, hash)
                ret := add(challenge_mptr, 0x20)
            }

            // Batch invert values in memory[mptr_start..mptr_end] in place.
            // Return updated (success).
            function batch_invert(success, mptr_start, mptr_end) -> ret {
                let gp_mptr := mptr_end
                let gp := mload(mptr_start)
                let mptr := add(mptr_start, 0x20)
                for
                    {}
                    lt(mptr, sub(mptr_end, 0x20))
                    {}
                {
                    gp := mulmod(gp, mload(mptr), mload(ACC_OFFSET_MPTR))
                    mstore(gp_mptr, gp)
                    mptr := add(mptr, 0x20)
                    gp_mptr := add(gp_mptr, 0x20)
                }
                gp := mulmod(gp, mload(mptr), mload(ACC_OFFSET_MPTR))

                mstore(gp_mptr, 0x20)
                mstore(add(gp_mptr, 0x20), 0x20)
                mstore(add(gp_mptr, 0x40), 0x20)
                mstore(add(gp_mptr, 0x60), gp)
                mstore(add(gp_mptr, 0x80), sub(mload(ACC_OFFSET_MPTR), 2))
                mstore(add(gp_mptr, 0xa0), mload(ACC_OFFSET_MPTR))
                ret := and(success, staticcall(gas(), 0x05, gp_mptr, 0xc0, gp_mptr, 0x20))
                let all_inv := mload(gp_mptr)

                let first_mptr := mptr_start
                let second_mptr := add(first_mptr, 0x20)
                gp_mptr := sub(gp_mptr, 0x20)
                for
                    {}
                    lt(second_mptr, mptr)
                    {}
                {
                    let inv := mulmod(all_inv, mload(gp_mptr), mload(ACC_OFFSET_MPTR))
                    all_inv := mulmod(all_inv, mload(mptr), mload(ACC_OFFSET_MPTR))
                    mstore(mptr, inv)
                    mptr := sub(mptr, 0x20)
                    gp_mptr := sub(gp_mptr, 0x20)
                }
                let inv_first := mulmod(all_inv, mload(second_mptr), mload(ACC_OFFSET_MPTR))
                let inv_second := mulmod(all_inv, mload(first_mptr), mload(ACC_OFFSET_MPTR))
                mstore(first_mptr, inv_first)
                mstore(second_mptr, inv_second)
            }

            // Add (x, y) into point at (0x00, 0x20).
            // Return updated (success).
            function ec_add_acc(success, x, y) -> ret {
                mstore(0x40, x)
                mstore(0x60, y)
                ret := and(success, staticcall(gas(), 0x06, 0x00, 0x80, 0x00, 0x40))
            }

            // Scale point at (0x00, 0x20) by scalar.
            function ec_mul_acc(success, scalar) -> ret {
                mstore(0x40, scalar)
                ret := and(success, staticcall(gas(), 0x07, 0x00, 0x60, 0x00, 0x40))
            }

            // Add (x, y) into point at (0x80, 0xa0).
            // Return updated (success).
            function ec_add_tmp(success, x, y) -> ret {
                mstore(0xc0, x)
                mstore(0xe0, y)
                ret := and(success, staticcall(gas(), 0x06, 0x80, 0x80, 0x80, 0x40))
            }

            // Scale point at (0x80, 0xa0) by scalar.
            // Return updated (success).
            function ec_mul_tmp(success, scalar) -> ret {
                mstore(0xc0, scalar)
                ret := and(success, staticcall(gas(), 0x07, 0x80, 0x60, 0x80, 0x40))
            }

            // Perform pairing check.
            // Return updated (success).
            function ec_pairing(success, lhs_x, lhs_y, rhs_x, rhs_y) -> ret {
                mstore(0x00, lhs_x)
                mstore(0x20, lhs_y)
                mstore(0x40, mload(G2_X_1_MPTR))
                mstore(0x60, mload(G2_X_2_MPTR))
                mstore(0x80, mload(G2_Y_1_MPTR))
                mstore(0xa0, mload(G2_Y_2_MPTR))
                mstore(0xc0, rhs_x)
                mstore(0xe0, rhs_y)
                mstore(0x100, mload(NEG_S_G2_X_1_MPTR))
                mstore(0x120, mload(NEG_S_G2_X_2_MPTR))
                mstore(0x140, mload(NEG_S_G2_Y_1_MPTR))
                mstore(0x160, mload(NEG_S_G2_Y_2_MPTR))
                ret := and(success, staticcall(gas(), 0x08, 0x00, 0x180, 0x00, 0x20))
                ret := and(ret, mload(0x00))
            }

            // Modulus
            let q := 21888242871839275222246405745257275088696311157297823662689037894645226208583 // BN254 base field
            let r := 21888242871839275222246405745257275088548364400416034343698204186575808495617 // BN254 scalar field 

            // Initialize success as true
            let success := true

            {
                // Load vk_digest and num_instances of vk into memory
                extcodecopy(held, 0x06c0, 0x0000, 0x0020)
                extcodecopy(held, 0x06e0, 0x0060, 0x0020)

                // Check valid length of proof
                success := and(success, eq(0x17c0, proof.length))

                // Check valid length of instances
                let num_instances := mload(NUM_INSTANCES_MPTR)
                success := and(success, eq(num_instances, instances.length))

                // Absorb vk diegst
                mstore(0x00, mload(VK_DIGEST_MPTR))

                // Read instances and witness commitments and generate challenges
                let hash_mptr := 0x20
                let instance_cptr := instances.offset
                for
                    { let instance_cptr_end := add(instance_cptr, mul(0x20, num_instances)) }
                    lt(instance_cptr, instance_cptr_end)
                    {}
                {
                    let instance := calldataload(instance_cptr)
                    success := and(success, lt(instance, r))
                    mstore(hash_mptr, instance)
                    instance_cptr := add(instance_cptr, 0x20)
                    hash_mptr := add(hash_mptr, 0x20)
                }

                let proof_cptr := proof.offset
                let challenge_mptr := CHALLENGE_MPTR

                // Phase 1
                for
                    { let proof_cptr_end := add(proof_cptr, 0x0480) }
                    lt(proof_cptr, proof_cptr_end)
                    {}
                {
                    success, proof_cptr, hash_mptr := read_ec_point(success, proof_cptr, hash_mptr, q)
                }

                challenge_mptr, hash_mptr := squeeze_challenge(challenge_mptr, hash_mptr, r)

                // Phase 2
                for
                    { let proof_cptr_end := add(proof_cptr, 0x0180) }
                    lt(proof_cptr, proof_cptr_end)
                    {}
                {
                    success, proof_cptr, hash_mptr := read_ec_point(success, proof_cptr, hash_mptr, q)
                }

                challenge_mptr, hash_mptr := squeeze_challenge(challenge_mptr, hash_mptr, r)
                challenge_mptr := squeeze_challenge_cont(challenge_mptr, r)

                // Phase 3
                for
                    { let proof_cptr_end := add(proof_cptr, 0x0300) }
                    lt(proof_cptr, proof_cptr_end)
                    {}
                {
                    success, proof_cptr, hash_mptr := read_ec_point(success, proof_cptr, hash_mptr, q)
                }

                challenge_mptr, hash_mptr := squeeze_challenge(challenge_mptr, hash_mptr, r)

                // Phase 4
                for
                    { let proof_cptr_end := add(proof_cptr, 0x0180) }
                    lt(proof_cptr, proof_cptr_end)
                    {}
                {
                    success, proof_cptr, hash_mptr := read_ec_point(success, proof_cptr, hash_mptr, q)
                }

                challenge_mptr, hash_mptr := squeeze_challenge(challenge_mptr, hash_mptr, r)

                // Read evaluations
                for
                    { let proof_cptr_end := add(proof_cptr, 0x0cc0) }
                    lt(proof_cptr, proof_cptr_end)
                    {}
                {
                    let eval := calldataload(proof_cptr)
                    success := and(success, lt(eval, r))
                    mstore(hash_mptr, eval)
                    proof_cptr := add(proof_cptr, 0x20)
                    hash_mptr := add(hash_mptr, 0x20)
                }

                // Read batch opening proof and generate challenges
                challenge_mptr, hash_mptr := squeeze_challenge(challenge_mptr, hash_mptr, r)       // zeta
                challenge_mptr := squeeze_challenge_cont(challenge_mptr, r)                        // nu

                success, proof_cptr, hash_mptr := read_ec_point(success, proof_cptr, hash_mptr, q) // W

                challenge_mptr, hash_mptr := squeeze_challenge(challenge_mptr, hash_mptr, r)       // mu

                success, proof_cptr, hash_mptr := read_ec_point(success, proof_cptr, hash_mptr, q) // W'

                // Load full vk into memory
                extcodecopy(held, 0x06c0, 0x0000, 0x0020)
                extcodecopy(held, 0x06e0, 0x0060, 0x0020)
                extcodecopy(held, 0x0700, 0x0100, 0x0260)
                extcodecopy(held, 0x0960, 0x0440, 0x0b80)
                mstore(ACC_OFFSET_MPTR, R)

                // Read accumulator from instances
                if mload(HAS_ACCUMULATOR_MPTR) {
                    let num_limbs := mload(NUM_ACC_LIMBS_MPTR)
                    let num_limb_bits := mload(NUM_ACC_LIMB_BITS_MPTR)

                    let cptr := add(instances.offset, mul(mload(ACC_OFFSET_MPTR), 0x20))
                    let lhs_y_off := mul(num_limbs, 0x20)
                    let rhs_x_off := mul(lhs_y_off, 2)
                    let rhs_y_off := mul(lhs_y_off, 3)
                    let lhs_x := calldataload(cptr)
                    let lhs_y := calldataload(add(cptr, lhs_y_off))
                    let rhs_x := calldataload(add(cptr, rhs_x_off))
                    let rhs_y := calldataload(add(cptr, rhs_y_off))
                    for
                        {
                            let cptr_end := add(cptr, mul(0x20, num_limbs))
                            let shift := num_limb_bits
                        }
                        lt(cptr, cptr_end)
                        {}
                    {
                        cptr := add(cptr, 0x20)
                        lhs_x := add(lhs_x, shl(shift, calldataload(cptr)))
                        lhs_y := add(lhs_y, shl(shift, calldataload(add(cptr, lhs_y_off))))
                        rhs_x := add(rhs_x, shl(shift, calldataload(add(cptr, rhs_x_off))))
                        rhs_y := add(rhs_y, shl(shift, calldataload(add(cptr, rhs_y_off))))
                        shift := add(shift, num_limb_bits)
                    }

                    success := and(success, eq(mulmod(lhs_y, lhs_y, q), addmod(mulmod(lhs_x, mulmod(lhs_x, lhs_x, q), q), 3, q)))
                    success := and(success, eq(mulmod(rhs_y, rhs_y, q), addmod(mulmod(rhs_x, mulmod(rhs_x, rhs_x, q), q), 3, q)))

                    mstore(ACC_LHS_X_MPTR, lhs_x)
                    mstore(ACC_LHS_Y_MPTR, lhs_y)
                    mstore(ACC_RHS_X_MPTR, rhs_x)
                    mstore(ACC_RHS_Y_MPTR, rhs_y)
                }

                pop(q)
            }

            // Revert earlier if anything from calldata is invalid
            if iszero(success) {
                revert(0, 0)
            }

            // Compute lagrange evaluations and instance evaluation
            {
                let k := mload(K_MPTR)
                let x := mload(X_MPTR)
                let x_n := x
                for
                    { let idx := 0 }
                    lt(idx, k)
                    { idx := add(idx, 1) }
                {
                    x_n := mulmod(x_n, x_n, r)
                }

                let omega := mload(OMEGA_MPTR)

                let mptr := X_N_MPTR
                let mptr_end := add(mptr, mul(0x20, add(mload(NUM_INSTANCES_MPTR), 6)))
                if iszero(mload(NUM_INSTANCES_MPTR)) {
                    mptr_end := add(mptr_end, 0x20)
                }
                for
                    { let pow_of_omega := mload(OMEGA_INV_TO_L_MPTR) }
                    lt(mptr, mptr_end)
                    { mptr := add(mptr, 0x20) }
                {
                    mstore(mptr, addmod(x, sub(r, pow_of_omega), r))
                    pow_of_omega := mulmod(pow_of_omega, omega, r)
                }
                let x_n_minus_1 := addmod(x_n, sub(r, 1), r)
                mstore(mptr_end, x_n_minus_1)
                success := batch_invert(success, X_N_MPTR, add(mptr_end, 0x20))

                mptr := X_N_MPTR
                let l_i_common := mulmod(x_n_minus_1, mload(N_INV_MPTR), r)
                for
                    { let pow_of_omega := mload(OMEGA_INV_TO_L_MPTR) }
                    lt(mptr, mptr_end)
                    { mptr := add(mptr, 0x20) }
                {
                    mstore(mptr, mulmod(l_i_common, mulmod(mload(mptr), pow_of_omega, r), r))
                    pow_of_omega := mulmod(pow_of_omega, omega, r)
                }

                let l_blind := mload(add(X_N_MPTR, 0x20))
                let l_i_cptr := add(X_N_MPTR, 0x40)
                for
                    { let l_i_cptr_end := add(X_N_MPTR, 0xc0) }
                    lt(l_i_cptr, l_i_cptr_end)
                    { l_i_cptr := add(l_i_cptr, 0x20) }
                {
                    l_blind := addmod(l_blind, mload(l_i_cptr), r)
                }

                let instance_eval := 0
                for
                    {
                        let instance_cptr := instances.offset
                        let instance_cptr_end := add(instance_cptr, mul(0x20, mload(NUM_INSTANCES_MPTR)))
                    }
                    lt(instance_cptr, instance_cptr_end)
                    {
                        instance_cptr := add(instance_cptr, 0x20)
                        l_i_cptr := add(l_i_cptr, 0x20)
                    }
                {
                    instance_eval := addmod(instance_eval, mulmod(mload(l_i_cptr), calldataload(instance_cptr), r), r)
                }

                let x_n_minus_1_inv := mload(mptr_end)
                let l_last := mload(X_N_MPTR)
                let l_0 := mload(add(X_N_MPTR, 0xc0))

                mstore(X_N_MPTR, x_n)
                mstore(X_N_MINUS_1_INV_MPTR, x_n_minus_1_inv)
                mstore(L_LAST_MPTR, l_last)
                mstore(L_BLIND_MPTR, l_blind)
                mstore(L_0_MPTR, l_0)
                mstore(INSTANCE_EVAL_MPTR, instance_eval)
            }

            // Compute quotient evavluation
            {
                let quotient_eval_numer
                let y := mload(Y_MPTR)
                {
                    let f_17 := calldataload(0x0fe4)
                    let var0 := 0x2
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_17)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_17, var2, mload(ACC_OFFSET_MPTR))
                    let a_15 := calldataload(0x0cc4)
                    let f_1 := calldataload(0x0e24)
                    let var4 := addmod(a_15, f_1, mload(ACC_OFFSET_MPTR))
                    let var5 := mulmod(var4, var4, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var5, var5, mload(ACC_OFFSET_MPTR))
                    let var7 := mulmod(var6, var4, mload(ACC_OFFSET_MPTR))
                    let var8 := mulmod(var7, 0x66f6f85d6f68a85ec10345351a23a3aaf07f38af8c952a7bceca70bd2af7ad5, mload(ACC_OFFSET_MPTR))
                    let a_16 := calldataload(0x0ce4)
                    let f_2 := calldataload(0x0e44)
                    let var9 := addmod(a_16, f_2, mload(ACC_OFFSET_MPTR))
                    let var10 := mulmod(var9, var9, mload(ACC_OFFSET_MPTR))
                    let var11 := mulmod(var10, var10, mload(ACC_OFFSET_MPTR))
                    let var12 := mulmod(var11, var9, mload(ACC_OFFSET_MPTR))
                    let var13 := mulmod(var12, 0x2b9d4b4110c9ae997782e1509b1d0fdb20a7c02bbd8bea7305462b9f8125b1e8, mload(ACC_OFFSET_MPTR))
                    let var14 := addmod(var8, var13, mload(ACC_OFFSET_MPTR))
                    let a_15_next_1 := calldataload(0x0d04)
                    let var15 := sub(mload(ACC_OFFSET_MPTR), a_15_next_1)
                    let var16 := addmod(var14, var15, mload(ACC_OFFSET_MPTR))
                    let var17 := mulmod(var3, var16, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := var17
                }
                {
                    let f_17 := calldataload(0x0fe4)
                    let var0 := 0x2
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_17)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_17, var2, mload(ACC_OFFSET_MPTR))
                    let a_15 := calldataload(0x0cc4)
                    let f_1 := calldataload(0x0e24)
                    let var4 := addmod(a_15, f_1, mload(ACC_OFFSET_MPTR))
                    let var5 := mulmod(var4, var4, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var5, var5, mload(ACC_OFFSET_MPTR))
                    let var7 := mulmod(var6, var4, mload(ACC_OFFSET_MPTR))
                    let var8 := mulmod(var7, 0xcc57cdbb08507d62bf67a4493cc262fb6c09d557013fff1f573f431221f8ff9, mload(ACC_OFFSET_MPTR))
                    let a_16 := calldataload(0x0ce4)
                    let f_2 := calldataload(0x0e44)
                    let var9 := addmod(a_16, f_2, mload(ACC_OFFSET_MPTR))
                    let var10 := mulmod(var9, var9, mload(ACC_OFFSET_MPTR))
                    let var11 := mulmod(var10, var10, mload(ACC_OFFSET_MPTR))
                    let var12 := mulmod(var11, var9, mload(ACC_OFFSET_MPTR))
                    let var13 := mulmod(var12, 0x1274e649a32ed355a31a6ed69724e1adade857e86eb5c3a121bcd147943203c8, mload(ACC_OFFSET_MPTR))
                    let var14 := addmod(var8, var13, mload(ACC_OFFSET_MPTR))
                    let a_16_next_1 := calldataload(0x0d24)
                    let var15 := sub(mload(ACC_OFFSET_MPTR), a_16_next_1)
                    let var16 := addmod(var14, var15, mload(ACC_OFFSET_MPTR))
                    let var17 := mulmod(var3, var16, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var17, r)
                }
                {
                    let f_17 := calldataload(0x0fe4)
                    let var0 := 0x1
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_17)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_17, var2, mload(ACC_OFFSET_MPTR))
                    let a_15 := calldataload(0x0cc4)
                    let f_1 := calldataload(0x0e24)
                    let var4 := addmod(a_15, f_1, mload(ACC_OFFSET_MPTR))
                    let var5 := mulmod(var4, var4, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var5, var5, mload(ACC_OFFSET_MPTR))
                    let var7 := mulmod(var6, var4, mload(ACC_OFFSET_MPTR))
                    let a_17 := calldataload(0x0d44)
                    let var8 := sub(mload(ACC_OFFSET_MPTR), a_17)
                    let var9 := addmod(var7, var8, mload(ACC_OFFSET_MPTR))
                    let var10 := mulmod(var3, var9, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var10, r)
                }
                {
                    let f_17 := calldataload(0x0fe4)
                    let var0 := 0x1
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_17)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_17, var2, mload(ACC_OFFSET_MPTR))
                    let a_17 := calldataload(0x0d44)
                    let var4 := mulmod(a_17, 0x66f6f85d6f68a85ec10345351a23a3aaf07f38af8c952a7bceca70bd2af7ad5, mload(ACC_OFFSET_MPTR))
                    let a_16 := calldataload(0x0ce4)
                    let f_2 := calldataload(0x0e44)
                    let var5 := addmod(a_16, f_2, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var5, 0x2b9d4b4110c9ae997782e1509b1d0fdb20a7c02bbd8bea7305462b9f8125b1e8, mload(ACC_OFFSET_MPTR))
                    let var7 := addmod(var4, var6, mload(ACC_OFFSET_MPTR))
                    let f_3 := calldataload(0x0de4)
                    let var8 := addmod(var7, f_3, mload(ACC_OFFSET_MPTR))
                    let var9 := mulmod(var8, var8, mload(ACC_OFFSET_MPTR))
                    let var10 := mulmod(var9, var9, mload(ACC_OFFSET_MPTR))
                    let var11 := mulmod(var10, var8, mload(ACC_OFFSET_MPTR))
                    let a_15_next_1 := calldataload(0x0d04)
                    let var12 := mulmod(a_15_next_1, 0x13abec390ada7f4370819ab1c7846f210554569d9b29d1ea8dbebd0fa8c53e66, mload(ACC_OFFSET_MPTR))
                    let a_16_next_1 := calldataload(0x0d24)
                    let var13 := mulmod(a_16_next_1, 0x1eb9e1dc19a33a624c9862a1d97d1510bd521ead5dfe0345aaf6185b1a1e60fe, mload(ACC_OFFSET_MPTR))
                    let var14 := addmod(var12, var13, mload(ACC_OFFSET_MPTR))
                    let var15 := sub(mload(ACC_OFFSET_MPTR), var14)
                    let var16 := addmod(var11, var15, mload(ACC_OFFSET_MPTR))
                    let var17 := mulmod(var3, var16, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var17, r)
                }
                {
                    let f_17 := calldataload(0x0fe4)
                    let var0 := 0x1
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_17)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_17, var2, mload(ACC_OFFSET_MPTR))
                    let a_17 := calldataload(0x0d44)
                    let var4 := mulmod(a_17, 0xcc57cdbb08507d62bf67a4493cc262fb6c09d557013fff1f573f431221f8ff9, mload(ACC_OFFSET_MPTR))
                    let a_16 := calldataload(0x0ce4)
                    let f_2 := calldataload(0x0e44)
                    let var5 := addmod(a_16, f_2, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var5, 0x1274e649a32ed355a31a6ed69724e1adade857e86eb5c3a121bcd147943203c8, mload(ACC_OFFSET_MPTR))
                    let var7 := addmod(var4, var6, mload(ACC_OFFSET_MPTR))
                    let f_4 := calldataload(0x0e04)
                    let var8 := addmod(var7, f_4, mload(ACC_OFFSET_MPTR))
                    let a_15_next_1 := calldataload(0x0d04)
                    let var9 := mulmod(a_15_next_1, 0xfc1c9394db89bb2601abc49fdad4f038ce5169030a2ad69763f7875036bcb02, mload(ACC_OFFSET_MPTR))
                    let a_16_next_1 := calldataload(0x0d24)
                    let var10 := mulmod(a_16_next_1, 0x16a9e98c493a902b9502054edc03e7b22b7eac34345961bc8abced6bd147c8be, mload(ACC_OFFSET_MPTR))
                    let var11 := addmod(var9, var10, mload(ACC_OFFSET_MPTR))
                    let var12 := sub(mload(ACC_OFFSET_MPTR), var11)
                    let var13 := addmod(var8, var12, mload(ACC_OFFSET_MPTR))
                    let var14 := mulmod(var3, var13, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var14, r)
                }
                {
                    let f_18 := calldataload(0x1004)
                    let var0 := 0x2
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_18)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_18, var2, mload(ACC_OFFSET_MPTR))
                    let a_15_prev_1 := calldataload(0x0d84)
                    let a_15 := calldataload(0x0cc4)
                    let var4 := addmod(a_15_prev_1, a_15, mload(ACC_OFFSET_MPTR))
                    let a_15_next_1 := calldataload(0x0d04)
                    let var5 := sub(mload(ACC_OFFSET_MPTR), a_15_next_1)
                    let var6 := addmod(var4, var5, mload(ACC_OFFSET_MPTR))
                    let var7 := mulmod(var3, var6, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var7, r)
                }
                {
                    let f_18 := calldataload(0x1004)
                    let var0 := 0x2
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_18)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_18, var2, mload(ACC_OFFSET_MPTR))
                    let a_16_prev_1 := calldataload(0x0d64)
                    let a_16_next_1 := calldataload(0x0d24)
                    let var4 := sub(mload(ACC_OFFSET_MPTR), a_16_next_1)
                    let var5 := addmod(a_16_prev_1, var4, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var6, r)
                }
                {
                    let f_19 := calldataload(0x1024)
                    let var0 := 0x2
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_19)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_19, var2, mload(ACC_OFFSET_MPTR))
                    let var4 := 0x3
                    let var5 := addmod(var4, var1, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    let var7 := 0x4
                    let var8 := addmod(var7, var1, mload(ACC_OFFSET_MPTR))
                    let var9 := mulmod(var6, var8, mload(ACC_OFFSET_MPTR))
                    let var10 := 0x5
                    let var11 := addmod(var10, var1, mload(ACC_OFFSET_MPTR))
                    let var12 := mulmod(var9, var11, mload(ACC_OFFSET_MPTR))
                    let a_10 := calldataload(0x0c24)
                    let a_0 := calldataload(0x0ae4)
                    let a_5 := calldataload(0x0b84)
                    let var13 := addmod(a_0, a_5, mload(ACC_OFFSET_MPTR))
                    let var14 := sub(mload(ACC_OFFSET_MPTR), var13)
                    let var15 := addmod(a_10, var14, mload(ACC_OFFSET_MPTR))
                    let var16 := mulmod(var12, var15, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var16, r)
                }
                {
                    let f_20 := calldataload(0x1044)
                    let var0 := 0x2
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_20)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_20, var2, mload(ACC_OFFSET_MPTR))
                    let var4 := 0x3
                    let var5 := addmod(var4, var1, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    let var7 := 0x4
                    let var8 := addmod(var7, var1, mload(ACC_OFFSET_MPTR))
                    let var9 := mulmod(var6, var8, mload(ACC_OFFSET_MPTR))
                    let var10 := 0x5
                    let var11 := addmod(var10, var1, mload(ACC_OFFSET_MPTR))
                    let var12 := mulmod(var9, var11, mload(ACC_OFFSET_MPTR))
                    let a_11 := calldataload(0x0c44)
                    let a_1 := calldataload(0x0b04)
                    let a_6 := calldataload(0x0ba4)
                    let var13 := addmod(a_1, a_6, mload(ACC_OFFSET_MPTR))
                    let var14 := sub(mload(ACC_OFFSET_MPTR), var13)
                    let var15 := addmod(a_11, var14, mload(ACC_OFFSET_MPTR))
                    let var16 := mulmod(var12, var15, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var16, r)
                }
                {
                    let f_21 := calldataload(0x1064)
                    let var0 := 0x2
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_21)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_21, var2, mload(ACC_OFFSET_MPTR))
                    let var4 := 0x3
                    let var5 := addmod(var4, var1, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    let a_12 := calldataload(0x0c64)
                    let a_2 := calldataload(0x0b24)
                    let a_7 := calldataload(0x0bc4)
                    let var7 := addmod(a_2, a_7, mload(ACC_OFFSET_MPTR))
                    let var8 := sub(mload(ACC_OFFSET_MPTR), var7)
                    let var9 := addmod(a_12, var8, mload(ACC_OFFSET_MPTR))
                    let var10 := mulmod(var6, var9, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var10, r)
                }
                {
                    let f_22 := calldataload(0x1084)
                    let var0 := 0x2
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_22)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_22, var2, mload(ACC_OFFSET_MPTR))
                    let var4 := 0x3
                    let var5 := addmod(var4, var1, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    let a_13 := calldataload(0x0c84)
                    let a_3 := calldataload(0x0b44)
                    let a_8 := calldataload(0x0be4)
                    let var7 := addmod(a_3, a_8, mload(ACC_OFFSET_MPTR))
                    let var8 := sub(mload(ACC_OFFSET_MPTR), var7)
                    let var9 := addmod(a_13, var8, mload(ACC_OFFSET_MPTR))
                    let var10 := mulmod(var6, var9, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var10, r)
                }
                {
                    let f_23 := calldataload(0x10a4)
                    let var0 := 0x2
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_23)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_23, var2, mload(ACC_OFFSET_MPTR))
                    let var4 := 0x3
                    let var5 := addmod(var4, var1, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    let a_14 := calldataload(0x0ca4)
                    let a_4 := calldataload(0x0b64)
                    let a_9 := calldataload(0x0c04)
                    let var7 := addmod(a_4, a_9, mload(ACC_OFFSET_MPTR))
                    let var8 := sub(mload(ACC_OFFSET_MPTR), var7)
                    let var9 := addmod(a_14, var8, mload(ACC_OFFSET_MPTR))
                    let var10 := mulmod(var6, var9, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var10, r)
                }
                {
                    let f_19 := calldataload(0x1024)
                    let var0 := 0x1
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_19)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_19, var2, mload(ACC_OFFSET_MPTR))
                    let var4 := 0x2
                    let var5 := addmod(var4, var1, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    let var7 := 0x4
                    let var8 := addmod(var7, var1, mload(ACC_OFFSET_MPTR))
                    let var9 := mulmod(var6, var8, mload(ACC_OFFSET_MPTR))
                    let var10 := 0x5
                    let var11 := addmod(var10, var1, mload(ACC_OFFSET_MPTR))
                    let var12 := mulmod(var9, var11, mload(ACC_OFFSET_MPTR))
                    let a_10 := calldataload(0x0c24)
                    let a_0 := calldataload(0x0ae4)
                    let a_5 := calldataload(0x0b84)
                    let var13 := mulmod(a_0, a_5, mload(ACC_OFFSET_MPTR))
                    let var14 := sub(mload(ACC_OFFSET_MPTR), var13)
                    let var15 := addmod(a_10, var14, mload(ACC_OFFSET_MPTR))
                    let var16 := mulmod(var12, var15, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var16, r)
                }
                {
                    let f_20 := calldataload(0x1044)
                    let var0 := 0x1
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_20)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_20, var2, mload(ACC_OFFSET_MPTR))
                    let var4 := 0x2
                    let var5 := addmod(var4, var1, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    let var7 := 0x4
                    let var8 := addmod(var7, var1, mload(ACC_OFFSET_MPTR))
                    let var9 := mulmod(var6, var8, mload(ACC_OFFSET_MPTR))
                    let var10 := 0x5
                    let var11 := addmod(var10, var1, mload(ACC_OFFSET_MPTR))
                    let var12 := mulmod(var9, var11, mload(ACC_OFFSET_MPTR))
                    let a_11 := calldataload(0x0c44)
                    let a_1 := calldataload(0x0b04)
                    let a_6 := calldataload(0x0ba4)
                    let var13 := mulmod(a_1, a_6, mload(ACC_OFFSET_MPTR))
                    let var14 := sub(mload(ACC_OFFSET_MPTR), var13)
                    let var15 := addmod(a_11, var14, mload(ACC_OFFSET_MPTR))
                    let var16 := mulmod(var12, var15, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var16, r)
                }
                {
                    let f_21 := calldataload(0x1064)
                    let var0 := 0x1
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_21)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_21, var2, mload(ACC_OFFSET_MPTR))
                    let var4 := 0x2
                    let var5 := addmod(var4, var1, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    let a_12 := calldataload(0x0c64)
                    let a_2 := calldataload(0x0b24)
                    let a_7 := calldataload(0x0bc4)
                    let var7 := mulmod(a_2, a_7, mload(ACC_OFFSET_MPTR))
                    let var8 := sub(mload(ACC_OFFSET_MPTR), var7)
                    let var9 := addmod(a_12, var8, mload(ACC_OFFSET_MPTR))
                    let var10 := mulmod(var6, var9, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var10, r)
                }
                {
                    let f_22 := calldataload(0x1084)
                    let var0 := 0x1
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_22)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_22, var2, mload(ACC_OFFSET_MPTR))
                    let var4 := 0x2
                    let var5 := addmod(var4, var1, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    let a_13 := calldataload(0x0c84)
                    let a_3 := calldataload(0x0b44)
                    let a_8 := calldataload(0x0be4)
                    let var7 := mulmod(a_3, a_8, mload(ACC_OFFSET_MPTR))
                    let var8 := sub(mload(ACC_OFFSET_MPTR), var7)
                    let var9 := addmod(a_13, var8, mload(ACC_OFFSET_MPTR))
                    let var10 := mulmod(var6, var9, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var10, r)
                }
                {
                    let f_23 := calldataload(0x10a4)
                    let var0 := 0x1
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_23)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_23, var2, mload(ACC_OFFSET_MPTR))
                    let var4 := 0x2
                    let var5 := addmod(var4, var1, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    let a_14 := calldataload(0x0ca4)
                    let a_4 := calldataload(0x0b64)
                    let a_9 := calldataload(0x0c04)
                    let var7 := mulmod(a_4, a_9, mload(ACC_OFFSET_MPTR))
                    let var8 := sub(mload(ACC_OFFSET_MPTR), var7)
                    let var9 := addmod(a_14, var8, mload(ACC_OFFSET_MPTR))
                    let var10 := mulmod(var6, var9, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var10, r)
                }
                {
                    let f_19 := calldataload(0x1024)
                    let var0 := 0x1
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_19)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_19, var2, mload(ACC_OFFSET_MPTR))
                    let var4 := 0x3
                    let var5 := addmod(var4, var1, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    let var7 := 0x4
                    let var8 := addmod(var7, var1, mload(ACC_OFFSET_MPTR))
                    let var9 := mulmod(var6, var8, mload(ACC_OFFSET_MPTR))
                    let var10 := 0x5
                    let var11 := addmod(var10, var1, mload(ACC_OFFSET_MPTR))
                    let var12 := mulmod(var9, var11, mload(ACC_OFFSET_MPTR))
                    let a_10 := calldataload(0x0c24)
                    let a_0 := calldataload(0x0ae4)
                    let a_5 := calldataload(0x0b84)
                    let var13 := sub(mload(ACC_OFFSET_MPTR), a_5)
                    let var14 := addmod(a_0, var13, mload(ACC_OFFSET_MPTR))
                    let var15 := sub(mload(ACC_OFFSET_MPTR), var14)
                    let var16 := addmod(a_10, var15, mload(ACC_OFFSET_MPTR))
                    let var17 := mulmod(var12, var16, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var17, r)
                }
                {
                    let f_20 := calldataload(0x1044)
                    let var0 := 0x1
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_20)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_20, var2, mload(ACC_OFFSET_MPTR))
                    let var4 := 0x3
                    let var5 := addmod(var4, var1, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    let var7 := 0x4
                    let var8 := addmod(var7, var1, mload(ACC_OFFSET_MPTR))
                    let var9 := mulmod(var6, var8, mload(ACC_OFFSET_MPTR))
                    let var10 := 0x5
                    let var11 := addmod(var10, var1, mload(ACC_OFFSET_MPTR))
                    let var12 := mulmod(var9, var11, mload(ACC_OFFSET_MPTR))
                    let a_11 := calldataload(0x0c44)
                    let a_1 := calldataload(0x0b04)
                    let a_6 := calldataload(0x0ba4)
                    let var13 := sub(mload(ACC_OFFSET_MPTR), a_6)
                    let var14 := addmod(a_1, var13, mload(ACC_OFFSET_MPTR))
                    let var15 := sub(mload(ACC_OFFSET_MPTR), var14)
                    let var16 := addmod(a_11, var15, mload(ACC_OFFSET_MPTR))
                    let var17 := mulmod(var12, var16, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var17, r)
                }
                {
                    let f_21 := calldataload(0x1064)
                    let var0 := 0x1
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_21)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_21, var2, mload(ACC_OFFSET_MPTR))
                    let var4 := 0x3
                    let var5 := addmod(var4, var1, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    let a_12 := calldataload(0x0c64)
                    let a_2 := calldataload(0x0b24)
                    let a_7 := calldataload(0x0bc4)
                    let var7 := sub(mload(ACC_OFFSET_MPTR), a_7)
                    let var8 := addmod(a_2, var7, mload(ACC_OFFSET_MPTR))
                    let var9 := sub(mload(ACC_OFFSET_MPTR), var8)
                    let var10 := addmod(a_12, var9, mload(ACC_OFFSET_MPTR))
                    let var11 := mulmod(var6, var10, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var11, r)
                }
                {
                    let f_22 := calldataload(0x1084)
                    let var0 := 0x1
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_22)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_22, var2, mload(ACC_OFFSET_MPTR))
                    let var4 := 0x3
                    let var5 := addmod(var4, var1, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    let a_13 := calldataload(0x0c84)
                    let a_3 := calldataload(0x0b44)
                    let a_8 := calldataload(0x0be4)
                    let var7 := sub(mload(ACC_OFFSET_MPTR), a_8)
                    let var8 := addmod(a_3, var7, mload(ACC_OFFSET_MPTR))
                    let var9 := sub(mload(ACC_OFFSET_MPTR), var8)
                    let var10 := addmod(a_13, var9, mload(ACC_OFFSET_MPTR))
                    let var11 := mulmod(var6, var10, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var11, r)
                }
                {
                    let f_23 := calldataload(0x10a4)
                    let var0 := 0x1
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_23)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_23, var2, mload(ACC_OFFSET_MPTR))
                    let var4 := 0x3
                    let var5 := addmod(var4, var1, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    let a_14 := calldataload(0x0ca4)
                    let a_4 := calldataload(0x0b64)
                    let a_9 := calldataload(0x0c04)
                    let var7 := sub(mload(ACC_OFFSET_MPTR), a_9)
                    let var8 := addmod(a_4, var7, mload(ACC_OFFSET_MPTR))
                    let var9 := sub(mload(ACC_OFFSET_MPTR), var8)
                    let var10 := addmod(a_14, var9, mload(ACC_OFFSET_MPTR))
                    let var11 := mulmod(var6, var10, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var11, r)
                }
                {
                    let f_19 := calldataload(0x1024)
                    let var0 := 0x1
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_19)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_19, var2, mload(ACC_OFFSET_MPTR))
                    let var4 := 0x2
                    let var5 := addmod(var4, var1, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    let var7 := 0x3
                    let var8 := addmod(var7, var1, mload(ACC_OFFSET_MPTR))
                    let var9 := mulmod(var6, var8, mload(ACC_OFFSET_MPTR))
                    let var10 := 0x4
                    let var11 := addmod(var10, var1, mload(ACC_OFFSET_MPTR))
                    let var12 := mulmod(var9, var11, mload(ACC_OFFSET_MPTR))
                    let a_10 := calldataload(0x0c24)
                    let a_10_prev_1 := calldataload(0x0da4)
                    let var13 := 0x0
                    let a_0 := calldataload(0x0ae4)
                    let a_5 := calldataload(0x0b84)
                    let var14 := mulmod(a_0, a_5, mload(ACC_OFFSET_MPTR))
                    let var15 := addmod(var13, var14, mload(ACC_OFFSET_MPTR))
                    let a_1 := calldataload(0x0b04)
                    let a_6 := calldataload(0x0ba4)
                    let var16 := mulmod(a_1, a_6, mload(ACC_OFFSET_MPTR))
                    let var17 := addmod(var15, var16, mload(ACC_OFFSET_MPTR))
                    let a_2 := calldataload(0x0b24)
                    let a_7 := calldataload(0x0bc4)
                    let var18 := mulmod(a_2, a_7, mload(ACC_OFFSET_MPTR))
                    let var19 := addmod(var17, var18, mload(ACC_OFFSET_MPTR))
                    let a_3 := calldataload(0x0b44)
                    let a_8 := calldataload(0x0be4)
                    let var20 := mulmod(a_3, a_8, mload(ACC_OFFSET_MPTR))
                    let var21 := addmod(var19, var20, mload(ACC_OFFSET_MPTR))
                    let a_4 := calldataload(0x0b64)
                    let a_9 := calldataload(0x0c04)
                    let var22 := mulmod(a_4, a_9, mload(ACC_OFFSET_MPTR))
                    let var23 := addmod(var21, var22, mload(ACC_OFFSET_MPTR))
                    let var24 := addmod(a_10_prev_1, var23, mload(ACC_OFFSET_MPTR))
                    let var25 := sub(mload(ACC_OFFSET_MPTR), var24)
                    let var26 := addmod(a_10, var25, mload(ACC_OFFSET_MPTR))
                    let var27 := mulmod(var12, var26, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var27, r)
                }
                {
                    let f_19 := calldataload(0x1024)
                    let var0 := 0x1
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_19)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_19, var2, mload(ACC_OFFSET_MPTR))
                    let var4 := 0x2
                    let var5 := addmod(var4, var1, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    let var7 := 0x3
                    let var8 := addmod(var7, var1, mload(ACC_OFFSET_MPTR))
                    let var9 := mulmod(var6, var8, mload(ACC_OFFSET_MPTR))
                    let var10 := 0x5
                    let var11 := addmod(var10, var1, mload(ACC_OFFSET_MPTR))
                    let var12 := mulmod(var9, var11, mload(ACC_OFFSET_MPTR))
                    let a_10 := calldataload(0x0c24)
                    let var13 := 0x0
                    let a_0 := calldataload(0x0ae4)
                    let a_5 := calldataload(0x0b84)
                    let var14 := mulmod(a_0, a_5, mload(ACC_OFFSET_MPTR))
                    let var15 := addmod(var13, var14, mload(ACC_OFFSET_MPTR))
                    let a_1 := calldataload(0x0b04)
                    let a_6 := calldataload(0x0ba4)
                    let var16 := mulmod(a_1, a_6, mload(ACC_OFFSET_MPTR))
                    let var17 := addmod(var15, var16, mload(ACC_OFFSET_MPTR))
                    let a_2 := calldataload(0x0b24)
                    let a_7 := calldataload(0x0bc4)
                    let var18 := mulmod(a_2, a_7, mload(ACC_OFFSET_MPTR))
                    let var19 := addmod(var17, var18, mload(ACC_OFFSET_MPTR))
                    let a_3 := calldataload(0x0b44)
                    let a_8 := calldataload(0x0be4)
                    let var20 := mulmod(a_3, a_8, mload(ACC_OFFSET_MPTR))
                    let var21 := addmod(var19, var20, mload(ACC_OFFSET_MPTR))
                    let a_4 := calldataload(0x0b64)
                    let a_9 := calldataload(0x0c04)
                    let var22 := mulmod(a_4, a_9, mload(ACC_OFFSET_MPTR))
                    let var23 := addmod(var21, var22, mload(ACC_OFFSET_MPTR))
                    let var24 := sub(mload(ACC_OFFSET_MPTR), var23)
                    let var25 := addmod(a_10, var24, mload(ACC_OFFSET_MPTR))
                    let var26 := mulmod(var12, var25, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var26, r)
                }
                {
                    let f_18 := calldataload(0x1004)
                    let var0 := 0x1
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_18)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_18, var2, mload(ACC_OFFSET_MPTR))
                    let a_10 := calldataload(0x0c24)
                    let a_5 := calldataload(0x0b84)
                    let var4 := mulmod(var0, a_5, mload(ACC_OFFSET_MPTR))
                    let a_6 := calldataload(0x0ba4)
                    let var5 := mulmod(var4, a_6, mload(ACC_OFFSET_MPTR))
                    let a_7 := calldataload(0x0bc4)
                    let var6 := mulmod(var5, a_7, mload(ACC_OFFSET_MPTR))
                    let a_8 := calldataload(0x0be4)
                    let var7 := mulmod(var6, a_8, mload(ACC_OFFSET_MPTR))
                    let a_9 := calldataload(0x0c04)
                    let var8 := mulmod(var7, a_9, mload(ACC_OFFSET_MPTR))
                    let var9 := sub(mload(ACC_OFFSET_MPTR), var8)
                    let var10 := addmod(a_10, var9, mload(ACC_OFFSET_MPTR))
                    let var11 := mulmod(var3, var10, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var11, r)
                }
                {
                    let f_24 := calldataload(0x10c4)
                    let a_10 := calldataload(0x0c24)
                    let a_10_prev_1 := calldataload(0x0da4)
                    let var0 := 0x1
                    let a_5 := calldataload(0x0b84)
                    let var1 := mulmod(var0, a_5, mload(ACC_OFFSET_MPTR))
                    let a_6 := calldataload(0x0ba4)
                    let var2 := mulmod(var1, a_6, mload(ACC_OFFSET_MPTR))
                    let a_7 := calldataload(0x0bc4)
                    let var3 := mulmod(var2, a_7, mload(ACC_OFFSET_MPTR))
                    let a_8 := calldataload(0x0be4)
                    let var4 := mulmod(var3, a_8, mload(ACC_OFFSET_MPTR))
                    let a_9 := calldataload(0x0c04)
                    let var5 := mulmod(var4, a_9, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(a_10_prev_1, var5, mload(ACC_OFFSET_MPTR))
                    let var7 := sub(mload(ACC_OFFSET_MPTR), var6)
                    let var8 := addmod(a_10, var7, mload(ACC_OFFSET_MPTR))
                    let var9 := mulmod(f_24, var8, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var9, r)
                }
                {
                    let f_20 := calldataload(0x1044)
                    let var0 := 0x1
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_20)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_20, var2, mload(ACC_OFFSET_MPTR))
                    let var4 := 0x2
                    let var5 := addmod(var4, var1, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    let var7 := 0x3
                    let var8 := addmod(var7, var1, mload(ACC_OFFSET_MPTR))
                    let var9 := mulmod(var6, var8, mload(ACC_OFFSET_MPTR))
                    let var10 := 0x4
                    let var11 := addmod(var10, var1, mload(ACC_OFFSET_MPTR))
                    let var12 := mulmod(var9, var11, mload(ACC_OFFSET_MPTR))
                    let a_10 := calldataload(0x0c24)
                    let var13 := 0x0
                    let a_5 := calldataload(0x0b84)
                    let var14 := addmod(var13, a_5, mload(ACC_OFFSET_MPTR))
                    let a_6 := calldataload(0x0ba4)
                    let var15 := addmod(var14, a_6, mload(ACC_OFFSET_MPTR))
                    let a_7 := calldataload(0x0bc4)
                    let var16 := addmod(var15, a_7, mload(ACC_OFFSET_MPTR))
                    let a_8 := calldataload(0x0be4)
                    let var17 := addmod(var16, a_8, mload(ACC_OFFSET_MPTR))
                    let a_9 := calldataload(0x0c04)
                    let var18 := addmod(var17, a_9, mload(ACC_OFFSET_MPTR))
                    let var19 := sub(mload(ACC_OFFSET_MPTR), var18)
                    let var20 := addmod(a_10, var19, mload(ACC_OFFSET_MPTR))
                    let var21 := mulmod(var12, var20, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var21, r)
                }
                {
                    let f_20 := calldataload(0x1044)
                    let var0 := 0x1
                    let var1 := sub(mload(ACC_OFFSET_MPTR), f_20)
                    let var2 := addmod(var0, var1, mload(ACC_OFFSET_MPTR))
                    let var3 := mulmod(f_20, var2, mload(ACC_OFFSET_MPTR))
                    let var4 := 0x2
                    let var5 := addmod(var4, var1, mload(ACC_OFFSET_MPTR))
                    let var6 := mulmod(var3, var5, mload(ACC_OFFSET_MPTR))
                    let var7 := 0x3
                    let var8 := addmod(var7, var1, mload(ACC_OFFSET_MPTR))
                    let var9 := mulmod(var6, var8, mload(ACC_OFFSET_MPTR))
                    let var10 := 0x5
                    let var11 := addmod(var10, var1, mload(ACC_OFFSET_MPTR))
                    let var12 := mulmod(var9, var11, mload(ACC_OFFSET_MPTR))
                    let a_10 := calldataload(0x0c24)
                    let a_10_prev_1 := calldataload(0x0da4)
                    let var13 := 0x0
                    let a_5 := calldataload(0x0b84)
                    let var14 := addmod(var13, a_5, mload(ACC_OFFSET_MPTR))
                    let a_6 := calldataload(0x0ba4)
                    let var15 := addmod(var14, a_6, mload(ACC_OFFSET_MPTR))
                    let a_7 := calldataload(0x0bc4)
                    let var16 := addmod(var15, a_7, mload(ACC_OFFSET_MPTR))
                    let a_8 := calldataload(0x0be4)
                    let var17 := addmod(var16, a_8, mload(ACC_OFFSET_MPTR))
                    let a_9 := calldataload(0x0c04)
                    let var18 := addmod(var17, a_9, mload(ACC_OFFSET_MPTR))
                    let var19 := addmod(a_10_prev_1, var18, mload(ACC_OFFSET_MPTR))
                    let var20 := sub(mload(ACC_OFFSET_MPTR), var19)
                    let var21 := addmod(a_10, var20, mload(ACC_OFFSET_MPTR))
                    let var22 := mulmod(var12, var21, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var22, r)
                }
                {
                    let f_7 := calldataload(0x0ea4)
                    let var0 := 0x0
                    let var1 := mulmod(f_7, var0, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var1, r)
                }
                {
                    let f_8 := calldataload(0x0ec4)
                    let var0 := 0x0
                    let var1 := mulmod(f_8, var0, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var1, r)
                }
                {
                    let f_9 := calldataload(0x0ee4)
                    let var0 := 0x0
                    let var1 := mulmod(f_9, var0, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var1, r)
                }
                {
                    let f_10 := calldataload(0x0f04)
                    let var0 := 0x0
                    let var1 := mulmod(f_10, var0, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var1, r)
                }
                {
                    let f_11 := calldataload(0x0f24)
                    let var0 := 0x0
                    let var1 := mulmod(f_11, var0, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var1, r)
                }
                {
                    let f_12 := calldataload(0x0f44)
                    let var0 := 0x0
                    let var1 := mulmod(f_12, var0, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var1, r)
                }
                {
                    let f_13 := calldataload(0x0f64)
                    let var0 := 0x0
                    let var1 := mulmod(f_13, var0, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var1, r)
                }
                {
                    let f_14 := calldataload(0x0f84)
                    let var0 := 0x0
                    let var1 := mulmod(f_14, var0, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var1, r)
                }
                {
                    let f_15 := calldataload(0x0fa4)
                    let var0 := 0x0
                    let var1 := mulmod(f_15, var0, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var1, r)
                }
                {
                    let f_16 := calldataload(0x0fc4)
                    let var0 := 0x0
                    let var1 := mulmod(f_16, var0, mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), var1, r)
                }
                {
                    let l_0 := mload(L_0_MPTR)
                    let eval := addmod(l_0, sub(mload(ACC_OFFSET_MPTR), mulmod(l_0, calldataload(0x13a4), mload(ACC_OFFSET_MPTR))), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let perm_z_last := calldataload(0x1524)
                    let eval := mulmod(mload(L_LAST_MPTR), addmod(mulmod(perm_z_last, perm_z_last, mload(ACC_OFFSET_MPTR)), sub(mload(ACC_OFFSET_MPTR), perm_z_last), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let eval := mulmod(mload(L_0_MPTR), addmod(calldataload(0x1404), sub(mload(ACC_OFFSET_MPTR), calldataload(0x13e4)), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let eval := mulmod(mload(L_0_MPTR), addmod(calldataload(0x1464), sub(mload(ACC_OFFSET_MPTR), calldataload(0x1444)), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let eval := mulmod(mload(L_0_MPTR), addmod(calldataload(0x14c4), sub(mload(ACC_OFFSET_MPTR), calldataload(0x14a4)), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let eval := mulmod(mload(L_0_MPTR), addmod(calldataload(0x1524), sub(mload(ACC_OFFSET_MPTR), calldataload(0x1504)), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let gamma := mload(GAMMA_MPTR)
                    let beta := mload(BETA_MPTR)
                    let lhs := calldataload(0x13c4)
                    let rhs := calldataload(0x13a4)
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0ae4), mulmod(beta, calldataload(0x1104), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0b04), mulmod(beta, calldataload(0x1124), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0b24), mulmod(beta, calldataload(0x1144), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0b44), mulmod(beta, calldataload(0x1164), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0b64), mulmod(beta, calldataload(0x1184), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(beta, mload(X_MPTR), mload(ACC_OFFSET_MPTR)))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0ae4), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0b04), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0b24), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0b44), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0b64), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    let left_sub_right := addmod(lhs, sub(mload(ACC_OFFSET_MPTR), rhs), mload(ACC_OFFSET_MPTR))
                    let eval := addmod(left_sub_right, sub(mload(ACC_OFFSET_MPTR), mulmod(left_sub_right, addmod(mload(L_LAST_MPTR), mload(L_BLIND_MPTR), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let gamma := mload(GAMMA_MPTR)
                    let beta := mload(BETA_MPTR)
                    let lhs := calldataload(0x1424)
                    let rhs := calldataload(0x1404)
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0b84), mulmod(beta, calldataload(0x11a4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0ba4), mulmod(beta, calldataload(0x11c4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0bc4), mulmod(beta, calldataload(0x11e4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0be4), mulmod(beta, calldataload(0x1204), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0c04), mulmod(beta, calldataload(0x1224), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0b84), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0ba4), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0bc4), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0be4), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0c04), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    let left_sub_right := addmod(lhs, sub(mload(ACC_OFFSET_MPTR), rhs), mload(ACC_OFFSET_MPTR))
                    let eval := addmod(left_sub_right, sub(mload(ACC_OFFSET_MPTR), mulmod(left_sub_right, addmod(mload(L_LAST_MPTR), mload(L_BLIND_MPTR), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let gamma := mload(GAMMA_MPTR)
                    let beta := mload(BETA_MPTR)
                    let lhs := calldataload(0x1484)
                    let rhs := calldataload(0x1464)
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0c24), mulmod(beta, calldataload(0x1244), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0c44), mulmod(beta, calldataload(0x1264), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0c64), mulmod(beta, calldataload(0x1284), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0c84), mulmod(beta, calldataload(0x12a4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0ca4), mulmod(beta, calldataload(0x12c4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0c24), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0c44), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0c64), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0c84), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0ca4), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    let left_sub_right := addmod(lhs, sub(mload(ACC_OFFSET_MPTR), rhs), mload(ACC_OFFSET_MPTR))
                    let eval := addmod(left_sub_right, sub(mload(ACC_OFFSET_MPTR), mulmod(left_sub_right, addmod(mload(L_LAST_MPTR), mload(L_BLIND_MPTR), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let gamma := mload(GAMMA_MPTR)
                    let beta := mload(BETA_MPTR)
                    let lhs := calldataload(0x14e4)
                    let rhs := calldataload(0x14c4)
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0dc4), mulmod(beta, calldataload(0x12e4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0cc4), mulmod(beta, calldataload(0x1304), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0ce4), mulmod(beta, calldataload(0x1324), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0de4), mulmod(beta, calldataload(0x1344), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    lhs := mulmod(lhs, addmod(addmod(mload(INSTANCE_EVAL_MPTR), mulmod(beta, calldataload(0x1364), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0dc4), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0cc4), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0ce4), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0de4), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    rhs := mulmod(rhs, addmod(addmod(mload(INSTANCE_EVAL_MPTR), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    mstore(0x00, mulmod(mload(0x00), DELTA, mload(ACC_OFFSET_MPTR)))
                    let left_sub_right := addmod(lhs, sub(mload(ACC_OFFSET_MPTR), rhs), mload(ACC_OFFSET_MPTR))
                    let eval := addmod(left_sub_right, sub(mload(ACC_OFFSET_MPTR), mulmod(left_sub_right, addmod(mload(L_LAST_MPTR), mload(L_BLIND_MPTR), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let gamma := mload(GAMMA_MPTR)
                    let beta := mload(BETA_MPTR)
                    let lhs := calldataload(0x1544)
                    let rhs := calldataload(0x1524)
                    lhs := mulmod(lhs, addmod(addmod(calldataload(0x0e04), mulmod(beta, calldataload(0x1384), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    rhs := mulmod(rhs, addmod(addmod(calldataload(0x0e04), mload(0x00), mload(ACC_OFFSET_MPTR)), gamma, mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    let left_sub_right := addmod(lhs, sub(mload(ACC_OFFSET_MPTR), rhs), mload(ACC_OFFSET_MPTR))
                    let eval := addmod(left_sub_right, sub(mload(ACC_OFFSET_MPTR), mulmod(left_sub_right, addmod(mload(L_LAST_MPTR), mload(L_BLIND_MPTR), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let l_0 := mload(L_0_MPTR)
                    let eval := mulmod(l_0, calldataload(0x1564), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let l_last := mload(L_LAST_MPTR)
                    let eval := mulmod(l_last, calldataload(0x1564), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let theta := mload(THETA_MPTR)
                    let beta := mload(BETA_MPTR)
                    let table
                    {
                        let f_5 := calldataload(0x0e64)
                        table := f_5
                        table := addmod(table, beta, mload(ACC_OFFSET_MPTR))
                    }
                    let input_0
                    {
                        let f_7 := calldataload(0x0ea4)
                        let var0 := 0x1
                        let var1 := mulmod(f_7, var0, mload(ACC_OFFSET_MPTR))
                        let a_0 := calldataload(0x0ae4)
                        let var2 := mulmod(var1, a_0, mload(ACC_OFFSET_MPTR))
                        let var3 := sub(mload(ACC_OFFSET_MPTR), var1)
                        let var4 := addmod(var0, var3, mload(ACC_OFFSET_MPTR))
                        let var5 := 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000000
                        let var6 := mulmod(var4, var5, mload(ACC_OFFSET_MPTR))
                        let var7 := addmod(var2, var6, mload(ACC_OFFSET_MPTR))
                        input_0 := var7
                        input_0 := addmod(input_0, beta, mload(ACC_OFFSET_MPTR))
                    }
                    let input_1
                    {
                        let f_8 := calldataload(0x0ec4)
                        let var0 := 0x1
                        let var1 := mulmod(f_8, var0, mload(ACC_OFFSET_MPTR))
                        let a_1 := calldataload(0x0b04)
                        let var2 := mulmod(var1, a_1, mload(ACC_OFFSET_MPTR))
                        let var3 := sub(mload(ACC_OFFSET_MPTR), var1)
                        let var4 := addmod(var0, var3, mload(ACC_OFFSET_MPTR))
                        let var5 := 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000000
                        let var6 := mulmod(var4, var5, mload(ACC_OFFSET_MPTR))
                        let var7 := addmod(var2, var6, mload(ACC_OFFSET_MPTR))
                        input_1 := var7
                        input_1 := addmod(input_1, beta, mload(ACC_OFFSET_MPTR))
                    }
                    let lhs
                    let rhs
                    {
                        let tmp := input_1
                        rhs := addmod(rhs, tmp, mload(ACC_OFFSET_MPTR))
                    }
                    {
                        let tmp := input_0
                        rhs := addmod(rhs, tmp, mload(ACC_OFFSET_MPTR))
                        rhs := mulmod(rhs, table, mload(ACC_OFFSET_MPTR))
                    }
                    {
                        let tmp := input_0
                        tmp := mulmod(tmp, input_1, mload(ACC_OFFSET_MPTR))
                        rhs := addmod(rhs, sub(mload(ACC_OFFSET_MPTR), mulmod(calldataload(0x15a4), tmp, mload(ACC_OFFSET_MPTR))), mload(ACC_OFFSET_MPTR))
                        lhs := mulmod(mulmod(table, tmp, mload(ACC_OFFSET_MPTR)), addmod(calldataload(0x1584), sub(mload(ACC_OFFSET_MPTR), calldataload(0x1564)), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    }
                    let eval := mulmod(addmod(1, sub(mload(ACC_OFFSET_MPTR), addmod(mload(L_BLIND_MPTR), mload(L_LAST_MPTR), mload(ACC_OFFSET_MPTR))), mload(ACC_OFFSET_MPTR)), addmod(lhs, sub(mload(ACC_OFFSET_MPTR), rhs), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let l_0 := mload(L_0_MPTR)
                    let eval := mulmod(l_0, calldataload(0x15c4), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let l_last := mload(L_LAST_MPTR)
                    let eval := mulmod(l_last, calldataload(0x15c4), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let theta := mload(THETA_MPTR)
                    let beta := mload(BETA_MPTR)
                    let table
                    {
                        let f_5 := calldataload(0x0e64)
                        table := f_5
                        table := addmod(table, beta, mload(ACC_OFFSET_MPTR))
                    }
                    let input_0
                    {
                        let f_9 := calldataload(0x0ee4)
                        let var0 := 0x1
                        let var1 := mulmod(f_9, var0, mload(ACC_OFFSET_MPTR))
                        let a_2 := calldataload(0x0b24)
                        let var2 := mulmod(var1, a_2, mload(ACC_OFFSET_MPTR))
                        let var3 := sub(mload(ACC_OFFSET_MPTR), var1)
                        let var4 := addmod(var0, var3, mload(ACC_OFFSET_MPTR))
                        let var5 := 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000000
                        let var6 := mulmod(var4, var5, mload(ACC_OFFSET_MPTR))
                        let var7 := addmod(var2, var6, mload(ACC_OFFSET_MPTR))
                        input_0 := var7
                        input_0 := addmod(input_0, beta, mload(ACC_OFFSET_MPTR))
                    }
                    let input_1
                    {
                        let f_10 := calldataload(0x0f04)
                        let var0 := 0x1
                        let var1 := mulmod(f_10, var0, mload(ACC_OFFSET_MPTR))
                        let a_3 := calldataload(0x0b44)
                        let var2 := mulmod(var1, a_3, mload(ACC_OFFSET_MPTR))
                        let var3 := sub(mload(ACC_OFFSET_MPTR), var1)
                        let var4 := addmod(var0, var3, mload(ACC_OFFSET_MPTR))
                        let var5 := 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000000
                        let var6 := mulmod(var4, var5, mload(ACC_OFFSET_MPTR))
                        let var7 := addmod(var2, var6, mload(ACC_OFFSET_MPTR))
                        input_1 := var7
                        input_1 := addmod(input_1, beta, mload(ACC_OFFSET_MPTR))
                    }
                    let lhs
                    let rhs
                    {
                        let tmp := input_1
                        rhs := addmod(rhs, tmp, mload(ACC_OFFSET_MPTR))
                    }
                    {
                        let tmp := input_0
                        rhs := addmod(rhs, tmp, mload(ACC_OFFSET_MPTR))
                        rhs := mulmod(rhs, table, mload(ACC_OFFSET_MPTR))
                    }
                    {
                        let tmp := input_0
                        tmp := mulmod(tmp, input_1, mload(ACC_OFFSET_MPTR))
                        rhs := addmod(rhs, sub(mload(ACC_OFFSET_MPTR), mulmod(calldataload(0x1604), tmp, mload(ACC_OFFSET_MPTR))), mload(ACC_OFFSET_MPTR))
                        lhs := mulmod(mulmod(table, tmp, mload(ACC_OFFSET_MPTR)), addmod(calldataload(0x15e4), sub(mload(ACC_OFFSET_MPTR), calldataload(0x15c4)), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    }
                    let eval := mulmod(addmod(1, sub(mload(ACC_OFFSET_MPTR), addmod(mload(L_BLIND_MPTR), mload(L_LAST_MPTR), mload(ACC_OFFSET_MPTR))), mload(ACC_OFFSET_MPTR)), addmod(lhs, sub(mload(ACC_OFFSET_MPTR), rhs), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let l_0 := mload(L_0_MPTR)
                    let eval := mulmod(l_0, calldataload(0x1624), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let l_last := mload(L_LAST_MPTR)
                    let eval := mulmod(l_last, calldataload(0x1624), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let theta := mload(THETA_MPTR)
                    let beta := mload(BETA_MPTR)
                    let table
                    {
                        let f_5 := calldataload(0x0e64)
                        table := f_5
                        table := addmod(table, beta, mload(ACC_OFFSET_MPTR))
                    }
                    let input_0
                    {
                        let f_11 := calldataload(0x0f24)
                        let var0 := 0x1
                        let var1 := mulmod(f_11, var0, mload(ACC_OFFSET_MPTR))
                        let a_4 := calldataload(0x0b64)
                        let var2 := mulmod(var1, a_4, mload(ACC_OFFSET_MPTR))
                        let var3 := sub(mload(ACC_OFFSET_MPTR), var1)
                        let var4 := addmod(var0, var3, mload(ACC_OFFSET_MPTR))
                        let var5 := 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000000
                        let var6 := mulmod(var4, var5, mload(ACC_OFFSET_MPTR))
                        let var7 := addmod(var2, var6, mload(ACC_OFFSET_MPTR))
                        input_0 := var7
                        input_0 := addmod(input_0, beta, mload(ACC_OFFSET_MPTR))
                    }
                    let lhs
                    let rhs
                    rhs := table
                    {
                        let tmp := input_0
                        rhs := addmod(rhs, sub(mload(ACC_OFFSET_MPTR), mulmod(calldataload(0x1664), tmp, mload(ACC_OFFSET_MPTR))), mload(ACC_OFFSET_MPTR))
                        lhs := mulmod(mulmod(table, tmp, mload(ACC_OFFSET_MPTR)), addmod(calldataload(0x1644), sub(mload(ACC_OFFSET_MPTR), calldataload(0x1624)), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    }
                    let eval := mulmod(addmod(1, sub(mload(ACC_OFFSET_MPTR), addmod(mload(L_BLIND_MPTR), mload(L_LAST_MPTR), mload(ACC_OFFSET_MPTR))), mload(ACC_OFFSET_MPTR)), addmod(lhs, sub(mload(ACC_OFFSET_MPTR), rhs), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let l_0 := mload(L_0_MPTR)
                    let eval := mulmod(l_0, calldataload(0x1684), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let l_last := mload(L_LAST_MPTR)
                    let eval := mulmod(l_last, calldataload(0x1684), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let theta := mload(THETA_MPTR)
                    let beta := mload(BETA_MPTR)
                    let table
                    {
                        let f_6 := calldataload(0x0e84)
                        table := f_6
                        table := addmod(table, beta, mload(ACC_OFFSET_MPTR))
                    }
                    let input_0
                    {
                        let f_12 := calldataload(0x0f44)
                        let var0 := 0x1
                        let var1 := mulmod(f_12, var0, mload(ACC_OFFSET_MPTR))
                        let a_0 := calldataload(0x0ae4)
                        let var2 := mulmod(var1, a_0, mload(ACC_OFFSET_MPTR))
                        let var3 := sub(mload(ACC_OFFSET_MPTR), var1)
                        let var4 := addmod(var0, var3, mload(ACC_OFFSET_MPTR))
                        let var5 := 0x0
                        let var6 := mulmod(var4, var5, mload(ACC_OFFSET_MPTR))
                        let var7 := addmod(var2, var6, mload(ACC_OFFSET_MPTR))
                        input_0 := var7
                        input_0 := addmod(input_0, beta, mload(ACC_OFFSET_MPTR))
                    }
                    let input_1
                    {
                        let f_13 := calldataload(0x0f64)
                        let var0 := 0x1
                        let var1 := mulmod(f_13, var0, mload(ACC_OFFSET_MPTR))
                        let a_1 := calldataload(0x0b04)
                        let var2 := mulmod(var1, a_1, mload(ACC_OFFSET_MPTR))
                        let var3 := sub(mload(ACC_OFFSET_MPTR), var1)
                        let var4 := addmod(var0, var3, mload(ACC_OFFSET_MPTR))
                        let var5 := 0x0
                        let var6 := mulmod(var4, var5, mload(ACC_OFFSET_MPTR))
                        let var7 := addmod(var2, var6, mload(ACC_OFFSET_MPTR))
                        input_1 := var7
                        input_1 := addmod(input_1, beta, mload(ACC_OFFSET_MPTR))
                    }
                    let lhs
                    let rhs
                    {
                        let tmp := input_1
                        rhs := addmod(rhs, tmp, mload(ACC_OFFSET_MPTR))
                    }
                    {
                        let tmp := input_0
                        rhs := addmod(rhs, tmp, mload(ACC_OFFSET_MPTR))
                        rhs := mulmod(rhs, table, mload(ACC_OFFSET_MPTR))
                    }
                    {
                        let tmp := input_0
                        tmp := mulmod(tmp, input_1, mload(ACC_OFFSET_MPTR))
                        rhs := addmod(rhs, sub(mload(ACC_OFFSET_MPTR), mulmod(calldataload(0x16c4), tmp, mload(ACC_OFFSET_MPTR))), mload(ACC_OFFSET_MPTR))
                        lhs := mulmod(mulmod(table, tmp, mload(ACC_OFFSET_MPTR)), addmod(calldataload(0x16a4), sub(mload(ACC_OFFSET_MPTR), calldataload(0x1684)), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    }
                    let eval := mulmod(addmod(1, sub(mload(ACC_OFFSET_MPTR), addmod(mload(L_BLIND_MPTR), mload(L_LAST_MPTR), mload(ACC_OFFSET_MPTR))), mload(ACC_OFFSET_MPTR)), addmod(lhs, sub(mload(ACC_OFFSET_MPTR), rhs), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let l_0 := mload(L_0_MPTR)
                    let eval := mulmod(l_0, calldataload(0x16e4), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let l_last := mload(L_LAST_MPTR)
                    let eval := mulmod(l_last, calldataload(0x16e4), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let theta := mload(THETA_MPTR)
                    let beta := mload(BETA_MPTR)
                    let table
                    {
                        let f_6 := calldataload(0x0e84)
                        table := f_6
                        table := addmod(table, beta, mload(ACC_OFFSET_MPTR))
                    }
                    let input_0
                    {
                        let f_14 := calldataload(0x0f84)
                        let var0 := 0x1
                        let var1 := mulmod(f_14, var0, mload(ACC_OFFSET_MPTR))
                        let a_2 := calldataload(0x0b24)
                        let var2 := mulmod(var1, a_2, mload(ACC_OFFSET_MPTR))
                        let var3 := sub(mload(ACC_OFFSET_MPTR), var1)
                        let var4 := addmod(var0, var3, mload(ACC_OFFSET_MPTR))
                        let var5 := 0x0
                        let var6 := mulmod(var4, var5, mload(ACC_OFFSET_MPTR))
                        let var7 := addmod(var2, var6, mload(ACC_OFFSET_MPTR))
                        input_0 := var7
                        input_0 := addmod(input_0, beta, mload(ACC_OFFSET_MPTR))
                    }
                    let input_1
                    {
                        let f_15 := calldataload(0x0fa4)
                        let var0 := 0x1
                        let var1 := mulmod(f_15, var0, mload(ACC_OFFSET_MPTR))
                        let a_3 := calldataload(0x0b44)
                        let var2 := mulmod(var1, a_3, mload(ACC_OFFSET_MPTR))
                        let var3 := sub(mload(ACC_OFFSET_MPTR), var1)
                        let var4 := addmod(var0, var3, mload(ACC_OFFSET_MPTR))
                        let var5 := 0x0
                        let var6 := mulmod(var4, var5, mload(ACC_OFFSET_MPTR))
                        let var7 := addmod(var2, var6, mload(ACC_OFFSET_MPTR))
                        input_1 := var7
                        input_1 := addmod(input_1, beta, mload(ACC_OFFSET_MPTR))
                    }
                    let lhs
                    let rhs
                    {
                        let tmp := input_1
                        rhs := addmod(rhs, tmp, mload(ACC_OFFSET_MPTR))
                    }
                    {
                        let tmp := input_0
                        rhs := addmod(rhs, tmp, mload(ACC_OFFSET_MPTR))
                        rhs := mulmod(rhs, table, mload(ACC_OFFSET_MPTR))
                    }
                    {
                        let tmp := input_0
                        tmp := mulmod(tmp, input_1, mload(ACC_OFFSET_MPTR))
                        rhs := addmod(rhs, sub(mload(ACC_OFFSET_MPTR), mulmod(calldataload(0x1724), tmp, mload(ACC_OFFSET_MPTR))), mload(ACC_OFFSET_MPTR))
                        lhs := mulmod(mulmod(table, tmp, mload(ACC_OFFSET_MPTR)), addmod(calldataload(0x1704), sub(mload(ACC_OFFSET_MPTR), calldataload(0x16e4)), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    }
                    let eval := mulmod(addmod(1, sub(mload(ACC_OFFSET_MPTR), addmod(mload(L_BLIND_MPTR), mload(L_LAST_MPTR), mload(ACC_OFFSET_MPTR))), mload(ACC_OFFSET_MPTR)), addmod(lhs, sub(mload(ACC_OFFSET_MPTR), rhs), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let l_0 := mload(L_0_MPTR)
                    let eval := mulmod(l_0, calldataload(0x1744), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let l_last := mload(L_LAST_MPTR)
                    let eval := mulmod(l_last, calldataload(0x1744), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }
                {
                    let theta := mload(THETA_MPTR)
                    let beta := mload(BETA_MPTR)
                    let table
                    {
                        let f_6 := calldataload(0x0e84)
                        table := f_6
                        table := addmod(table, beta, mload(ACC_OFFSET_MPTR))
                    }
                    let input_0
                    {
                        let f_16 := calldataload(0x0fc4)
                        let var0 := 0x1
                        let var1 := mulmod(f_16, var0, mload(ACC_OFFSET_MPTR))
                        let a_4 := calldataload(0x0b64)
                        let var2 := mulmod(var1, a_4, mload(ACC_OFFSET_MPTR))
                        let var3 := sub(mload(ACC_OFFSET_MPTR), var1)
                        let var4 := addmod(var0, var3, mload(ACC_OFFSET_MPTR))
                        let var5 := 0x0
                        let var6 := mulmod(var4, var5, mload(ACC_OFFSET_MPTR))
                        let var7 := addmod(var2, var6, mload(ACC_OFFSET_MPTR))
                        input_0 := var7
                        input_0 := addmod(input_0, beta, mload(ACC_OFFSET_MPTR))
                    }
                    let lhs
                    let rhs
                    rhs := table
                    {
                        let tmp := input_0
                        rhs := addmod(rhs, sub(mload(ACC_OFFSET_MPTR), mulmod(calldataload(0x1784), tmp, mload(ACC_OFFSET_MPTR))), mload(ACC_OFFSET_MPTR))
                        lhs := mulmod(mulmod(table, tmp, mload(ACC_OFFSET_MPTR)), addmod(calldataload(0x1764), sub(mload(ACC_OFFSET_MPTR), calldataload(0x1744)), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    }
                    let eval := mulmod(addmod(1, sub(mload(ACC_OFFSET_MPTR), addmod(mload(L_BLIND_MPTR), mload(L_LAST_MPTR), mload(ACC_OFFSET_MPTR))), mload(ACC_OFFSET_MPTR)), addmod(lhs, sub(mload(ACC_OFFSET_MPTR), rhs), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    quotient_eval_numer := addmod(mulmod(quotient_eval_numer, y, r), eval, r)
                }

                pop(y)

                let quotient_eval := mulmod(quotient_eval_numer, mload(X_N_MINUS_1_INV_MPTR), r)
                mstore(QUOTIENT_EVAL_MPTR, quotient_eval)
            }

            // Compute quotient commitment
            {
                mstore(0x00, calldataload(LAST_QUOTIENT_X_CPTR))
                mstore(0x20, calldataload(add(LAST_QUOTIENT_X_CPTR, 0x20)))
                let x_n := mload(X_N_MPTR)
                for
                    {
                        let cptr := sub(LAST_QUOTIENT_X_CPTR, 0x40)
                        let cptr_end := sub(FIRST_QUOTIENT_X_CPTR, 0x40)
                    }
                    lt(cptr_end, cptr)
                    {}
                {
                    success := ec_mul_acc(success, x_n)
                    success := ec_add_acc(success, calldataload(cptr), calldataload(add(cptr, 0x20)))
                    cptr := sub(cptr, 0x40)
                }
                mstore(QUOTIENT_X_MPTR, mload(0x00))
                mstore(QUOTIENT_Y_MPTR, mload(0x20))
            }

            // Compute pairing lhs and rhs
            {
                {
                    let x := mload(X_MPTR)
                    let omega := mload(OMEGA_MPTR)
                    let omega_inv := mload(OMEGA_INV_MPTR)
                    let x_pow_of_omega := mulmod(x, omega, mload(ACC_OFFSET_MPTR))
                    mstore(0x0420, x_pow_of_omega)
                    mstore(0x0400, x)
                    x_pow_of_omega := mulmod(x, omega_inv, mload(ACC_OFFSET_MPTR))
                    mstore(0x03e0, x_pow_of_omega)
                    x_pow_of_omega := mulmod(x_pow_of_omega, omega_inv, mload(ACC_OFFSET_MPTR))
                    x_pow_of_omega := mulmod(x_pow_of_omega, omega_inv, mload(ACC_OFFSET_MPTR))
                    x_pow_of_omega := mulmod(x_pow_of_omega, omega_inv, mload(ACC_OFFSET_MPTR))
                    x_pow_of_omega := mulmod(x_pow_of_omega, omega_inv, mload(ACC_OFFSET_MPTR))
                    x_pow_of_omega := mulmod(x_pow_of_omega, omega_inv, mload(ACC_OFFSET_MPTR))
                    mstore(0x03c0, x_pow_of_omega)
                }
                {
                    let mu := mload(MU_MPTR)
                    for
                        {
                            let mptr := 0x0440
                            let mptr_end := 0x04c0
                            let point_mptr := 0x03c0
                        }
                        lt(mptr, mptr_end)
                        {
                            mptr := add(mptr, 0x20)
                            point_mptr := add(point_mptr, 0x20)
                        }
                    {
                        mstore(mptr, addmod(mu, sub(mload(ACC_OFFSET_MPTR), mload(point_mptr)), mload(ACC_OFFSET_MPTR)))
                    }
                    let s
                    s := mload(0x0480)
                    mstore(0x04c0, s)
                    let diff
                    diff := mload(0x0440)
                    diff := mulmod(diff, mload(0x0460), mload(ACC_OFFSET_MPTR))
                    diff := mulmod(diff, mload(0x04a0), mload(ACC_OFFSET_MPTR))
                    mstore(0x04e0, diff)
                    mstore(0x00, diff)
                    diff := mload(0x0440)
                    diff := mulmod(diff, mload(0x04a0), mload(ACC_OFFSET_MPTR))
                    mstore(0x0500, diff)
                    diff := mload(0x0440)
                    mstore(0x0520, diff)
                    diff := mload(0x0460)
                    mstore(0x0540, diff)
                    diff := mload(0x0440)
                    diff := mulmod(diff, mload(0x0460), mload(ACC_OFFSET_MPTR))
                    mstore(0x0560, diff)
                }
                {
                    let point_2 := mload(0x0400)
                    let coeff
                    coeff := 1
                    coeff := mulmod(coeff, mload(0x0480), mload(ACC_OFFSET_MPTR))
                    mstore(0x20, coeff)
                }
                {
                    let point_1 := mload(0x03e0)
                    let point_2 := mload(0x0400)
                    let coeff
                    coeff := addmod(point_1, sub(mload(ACC_OFFSET_MPTR), point_2), mload(ACC_OFFSET_MPTR))
                    coeff := mulmod(coeff, mload(0x0460), mload(ACC_OFFSET_MPTR))
                    mstore(0x40, coeff)
                    coeff := addmod(point_2, sub(mload(ACC_OFFSET_MPTR), point_1), mload(ACC_OFFSET_MPTR))
                    coeff := mulmod(coeff, mload(0x0480), mload(ACC_OFFSET_MPTR))
                    mstore(0x60, coeff)
                }
                {
                    let point_1 := mload(0x03e0)
                    let point_2 := mload(0x0400)
                    let point_3 := mload(0x0420)
                    let coeff
                    coeff := addmod(point_1, sub(mload(ACC_OFFSET_MPTR), point_2), mload(ACC_OFFSET_MPTR))
                    coeff := mulmod(coeff, addmod(point_1, sub(mload(ACC_OFFSET_MPTR), point_3), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    coeff := mulmod(coeff, mload(0x0460), mload(ACC_OFFSET_MPTR))
                    mstore(0x80, coeff)
                    coeff := addmod(point_2, sub(mload(ACC_OFFSET_MPTR), point_1), mload(ACC_OFFSET_MPTR))
                    coeff := mulmod(coeff, addmod(point_2, sub(mload(ACC_OFFSET_MPTR), point_3), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    coeff := mulmod(coeff, mload(0x0480), mload(ACC_OFFSET_MPTR))
                    mstore(0xa0, coeff)
                    coeff := addmod(point_3, sub(mload(ACC_OFFSET_MPTR), point_1), mload(ACC_OFFSET_MPTR))
                    coeff := mulmod(coeff, addmod(point_3, sub(mload(ACC_OFFSET_MPTR), point_2), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    coeff := mulmod(coeff, mload(0x04a0), mload(ACC_OFFSET_MPTR))
                    mstore(0xc0, coeff)
                }
                {
                    let point_0 := mload(0x03c0)
                    let point_2 := mload(0x0400)
                    let point_3 := mload(0x0420)
                    let coeff
                    coeff := addmod(point_0, sub(mload(ACC_OFFSET_MPTR), point_2), mload(ACC_OFFSET_MPTR))
                    coeff := mulmod(coeff, addmod(point_0, sub(mload(ACC_OFFSET_MPTR), point_3), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    coeff := mulmod(coeff, mload(0x0440), mload(ACC_OFFSET_MPTR))
                    mstore(0xe0, coeff)
                    coeff := addmod(point_2, sub(mload(ACC_OFFSET_MPTR), point_0), mload(ACC_OFFSET_MPTR))
                    coeff := mulmod(coeff, addmod(point_2, sub(mload(ACC_OFFSET_MPTR), point_3), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    coeff := mulmod(coeff, mload(0x0480), mload(ACC_OFFSET_MPTR))
                    mstore(0x0100, coeff)
                    coeff := addmod(point_3, sub(mload(ACC_OFFSET_MPTR), point_0), mload(ACC_OFFSET_MPTR))
                    coeff := mulmod(coeff, addmod(point_3, sub(mload(ACC_OFFSET_MPTR), point_2), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    coeff := mulmod(coeff, mload(0x04a0), mload(ACC_OFFSET_MPTR))
                    mstore(0x0120, coeff)
                }
                {
                    let point_2 := mload(0x0400)
                    let point_3 := mload(0x0420)
                    let coeff
                    coeff := addmod(point_2, sub(mload(ACC_OFFSET_MPTR), point_3), mload(ACC_OFFSET_MPTR))
                    coeff := mulmod(coeff, mload(0x0480), mload(ACC_OFFSET_MPTR))
                    mstore(0x0140, coeff)
                    coeff := addmod(point_3, sub(mload(ACC_OFFSET_MPTR), point_2), mload(ACC_OFFSET_MPTR))
                    coeff := mulmod(coeff, mload(0x04a0), mload(ACC_OFFSET_MPTR))
                    mstore(0x0160, coeff)
                }
                {
                    success := batch_invert(success, 0, 0x0180)
                    let diff_0_inv := mload(0x00)
                    mstore(0x04e0, diff_0_inv)
                    for
                        {
                            let mptr := 0x0500
                            let mptr_end := 0x0580
                        }
                        lt(mptr, mptr_end)
                        { mptr := add(mptr, 0x20) }
                    {
                        mstore(mptr, mulmod(mload(mptr), diff_0_inv, mload(ACC_OFFSET_MPTR)))
                    }
                }
                {
                    let coeff := mload(0x20)
                    let zeta := mload(ZETA_MPTR)
                    let r_eval := 0
                    r_eval := addmod(r_eval, mulmod(coeff, calldataload(0x10e4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(coeff, mload(QUOTIENT_EVAL_MPTR), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    for
                        {
                            let mptr := 0x1384
                            let mptr_end := 0x10e4
                        }
                        lt(mptr_end, mptr)
                        { mptr := sub(mptr, 0x20) }
                    {
                        r_eval := addmod(mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR)), mulmod(coeff, calldataload(mptr), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    }
                    for
                        {
                            let mptr := 0x10c4
                            let mptr_end := 0x0da4
                        }
                        lt(mptr_end, mptr)
                        { mptr := sub(mptr, 0x20) }
                    {
                        r_eval := addmod(mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR)), mulmod(coeff, calldataload(mptr), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    }
                    r_eval := mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(coeff, calldataload(0x1784), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(coeff, calldataload(0x1724), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(coeff, calldataload(0x16c4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(coeff, calldataload(0x1664), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(coeff, calldataload(0x1604), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(coeff, calldataload(0x15a4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(coeff, calldataload(0x0d44), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    for
                        {
                            let mptr := 0x0ca4
                            let mptr_end := 0x0c24
                        }
                        lt(mptr_end, mptr)
                        { mptr := sub(mptr, 0x20) }
                    {
                        r_eval := addmod(mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR)), mulmod(coeff, calldataload(mptr), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    }
                    for
                        {
                            let mptr := 0x0c04
                            let mptr_end := 0x0ac4
                        }
                        lt(mptr_end, mptr)
                        { mptr := sub(mptr, 0x20) }
                    {
                        r_eval := addmod(mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR)), mulmod(coeff, calldataload(mptr), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    }
                    mstore(0x0580, r_eval)
                }
                {
                    let zeta := mload(ZETA_MPTR)
                    let r_eval := 0
                    r_eval := addmod(r_eval, mulmod(mload(0x40), calldataload(0x0da4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x60), calldataload(0x0c24), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, mload(0x0500), mload(ACC_OFFSET_MPTR))
                    mstore(0x05a0, r_eval)
                }
                {
                    let zeta := mload(ZETA_MPTR)
                    let r_eval := 0
                    r_eval := addmod(r_eval, mulmod(mload(0x80), calldataload(0x0d64), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0xa0), calldataload(0x0ce4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0xc0), calldataload(0x0d24), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x80), calldataload(0x0d84), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0xa0), calldataload(0x0cc4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0xc0), calldataload(0x0d04), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, mload(0x0520), mload(ACC_OFFSET_MPTR))
                    mstore(0x05c0, r_eval)
                }
                {
                    let zeta := mload(ZETA_MPTR)
                    let r_eval := 0
                    r_eval := addmod(r_eval, mulmod(mload(0xe0), calldataload(0x1504), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0100), calldataload(0x14c4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0120), calldataload(0x14e4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0xe0), calldataload(0x14a4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0100), calldataload(0x1464), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0120), calldataload(0x1484), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0xe0), calldataload(0x1444), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0100), calldataload(0x1404), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0120), calldataload(0x1424), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0xe0), calldataload(0x13e4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0100), calldataload(0x13a4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0120), calldataload(0x13c4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, mload(0x0540), mload(ACC_OFFSET_MPTR))
                    mstore(0x05e0, r_eval)
                }
                {
                    let zeta := mload(ZETA_MPTR)
                    let r_eval := 0
                    r_eval := addmod(r_eval, mulmod(mload(0x0140), calldataload(0x1744), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0160), calldataload(0x1764), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0140), calldataload(0x16e4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0160), calldataload(0x1704), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0140), calldataload(0x1684), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0160), calldataload(0x16a4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0140), calldataload(0x1624), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0160), calldataload(0x1644), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0140), calldataload(0x15c4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0160), calldataload(0x15e4), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0140), calldataload(0x1564), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0160), calldataload(0x1584), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, zeta, mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0140), calldataload(0x1524), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := addmod(r_eval, mulmod(mload(0x0160), calldataload(0x1544), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    r_eval := mulmod(r_eval, mload(0x0560), mload(ACC_OFFSET_MPTR))
                    mstore(0x0600, r_eval)
                }
                {
                    let sum := mload(0x20)
                    mstore(0x0620, sum)
                }
                {
                    let sum := mload(0x40)
                    sum := addmod(sum, mload(0x60), mload(ACC_OFFSET_MPTR))
                    mstore(0x0640, sum)
                }
                {
                    let sum := mload(0x80)
                    sum := addmod(sum, mload(0xa0), mload(ACC_OFFSET_MPTR))
                    sum := addmod(sum, mload(0xc0), mload(ACC_OFFSET_MPTR))
                    mstore(0x0660, sum)
                }
                {
                    let sum := mload(0xe0)
                    sum := addmod(sum, mload(0x0100), mload(ACC_OFFSET_MPTR))
                    sum := addmod(sum, mload(0x0120), mload(ACC_OFFSET_MPTR))
                    mstore(0x0680, sum)
                }
                {
                    let sum := mload(0x0140)
                    sum := addmod(sum, mload(0x0160), mload(ACC_OFFSET_MPTR))
                    mstore(0x06a0, sum)
                }
                {
                    for
                        {
                            let mptr := 0x00
                            let mptr_end := 0xa0
                            let sum_mptr := 0x0620
                        }
                        lt(mptr, mptr_end)
                        {
                            mptr := add(mptr, 0x20)
                            sum_mptr := add(sum_mptr, 0x20)
                        }
                    {
                        mstore(mptr, mload(sum_mptr))
                    }
                    success := batch_invert(success, 0, 0xa0)
                    let r_eval := mulmod(mload(0x80), mload(0x0600), mload(ACC_OFFSET_MPTR))
                    for
                        {
                            let sum_inv_mptr := 0x60
                            let sum_inv_mptr_end := 0xa0
                            let r_eval_mptr := 0x05e0
                        }
                        lt(sum_inv_mptr, sum_inv_mptr_end)
                        {
                            sum_inv_mptr := sub(sum_inv_mptr, 0x20)
                            r_eval_mptr := sub(r_eval_mptr, 0x20)
                        }
                    {
                        r_eval := mulmod(r_eval, mload(NU_MPTR), mload(ACC_OFFSET_MPTR))
                        r_eval := addmod(r_eval, mulmod(mload(sum_inv_mptr), mload(r_eval_mptr), mload(ACC_OFFSET_MPTR)), mload(ACC_OFFSET_MPTR))
                    }
                    mstore(R_EVAL_MPTR, r_eval)
                }
                {
                    let nu := mload(NU_MPTR)
                    mstore(0x00, calldataload(0x0924))
                    mstore(0x20, calldataload(0x0944))
                    success := ec_mul_acc(success, mload(ZETA_MPTR))
                    success := ec_add_acc(success, mload(QUOTIENT_X_MPTR), mload(QUOTIENT_Y_MPTR))
                    for
                        {
                            let mptr := 0x14a0
                            let mptr_end := 0x0a60
                        }
                        lt(mptr_end, mptr)
                        { mptr := sub(mptr, 0x40) }
                    {
                        success := ec_mul_acc(success, mload(ZETA_MPTR))
                        success := ec_add_acc(success, mload(mptr), mload(add(mptr, 0x20)))
                    }
                    success := ec_mul_acc(success, mload(ZETA_MPTR))
                    success := ec_add_acc(success, mload(0x09e0), mload(0x0a00))
                    success := ec_mul_acc(success, mload(ZETA_MPTR))
                    success := ec_add_acc(success, mload(0x09a0), mload(0x09c0))
                    success := ec_mul_acc(success, mload(ZETA_MPTR))
                    success := ec_add_acc(success, mload(0x0a60), mload(0x0a80))
                    success := ec_mul_acc(success, mload(ZETA_MPTR))
                    success := ec_add_acc(success, mload(0x0a20), mload(0x0a40))
                    success := ec_mul_acc(success, mload(ZETA_MPTR))
                    success := ec_add_acc(success, mload(0x0960), mload(0x0980))
                    for
                        {
                            let mptr := 0x0624
                            let mptr_end := 0x0464
                        }
                        lt(mptr_end, mptr)
                        { mptr := sub(mptr, 0x40) }
                    {
                        success := ec_mul_acc(success, mload(ZETA_MPTR))
                        success := ec_add_acc(success, calldataload(mptr), calldataload(add(mptr, 0x20)))
                    }
                    for
                        {
                            let mptr := 0x03e4
                            let mptr_end := 0x02e4
                        }
                        lt(mptr_end, mptr)
                        { mptr := sub(mptr, 0x40) }
                    {
                        success := ec_mul_acc(success, mload(ZETA_MPTR))
                        success := ec_add_acc(success, calldataload(mptr), calldataload(add(mptr, 0x20)))
                    }
                    for
                        {
                            let mptr := 0x02a4
                            let mptr_end := 0x24
                        }
                        lt(mptr_end, mptr)
                        { mptr := sub(mptr, 0x40) }
                    {
                        success := ec_mul_acc(success, mload(ZETA_MPTR))
                        success := ec_add_acc(success, calldataload(mptr), calldataload(add(mptr, 0x20)))
                    }
                    mstore(0x80, calldataload(0x02e4))
                    mstore(0xa0, calldataload(0x0304))
                    success := ec_mul_tmp(success, mulmod(nu, mload(0x0500), mload(ACC_OFFSET_MPTR)))
                    success := ec_add_acc(success, mload(0x80), mload(0xa0))
                    nu := mulmod(nu, mload(NU_MPTR), mload(ACC_OFFSET_MPTR))
                    mstore(0x80, calldataload(0x0464))
                    mstore(0xa0, calldataload(0x0484))
                    success := ec_mul_tmp(success, mload(ZETA_MPTR))
                    success := ec_add_tmp(success, calldataload(0x0424), calldataload(0x0444))
                    success := ec_mul_tmp(success, mulmod(nu, mload(0x0520), mload(ACC_OFFSET_MPTR)))
                    success := ec_add_acc(success, mload(0x80), mload(0xa0))
                    nu := mulmod(nu, mload(NU_MPTR), mload(ACC_OFFSET_MPTR))
                    mstore(0x80, calldataload(0x0724))
                    mstore(0xa0, calldataload(0x0744))
                    for
                        {
                            let mptr := 0x06e4
                            let mptr_end := 0x0624
                        }
                        lt(mptr_end, mptr)
                        { mptr := sub(mptr, 0x40) }
                    {
                        success := ec_mul_tmp(success, mload(ZETA_MPTR))
                        success := ec_add_tmp(success, calldataload(mptr), calldataload(add(mptr, 0x20)))
                    }
                    success := ec_mul_tmp(success, mulmod(nu, mload(0x0540), mload(ACC_OFFSET_MPTR)))
                    success := ec_add_acc(success, mload(0x80), mload(0xa0))
                    nu := mulmod(nu, mload(NU_MPTR), mload(ACC_OFFSET_MPTR))
                    mstore(0x80, calldataload(0x08e4))
                    mstore(0xa0, calldataload(0x0904))
                    for
                        {
                            let mptr := 0x08a4
                            let mptr_end := 0x0724
                        }
                        lt(mptr_end, mptr)
                        { mptr := sub(mptr, 0x40) }
                    {
                        success := ec_mul_tmp(success, mload(ZETA_MPTR))
                        success := ec_add_tmp(success, calldataload(mptr), calldataload(add(mptr, 0x20)))
                    }
                    success := ec_mul_tmp(success, mulmod(nu, mload(0x0560), mload(ACC_OFFSET_MPTR)))
                    success := ec_add_acc(success, mload(0x80), mload(0xa0))
                    mstore(0x80, mload(G1_X_MPTR))
                    mstore(0xa0, mload(G1_Y_MPTR))
                    success := ec_mul_tmp(success, sub(mload(ACC_OFFSET_MPTR), mload(R_EVAL_MPTR)))
                    success := ec_add_acc(success, mload(0x80), mload(0xa0))
                    mstore(0x80, calldataload(0x17a4))
                    mstore(0xa0, calldataload(0x17c4))
                    success := ec_mul_tmp(success, sub(mload(ACC_OFFSET_MPTR), mload(0x04c0)))
                    success := ec_add_acc(success, mload(0x80), mload(0xa0))
                    mstore(0x80, calldataload(0x17e4))
                    mstore(0xa0, calldataload(0x1804))
                    success := ec_mul_tmp(success, mload(MU_MPTR))
                    success := ec_add_acc(success, mload(0x80), mload(0xa0))
                    mstore(PAIRING_LHS_X_MPTR, mload(0x00))
                    mstore(PAIRING_LHS_Y_MPTR, mload(0x20))
                    mstore(PAIRING_RHS_X_MPTR, calldataload(0x17e4))
                    mstore(PAIRING_RHS_Y_MPTR, calldataload(0x1804))
                }
            }

            // Random linear combine with accumulator
            if mload(HAS_ACCUMULATOR_MPTR) {
                mstore(0x00, mload(ACC_LHS_X_MPTR))
                mstore(0x20, mload(ACC_LHS_Y_MPTR))
                mstore(0x40, mload(ACC_RHS_X_MPTR))
                mstore(0x60, mload(ACC_RHS_Y_MPTR))
                mstore(0x80, mload(PAIRING_LHS_X_MPTR))
                mstore(0xa0, mload(PAIRING_LHS_Y_MPTR))
                mstore(0xc0, mload(PAIRING_RHS_X_MPTR))
                mstore(0xe0, mload(PAIRING_RHS_Y_MPTR))
                let challenge := mod(keccak256(0x00, 0x100), r)

                // [pairing_lhs] += challenge * [acc_lhs]
                success := ec_mul_acc(success, challenge)
                success := ec_add_acc(success, mload(PAIRING_LHS_X_MPTR), mload(PAIRING_LHS_Y_MPTR))
                mstore(PAIRING_LHS_X_MPTR, mload(0x00))
                mstore(PAIRING_LHS_Y_MPTR, mload(0x20))

                // [pairing_rhs] += challenge * [acc_rhs]
                mstore(0x00, mload(ACC_RHS_X_MPTR))
                mstore(0x20, mload(ACC_RHS_Y_MPTR))
                success := ec_mul_acc(success, challenge)
                success := ec_add_acc(success, mload(PAIRING_RHS_X_MPTR), mload(PAIRING_RHS_Y_MPTR))
                mstore(PAIRING_RHS_X_MPTR, mload(0x00))
                mstore(PAIRING_RHS_Y_MPTR, mload(0x20))
            }

            // Perform pairing
            success := ec_pairing(
                success,
                mload(PAIRING_LHS_X_MPTR),
                mload(PAIRING_LHS_Y_MPTR),
                mload(PAIRING_RHS_X_MPTR),
                mload(PAIRING_RHS_Y_MPTR)
            )

            // Revert if anything fails
            if iszero(success) {
                revert(0x00, 0x00)
            }

            // Return 1 as result if everything succeeds
            mstore(0x00, 1)
            return(0x00, 0x20)
        }
    }
}