cwlVersion: v1.2
class: CommandLineTool
doc: Sorts alignments by their place in the genome.

hints:
  DockerRequirement: { dockerPull: "quay.io/biocontainers/samtools:1.16.1--h6899075_1" }
  SoftwareRequirement: { packages: { samtools: { version: ["1.16.1"] } } }
  ResourceRequirement: { coresMin: 1, ramMin: 1024 }

inputs:
  alignments: { type: File, inputBinding: { position: 1 } }

baseCommand: [samtools, sort, --no-PG, -o, alignments.bam]

outputs:
  sorted:
    type: File
    outputBinding: { glob: alignments.bam }
