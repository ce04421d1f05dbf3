import { describeRunStore } from '../conformance/run-store.ts';
import { testDatabases } from '../support/databases.ts';
import { describeWith } from '../support/suite.ts';

for (const { name, missing, open } of testDatabases) {
  describeWith(`RunStore on ${name}`, missing, () => describeRunStore(open));
}
