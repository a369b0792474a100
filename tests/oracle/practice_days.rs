//! Practice-days: how many a row should be made of and of how many calls arrived, by looking at every practice on every day.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock};

use callgauge::proto::v1::{Completeness, Level, PracticeDayState, PracticeDays as InState};
use jiff::civil::Date;

use super::call::Whose;
use super::ledger::Ledger;
use super::question::Question;
use super::rows::{RowName, row_name};
use super::world;

/// The practices that are open on a day, by the row that they are in.
type Members = HashMap<(RowName, Date), Vec<&'static str>>;

/// What a question's members depend on.
type Asked = (Vec<&'static str>, Option<Level>, Date, Date);

/// The practice-days of a question.
pub(crate) struct PracticeDays<'a> {
    members: Arc<Members>,
    received: HashSet<(&'a str, Date)>,
    knows_late: bool,
}

impl<'a> PracticeDays<'a> {
    pub(crate) fn new(ledger: &'a Ledger, question: &Question) -> Self {
        let counted = ledger.counted().into_iter();
        let received = counted.filter_map(|(_, call)| match &call.whose {
            Whose::Practice(code) => Some((code.as_str(), call.clock().date)),
            Whose::Account { .. } => None,
        });
        Self { members: members(question), received: received.collect(), knows_late: ledger.knows_late() }
    }

    /// What a row says of these days, and how many practices are behind it.
    pub(crate) fn of(&self, name: &RowName, days: &[Date]) -> (Completeness, i64) {
        let mut practices = HashSet::new();
        let (mut received, mut unknown) = (0, 0);
        for &day in days {
            let Some(codes) = self.members.get(&(name.clone(), day)) else { continue };
            for &code in codes.iter().filter(|&&code| self.knows_late || code != world::LATE) {
                practices.insert(code);
                if self.received.contains(&(code, day)) {
                    received += 1;
                } else {
                    unknown += 1;
                }
            }
        }
        let states = [(PracticeDayState::CallsReceived, received), (PracticeDayState::Unknown, unknown)];
        let states = states.into_iter().filter(|(_, days)| *days > 0);
        let completeness = Completeness {
            practice_days_expected: received + unknown,
            states: states.map(|(state, days)| InState { state: state.into(), days }).collect(),
            ..Completeness::default()
        };
        (completeness, practices.len() as i64)
    }
}

/// Kept, since the same questions come again and again.
fn members(question: &Question) -> Arc<Members> {
    static KEPT: OnceLock<Mutex<HashMap<Asked, Arc<Members>>>> = OnceLock::new();
    let asked = (question.asked.clone(), question.group_by, question.cut.first, question.cut.end);
    let mut kept = KEPT.get_or_init(Mutex::default).lock().expect("nobody panics with it");
    Arc::clone(kept.entry(asked).or_insert_with(|| Arc::new(look(question))))
}

fn look(question: &Question) -> Members {
    let mut members = Members::new();
    for &code in world::CODES.iter().filter(|code| world::level(code) == Level::Practice) {
        let whose = Whose::Practice(code.to_owned());
        let mut day = question.cut.first;
        while day < question.cut.end {
            let rows = (0..question.asked.len()).filter_map(|at| row_name(question, at, &whose, day));
            for name in rows.filter(|_| world::is_open(code, day)) {
                members.entry((name, day)).or_default().push(code);
            }
            day = day.tomorrow().expect("the range is in range");
        }
    }
    members
}
