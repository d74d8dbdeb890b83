//! nvidia-smi: what NVIDIA's driver says of its GPUs.

use roxmltree::{Document, Node, ParsingOptions};

use super::Toolbox;
use crate::contract::gpu::{Device, Ecc, Repairs, Throttle};
use crate::contract::types::{Error, PcieLink};

const TOOL: &str = "nvidia-smi";

/// Gigatransfers per second and lane, by generation of PCI Express.
const SPEEDS: [f64; 7] = [0.0, 2.5, 5.0, 8.0, 16.0, 32.0, 64.0];

/// Reads every NVIDIA GPU.
pub async fn read(tools: &Toolbox) -> Result<Vec<Device>, Error> {
    let output = tools
        .output(TOOL, TOOL, &["-q", "-x"], super::Limits::default())
        .await?;
    let mut devices = parse(&output.stdout).map_err(|error| match error {
        // What went wrong it says in plain text: that the driver is not loaded, that a GPU is lost.
        Error::Failed(failure) if output.status != Some(0) => {
            let said = String::from_utf8_lossy(&output.stdout);
            let line = said
                .lines()
                .chain(output.stderr_tail.lines())
                .find(|l| !l.trim().is_empty());
            output.failure(
                TOOL,
                line.map_or(failure.reason, |line| line.trim().to_owned()),
            )
        }
        other => other,
    })?;
    // GPUs without NVLink, and drivers without the command, answer with an error.
    if let Ok(links) = tools
        .output(TOOL, TOOL, &["nvlink", "-s"], super::Limits::default())
        .await
    {
        add_links(&mut devices, &String::from_utf8_lossy(&links.stdout));
    }
    Ok(devices)
}

/// Understands `nvidia-smi -q -x`. A GPU that the driver has lost is left out.
pub fn parse(xml: &[u8]) -> Result<Vec<Device>, Error> {
    let failed = |reason: String| Error::tool_failed(TOOL, reason);
    let text = String::from_utf8_lossy(xml);
    let options = ParsingOptions {
        allow_dtd: true,
        nodes_limit: 1_000_000,
        ..Default::default()
    };
    let document = Document::parse_with_options(&text, options)
        .map_err(|e| failed(format!("its output is not XML: {e}")))?;
    let log = document.root_element();
    if !log.has_tag_name("nvidia_smi_log") {
        return Err(failed("its output is XML, but not its own".into()));
    }
    let driver = said(log, &["driver_version"]);
    let gpus = log.children().filter(|node| node.has_tag_name("gpu"));
    let lost = |gpu: &Node| {
        gpu.descendants()
            .filter_map(|n| n.text())
            .any(|t| t.contains("GPU is lost"))
    };
    gpus.filter(|gpu| !lost(gpu))
        .map(|gpu| device(gpu, driver.clone()))
        .collect()
}

fn device(gpu: Node, driver: Option<String>) -> Result<Device, Error> {
    let id = gpu
        .attribute("id")
        .map(str::to_owned)
        .or_else(|| said(gpu, &["pci", "pci_bus_id"]));
    let id = id.ok_or_else(|| Error::tool_failed(TOOL, "a GPU in its output has no address"))?;
    // Its own section where there is one, what older drivers print otherwise.
    let power = |name: &str| {
        let sections = ["gpu_power_readings", "power_readings"];
        sections
            .iter()
            .find_map(|section| number(gpu, &[section, name]))
    };
    Ok(Device {
        pci_address: address(&id),
        vendor: "nvidia".into(),
        model: said(gpu, &["product_name"]).unwrap_or_else(|| "NVIDIA GPU".into()),
        uuid: said(gpu, &["uuid"]),
        serial: said(gpu, &["serial"]),
        vbios: said(gpu, &["vbios_version"]),
        driver,
        memory_bytes: number(gpu, &["fb_memory_usage", "total"])
            .map(|mib| (mib * 1048576.0) as u64),
        temperature: number(gpu, &["temperature", "gpu_temp"]),
        memory_temperature: number(gpu, &["temperature", "memory_temp"]),
        slowdown_temperature: number(gpu, &["temperature", "gpu_temp_slow_threshold"]),
        power: power("power_draw")
            .or_else(|| power("instant_power_draw"))
            .or_else(|| power("average_power_draw")),
        power_limit: power("current_power_limit")
            .or_else(|| power("power_limit"))
            .or_else(|| power("enforced_power_limit")),
        core_mhz: number(gpu, &["clocks", "sm_clock"])
            .or_else(|| number(gpu, &["clocks", "graphics_clock"])),
        memory_mhz: number(gpu, &["clocks", "mem_clock"]),
        utilization: number(gpu, &["utilization", "gpu_util"]),
        throttle: throttle(gpu),
        link: link(gpu),
        pcie_replays: count(gpu, &["pci", "replay_counter"]),
        ecc: ecc(gpu),
        repairs: repairs(gpu),
        fabric_links_up: None,
        fabric_links_down: None,
        extra: Vec::new(),
    })
}

