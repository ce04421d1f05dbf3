cwlVersion: v1.2
class: CommandLineTool
doc: Makes the index that bwa needs of a genome, beside it.

hints:
  DockerRequirement: { dockerPull: "quay.io/biocontainers/bwa:0.7.17--hed695b0_7" }
  SoftwareRequirement: { packages: { bwa: { version: ["0.7.17"] } } }
  ResourceRequirement: { coresMin: 1, ramMin: 256 }
requirements:
  # The index is written beside the genome, so the genome has to lie where the tool may write.
  InitialWorkDirRequirement: { listing: [$(inputs.genome)] }

inputs:
  genome: File

baseCommand: [bwa, index]
arguments: [$(inputs.genome.basename)]

outputs:
  indexed:
    type: File
    secondaryFiles: [.amb, .ann, .bwt, .pac, .sa]
    outputBinding: { glob: $(inputs.genome.basename) }
