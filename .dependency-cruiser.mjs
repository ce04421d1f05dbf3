/**
 * The import walls: who may know whom, checked by `npm run check`. docs/architecture.md says why.
 * `test/import-walls.test.ts` plants a violation of each rule, so that a rule that matches nothing
 * is noticed.
 */

/** Folder of src/ → the folders that it may import from, besides itself. */
const MAY_IMPORT = {
  wes: [],
  runs: ['wes'],
  engines: ['runs'],
  executors: ['runs'],
  storage: [],
  scanning: [],
  validation: ['runs', 'engines', 'storage'],
  auth: ['runs'],
  db: ['runs', 'auth'],
  staging: ['runs'],
  daemon: ['runs', 'engines', 'executors', 'storage', 'staging'],
  api: ['runs', 'wes', 'auth', 'storage', 'scanning'],
};

const folderRules = Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
  name: `${folder}-imports-only-${allowed.join('-') || 'itself'}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `^src/(${[folder, ...allowed].join('|')})/` },
}));

const packages = (names) => `(^|node_modules/)(${names})(/|$)`;

/** A package or Node module that only some folders may use. */
function onlyIn(name, folders, to) {
  return {
    name,
    severity: 'error',
    from: { path: '^src/', pathNot: `^src/(${folders})` },
    to,
  };
}

export default {
  forbidden: [
    ...folderRules,
    // A driver is a program of its own, which an executor starts; the engines' other code starts nothing.
    onlyIn(
      'processes-are-started-by-executors-drivers-and-cli',
      'executors/|cli/|engines/[^/]+/driver/',
      {
        path: '^(node:)?child_process$',
      },
    ),
    {
      name: 'nothing-imports-a-driver',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/engines/[^/]+/driver/' },
      to: { path: '^src/engines/[^/]+/driver/' },
    },
    onlyIn('kysely-only-in-db', 'db/', { path: packages('kysely') }),
    onlyIn('database-drivers-only-in-dialects', 'db/dialects/', {
      path: `${packages('mysql2|pg|better-sqlite3')}|^(node:)?sqlite$`,
    }),
    onlyIn('fastify-only-in-api', 'api/', { path: packages('fastify|@fastify/[^/]+') }),
    onlyIn('command-line-parser-only-in-cli', 'cli/', { path: packages('commander') }),
    onlyIn('s3-client-only-in-its-storage', 'storage/s3/|staging/s3/', {
      path: packages('@aws-sdk/[^/]+'),
    }),
    {
      name: 's3-is-loaded-when-it-is-used',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(storage|staging)/s3/' },
      to: {
        path: '^src/(storage|staging)/s3/',
        dependencyTypesNot: ['dynamic-import', 'type-only'],
      },
    },
    {
      name: 'runs-uses-no-library',
      severity: 'error',
      from: { path: '^src/runs/' },
      to: { dependencyTypesNot: ['local', 'core', 'type-only'], pathNot: '^src/' },
    },
    {
      name: 'runs-knows-only-the-types-of-the-standard',
      severity: 'error',
      from: { path: '^src/runs/' },
      to: { path: '^src/wes/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-engine-knows-another',
      severity: 'error',
      from: { path: '^src/engines/([^/]+)/' },
      // What engines share: those with a driver of ours, those written in Python.
      to: { path: '^src/engines/[^/]+/', pathNot: '^src/engines/($1|driven|python)/' },
    },
    {
      name: 'no-executor-knows-another',
      severity: 'error',
      from: { path: '^src/executors/([^/]+)/' },
      to: { path: '^src/executors/[^/]+/', pathNot: '^src/executors/$1/' },
    },
    {
      name: 'only-cli-reads-the-configuration',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli/|config\\.ts|settings\\.ts)' },
      to: { path: '^src/(config|settings)\\.ts$' },
    },
    {
      name: 'nothing-imports-cli',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-test-code-in-the-product',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs', '.cjs'] },
  },
};
