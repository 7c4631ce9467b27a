//! What calls bring, and what runs are given of it.

/// The value of one call: its caller and its number. The numbers of a caller follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brought {
    pub caller: u32,
    pub number: u64,
}

impl Brought {
    pub fn new(caller: usize, number: u64) -> Self {
        Self { caller: u32::try_from(caller).unwrap_or(u32::MAX), number }
    }
}

/// Values of one caller whose numbers follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub caller: u32,
    pub first: u64,
    pub last: u64,
}

/// Many values, in their order for each caller. A gap and a step back begin a span of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spans(pub Vec<Span>);

impl Spans {
    pub fn of(values: impl IntoIterator<Item = Brought>) -> Self {
        let mut spans = Self::default();
        values.into_iter().for_each(|value| spans.add(value.into()));
        spans
    }

    fn add(&mut self, newer: Span) {
        match self.0.iter_mut().rev().find(|span| span.caller == newer.caller) {
            Some(span) if newer.first == span.last + 1 => span.last = newer.last,
            _ => self.0.push(newer),
        }
    }

    /// What a throttle that merges does.
    pub fn merge(&mut self, newer: Self) {
        newer.0.into_iter().for_each(|span| self.add(span));
    }
}

impl From<Brought> for Span {
    fn from(Brought { caller, number }: Brought) -> Self {
        Self { caller, first: number, last: number }
    }
}

/// What a run was given, or what was left at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// So many calls.
    Count(u64),
    /// The newest value. `None` only at the end.
    Newest(Option<Brought>),
    All(Spans),
}

#[cfg(test)]
mod tests {
    use super::{Brought, Span, Spans};

    #[test]
    fn what_follows_is_one_span_and_what_does_not_is_seen() {
        let value = |(caller, number)| Brought::new(caller, number);
        let span = |caller, first, last| Span { caller, first, last };
        let spans = |values: &[(usize, u64)]| Spans::of(values.iter().copied().map(value));
        let mut all = spans(&[(0, 1), (1, 7), (0, 2)]);
        assert_eq!(all.0, [span(0, 1, 2), span(1, 7, 7)]);
        all.merge(spans(&[(1, 8), (0, 2), (1, 10)]));
        assert_eq!(all.0, [span(0, 1, 2), span(1, 7, 8), span(0, 2, 2), span(1, 10, 10)]);
    }
}