/// `00000000:41:00.0` as the kernel writes it: `0000:41:00.0`.
fn address(id: &str) -> String {
    let id = id.trim().to_ascii_lowercase();
    let parts = id.split_once(':');
    let domain = parts.and_then(|(domain, _)| u32::from_str_radix(domain, 16).ok());
    match (domain, parts) {
        (Some(domain), Some((_, rest))) => format!("{domain:04x}:{rest}"),
        _ => id,
    }
}

fn throttle(gpu: Node) -> Option<Throttle> {
    // Before driver 535 events were called throttling.
    let (section, prefix) = [
        ("clocks_event_reasons", "clocks_event_reason_"),
        ("clocks_throttle_reasons", "clocks_throttle_reason_"),
    ]
    .into_iter()
    .find(|(section, _)| child(gpu, section).is_some())?;
    let active =
        |name: &str| said(gpu, &[section, &format!("{prefix}{name}")]).as_deref() == Some("Active");
    let mut throttle = Throttle {
        mask: 0,
        idle: active("gpu_idle"),
        power_cap: active("sw_power_cap"),
        hardware_slowdown: active("hw_slowdown"),
        software_thermal: active("sw_thermal_slowdown"),
        hardware_thermal: active("hw_thermal_slowdown"),
        power_brake: active("hw_power_brake_slowdown"),
    };
    // The bits of NVML's clock event reasons.
    for (set, bit) in [
        (throttle.idle, 0x01),
        (throttle.power_cap, 0x04),
        (throttle.hardware_slowdown, 0x08),
        (throttle.software_thermal, 0x20),
        (throttle.hardware_thermal, 0x40),
        (throttle.power_brake, 0x80),
    ] {
        throttle.mask |= if set { bit } else { 0 };
    }
    Some(throttle)
}

fn link(gpu: Node) -> Option<PcieLink> {
    let info = |section: &str, name: &str| {
        number(gpu, &["pci", "pci_gpu_link_info", section, name]).map(|n| n as u32)
    };
    let speed = |generation: u32| SPEEDS.get(generation as usize).copied();
    Some(PcieLink {
        current_speed: speed(info("pcie_gen", "current_link_gen")?)?,
        current_width: info("link_widths", "current_link_width")?,
        // The device's own; `max_link_gen` is what device and slot have in common.
        max_speed: speed(
            info("pcie_gen", "max_device_link_gen").or_else(|| info("pcie_gen", "max_link_gen"))?,
        )?,
        max_width: info("link_widths", "max_link_width")?,
    })
}

fn ecc(gpu: Node) -> Ecc {
    // Ampere and later tell by memory, older ones by the number of bits.
    let sum = |life: &str, corrected: bool| {
        let names: &[&str] = match corrected {
            true => &["sram_correctable", "dram_correctable"],
            false => &[
                "sram_uncorrectable",
                "sram_uncorrectable_parity",
                "sram_uncorrectable_secded",
                "dram_uncorrectable",
            ],
        };
        let told = names
            .iter()
            .filter_map(|name| count(gpu, &["ecc_errors", life, name]));
        let older = if corrected {
            "single_bit"
        } else {
            "double_bit"
        };
        told.reduce(u64::saturating_add)
            .or_else(|| count(gpu, &["ecc_errors", life, older, "total"]))
    };
    Ecc {
        enabled: yes(gpu, &["ecc_mode", "current_ecc"]),
        volatile_corrected: sum("volatile", true),
        volatile_uncorrected: sum("volatile", false),
        aggregate_corrected: sum("aggregate", true),
        aggregate_uncorrected: sum("aggregate", false),
        sram_threshold_exceeded: yes(gpu, &["ecc_errors", "aggregate", "sram_threshold_exceeded"]),
    }
}

