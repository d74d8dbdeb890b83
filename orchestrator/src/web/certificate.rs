//! The server's certificate: one that was given, or one of our own, made at the first start. Agents
//! know it by its fingerprint, so nobody has to vouch for it.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use vetting_transport::{Pin, fingerprint};

/// A certificate that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read or written.
    #[error("{}: {reason}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// A file is no PEM of what it should be.
    #[error("{}: {reason}", path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: rustls::pki_types::pem::Error,
    },
    /// None could be made.
    #[error("no certificate could be made: {0}")]
    Making(#[from] rcgen::Error),
    /// Certificate and key do not go together.
    #[error("TLS: {0}")]
    Rustls(#[from] rustls::Error),
}

/// A certificate and its key.
pub struct Certificate {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Certificate {
    /// Reads both from PEM files.
    ///
    /// # Errors
    ///
    /// When one of them is not what it should be.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        let pem = |path: &Path| {
            let path = path.to_owned();
            move |reason| CertificateError::Pem { path, reason }
        };
        let chain = CertificateDer::pem_file_iter(certificate).map_err(pem(certificate))?;
        let chain = chain.collect::<Result<Vec<_>, _>>();
        Ok(Certificate {
            chain: chain.map_err(pem(certificate))?,
            key: PrivateKeyDer::from_pem_file(key).map_err(pem(key))?,
        })
    }

    /// Reads the one in a folder, and makes one where there is none.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read or written.
    pub fn own(folder: &Path) -> Result<Self, CertificateError> {
        let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        if !key.exists() || !certificate.exists() {
            let names = vec!["vetting-orchestrator".to_owned(), "localhost".to_owned()];
            let made = rcgen::generate_simple_self_signed(names)?;
            write(&key, &made.signing_key.serialize_pem(), 0o600)?;
            write(&certificate, &made.cert.pem(), 0o644)?;
        }
        Self::read(&certificate, &key)
    }

    /// Its fingerprint, which agents are booted with.
    pub fn fingerprint(&self) -> Option<Pin> {
        self.chain.first().map(|der| fingerprint(der))
    }

    /// A TLS 1.3 server with it.
    ///
    /// # Errors
    ///
    /// When certificate and key do not go together.
    pub fn server(self) -> Result<Arc<ServerConfig>, CertificateError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(self.chain, self.key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), CertificateError> {
    let io = |reason| CertificateError::Io {
        path: path.to_owned(),
        reason,
    };
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path)
        .map_err(io)?;
    file.write_all(text.as_bytes()).map_err(io)
}
