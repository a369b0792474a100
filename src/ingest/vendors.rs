//! The adapters of this build: one line each, and the scripts that the conformance kit plays with them.

use std::sync::Arc;

use callgauge_adapter::Vendor;

/// An adapter of this build.
#[derive(Clone)]
pub struct Known {
    /// The adapter.
    pub vendor: Arc<dyn Vendor>,
    /// Its scripted vendor.
    pub script: &'static str,
}

/// All of them, in order of name.
pub fn all() -> Vec<Known> {
    macro_rules! known {
        ($($package:ident),* $(,)?) => {
            vec![$(Known { vendor: Arc::from($package::vendor()), script: $package::SCRIPT }),*]
        };
    }
    let mut all: Vec<Known> = known![
        callgauge_adapter_3cx,
        callgauge_adapter_8x8,
        callgauge_adapter_aircall,
        callgauge_adapter_amazon_connect,
        callgauge_adapter_asterisk,
        callgauge_adapter_delimited,
        callgauge_adapter_genesys_cloud,
        callgauge_adapter_ringcentral,
        callgauge_adapter_twilio,
        callgauge_adapter_webex,
        callgauge_adapter_zoom,
    ];
    for (vendor, script) in [
        (callgauge_adapter_3cx::cdr_vendor(), callgauge_adapter_3cx::CDR_SCRIPT),
        (callgauge_adapter_3cx::cdroutput_vendor(), callgauge_adapter_3cx::CDROUTPUT_SCRIPT),
    ] {
        all.push(Known { vendor: Arc::from(vendor), script });
    }
    all.sort_by(|one, other| one.vendor.description().vendor.cmp(&other.vendor.description().vendor));
    all
}

/// One by its name in settings.
pub fn named(name: &str) -> Option<Known> {
    all().into_iter().find(|known| known.vendor.description().vendor == name)
}

/// Their names, for messages.
pub fn names() -> Vec<String> {
    all().into_iter().map(|known| known.vendor.description().vendor.clone()).collect()
}
