#!/usr/bin/env bash
# Installs what the tests use from Debian, where this machine lets us: the tests that need what is missing are skipped and counted.
set -u
packages=(chromium espeak-ng flite libasound2-plugins libportaudio2 pulseaudio pulseaudio-utils sox)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if ! command -v apt-get >/dev/null; then
  echo "no apt-get here: tests that need ${missing[*]} will be skipped"
  exit 0
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! sudo -n true 2>/dev/null; then
    echo "not root: tests that need ${missing[*]} will be skipped; to run them: sudo apt-get install ${missing[*]}"
    exit 0
  fi
  as_root=(sudo -n)
fi
echo "installing from Debian: ${missing[*]}"
"${as_root[@]}" apt-get update -q &&
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" ||
  echo "Debian packages could not be installed: tests that need ${missing[*]} will be skipped"
