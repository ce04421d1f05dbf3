// Fails in its third task, to see what a failure looks like.
process reference {
  output:
  path 'reference.txt'

  script:
  """
  printf 'chr1\\nchr2\\n' > reference.txt
  """
}

process reads {
  input:
  path reference

  output:
  path 'reads.txt'

  script:
  """
  printf 'read1 chr1\\nread2 chr23\\n' > reads.txt
  """
}

process align {
  input:
  path reference
  path reads

  output:
  path 'aligned.txt'

  script:
  """
  while read -r name chromosome; do
    if ! grep -qx "\$chromosome" ${reference}; then
      echo "\$name: the reference has no chromosome \$chromosome" >&2
      exit 3
    fi
    echo "\$name \$chromosome"
  done < ${reads} > aligned.txt
  """
}

workflow {
  reference()
  reads(reference.out)
  align(reference.out, reads.out)
}
