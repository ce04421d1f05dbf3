cwlVersion: v1.2
class: CommandLineTool
label: The smallest workflow

inputs:
  name: { type: string, default: world, inputBinding: { position: 1 } }

baseCommand: [echo, "Hello,"]
stdout: hello.txt
outputs:
  greeting: stdout
