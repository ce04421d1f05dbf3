cwlVersion: v1.2
class: CommandLineTool
doc: Makes the index by which single bases of a genome are found, beside it.

hints:
  DockerRequirement: { dockerPull: "quay.io/biocontainers/samtools:1.16.1--h6899075_1" }
  SoftwareRequirement: { packages: { samtools: { version: ["1.16.1"] } } }
  ResourceRequirement: { coresMin: 1, ramMin: 128 }
requirements:
  # The index is written beside the genome, so the genome has to lie where the tool may write.
  InitialWorkDirRequirement: { listing: [$(inputs.genome)] }

inputs:
  genome: File

baseCommand: [samtools, faidx]
arguments: [$(inputs.genome.basename)]

outputs:
  indexed:
    type: File
    secondaryFiles: [.fai]
    outputBinding: { glob: $(inputs.genome.basename) }
