//! A reader under watch: a panic, too much memory and too much time are each told, with the input
//! kept. The bounds are generous: no reader comes near them but by a fault.

use std::alloc::{GlobalAlloc, Layout, System};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use vetting_fuzz::Target;

/// Bytes that one input may take.
const MEMORY: i64 = 256 << 20;
/// Time that one input may take.
const TIME: Duration = Duration::from_secs(60);

static HELD: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);

/// The system's allocator, counting.
pub struct Counting;

fn count(bytes: usize) {
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    let held = HELD.fetch_add(bytes, Ordering::Relaxed) + bytes;
    PEAK.fetch_max(held, Ordering::Relaxed);
}

fn uncount(bytes: usize) {
    HELD.fetch_sub(i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::Relaxed);
}

// SAFETY: everything is the system's allocator's; the counters allocate nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        uncount(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        uncount(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Bytes that are held now.
pub fn held() -> i64 {
    HELD.load(Ordering::Relaxed)
}

/// What is being read, since when.
type Reading = Option<(&'static str, Vec<u8>, Instant)>;
static READING: Mutex<Reading> = Mutex::new(None);

/// Has a target read an input. Says what was wrong with how it did.
pub fn read(target: &'static Target, bytes: &[u8]) -> Result<(), String> {
    static WATCHMAN: Once = Once::new();
    WATCHMAN.call_once(|| {
        std::thread::spawn(watch);
    });
    set(Some((target.name, bytes.to_vec(), Instant::now())));
    let before = held();
    PEAK.store(before, Ordering::Relaxed);
    let ended = catch_unwind(AssertUnwindSafe(|| (target.read)(bytes)));
    let taken = PEAK.load(Ordering::Relaxed) - before;
    set(None);
    if ended.is_err() {
        return Err("it panicked".to_owned());
    }
    if taken > MEMORY {
        return Err(format!("it took {taken} bytes of memory, {MEMORY} allowed"));
    }
    Ok(())
}

fn set(reading: Reading) {
    *READING.lock().unwrap_or_else(PoisonError::into_inner) = reading;
}

/// Ends the program when an input takes too long: nothing else can.
fn watch() {
    loop {
        std::thread::sleep(Duration::from_secs(1));
        let reading = READING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((name, bytes, began)) = &*reading
            && began.elapsed() > TIME
        {
            let path = keep(name, bytes);
            let path = path.display();
            eprintln!("{name}: more than {} s for one input", TIME.as_secs());
            eprintln!("again: cargo xtask fuzz --target {name} --input {path}");
            std::process::abort();
        }
    }
}

/// Writes an input that stopped its reader to a file.
pub fn keep(name: &str, bytes: &[u8]) -> PathBuf {
    use std::hash::{Hash as _, Hasher as _};
    let mut hasher = std::hash::DefaultHasher::new();
    bytes.hash(&mut hasher);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/fuzz/crashes");
    std::fs::create_dir_all(&folder).expect("a folder below target/");
    let path = folder.join(format!("{name}-{:016x}", hasher.finish()));
    std::fs::write(&path, bytes).expect("an input is kept");
    path.canonicalize().unwrap_or(path)
}
