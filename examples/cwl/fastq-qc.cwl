cwlVersion: v1.2
class: Workflow
label: Quality report of sequencing reads
doc: |
  Trims the reads of every sample at their bad ends, measures what is left, counts its k-mers, and puts
  all samples together into one table and one histogram.

requirements:
  ScatterFeatureRequirement: {}

inputs:
  reads:
    type: File[]
    doc: One FASTQ file for each sample.
  min_quality:
    type: int
    default: 20
    doc: Phred quality below which the end of a read is cut off.
  min_length:
    type: int
    default: 40
    doc: Shorter reads are dropped after the cut.
  k:
    type: int
    default: 3
    doc: Length of the words that are counted.
  pace:
    type: int
    default: 1
    doc: Seconds that every task takes longer, so that it can be watched; 0 for none.

steps:
  trim:
    scatter: reads
    run: tools/trim.cwl
    in: { reads: reads, min_quality: min_quality, min_length: min_length, pace: pace }
    out: [trimmed]
  measure:
    scatter: reads
    run: tools/measure.cwl
    in: { reads: trim/trimmed, pace: pace }
    out: [measures]
  count_kmers:
    scatter: reads
    run: tools/count-kmers.cwl
    in: { reads: trim/trimmed, k: k, pace: pace }
    out: [counts]
  report:
    run: tools/report.cwl
    in: { measures: measure/measures, pace: pace }
    out: [table]
  histogram:
    run: tools/histogram.cwl
    in: { counts: count_kmers/counts, pace: pace }
    out: [chart]

outputs:
  report:
    type: File
    outputSource: report/table
  histogram:
    type: File
    outputSource: histogram/chart
  trimmed_reads:
    type: File[]
    outputSource: trim/trimmed
