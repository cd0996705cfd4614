export { bookRoot, type Commitment, SALT_BYTES } from './digest.js';
export { checkInclusion, type Inclusion, includedIn, NotIncludedError } from './inclusion.js';
export { MerkleSumTree } from './merkle-sum-tree.js';
export {
  accountSums,
  addSums,
  type Holdings,
  NO_SUMS,
  type Sums,
  SumsInvalidError,
  type Totals,
  totalsOf,
} from './sums.js';
