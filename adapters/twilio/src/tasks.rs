//! TaskRouter: what happened to the task that stands for a waiting call, from the workspace's events.
//!
//! A task's attributes are a text of JSON of the customer's own making and usually hold the caller's number. They are taken apart here while they are parsed:
//! which call it is, which kind of task, and no more.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer};

use crate::scalar::millis;

/// A page of `Workspaces/{sid}/Events`.
#[derive(Debug, Deserialize)]
pub(crate) struct EventsPage {
    pub(crate) events: Vec<Event>,
    pub(crate) meta: EventsMeta,
}

/// Where to go on.
#[derive(Debug, Deserialize)]
pub(crate) struct EventsMeta {
    /// Whole address of the next page; `null` on the last.
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) next_page_url: Option<String>,
}

/// One event.
#[derive(Debug, Deserialize)]
pub(crate) struct Event {
    pub(crate) event_type: String,
    #[serde(deserialize_with = "millis")]
    event_date: i64,
    #[serde(default)]
    pub(crate) event_data: EventData,
}

/// The part of an event that is about a task.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct EventData {
    #[serde(default)]
    task_sid: Option<String>,
    #[serde(default)]
    task_queue_name: Option<String>,
    #[serde(default)]
    task_canceled_reason: Option<String>,
    #[serde(default, deserialize_with = "attributes")]
    task_attributes: Attributes,
}

/// What is read of a task's attributes.
#[derive(Debug, Default, Deserialize)]
struct Attributes {
    #[serde(default)]
    call_sid: Option<String>,
    #[serde(default, rename = "taskType")]
    task_type: Option<String>,
    #[serde(default)]
    conference: Option<Conference>,
}

#[derive(Debug, Deserialize)]
struct Conference {
    #[serde(default)]
    participants: Option<Participants>,
}

#[derive(Debug, Deserialize)]
struct Participants {
    #[serde(default)]
    customer: Option<String>,
}

impl Event {
    /// Whether it is about a task; most events are about workers.
    pub(crate) const fn is_of_a_task(&self) -> bool {
        self.event_data.task_sid.is_some()
    }
}

/// Attributes come as text of JSON; what is no object of the expected shape is as good as none.
fn attributes<'de, D: Deserializer<'de>>(from: D) -> Result<Attributes, D::Error> {
    let text = Option::<String>::deserialize(from)?.unwrap_or_default();
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

/// What became of the tasks of one call, times in Unix milliseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Task {
    /// When the first task was created or first entered a queue.
    pub(crate) entered: Option<i64>,
    /// When a worker first accepted.
    pub(crate) accepted: Option<i64>,
    /// When the last one was cancelled, and why.
    pub(crate) canceled: Option<(i64, String)>,
    /// The queue it entered first.
    pub(crate) queue: Option<String>,
    /// It is a task that asks for a callback.
    pub(crate) callback: bool,
}

/// Tasks by the call that they are about.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    by_call: HashMap<String, Task>,
    /// Outbound legs that a callback task dialled.
    dialled_back: HashMap<String, String>,
}

impl Tasks {
    /// From events in any order. `callback_types`: the `taskType`s of tasks that ask for a callback.
    pub(crate) fn of(events: Vec<Event>, callback_types: &[String]) -> Self {
        let mut tasks: HashMap<String, (Task, Option<String>, Option<String>)> = HashMap::new();
        for event in events {
            let at = event.event_date;
            let EventData { task_sid, task_queue_name, task_canceled_reason, task_attributes } =
                event.event_data;
            let Some(task_sid) = task_sid else { continue };
            let (task, call, customer) = tasks.entry(task_sid).or_default();
            if let Some(sid) = task_attributes.call_sid {
                *call = Some(sid);
            }
            if let Some(sid) =
                task_attributes.conference.and_then(|c| c.participants).and_then(|p| p.customer)
            {
                *customer = Some(sid);
            }
            if task_attributes.task_type.is_some_and(|kind| callback_types.contains(&kind)) {
                task.callback = true;
            }
            match event.event_type.as_str() {
                "task.created" | "task-queue.entered" => {
                    if task.entered.is_none_or(|entered| at <= entered) {
                        task.entered = Some(at);
                        task.queue = task_queue_name.or(task.queue.take());
                    } else if task.queue.is_none() {
                        task.queue = task_queue_name;
                    }
                }
                "reservation.accepted" => {
                    task.accepted = Some(task.accepted.map_or(at, |first| first.min(at)))
                }
                "task.canceled" => task.canceled = Some((at, task_canceled_reason.unwrap_or_default())),
                _ => {}
            }
        }
        let mut found = Self::default();
        for (task, call, customer) in tasks.into_values() {
            if let (true, Some(customer)) = (task.callback, customer) {
                found.dialled_back.insert(customer, call.clone().unwrap_or_default());
            }
            let Some(call) = call else { continue };
            found.by_call.entry(call).or_default().join(task);
        }
        found
    }

    /// What became of the tasks of a call.
    pub(crate) fn of_call(&self, sid: &str) -> Option<&Task> {
        self.by_call.get(sid)
    }

    /// For which call this outbound leg is a callback: its sid, empty where it is not said.
    pub(crate) fn calls_back(&self, sid: &str) -> Option<&str> {
        self.dialled_back.get(sid).map(String::as_str)
    }
}

impl Task {
    /// A transfer makes a second task of the same call: the wait begins with the first and ends with the first answer. Nor does the task of a
    /// callback move where the wait began.
    fn join(&mut self, other: Self) {
        let Self { entered, accepted, canceled, queue, callback } = other;
        if callback {
            self.callback = true;
            return;
        }
        let first = |a: Option<i64>, b: Option<i64>| a.into_iter().chain(b).min();
        if self.entered.is_none() || entered.is_some_and(|at| Some(at) < self.entered) {
            self.queue = queue.or(self.queue.take());
        }
        self.entered = first(self.entered, entered);
        self.accepted = first(self.accepted, accepted);
        if canceled.as_ref().map(|c| c.0) > self.canceled.as_ref().map(|c| c.0) {
            self.canceled = canceled;
        }
    }
}
