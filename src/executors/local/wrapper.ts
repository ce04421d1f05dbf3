/**
 * The small program around every command, for any POSIX shell. It claims the job directory, runs the
 * command, and leaves the exit code. The daemon may die at any moment of this; the wrapper does not
 * need it.
 *
 * Arguments: job directory, search path for tools, host identity, the job's cgroups (lines of the form
 * `version:controllers:path`), whether the job has limits and must not run outside of them, then the
 * command.
 */
export const WRAPPER = `
# Signals to the group must end the command, not the wrapper, which still has to write the exit code.
# A caught signal (unlike an ignored one) has its default meaning again in the command.
trap : TERM INT HUP QUIT USR1 USR2
_wes_directory=$1 _wes_tools=$2 _wes_host=$3 _wes_groups=$4 _wes_limited=$5
shift 5
# The shell enters the job's groups before there is anything else, so nothing of the job is ever outside.
_wes_each_group() {
  _wes_ifs=$IFS
  IFS='
'
  set -f
  _wes_failed=0
  for _wes_group in $_wes_groups; do "$1" "$_wes_group" || _wes_failed=1; done
  set +f
  IFS=$_wes_ifs
  return "$_wes_failed"
}
_wes_enter() {
  echo "$$" > "\${1#*:*:}/cgroup.procs"
}
if ! _wes_each_group _wes_enter; then
  if [ -n "$_wes_limited" ]; then exit 125; fi
  _wes_groups=
fi
read -r _wes_stat < "/proc/$$/stat"
_wes_fields=\${_wes_stat##*) }
_wes_start=$(set -f; set -- $_wes_fields; shift 19; echo "$1")
# A hard link is made by one process only, and the file is whole at once: of two wrappers that were
# started for one job, the later one ends here.
_wes_claim="$_wes_directory/pid.$$"
{
  echo "$$ $_wes_start $_wes_host"
  if [ -n "$_wes_groups" ]; then PATH=$_wes_tools printf '%s\\n' "$_wes_groups"; fi
} > "$_wes_claim" || exit 125
if ! PATH=$_wes_tools ln "$_wes_claim" "$_wes_directory/pid" 2>/dev/null; then
  PATH=$_wes_tools rm -f "$_wes_claim"
  exit 125
fi
PATH=$_wes_tools rm -f "$_wes_claim"
exec 3>&-
# A stop signal that came before this was caught above and is forgotten; the file was there before it.
# exec, so that a shell builtin is never taken for a program of its name.
(
  if [ -e "$_wes_directory/stop" ]; then exit 143; fi
  exec "$@"
)
_wes_code=$?
trap '' TERM INT HUP QUIT USR1 USR2
# The groups may be gone before somebody asks.
_wes_look_for_oom() {
  case $1 in
    2:*memory*:*) _wes_counts="\${1#*:*:}/memory.events" ;;
    1:*memory*:*) _wes_counts="\${1#*:*:}/memory.oom_control" ;;
    *) return 0 ;;
  esac
  while IFS=' ' read -r _wes_name _wes_count; do
    if [ "$_wes_name" = oom_kill ] && [ "$_wes_count" != 0 ]; then
      echo oom_kill > "$_wes_directory/out_of_memory"
    fi
  done < "$_wes_counts"
}
_wes_each_group _wes_look_for_oom
echo "$_wes_code" > "$_wes_directory/exit_code.new" && PATH=$_wes_tools mv "$_wes_directory/exit_code.new" "$_wes_directory/exit_code"
exit "$_wes_code"
`;

export const CLAIM_FILE = 'pid';
export const EXIT_CODE_FILE = 'exit_code';
export const OUT_OF_MEMORY_FILE = 'out_of_memory';
/** Written before the stop signal is sent. */
export const STOP_FILE = 'stop';
