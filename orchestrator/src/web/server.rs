//! The server: one task per connection, each step within a time, so that a client that does nothing
//! holds nothing for long.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;

use super::caller::Peer;
use super::places::{Place, Places};

/// How long a TLS handshake may take, and how long the head of a request.
const PATIENCE: Duration = Duration::from_secs(10);

/// What somebody who speaks HTTP without TLS is told.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n\
    Connection: close\r\n\r\n\
    {\"code\":\"malformed\",\"message\":\"this port speaks HTTPS only: use https://\"}\n";

/// What a server serves with.
pub struct Server {
    /// Its certificate.
    pub tls: Arc<rustls::ServerConfig>,
    /// How many files the process may open: every connection is one.
    pub files: usize,
    /// For how long a client may take nothing of an answer.
    pub stall: Duration,
}

/// Serves until this is dropped.
pub async fn serve(listener: TcpListener, server: Server, router: Router) {
    let acceptor = TlsAcceptor::from(server.tls);
    let places = Places::of_files(server.files);
    loop {
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of files, or a connection that was gone at once: the next one may do.
                tracing::warn!("a connection could not be accepted: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(place) = places.take(from.ip()) else {
            continue;
        };
        let (acceptor, router) = (acceptor.clone(), router.clone());
        let connection = connection(stream, (from, place), server.stall, acceptor, router);
        tokio::spawn(connection);
    }
}

async fn connection(
    mut stream: TcpStream,
    (from, place): (SocketAddr, Place),
    stall: Duration,
    acceptor: TlsAcceptor,
    router: Router,
) {
    let _unimportant = stream.set_nodelay(true);
    let mut first = [0; 1];
    match tokio::time::timeout(PATIENCE, stream.peek(&mut first)).await {
        Ok(Ok(1)) => {}
        _ => return,
    }
    // A TLS record of a handshake begins with 22; a method of HTTP with a letter.
    if first[0].is_ascii_alphabetic() {
        tracing::warn!("somebody spoke HTTP without TLS");
        let _gone = stream.write_all(PLAIN).await;
        let _gone = stream.shutdown().await;
        return;
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(stall));
    let stream = Box::pin(stream);
    let stream = match tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::warn!("a TLS handshake failed: {error}");
            return;
        }
        Err(_) => return,
    };
    let router = TowerToHyperService::new(router);
    let place = Arc::new(place);
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Peer(from.ip()));
        request.extensions_mut().insert(Arc::clone(&place));
        router.call(request)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!("a connection ended: {error}");
    }
}
