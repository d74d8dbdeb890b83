//! HTTPS between the parts of `vetting`: TLS 1.3 alone, a server known by its pinned certificate or
//! key, bodies that are bounded, and refusals that say what is wrong.

mod call;
mod pin;
mod secret;

pub use call::{Call, CallError, Client};
pub use pin::{Pin, PinError, TlsError, fingerprint, tls};
pub use secret::Secret;
