import type { Command, StartedContainers } from '../../runs/command.ts';
import type { EngineContext } from '../engine.ts';

/** Names the directory of the run, and so its attempt, on every container of Docker and Podman. */
const CONTAINER_LABEL = 'wes-run';

/** How containers of the run are known; Singularity's and Apptainer's are processes of the run like others. */
export function startedContainers({
  containers,
  directory,
}: Pick<EngineContext, 'containers' | 'directory'>): Pick<Command, 'containers'> {
  if (containers !== 'docker' && containers !== 'podman') return {};
  return { containers: { program: containers, label: labelOf(directory.root) } };
}

function labelOf(root: string): StartedContainers['label'] {
  return `${CONTAINER_LABEL}=${root}`;
}

/** The options by which a driver learns what to run containers with, and how to mark them. */
export function containerArguments({
  containers,
  directory,
}: Pick<EngineContext, 'containers' | 'directory'>): readonly string[] {
  if (containers === undefined) return [];
  return ['--containers', containers, '--container-label', labelOf(directory.root)];
}
