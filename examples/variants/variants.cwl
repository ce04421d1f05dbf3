cwlVersion: v1.2
class: Workflow
label: Variants of a sample against a genome
doc: |
  Aligns paired reads to a genome with bwa, sorts and indexes the alignments with samtools, calls variants with
  bcftools and writes them as VCF and as a table.

inputs:
  genome:
    type: File
    doc: FASTA, not compressed.
  reads_1:
    type: File
    doc: First reads of the pairs, FASTQ, may be compressed with gzip.
  reads_2:
    type: File
    doc: Second reads, in the same order.
  sample:
    type: string
    doc: Name of the sample, for the header of alignments and variants.

steps:
  index_genome:
    run: tools/bwa-index.cwl
    in: { genome: genome }
    out: [indexed]
  index_bases:
    run: tools/samtools-faidx.cwl
    in: { genome: genome }
    out: [indexed]
  align:
    run: tools/bwa-mem.cwl
    in: { genome: index_genome/indexed, reads_1: reads_1, reads_2: reads_2, sample: sample }
    out: [alignments]
  sort:
    run: tools/samtools-sort.cwl
    in: { alignments: align/alignments }
    out: [sorted]
  index_alignments:
    run: tools/samtools-index.cwl
    in: { alignments: sort/sorted }
    out: [indexed]
  pileup:
    run: tools/bcftools-mpileup.cwl
    in: { genome: index_bases/indexed, alignments: index_alignments/indexed }
    out: [pileup]
  call_variants:
    run: tools/bcftools-call.cwl
    in: { pileup: pileup/pileup }
    out: [variants]
  tabulate:
    run: tools/bcftools-query.cwl
    in: { variants: call_variants/variants }
    out: [table]

outputs:
  alignments:
    type: File
    secondaryFiles: [.bai]
    outputSource: index_alignments/indexed
  variants:
    type: File
    outputSource: call_variants/variants
  table:
    type: File
    outputSource: tabulate/table
