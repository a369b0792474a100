//! TLS: rustls with ring, and the authorities that the machine trusts, read once for the whole program.

use std::sync::{Arc, LazyLock};

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

static PROVIDER: LazyLock<Arc<CryptoProvider>> =
    LazyLock::new(|| Arc::new(rustls::crypto::ring::default_provider()));

/// With the machine's own authorities alone; reading them takes longer than many a request.
static USUAL: LazyLock<ClientConfig> = LazyLock::new(|| made(Vec::new()));

/// Trusts the machine's authorities, and these.
pub(super) fn config(authorities: Vec<CertificateDer<'static>>) -> ClientConfig {
    if authorities.is_empty() { USUAL.clone() } else { made(authorities) }
}

/// On a machine that has no authorities at all nobody is trusted: every request then says that the vendor cannot be reached, and what to check.
fn made(authorities: Vec<CertificateDer<'static>>) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(Arc::clone(&PROVIDER))
        .with_safe_default_protocol_versions()
        .expect("ring has the cipher suites of every version that rustls knows");
    let verifier = Verifier::new_with_extra_roots(authorities, Arc::clone(&PROVIDER));
    match verifier {
        Ok(verifier) => {
            let verifier: Arc<dyn ServerCertVerifier> = Arc::new(verifier);
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        }
        Err(_) => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
    }
}
