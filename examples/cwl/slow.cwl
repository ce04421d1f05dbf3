cwlVersion: v1.2
class: Workflow
label: A long task that does not want to end
doc: |
  To try cancel on: the task prints a line each second, ignores the signal that asks it to end, and has
  a child and a grandchild that ignore it as well. When it is CANCELED, nothing of it is left.

inputs:
  seconds: { type: int, default: 300 }

steps:
  stubborn:
    in: { seconds: seconds }
    out: [lines]
    run:
      class: CommandLineTool
      inputs:
        seconds: { type: int, inputBinding: { position: 1 } }
      baseCommand:
        - sh
        - -c
        - |
          trap "" TERM
          sh -c 'trap "" TERM; (while :; do sleep 1; done) & while :; do sleep 1; done' &
          second=0
          while [ "$second" -lt "$0" ]; do
            second=`expr "$second" + 1`
            echo "second $second of $0"
            sleep 1
          done
          kill -KILL $!
      stdout: lines.txt
      outputs: { lines: stdout }

outputs:
  lines: { type: File, outputSource: stubborn/lines }
