//! What the check of a grant costs a host call.

use vetting_runtime::policy::Withheld;

use crate::Built;
use crate::calls::{Bench, CALLS};
use crate::table::{Pairs, Row, seconds};

const ROUNDS: usize = 10;

/// A call that is granted where others are not, against one where nothing is to be looked up; and a
/// call that is not granted, against the same call where the machine is asked and refuses.
pub async fn measure(built: &Built) -> anyhow::Result<Vec<Row>> {
    let bench = Bench::new(built).await?;
    let stage = bench.load().await?;
    // The clock is never withheld.
    let denied: Withheld = vetting_component::offered()
        .asked_for()
        .map(|name| {
            (
                name.to_owned(),
                format!("the interface `{name}` is withheld by the bench"),
            )
        })
        .collect();
    let (mut check, mut refusal) = (Pairs::default(), Pairs::default());
    for _ in 0..ROUNDS {
        let call = async |mode: &str, denied: &Withheld| {
            let none = bench.granted(&stage, mode, 0, denied.clone()).await?;
            let many = bench.granted(&stage, mode, CALLS, denied.clone()).await?;
            anyhow::Ok(((many - none) / CALLS as f64).max(0.0))
        };
        let nothing = Withheld::new();
        check.push(
            call("calls", &denied).await?,
            call("calls", &nothing).await?,
        );
        refusal.push(
            call("refused", &denied).await?,
            call("refused", &nothing).await?,
        );
    }
    Ok(vec![
        check.row(
            "A granted host call (`clock.monotonic`)",
            "its grant looked up among 11 that are denied",
            "nothing is denied",
            seconds,
        ),
        refusal.row(
            "A refused host call (`fio.start`)",
            "not granted: denied by the host",
            "granted: refused by the machine",
            seconds,
        ),
    ])
}
