version 1.0

# Fails in its third task, to see what a failure looks like.
workflow failing {
  call reference

  call reads

  call align {
    input:
      reference = reference.names,
      reads = reads.names
  }

  output {
    File aligned = align.aligned
  }
}

task reference {
  command <<<
    printf 'chr1\nchr2\n' > reference.txt
  >>>
  output {
    File names = "reference.txt"
  }
}

task reads {
  command <<<
    printf 'read1 chr1\nread2 chr23\n' > reads.txt
  >>>
  output {
    File names = "reads.txt"
  }
}

task align {
  input {
    File reference
    File reads
  }
  command <<<
    while read -r name chromosome; do
      if ! grep -qx "$chromosome" "~{reference}"; then
        echo "$name: the reference has no chromosome $chromosome" >&2
        exit 3
      fi
      echo "$name $chromosome"
    done < "~{reads}" > aligned.txt
  >>>
  output {
    File aligned = "aligned.txt"
  }
}
