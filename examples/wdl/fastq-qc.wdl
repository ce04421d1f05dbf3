version 1.0

# Quality control of sequencing reads: each sample is trimmed and measured on its own, then all of them
# are put into one table. Needs only a POSIX shell and awk.
workflow fastq_qc {
  input {
    Array[File] reads
    Int min_length = 30
  }

  scatter (sample in reads) {
    call trim {
      input:
        reads = sample,
        min_length = min_length
    }
    call measure {
      input:
        reads = trim.trimmed
    }
  }

  call report {
    input:
      measurements = measure.line
  }

  output {
    File table = report.table
    Array[File] trimmed = trim.trimmed
  }
}

# Leaves out reads that are shorter than `min_length` bases.
task trim {
  input {
    File reads
    Int min_length
  }
  String name = basename(reads, ".fastq")

  command <<<
    awk -v min=~{min_length} '
      NR % 4 == 1 { header = $0 }
      NR % 4 == 2 { bases = $0 }
      NR % 4 == 0 { total++; if (length(bases) >= min) { kept++; print header "\n" bases "\n+\n" $0 } }
      END { print kept + 0 " of " total + 0 " reads kept" > "/dev/stderr" }
    ' "~{reads}" > "~{name}.trimmed.fastq"
  >>>

  output {
    File trimmed = "~{name}.trimmed.fastq"
  }

  runtime {
    cpu: 1
    memory: "64 MB"
  }
}

# One line of a table: sample, reads, bases, share of G and C.
task measure {
  input {
    File reads
  }

  command <<<
    awk -v sample="~{basename(reads, ".trimmed.fastq")}" '
      NR % 4 == 2 { reads++; bases += length($0); gc += gsub(/[GC]/, "") }
      END { printf "%s\t%d\t%d\t%.1f\n", sample, reads, bases, bases ? 100 * gc / bases : 0 }
    ' "~{reads}"
  >>>

  output {
    File line = stdout()
  }
}

task report {
  input {
    Array[File] measurements
  }

  command <<<
    printf 'sample\treads\tbases\tgc_percent\n' > report.tsv
    cat "~{sep='" "' measurements}" | sort >> report.tsv
  >>>

  output {
    File table = "report.tsv"
  }
}
