//! The code cache trusts nothing that it finds: whatever is wrong with an entry, the stage is compiled
//! again, passes, and leaves a sound entry.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use vetting_runtime::engine::{Compiled, Compiler, Flavour, Limits};
use vetting_tests::{Vetting, folder_of, guests, vetting};

/// Bytes of the checksum in front of an entry's body.
const CHECKSUM: usize = 32;

/// A folder with a stage, and a cache.
struct Bench {
    stages: tempfile::TempDir,
    cache: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Bench {
            stages: folder_of(&[(&guests(), "Probe")]),
            cache: tempfile::tempdir().expect("a folder"),
        }
    }

    fn folder(&self) -> PathBuf {
        self.cache.path().join("code")
    }

    /// Runs the stage on a machine; says whether the cache was complained of.
    fn run(&self, machine: &str) -> bool {
        let vetting = Vetting::run(self.stages.path(), &["--machine", machine]);
        let vetting = vetting.env("VETTING_LOG", Path::new("warn"));
        let ended = vetting.path("--cache", &self.folder()).output();
        assert_eq!(ended.status(), 0, "{}", ended.stderr());
        assert_eq!(ended.stage("Probe")["verdict"], "pass");
        ended.stderr().contains("cache")
    }

    fn entries(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder()).expect("the cache");
        entries
            .map(|entry| entry.expect("an entry").path())
            .collect()
    }
}

/// Checksum and body, as an entry has them.
fn sealed(body: &[u8]) -> Vec<u8> {
    [Sha256::digest(body).as_slice(), body].concat()
}

#[test]
fn an_entry_that_is_not_sound_is_compiled_again() {
    let bench = Bench::new();
    assert!(
        !bench.run("sim:small-vm"),
        "there is nothing to complain of"
    );
    let entry = bench.entries().pop().expect("one entry");
    let whole = std::fs::read(&entry).expect("read");
    let replace = |bytes: &[u8]| {
        let _gone = std::fs::remove_file(&entry);
        std::fs::write(&entry, bytes).expect("written");
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&entry, private).expect("chmod");
    };
    let elsewhere = bench.cache.path().join("elsewhere");
    let link = |to: &Path| {
        std::fs::remove_file(&entry).expect("removed");
        std::os::unix::fs::symlink(to, &entry).expect("a link");
    };
    let half = whole.len() / 2;
    let mut flipped = whole.clone();
    flipped[half] ^= 0x10;
    let mut flipped_and_sealed = whole[CHECKSUM..].to_vec();
    flipped_and_sealed.truncate(half);
    let cases: [(&str, &dyn Fn()); 8] = [
        ("flipped", &|| replace(&flipped)),
        ("truncated", &|| replace(&whole[..half])),
        ("empty", &|| replace(b"")),
        // The checksum is right, and what it covers is no code of this engine's.
        ("cut and sealed again", &|| {
            replace(&sealed(&flipped_and_sealed))
        }),
        ("garbage with a right checksum", &|| {
            replace(&sealed(b"\x7fELF no code at all"))
        }),
        ("behind a link", &|| {
            std::fs::write(&elsewhere, &whole).expect("written");
            link(&elsewhere);
        }),
        ("readable by others", &|| {
            replace(&whole);
            let open = std::fs::Permissions::from_mode(0o644);
            std::fs::set_permissions(&entry, open).expect("chmod");
        }),
        ("another user's", &|| {
            replace(&whole);
            std::os::unix::fs::chown(&entry, Some(65_534), None).expect("chown, as root");
        }),
    ];
    for (what, spoil) in cases {
        spoil();
        assert!(bench.run("sim:small-vm"), "{what}: nobody was told");
        assert!(
            !bench.run("sim:small-vm"),
            "{what}: the new entry is not sound"
        );
    }
    assert_eq!(
        std::fs::read(&elsewhere).expect("read"),
        whole,
        "written through the link"
    );
}

#[test]
fn another_engine_s_entry_is_no_use() {
    let bench = Bench::new();
    bench.run("sim:small-vm");
    let simulated = bench.entries().pop().expect("one entry");
    bench.run("real");
    let real = bench
        .entries()
        .into_iter()
        .find(|entry| *entry != simulated);
    let real = real.expect("each flavour of engine has an entry of its own");
    std::fs::copy(&simulated, &real).expect("copied");
    assert!(bench.run("real"), "nobody was told");
    assert!(!bench.run("real"), "the new entry is not sound");
}

#[test]
fn many_that_write_at_once_leave_a_sound_entry() {
    let bench = Bench::new();
    let runs: Vec<_> = (0..8)
        .map(|_| {
            Vetting::run(bench.stages.path(), &["--machine", "sim:small-vm"])
                .env("VETTING_LOG", Path::new("warn"))
                .path("--cache", &bench.folder())
                .start()
        })
        .collect();
    for run in runs {
        let ended = run.wait();
        assert_eq!(ended.status(), 0, "{}", ended.stderr());
        assert!(!ended.stderr().contains("cache"), "{}", ended.stderr());
    }
    assert!(!bench.run("sim:small-vm"), "the entry is not sound");
    assert_eq!(bench.entries().len(), 1, "{:?}", bench.entries());
}

#[tokio::test]
async fn functions_that_are_kept_make_the_same_code() {
    let compiler = Compiler::new(vetting(), Limits::default());
    let compile = async |stage: &[u8], functions: Option<&[u8]>| {
        let compiled = compiler.compile(Flavour::EpochAndFuel, stage, functions);
        compiled.await.expect("it compiles")
    };
    let [probe, other] = ["Probe", "Sleep"].map(|name| {
        let file = guests().join(format!("{name}.wasm"));
        std::fs::read(file).expect("a component")
    });
    let plain = compile(&probe, None).await;
    assert!(plain.functions.is_none(), "nobody asked for them");
    for nothing in [b"".as_slice(), b"no functions at all"] {
        let Compiled { code, functions } = compile(&probe, Some(nothing)).await;
        assert!(code == plain.code, "keeping them changes nothing");
        let kept = functions.expect("all are new");

        let again = compile(&probe, Some(&kept)).await;
        assert!(again.code == plain.code, "taken from those that were kept");

        let changed = compile(&other, Some(&kept)).await;
        assert!(changed.code == compile(&other, None).await.code);
        assert!(changed.functions.is_some(), "some are new");
    }
}
