import { describeUserStore } from '../conformance/user-store.ts';
import { testDatabases } from '../support/databases.ts';
import { describeWith } from '../support/suite.ts';

for (const { name, missing, open } of testDatabases) {
  describeWith(`UserStore on ${name}`, missing, () => describeUserStore(open));
}
