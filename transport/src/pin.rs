//! Which server is trusted. With pins: one whose certificate's SHA-256 fingerprint, or whose public
//! key's, is among them, and nothing else of the certificate matters, its dates and names included:
//! a bare machine's clock may be years off. Without pins: one that the system's roots vouch for.

use std::str::FromStr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest as _, Sha256};

/// The SHA-256 fingerprint of a certificate or of its public key (SubjectPublicKeyInfo).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pin([u8; 32]);

/// A text that is no pin.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no pin: 64 hexadecimal digits are needed, with or without colons")]
pub struct PinError(String);

impl FromStr for Pin {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Self, PinError> {
        let wrong = || PinError(text.to_owned());
        let bare = text.trim();
        let bare = bare.strip_prefix("sha256:").unwrap_or(bare);
        let digits: Vec<u8> = bare.bytes().filter(|b| *b != b':').collect();
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(wrong());
        }
        let mut pin = [0; 32];
        for (byte, pair) in pin.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Pin(pin))
    }
}

impl std::fmt::Display for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pin({self})")
    }
}

/// The fingerprint of a DER-encoded certificate or key.
pub fn fingerprint(der: &[u8]) -> Pin {
    Pin(Sha256::digest(der).into())
}

/// A TLS client that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// rustls refused.
    #[error("TLS: {0}")]
    Rustls(#[from] rustls::Error),
    /// The system has no roots.
    #[error("the system has no root certificates, and no pin was given: {0}")]
    NoRoots(String),
}

/// A TLS 1.3 client that trusts the pins, or the system's roots when there are none.
///
/// # Errors
///
/// When there are neither pins nor roots.
pub fn tls(pins: &[Pin]) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?;
    if pins.is_empty() {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (added, _unreadable) = roots.add_parsable_certificates(found.certs);
        if added == 0 {
            let why: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
            return Err(TlsError::NoRoots(why.join("; ")));
        }
        return Ok(builder.with_root_certificates(roots).with_no_client_auth());
    }
    let verifier = Pinned {
        pins: pins.to_vec(),
        provider,
    };
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

/// Trusts what is pinned. The handshake's signature proves that the server has the key.
#[derive(Debug)]
struct Pinned {
    pins: Vec<Pin>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let whole = fingerprint(end_entity);
        let parsed = webpki::EndEntityCert::try_from(end_entity);
        let key = parsed.map(|c| fingerprint(&c.subject_public_key_info()));
        if self.pins.contains(&whole) || key.is_ok_and(|key| self.pins.contains(&key)) {
            return Ok(ServerCertVerified::assertion());
        }
        Err(rustls::Error::General(format!(
            "the server's certificate has the fingerprint {whole}, which is not pinned"
        )))
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("TLS 1.2 is not spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_read_as_people_write_it_and_nothing_else() {
        let plain = "ab".repeat(32);
        let pin: Pin = plain.parse().expect("a pin");
        let colons = vec!["AB"; 32].join(":");
        assert_eq!(colons.parse::<Pin>().expect("a pin"), pin);
        assert_eq!(pin.to_string(), plain);
        for wrong in ["", "ab", &"ag".repeat(32), &"ab".repeat(33)] {
            assert!(wrong.parse::<Pin>().is_err(), "{wrong}");
        }
    }
}
