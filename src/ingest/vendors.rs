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

#[cfg(test)]
mod tests {
    use callgauge_adapter::Window;
    use callgauge_adapter::schema::Moment;

    use super::*;

    #[test]
    fn what_an_operator_can_mend_is_tried_with_every_adapter_or_said_never_to_come() {
        let of_8x8 = callgauge_adapter_8x8::CONTACT_CENTER_SCRIPT;
        let scripts = all().into_iter().map(|known| known.script).chain([of_8x8]);
        let scripts = scripts.map(|script| script.parse::<toml::Table>().expect("is TOML"));
        // A folder refuses nobody in words of its own.
        for script in scripts.filter(|script| !script.contains_key("step")) {
            let refusals = script["refusal"].as_array().expect("is a list");
            for kind in ["credentials", "permission", "region", "disabled", "plan"] {
                let tried = refusals.iter().any(|refusal| refusal["fault"].as_str() == Some(kind));
                let skip = script.get("skip").and_then(|skip| skip.get(format!("a refusal of kind {kind}")));
                assert!(tried != skip.is_some(), "{}: {kind}", script["vendor"]);
            }
        }
    }

    #[test]
    fn a_folder_is_first_read_whole_and_each_of_its_files_once() {
        let folders: Vec<_> = all()
            .into_iter()
            .filter(|known| known.vendor.description().settings.iter().any(|setting| setting.key == "folder"))
            .collect();
        assert!(folders.len() >= 4, "there are folders");
        let now = Moment::from_millis(2_000_000_000_000);
        for Known { vendor, script: _ } in folders {
            let description = vendor.description();
            assert!(vendor.begins_with_all(), "{} leaves out files that are there", description.vendor);
            let ever = Window::new(Moment::from_millis(0), now).expect("time goes on");
            // A window has all files that were written since it began: another window would read them again.
            assert_eq!(ever.steps(description.longest_window).count(), 1, "{}", description.vendor);
        }
    }
}
