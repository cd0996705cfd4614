// Seconds of each longer file of the complete run and of CPU of all its processes: what runs first, and what the lanes come to. Shortest times
// seen, and estimates where a file was not measured since proofs are native. `npm run test:all` prints both.

/** @type {Record<string, [seconds: number, cpu: number]>} */
export const DURATIONS = {
  'test/system/topology.spec.ts': [226, 300],
  'test/system/scripts.spec.ts': [240, 300],
  'test/system/fuzz.spec.ts': [169, 150],
  'test/system/insolvency.spec.ts': [117, 100],
  'test/system/vault.spec.ts': [105, 60],
  'test/system/python-package.spec.ts': [102, 90],
  'test/system/repartition.spec.ts': [96, 80],
  'test/system/growing-file.spec.ts': [94, 90],
  'test/system/kill.spec.ts': [81, 90],
  'test/system/second-kafka-client.spec.ts': [68, 40],
  'test/system/marks-cases.spec.ts': [65, 58],
  'test/system/python-clients.spec.ts': [65, 50],
  'test/system/web-proofs.spec.ts': [63, 60],
  'test/system/kafka-chaos.spec.ts': [61, 50],
  'test/proof/rule-kinds.spec.ts': [180, 200],
  'a million forgeries': [120, 190],
  'test/adversary/system/colluders.spec.ts': [120, 200],
  'test/proof/settling.spec.ts': [110, 130],
  'test/proof/correction.spec.ts': [100, 120],
  'test/proof/rule-training.spec.ts': [100, 120],
  properties: [90, 120],
  'test/proof/rules.spec.ts': [80, 80],
  'test/proof/notebook.spec.ts': [80, 80],
  'test/proof/challenges.spec.ts': [75, 90],
  'libs/proofs/src/bar.proof.spec.ts': [75, 83],
  'test/proof/shared-loss.spec.ts': [70, 105],
  'test/adversary/witness/rule-templates.proof.spec.ts': [60, 60],
  'test/system/simulation.spec.ts': [60, 60],
  'test/proof/rule-refusals.spec.ts': [60, 60],
  'test/proof/pool.spec.ts': [60, 70],
  'test/proof/two-proofs.spec.ts': [50, 79],
  'test/proof/settlement.spec.ts': [50, 67],
  'test/proof/command-line.spec.ts': [50, 50],
  'test/adversary/witness/loss.proof.spec.ts': [50, 50],
  'test/adversary/witness/rules.proof.spec.ts': [30, 35],
  'test/system/docs-commands.spec.ts': [25, 29],
  'test/system/sdk-package.spec.ts': [20, 27],
};

/** What a file takes that is not listed. */
export const USUAL = [20, 15];
