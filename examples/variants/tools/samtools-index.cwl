cwlVersion: v1.2
class: CommandLineTool
doc: Makes the index of sorted alignments, beside them.

hints:
  DockerRequirement: { dockerPull: "quay.io/biocontainers/samtools:1.16.1--h6899075_1" }
  SoftwareRequirement: { packages: { samtools: { version: ["1.16.1"] } } }
  ResourceRequirement: { coresMin: 1, ramMin: 128 }
requirements:
  InitialWorkDirRequirement: { listing: [$(inputs.alignments)] }

inputs:
  alignments: File

baseCommand: [samtools, index]
arguments: [$(inputs.alignments.basename)]

outputs:
  indexed:
    type: File
    secondaryFiles: [.bai]
    outputBinding: { glob: $(inputs.alignments.basename) }
