#!/usr/bin/env bash
# freezer.sh DIR USER: as root, gives the tests a small file system that can be frozen, as a storage
# that hangs is: DIR/disk, which belongs to USER.  While DIR/freeze is there it is frozen, and
# DIR/frozen is there too, but for a minute at most.  DIR/ready says that it works; without it there
# is none.  Ends with SIGTERM, and leaves nothing mounted.
set -uo pipefail
dir=$1
user=$2
failsafe=60

thaw() {
  fsfreeze -u "$dir/disk" 2>/dev/null
  rm -f "$dir/frozen"
}
clean_up() {
  trap - EXIT TERM INT HUP
  rm -f "$dir/ready"
  thaw
  # Whoever still uses it is not waited for: it goes with its last user.
  umount "$dir/disk" 2>/dev/null || umount -l "$dir/disk" 2>/dev/null
  rm -f "$dir/image"
  exit 0
}

for program in fsfreeze mkfs.ext4 losetup; do command -v "$program" >/dev/null || exit 0; done
mkdir -p "$dir/disk"
truncate -s 512M "$dir/image"
mkfs.ext4 -q -F "$dir/image" >/dev/null 2>&1 || exit 0
# The loop device goes when it is unmounted.
mount -o loop "$dir/image" "$dir/disk" 2>/dev/null || exit 0
trap clean_up EXIT TERM INT HUP
# Some systems have loop devices, but no freezing.
fsfreeze -f "$dir/disk" 2>/dev/null || exit 0
fsfreeze -u "$dir/disk" || exit 0
chown "$user" "$dir" "$dir/disk"
touch "$dir/ready"

# Whoever started it may have been killed: then it has nobody to work for.
parent=$PPID
while kill -0 "$parent" 2>/dev/null; do
  if [ -e "$dir/freeze" ] && [ ! -e "$dir/frozen" ]; then
    fsfreeze -f "$dir/disk" && touch "$dir/frozen"
    end=$((SECONDS + failsafe))
  elif [ -e "$dir/frozen" ] && { [ ! -e "$dir/freeze" ] || [ "$SECONDS" -ge "$end" ]; }; then
    rm -f "$dir/freeze"
    thaw
  fi
  sleep 0.1
done
