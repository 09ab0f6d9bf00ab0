#!/usr/bin/env bash
# Packs a built program for a release: pack.sh TAG TARGET FOLDER-OF-THE-PROGRAM OUTPUT-FOLDER. The archive's name is what
# the action looks for.
set -euo pipefail

tag="$1" target="$2" built="$3" output="$4"
program=iam-preflight
case "$target" in
  *windows*) program=iam-preflight.exe ;;
esac
mkdir -p "$output"
tar -czf "$output/iam-preflight-$tag-$target.tar.gz" -C "$built" "$program"
