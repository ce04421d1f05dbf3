#!/bin/sh
# WES with nothing but curl: submits a CWL workflow as a multipart form, polls its state, shows its tasks,
# what the engine and the first task printed, and its outputs.
#
#   sh examples/client/run-workflow.sh [WORKFLOW.cwl] [INPUTS.json]
#
# WES_SERVER is the server's address; WES_USER and WES_PASSWORD, when it asks for them.
set -eu

here=$(dirname "$0")
server=${WES_SERVER:-http://127.0.0.1:8080/ga4gh/wes/v1}
workflow=${1:-$here/../cwl/hello.cwl}
inputs=${2:-}

# curl, with the credentials given on standard input: on its command line others could read them.
wes() {
  if [ -n "${WES_USER:-}" ]; then
    printf 'user = "%s:%s"\n' "$WES_USER" "${WES_PASSWORD:-}" |
      curl --silent --show-error --fail-with-body --config - "$@"
  else
    curl --silent --show-error --fail-with-body "$@"
  fi
}

# The value of a text field in a JSON object: enough for this script; take jq for more.
field() {
  sed -n 's/.*"'"$1"'": *"\([^"]*\)".*/\1/p' | head -n 1
}

if [ -n "$inputs" ]; then
  params=$(cat "$inputs")
else
  params='{"name": "WES"}'
fi

run_id=$(wes "$server/runs" \
  --form-string workflow_type=CWL \
  --form-string workflow_type_version=v1.2 \
  --form-string "workflow_url=$(basename "$workflow")" \
  --form-string "workflow_params=$params" \
  --form-string 'tags={"client": "run-workflow.sh"}' \
  --form "workflow_attachment=@$workflow;filename=$(basename "$workflow")" | field run_id)
echo "Submitted as $run_id"

state=''
while :; do
  now=$(wes "$server/runs/$run_id/status" | field state)
  if [ "$now" != "$state" ]; then
    echo "  $now"
    state=$now
  fi
  case $state in
    COMPLETE | EXECUTOR_ERROR | SYSTEM_ERROR | CANCELED | PREEMPTED) break ;;
  esac
  sleep 1
done

echo 'Tasks:'
tasks=$(wes "$server/runs/$run_id/tasks")
echo "$tasks"

echo 'The engine, on standard error:'
wes "$server/runs/$run_id/logs/stderr"

# `stdout` of a task is an address that is read with the same credentials.
stdout=$(echo "$tasks" | field stdout)
if [ -n "$stdout" ]; then
  echo 'A task, on standard output:'
  wes "$stdout"
fi

echo 'Outputs:'
log=$(wes "$server/runs/$run_id")
echo "$log" | sed 's/.*"outputs"/"outputs"/'
location=$(echo "$log" | field location)
if [ -n "$location" ]; then
  echo "$location:"
  wes "$location"
fi
[ "$state" = COMPLETE ]
