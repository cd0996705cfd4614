// Seconds of each longer file of the complete run and of CPU of all its processes: what runs first, and what the lanes come to. As
// the second complete run printed them, beside other work for a third of its time; the fuzzer's and the properties' are estimates.

/** @type {Record<string, [seconds: number, cpu: number]>} */
export const DURATIONS = {
  'test/system/topology.spec.ts': [448, 431],
  'test/system/scripts.spec.ts': [520, 350],
  'test/system/fuzz.spec.ts': [270, 150],
  'test/system/insolvency.spec.ts': [183, 116],
  'test/system/vault.spec.ts': [169, 67],
  'test/system/python-package.spec.ts': [138, 94],
  'test/system/repartition.spec.ts': [131, 115],
  'test/system/growing-file.spec.ts': [39, 38],
  'test/system/kill.spec.ts': [119, 93],
  'test/system/second-kafka-client.spec.ts': [106, 66],
  'test/system/marks-cases.spec.ts': [77, 50],
  'test/system/python-clients.spec.ts': [69, 39],
  'test/system/web-proofs.spec.ts': [137, 69],
  'test/system/kafka-chaos.spec.ts': [103, 67],
  'test/proof/rule-kinds.spec.ts': [960, 284],
  forgeries: [730, 85],
  'test/adversary/system/colluders.spec.ts': [725, 105],
  'test/proof/settling.spec.ts': [351, 85],
  'test/proof/correction.spec.ts': [465, 120],
  'test/proof/rule-training.spec.ts': [114, 119],
  properties: [90, 120],
  'test/proof/rules.spec.ts': [76, 72],
  'test/proof/notebook.spec.ts': [61, 65],
  'test/proof/challenges.spec.ts': [55, 64],
  'libs/proofs/src/bar.proof.spec.ts': [64, 65],
  'test/proof/shared-loss.spec.ts': [124, 125],
  'test/adversary/witness/rule-templates.proof.spec.ts': [10, 13],
  'test/system/simulation.spec.ts': [78, 73],
  'test/proof/rule-refusals.spec.ts': [45, 46],
  'test/proof/pool.spec.ts': [82, 77],
  'test/proof/two-proofs.spec.ts': [78, 85],
  'test/proof/settlement.spec.ts': [71, 81],
  'test/proof/command-line.spec.ts': [64, 57],
  'test/adversary/witness/loss.proof.spec.ts': [58, 59],
  'test/adversary/witness/rules.proof.spec.ts': [19, 23],
  'test/system/docs-commands.spec.ts': [32, 27],
  'test/system/sdk-package.spec.ts': [31, 27],
};

/** What a file takes that is not listed. */
export const USUAL = [20, 15];
