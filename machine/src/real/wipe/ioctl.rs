//! What only the kernel's ioctls tell of an open disk. (Linux, `include/uapi/linux/fs.h`, `nvme_ioctl.h`,
//! `include/scsi/sg.h`.)

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;

use nix::libc::{self, c_int, c_ulong, c_void};

const BLKGETDISKSEQ: c_ulong = 0x8008_1280;
const BLKGETSIZE64: c_ulong = 0x8008_1272;
const SG_IO: c_ulong = 0x2285;
const NVME_IOCTL_ID: c_ulong = 0x4e40;
const NVME_IOCTL_ADMIN: c_ulong = 0xc048_4e41;
const NVME_IOCTL_IO: c_ulong = 0xc048_4e43;

/// How long a disk may take to answer, in milliseconds: as long as the kernel waits itself.
const TIMEOUT_MS: u32 = 30_000;

/// The kernel's count of disks when this one came.
pub fn disk_sequence(file: &File) -> io::Result<u64> {
    number(file, BLKGETDISKSEQ)
}

/// Its size.
pub fn size_bytes(file: &File) -> io::Result<u64> {
    number(file, BLKGETSIZE64)
}

fn number(file: &File, request: c_ulong) -> io::Result<u64> {
    let mut number = 0_u64;
    // SAFETY: both requests write eight bytes to the pointer.
    let status = unsafe { libc::ioctl(file.as_raw_fd(), request, &raw mut number) };
    told(status).map(|_| number)
}

fn told(status: c_int) -> io::Result<c_int> {
    if status < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(status)
}

/// `struct sg_io_hdr`.
#[repr(C)]
struct SgIoHeader {
    interface: c_int,
    direction: c_int,
    command_length: u8,
    sense_room: u8,
    pieces: u16,
    data_length: u32,
    data: *mut c_void,
    command: *const u8,
    sense: *mut u8,
    timeout_ms: u32,
    flags: u32,
    pack: c_int,
    user: *mut c_void,
    status: u8,
    masked_status: u8,
    message_status: u8,
    sense_length: u8,
    host_status: u16,
    driver_status: u16,
    left: c_int,
    duration_ms: u32,
    info: u32,
}

/// How a SCSI command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScsiAnswer {
    /// SCSI status.
    pub status: u8,
    /// The status of the adapter and of the driver; 0: the command came through.
    pub transport: (u16, u16),
    /// Sense data.
    pub sense: Vec<u8>,
    /// What it read.
    pub data: Vec<u8>,
}

/// A SCSI command that reads.
pub fn scsi(file: &File, command: &[u8], most: u16) -> io::Result<ScsiAnswer> {
    let (mut data, mut sense) = (vec![0_u8; usize::from(most)], [0_u8; 64]);
    let mut header = SgIoHeader {
        interface: c_int::from(b'S'),
        // SG_DXFER_FROM_DEV
        direction: -3,
        command_length: u8::try_from(command.len()).unwrap_or_default(),
        sense_room: 64,
        pieces: 0,
        data_length: u32::from(most),
        data: data.as_mut_ptr().cast(),
        command: command.as_ptr(),
        sense: sense.as_mut_ptr(),
        timeout_ms: TIMEOUT_MS,
        flags: 0,
        pack: 0,
        user: std::ptr::null_mut(),
        status: 0,
        masked_status: 0,
        message_status: 0,
        sense_length: 0,
        host_status: 0,
        driver_status: 0,
        left: 0,
        duration_ms: 0,
        info: 0,
    };
    // SAFETY: the header names buffers of the lengths that it tells, which live until the call returns.
    told(unsafe { libc::ioctl(file.as_raw_fd(), SG_IO, &raw mut header) })?;
    let read = usize::from(most).saturating_sub(usize::try_from(header.left).unwrap_or_default());
    data.truncate(read);
    // DRIVER_SENSE only says that there are sense data.
    let driver = header.driver_status & !0x08;
    Ok(ScsiAnswer {
        status: header.status,
        transport: (header.host_status, driver),
        sense: sense[..usize::from(header.sense_length).min(64)].to_vec(),
        data,
    })
}

/// `struct nvme_passthru_cmd`.
#[repr(C)]
#[derive(Default)]
struct NvmeCommand {
    opcode: u8,
    flags: u8,
    reserved: u16,
    namespace: u32,
    cdw2: u32,
    cdw3: u32,
    metadata: u64,
    address: u64,
    metadata_length: u32,
    data_length: u32,
    cdw10: u32,
    cdw11: u32,
    cdw12: u32,
    cdw13: u32,
    cdw14: u32,
    cdw15: u32,
    timeout_ms: u32,
    result: u32,
}

/// A page that an NVMe command reads, or the status (without its retry bits) that it ended with.
pub type NvmeAnswer = io::Result<Result<Vec<u8>, u16>>;

/// What a controller tells of itself: Identify, controller data structure.
pub fn nvme_controller(file: &File) -> NvmeAnswer {
    let command = NvmeCommand {
        opcode: 0x06,
        cdw10: 1,
        ..NvmeCommand::default()
    };
    nvme(file, NVME_IOCTL_ADMIN, command, 4096)
}

/// A namespace's reservations: Reservation Report. `extended`: in the longer form.
pub fn nvme_reservations(file: &File, extended: bool) -> NvmeAnswer {
    const LENGTH: u32 = 4096;
    // SAFETY: this request takes no argument and returns a number.
    let namespace = told(unsafe { libc::ioctl(file.as_raw_fd(), NVME_IOCTL_ID) })?;
    let command = NvmeCommand {
        opcode: 0x0e,
        namespace: namespace.cast_unsigned(),
        cdw10: LENGTH / 4 - 1,
        cdw11: u32::from(extended),
        ..NvmeCommand::default()
    };
    nvme(file, NVME_IOCTL_IO, command, LENGTH)
}

fn nvme(file: &File, request: c_ulong, command: NvmeCommand, length: u32) -> NvmeAnswer {
    let mut data = vec![0_u8; length as usize];
    let mut command = NvmeCommand {
        address: data.as_mut_ptr().expose_provenance() as u64,
        data_length: length,
        timeout_ms: TIMEOUT_MS,
        ..command
    };
    // SAFETY: the command names a buffer of the length that it tells, which lives until the call returns.
    let status = told(unsafe { libc::ioctl(file.as_raw_fd(), request, &raw mut command) })?;
    Ok(match u16::try_from(status & 0x7ff) {
        Ok(0) => Ok(data),
        Ok(status) => Err(status),
        Err(_) => Err(u16::MAX),
    })
}

const _: () = assert!(size_of::<SgIoHeader>() == 88 && size_of::<NvmeCommand>() == 72);
