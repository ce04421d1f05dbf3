#!/bin/sh
# Puts the data of this example into a directory: the genome of phage lambda and simulated reads of a virus
# that differs from it, as Debian's package bowtie2-examples brings them.
# Usage: sh examples/variants/get-data.sh [DIRECTORY]   (by default data/ beside this script)
set -eu
examples=${BOWTIE2_EXAMPLES:-/usr/share/doc/bowtie2/examples}
target=${1:-$(dirname "$0")/data}

for file in reference/lambda_virus.fa.gz reads/reads_1.fq.gz reads/reads_2.fq.gz; do
  if [ ! -f "$examples/$file" ]; then
    echo "$examples/$file is missing: install Debian's package bowtie2-examples" >&2
    echo "(and let dpkg unpack /usr/share/doc), or set BOWTIE2_EXAMPLES to where the package's examples are" >&2
    exit 1
  fi
done

mkdir -p "$target"
gzip -dc "$examples/reference/lambda_virus.fa.gz" > "$target/lambda_virus.fa"
cp "$examples/reads/reads_1.fq.gz" "$examples/reads/reads_2.fq.gz" "$target"
