import type { JobContext, JobLimits } from '../../executor.ts';
import type { Group } from './controller.ts';
import { makeGroups, removeGroups } from './job-groups.ts';
import { requireLimits } from './limit-support.ts';
import { mergePlaces, type FindPlace } from './places.ts';
import { controllersFor, hasLimits, setLimits } from './set-limits.ts';

/**
 * Makes the groups of a job with its limits, ready to be entered; none where the machine has no place
 * for them and no limit is asked for.
 * @throws Error that names the limit that can't be kept, and the remedy.
 */
export async function prepareGroups(
  job: JobContext,
  findPlace: FindPlace,
): Promise<readonly Group[]> {
  const { limits = {} } = job;
  await requireLimits(limits, findPlace);
  const places = await placesFor(limits, findPlace);
  try {
    return await makeLimited(job, places);
  } catch (error) {
    if (!hasLimits(limits)) return [];
    throw new Error(`The limits of the run could not be set: ${String(error)}`, { cause: error });
  }
}

async function makeLimited(job: JobContext, places: readonly Group[]): Promise<readonly Group[]> {
  const groups = await makeGroups(job, places);
  try {
    await setLimits(groups, job.limits ?? {});
    return groups;
  } catch (error) {
    await removeGroups(groups);
    throw error;
  }
}

async function placesFor(limits: JobLimits, findPlace: FindPlace): Promise<readonly Group[]> {
  const found = [];
  for (const controller of ['freezer', ...controllersFor(limits)] as const) {
    const place = await findPlace(controller);
    if (place) found.push(place);
  }
  return mergePlaces(found);
}
