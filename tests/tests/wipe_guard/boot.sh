# What the emulated machine does: makes what only a kernel can make, then walks one run after the other.
. /etc/vetting/runs
# What the kernel says of a block that cannot be read is not to stand between what is printed here.
dmesg -n 1

# The kernel's name of the disk with a serial number.
disk() {
    for place in /sys/block/*; do
        for file in "$place/device/vpd_pg80" "$place/device/serial" "$place/serial"; do
            if [ -e "$file" ] && grep -q "$1" "$file"; then basename "$place"; return; fi
        done
    done
    echo "MISSING disk $1" >&2
}
node() { echo "/dev/$(disk "$1")"; }
made() { sync; echo "MADE $1 $(sha256sum < "$(node "$1")" | cut -d' ' -f1)"; }

pvcreate -q "$(node LVM0001)" && made LVM0001
yes | mdadm --create /dev/md0 --level=1 --raid-devices=2 --metadata=1.2 "$(node MDRAID01)" missing
mdadm --stop /dev/md0 && made MDRAID01
make-bcache -B "$(node BCACHE01)" && made BCACHE01

mkdir -p /mnt/used /mnt/root
mount -t ext4 -o ro,noload "$(node MOUNTED1)" /mnt/used
swapon "$(node SWAPPED1)"
echo "0 2048 linear $(node HELDBYDM) 0" | dmsetup create held --noudevsync --noudevrules

# A SCSI disk that keeps reservations, with a key of another host.
mount -t configfs configfs /sys/kernel/config
target=/sys/kernel/config/target
mkdir -p /var/target/pr $target/core/rd_mcp_0/r0
echo rd_pages=8192 > $target/core/rd_mcp_0/r0/control
echo 1 > $target/core/rd_mcp_0/r0/enable
echo RESERVED > $target/core/rd_mcp_0/r0/wwn/vpd_unit_serial
portal=$target/loopback/naa.60014050000000aa/tpgt_1
mkdir -p $portal/lun/lun_0
echo naa.60014050000000bb > $portal/nexus
ln -s $target/core/rd_mcp_0/r0 $portal/lun/lun_0/virtual_scsi_port
for second in 1 2 3 4 5 6 7 8 9 10; do [ -n "$(disk RESERVED 2>/dev/null)" ] && break; sleep 1; done
sg_persist --out --register --param-sark=0x1 "$(node RESERVED)"

# NVMe namespaces that have names, on a target in the kernel: one on each of two controllers' places, and
# one that two controllers lead to.
nvmet=/sys/kernel/config/nvmet
mkdir -p /mnt/images $nvmet/ports/1
echo tcp > $nvmet/ports/1/addr_trtype
echo ipv4 > $nvmet/ports/1/addr_adrfam
echo 127.0.0.1 > $nvmet/ports/1/addr_traddr
echo 4420 > $nvmet/ports/1/addr_trsvcid
subsystem() {
    mkdir $nvmet/subsystems/$1
    echo 1 > $nvmet/subsystems/$1/attr_allow_any_host
    echo "$1" > $nvmet/subsystems/$1/attr_serial
    ln -s $nvmet/subsystems/$1 $nvmet/ports/1/subsystems/$1
}
namespace() {
    truncate -s 16M /mnt/images/$3
    loop=$(losetup -f)
    losetup "$loop" /mnt/images/$3
    mkdir $nvmet/subsystems/$1/namespaces/$2
    echo -n "$loop" > $nvmet/subsystems/$1/namespaces/$2/device_path
    echo "00000000-0000-0001-0000-0000000000$3" > $nvmet/subsystems/$1/namespaces/$2/device_nguid
    echo 1 > $nvmet/subsystems/$1/namespaces/$2/enable
}
subsystem FABRICS1
namespace FABRICS1 1 11
namespace FABRICS1 2 12
subsystem TWOPATHS
namespace TWOPATHS 1 21
target="transport=tcp,traddr=127.0.0.1,trsvcid=4420,hostnqn=host"
echo "$target,nqn=FABRICS1" > /dev/nvme-fabrics
echo "$target,nqn=TWOPATHS" > /dev/nvme-fabrics
echo "$target,nqn=TWOPATHS,duplicate_connect" > /dev/nvme-fabrics
for second in 1 2 3 4 5 6 7 8 9 10; do [ -n "$(disk TWOPATHS 2>/dev/null)" ] && break; sleep 1; done
sums() { sync; for image in 11 12 21; do echo "$1 $image $(sha256sum < /mnt/images/$image | cut -d' ' -f1)"; done; }
sums BEFORE

echo CHECK BEGIN
vetting machine check --json --spec /etc/vetting/spec.toml --wipe
echo CHECK END

agent() {
    echo "AGENT $1"
    VETTING_BOOT_TOKEN=$3 $5 /bin/vetting agent --live-image --url "$URL" --pin "$PIN" --run "$2" \
        --mac "$4" --first-wait 100ms
    echo "AGENT $1 ENDED"
}
agent harmless $HARMLESS
mv /etc/vetting/live-image /etc/vetting/no-image
agent unmarked $UNMARKED
mv /etc/vetting/no-image /etc/vetting/live-image

# The same files on a disk, and the agent in them.
mount -t ext4 "$(node ROOTDISK)" /mnt/root
cd / && cp -a bin etc lib lib64 usr /mnt/root/
mkdir -p /mnt/root/proc /mnt/root/sys /mnt/root/dev /mnt/root/run /mnt/root/root /mnt/root/var/tmp
for shown in proc sys dev; do mount --bind /$shown /mnt/root/$shown; done
agent on-disk $ON_DISK "chroot /mnt/root"

agent destructive $DESTRUCTIVE
sums AFTER
echo "DONE"
