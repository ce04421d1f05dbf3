import type { DaemonRegistry } from '../runs/daemon-registry.ts';
import type { EngineCatalog, EngineOffer } from '../runs/engine-catalog.ts';
import { invalidRequest } from '../runs/errors.ts';
import type { RunRequest } from '../runs/run.ts';
import { readServiceParameters } from '../runs/service-parameters.ts';
import { WEB_SCHEMES } from '../runs/address-scheme.ts';
import type { Engine, RequestLimits } from './engine.ts';
import { checkEngineParameters } from './engine-parameters.ts';
import { mergeOffers } from './offers.ts';
import { chooseEngine } from './selection.ts';

export interface EngineCatalogDeps {
  readonly engines: readonly Engine[];
  /** What is installed on this host. */
  readonly localOffers: readonly EngineOffer[] | (() => Promise<readonly EngineOffer[]>);
  /** The daemons that share the database; what they have registered is offered as well. */
  readonly daemons?: Pick<DaemonRegistry, 'list'>;
  readonly limits: RequestLimits;
  /** For how long an answer of the database is used again. */
  readonly memoMilliseconds?: number;
  /** Monotonic clock in milliseconds. */
  readonly clock?: () => number;
}

const MEMO_MILLISECONDS = 1000;

export function createEngineCatalog(deps: EngineCatalogDeps): EngineCatalog {
  const offers = memoized(() => collectOffers(deps), deps);
  return {
    offers,
    resolve: async (request) => {
      const chosen = chooseEngine(request, await offers(), deps.engines);
      const workflowEngineParameters = checkEngineParameters(
        chosen.engine.name,
        chosen.engine.parameters,
        request.workflowEngineParameters,
      );
      const resolved = {
        ...chosen.request,
        ...(workflowEngineParameters !== undefined && { workflowEngineParameters }),
      };
      checkStagedSchemes(resolved, deps.limits);
      chosen.engine.checkRequest(resolved, deps.limits);
      return { request: resolved, engine: chosen.engine.name };
    },
  };
}

function checkStagedSchemes(request: RunRequest, limits: RequestLimits): void {
  const { stage = [] } = readServiceParameters(request.workflowEngineParameters);
  const known = limits.inputSchemes ?? WEB_SCHEMES;
  const unknown = stage.find((scheme) => !known.includes(scheme));
  if (unknown === undefined) return;
  throw invalidRequest(
    'workflow_engine_parameters.stage',
    `scheme '${unknown}' is not fetched by this service; supported: ${known.join(', ')}, or none`,
  );
}

async function collectOffers({
  localOffers,
  daemons,
}: EngineCatalogDeps): Promise<readonly EngineOffer[]> {
  const local = typeof localOffers === 'function' ? await localOffers() : localOffers;
  const records = (await daemons?.list()) ?? [];
  return mergeOffers([...local, ...records.flatMap((record) => record.engines)]);
}

/** One answer for all who ask at the same time or shortly after; a failure is not kept. */
function memoized<T>(
  ask: () => Promise<T>,
  { memoMilliseconds = MEMO_MILLISECONDS, clock = () => performance.now() }: EngineCatalogDeps,
): () => Promise<T> {
  let answer: Promise<T> | undefined;
  let askedAt = 0;
  return () => {
    if (answer === undefined || clock() - askedAt >= memoMilliseconds) {
      const asked = ask();
      asked.catch(() => {
        if (answer === asked) answer = undefined;
      });
      answer = asked;
      askedAt = clock();
    }
    return answer;
  };
}
