//! A certificate such as a server has, for as long as a test wants it to be valid.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, PublicKeyData as _, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use vetting_transport::fingerprint;

/// A certificate that vouches for itself, and its key.
pub struct Certificate {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Certificate {
    /// One that is valid from the first day of a year to the first day of another.
    pub fn of_years(from: i32, to: i32) -> Self {
        let names = ["localhost".to_owned()];
        let mut params = CertificateParams::new(names).expect("a certificate's names");
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Certificate { certificate, key }
    }

    /// Its fingerprint.
    pub fn pin(&self) -> String {
        fingerprint(self.certificate.der()).to_string()
    }

    /// Its public key's fingerprint.
    pub fn key_pin(&self) -> String {
        fingerprint(&self.key.subject_public_key_info()).to_string()
    }

    /// Writes both in PEM to a folder; the certificate's file and the key's.
    pub fn write(&self, folder: &Path) -> (PathBuf, PathBuf) {
        let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        std::fs::write(&certificate, self.certificate.pem()).expect("the certificate is written");
        std::fs::write(&key, self.key.serialize_pem()).expect("the key is written");
        (certificate, key)
    }

    /// A TLS 1.3 server with it.
    pub(crate) fn server(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("TLS 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.der().clone()], key)
            .expect("a server");
        Arc::new(config)
    }
}
