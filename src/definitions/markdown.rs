//! `docs/definitions.md`, written from the sets.

use std::fmt::Write;

use super::rule::{CallDuration, Rule, Selection, Sum};
use super::{DEFAULT, Definition, DefinitionSet, sets};

const OPENING: &str = "# Definitions

What every metric means, and how to read its value. This file is written from the data that the service computes with, by
`callgauge definitions --markdown > docs/definitions.md`; a test compares the two.
";

/// The whole of `docs/definitions.md`.
pub fn markdown() -> String {
    let mut page = Page(OPENING.to_owned());
    for set in sets() {
        page.set(set);
    }
    page.selections();
    page.text("\n");
    page.text(include_str!("reading.md"));
    page.0
}

struct Page(String);

impl Page {
    fn text(&mut self, text: &str) {
        self.0.push_str(text);
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        self.0.write_fmt(line).expect("writing to a string never fails");
        self.0.push('\n');
    }

    fn set(&mut self, set: &DefinitionSet) {
        let DefinitionSet { name, description, source, standard, metrics } = set;
        self.line(format_args!("\n## Set `{name}`\n\n{description}\n\nSource: {source}"));
        if name == DEFAULT {
            self.text("\nThis is the set that a question without one means.\n");
        }
        self.line(format_args!(
            "\nA question without names of metrics means, in this order: `{}`.",
            standard.join("`, `")
        ));
        for metric in metrics {
            self.metric(metric);
        }
    }

    fn metric(&mut self, metric: &Definition) {
        let Definition { name, label, code, wording, unit, numerator, denominator, source, mapped_by, rule } =
            metric;
        self.line(format_args!("\n### `{name}`\n\n**{label}.** {wording}\n\n| | |\n|---|---|"));
        if !code.is_empty() {
            self.line(format_args!("| code | {code} |"));
        }
        self.line(format_args!("| unit | {} |", unit.name()));
        self.line(format_args!("| numerator | {numerator} |"));
        if !denominator.is_empty() {
            self.line(format_args!("| denominator | {denominator} |"));
        }
        self.line(format_args!("| rule | `{}` |", rule_text(rule)));
        self.line(format_args!("| source | {source} |"));
        self.line(format_args!("| mapped by | {mapped_by} |"));
    }

    fn selections(&mut self) {
        self.text("\n## Selections\n\nThe calls that the rules name.\n\n| selection | calls | conditions on the call record |\n|---|---|---|\n");
        let mut all: Vec<&Selection> = sets()
            .iter()
            .flat_map(|set| &set.metrics)
            .flat_map(|metric| selections_of(&metric.rule))
            .collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all.dedup();
        for selection in all {
            let Selection { name, words, .. } = selection;
            self.line(format_args!("| `{name}` | {words} | {} |", selection.conditions()));
        }
    }
}

fn selections_of(rule: &Rule) -> Vec<&Selection> {
    match rule {
        Rule::Count(sum) => sum.terms.iter().map(|term| &term.selection).collect(),
        Rule::Ratio { numerator, denominator } => {
            numerator.terms.iter().chain(&denominator.terms).map(|term| &term.selection).collect()
        }
        Rule::Distribution { of, duration: _ } => vec![of],
    }
}

fn rule_text(rule: &Rule) -> String {
    match rule {
        Rule::Count(sum) => format!("count {}", sum_text(sum)),
        Rule::Ratio { numerator, denominator } => {
            format!("share {} / {}", sum_text(numerator), sum_text(denominator))
        }
        Rule::Distribution { of, duration: CallDuration::Wait } => format!("waits {}", of.name),
        Rule::Distribution { of, duration: CallDuration::Talk } => format!("talks {}", of.name),
    }
}

fn sum_text(sum: &Sum) -> String {
    sum.terms.iter().map(|term| term.selection.name.as_str()).collect::<Vec<_>>().join(" - ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_docs_is_what_the_sets_say() {
        let kept = include_str!("../../docs/definitions.md");
        assert!(
            kept == markdown(),
            "docs/definitions.md is not what the sets say: run `callgauge definitions --markdown > docs/definitions.md`"
        );
    }

    #[test]
    fn a_rule_reads_on_the_page_as_in_the_file() {
        let file = include_str!("sets.toml");
        for metric in sets().iter().flat_map(|set| &set.metrics) {
            let rule = rule_text(&metric.rule);
            assert!(file.contains(&format!("rule = \"{rule}\"")), "{}: {rule}", metric.name);
        }
    }
}
