cwlVersion: v1.2
class: CommandLineTool
doc: Calls variants where the sample differs from the genome.

hints:
  DockerRequirement: { dockerPull: "quay.io/biocontainers/bcftools:1.16--hfe4b78e_1" }
  SoftwareRequirement: { packages: { bcftools: { version: ["1.16"] } } }
  ResourceRequirement: { coresMin: 1, ramMin: 256 }

inputs:
  pileup: { type: File, inputBinding: { position: 1 } }

baseCommand: [bcftools, call, --no-version, -mv, -Ov, -o, variants.vcf]

outputs:
  variants:
    type: File
    outputBinding: { glob: variants.vcf }
