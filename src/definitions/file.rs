//! Reads the file of sets: selections by name, and rules that name them.

use std::collections::BTreeMap;

use callgauge_schema::{Direction, Outcome, Reason};
use serde::Deserialize;

use super::rule::{CallDuration, Rule, Selection, Sum, Term, WaitLimit};
use super::{Definition, DefinitionSet, Unit};

/// A fault in the file of sets.
#[derive(Debug, thiserror::Error)]
pub(super) enum InvalidSets {
    /// The file is not of this form.
    #[error("the file of sets cannot be read: {0}")]
    Form(#[from] toml::de::Error),
    /// A name that means nothing.
    #[error("there is no {what} \"{name}\": use one that exists")]
    Unknown {
        /// What was looked for.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A rule that is none.
    #[error("\"{0}\" is no rule: write count A - B, share A / B - C, waits A or talks A")]
    Rule(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    selections: BTreeMap<String, FileSelection>,
    sets: Vec<FileSet>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSelection {
    words: String,
    direction: String,
    #[serde(default)]
    outcomes: Vec<String>,
    #[serde(default)]
    reasons: Vec<String>,
    callback: Option<String>,
    wait: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSet {
    name: String,
    description: String,
    source: String,
    standard: Vec<String>,
    metrics: Vec<FileMetric>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileMetric {
    name: String,
    label: String,
    code: String,
    unit: String,
    rule: String,
    wording: String,
    source: String,
    mapped_by: String,
}

type Selections = BTreeMap<String, Selection>;

/// The sets of a file.
pub(super) fn parse(text: &str) -> Result<Vec<DefinitionSet>, InvalidSets> {
    // By way of a table: so it takes half as much code to compile.
    let File { selections, sets } = text.parse::<toml::Table>()?.try_into()?;
    let selections = selections
        .into_iter()
        .map(|(name, selection)| Ok((name.clone(), selection.named(name)?)))
        .collect::<Result<Selections, InvalidSets>>()?;
    sets.into_iter().map(|set| set.with(&selections)).collect()
}

impl FileSelection {
    fn named(self, name: String) -> Result<Selection, InvalidSets> {
        let Self { words, direction, outcomes, reasons, callback, wait } = self;
        let callback_made = match callback {
            None => false,
            Some(callback) if callback == "made_unless_manual" => true,
            Some(name) => return Err(InvalidSets::Unknown { what: "callback condition", name }),
        };
        Ok(Selection {
            name,
            words,
            direction: by_name("direction", Direction::ALL, Direction::name, &direction)?,
            outcomes: outcomes
                .iter()
                .map(|outcome| by_name("outcome", Outcome::ALL, Outcome::name, outcome))
                .collect::<Result<_, _>>()?,
            reasons: reasons
                .iter()
                .map(|reason| by_name("reason", Reason::ALL, Reason::name, reason))
                .collect::<Result<_, _>>()?,
            callback_made,
            wait: wait
                .map(|wait| by_name("wait condition", WaitLimit::ALL, WaitLimit::name, &wait))
                .transpose()?,
        })
    }
}

impl FileSet {
    fn with(self, selections: &Selections) -> Result<DefinitionSet, InvalidSets> {
        let Self { name, description, source, standard, metrics } = self;
        let metrics =
            metrics.into_iter().map(|metric| metric.with(selections)).collect::<Result<Vec<_>, _>>()?;
        if let Some(name) = standard.iter().find(|name| metrics.iter().all(|metric| metric.name != **name)) {
            return Err(InvalidSets::Unknown { what: "metric", name: name.clone() });
        }
        Ok(DefinitionSet { name, description, source, standard, metrics })
    }
}

impl FileMetric {
    fn with(self, selections: &Selections) -> Result<Definition, InvalidSets> {
        let Self { name, label, code, unit, rule, wording, source, mapped_by } = self;
        let rule = parse_rule(&rule, selections)?;
        let (numerator, denominator, made) = match &rule {
            Rule::Count(sum) => (sum.words(), String::new(), Unit::Calls),
            Rule::Ratio { numerator, denominator } => (numerator.words(), denominator.words(), Unit::Share),
            Rule::Distribution { of, duration } => {
                let which = match duration {
                    CallDuration::Wait => "waits",
                    CallDuration::Talk => "talk times",
                };
                (format!("{which} of {}", of.words), String::new(), Unit::Seconds)
            }
        };
        if unit != made.name() {
            return Err(InvalidSets::Unknown { what: "unit that this rule gives", name: unit });
        }
        Ok(Definition {
            name,
            label,
            code,
            wording,
            unit: made,
            numerator,
            denominator,
            source,
            mapped_by,
            rule,
        })
    }
}

fn parse_rule(text: &str, selections: &Selections) -> Result<Rule, InvalidSets> {
    let fault = || InvalidSets::Rule(text.to_owned());
    let (kind, rest) = text.split_once(' ').ok_or_else(fault)?;
    match kind {
        "count" => Ok(Rule::Count(parse_sum(rest, selections)?)),
        "share" => {
            let (numerator, denominator) = rest.split_once('/').ok_or_else(fault)?;
            Ok(Rule::Ratio {
                numerator: parse_sum(numerator, selections)?,
                denominator: parse_sum(denominator, selections)?,
            })
        }
        "waits" | "talks" => {
            let duration = if kind == "waits" { CallDuration::Wait } else { CallDuration::Talk };
            let of = selection(rest, selections)?;
            if of.wait.is_some() { Err(fault()) } else { Ok(Rule::Distribution { of, duration }) }
        }
        _ => Err(fault()),
    }
}

fn parse_sum(text: &str, selections: &Selections) -> Result<Sum, InvalidSets> {
    let terms = text
        .split('-')
        .enumerate()
        .map(|(at, name)| Ok(Term { less: at > 0, selection: selection(name, selections)? }))
        .collect::<Result<_, InvalidSets>>()?;
    Ok(Sum { terms })
}

fn selection(name: &str, selections: &Selections) -> Result<Selection, InvalidSets> {
    let name = name.trim();
    let known = selections.get(name).cloned();
    known.ok_or_else(|| InvalidSets::Unknown { what: "selection", name: name.to_owned() })
}

fn by_name<T: Copy>(
    what: &'static str,
    all: &[T],
    name_of: impl Fn(T) -> &'static str,
    name: &str,
) -> Result<T, InvalidSets> {
    let known = all.iter().copied().find(|&one| name_of(one) == name);
    known.ok_or_else(|| InvalidSets::Unknown { what, name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_sets_is_in_order() {
        let sets = parse(include_str!("sets.toml")).unwrap();
        assert_eq!(
            sets.iter().map(|set| set.name.as_str()).collect::<Vec<_>>(),
            ["nhs-cbt-2025-06", "contact-centre"]
        );
    }

    #[test]
    fn a_fault_in_the_file_is_named() {
        let good = include_str!("sets.toml");
        let cases = [
            ("rule = \"count inbound\"", "rule = \"count outbound\"", "no selection \"outbound\""),
            ("rule = \"count inbound\"", "rule = \"mean inbound\"", "is no rule"),
            ("rule = \"waits answered\"", "rule = \"waits abandoned\"", "is no rule"),
            ("rule = \"waits answered\"", "rule = \"count answered\"", "unit that this rule gives"),
            ("outcomes = [\"missed\"]", "outcomes = [\"abandoned\"]", "no outcome \"abandoned\""),
            ("\"made_unless_manual\"", "\"made\"", "no callback condition \"made\""),
            ("standard = [\"call_volumes\"", "standard = [\"volumes\"", "no metric \"volumes\""),
            ("code = \"CBT001\"", "kode = \"CBT001\"", "cannot be read"),
        ];
        for (from, to, message) in cases {
            assert!(good.contains(from), "{from}");
            let fault = parse(&good.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(fault.contains(message), "{to}: {fault}");
        }
    }
}
