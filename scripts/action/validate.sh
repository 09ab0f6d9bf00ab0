#!/usr/bin/env bash
# Runs iam-preflight for the action. Inputs come from the environment (INPUT_…) and become arguments one by one, never
# part of a command line that a shell reads again.
set -euo pipefail

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

# Appends the option $1 if its value $2 is not empty.
option() {
  if [[ -n ${2:-} ]]; then
    arguments+=("$1=$2")
  fi
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

# Sets `binary`.
find_binary() {
  if [[ -n ${INPUT_BINARY:-} ]]; then
    binary="$INPUT_BINARY"
    [[ -x $binary ]] || fail "the input binary is not an executable file: $binary"
    return
  fi
  local source target
  source="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
  target="${RUNNER_TOOL_CACHE:-${RUNNER_TEMP:-/tmp}}/iam-preflight"
  command -v cargo >/dev/null || fail "cargo is not installed; give the input binary, or install Rust before this step"
  echo "::group::build iam-preflight"
  cargo build --release --locked --manifest-path "$source/Cargo.toml" --target-dir "$target"
  echo "::endgroup::"
  binary="$target/release/iam-preflight"
}

cd "${INPUT_WORKING_DIRECTORY:-.}" || fail "no such working-directory: ${INPUT_WORKING_DIRECTORY:-}"

lines_of "${INPUT_POLICY_CHECK_TYPE//,/$'\n'}"
for check in ${lines[@]+"${lines[@]}"}; do
  [[ $check == VALIDATE_POLICY ]] || fail "policy-check-type $check is not in this version; it has VALIDATE_POLICY"
done
[[ ${#lines[@]} -gt 0 ]] || fail "policy-check-type is empty"

lines_of "${INPUT_TEMPLATE_PATH:-}"
[[ ${#lines[@]} -gt 0 ]] || fail "template-path is empty"
templates=("${lines[@]}")

find_binary

folder="$(mktemp -d "${RUNNER_TEMP:-/tmp}/iam-preflight.XXXXXX")"
arguments=(validate --format=github "--output=json=$folder/report.json" "--output=aws=$folder/result.json")
option --policy-type "${INPUT_POLICY_TYPE:-}"
option --resource-type "${INPUT_RESOURCE_TYPE:-}"
option --region "${INPUT_REGION:-}"
option --account-id "${INPUT_ACCOUNT_ID:-}"
option --ignore-finding "${INPUT_IGNORE_FINDING:-}"
option --exclude-resource-types "${INPUT_EXCLUDE_RESOURCE_TYPES:-}"
option --baseline "${INPUT_BASELINE:-}"
option --config "${INPUT_CONFIG:-}"
if is_true treat-findings-as-non-blocking "${INPUT_TREAT_FINDINGS_AS_NON_BLOCKING:-}"; then
  arguments+=(--treat-finding-type-as-blocking=NONE)
else
  option --treat-finding-type-as-blocking "${INPUT_TREAT_FINDING_TYPE_AS_BLOCKING:-}"
fi
if is_true require-policies "${INPUT_REQUIRE_POLICIES:-}"; then
  arguments+=(--require-policies)
fi

lines_of "${INPUT_PARAMETERS:-}"
if [[ ${#lines[@]} -eq 1 ]]; then
  read -r -a words <<<"${lines[0]}"
  split=true
  for word in "${words[@]}"; do
    [[ $word == *=* ]] || split=false
  done
  if $split; then
    lines=("${words[@]}")
  fi
fi
for parameter in ${lines[@]+"${lines[@]}"}; do
  arguments+=("--parameters=$parameter")
done

code=0
"$binary" "${arguments[@]}" -- "${templates[@]}" || code=$?

if [[ -n ${GITHUB_OUTPUT:-} ]]; then
  # The delimiter is random, so that no text of a template can end the value.
  delimiter="iam_preflight_$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
  {
    echo "exit-code=$code"
    echo "report=$folder/report.json"
    if [[ -f $folder/result.json ]]; then
      echo "result<<$delimiter"
      cat "$folder/result.json"
      echo "$delimiter"
    fi
  } >>"$GITHUB_OUTPUT"
fi
exit "$code"
