import type { Run } from '../../runs/run.ts';
import type { ServiceDescription } from '../context.ts';
import { given, ref, type Entity } from './entity.ts';
import { localId } from './ids.ts';

interface Known {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly identifier?: string;
  readonly alternateName?: string;
}

const WORKFLOW_HUB = 'https://w3id.org/workflowhub/workflow-ro-crate#';

/** Workflow RO-Crate 1.0 has ids for three of the languages; WDL is not among them. */
const LANGUAGES: Readonly<Record<string, Known>> = {
  CWL: {
    id: `${WORKFLOW_HUB}cwl`,
    name: 'Common Workflow Language',
    alternateName: 'CWL',
    identifier: 'https://w3id.org/cwl/',
    url: 'https://www.commonwl.org/',
  },
  WDL: {
    id: 'https://openwdl.org/',
    name: 'Workflow Description Language',
    alternateName: 'WDL',
    url: 'https://openwdl.org/',
  },
  NFL: {
    id: `${WORKFLOW_HUB}nextflow`,
    name: 'Nextflow',
    identifier: 'https://www.nextflow.io/',
    url: 'https://www.nextflow.io/',
  },
  SMK: {
    id: `${WORKFLOW_HUB}snakemake`,
    name: 'Snakemake',
    identifier: 'https://doi.org/10.1093/bioinformatics/bts480',
    url: 'https://snakemake.readthedocs.io',
  },
};

/** The language of a workflow, in the version of the request. */
export function languageEntity({ request }: Pick<Run, 'request'>): Entity {
  const { workflowType, workflowTypeVersion } = request;
  const known = LANGUAGES[workflowType];
  return {
    '@id': known?.id ?? localId('language', workflowType),
    '@type': 'ComputerLanguage',
    name: known?.name ?? workflowType,
    version: workflowTypeVersion,
    ...given({
      alternateName: known?.alternateName,
      identifier: known?.identifier === undefined ? undefined : ref(known.identifier),
      url: known === undefined ? undefined : ref(known.url),
    }),
  };
}

const ENGINE_PAGES: Readonly<Record<string, string>> = {
  cwltool: 'https://www.commonwl.org/cwltool/',
  miniwdl: 'https://miniwdl.readthedocs.io/',
  nextflow: 'https://www.nextflow.io/',
  snakemake: 'https://snakemake.readthedocs.io/',
  toil: 'https://toil.readthedocs.io/',
};

export function engineId({ engine }: Pick<Run, 'engine'>): string {
  return localId('engine', engine);
}

export function engineEntity(run: Run): Entity {
  const { engine, engineVersion } = run;
  const url = ENGINE_PAGES[engine];
  return {
    '@id': engineId(run),
    '@type': 'SoftwareApplication',
    name: engine,
    ...given({ softwareVersion: engineVersion, url: url === undefined ? undefined : ref(url) }),
  };
}

export const SERVICE_ID = '#service';

/** This service: its software, and whose it is. */
export function serviceEntities(service: ServiceDescription): readonly Entity[] {
  return [
    {
      '@id': SERVICE_ID,
      '@type': 'SoftwareApplication',
      name: service.name,
      softwareVersion: service.version,
      ...given({ description: service.description, url: linkOf(service.documentationUrl) }),
      publisher: ref(organizationId(service)),
    },
    {
      '@id': organizationId(service),
      '@type': 'Organization',
      name: service.organizationName,
      url: service.organizationUrl,
    },
  ];
}

export function organizationId({ organizationUrl }: ServiceDescription): string {
  return URL.parse(organizationUrl)?.href ?? localId('organization', organizationUrl);
}

function linkOf(address: string | undefined) {
  return address === undefined ? undefined : ref(address);
}
