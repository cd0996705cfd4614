// Seconds of each longer file of the complete run and of CPU of all its processes: what runs first, and what the lanes come to. As
// the first complete run printed them; of those that it left out, and of those that were shortened since, estimates.

/** @type {Record<string, [seconds: number, cpu: number]>} */
export const DURATIONS = {
  'test/system/topology.spec.ts': [330, 330],
  'test/system/scripts.spec.ts': [250, 220],
  'test/system/fuzz.spec.ts': [270, 150],
  'test/system/insolvency.spec.ts': [223, 119],
  'test/system/vault.spec.ts': [178, 71],
  'test/system/python-package.spec.ts': [160, 90],
  'test/system/repartition.spec.ts': [99, 104],
  'test/system/growing-file.spec.ts': [35, 36],
  'test/system/kill.spec.ts': [131, 110],
  'test/system/second-kafka-client.spec.ts': [137, 65],
  'test/system/marks-cases.spec.ts': [62, 41],
  'test/system/python-clients.spec.ts': [79, 40],
  'test/system/web-proofs.spec.ts': [120, 67],
  'test/system/kafka-chaos.spec.ts': [88, 58],
  'test/proof/rule-kinds.spec.ts': [829, 251],
  forgeries: [330, 60],
  'test/adversary/system/colluders.spec.ts': [430, 70],
  'test/proof/settling.spec.ts': [343, 83],
  'test/proof/correction.spec.ts': [208, 104],
  'test/proof/rule-training.spec.ts': [105, 100],
  properties: [90, 120],
  'test/proof/rules.spec.ts': [77, 75],
  'test/proof/notebook.spec.ts': [63, 63],
  'test/proof/challenges.spec.ts': [63, 70],
  'libs/proofs/src/bar.proof.spec.ts': [80, 60],
  'test/proof/shared-loss.spec.ts': [101, 114],
  'test/adversary/witness/rule-templates.proof.spec.ts': [11, 14],
  'test/system/simulation.spec.ts': [73, 73],
  'test/proof/rule-refusals.spec.ts': [45, 42],
  'test/proof/pool.spec.ts': [63, 65],
  'test/proof/two-proofs.spec.ts': [74, 79],
  'test/proof/settlement.spec.ts': [58, 64],
  'test/proof/command-line.spec.ts': [52, 52],
  'test/adversary/witness/loss.proof.spec.ts': [46, 47],
  'test/adversary/witness/rules.proof.spec.ts': [17, 19],
  'test/system/docs-commands.spec.ts': [40, 31],
  'test/system/sdk-package.spec.ts': [38, 34],
};

/** What a file takes that is not listed. */
export const USUAL = [20, 15];
