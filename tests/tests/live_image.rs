//! Live-image mode, in a root file system of its own in memory: what the agent may do there, and does
//! not do anywhere else. The only `systemctl` that it can reach is the test's.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use vetting_tests::fleet::{Orchestrator, Run};
use vetting_tests::{eventually, guests, vetting};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq test@example";

/// Makes a root in memory with nothing but libraries, a shell and what the kernel shows, and becomes
/// the agent in it. Arguments: the folder for it, the binary, whether it is marked, its policy, the
/// agent's own.
const IMAGE: &str = r#"
set -e
root=$1/root binary=$2 marked=$3 policy=$4 out=$1/out
shift 4
mkdir -p "$root" "$out"
mount -t tmpfs tmpfs "$root"
cd "$root"
mkdir -p proc sys dev lib lib64 bin out tmp root/.ssh etc/vetting etc/ssh run var/tmp
for shown in proc sys dev lib lib64; do mount --rbind "/$shown" "$shown"; done
mount --bind "$out" out
cp /bin/sh bin/sh
cp "$binary" bin/vetting
printf '#!/bin/sh\necho "$@" >> /out/powered-off\n' > bin/systemctl
printf '#!/bin/sh\necho shutdown "$@" >> /out/powered-off\n' > bin/shutdown
chmod 755 bin/systemctl bin/shutdown
if [ "$marked" = marked ]; then : > etc/vetting/live-image; fi
if [ "$policy" ]; then printf '%s\n' "$policy" > etc/vetting/policy.toml; fi
exec /usr/sbin/chroot . /bin/vetting agent --live-image "$@"
"#;

/// An agent in an image of its own.
struct Image {
    child: Child,
    folder: tempfile::TempDir,
}

impl Image {
    fn boot(orchestrator: &Orchestrator, run: &Run, marked: bool, policy: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = std::fs::File::create(folder.path().join("log")).expect("a log");
        let mut command = Command::new("unshare");
        if !nix::unistd::getuid().is_root() {
            command.arg("--map-root-user");
        }
        let child = command
            .args([
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-c",
                IMAGE,
                "image",
            ])
            .arg(folder.path())
            .arg(vetting())
            .arg(if marked { "marked" } else { "unmarked" })
            .arg(policy)
            .args(["--url", &orchestrator.url, "--pin", &orchestrator.pin])
            .args(["--run", &run.id, "--mac", &run.mac, "--first-wait", "100ms"])
            .env("VETTING_BOOT_TOKEN", &run.token)
            .env("PATH", "/bin")
            .env("HOME", "/root")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("unshare starts");
        Image { child, folder }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The keys that are authorised in the image, and the mode of their file.
    fn keys(&self) -> Option<(String, u32)> {
        use std::os::unix::fs::PermissionsExt as _;
        let file = format!("/proc/{}/root/root/.ssh/authorized_keys", self.child.id());
        let mode = std::fs::metadata(&file).ok()?.permissions().mode() & 0o777;
        Some((std::fs::read_to_string(file).ok()?, mode))
    }

    fn wait(&mut self) -> i32 {
        let ended = eventually(|| self.child.try_wait().expect("a child"));
        ended.and_then(|status| status.code()).unwrap_or(-1)
    }

    /// What the machine was told of its power.
    fn powered_off(&self) -> String {
        let file = self.folder.path().join("out/powered-off");
        std::fs::read_to_string(file).unwrap_or_default()
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A run of a stage that fails, in an image that runs it.
fn holding(orchestrator: &Orchestrator, host: &str, marked: bool) -> (Run, Image) {
    probing(orchestrator, host, marked, "unsigned = \"allow\"")
}

/// The same in an image of another policy; of none, where it is empty.
fn probing(orchestrator: &Orchestrator, host: &str, marked: bool, policy: &str) -> (Run, Image) {
    let probe = guests().join("Probe.wasm");
    assert!(Path::new(&probe).exists());
    orchestrator.cli(&["stage", "add", &probe.display().to_string()]);
    orchestrator.operator_with_key(&format!("ann-of-{host}"), KEY);
    let run = orchestrator.run(host, &["--stage", "Probe", "--set", "Probe.mode=fail"]);
    let image = Image::boot(orchestrator, &run, marked, policy);
    (run, image)
}

#[test]
fn a_live_image_lets_operators_in_and_is_powered_off() {
    let orchestrator = Orchestrator::start();
    let (run, mut image) = holding(&orchestrator, "live", true);
    let opened = eventually(|| {
        let view = orchestrator.show(&run);
        (!view["holds"][0]["opened"].is_null()).then_some(())
    });
    assert!(opened.is_some(), "{}", image.log());
    let (keys, mode) = image.keys().expect("authorized_keys");
    assert_eq!((keys.matches(KEY).count(), mode), (1, 0o600), "{keys}");
    assert_eq!(image.powered_off(), "");
    orchestrator.cli(&["run", "shutdown", &run.id]);
    assert_eq!(image.wait(), 0, "{}", image.log());
    assert_eq!(image.powered_off(), "poweroff\n", "{}", image.log());
}

#[test]
fn a_live_image_without_a_policy_runs_nothing_and_says_which_file_is_missing() {
    let orchestrator = Orchestrator::start();
    for (host, policy, words) in [
        (
            "no-policy",
            "",
            "the policy file /etc/vetting/policy.toml, which says whose signatures count, is missing",
        ),
        ("policy", "unsigned = \"allow\"", "the answer is too low"),
    ] {
        let (run, image) = probing(&orchestrator, host, true, policy);
        let view = orchestrator.until_state(&run, "FailedHolding");
        let why = view["held"]["reason"].as_str().unwrap_or_default();
        assert!(why.contains(words), "{why}\n{}", image.log());
    }
}

#[test]
fn without_the_marker_nothing_is_powered_off_and_nobody_let_in() {
    let orchestrator = Orchestrator::start();
    let (run, mut image) = holding(&orchestrator, "unmarked", false);
    orchestrator.until_state(&run, "FailedHolding");
    let said = eventually(|| image.log().contains("nobody is let in").then_some(()));
    assert!(said.is_some(), "{}", image.log());
    assert_eq!(image.keys(), None);
    orchestrator.cli(&["run", "shutdown", &run.id]);
    assert_eq!(image.wait(), 0, "{}", image.log());
    assert_eq!(image.powered_off(), "", "{}", image.log());
    let log = image.log();
    assert!(log.contains("live-image mode is off"), "{log}");
    assert!(
        log.contains("the machine stays up (marker: /etc/vetting/live-image"),
        "{log}"
    );
}
