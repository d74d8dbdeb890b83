//! The lines that gpu_burn prints while it works and at its end.

use crate::simulated::tools::Ending;

/// Billions of operations of one iteration: two matrices of 8,192 rows multiplied.
const PER_ITERATION: f64 = 2.0 * 8192.0 * 8192.0 * 8192.0 / 1e9;

/// The exit status when none of its processes works any more (`ENOMEDIUM` of its source).
const NONE_ALIVE: i32 = 123;

/// One GPU at one time.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// Billions of operations done since the start.
    pub done: f64,
    /// The rate now, in billions of operations a second.
    pub rate: f64,
    /// Wrong results since the last line.
    pub wrong: u64,
    /// In degrees Celsius.
    pub celsius: f64,
    /// Whether its process died.
    pub died: bool,
}

/// What one process of gpu_burn printed so far.
#[derive(Clone, Debug, Default)]
pub struct Output {
    text: String,
    faulty: Vec<bool>,
    all_died: bool,
}

impl Output {
    /// It begins: `gpus` are CUDA's numbers, names and UUIDs.
    pub fn begin(seconds: u64, gpus: &[(usize, &str, &str)]) -> Self {
        let mut text = format!("Using compare file: compare.ptx\nBurning for {seconds} seconds.\n");
        for (index, name, uuid) in gpus {
            text.push_str(&format!("GPU {index}: {name} (UUID: {uuid})\n"));
        }
        Output {
            text,
            faulty: vec![false; gpus.len()],
            all_died: false,
        }
    }

    /// It was given a GPU that is not there.
    pub fn without_a_gpu(seconds: u64) -> (Vec<u8>, i32) {
        let text = format!(
            "Using compare file: compare.ptx\nBurning for {seconds} seconds.\n\
             Couldn't init a GPU test: Error (gpu_burn-drv.cpp:220): invalid device ordinal\n\
             No clients are alive!  Aborting\n"
        );
        (text.into_bytes(), NONE_ALIVE)
    }

    /// A line of how far it is.
    pub fn progress(&mut self, percent: f64, cells: &[Cell]) {
        let join = |cell: fn(&Cell) -> String, between: &str| {
            let cells: Vec<String> = cells.iter().map(cell).collect();
            cells.join(between)
        };
        let rates = join(
            |cell| match cell.died {
                true => "-1 (0 Gflop/s)".to_owned(),
                false => {
                    let iterations = (cell.done / PER_ITERATION) as u64;
                    format!("{iterations} ({:.0} Gflop/s)", cell.rate)
                }
            },
            " - ",
        );
        let errors = join(
            |cell| match (cell.died, cell.wrong) {
                (true, _) => "-1  (DIED!)".to_owned(),
                (false, 0) => "0 ".to_owned(),
                (false, wrong) => format!("{wrong}  (WARNING!)"),
            },
            "- ",
        );
        let heat = join(
            |cell| match cell.died {
                true => "-- ".to_owned(),
                false => format!("{:.0} C ", cell.celsius),
            },
            "- ",
        );
        let line = format!("\r{percent:.1}%  proc'd: {rates}   errors: {errors}  temps: {heat}");
        self.text.push_str(&line);
        for (faulty, cell) in self.faulty.iter_mut().zip(cells) {
            *faulty |= cell.wrong > 0;
        }
        self.all_died = cells.iter().all(|cell| cell.died);
    }

    /// Its whole output and its exit status; `None`: a signal ended it.
    pub fn end(mut self, ending: Ending) -> (Vec<u8>, Option<i32>) {
        if ending != Ending::Itself {
            return (self.text.into_bytes(), None);
        }
        if self.all_died {
            self.text.push_str("\n\nNo clients are alive!  Aborting\n");
            return (self.text.into_bytes(), Some(NONE_ALIVE));
        }
        self.text
            .push_str("\nKilling processes with SIGTERM (soft kill)\n");
        for device in 0..self.faulty.len() {
            let line = format!("Freed memory for dev {device}\nUninitted cublas\n");
            self.text.push_str(&line);
        }
        let tested = format!("done\n\nTested {} GPUs:\n", self.faulty.len());
        self.text.push_str(&tested);
        for (index, faulty) in self.faulty.iter().enumerate() {
            let word = if *faulty { "FAULTY" } else { "OK" };
            self.text.push_str(&format!("\tGPU {index}: {word}\n"));
        }
        (self.text.into_bytes(), Some(0))
    }
}
