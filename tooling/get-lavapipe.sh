#!/bin/sh
# Puts a recent software Vulkan driver (Mesa's lavapipe, from Debian's backports) into a folder, so that
# WebGPU has an adapter without a graphics card. The system's own Mesa stays as it is, and may be too
# old to be one.
#
#   eval "$(sh tooling/get-lavapipe.sh [folder, ~/.cache/lavapipe by default])"
#
# Prints the variables to export. Debian 12 on x86-64, with libvulkan1 and libllvm15.
set -eu
folder=${1:-$HOME/.cache/lavapipe}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
icd="$folder/lvp_icd.json"
if [ ! -e "$icd" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | sort -u | head -n 1)
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm-backports main" >"$work/sources.list"
  set -- -q -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root
  apt-get "$@" update >/dev/null
  (cd "$work" && apt-get "$@" download mesa-vulkan-drivers/bookworm-backports >/dev/null 2>&1)
  dpkg-deb -x "$work"/mesa-vulkan-drivers_*.deb "$work/mesa"
  cp "$work/mesa"/usr/lib/*/libvulkan_lvp.so "$folder/"
  sed "s#\"library_path\": *\"[^\"]*\"#\"library_path\": \"$folder/libvulkan_lvp.so\"#" \
    "$work/mesa"/usr/share/vulkan/icd.d/lvp_icd*.json >"$icd"
fi
echo "export VK_DRIVER_FILES=$icd VK_ICD_FILENAMES=$icd"
