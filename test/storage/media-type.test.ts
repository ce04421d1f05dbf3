import { describe, expect, test } from 'vitest';
import { mediaTypeOf } from '../../src/storage/media-type.ts';

describe('the media type of an output', () => {
  test.each([
    ['reads.fastq', 'text/plain'],
    ['calls/all.vcf', 'text/plain'],
    ['calls/all.vcf.gz', 'application/gzip'],
    ['aligned.bam', 'application/octet-stream'],
    ['workflow.cwl', 'application/cwl'],
    ['report.html', 'text/html'],
    ['table.tsv', 'text/tab-separated-values'],
    ['result.json', 'application/json'],
    ['plot.PNG', 'image/png'],
    ['README', 'application/octet-stream'],
    ['odd.unheard-of', 'application/octet-stream'],
  ])('of %s is %s', (path, type) => {
    expect(mediaTypeOf(path)).toBe(type);
  });
});
