cwlVersion: v1.2
class: Workflow
label: A workflow whose third step fails
doc: To see how a failure is told. The run becomes EXECUTOR_ERROR; its third task has exit code 3.

inputs:
  pace: { type: int, default: 1 }

steps:
  prepare:
    in: { pace: pace }
    out: [made]
    run:
      class: CommandLineTool
      inputs:
        pace: { type: int, inputBinding: { position: 1 } }
      baseCommand: [sh, -c, 'echo "prepared"; sleep "$0"']
      stdout: prepared.txt
      outputs: { made: stdout }
  align:
    in: { pace: pace, before: prepare/made }
    out: [made]
    run:
      class: CommandLineTool
      inputs:
        pace: { type: int, inputBinding: { position: 1 } }
        before: { type: File, inputBinding: { position: 2 } }
      baseCommand: [sh, -c, 'cat "$1"; echo "aligned"; sleep "$0"']
      stdout: aligned.txt
      outputs: { made: stdout }
  call_variants:
    in: { pace: pace, before: align/made }
    out: [made]
    run:
      class: CommandLineTool
      inputs:
        pace: { type: int, inputBinding: { position: 1 } }
        before: { type: File, inputBinding: { position: 2 } }
      baseCommand:
        - sh
        - -c
        - 'echo "reading $1"; sleep "$0"; echo "call_variants: the reference has no chromosome chr23" >&2; exit 3'
      stdout: variants.txt
      outputs: { made: stdout }
  publish:
    in: { before: call_variants/made }
    out: [made]
    run:
      class: CommandLineTool
      inputs:
        before: { type: File, inputBinding: { position: 1 } }
      baseCommand: cat
      stdout: published.txt
      outputs: { made: stdout }

outputs:
  variants: { type: File, outputSource: publish/made }
