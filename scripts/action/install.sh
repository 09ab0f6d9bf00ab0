#!/usr/bin/env bash
# Finds iam-preflight for the action, or gets it: from the runner's tool cache, from a release (by version, with checksum
# and attestation), or built from the action's own source. Prints the program's path as the step's output `binary`.
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/inputs.sh"

source_folder="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

# The version of the action's own source.
source_version() {
  sed -n 's/^version = "\(.*\)"$/\1/p' "$source_folder/Cargo.toml" | head -n 1
}

# A path as this shell writes it.
posix() {
  if command -v cygpath >/dev/null; then cygpath -u "$1"; else printf '%s' "$1"; fi
}

# A path as the programs of the system read it, in other shells, too.
native() {
  if command -v cygpath >/dev/null; then cygpath -m "$1"; else printf '%s' "$1"; fi
}

# Sets `target` and `suffix`.
find_target() {
  local os="${RUNNER_OS:-$(uname -s)}" arch="${RUNNER_ARCH:-$(uname -m)}"
  suffix=""
  case "$arch" in
    X64 | x86_64) arch=x86_64 ;;
    ARM64 | aarch64 | arm64) arch=aarch64 ;;
    *) arch="" ;;
  esac
  case "$os" in
    Linux) target="$arch-unknown-linux-musl" ;;
    macOS | Darwin) target="$arch-apple-darwin" ;;
    # Windows on ARM runs programs for x86-64.
    Windows*) target="x86_64-pc-windows-msvc" suffix=".exe" ;;
    *) target="" ;;
  esac
  [[ -n $arch ]] || target=""
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# Gets $1 of the release into the folder $2. Ends with 1 if there is none.
fetch() {
  if [[ -d $releases ]]; then
    [[ -f $releases/v$version/$1 ]] && cp "$releases/v$version/$1" "$2/$1"
  else
    curl --fail --silent --show-error --location --proto '=https' --retry 3 --max-time 300 \
      --output "$2/$1" "$releases/v$version/$1"
  fi
}

# Checks the origin of $1: by GitHub's attestation, where the tool for it is there.
attest() {
  local wanted="${INPUT_VERIFY_ATTESTATION:-auto}"
  case "$wanted" in
    false) return ;;
    true) command -v gh >/dev/null || fail "verify-attestation is true, and gh is not installed" ;;
    auto)
      if ! command -v gh >/dev/null || [[ -z ${GH_TOKEN:-} || -z ${ACTION_REPOSITORY:-} ]]; then
        echo "not verified: the attestation, which needs gh and a token"
        return
      fi
      ;;
    *) fail "the input verify-attestation is auto, true or false, not: $wanted" ;;
  esac
  gh attestation verify "$1" --repo "${ACTION_REPOSITORY:-}" >/dev/null ||
    fail "the attestation of the release $version could not be verified"
}

# Installs from the release into $1. Ends with 1 if the release has nothing for this runner; anything else that is wrong
# ends the run.
from_release() {
  [[ -n $target && -n $releases ]] || return 1
  local name="iam-preflight-v$version-$target.tar.gz" folder wanted found
  folder="$(mktemp -d "$(posix "${RUNNER_TEMP:-/tmp}")/iam-preflight.XXXXXX")"
  fetch SHA256SUMS "$folder" || return 1
  wanted="$(awk -v name="$name" '$2 == name || $2 == "*" name { print $1 }' "$folder/SHA256SUMS")"
  [[ -n $wanted ]] || return 1
  fetch "$name" "$folder" || fail "the release $version lists $name and does not have it"
  found="$(sha256 "$folder/$name")"
  [[ $found == "$wanted" ]] || fail "the checksum of $name is $found, and the release says $wanted"
  attest "$folder/$name"
  tar -xzf "$folder/$name" -C "$folder" "iam-preflight$suffix"
  mkdir -p "$1"
  # In one step, so that nobody runs half of it.
  mv "$folder/iam-preflight$suffix" "$1/iam-preflight$suffix.new"
  chmod +x "$1/iam-preflight$suffix.new"
  mv "$1/iam-preflight$suffix.new" "$1/iam-preflight$suffix"
}

from_source() {
  [[ $version == "$(source_version)" ]] ||
    fail "the release $version has nothing for ${target:-this runner}, and the action's source is $(source_version)"
  command -v cargo >/dev/null ||
    fail "there is no release $version for ${target:-this runner}, and cargo is not installed; give the input binary, or install Rust before this step"
  echo "::group::cargo install iam-preflight"
  cargo install --locked --path "$source_folder" --root "$1/.." --no-track --force
  echo "::endgroup::"
}

if [[ -n ${INPUT_BINARY:-} ]]; then
  binary="$INPUT_BINARY"
  [[ -x $binary && ! -d $binary ]] || fail "the input binary is not an executable file: $binary"
  case "$binary" in
    # Later steps may run in another folder.
    /* | ?:*) ;;
    *) binary="$PWD/$binary" ;;
  esac
else
  version="${INPUT_VERSION:-}"
  version="${version#v}"
  version="${version:-$(source_version)}"
  [[ $version =~ ^[0-9]+(\.[0-9]+)*([-+][0-9A-Za-z.+-]+)?$ ]] || fail "the input version is no version: $version"
  find_target
  releases="${INPUT_RELEASES:-}"
  if [[ -z $releases && -n ${ACTION_REPOSITORY:-} ]]; then
    releases="${GITHUB_SERVER_URL:-}/$ACTION_REPOSITORY/releases/download"
  fi
  cache="$(posix "${RUNNER_TOOL_CACHE:-${RUNNER_TEMP:-/tmp}}")/iam-preflight/$version/${target:-source}/bin"
  binary="$cache/iam-preflight$suffix"
  if [[ -x $binary ]]; then
    echo "iam-preflight $version is in the tool cache"
  else
    from_release "$cache" || from_source "$cache"
  fi
fi

output binary "$(native "$binary")"
