#!/usr/bin/env bash
# Runs iam-preflight for the action. Inputs come from the environment (INPUT_…) and become arguments one by one, never
# part of a command line that a shell reads again.
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/inputs.sh"

# Appends the option $1 if its value $2 is not empty.
option() {
  if [[ -n ${2:-} ]]; then
    arguments+=("$1=$2")
  fi
}

# Appends the option $1 once for each line of $2.
options() {
  lines_of "${2:-}"
  local value
  for value in ${lines[@]+"${lines[@]}"}; do
    arguments+=("$1=$value")
  done
}

# Appends the flag $1 if the input of that name, $2, is true.
flag() {
  if is_true "${1#--}" "${2:-}"; then
    arguments+=("$1")
  fi
}

# A number of the report's summary, or all of them in the object $1.
counts() {
  awk -v key="\"$1\":" '
    /^  "summary": \{/ { inside = 1 }
    inside && $1 == key { if ($2 == "{") { sum = 1; next } gsub(/,/, "", $2); print $2; exit }
    sum && /\}/ { print total + 0; exit }
    sum { gsub(/,/, "", $2); total += $2 }
  ' "$folder/report.json"
}

cd "${INPUT_WORKING_DIRECTORY:-.}" || fail "no such working-directory: ${INPUT_WORKING_DIRECTORY:-}"
binary="${BINARY:-}"
[[ -n $binary ]] || fail "the program was not installed"

command="${INPUT_COMMAND:-}"
case "${INPUT_POLICY_CHECK_TYPE:-}" in
  '') ;;
  VALIDATE_POLICY) checked=validate ;;
  CHECK_NO_NEW_ACCESS) checked=check-no-new-access ;;
  CHECK_ACCESS_NOT_GRANTED) checked=check-access-not-granted ;;
  CHECK_NO_PUBLIC_ACCESS) checked=check-no-public-access ;;
  *) fail "policy-check-type is one of VALIDATE_POLICY, CHECK_NO_NEW_ACCESS, CHECK_ACCESS_NOT_GRANTED and CHECK_NO_PUBLIC_ACCESS, not: ${INPUT_POLICY_CHECK_TYPE}" ;;
esac
if [[ -n ${checked:-} ]]; then
  [[ -z $command || $command == "$checked" ]] || fail "command and policy-check-type say different things"
  command="$checked"
fi
command="${command:-validate}"
[[ $command =~ ^[a-z][a-z-]*$ ]] || fail "the input command is no command: $command"

lines_of "${INPUT_TEMPLATE_PATH:-}"
templates=(${lines[@]+"${lines[@]}"})
lines_of "${INPUT_ARGUMENTS:-}"
further=(${lines[@]+"${lines[@]}"})

temporary="${RUNNER_TEMP:-/tmp}"
if command -v cygpath >/dev/null; then temporary="$(cygpath -m "$temporary")"; fi
folder="$(mktemp -d "$temporary/iam-preflight.XXXXXX")"
arguments=()
case "$command" in
  validate | check-no-new-access | check-access-not-granted | check-no-public-access | external-access)
    [[ ${#templates[@]} -gt 0 ]] || fail "template-path is empty"
    reports=true
    # The form for GitHub is also that of the step's summary.
    arguments+=(--format=github "--output=json=$folder/report.json" "--output=aws=$folder/result.json"
      "--output=sarif=$folder/results.sarif")
    options --output "${INPUT_OUTPUT:-}"
    option --policy-type "${INPUT_POLICY_TYPE:-}"
    option --resource-type "${INPUT_RESOURCE_TYPE:-}"
    option --region "${INPUT_REGION:-}"
    option --account-id "${INPUT_ACCOUNT_ID:-}"
    option --organization-id "${INPUT_ORGANIZATION_ID:-}"
    option --template-configuration-file "${INPUT_TEMPLATE_CONFIGURATION_FILE:-}"
    option --source-dir "${INPUT_SOURCE_DIR:-}"
    option --ignore-finding "${INPUT_IGNORE_FINDING:-}"
    option --exclude-resource-types "${INPUT_EXCLUDE_RESOURCE_TYPES:-}"
    option --baseline "${INPUT_BASELINE:-}"
    option --config "${INPUT_CONFIG:-}"
    option --base "${INPUT_BASE:-}"
    option --reference-policy "${INPUT_REFERENCE_POLICY:-}"
    option --reference-policy-type "$(printf '%s' "${INPUT_REFERENCE_POLICY_TYPE:-}" | tr '[:upper:]' '[:lower:]')"
    option --actions "${INPUT_ACTIONS:-}"
    option --resources "${INPUT_RESOURCES:-}"
    options --access "${INPUT_ACCESS:-}"
    options --rules "${INPUT_RULES:-}"
    option --trusted-accounts "${INPUT_TRUSTED_ACCOUNTS:-}"
    option --allow-external-principals "${INPUT_ALLOW_EXTERNAL_PRINCIPALS:-}"
    if is_true treat-findings-as-non-blocking "${INPUT_TREAT_FINDINGS_AS_NON_BLOCKING:-}"; then
      arguments+=(--treat-finding-type-as-blocking=NONE)
    else
      option --treat-finding-type-as-blocking "${INPUT_TREAT_FINDING_TYPE_AS_BLOCKING:-}"
    fi
    flag --require-policies "${INPUT_REQUIRE_POLICIES:-}"
    flag --fail-on-unknown "${INPUT_FAIL_ON_UNKNOWN:-}"
    flag --strict "${INPUT_STRICT:-}"
    if is_true comment "${INPUT_COMMENT:-}"; then
      arguments+=(--comment)
      option --comment-key "${INPUT_COMMENT_KEY:-}"
    fi
    flag --check-run "${INPUT_CHECK_RUN:-}"
    flag --review-comments "${INPUT_REVIEW_COMMENTS:-}"
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
    ;;
  *) reports=false ;;
esac
arguments+=(${further[@]+"${further[@]}"})
if [[ $command == diff && -n ${INPUT_BASE:-} ]]; then
  templates=("$INPUT_BASE" ${templates[@]+"${templates[@]}"})
fi
if [[ ${#templates[@]} -gt 0 ]]; then
  arguments+=(-- "${templates[@]}")
fi

# Git's shell on Windows takes what looks like a path, such as a part of an ARN, for one of its own and rewrites it.
export MSYS_NO_PATHCONV=1 MSYS2_ARG_CONV_EXCL='*'

code=0
if $reports; then
  "$binary" "$command" "${arguments[@]}" || code=$?
else
  # What other commands print may hold text of templates, which the runner is not to obey.
  token="iam-preflight-$(random)"
  echo "::stop-commands::$token"
  "$binary" "$command" ${arguments[@]+"${arguments[@]}"} | tee "$folder/output.txt" || code="${PIPESTATUS[0]}"
  printf '\n::%s::\n' "$token"
  output report "$folder/output.txt"
fi

output exit-code "$code"
if [[ -f $folder/report.json ]]; then
  output report "$folder/report.json"
  output findings "$(counts findings)"
  output blocking "$(counts blocking)"
fi
if [[ -f $folder/results.sarif ]]; then
  output sarif "$folder/results.sarif"
fi
# The outputs of a job are limited to 1 MB: what is longer is in the files.
if [[ -f $folder/result.json && $(wc -c <"$folder/result.json") -lt 900000 ]]; then
  output result "$(cat "$folder/result.json")"
fi
exit "$code"
