cwlVersion: v1.2
class: CommandLineTool
doc: Cuts bad bases off the ends of reads and drops the reads that become too short.

hints:
  DockerRequirement: { dockerPull: "debian:12-slim" }
  ResourceRequirement: { coresMin: 1, ramMin: 64 }

inputs:
  reads: { type: File, inputBinding: { position: 1 } }
  min_quality: { type: int, inputBinding: { position: 2 } }
  min_length: { type: int, inputBinding: { position: 3 } }
  pace: { type: int, inputBinding: { position: 4 } }

baseCommand: [sh, -c]
arguments:
  - position: 0
    valueFrom: |
      set -eu
      awk -v min_quality="$2" -v min_length="$3" '
        BEGIN { for (i = 33; i <= 126; i++) quality[sprintf("%c", i)] = i - 33 }
        NR % 4 == 1 { name = $0 }
        NR % 4 == 2 { bases = $0 }
        NR % 4 == 0 {
          end = length($0)
          while (end > 0 && quality[substr($0, end, 1)] < min_quality) end--
          all++
          if (end >= min_length) {
            kept++
            printf "%s\n%s\n+\n%s\n", name, substr(bases, 1, end), substr($0, 1, end)
          }
          if (all % 60 == 0) print all " reads, " kept " kept" > "/dev/stderr"
        }' "$1" | gzip -n
      sleep "$4"
  - position: 0
    valueFrom: trim

stdout: $(inputs.reads.nameroot).trimmed.fastq.gz
outputs:
  trimmed: stdout
