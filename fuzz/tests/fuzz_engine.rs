//! The engine with stages that nobody wrote: those that `generate/` has generated, each as it is and
//! damaged. Each is compiled in the child process, instantiated, and run on a simulated machine under
//! its limits. Whatever they do is theirs and has a verdict: the runtime neither panics nor hangs nor
//! takes the blame, the compiler's child never breaks, and memory, descriptors, threads and processes
//! are what they were.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use vetting_component::{ComponentError, MANIFEST_SECTION};
use vetting_machine::Cancel;
use vetting_machine::simulated::SimulatedMachine;
use vetting_runtime::engine::{
    Charge, CompileError, Compiler, Flavour, Limits, LoadError, Notebook, Order, StageEngine,
};

/// How long one stage may take in all; the deadline of an attempt is a matter of virtual time.
const PATIENCE: Duration = Duration::from_secs(120);
/// What the memory of this process may grow by, from the first stages to the last. What an allocator
/// keeps for later is some of it.
const GROWTH: u64 = 96 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_stage_does_is_the_stage_s() {
    let bench = Bench::new();
    let stages = stages();
    assert!(
        stages.len() > 20,
        "only {} stages were generated",
        stages.len()
    );
    let (warm, rest) = stages.split_at(stages.len() / 4);
    let mut endings = BTreeMap::new();
    let began = Instant::now();
    for stage in warm {
        bench.take(stage, &mut endings).await;
    }
    let before = Held::now();
    for stage in rest {
        bench.take(stage, &mut endings).await;
    }
    if std::env::var_os("VETTING_FUZZ_INPUT").is_some() {
        return;
    }
    let after = Held::now();
    println!(
        "{} stages in {:.0?}: {endings:#?}",
        stages.len(),
        began.elapsed()
    );
    println!("held: {before:?}, at the end {after:?}");
    assert_eq!(after.descriptors, before.descriptors, "descriptors");
    assert_eq!(after.children, 0, "processes");
    assert!(
        after.memory < before.memory + GROWTH,
        "{before:?} {after:?}"
    );
    // A generator whose stages do not run would test nothing.
    let ran = endings
        .iter()
        .filter(|(ending, _)| ending.starts_with("ran: "));
    let ran: u32 = ran.map(|(_, times)| times).sum();
    assert!(ran > 20, "{endings:?}");
}

struct Bench {
    engine: StageEngine,
    machine: SimulatedMachine,
    compiler: Compiler,
    scratch: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let binary = std::env::var_os("VETTING_BIN").map(PathBuf::from);
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/vetting");
        let binary = binary.unwrap_or(built);
        assert!(
            binary.exists(),
            "{} is not there: run `cargo xtask test`, which builds it",
            binary.display()
        );
        let limits = Limits {
            compile_time: 20,
            ..Limits::default()
        };
        let compiler = Compiler::new(binary, limits);
        let engine = StageEngine::new(Flavour::EpochAndFuel, compiler.clone(), None);
        Bench {
            engine: engine.expect("an engine"),
            machine: SimulatedMachine::builtin("small-vm", 1).expect("a machine"),
            compiler,
            scratch: tempfile::tempdir().expect("a folder"),
        }
    }

    /// One stage as it is, and once more damaged.
    async fn take(&self, path: &Path, endings: &mut BTreeMap<String, u32>) {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).expect("a generated stage");
        let mut damaged = bytes.clone();
        let mut random = StdRng::seed_from_u64(bytes.len() as u64);
        for _ in 0..random.random_range(1..4) {
            let at = random.random_range(0..damaged.len());
            damaged[at] = random.random();
        }
        for bytes in [bytes, damaged] {
            let taken = tokio::time::timeout(PATIENCE, self.one(&bytes));
            let ending = match taken.await {
                Ok(Ok(ending)) => ending,
                Ok(Err(fault)) => panic!("{name}: {fault}; {}", keep(&bytes)),
                Err(_elapsed) => panic!("{name}: it hangs; {}", keep(&bytes)),
            };
            *endings.entry(ending).or_default() += 1;
        }
    }

    /// What became of it; an error when that is the runtime's fault.
    async fn one(&self, bytes: &[u8]) -> Result<String, String> {
        // What is no stage is refused before it is compiled, so the compiler gets it by itself.
        let compiled = self.compiler.compile(Flavour::Epoch, bytes, None).await;
        if let Err(error @ CompileError::Child { .. }) = compiled {
            return Err(error.to_string());
        }
        let stage = match self.engine.load(&with_manifest(bytes)).await {
            Ok(stage) => stage,
            Err(LoadError::Compile(error @ CompileError::Child { .. })) => {
                return Err(error.to_string());
            }
            Err(LoadError::Component(_)) => return Ok("refused".to_owned()),
            Err(LoadError::Compile(_)) => return Ok("not compiled".to_owned()),
            Err(LoadError::Link(_)) => return Ok("not linked".to_owned()),
        };
        let limits = Limits {
            memory: 64 << 20,
            fuel: 20_000_000,
            host_calls: 20_000,
            ..Limits::default()
        };
        let order = Order {
            stage,
            attempt: 1,
            parameters: serde_json::json!({}),
            deadline: Duration::from_secs(60),
            grace: Duration::from_secs(2),
            seed: 1,
            notebook: Arc::new(Notebook::new(limits.clone())),
            limits,
            withheld: BTreeMap::new(),
            reads: Default::default(),
            cancel: Cancel::new(),
            scratch: self.scratch.path().to_owned(),
            cpu_allowance: 1,
            memory_allowance_bytes: 1 << 20,
            charge: Charge::default(),
        };
        let attempted = self.engine.attempt(&self.machine, order).await;
        let record = attempted.map_err(|error| error.to_string())?.record;
        if record.verdict.is_none() {
            return Err(format!("the runtime takes the blame: {}", record.message));
        }
        let ending = serde_json::to_value(&record.ending).map_err(|e| e.to_string())?;
        let kind = ending["kind"].as_str().unwrap_or("?").to_owned();
        let limit = ending["limit"].as_str().unwrap_or_default();
        Ok(format!("ran: {kind} {limit}").trim().to_owned())
    }
}

