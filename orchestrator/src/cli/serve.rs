//! `serve`.

use std::io::Write as _;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use vetting_protocol::Periods;

use super::args::ServeArgs;
use super::files;
use crate::service::{Orchestrator, Settings};
use crate::store::journal::volume::Bounds;
use crate::store::lock::Lock;
use crate::web::{Certificate, Server, router, serve as listen};

/// Serves until SIGTERM or SIGINT. The address and the fingerprint are printed on standard output.
pub async fn serve(args: ServeArgs) -> anyhow::Result<()> {
    let millis = |d: std::time::Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
    let settings = Settings {
        periods: Periods {
            heartbeat_ms: millis(args.heartbeat),
            sensor_ms: millis(args.sensors),
            log_ms: millis(args.log),
        },
        session: args.session,
        login: args.login,
        unclaimed: args.unclaimed,
        lost: args.lost,
        directive: args.directive,
        retention: args.retention,
        audit_retention: args.audit_retention,
        stall: args.stall,
        min_free: args.min_free,
        lines: Bounds::of_run(args.run_lines),
        samples: Bounds::of_run(args.run_samples),
        iperf_ports: args.iperf_ports,
        iperf_address: args.iperf_address,
    };
    // Before the databases are opened, and until this process ends.
    let _lock = Lock::take(&args.data, &args.listen.to_string())?;
    let orchestrator = Orchestrator::open(&args.data, settings).await?;
    let certificate = match (&args.certificate, &args.key) {
        (Some(certificate), Some(key)) => Certificate::read(certificate, key)?,
        _ => Certificate::own(&args.data)?,
    };
    let fingerprint = certificate
        .fingerprint()
        .context("the certificate is empty")?;
    let server = Server {
        tls: certificate.server()?,
        files: files::raise(),
        stall: args.stall,
    };
    let listener = TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("nothing can listen on {}", args.listen))?;
    // A server whose standard output is closed serves all the same.
    let mut stdout = std::io::stdout();
    let _printed = writeln!(
        stdout,
        "listening on https://{}\nfingerprint {fingerprint}",
        listener.local_addr()?
    );
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        () = listen(listener, server, router(orchestrator.clone())) => {}
        () = orchestrator.patrol() => {}
        () = orchestrator.guard_iperf() => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("ended");
    Ok(())
}
