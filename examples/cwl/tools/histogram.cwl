cwlVersion: v1.2
class: CommandLineTool
doc: Draws the most frequent words of all samples together.

hints:
  DockerRequirement: { dockerPull: "debian:12-slim" }
  ResourceRequirement: { coresMin: 1, ramMin: 64 }

inputs:
  pace: { type: int, inputBinding: { position: 1 } }
  counts: { type: "File[]", inputBinding: { position: 2 } }

baseCommand: [sh, -c]
arguments:
  - position: 0
    valueFrom: |
      set -eu
      sleep "$1"
      shift
      awk '{ sum[$1] += $2 } END { for (word in sum) print word, sum[word] }' "$@" |
        LC_ALL=C sort -k2,2nr -k1,1 | head -n 12 | awk '
          NR == 1 { most = $2 }
          {
            bar = ""
            for (i = 0; i < 50 * $2 / most; i++) bar = bar "#"
            printf "%s %6d %s\n", $1, $2, bar
          }'
  - position: 0
    valueFrom: histogram

stdout: kmers.txt
outputs:
  chart: stdout
