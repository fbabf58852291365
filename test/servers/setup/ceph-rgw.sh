#!/usr/bin/env bash
# A real Ceph with its S3 gateway on loopback, with its data in memory. It stays in the foreground, and
# ends, with all its daemons, as soon as it is told to or one daemon but an OSD has ended.
#
#   ceph-rgw.sh DIR HOST:PORT MON_PORT ACCESS SECRET OSDS
#
# Three OSDs keep three copies, and writes go on while two are up. Each OSD's id is in DIR/osdN.pid.
# USR1 starts those again that have ended: empty, to be filled by those that have not.
set -euo pipefail
dir=$1 listen=$2 mon_port=$3 access=$4 secret=$5 osds=$6
host=${listen%:*}
copies=$((osds < 3 ? osds : 3))
least=$((copies > 1 ? copies - 1 : 1))
fsid=$(cat /proc/sys/kernel/random/uuid)
mon="[v2:$host:$mon_port]"

# Whoever ends this ends the whole process group; what has not gone by itself is not waited for.
end() {
  local daemons
  daemons=$(jobs -pr)
  # shellcheck disable=SC2086
  [ -z "$daemons" ] || kill -KILL $daemons 2>/dev/null || true
  wait
}
trap end EXIT
trap 'exit 0' TERM

start_osd() {
  ceph-osd -f -i "$1" &
  echo $! >"$dir/osd$1.pid"
}

start_ended_osds() {
  local i
  for ((i = 0; i < osds; i++)); do
    kill -0 "$(<"$dir/osd$i.pid")" 2>/dev/null || start_osd "$i"
  done
}
trap start_ended_osds USR1

mkdir -p "$dir/mon"
export CEPH_CONF=$dir/ceph.conf
cat >"$CEPH_CONF" <<CONF
[global]
fsid = $fsid
mon initial members = a
mon host = $mon
public addr = $host
cluster addr = $host
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
osd pool default size = $copies
osd pool default min size = $least
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd heartbeat grace = 6
osd heartbeat interval = 1
mon osd min down reporters = 1
mon osd down out interval = 600
mon max pg per osd = 2000
mon data avail warn = 1
mon data avail crit = 0
osd objectstore = memstore
memstore device bytes = 3221225472
run dir = $dir
admin socket = $dir/\$name.asok
log file =
err to stderr = true
mon data = $dir/mon
osd data = $dir/osd\$id
rgw crypt require ssl = false
CONF

monmaptool --create --clobber --fsid "$fsid" --addv a "$mon" "$dir/monmap"
ceph-mon --mkfs -i a --monmap "$dir/monmap"
ceph-mon -f -i a &
mon_pid=$!
for ((i = 0; i < osds; i++)); do
  uuid=$(cat /proc/sys/kernel/random/uuid)
  mkdir "$dir/osd$i"
  ceph --connect-timeout 30 osd new "$uuid" "$i"
  ceph-osd -i "$i" --mkfs --osd-uuid "$uuid"
  start_osd "$i"
done
radosgw-admin user create --uid=test --display-name=test --access-key="$access" --secret="$secret"
# The gateway turns on a secure mode by itself, which a cluster without keys does not speak.
radosgw -f -n client.admin --auth-client-required=none --ms-mon-client-mode=crc \
  --rgw-frontends="beast endpoint=$listen tcp_nodelay=1" &
gateway=$!
while kill -0 "$mon_pid" 2>/dev/null && kill -0 "$gateway" 2>/dev/null; do
  # A signal ends the wait too.
  wait -n "$mon_pid" "$gateway" || true
done
