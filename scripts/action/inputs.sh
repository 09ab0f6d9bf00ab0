# What the action's scripts share: reading inputs, which come from the environment alone (INPUT_…), and writing outputs.
# shellcheck shell=bash

fail() {
  # What a value holds is printed as one line, so that the runner can't take it for a command.
  printf '::error title=iam-preflight::%s\n' "$(printf '%s' "$1" | tr -d '\r' | tr '\n' ' ' | sed 's/%/%25/g')"
  exit 2
}

# True or false, in any case; anything else is an error.
is_true() {
  case "$(printf '%s' "${2:-false}" | tr '[:upper:]' '[:lower:]')" in
    true) return 0 ;;
    false | '') return 1 ;;
    *) fail "the input $1 is true or false, not: $2" ;;
  esac
}

# The lines of $1 without surrounding space and without empty ones, in the array `lines`.
lines_of() {
  lines=()
  local line
  while IFS= read -r line || [[ -n $line ]]; do
    line="${line%$'\r'}"
    line="${line#"${line%%[![:space:]]*}"}"
    line="${line%"${line##*[![:space:]]}"}"
    if [[ -n $line ]]; then
      lines+=("$line")
    fi
  done <<<"$1"
}

# Something that no text of a template can contain.
random() {
  od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
}

# Sets the output $1 of the step to $2.
output() {
  if [[ -n ${GITHUB_OUTPUT:-} ]]; then
    local delimiter
    delimiter="iam_preflight_$(random)"
    printf '%s<<%s\n%s\n%s\n' "$1" "$delimiter" "$2" "$delimiter" >>"$GITHUB_OUTPUT"
  fi
}
