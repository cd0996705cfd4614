// Seconds of each file of the complete run, alone, and seconds of CPU of all its processes: what runs first, and what the lanes come to.
// `npm run test:all` prints both; a file that is not listed is taken for a short one.

/** @type {Record<string, [seconds: number, cpu: number]>} */
export const DURATIONS = {
  'test/system/topology.spec.ts': [226, 250],
  'test/system/marks-cases.spec.ts': [194, 200],
  'test/system/scripts.spec.ts': [240, 300],
  'test/system/fuzz.spec.ts': [169, 200],
  'test/system/insolvency.spec.ts': [117, 100],
  'test/system/vault.spec.ts': [105, 60],
  'test/system/python-package.spec.ts': [102, 90],
  'test/system/repartition.spec.ts': [96, 80],
  'test/system/growing-file.spec.ts': [94, 90],
  'test/system/kill.spec.ts': [81, 90],
  'test/system/second-kafka-client.spec.ts': [68, 40],
  'test/system/python-clients.spec.ts': [65, 50],
  'test/system/web-proofs.spec.ts': [63, 60],
  'test/system/kafka-chaos.spec.ts': [61, 50],
  'test/system/docs-commands.spec.ts': [52, 50],
};

/** What a file takes that is not listed. */
export const USUAL = [20, 15];
