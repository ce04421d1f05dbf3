#!/bin/sh
# Writes the reads of this example anew: the same ones each time, from a small random generator.
# Usage: sh examples/cwl/make-reads.sh
set -eu
cd "$(dirname "$0")"
for sample in 1 2 3; do
  awk -v sample="$sample" -v reads=240 -v length_of_read=75 '
    function random() { state = (state * 16807) % 2147483647; return state / 2147483647 }
    BEGIN {
      state = 7919 * sample
      gc = 0.35 + 0.07 * sample
      for (r = 1; r <= reads; r++) {
        bases = ""; qualities = ""
        # Like a real machine: good at first, worse towards the end, and a few reads bad all through.
        start = random() < 0.08 ? 14 : 38
        decay = 6 + int(random() * 30)
        for (i = 1; i <= length_of_read; i++) {
          bases = bases (random() < gc ? (random() < 0.5 ? "G" : "C") : (random() < 0.5 ? "A" : "T"))
          quality = int(start - decay * (i / length_of_read) ^ 3 + random() * 4 - 2)
          if (quality < 2) quality = 2
          if (quality > 40) quality = 40
          qualities = qualities sprintf("%c", quality + 33)
        }
        printf "@sample-%d:read-%03d\n%s\n+\n%s\n", sample, r, bases, qualities
      }
    }' > "reads/sample-$sample.fastq"
done