/// Bytes of memory, open files and child processes of this process.
#[derive(Debug)]
struct Held {
    memory: u64,
    descriptors: usize,
    children: usize,
}

impl Held {
    fn now() -> Self {
        let statm = std::fs::read_to_string("/proc/self/statm").expect("procfs");
        let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
        let memory: u64 = pages.map_or(0, |pages: u64| pages * 4096);
        let descriptors = std::fs::read_dir("/proc/self/fd").expect("procfs").count();
        let threads = std::fs::read_dir("/proc/self/task").expect("procfs");
        let children = threads.flatten().map(|thread| {
            let children = std::fs::read_to_string(thread.path().join("children"));
            children.unwrap_or_default().split_whitespace().count()
        });
        Held {
            memory,
            descriptors,
            children: children.sum(),
        }
    }
}

/// The stages that have found faults before, and those that `generate/` has made.
fn stages() -> Vec<PathBuf> {
    if let Some(input) = std::env::var_os("VETTING_FUZZ_INPUT") {
        return vec![PathBuf::from(input); 40];
    }
    let generated = PathBuf::from(concat!(env!("OUT_DIR"), "/stages"));
    let faults = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/engine");
    let mut files = Vec::new();
    for folder in [faults, generated] {
        let entries = std::fs::read_dir(folder).expect("a folder of stages");
        files.extend(entries.map(|entry| entry.expect("an entry").path()));
    }
    files.sort();
    files
}

/// The component with a manifest that asks for what it imports.
fn with_manifest(component: &[u8]) -> Vec<u8> {
    let manifest = |interfaces: &BTreeMap<String, serde_json::Value>| {
        let mut manifest = serde_json::json!({
            "name": "Generated", "version": "1.0.0", "summary": "s", "timeout_seconds": 60,
            "interfaces": interfaces,
        });
        // Of these it is said what is asked for, too.
        for (interface, asked) in [("files", "sys/class/net/*"), ("queries", "lspci")] {
            if interfaces.contains_key(interface) {
                manifest[interface] = serde_json::json!({ asked: "chance" });
            }
        }
        let mut bytes = component.to_vec();
        section(&mut bytes, &manifest.to_string());
        bytes
    };
    let plain = manifest(&BTreeMap::new());
    let contents: Result<_, ComponentError> = vetting_component::read(&plain);
    let imports = contents
        .map(|contents| contents.imports)
        .unwrap_or_default();
    let asked = imports.iter().filter(|import| {
        let unasked = ["context", "log", "clock"].contains(&import.interface.as_str());
        import.is_contract() && !import.functions.is_empty() && !unasked
    });
    let reason = serde_json::json!({ "reason": "chance" });
    let asked = asked.map(|import| (import.interface.clone(), reason.clone()));
    manifest(&asked.collect())
}

/// Appends a custom section: id 0, size, name, data, with sizes as LEB128.
fn section(bytes: &mut Vec<u8>, data: &str) {
    fn leb128(bytes: &mut Vec<u8>, mut value: usize) {
        while value >= 0x80 {
            bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
    }
    let mut body = Vec::new();
    leb128(&mut body, MANIFEST_SECTION.len());
    body.extend(MANIFEST_SECTION.as_bytes());
    body.extend(data.as_bytes());
    bytes.push(0);
    leb128(bytes, body.len());
    bytes.extend(body);
}

/// Keeps a stage that found a fault, and says how it is run again.
fn keep(bytes: &[u8]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/fuzz/crashes");
    std::fs::create_dir_all(&folder).expect("a folder below target/");
    let folder = folder.canonicalize().expect("a folder");
    let path = folder.join(format!(
        "engine-{}.wasm",
        &vetting_component::digest(bytes)[..16]
    ));
    std::fs::write(&path, bytes).expect("a stage is kept");
    format!(
        "again: cargo xtask fuzz --target engine --input {}",
        path.display()
    )
}
