//! Disks, who the machine is, the kernel's log, and a machine that has nothing.

use std::fs;
use std::io::Write;
use vetting_machine::contract::bmc::Question;
use vetting_machine::contract::disks::{Content, Transport};
use vetting_machine::contract::hwmon;
use vetting_machine::contract::kernel_log::Beginning;
use vetting_machine::contract::types::Error;
use vetting_machine::{Identity, Machine as _, Reply, Request};

use crate::tree::Tree;

#[tokio::test]
async fn a_disk_tells_who_it_is_and_what_uses_it() {
    let tree = Tree::new();
    let sda = "sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda";
    tree.link(
        "sys/block/sda",
        &format!("../../{sda}").replace("../../sys", ".."),
    )
    .link(&format!("{sda}/device"), "../../../0:0:0:0")
    .file(&format!("{sda}/size"), "32768\n")
    .file(&format!("{sda}/dev"), "8:0\n")
    .file(&format!("{sda}/queue/rotational"), "1\n")
    .file(&format!("{sda}/sda1/partition"), "1\n")
    .file(&format!("{sda}/sda1/dev"), "8:1\n")
    .file(&format!("{sda}/sda2/partition"), "2\n")
    .file(&format!("{sda}/sda2/dev"), "8:2\n")
    .folder(&format!("{sda}/sda2/holders/dm-0"))
    .file("sys/block/dm-0/dev", "253:0\n")
    .file("sys/block/dm-0/dm/name", "vg-root\n")
    .file(
        "sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/vendor",
        "ATA     \n",
    )
    .file(
        "sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/model",
        "ST4000NM0035\n",
    )
    .file(
        "sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/wwid",
        "naa.5000C500A1B2C3D4\n",
    )
    .file(
        "sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/vpd_pg80",
        b"\0\x80\0\x08ZC1A2B3C",
    )
    .file(
        "proc/self/mountinfo",
        "20 1 8:1 / /boot rw - ext4 /dev/sda1 rw\n21 1 253:0 / / rw - xfs /dev/mapper/vg-root rw\n",
    )
    .file(
        "proc/swaps",
        "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n",
    )
    .file("sys/block/loop0/size", "8\n")
    .file("sys/block/nvme0n1/size", "16\n")
    .file("sys/block/nvme0n1/device/transport", "pcie\n")
    .file(
        "sys/block/nvme0n1/nguid",
        "01000000-0000-0000-5cd2-e42a81a1b2c3\n",
    )
    .file("sys/block/nvme0n1/device/serial", "PHLN0001\n")
    .file("sys/block/nvme0n2/size", "16\n")
    .file("dev/nvme0n1", vec![0; 16 * 512])
    .fifo("dev/sda");
    let list = tree.disks().await;
    let names: Vec<_> = list.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(names, ["nvme0n1", "nvme0n2", "sda"]);
    let sda = &list[2];
    assert_eq!(sda.serial.as_deref(), Some("ZC1A2B3C"));
    assert_eq!(sda.wwn.as_deref(), Some("5000c500a1b2c3d4"));
    assert_eq!(sda.model.as_deref(), Some("ST4000NM0035"));
    assert_eq!(sda.transport, Transport::Sata);
    assert_eq!(sda.controller.as_deref(), Some("0000:00:17.0"));
    assert!(sda.rotational && sda.size_bytes == 16 << 20);
    let uses: Vec<_> = sda
        .in_use
        .iter()
        .map(|u| format!("{} {}", u.kind, u.by))
        .collect();
    for wanted in [
        "partition sda1",
        "mounted /boot",
        "partition sda2",
        "swap /dev/sda2",
        "holder dm-0",
        "mounted /",
    ] {
        assert!(uses.iter().any(|u| u == wanted), "{wanted}: {uses:?}");
    }
    assert!(
        matches!(sda.content, Content::Unreadable(_)),
        "a FIFO is no disk"
    );
    let nvme = &list[0];
    assert_eq!(
        nvme.wwn.as_deref(),
        Some("01000000000000005cd2e42a81a1b2c3")
    );
    assert_eq!(
        (&nvme.transport, &nvme.content),
        (&Transport::Nvme, &Content::NoneRecognised)
    );
    assert!(nvme.in_use.is_empty());
    let asked = tree.smart().await;
    assert_eq!(asked, ["nvme0n1", "sda"], "two namespaces are one drive");
}

