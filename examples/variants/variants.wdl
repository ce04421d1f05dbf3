version 1.0

# Variants of a sample against a genome: aligns paired reads with bwa, sorts and indexes the alignments with
# samtools, calls variants with bcftools and writes them as VCF and as a table.
workflow variant_calling {
  input {
    # FASTA, not compressed.
    File genome
    # First reads of the pairs, FASTQ, may be compressed with gzip; the second ones in the same order.
    File reads_1
    File reads_2
    # Name of the sample, for the header of alignments and variants.
    String sample
  }

  call index_genome {
    input:
      genome = genome
  }
  call index_bases {
    input:
      genome = genome
  }
  call align {
    input:
      index = index_genome.index,
      reads_1 = reads_1,
      reads_2 = reads_2,
      sample = sample
  }
  call sort {
    input:
      alignments = align.alignments
  }
  call index_alignments {
    input:
      alignments = sort.sorted
  }
  call pileup {
    input:
      genome = genome,
      genome_index = index_bases.index,
      alignments = sort.sorted,
      alignments_index = index_alignments.index
  }
  call call_variants {
    input:
      counts = pileup.counts
  }
  call tabulate {
    input:
      variants = call_variants.variants
  }

  output {
    File alignments = sort.sorted
    File alignments_index = index_alignments.index
    File variants = call_variants.variants
    File table = tabulate.table
  }
}

# What bwa needs of a genome.
struct BwaIndex {
  File amb
  File ann
  File bwt
  File pac
  File sa
}

# Makes the index that bwa needs of a genome.
task index_genome {
  input {
    File genome
  }

  command <<<
    bwa index -p genome "~{genome}"
  >>>

  output {
    BwaIndex index = object {
      amb: "genome.amb",
      ann: "genome.ann",
      bwt: "genome.bwt",
      pac: "genome.pac",
      sa: "genome.sa"
    }
  }

  runtime {
    docker: "quay.io/biocontainers/bwa:0.7.17--hed695b0_7"
    cpu: 1
    memory: "256 MB"
  }
}

# Makes the index by which single bases of a genome are found.
task index_bases {
  input {
    File genome
  }

  command <<<
    samtools faidx "~{genome}" --fai-idx genome.fai
  >>>

  output {
    File index = "genome.fai"
  }

  runtime {
    docker: "quay.io/biocontainers/samtools:1.16.1--h6899075_1"
    cpu: 1
    memory: "128 MB"
  }
}

# Aligns paired reads to an indexed genome.
task align {
  input {
    BwaIndex index
    File reads_1
    File reads_2
    String sample
    Int threads = 1
  }

  # bwa takes the five files by their common name; with -K it gives the same alignments whatever the number of threads.
  command <<<
    set -euo pipefail
    ln -s "~{index.amb}" "~{index.ann}" "~{index.bwt}" "~{index.pac}" "~{index.sa}" .
    bwa mem -t ~{threads} -K 10000000 -R '@RG\tID:~{sample}\tSM:~{sample}' \
      genome "~{reads_1}" "~{reads_2}" > aligned.sam
  >>>

  output {
    File alignments = "aligned.sam"
  }

  runtime {
    docker: "quay.io/biocontainers/bwa:0.7.17--hed695b0_7"
    cpu: threads
    memory: "512 MB"
  }
}

# Sorts alignments by their place in the genome.
task sort {
  input {
    File alignments
  }

  command <<<
    samtools sort --no-PG -o alignments.bam "~{alignments}"
  >>>

  output {
    File sorted = "alignments.bam"
  }

  runtime {
    docker: "quay.io/biocontainers/samtools:1.16.1--h6899075_1"
    cpu: 1
    memory: "1 GB"
  }
}

# Makes the index of sorted alignments.
task index_alignments {
  input {
    File alignments
  }

  command <<<
    samtools index "~{alignments}" alignments.bam.bai
  >>>

  output {
    File index = "alignments.bam.bai"
  }

  runtime {
    docker: "quay.io/biocontainers/samtools:1.16.1--h6899075_1"
    cpu: 1
    memory: "128 MB"
  }
}

# Sums up what the alignments say of each place of the genome.
task pileup {
  input {
    File genome
    File genome_index
    File alignments
    File alignments_index
  }

  # The indexes are looked for beside their files. Without --no-version the file would hold the date.
  command <<<
    set -euo pipefail
    ln -s "~{genome}" genome
    ln -s "~{genome_index}" genome.fai
    ln -s "~{alignments}" alignments.bam
    ln -s "~{alignments_index}" alignments.bam.bai
    bcftools mpileup --no-version -Ob -o pileup.bcf -f genome alignments.bam
  >>>

  output {
    File counts = "pileup.bcf"
  }

  runtime {
    docker: "quay.io/biocontainers/bcftools:1.16--hfe4b78e_1"
    cpu: 1
    memory: "256 MB"
  }
}

# Calls variants where the sample differs from the genome.
task call_variants {
  input {
    File counts
  }

  command <<<
    bcftools call --no-version -mv -Ov -o variants.vcf "~{counts}"
  >>>

  output {
    File variants = "variants.vcf"
  }

  runtime {
    docker: "quay.io/biocontainers/bcftools:1.16--hfe4b78e_1"
    cpu: 1
    memory: "256 MB"
  }
}

# Writes variants as a table of chromosome, position, base of the genome and base of the sample.
task tabulate {
  input {
    File variants
  }

  command <<<
    bcftools query -f '%CHROM\t%POS\t%REF\t%ALT\n' "~{variants}" > variants.tsv
  >>>

  output {
    File table = "variants.tsv"
  }

  runtime {
    docker: "quay.io/biocontainers/bcftools:1.16--hfe4b78e_1"
    cpu: 1
    memory: "128 MB"
  }
}
