# Fails in its third task, to see what a failure looks like.
rule all:
    input:
        "aligned.txt",


rule reference:
    output:
        "reference.txt",
    shell:
        "printf 'chr1\\nchr2\\n' > {output}"


rule reads:
    output:
        "reads.txt",
    shell:
        "printf 'read1 chr1\\nread2 chr23\\n' > {output}"


rule align:
    input:
        reference="reference.txt",
        reads="reads.txt",
    output:
        "aligned.txt",
    shell:
        """
        while read -r name chromosome; do
          if ! grep -qx "$chromosome" {input.reference}; then
            echo "$name: the reference has no chromosome $chromosome" >&2
            exit 3
          fi
          echo "$name $chromosome"
        done < {input.reads} > {output}
        """
