import type { Task } from '../../runs/run.ts';
import { IMAGE_NOTE } from '../../runs/run.ts';
import { given, type Entity } from './entity.ts';
import { localId } from './ids.ts';

const TERMS = 'https://w3id.org/ro/terms/workflow-run#';
const DEFAULT_REGISTRY = 'docker.io';

/** The image in whose container a task ran; undefined when it ran in none. */
export function imageOf({ systemLogs }: Pick<Task, 'systemLogs'>): string | undefined {
  return systemLogs.find((line) => line.startsWith(IMAGE_NOTE))?.slice(IMAGE_NOTE.length);
}

export function imageId(image: string): string {
  return localId('image', image);
}

/** An image by its name, as `docker pull` takes it, or by the path of its file. */
export function imageEntity(image: string): Entity {
  const common = { '@id': imageId(image), '@type': 'ContainerImage' };
  if (/\.(sif|img)$/.test(image)) {
    return { ...common, additionalType: { '@id': `${TERMS}SIFImage` }, name: image };
  }
  const [, path = image, tag, digest] =
    /^(?:docker:\/\/)?(.+?)(?::([\w.-]+))?(?:@sha256:([0-9a-f]{64}))?$/.exec(image) ?? [];
  const slash = path.indexOf('/');
  const first = path.slice(0, Math.max(0, slash));
  // Docker's own rule: the first part is a registry when it looks like a host.
  const hasRegistry = /[.:]/.test(first) || first === 'localhost';
  return {
    ...common,
    additionalType: { '@id': `${TERMS}DockerImage` },
    registry: hasRegistry ? first : DEFAULT_REGISTRY,
    name: hasRegistry ? path.slice(slash + 1) : path,
    ...given({ tag, sha256: digest }),
  };
}
