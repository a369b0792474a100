//! The contract suite: what every store has to do, as checks that any store can be put through. None of it knows how a store is made.
//!
//! A store joins in two lines in `tests/contract.rs`: a [`Harness`] that opens it, and [`contract_suite!`](crate::contract_suite), which makes a test of
//! every check; one that is durable also implements [`Durable`] and calls [`durability_suite!`](crate::durability_suite). What a store answers is always
//! compared with `model::Model`, plain code that shares nothing with a store.

mod answers;
mod dice;
mod durability;
mod indicators;
mod load;
mod model;
mod moves;
mod order;
mod rejects;
mod sample;
mod snapshots;
mod stated;
mod stated_days;
mod upkeep;
mod verdicts;

use std::sync::Arc;

use async_trait::async_trait;

use super::Store;

/// Opens the stores that are checked.
#[async_trait]
pub trait Harness: Send + Sync {
    /// An empty store of its own.
    async fn open(&self) -> Arc<dyn Store>;

    /// The same with a limit to the rejects that are kept of a source.
    async fn open_with_reject_limit(&self, reject_limit: u64) -> Arc<dyn Store>;
}

/// Opens again what was stored.
#[async_trait]
pub trait Durable: Harness {
    /// Closes the store and opens it again where it was.
    async fn reopen(&self, store: Arc<dyn Store>) -> Arc<dyn Store>;

    /// Gets rid of the store as a crash would, without closing it, and opens it again where it was.
    async fn crash(&self, store: Arc<dyn Store>) -> Arc<dyn Store>;
}

/// Names every check once: each becomes a public function here and a test in the macro of its list.
macro_rules! checks {
    ($d:tt $macro:ident, $trait:ident: $($room:ident { $($check:ident,)* })*) => {
        $($(
            #[doc = concat!("Checks that what its name says holds: `", stringify!($check), "`.")]
            pub async fn $check(harness: &dyn $trait) {
                $room::$check(harness).await;
            }
        )*)*

        /// Makes a test of every check of the list. Takes an expression that gives a harness.
        #[macro_export]
        macro_rules! $macro {
            ($d harness:expr) => {
                $($(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $check() {
                        let harness = $d harness;
                        $crate::store::suite::$check(&harness).await;
                    }
                )*)*
            };
        }
    };
}

checks! { $ contract_suite, Harness:
    verdicts {
        every_rule_of_revisions_holds_one_by_one,
        every_rule_of_revisions_holds_within_one_submission,
        the_source_is_part_of_the_identity,
        a_preview_says_what_a_commit_would_and_does_nothing,
        receipts_rise_and_their_hash_is_that_of_what_was_sent,
        whatever_a_record_says_comes_back,
    }
    order {
        every_order_of_arrival_ends_the_same,
        random_histories_end_as_in_the_model,
        a_retraction_may_come_before_its_call,
        copies_far_apart_without_a_hint_are_one_call,
    }
    moves {
        a_correction_moves_the_call,
        a_correction_moves_the_call_without_a_hint,
        a_wrong_hint_does_no_harm,
        a_correction_changes_whose_call_it_is,
        a_call_moves_away_and_back,
    }
    snapshots {
        a_snapshot_shows_what_was_committed_before_it_and_nothing_else,
        a_snapshot_stays_as_it_is_through_many_commits,
        rows_read_late_are_those_of_their_snapshot,
        keys_stay_while_the_store_is_open,
    }
    answers {
        tallies_and_facts_hold_at_midnight_and_when_clocks_change,
        tallies_fold_bands_of_many_days_into_one_bucket,
        groups_come_in_the_order_asked_for_and_take_only_their_days,
        without_durations_only_the_histograms_are_empty,
        retracted_calls_are_in_no_answer,
        calls_meet_every_condition_and_come_oldest_first,
        more_calls_than_the_limit_are_refused,
        an_empty_store_answers_with_nothing,
    }
    rejects {
        a_reject_is_kept_once_and_counted,
        rejects_are_found_by_source_reason_and_id,
        a_conflict_is_kept_as_a_reject,
        a_submission_over_the_reject_limit_is_refused_whole,
        rejects_that_went_through_are_dropped,
        a_reject_that_is_refused_again_keeps_its_id,
    }
    stated {
        progress_and_records_stand_or_fall_together,
        progress_is_the_last_one_committed,
        progress_over_its_limit_is_refused,
    }
    stated_days {
        delivered_stretches_are_added_up_by_source,
        tallies_replace_those_of_the_same_source_day_and_shape,
        tallies_are_those_of_the_snapshot,
        a_preview_of_tallies_keeps_none,
        sources_of_record_are_replaced_whole_or_not_at_all,
    }
    load {
        many_small_submissions_at_once_all_count,
        the_same_records_sent_at_once_count_once,
        a_big_submission_is_taken_whole,
        unusual_texts_come_back_as_they_were,
    }
    indicators {
        indicators_come_back_as_they_were_put,
        a_later_value_takes_the_place_of_an_earlier_one,
        many_small_puts_end_like_a_map,
        indicators_are_found_by_name_days_source_and_practice,
        a_snapshot_keeps_the_indicators_it_saw,
        a_put_over_a_limit_leaves_nothing_behind,
        series_breaks_are_recorded_and_taken_back,
        access_events_come_newest_first,
    }
    upkeep {
        organisations_come_back_as_they_were_put,
        the_status_counts_calls_and_rejects,
        a_closed_store_refuses_everything,
    }
}

checks! { $ durability_suite, Durable:
    durability {
        all_that_was_acknowledged_is_there_after_reopening,
        all_that_was_acknowledged_is_there_after_a_crash,
        verdicts_do_not_depend_on_restarts,
        random_histories_with_restarts_end_as_in_the_model,
        receipts_and_reject_ids_rise_across_restarts,
    }
    indicators {
        what_comparisons_stand_on_is_there_after_crashes_and_restarts,
    }
    stated {
        progress_is_never_ahead_of_its_records_after_a_crash,
        what_is_stated_is_there_after_crashes_and_restarts,
    }
}
