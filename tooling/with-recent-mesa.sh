#!/bin/sh
# Runs a command with the software Vulkan driver of a recent Mesa, from Debian unstable, which has cooperative
# matrices and so the matrix units that WebGPU's kernels can use. It wants a newer C library than Debian 12 has:
# for this command alone the driver and all that it needs lie over /usr, and the system stays as it is.
#
#   sh tooling/with-recent-mesa.sh npx vitest run packages/backend-webgpu/src/kernels/linear-matrices.test.ts
#
# Debian 12 on x86-64, as root. About 70 MB are fetched once, into ~/.cache/recent-mesa or $RECENT_MESA.
set -eu
folder=${RECENT_MESA:-$HOME/.cache/recent-mesa}
if [ ! -d "$folder/usr" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/root"
  : >"$work/status" # as if nothing were installed
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | sort -u | head -n 1)
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$work/sources.list"
  cat >"$work/apt.conf" <<END
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::Lists "$work/lists";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
APT::Sandbox::User "root";
END
  export APT_CONFIG="$work/apt.conf"
  apt-get -q update >/dev/null
  apt-get -q install --download-only --yes --no-install-recommends mesa-vulkan-drivers libvulkan1 libstdc++6 >/dev/null
  unset APT_CONFIG
  for package in "$work"/cache/archives/*.deb; do dpkg-deb -x "$package" "$work/root"; done
  mkdir -p "$folder"
  mv "$work/root/usr" "$folder/usr"
fi
driver=/usr/share/vulkan/icd.d/lvp_icd.json
export VK_DRIVER_FILES="$driver" VK_ICD_FILENAMES="$driver"
exec unshare --mount sh -c 'mount -t overlay overlay -o "lowerdir=$0/usr:/usr" /usr && exec "$@"' "$folder" "$@"
