cwlVersion: v1.2
class: CommandLineTool
doc: Aligns paired reads to an indexed genome.

hints:
  DockerRequirement: { dockerPull: "quay.io/biocontainers/bwa:0.7.17--hed695b0_7" }
  SoftwareRequirement: { packages: { bwa: { version: ["0.7.17"] } } }
  ResourceRequirement: { coresMin: 1, ramMin: 512 }

inputs:
  genome:
    type: File
    secondaryFiles: [.amb, .ann, .bwt, .pac, .sa]
    inputBinding: { position: 1 }
  reads_1: { type: File, inputBinding: { position: 2 } }
  reads_2: { type: File, inputBinding: { position: 3 } }
  sample: string

baseCommand: [bwa, mem]
arguments:
  - prefix: -t
    valueFrom: $(runtime.cores)
  # The same alignments whatever the number of threads.
  - prefix: -K
    valueFrom: "10000000"
  - prefix: -R
    valueFrom: '@RG\tID:$(inputs.sample)\tSM:$(inputs.sample)'

stdout: aligned.sam
outputs:
  alignments: stdout
