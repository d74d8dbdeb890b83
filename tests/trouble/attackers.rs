//! Clients that nobody knows: slow ones, and floods. They come from an address of their own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::world::World;

/// Where attackers come from; machines come from 127.0.0.1.
const FROM: &str = "127.0.0.66:0";
/// How long one step of an attacker may take, by the wall.
const STEP: Duration = Duration::from_secs(5);

/// Clients that open connections and hardly say anything, each in another way, for so long.
pub async fn slow(world: Arc<World>, many: usize, wall: Duration) {
    let clients = (0..many).map(|number| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let until = Instant::now() + wall;
            match number % 3 {
                // Not a byte.
                0 => {
                    let _held = connected(&world).await;
                    tokio::time::sleep(wall).await;
                }
                // Half of a TLS record.
                1 => {
                    let Some(mut stream) = connected(&world).await else {
                        return;
                    };
                    let _gone = stream.write_all(&[22, 3, 1, 2, 0, 1]).await;
                    tokio::time::sleep(wall).await;
                }
                // A body that trickles.
                _ => {
                    let Some(mut stream) = secure(&world).await else {
                        return;
                    };
                    let head = "POST /api/v1/runs/x/hello HTTP/1.1\r\nHost: h\r\n\
                        Authorization: Bearer vb_0\r\nContent-Type: application/json\r\n\
                        Content-Length: 60000\r\n\r\n";
                    if stream.write_all(head.as_bytes()).await.is_err() {
                        return;
                    }
                    while Instant::now() < until {
                        if stream.write_all(b" ").await.is_err() || stream.flush().await.is_err() {
                            return;
                        }
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                }
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        let _ended = client.await;
    }
}

/// Connections that are opened as fast as it goes and kept, for so long; how many there were.
pub async fn connections(world: Arc<World>, many: usize, wall: Duration) -> u64 {
    let mut held = Vec::new();
    let until = Instant::now() + wall;
    while held.len() < many && Instant::now() < until {
        held.extend(connected(&world).await);
    }
    tokio::time::sleep(until.saturating_duration_since(Instant::now())).await;
    held.len() as u64
}

/// Calls with tokens that nobody has, as fast as they are answered, for so long; how many there were.
pub async fn wrong_tokens(world: Arc<World>, wall: Duration) -> u64 {
    let until = Instant::now() + wall;
    let mut calls = 0;
    while Instant::now() < until {
        let request = format!(
            "POST /api/v1/runs/x{calls}/claim HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer vb_{calls:064x}\r\n\
             Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
        );
        let Some(mut stream) = secure(&world).await else {
            continue;
        };
        if stream.write_all(request.as_bytes()).await.is_ok() {
            let mut answer = Vec::new();
            let _ended = tokio::time::timeout(STEP, stream.read_to_end(&mut answer)).await;
            calls += 1;
        }
    }
    calls
}

/// Lines or samples of one session as fast as they are taken, for so long; how many bytes of them were
/// acknowledged.
pub async fn deliveries(
    world: Arc<World>,
    (run, token, epoch): (String, vetting_transport::Secret, u64),
    lines: bool,
    wall: Duration,
) -> u64 {
    let client = world.client();
    let until = Instant::now() + wall;
    let sent = AtomicU64::new(0);
    let call = if lines { "log" } else { "sensor" };
    let path = format!("/api/v1/runs/{run}/{call}");
    let text = "x".repeat(900);
    let mut seq = 1_u64 << 40;
    while Instant::now() < until && !world.is_calm() {
        let ts = "2026-01-01T00:00:00.000000000Z";
        let numbers = seq..seq + 2_000;
        seq = numbers.end;
        let body = if lines {
            json!({ "epoch": epoch, "lines": numbers.map(|seq| json!({ "seq": seq, "ts": ts,
                "mono_ns": 1, "level": "info", "text": text })).collect::<Vec<_>>() })
        } else {
            json!({ "epoch": epoch, "samples": numbers.map(|seq| json!({ "seq": seq, "ts": ts,
                "mono_ns": 1, "kind": "flood", "key": text, "value": 1.0, "unit": "x" })).collect::<Vec<_>>() })
        };
        let answer = client.post::<_, serde_json::Value>(
            vetting_transport::Call {
                path: &path,
                token: Some(&token),
                timeout: STEP,
            },
            &body,
        );
        match answer.await {
            Ok(_) => {
                sent.fetch_add(2_000 * 900, Ordering::Relaxed);
            }
            Err(error) if error.is_answer() => break,
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    sent.into_inner()
}

async fn connected(world: &World) -> Option<TcpStream> {
    let to: SocketAddr = world.url.trim_start_matches("https://").parse().ok()?;
    let socket = TcpSocket::new_v4().ok()?;
    socket.bind(FROM.parse().ok()?).ok()?;
    let stream = tokio::time::timeout(STEP, socket.connect(to)).await;
    match stream {
        Ok(Ok(stream)) => Some(stream),
        _ => {
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

async fn secure(world: &World) -> Option<TlsStream<TcpStream>> {
    let tcp = connected(world).await?;
    let tls = vetting_transport::tls(&[world.pin.parse().ok()?]).ok()?;
    let name = ServerName::try_from("localhost").ok()?;
    let stream = TlsConnector::from(Arc::new(tls)).connect(name, tcp);
    tokio::time::timeout(STEP, stream).await.ok()?.ok()
}
