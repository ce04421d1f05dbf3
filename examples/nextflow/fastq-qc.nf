// Quality control of sequencing reads: each sample is trimmed and measured on its own, then all of them
// are put into one table. Needs only a POSIX shell and awk.
params.reads = 'reads/*.fastq'
params.min_length = 30
params.outdir = 'results'

// Leaves out reads that are shorter than `min_length` bases.
process trim {
  tag "${reads.baseName}"
  publishDir "${params.outdir}/trimmed"
  cpus 1
  memory '64 MB'

  input:
  path reads

  output:
  path "${reads.baseName}.trimmed.fastq"

  script:
  """
  awk -v min=${params.min_length} '
    NR % 4 == 1 { header = \$0 }
    NR % 4 == 2 { bases = \$0 }
    NR % 4 == 0 { total++; if (length(bases) >= min) { kept++; print header "\\n" bases "\\n+\\n" \$0 } }
    END { print kept + 0 " of " total + 0 " reads kept" > "/dev/stderr" }
  ' ${reads} > ${reads.baseName}.trimmed.fastq
  """
}

// One line of a table: sample, reads, bases, share of G and C.
process measure {
  tag "${trimmed.simpleName}"

  input:
  path trimmed

  output:
  path "${trimmed.simpleName}.tsv"

  script:
  """
  awk -v sample=${trimmed.simpleName} '
    NR % 4 == 2 { reads++; bases += length(\$0); gc += gsub(/[GC]/, "") }
    END { printf "%s\\t%d\\t%d\\t%.1f\\n", sample, reads, bases, bases ? 100 * gc / bases : 0 }
  ' ${trimmed} > ${trimmed.simpleName}.tsv
  """
}

process report {
  publishDir params.outdir

  input:
  path measurements

  output:
  path 'report.tsv'

  script:
  """
  printf 'sample\\treads\\tbases\\tgc_percent\\n' > report.tsv
  cat ${measurements} | sort >> report.tsv
  """
}

workflow {
  samples = Channel.fromPath(params.reads, checkIfExists: true)
  trim(samples)
  measure(trim.out)
  report(measure.out.collect())
}
