//! Benchmarks. (Written below.)
pub fn bench(_write: bool) -> anyhow::Result<()> {
    anyhow::bail!("not yet")
}
