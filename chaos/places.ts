import { join } from 'node:path';

/** Where everything of a chaos run lies. */
export interface Places {
  readonly root: string;
  readonly logs: string;
  /** The evidence that executions leave; on a disk that is never filled. */
  readonly marks: string;
  readonly home: string;
  /** The service's directory for temporary files. */
  readonly temporary: string;
  /** Storage, and the database where it is a file: a small disk of its own where that is possible. */
  readonly data: string;
  readonly objects: string;
  /** Work directories, by executor: another small disk. */
  readonly work: string;
}

export function placesIn(root: string): Places {
  const data = join(root, 'data');
  return {
    root,
    logs: join(root, 'logs'),
    marks: join(root, 'marks'),
    home: join(root, 'home'),
    temporary: join(root, 'tmp'),
    data,
    objects: join(data, 'storage', 'objects'),
    work: join(root, 'work'),
  };
}
