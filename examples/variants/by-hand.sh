#!/bin/bash
# The analysis without any workflow language: what the workflows beside this script must come to as well.
# Usage: bash examples/variants/by-hand.sh [DATA] [RESULTS]   (by default data/ and results/ beside this script)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=$(cd "${1:-$here/data}" && pwd)
results=${2:-$here/results}

mkdir -p "$results"
cd "$results"
cp "$data/lambda_virus.fa" genome.fa

bwa index genome.fa
samtools faidx genome.fa
# With -K, bwa gives the same alignments whatever the number of threads.
bwa mem -t 1 -K 10000000 -R '@RG\tID:lambda\tSM:lambda' genome.fa "$data/reads_1.fq.gz" "$data/reads_2.fq.gz" > aligned.sam
samtools sort --no-PG -o alignments.bam aligned.sam
samtools index alignments.bam
# With --no-version, bcftools writes no dates and commands into its files.
bcftools mpileup --no-version -Ou -f genome.fa alignments.bam | bcftools call --no-version -mv -Ov -o variants.vcf
bcftools query -f '%CHROM\t%POS\t%REF\t%ALT\n' variants.vcf > variants.tsv
