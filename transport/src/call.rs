//! One call: JSON there, JSON back, within a time and a size. Each one that is over is told as an
//! event at the level `debug`: its path, its status, and how long it took.

use std::error::Error as _;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use vetting_protocol::{Code, Refusal};

use crate::{Pin, Secret, TlsError, tls};

/// The most that an answer may be, in bytes, unless the client is told otherwise.
const MOST: usize = 8 << 20;

/// A client of one server.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    most: usize,
}

/// One call.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The path, from the slash on.
    pub path: &'a str,
    /// The token.
    pub token: Option<&'a Secret>,
    /// How long the whole of it may take.
    pub timeout: Duration,
}

/// A call that brought no answer to work with.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The URL or the TLS settings cannot be used at all.
    #[error("{0}")]
    Unusable(String),
    /// The server did not answer: not there, not trusted, or too slow.
    #[error("{url}: {reason}")]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        reason: String,
    },
    /// The server answered with a refusal.
    #[error("refused ({status}, {}): {}", refusal.code.as_str(), refusal.message)]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Why.
        refusal: Refusal,
        /// When to come again.
        retry_after: Option<Duration>,
    },
    /// The answer is not what the call gives.
    #[error("{url}: the answer cannot be read: {reason}")]
    Unreadable {
        /// Where.
        url: String,
        /// Why.
        reason: String,
    },
}

impl CallError {
    /// The refusal's code.
    pub fn code(&self) -> Option<&Code> {
        match self {
            CallError::Refused { refusal, .. } => Some(&refusal.code),
            _ => None,
        }
    }

    /// Whether the server has decided, so that the same call again is answered the same: 401, 403,
    /// 404, 409, 410, 413, 415 and 422. Everything else is worth another try.
    pub fn is_answer(&self) -> bool {
        const ANSWERS: [u16; 8] = [401, 403, 404, 409, 410, 413, 415, 422];
        matches!(self, CallError::Refused { status, .. } if ANSWERS.contains(status))
    }

    /// Whether the same call may be answered later: the server is away, or has no room or time now.
    pub fn is_transient(&self) -> bool {
        match self {
            CallError::Unreachable { .. } => true,
            CallError::Refused { status, .. } => [408, 429, 502, 503, 504].contains(status),
            CallError::Unusable(_) | CallError::Unreadable { .. } => false,
        }
    }

