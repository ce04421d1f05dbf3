cwlVersion: v1.2
class: CommandLineTool
doc: Counts the words of k bases in the reads of one sample.

hints:
  DockerRequirement: { dockerPull: "debian:12-slim" }
  ResourceRequirement: { coresMin: 1, ramMin: 64 }

inputs:
  reads: { type: File, inputBinding: { position: 1 } }
  k: { type: int, inputBinding: { position: 2 } }
  pace: { type: int, inputBinding: { position: 3 } }

baseCommand: [sh, -c]
arguments:
  - position: 0
    valueFrom: |
      set -eu
      echo "counting words of $2 bases" >&2
      sleep "$3"
      gzip -dc "$1" | awk -v k="$2" '
        NR % 4 == 2 { for (i = 1; i + k - 1 <= length($0); i++) count[substr($0, i, k)]++ }
        END { for (word in count) printf "%s\t%d\n", word, count[word] }' | LC_ALL=C sort
  - position: 0
    valueFrom: count-kmers

stdout: $(inputs.reads.basename).kmers.tsv
outputs:
  counts: stdout
