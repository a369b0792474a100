//! What a telephone account belongs to: the codes it carries, and what follows from them.

use callgauge_schema::{Account, OdsCode};

use super::directory::{Directory, Uppers};
use super::row::Level;
use super::stretches::{ALWAYS, Stretches};

impl Directory {
    /// What the account belongs to, by level and day. Its own codes hold on all days. A code that is not known, or is of another level, counts as not given.
    pub(super) fn account(&self, account: &Account) -> Uppers {
        let Account { id: _, pcn, sub_icb, icb, region } = account;
        let known = |code: &Option<OdsCode>, level: Level| {
            code.and_then(|code| self.find(code)).filter(|&(_, own)| own == level).map(|(at, _)| at)
        };
        let given = [
            (Level::Pcn, known(pcn, Level::Pcn)),
            (Level::SubIcb, known(sub_icb, Level::SubIcb)),
            (Level::Icb, known(icb, Level::Icb)),
            (Level::Region, known(region, Level::Region)),
        ];
        let at_level = |level: Level| given.iter().find(|&&(own, _)| own == level).and_then(|&(_, at)| at);
        let mut uppers = Uppers::default();
        for (level, at) in given {
            if let Some(at) = at {
                *uppers.level_mut(level) = Stretches::always(at);
                continue;
            }
            // The PCN comes last, and gives only what it states for itself.
            for via in Uppers::THROUGH.into_iter().chain([Level::Pcn]).filter(|via| level.is_above(*via)) {
                if let Some(at) = at_level(via) {
                    uppers.inherit(level, ALWAYS, &self.uppers[at as usize]);
                }
            }
        }
        uppers
    }
}
