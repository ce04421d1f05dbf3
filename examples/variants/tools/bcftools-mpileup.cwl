cwlVersion: v1.2
class: CommandLineTool
doc: Sums up what the alignments say of each place of the genome.

hints:
  DockerRequirement: { dockerPull: "quay.io/biocontainers/bcftools:1.16--hfe4b78e_1" }
  SoftwareRequirement: { packages: { bcftools: { version: ["1.16"] } } }
  ResourceRequirement: { coresMin: 1, ramMin: 256 }

inputs:
  genome:
    type: File
    secondaryFiles: [.fai]
    inputBinding: { position: 1, prefix: -f }
  alignments:
    type: File
    secondaryFiles: [.bai]
    inputBinding: { position: 2 }

# Without --no-version the file would hold the date.
baseCommand: [bcftools, mpileup, --no-version, -Ob, -o, pileup.bcf]

outputs:
  pileup:
    type: File
    outputBinding: { glob: pileup.bcf }
