//! Timelines as text.

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aqueduct_stream::{Boxed, CHUNK, Flow, Outlet, Pull, Source};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long a column of a timeline takes.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// What an operator under test is given.
pub(crate) type Input = Flow<Boxed<'static, char>>;

/// A source that follows a timeline, from the moment it is made. What nobody asked for in time is given later.
pub(crate) fn timeline(text: &str) -> Input {
    Flow::new(Timeline::parse(text)).boxed()
}

pub(super) struct Timeline {
    start: Instant,
    events: VecDeque<(u32, VecDeque<char>)>,
    end: Option<u32>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timeline {
    pub(super) fn parse(text: &str) -> Self {
        let mut events = VecDeque::new();
        let mut end = None;
        let mut tick = 0;
        let mut chars = text.chars().filter(|c| !c.is_whitespace());
        while let Some(c) = chars.next() {
            assert!(end.is_none(), "{text}: something comes after the end");
            match c {
                '-' => {}
                '|' => end = Some(tick),
                '(' => {
                    let mut items: VecDeque<char> =
                        chars.by_ref().take_while(|c| *c != ')').collect();
                    if items.back() == Some(&'|') {
                        items.pop_back();
                        end = Some(tick);
                    }
                    events.push_back((tick, items));
                }
                item => events.push_back((tick, VecDeque::from([item]))),
            }
            tick += 1;
        }
        Self {
            start: Instant::now(),
            events,
            end,
            sleep: None,
        }
    }

    /// Waits for what comes next: items, of which some are left, or nothing at the end. Never, if there is no end.
    #[cfg(feature = "io")]
    pub(super) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<&mut VecDeque<char>>> {
        if self
            .events
            .front()
            .is_some_and(|(_, items)| items.is_empty())
        {
            self.events.pop_front();
        }
        if let Some(&(tick, _)) = self.events.front() {
            ready!(self.poll_tick(cx, tick));
            return Poll::Ready(self.events.front_mut().map(|(_, items)| items));
        }
        match self.end {
            Some(tick) => self.poll_tick(cx, tick).map(|()| None),
            None => Poll::Pending,
        }
    }

    /// Whether there is nothing more, and no end either.
    #[cfg(feature = "io")]
    pub(super) fn is_over(&self) -> bool {
        self.events.iter().all(|(_, items)| items.is_empty()) && self.end.is_none()
    }

    /// Waits until a tick.
    fn poll_tick(&mut self, cx: &mut Context<'_>, tick: u32) -> Poll<()> {
        let at = self.start + TICK * tick;
        if Instant::now() < at {
            let sleep = self.sleep.insert(Box::pin(sleep_until(at)));
            ready!(sleep.as_mut().poll(cx));
        }
        Poll::Ready(())
    }
}

impl Source for Timeline {
    type Item = char;

    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<char> + ?Sized,
    {
        if let Some(&(tick, _)) = self.events.front() {
            ready!(self.poll_tick(cx, tick));
            let limit = outlet.room().min(CHUNK);
            assert!(limit > 0, "a pull began without room");
            let items = &mut self.events[0].1;
            for _ in 0..limit {
                let Some(item) = items.pop_front() else { break };
                if outlet.push(item).is_break() {
                    break;
                }
            }
            if items.is_empty() {
                self.events.pop_front();
            }
            return Poll::Ready(Pull::More);
        }
        match self.end {
            Some(tick) => {
                ready!(self.poll_tick(cx, tick));
                Poll::Ready(Pull::End)
            }
            None => Poll::Pending,
        }
    }
}

/// How an item is written in a timeline: a letter as it is, anything longer in brackets.
pub(crate) trait Mark {
    fn mark(&self) -> String;
}

impl Mark for char {
    fn mark(&self) -> String {
        self.to_string()
    }
}

impl<T: Mark> Mark for Vec<T> {
    fn mark(&self) -> String {
        let inside: String = self.iter().map(Mark::mark).collect();
        format!("[{inside}]")
    }
}

impl<A: Mark, B: Mark> Mark for (A, B) {
    fn mark(&self) -> String {
        format!("<{}{}>", self.0.mark(), self.1.mark())
    }
}

impl<T: Mark, E: Mark> Mark for Result<T, E> {
    fn mark(&self) -> String {
        match self {
            Ok(item) => item.mark(),
            Err(error) => format!("!{}", error.mark()),
        }
    }
}

impl Mark for usize {
    fn mark(&self) -> String {
        self.to_string()
    }
}

impl Mark for String {
    fn mark(&self) -> String {
        self.clone()
    }
}

/// What comes out of a stream, as a timeline. One that has not ended after so many ticks is taken not to end.
pub(crate) async fn play<S>(flow: Flow<S>) -> String
where
    S: Source,
    S::Item: Mark,
{
    let start = Instant::now();
    let mut flow = pin!(flow);
    let mut written = String::new();
    let mut column = 0;
    loop {
        let mut items = Vec::new();
        let many = std::future::poll_fn(|cx| flow.as_mut().poll_many(cx, &mut items, usize::MAX));
        let count = tokio::time::timeout_at(start + TICK * TICKS_MAX, many).await;
        let passed = start.elapsed().as_millis() / TICK.as_millis();
        let Ok(count) = count else {
            return written;
        };
        // What comes at a tick that has been written goes into its parentheses.
        let mut marks: Vec<String> = items.iter().map(Mark::mark).collect();
        if count == 0 {
            marks.push("|".to_owned());
        }
        for mark in marks {
            column = write(&mut written, column, passed, &mark);
        }
        if count == 0 {
            return written;
        }
    }
}

pub(super) const TICKS_MAX: u32 = 200;

/// Writes a mark at a tick, and returns the column after it.
pub(super) fn write(written: &mut String, column: u128, tick: u128, mark: &str) -> u128 {
    if tick >= column {
        written.extend((column..tick).map(|_| '-'));
        written.push_str(mark);
        return tick + 1;
    }
    if written.ends_with(')') {
        written.pop();
    } else {
        // The last mark, which may be longer than a letter.
        let from = last_mark(written);
        written.insert(from, '(');
    }
    written.push_str(mark);
    written.push(')');
    column
}

/// Where the last mark of a timeline begins.
fn last_mark(written: &str) -> usize {
    let mut depth = 0;
    let mut from = written.len();
    for (at, c) in written.char_indices().rev() {
        from = at;
        match c {
            ']' | '>' => depth += 1,
            '[' | '<' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    if written[..from].ends_with('!') {
        from -= 1;
    }
    from
}

/// Plays each input through an operator, and compares what comes out.
pub(crate) fn marbles<S>(operator: impl Fn(Input) -> Flow<S>, table: &[(&str, &str)])
where
    S: Source,
    S::Item: Mark,
{
    for (input, output) in table {
        let played = paused(async { play(operator(timeline(input))).await });
        assert_eq!(&played, output, "of {input}");
    }
}

/// [`marbles`] for an operator of two streams.
pub(crate) fn marbles2<S>(operator: impl Fn(Input, Input) -> Flow<S>, table: &[(&str, &str, &str)])
where
    S: Source,
    S::Item: Mark,
{
    for (left, right, output) in table {
        let played = paused(async { play(operator(timeline(left), timeline(right))).await });
        assert_eq!(&played, output, "of {left} and {right}");
    }
}

/// Runs a future on a runtime of its own, whose clock is paused.
pub(crate) fn paused<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime can be built")
        .block_on(future)
}

#[test]
fn timelines_come_out_as_they_went_in() {
    let timelines = [
        "|",
        "---|",
        "a|",
        "ab-(cd)-|",
        "(ab|)",
        "-(ab)",
        "a-b",
        "--a--(bc|)",
        "",
    ];
    for text in timelines {
        let played = paused(async { play(timeline(text)).await });
        assert_eq!(played, text);
    }
}
