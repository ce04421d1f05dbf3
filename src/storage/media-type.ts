import { Mime } from 'mime/lite';
import standardTypes from 'mime/types/standard.js';

/**
 * Where the field uses an extension in its own way, or nobody registered one: text opens in a browser,
 * what is binary is downloaded.
 */
const FIELD_TYPES: Readonly<Record<string, string>> = {
  'text/plain':
    'fastq fq fasta fa fna faa fai sam vcf maf bed bedgraph bedpe gff gff3 gtf wig dict ' +
    'interval_list wdl nf smk py r sh out err',
  'application/octet-stream': 'bam bai csi cram crai bcf tbi bigwig bw',
  'application/gzip': 'bgz bgzf',
  'application/x-hdf5': 'h5 hdf5 h5ad',
};

const fieldTypes = Object.entries(FIELD_TYPES).map(([type, extensions]) => [
  type,
  extensions.split(' '),
]);
const types = new Mime(standardTypes).define(Object.fromEntries(fieldTypes), true);

/** The media type of a file, by its extension. */
export function mediaTypeOf(path: string): string {
  return types.getType(path) ?? 'application/octet-stream';
}
