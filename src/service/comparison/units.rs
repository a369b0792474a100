//! The organisations of a comparison: which they are, whose calls are theirs, and under which name they are shown.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use callgauge_schema::OdsCode;

use super::question::{Focus, Peers};
use crate::access::Naming;
use crate::calendar::Days;
use crate::organisations::{Asked, Directory, PlanFault, RowCode, RowPlan};
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::fields;
use crate::service::metrics::{Keys, organisation};
use crate::store::{Attributions, Group};

/// What is said where calls are in nobody's numbers.
pub(super) const REST: &str = "calls of shared accounts, or of practices without a membership, belong to none of the organisations and are left out";

/// Organisations, in the order asked for.
pub(super) struct Units {
    pub(super) list: Vec<Unit>,
    /// Who belongs to the group, but nobody knows whether to its peers; and why.
    pub(super) unplaced: Vec<(v1::OrganisationRef, String)>,
    /// Whether calls of accounts, or of practices without a membership, are in nobody's numbers.
    pub(super) rest: bool,
}

/// One of them.
pub(super) struct Unit {
    pub(super) organisation: v1::OrganisationRef,
    pub(super) group: Group,
    /// Its practices and the days on which they were open and belonged to it.
    pub(super) practices: Vec<(OdsCode, Days)>,
}

impl Units {
    /// Those that are asked for: each once.
    pub(super) fn plan(
        peers: &Peers,
        directory: &Directory,
        attributions: &Attributions,
        keys: &Keys,
        days: Days,
    ) -> Result<Self, Fault> {
        let own = |asked: &Asked| match asked {
            Asked::Code(code) => directory.get(*code).is_none_or(|row| row.level == peers.level),
            Asked::England => false,
        };
        let (themselves, above): (Vec<Asked>, Vec<Asked>) = peers.asked.iter().copied().partition(own);
        let accounts = keys.accounts(attributions);
        let mut plans = Vec::new();
        for (asked, level) in [(themselves, None), (above, Some(peers.level))] {
            if !asked.is_empty() {
                let planned = directory.plan(&asked, level, days, &accounts);
                plans.extend(planned.map_err(|fault| no_plan(fault, peers))?);
            }
        }
        let mut seen = HashSet::new();
        let mut units = Self { list: Vec::with_capacity(plans.len()), unplaced: Vec::new(), rest: false };
        for plan in plans {
            match plan.code {
                RowCode::Code(_) | RowCode::England => {
                    if seen.insert(plan.code) {
                        units.list.push(Unit::new(plan, keys, days));
                    }
                }
                RowCode::Unassigned | RowCode::Unmapped => units.rest = true,
            }
        }
        Ok(units)
    }

    /// One organisation for itself, whatever its level.
    pub(super) fn single(
        asked: Asked,
        directory: &Directory,
        attributions: &Attributions,
        keys: &Keys,
        days: Days,
    ) -> Result<Unit, Fault> {
        let accounts = keys.accounts(attributions);
        let planned = directory.plan(&[asked], None, days, &accounts).map_err(|fault| match fault {
            PlanFault::Unknown(code) => {
                Fault::UnknownOrganisation { field: "organisation_code".to_owned(), code: code.to_string() }
            }
            PlanFault::NotBelow { .. } => Fault::field("organisation_code", fault.to_string()),
        })?;
        let plan = planned.into_iter().next();
        plan.map(|plan| Unit::new(plan, keys, days))
            .ok_or_else(|| Fault::Internal("an organisation that was found has no row".to_owned()))
    }

    /// Shows peers by codes that say nothing, where that is asked for or naming is not allowed; gives the order of showing, from which nothing follows either.
    pub(super) fn shown(&mut self, focus: &Focus, naming: &Naming, random: &RandomState) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.list.len()).collect();
        let by_gate = match naming {
            Naming::AsAsked => false,
            Naming::FocusOnly => true,
        };
        if !focus.anonymous && !by_gate {
            return order;
        }
        let hash = |shown: &v1::OrganisationRef| random.hash_one(("peer", &shown.code));
        order.sort_by_key(|&at| hash(&self.list[at].organisation));
        self.unplaced.sort_by_key(|(shown, _)| hash(shown));
        let hide = |number: usize, shown: &mut v1::OrganisationRef| {
            if !focus.codes.contains(&shown.code) {
                shown.code = format!("peer-{:04}", number + 1);
                shown.name = String::new();
            }
        };
        for (number, &at) in order.iter().enumerate() {
            hide(number, &mut self.list[at].organisation);
        }
        for (number, (shown, _)) in self.unplaced.iter_mut().enumerate() {
            hide(order.len() + number, shown);
        }
        order
    }

    /// Which of the codes to be named is none of these organisations, in words: a slip of the pen should not go by unseen.
    pub(super) fn not_found(&self, focus: &Focus) -> Option<String> {
        let there = |code: &&String| {
            let placed = self.list.iter().map(|unit| &unit.organisation);
            placed.chain(self.unplaced.iter().map(|(shown, _)| shown)).any(|shown| shown.code == **code)
        };
        let missing = focus.codes.iter().filter(|code| !there(code));
        let mut missing: Vec<String> = missing.map(|code| format!("{:?}", fields::shown(code))).collect();
        missing.sort_unstable();
        (!missing.is_empty())
            .then(|| format!("asked to be named, and not in the group: {}", missing.join(", ")))
    }

    /// How many there are, those without a place among them.
    pub(super) fn len(&self) -> usize {
        self.list.len() + self.unplaced.len()
    }

    /// What each is made of, in the store's words.
    pub(super) fn groups(&self) -> Vec<Group> {
        self.list.iter().map(|unit| unit.group.clone()).collect()
    }
}

impl Unit {
    fn new(plan: RowPlan, keys: &Keys, days: Days) -> Self {
        let organisation = organisation(&plan);
        let group = keys.group(&plan, days);
        Self { organisation, group, practices: plan.practices }
    }
}

fn no_plan(fault: PlanFault, peers: &Peers) -> Fault {
    match fault {
        PlanFault::Unknown(code) => {
            let at = peers.asked.iter().position(|asked| *asked == Asked::Code(code)).unwrap_or_default();
            Fault::UnknownOrganisation {
                field: format!("peers.organisation_codes[{at}]"),
                code: code.to_string(),
            }
        }
        PlanFault::NotBelow { .. } => Fault::field("peers.level", fault.to_string()),
    }
}
