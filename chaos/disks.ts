import type { Places } from './places.ts';
import { SmallDisk } from './small-disk.ts';

const MEBIBYTES = { work: 96, data: 512 } as const;
export type DiskName = keyof typeof MEBIBYTES;

/** The small disks of the service, where it may have some. */
export class Disks {
  readonly #disks: Readonly<Partial<Record<DiskName, SmallDisk>>>;
  /** Why there are none. */
  readonly missing: string | undefined;

  private constructor(disks: Partial<Record<DiskName, SmallDisk>>, missing?: string) {
    this.#disks = disks;
    this.missing = missing;
  }

  static async mount({ work, data }: Places): Promise<Disks> {
    const first = await SmallDisk.mount(work, MEBIBYTES.work);
    if (typeof first === 'string') return new Disks({}, first);
    const second = await SmallDisk.mount(data, MEBIBYTES.data);
    if (typeof second === 'string') {
      await first.unmount();
      return new Disks({}, second);
    }
    return new Disks({ work: first, data: second });
  }

  /** False when there is no such disk, or it is full already. */
  async fill(name: DiskName, lastsMs: number): Promise<boolean> {
    return (await this.#disks[name]?.fill(lastsMs)) ?? false;
  }

  async unmount(): Promise<void> {
    for (const disk of Object.values(this.#disks)) await disk.unmount();
  }
}
