//! Definitions of metrics as text for people.

use super::table::{WIDTH, wrapped};
use crate::proto::v1::DefinitionSet;

/// All sets, one after the other.
pub fn text(sets: &[DefinitionSet]) -> String {
    let mut text = String::new();
    for set in sets {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("{}\n", set.name));
        paragraph(&mut text, "  ", &set.description);
        paragraph(&mut text, "  ", &format!("Source: {}", set.source));
        for metric in &set.metrics {
            text.push_str(&format!("\n  {} [{}]\n", metric.name, metric.unit));
            paragraph(&mut text, "    ", &metric.label);
            paragraph(&mut text, "    ", &metric.wording);
            paragraph(&mut text, "    ", &format!("Counted: {}", metric.numerator));
            if !metric.denominator.is_empty() {
                paragraph(&mut text, "    ", &format!("Out of: {}", metric.denominator));
            }
            let by = if metric.mapped_by.is_empty() {
                String::new()
            } else {
                format!("; mapped by {}", metric.mapped_by)
            };
            paragraph(&mut text, "    ", &format!("Source: {}{by}", metric.source));
        }
    }
    text
}

fn paragraph(text: &mut String, indent: &str, told: &str) {
    for line in wrapped(told, WIDTH - indent.len()) {
        text.push_str(&format!("{indent}{line}\n"));
    }
}