    /// When the server asked to be called again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            CallError::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl Client {
    /// A client of the server at a URL such as `https://10.0.0.5:8443`.
    ///
    /// # Errors
    ///
    /// When the URL is not `https://…`, or there is nothing to trust.
    pub fn new(url: &str, pins: &[Pin]) -> Result<Self, CallError> {
        let unusable = |why: String| CallError::Unusable(why);
        if !url.starts_with("https://") {
            return Err(unusable(format!(
                "{url}: only https:// is spoken; a token must not travel in the clear"
            )));
        }
        let tls = tls(pins).map_err(|error: TlsError| unusable(error.to_string()))?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(10))
            .build()
            .map_err(|error| unusable(deepest(&error)))?;
        Ok(Client {
            http,
            base: url.trim_end_matches('/').to_owned(),
            most: MOST,
        })
    }

    /// A client that takes answers of up to so many bytes.
    #[must_use]
    pub fn answers_up_to(self, most: usize) -> Self {
        Client { most, ..self }
    }

    /// The server's URL.
    pub fn url(&self) -> &str {
        &self.base
    }

    /// Posts JSON, and reads JSON.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub async fn post<B: Serialize + Sync, A: DeserializeOwned>(
        &self,
        call: Call<'_>,
        body: &B,
    ) -> Result<A, CallError> {
        let url = self.address(call);
        let request = self.http.post(&url).json(body);
        self.json(call, url, request).await
    }

    /// Gets JSON.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub async fn get<A: DeserializeOwned>(&self, call: Call<'_>) -> Result<A, CallError> {
        let url = self.address(call);
        let request = self.http.get(&url);
        self.json(call, url, request).await
    }

    /// Deletes.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub async fn delete<A: DeserializeOwned>(&self, call: Call<'_>) -> Result<A, CallError> {
        let url = self.address(call);
        let request = self.http.delete(&url);
        self.json(call, url, request).await
    }

    /// Gets bytes, no more than `most`. A body that stalls for `stall` is given up.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub async fn bytes(
        &self,
        call: Call<'_>,
        most: usize,
        stall: Duration,
    ) -> Result<Vec<u8>, CallError> {
        let url = self.address(call);
        let request = self.http.get(&url);
        self.exchange(call, &url, request, most, stall).await
    }

    fn address(&self, call: Call<'_>) -> String {
        format!("{}{}", self.base, call.path)
    }

    async fn json<A: DeserializeOwned>(
        &self,
        call: Call<'_>,
        url: String,
        request: reqwest::RequestBuilder,
    ) -> Result<A, CallError> {
        let answer = self.exchange(call, &url, request, self.most, call.timeout);
        serde_json::from_slice(&answer.await?).map_err(|error| CallError::Unreadable {
            url,
            reason: error.to_string(),
        })
    }

    /// The bytes of an answer. Whatever came of the call is told.
    async fn exchange(
        &self,
        call: Call<'_>,
        url: &str,
        request: reqwest::RequestBuilder,
        most: usize,
        stall: Duration,
    ) -> Result<Vec<u8>, CallError> {
        let began = Instant::now();
        let answer = match self.send(call, url, request).await {
            Ok(response) => body(response, url, most, stall).await,
            Err(error) => Err(error),
        };
        // An answer is a 200; a call that was not answered has no status.
        let status = match &answer {
            Ok(_) => Some(200),
            Err(CallError::Refused { status, .. }) => Some(*status),
            Err(_) => None,
        };
        tracing::debug!(
            target: "vetting_transport::call",
            path = call.path,
            status,
            elapsed = began.elapsed().as_secs_f64(),
            "a call is over"
        );
        answer
    }

    async fn send(
        &self,
        call: Call<'_>,
        url: &str,
        mut request: reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, CallError> {
        if let Some(token) = call.token {
            request = request.bearer_auth(token.expose());
        }
        let response = request.timeout(call.timeout).send().await;
        let response = response.map_err(|error| CallError::Unreachable {
            url: url.to_owned(),
            reason: deepest(&error),
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let header = response.headers().get("retry-after");
        let seconds = header.and_then(|value| value.to_str().ok()?.parse().ok());
        let retry_after = seconds.map(Duration::from_secs);
        let bytes = body(response, url, self.most, call.timeout).await?;
        let refusal = serde_json::from_slice(&bytes).unwrap_or_else(|_no_refusal| Refusal {
            code: Code::Other(status.as_u16().to_string()),
            message: format!("{url} answered {status}"),
        });
        Err(CallError::Refused {
            status: status.as_u16(),
            refusal,
            retry_after,
        })
    }
}

/// A body, bounded in size and in how long it may stand still.
async fn body(
    mut response: reqwest::Response,
    url: &str,
    most: usize,
    stall: Duration,
) -> Result<Vec<u8>, CallError> {
    let unreadable = |reason: String| CallError::Unreadable {
        url: url.to_owned(),
        reason,
    };
    let mut bytes = Vec::new();
    loop {
        let chunk = tokio::time::timeout(stall, response.chunk()).await;
        let chunk =
            chunk.map_err(|_| unreadable(format!("nothing came for {} s", stall.as_secs_f64())))?;
        let Some(chunk) = chunk.map_err(|error| unreadable(deepest(&error)))? else {
            return Ok(bytes);
        };
        if bytes.len() + chunk.len() > most {
            return Err(unreadable(format!("it is longer than {most} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
}

/// The reason at the bottom, which says most: `certificate is not pinned`, `connection refused`.
fn deepest(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut reason = error.source();
    let mut text = error.to_string();
    while let Some(deeper) = reason {
        text = deeper.to_string();
        reason = deeper.source();
    }
    if text.contains("ProtocolVersion") {
        text = "the server does not speak TLS 1.3".to_owned();
    }
    if text.contains("InvalidContentType") {
        text = "the server does not speak TLS at all".to_owned();
    }
    text
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;

    /// Why a call fails whose server accepts it and then says this, and no more.
    async fn why(words: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("https://{}", listener.local_addr().expect("an address"));
        let client = Client::new(&url, &[crate::fingerprint(b"any")]).expect("a client");
        let call = Call {
            path: "/",
            token: None,
            timeout: Duration::from_millis(500),
        };
        let server = async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            stream.write_all(words).await.expect("said");
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = server => String::new(),
            answer = client.get::<serde_json::Value>(call) => {
                answer.expect_err("no answer").to_string()
            }
        }
    }

    #[tokio::test]
    async fn a_server_without_tls_and_one_that_is_silent_are_told_apart() {
        let plain = why(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        assert!(
            plain.ends_with("the server does not speak TLS at all"),
            "{plain}"
        );
        let silent = why(b"").await;
        assert!(silent.ends_with("no answer in time"), "{silent}");
    }
}