fn repairs(gpu: Node) -> Repairs {
    let pages = |kind: &str| count(gpu, &["retired_pages", kind, "retired_count"]);
    Repairs {
        remapped_corrected: count(gpu, &["remapped_rows", "remapped_row_corr"]),
        remapped_uncorrected: count(gpu, &["remapped_rows", "remapped_row_unc"]),
        remap_pending: yes(gpu, &["remapped_rows", "remapped_row_pending"]),
        remap_failed: yes(gpu, &["remapped_rows", "remapped_row_failure"]),
        retired_single_bit: pages("multiple_single_bit_retirement"),
        retired_double_bit: pages("double_bit_retirement"),
        retirement_pending: yes(gpu, &["retired_pages", "pending_retirement"])
            .or_else(|| yes(gpu, &["retired_pages", "pending_blacklist"])),
        bad_pages: None,
    }
}

/// `nvidia-smi nvlink -s`: a line per GPU with its UUID, below it a line per link.
pub(super) fn add_links(devices: &mut [Device], text: &str) {
    let mut current = None;
    for line in text.lines() {
        if let Some((_, rest)) = line.split_once("(UUID: ") {
            let uuid = rest.trim_end().trim_end_matches(')');
            current = devices.iter().position(|d| d.uuid.as_deref() == Some(uuid));
        } else if let Some((name, state)) = line.trim().split_once(": ")
            && name.starts_with("Link ")
            && let Some(device) = current.and_then(|index| devices.get_mut(index))
        {
            let inactive = state.contains("inactive");
            *device.fabric_links_up.get_or_insert(0) += u32::from(!inactive);
            *device.fabric_links_down.get_or_insert(0) += u32::from(inactive);
        }
    }
}

fn child<'a, 'b>(node: Node<'a, 'b>, name: &str) -> Option<Node<'a, 'b>> {
    node.children().find(|child| child.has_tag_name(name))
}

/// The text at a path; nothing for the driver's many ways to say that there is none.
fn said(node: Node, path: &[&str]) -> Option<String> {
    let found = path.iter().try_fold(node, |node, name| child(node, name))?;
    let text = found.text()?.trim();
    let absent = [
        "N/A",
        "[N/A]",
        "Unknown Error",
        "ERR!",
        "[ERR!]",
        "Requested functionality",
    ];
    (!text.is_empty() && !absent.iter().any(|word| text.contains(word))).then(|| text.to_owned())
}

/// A number before its unit: `68.20 W`, `16x`, `81559 MiB`.
fn number(node: Node, path: &[&str]) -> Option<f64> {
    let text = said(node, path)?;
    let number: String = text
        .chars()
        .take_while(|c| c.is_ascii_digit() || matches!(c, '.' | '-'))
        .collect();
    number.parse::<f64>().ok().filter(|n| n.is_finite())
}

fn count(node: Node, path: &[&str]) -> Option<u64> {
    said(node, path)?.parse().ok()
}

