//! Bare connections from an address of an attacker's own.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use vetting_tests::fleet::Orchestrator;

/// A connection under TLS.
pub type Secure = StreamOwned<ClientConnection, TcpStream>;

/// A connection from an address of the loopback network. It takes little at a time.
pub fn dial(orchestrator: &Orchestrator, from: [u8; 4]) -> io::Result<TcpStream> {
    let to = orchestrator.url.trim_start_matches("https://");
    let to: SocketAddr = to.parse().map_err(io::Error::other)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4096)?;
        socket.bind((from, 0).into())?;
        socket.connect(to).await?.into_std()
    })?;
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// The same under TLS, trusting the orchestrator's certificate.
pub fn secure(orchestrator: &Orchestrator, from: [u8; 4]) -> io::Result<Secure> {
    let pin = orchestrator.pin.parse().map_err(io::Error::other)?;
    let tls = vetting_transport::tls(&[pin]).map_err(io::Error::other)?;
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    let connection = ClientConnection::new(Arc::new(tls), name).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, dial(orchestrator, from)?);
    stream.conn.complete_io(&mut stream.sock)?;
    Ok(stream)
}

/// One call as a client of its own makes it: the head's lines beside `Host`, and a body. The whole answer.
pub fn ask(
    orchestrator: &Orchestrator,
    method_and_path: &str,
    head: &[&str],
    body: &str,
) -> String {
    let mut stream = secure(orchestrator, [127, 0, 0, 67]).expect("a connection");
    let host = orchestrator.url.trim_start_matches("https://");
    let mut request =
        format!("{method_and_path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for line in head {
        request += &format!("{line}\r\n");
    }
    request += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).expect("it is sent");
    wait_for_reads(&stream, Duration::from_secs(20));
    let mut answer = Vec::new();
    let _closed = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of an answer.
pub fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

/// A header of an answer.
pub fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    let mut pairs = head.lines().filter_map(|line| line.split_once(": "));
    pairs.find_map(|(found, value)| found.eq_ignore_ascii_case(name).then_some(value))
}

/// Whether the other side ends a connection within a time.
pub fn ends(mut stream: &TcpStream, within: Duration) -> bool {
    let waits = stream.set_read_timeout(Some(within));
    let mut byte = [0];
    match waits.and_then(|()| stream.read(&mut byte)) {
        Ok(many) => many == 0,
        Err(error) => !is_still(&error),
    }
}

/// From now on a read waits so long at most.
pub fn wait_for_reads(stream: &Secure, most: Duration) {
    let set = stream.sock.set_read_timeout(Some(most));
    set.expect("a socket has timeouts");
}

/// From now on a write waits so long at most.
pub fn wait_for_writes(stream: &Secure, most: Duration) {
    let set = stream.sock.set_write_timeout(Some(most));
    set.expect("a socket has timeouts");
}

/// Whether nothing moved, as against an end.
pub fn is_still(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}
