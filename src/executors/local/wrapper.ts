/**
 * The small program around every command, for any POSIX shell. It claims the job directory, runs the
 * command, and leaves the exit code. The daemon may die at any moment of this; the wrapper does not
 * need it.
 *
 * Arguments: job directory, search path for ln and mv, host identity, then the command.
 */
export const WRAPPER = `
# Signals to the group must end the command, not the wrapper, which still has to write the exit code.
# A caught signal (unlike an ignored one) has its default meaning again in the command.
trap : TERM INT HUP QUIT USR1 USR2
_wes_directory=$1 _wes_tools=$2 _wes_host=$3
shift 3
read -r _wes_stat < "/proc/$$/stat"
_wes_fields=\${_wes_stat##*) }
_wes_start=$(set -f; set -- $_wes_fields; shift 19; echo "$1")
# A hard link is made by one process only, and the file is whole at once: of two wrappers that were
# started for one job, the later one ends here.
_wes_claim="$_wes_directory/pid.$$"
echo "$$ $_wes_start $_wes_host" > "$_wes_claim" || exit 125
if ! PATH=$_wes_tools ln "$_wes_claim" "$_wes_directory/pid" 2>/dev/null; then
  PATH=$_wes_tools rm -f "$_wes_claim"
  exit 125
fi
PATH=$_wes_tools rm -f "$_wes_claim"
exec 3>&-
# exec, so that a shell builtin is never taken for a program of its name.
(exec "$@")
_wes_code=$?
trap '' TERM INT HUP QUIT USR1 USR2
echo "$_wes_code" > "$_wes_directory/exit_code.new" && PATH=$_wes_tools mv "$_wes_directory/exit_code.new" "$_wes_directory/exit_code"
exit "$_wes_code"
`;

export const CLAIM_FILE = 'pid';
export const EXIT_CODE_FILE = 'exit_code';
