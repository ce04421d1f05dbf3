cwlVersion: v1.2
class: CommandLineTool
doc: Writes variants as a table of chromosome, position, base of the genome and base of the sample.

hints:
  DockerRequirement: { dockerPull: "quay.io/biocontainers/bcftools:1.16--hfe4b78e_1" }
  SoftwareRequirement: { packages: { bcftools: { version: ["1.16"] } } }
  ResourceRequirement: { coresMin: 1, ramMin: 128 }

inputs:
  variants: { type: File, inputBinding: { position: 1 } }

baseCommand: [bcftools, query, -f, '%CHROM\t%POS\t%REF\t%ALT\n']

stdout: variants.tsv
outputs:
  table: stdout