#[tokio::test]
async fn a_machine_without_smbios_tables_is_known_by_the_kernels_copies() {
    let tree = Tree::new();
    tree.file("sys/class/dmi/id/board_serial", "To Be Filled By O.E.M.\n")
        .file("sys/class/dmi/id/product_uuid", "4C4C4544-0042-4A10-8054-B7C04F4E5631\n")
        .file("sys/class/dmi/id/chassis_type", "10\n")
        .link("sys/class/net/lo", "../../devices/virtual/net/lo")
        .file("sys/devices/pci0000:00/0000:03:00.0/net/eth0/address", "AA:BB:CC:00:11:22\n")
        .link("sys/devices/pci0000:00/0000:03:00.0/net/eth0/device", "../../../0000:03:00.0")
        .link("sys/class/net/eth0", "../../devices/pci0000:00/0000:03:00.0/net/eth0")
        .file("sys/bus/pci/devices/0000:41:00.0/class", "0x030200\n")
        .file("sys/bus/pci/devices/0000:41:00.0/vendor", "0x1da3\n")
        .file("sys/bus/pci/devices/0000:02:00.0/class", "0x030000\n")
        .file("sys/bus/pci/devices/0000:02:00.0/vendor", "0x1a03\n");
    let identity = tree.machine().identity();
    assert_eq!(identity.mac.as_deref(), Some("aa:bb:cc:00:11:22"));
    let uuid = "4c4c4544-0042-4a10-8054-b7c04f4e5631";
    assert_eq!(identity.system_uuid.as_deref(), Some(uuid));
    assert_eq!(identity.board_serial, None, "a placeholder");
    assert_eq!(tree.gpus().await, ["0000:41:00.0"]);
    assert!(tree.machine().is_portable());
    // A port in a bond has another address than its own.
    tree.file("sys/class/net/eth0/bonding_slave/perm_hwaddr", "aa:bb:cc:00:11:33\n");
    let identity = tree.machine().identity();
    assert_eq!(identity.mac.as_deref(), Some("aa:bb:cc:00:11:33"));
}

#[tokio::test]
async fn an_empty_tree_gives_empty_readings() {
    let tree = Tree::new();
    assert_eq!(tree.hwmon().await, hwmon::Reading::default());
    assert_eq!(tree.list(&["sys/devices/system/edac/*"]).await.found, []);
    assert_eq!(tree.disks().await, []);
    assert!(tree.gpus().await.is_empty());
    let question = Question::EventLog;
    let controller = tree.session().await.call(Request::Bmc { question }).await;
    assert!(
        matches!(controller, Err(Error::Unavailable(_))),
        "{controller:?}"
    );
    assert_eq!(tree.machine().identity(), Identity::default());
    assert!(
        tree.session()
            .await
            .call(Request::KernelLogOpen {
                begins: Beginning::Now,
            })
            .await
            .is_err()
    );
    assert!(!tree.machine().is_portable());
}

#[tokio::test]
async fn a_watch_from_boot_gives_what_is_there_and_no_command_line() {
    let tree = Tree::new();
    let command_line = "Kernel command line: quiet vetting.token=hunter2";
    let old = format!("6,1,1,-;{command_line}\n3,2,9,-;EDAC MC0: 1 UE old error on DIMM_A1\n");
    tree.file("dev/kmsg", &old);
    let session = tree.session().await;
    let open = Request::KernelLogOpen {
        begins: Beginning::Boot,
    };
    let Ok(Reply::Watch(watch)) = session.call(open).await else {
        panic!("no watch");
    };
    let next = Request::KernelLogNext {
        watch,
        timeout_ms: 0,
    };
    let Ok(Reply::KernelLog(lines)) = session.call(next).await else {
        panic!("no lines");
    };
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(!lines[0].text.contains("hunter2"), "{lines:?}");
    assert_eq!((lines[1].came_ns, lines[1].at_us), (0, 9));
}

#[tokio::test]
async fn lines_that_come_after_the_opening_are_told() {
    let tree = Tree::new();
    tree.file("dev/kmsg", "3,1,1,-;EDAC MC0: 1 UE old error on DIMM_A1\n");
    let session = tree.session().await;
    let Ok(Reply::Watch(watch)) = session
        .call(Request::KernelLogOpen {
            begins: Beginning::Now,
        })
        .await
    else {
        panic!("no watch");
    };
    let mut log = fs::OpenOptions::new()
        .append(true)
        .open(tree.path().join("dev/kmsg"))
        .expect("the log");
    log.write_all(b"6,2,2,-;nothing of note\n SUBSYSTEM=x\nnot a record\n3,3,3,-;blk_update_request: I/O error, dev sdb, sector 8\n").expect("written");
    let next = session
        .call(Request::KernelLogNext {
            watch,
            timeout_ms: 20_000,
        })
        .await;
    let Ok(Reply::KernelLog(mut lines)) = next else {
        panic!("{next:?}");
    };
    // The second may come a moment later.
    if lines.len() < 2 {
        let next = Request::KernelLogNext {
            watch,
            timeout_ms: 20_000,
        };
        let Ok(Reply::KernelLog(more)) = session.call(next).await else {
            panic!("no more lines");
        };
        lines.extend(more);
    }
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0].fields, [("SUBSYSTEM".to_owned(), "x".to_owned())]);
    assert_eq!(
        lines[1].text,
        "blk_update_request: I/O error, dev sdb, sector 8"
    );
    assert_eq!(
        (lines[1].priority, lines[1].sequence, lines[1].at_us),
        (3, 3, 3)
    );
    assert!(lines[1].came_ns > 0);
    assert_eq!(
        session.call(Request::KernelLogLost { watch }).await,
        Ok(Reply::Lost(0))
    );
}
