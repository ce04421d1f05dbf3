import type { Plan } from '../plan.ts';

const CONTAINER_ENGINES = [
  ...['docker', 'podman', 'singularity', 'apptainer'],
  ...['charliecloud', 'shifter', 'sarus'],
];

/**
 * The configuration that has precedence over the workflow's own: where tasks run, how much of the machine
 * they have, and that nothing is sent or fetched which a run did not ask for.
 */
export function configurationText(
  plan: Pick<Plan, 'containers' | 'containerLabel' | 'cores' | 'errorStrategy'>,
  memoryMebibytes: number,
  isCached: boolean,
): string {
  const { containers, cores, errorStrategy } = plan;
  const memory = `'${memoryMebibytes} MB'`;
  return [
    ...CONTAINER_ENGINES.map((engine) => `${engine}.enabled = ${engine === containers}`),
    ...containerOptions(plan),
    'wave.enabled = false',
    'tower.enabled = false',
    // Published links lead into the work directory.
    'cleanup = false',
    `executor.$local.cpus = ${cores}`,
    `executor.$local.memory = ${memory}`,
    // Small tasks come and go within the hundred milliseconds that are usual.
    "executor.$local.pollInterval = '50 ms'",
    'process {',
    "  withName: '.*' { executor = 'local' }",
    `  resourceLimits = [cpus: ${cores}, memory: ${memory}]`,
    ...(errorStrategy === undefined ? [] : [`  errorStrategy = '${errorStrategy}'`]),
    // Attachments lie in another place in each run: only their content tells that they are the same.
    ...(isCached ? ["  cache = 'deep'"] : []),
    '}',
    '',
  ].join('\n');
}

/** Files that a task of Docker makes are ours, as they are with the others. */
function containerOptions({
  containers,
  containerLabel = '',
}: Pick<Plan, 'containers' | 'containerLabel'>): readonly string[] {
  const label = `--label ${shellWord(containerLabel)}`;
  if (containers === 'docker') {
    return [`docker.runOptions = ${groovyText(`-u $(id -u):$(id -g) ${label}`)}`];
  }
  if (containers === 'podman') return [`podman.runOptions = ${groovyText(label)}`];
  return containers === undefined ? [] : [`${containers}.autoMounts = true`];
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function groovyText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
