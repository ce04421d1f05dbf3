cwlVersion: v1.2
class: CommandLineTool
doc: Measures the reads of one sample; one line of a table.

hints:
  DockerRequirement: { dockerPull: "debian:12-slim" }
  ResourceRequirement: { coresMin: 1, ramMin: 64 }

inputs:
  reads: { type: File, inputBinding: { position: 1 } }
  pace: { type: int, inputBinding: { position: 2 } }

baseCommand: [sh, -c]
arguments:
  - position: 0
    valueFrom: |
      set -eu
      echo "measuring $1" >&2
      sleep "$2"
      sample=`basename "$1" | cut -d . -f 1`
      gzip -dc "$1" | awk -v sample="$sample" '
        BEGIN { for (i = 33; i <= 126; i++) quality[sprintf("%c", i)] = i - 33 }
        NR % 4 == 2 { reads++; bases += length($0); gc += gsub(/[GC]/, "") }
        NR % 4 == 0 { for (i = 1; i <= length($0); i++) sum += quality[substr($0, i, 1)] }
        END {
          if (bases == 0) { print sample ": no reads are left" > "/dev/stderr"; exit 4 }
          printf "%s\t%d\t%d\t%.1f\t%.1f\t%.1f\n", sample, reads, bases, bases / reads, 100 * gc / bases, sum / bases
        }'
  - position: 0
    valueFrom: measure

stdout: $(inputs.reads.basename).measures.tsv
outputs:
  measures: stdout
