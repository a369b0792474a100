//! A conversation sorted by who took part: what came in, what waited, who talked, who was called back.

use crate::wire::{Conversation, Participant, Segment, Session};

/// A conversation by parts. Sessions are in the order in which they began.
#[derive(Debug)]
pub(crate) struct View<'a> {
    /// What came in from outside.
    pub(crate) came_in: Option<Span<'a>>,
    /// What went out to outside.
    pub(crate) went_out: Vec<Span<'a>>,
    /// Stays in queues.
    pub(crate) queues: Vec<Span<'a>>,
    /// Menus.
    pub(crate) menus: Vec<Span<'a>>,
    /// Staff's inbound sessions.
    pub(crate) staff: Vec<Span<'a>>,
    /// Mailboxes.
    pub(crate) mailboxes: Vec<Span<'a>>,
    /// Requests for a callback.
    pub(crate) callbacks: Vec<&'a Session>,
}

/// A session with its participant and when it was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span<'a> {
    pub(crate) who: &'a Participant,
    pub(crate) session: &'a Session,
    /// Unix milliseconds.
    pub(crate) start: i64,
    /// `None` while it lasts.
    pub(crate) end: Option<i64>,
}

impl<'a> View<'a> {
    pub(crate) fn of(conversation: &'a Conversation) -> Self {
        let mut view = Self {
            came_in: None,
            went_out: Vec::new(),
            queues: Vec::new(),
            menus: Vec::new(),
            staff: Vec::new(),
            mailboxes: Vec::new(),
            callbacks: Vec::new(),
        };
        for who in &conversation.participants {
            for session in &who.sessions {
                if session.media_type == "callback" {
                    view.callbacks.push(session);
                }
                if session.media_type != "voice" {
                    continue;
                }
                let Some(span) = Span::of(who, session) else { continue };
                match (who.purpose.as_str(), session.direction.as_str()) {
                    ("customer" | "external", "outbound") => view.went_out.push(span),
                    ("customer" | "external", _)
                        if view.came_in.is_none_or(|first| span.start < first.start) =>
                    {
                        view.came_in = Some(span);
                    }
                    ("acd", _) => view.queues.push(span),
                    ("ivr", _) => view.menus.push(span),
                    ("agent" | "user", "inbound") => view.staff.push(span),
                    ("voicemail", _) => view.mailboxes.push(span),
                    _ => {}
                }
                if session.segments.iter().any(|segment| segment.segment_type == "voicemail")
                    && who.purpose != "voicemail"
                {
                    view.mailboxes.push(span);
                }
            }
        }
        for spans in
            [&mut view.went_out, &mut view.queues, &mut view.menus, &mut view.staff, &mut view.mailboxes]
        {
            spans.sort_by_key(|span| span.start);
        }
        view
    }
}

impl<'a> Span<'a> {
    fn of(who: &'a Participant, session: &'a Session) -> Option<Self> {
        let start = session.segments.iter().filter_map(|segment| segment.segment_start).min()?;
        let ends: Option<Vec<i64>> = session.segments.iter().map(|segment| segment.segment_end).collect();
        Some(Self { who, session, start, end: ends.and_then(|ends| ends.into_iter().max()) })
    }

    /// When it was offered to the queue, which is when the wait begins; a little after the first segment.
    pub(crate) fn offered(&self) -> i64 {
        let offered = self.session.metrics.iter().find(|metric| metric.name == "nOffered");
        offered.and_then(|metric| metric.emit_date).filter(|at| *at >= self.start).unwrap_or(self.start)
    }

    /// The first segment of a type.
    pub(crate) fn segment(&self, kind: &str) -> Option<&'a Segment> {
        let found = self.session.segments.iter().filter(|segment| segment.segment_type == kind);
        found.min_by_key(|segment| segment.segment_start)
    }

    /// How the last segment ended.
    pub(crate) fn disconnected(&self) -> Option<&'a str> {
        let last = self.session.segments.iter().max_by_key(|segment| segment.segment_end);
        last.and_then(|segment| segment.disconnect_type.as_deref())
    }

    /// A measurement's value and when it was made.
    pub(crate) fn metric(&self, name: &str) -> Option<(f64, Option<i64>)> {
        self.session
            .metrics
            .iter()
            .find(|metric| metric.name == name)
            .map(|metric| (metric.value, metric.emit_date))
    }

    /// The queue's id.
    pub(crate) fn queue_id(&self) -> Option<&'a str> {
        self.session.segments.iter().find_map(|segment| segment.queue_id.as_deref())
    }
}
