//! What it costs a guest that it can be interrupted: the same loop compiled with neither epochs nor
//! fuel, with epochs, and with both. A loop is the worst case: each round looks whether it is over.

use std::time::Instant;

use vetting_runtime::engine::{Flavour, config};
use wasmtime::{Engine, Instance, Module, Store};

use crate::table::{Pairs, Row, seconds};

const ROUNDS: usize = 10;

/// A loop of a few sums, and one that reads and writes memory in each round.
const LOOPS: [(&str, i64, &str); 2] = [
    (
        "a loop of nine instructions that computes",
        50_000_000,
        "(local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 13))))
         (local.set $x (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 7))))",
    ),
    (
        "a loop that computes, reads and writes memory",
        20_000_000,
        "(local.set $x (i64.mul (i64.add (local.get $x) (local.get $n)) (i64.const 0x5851f42d4c957f2d)))
         (local.set $at (i32.and (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 40))) (i32.const 0xfff8)))
         (i64.store (local.get $at) (i64.add (i64.load (local.get $at)) (local.get $x)))
         (i64.store offset=65536 (local.get $at) (i64.xor (i64.load offset=65536 (local.get $at)) (local.get $n)))",
    ),
];

/// Two rows for each loop.
pub fn measure() -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (what, rounds, body) in LOOPS {
        let text = format!(
            "(module (memory 2)
               (func (export \"run\") (param $n i64) (result i64) (local $x i64) (local $at i32)
                 (local.set $x (i64.const 88172645463325252))
                 (loop $again
                   {body}
                   (br_if $again (i64.ne (i64.const 0)
                     (local.tee $n (i64.sub (local.get $n) (i64.const 1))))))
                 (local.get $x)))"
        );
        let wasm = wat::parse_str(&text)?;
        let mut neither = Guest::new(Flavour::Epoch, false, &wasm)?;
        let mut epochs = Guest::new(Flavour::Epoch, true, &wasm)?;
        let mut both = Guest::new(Flavour::EpochAndFuel, true, &wasm)?;
        let (mut one, mut two) = (Pairs::default(), Pairs::default());
        for _ in 0..ROUNDS {
            let baseline = neither.run(rounds)?;
            one.push(epochs.run(rounds)?, baseline);
            two.push(both.run(rounds)?, baseline);
        }
        let of = |with: &str| format!("Engine: {what}, {with}");
        rows.push(one.row(&of("epochs"), "epochs", "neither", seconds));
        rows.push(two.row(
            &of("epochs and fuel"),
            "epochs and fuel",
            "neither",
            seconds,
        ));
    }
    Ok(rows)
}

struct Guest {
    store: Store<()>,
    instance: Instance,
}

impl Guest {
    /// Compiled as the runtime compiles for this flavour, but for the epochs.
    fn new(flavour: Flavour, epochs: bool, wasm: &[u8]) -> wasmtime::Result<Self> {
        let mut config = config(flavour);
        config.epoch_interruption(epochs);
        let engine = Engine::new(&config)?;
        let module = Module::new(&engine, wasm)?;
        let mut store = Store::new(&engine, ());
        if epochs {
            store.set_epoch_deadline(1 << 60);
        }
        if flavour == Flavour::EpochAndFuel {
            store.set_fuel(u64::MAX)?;
        }
        let instance = Instance::new(&mut store, &module, &[])?;
        Ok(Guest { store, instance })
    }

    /// Seconds of so many rounds.
    fn run(&mut self, rounds: i64) -> wasmtime::Result<f64> {
        let run = self
            .instance
            .get_typed_func::<i64, i64>(&mut self.store, "run")?;
        let began = Instant::now();
        std::hint::black_box(run.call(&mut self.store, rounds)?);
        Ok(began.elapsed().as_secs_f64())
    }
}
