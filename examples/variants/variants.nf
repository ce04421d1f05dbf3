#!/usr/bin/env nextflow

// Variants of a sample against a genome: aligns paired reads with bwa, sorts and indexes the alignments with
// samtools, calls variants with bcftools and writes them as VCF and as a table.

// FASTA, not compressed.
params.genome = null
// First reads of the pairs, FASTQ, may be compressed with gzip; the second ones in the same order.
params.reads_1 = null
params.reads_2 = null
// Name of the sample, for the header of alignments and variants.
params.sample = null
// Where the results are put.
params.outdir = 'results'

workflow {
    genome = file(params.genome, checkIfExists: true)
    reads = [params.reads_1, params.reads_2].collect { file(it, checkIfExists: true) }

    INDEX_GENOME(genome)
    INDEX_BASES(genome)
    ALIGN(genome, INDEX_GENOME.out.index, reads, params.sample)
    SORT(ALIGN.out.alignments)
    INDEX_ALIGNMENTS(SORT.out.sorted)
    PILEUP(genome, INDEX_BASES.out.index, SORT.out.sorted, INDEX_ALIGNMENTS.out.index)
    CALL_VARIANTS(PILEUP.out.counts)
    TABULATE(CALL_VARIANTS.out.variants)
}

// Makes the index that bwa needs of a genome.
process INDEX_GENOME {
    container 'quay.io/biocontainers/bwa:0.7.17--hed695b0_7'
    cpus 1
    memory 256.MB

    input:
    path genome

    output:
    path "${genome}.{amb,ann,bwt,pac,sa}", emit: index

    script:
    """
    bwa index ${genome}
    """
}

// Makes the index by which single bases of a genome are found.
process INDEX_BASES {
    container 'quay.io/biocontainers/samtools:1.16.1--h6899075_1'
    cpus 1
    memory 128.MB

    input:
    path genome

    output:
    path "${genome}.fai", emit: index

    script:
    """
    samtools faidx ${genome}
    """
}

// Aligns paired reads to an indexed genome; with -K the result is the same whatever the number of threads.
process ALIGN {
    container 'quay.io/biocontainers/bwa:0.7.17--hed695b0_7'
    cpus 1
    memory 512.MB

    input:
    path genome
    path index
    path reads
    val sample

    output:
    path 'aligned.sam', emit: alignments

    script:
    """
    bwa mem -t ${task.cpus} -K 10000000 -R '@RG\\tID:${sample}\\tSM:${sample}' \\
        ${genome} ${reads} > aligned.sam
    """
}

// Sorts alignments by their place in the genome.
process SORT {
    container 'quay.io/biocontainers/samtools:1.16.1--h6899075_1'
    cpus 1
    memory 1.GB
    publishDir params.outdir, mode: 'copy'

    input:
    path alignments

    output:
    path 'alignments.bam', emit: sorted

    script:
    """
    samtools sort --no-PG -o alignments.bam ${alignments}
    """
}

// Makes the index of sorted alignments.
process INDEX_ALIGNMENTS {
    container 'quay.io/biocontainers/samtools:1.16.1--h6899075_1'
    cpus 1
    memory 128.MB
    publishDir params.outdir, mode: 'copy'

    input:
    path alignments

    output:
    path "${alignments}.bai", emit: index

    script:
    """
    samtools index ${alignments}
    """
}

// Sums up what the alignments say of each place of the genome. Without --no-version the file would hold the date.
process PILEUP {
    container 'quay.io/biocontainers/bcftools:1.16--hfe4b78e_1'
    cpus 1
    memory 256.MB

    input:
    path genome
    path genome_index
    path alignments
    path alignments_index

    output:
    path 'pileup.bcf', emit: counts

    script:
    """
    bcftools mpileup --no-version -Ob -o pileup.bcf -f ${genome} ${alignments}
    """
}

// Calls variants where the sample differs from the genome.
process CALL_VARIANTS {
    container 'quay.io/biocontainers/bcftools:1.16--hfe4b78e_1'
    cpus 1
    memory 256.MB
    publishDir params.outdir, mode: 'copy'

    input:
    path counts

    output:
    path 'variants.vcf', emit: variants

    script:
    """
    bcftools call --no-version -mv -Ov -o variants.vcf ${counts}
    """
}

// Writes variants as a table of chromosome, position, base of the genome and base of the sample.
process TABULATE {
    container 'quay.io/biocontainers/bcftools:1.16--hfe4b78e_1'
    cpus 1
    memory 128.MB
    publishDir params.outdir, mode: 'copy'

    input:
    path variants

    output:
    path 'variants.tsv', emit: table

    script:
    """
    bcftools query -f '%CHROM\\t%POS\\t%REF\\t%ALT\\n' ${variants} > variants.tsv
    """
}