fn yes(node: Node, path: &[&str]) -> Option<bool> {
    match said(node, path)?.as_str() {
        "Yes" | "Enabled" => Some(true),
        "No" | "Disabled" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOG: &str = r#"<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">
<nvidia_smi_log>
<driver_version>535.161.08</driver_version>
<gpu id="00000000:41:00.0">
  <product_name>NVIDIA H100 80GB HBM3</product_name><serial>1650123</serial>
  <uuid>GPU-aaaa</uuid><vbios_version>96.00.74</vbios_version>
  <pci><pci_gpu_link_info>
    <pcie_gen><max_link_gen>5</max_link_gen><current_link_gen>1</current_link_gen>
      <max_device_link_gen>5</max_device_link_gen></pcie_gen>
    <link_widths><max_link_width>16x</max_link_width><current_link_width>8x</current_link_width></link_widths>
  </pci_gpu_link_info><replay_counter>3</replay_counter></pci>
  <fb_memory_usage><total>81559 MiB</total></fb_memory_usage>
  <clocks_event_reasons>
    <clocks_event_reason_gpu_idle>Active</clocks_event_reason_gpu_idle>
    <clocks_event_reason_hw_power_brake_slowdown>Active</clocks_event_reason_hw_power_brake_slowdown>
  </clocks_event_reasons>
  <ecc_mode><current_ecc>Enabled</current_ecc></ecc_mode>
  <ecc_errors>
    <volatile><sram_correctable>1</sram_correctable><dram_correctable>2</dram_correctable>
      <sram_uncorrectable_parity>0</sram_uncorrectable_parity><dram_uncorrectable>4</dram_uncorrectable></volatile>
    <aggregate><sram_threshold_exceeded>Yes</sram_threshold_exceeded></aggregate>
  </ecc_errors>
  <remapped_rows><remapped_row_unc>1</remapped_row_unc><remapped_row_pending>No</remapped_row_pending>
    <remapped_row_failure>Yes</remapped_row_failure></remapped_rows>
  <temperature><gpu_temp>34 C</gpu_temp><memory_temp>N/A</memory_temp></temperature>
  <gpu_power_readings><power_draw>68.20 W</power_draw><current_power_limit>700.00 W</current_power_limit></gpu_power_readings>
  <clocks><sm_clock>345 MHz</sm_clock></clocks>
</gpu>
<gpu id="00010000:01:00.0"><product_name>Tesla P100</product_name>
  <ecc_errors><volatile><single_bit><total>7</total></single_bit></volatile></ecc_errors>
  <retired_pages><double_bit_retirement><retired_count>2</retired_count></double_bit_retirement>
    <pending_retirement>Yes</pending_retirement></retired_pages>
</gpu>
<gpu id="00000000:81:00.0"><product_name>[GPU is lost]</product_name></gpu>
</nvidia_smi_log>"#;

    #[test]
    fn new_and_old_gpus_are_read_and_lost_ones_left_out() {
        let devices = parse(LOG.as_bytes()).expect("devices");
        let addresses: Vec<_> = devices.iter().map(|d| d.pci_address.as_str()).collect();
        assert_eq!(addresses, ["0000:41:00.0", "10000:01:00.0"]);
        let [new, old] = &devices[..] else {
            panic!("{devices:?}")
        };
        assert_eq!(new.memory_bytes, Some(81559 << 20));
        assert_eq!(
            (new.temperature, new.memory_temperature),
            (Some(34.0), None)
        );
        assert_eq!((new.power, new.power_limit), (Some(68.2), Some(700.0)));
        let throttle = new.throttle.as_ref().expect("reasons");
        assert_eq!(throttle.mask, 0x81);
        let link = new.link.as_ref().expect("a link");
        assert_eq!((link.current_speed, link.max_speed), (2.5, 32.0));
        assert_eq!((link.current_width, link.max_width), (8, 16));
        assert_eq!(new.ecc.volatile_corrected, Some(3));
        assert_eq!(new.ecc.volatile_uncorrected, Some(4));
        assert_eq!(new.ecc.aggregate_uncorrected, None);
        assert_eq!(new.ecc.sram_threshold_exceeded, Some(true));
        assert_eq!(
            (new.repairs.remap_pending, new.repairs.remap_failed),
            (Some(false), Some(true))
        );
        assert_eq!(old.ecc.volatile_corrected, Some(7));
        assert_eq!(old.repairs.retired_double_bit, Some(2));
        assert_eq!(old.repairs.retirement_pending, Some(true));
        assert_eq!(old.link, None);
    }

    #[test]
    fn links_between_gpus_are_counted() {
        let mut devices = parse(LOG.as_bytes()).expect("devices");
        let text =
            "GPU 0: NVIDIA H100 (UUID: GPU-aaaa)\n\t Link 0: 26.562 GB/s\n\t Link 1: <inactive>\n";
        add_links(&mut devices, text);
        assert_eq!(
            (devices[0].fabric_links_up, devices[0].fabric_links_down),
            (Some(1), Some(1))
        );
        assert_eq!(devices[1].fabric_links_up, None);
    }

    #[test]
    fn what_is_no_log_is_a_typed_error() {
        for bytes in [
            &b""[..],
            b"No devices were found",
            b"<a/>",
            b"\xff\xff",
            &LOG.as_bytes()[..900],
        ] {
            assert!(matches!(parse(bytes), Err(Error::Failed(_))));
        }
    }

    proptest! {
        #[test]
        fn no_cut_and_no_damage_panics(at in 0..LOG.len(), byte in any::<u8>()) {
            let mut bytes = LOG.as_bytes().to_vec();
            let _any_cut = parse(&bytes[..at]);
            bytes[at] = byte;
            let _any_damage = parse(&bytes);
        }
    }
}
